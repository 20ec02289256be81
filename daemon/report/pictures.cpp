#include "daemon/report/blocks.hpp"
#include <algorithm>

namespace backstop::report {
namespace {

constexpr Duration kLeast = std::chrono::seconds(20), kMost = std::chrono::minutes(30);
constexpr Duration kLate = std::chrono::minutes(10); ///< after begin: then the begin is not in the picture

std::string caption_of(const Report& report, const Course& course, const Frame& frame) {
  const Story& s = report.story;
  std::string text;
  const auto say = [&](const std::string& what) { text += (text.empty() ? "" : " ") + what + "."; };
  const Time out = s.exposed == Time{} ? s.begun : s.exposed;
  const Time until = std::min(looked_at_until(s), frame.to);
  if (const auto middle = median_of(course, Time::min(), s.begun)) say("Before: " + show(*middle, course.unit));
  if (const auto worst = worst_of(course, out, until))
    say("Worst" + std::string(s.decision() ? " until the decision" : "") + ": " + show(*worst, course.unit));
  if (const Time back = s.restored(); back != Time{})
    if (const auto after = median_of(course, back, frame.to)) say("After the rollback: " + show(*after, course.unit));
  if (const std::string limits = limits_text(course); !limits.empty()) say(limits);
  return text;
}

std::size_t place_of(const Report& report, const std::string& indicator) {
  for (std::size_t i = 0; i < report.suspects.size(); ++i)
    if (report.suspects[i].name == indicator) return i;
  return report.suspects.size();
}

} // namespace

std::string limits_text(const Course& course) {
  std::string text;
  if (course.row) {
    text = "Critical " + show(course.row->critical, course.unit) + ", alert " + show(course.row->alert, course.unit) +
           ", normal " + show(course.row->normal, course.unit);
    if (course.row->mode == Mode::observe) text += " (only shown)";
  }
  for (const LimitLine& l : course.limits) text += (text.empty() ? "" : "; ") + l.rule + " " + l.text;
  return text;
}

std::optional<double> median_of(const Course& course, Time from, Time to) {
  std::vector<double> values;
  for (const Point& p : course.points)
    if (p.value && p.at > from && p.at <= to) values.push_back(*p.value);
  if (values.empty()) return {};
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

std::optional<double> worst_of(const Course& course, Time from, Time to) {
  std::optional<double> worst;
  for (const Point& p : course.points) {
    if (!p.value || p.at <= from || p.at > to) continue;
    if (!worst || (course.higher_is_worse ? *p.value > *worst : *p.value < *worst)) worst = p.value;
  }
  return worst;
}

Frame frame_of(const Report& report) {
  const Story& s = report.story;
  Frame frame;
  frame.to = s.ended == Time{} ? report.courses.last : s.ended;
  const Time first = report.figures.first_sign;
  const bool late = !report.incident.empty() && first - s.begun > kLate;
  const Duration before = late ? 3 * (frame.to - first) : (frame.to - s.begun) / 2;
  frame.from = std::max(report.courses.first, (late ? first : s.begun) - std::clamp<Duration>(before, kLeast, kMost));
  const auto mark = [&](Time at, const std::string& text, bool bad = false) {
    if (at >= frame.from && at <= frame.to) frame.marks.push_back({at, text, bad});
  };
  mark(s.begun, "deployment begins");
  mark(s.exposed, s.version + (s.exposed == s.finished ? " has the traffic" : " gets traffic"));
  if (const DecisionState* d = s.decision()) mark(d->at, "decided to roll back", true);
  mark(s.restored(), s.previous + " runs again");
  if (s.outcome == "rolled_back_verified")
    mark(s.ended, "verified");
  else if (!s.outcome.empty())
    mark(s.ended, "ended: " + outcome_words(s.outcome), s.outcome != "succeeded");
  std::stable_sort(frame.marks.begin(), frame.marks.end(), [](const Mark& a, const Mark& b) { return a.at < b.at; });
  return frame;
}

Pictures pictures_of(const Report& report) {
  const Frame frame = frame_of(report);
  Pictures pictures;
  for (std::size_t i = 0; i < frame.marks.size(); ++i)
    pictures.marks.emplace_back(std::to_string(i + 1), clock_of(frame.marks[i].at) + " " + frame.marks[i].text);
  std::vector<const Course*> order;
  for (const Course& course : report.courses.courses) order.push_back(&course);
  std::stable_sort(order.begin(), order.end(), [&](const Course* a, const Course* b) {
    return place_of(report, a->indicator) < place_of(report, b->indicator);
  });
  for (const Course* course : order) {
    const std::string caption = caption_of(report, *course, frame);
    pictures.pictures.push_back(
        {course->indicator, picture_of(*course, frame, course->indicator + ". " + caption), caption});
  }
  return pictures;
}

} // namespace backstop::report
