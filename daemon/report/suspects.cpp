#include "daemon/report/suspects.hpp"
#include "rules/deployment.hpp"
#include <algorithm>
#include <cmath>
#include <tuple>

namespace backstop::report {
namespace {

constexpr std::size_t kBefore = 10; ///< readings, at least
constexpr std::size_t kMoved = 3;   ///< readings
constexpr std::size_t kCut = 20;    ///< one in so many is left out at either end of the range
constexpr double kWider = 0.5, kOfEdge = 0.05;

struct Range {
  double low = 0, high = 0;
  std::size_t readings = 0;
};

Range before(const Course& course, Time begun) {
  std::vector<double> values;
  for (const Point& p : course.points)
    if (p.at <= begun && p.value) values.push_back(*p.value);
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const std::size_t cut = values.size() / kCut;
  return {values[cut], values[values.size() - 1 - cut], values.size()};
}

std::optional<Suspect> moved(const Course& course, const Story& story, Time until) {
  const Range range = before(course, story.begun);
  if (range.readings < kBefore) return {};
  const double wider =
      std::max(kWider * (range.high - range.low), kOfEdge * std::abs(course.higher_is_worse ? range.high : range.low));
  const auto outside = [&](double v) {
    return course.higher_is_worse ? v > range.high + wider : v < range.low - wider;
  };
  Suspect suspect{course.indicator, {}, false, range.low, range.high, {}, course.unit, "", false, ""};
  std::size_t lasted = 0;
  for (const Point& p : course.points) {
    if (p.at <= story.begun || p.at > until || !p.value) continue;
    if (!outside(*p.value)) {
      lasted = 0;
      suspect.worst.reset();
      continue;
    }
    if (lasted++ == 0) suspect.onset = p.at;
    const bool worse =
        !suspect.worst || (course.higher_is_worse ? *p.value > *suspect.worst : *p.value < *suspect.worst);
    if (worse) suspect.worst = p.value;
  }
  if (lasted < kMoved) return {};
  return suspect;
}

/// From what the records say of a rule alone.
std::optional<Suspect> by_level(const Course& course, const Story& story, Time until) {
  if (before(course, story.begun).readings >= kBefore) return {}; // readings say that it did not move
  for (const LevelStory& l : story.levels) {
    if (l.change.evidence.indicator != course.indicator || l.change.to == "normal" || l.recorded > until) continue;
    const Time judged = l.change.judged == Time{} ? l.recorded : l.change.judged;
    return Suspect{course.indicator,
                   judged - l.change.evidence.held,
                   true,
                   {},
                   {},
                   l.change.evidence.value,
                   course.unit,
                   "",
                   false,
                   ""};
  }
  return {};
}

void add_levels(Suspect& suspect, const Story& story, Time until) {
  for (const LevelStory& l : story.levels) {
    if (l.change.evidence.indicator != suspect.name || l.recorded > until || l.change.to == "normal") continue;
    if (suspect.level != "critical") suspect.level = l.change.to;
  }
  const DecisionState* decision = story.decision();
  if (!decision) return;
  for (const Evidence& e : decision->made.evidence) {
    if (e.indicator != suspect.name) continue;
    const auto& rules = decision->made.rules;
    if (std::find(rules.begin(), rules.end(), e.rule) != rules.end()) suspect.decided = true;
  }
}

} // namespace

std::vector<Suspect> suspects_of(const Story& story, const Courses& courses) {
  const Time until = looked_at_until(story);
  std::vector<Suspect> suspects;
  for (const Course& course : courses.courses) {
    std::optional<Suspect> suspect = moved(course, story, until);
    if (!suspect) suspect = by_level(course, story, until);
    if (!suspect) continue;
    add_levels(*suspect, story, until);
    suspects.push_back(*std::move(suspect));
  }
  for (const SignalStory& s : story.signals)
    if (s.at <= until)
      suspects.push_back(
          {s.kind, s.at, true, {}, {}, {}, Unit::count, "", s.kind != name_of(SignalKind::user_report), s.evidence});
  const auto weight = [](const Suspect& s) {
    return s.decided ? 0 : s.level == "critical" ? 1 : s.level.empty() ? 3 : 2;
  };
  std::stable_sort(suspects.begin(), suspects.end(), [&](const Suspect& a, const Suspect& b) {
    return std::tuple(a.onset, weight(a)) < std::tuple(b.onset, weight(b));
  });
  return suspects;
}

} // namespace backstop::report
