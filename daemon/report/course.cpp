#include "daemon/report/course.hpp"
#include "daemon/config/compile.hpp"
#include "daemon/replay/recorded_samples.hpp"
#include "daemon/replay/recording_text.hpp"
#include "rules/indicator.hpp"
#include <algorithm>
#include <utility>

namespace backstop::report {
namespace {

constexpr Duration kStep = std::chrono::milliseconds(900); ///< between two readings, at least
constexpr std::int64_t kReadings = 4000; ///< of a long watch; more where its windows are shorter than their distance
constexpr Duration kAround = std::chrono::minutes(30);

Duration window_of(const IndicatorSpec& spec) {
  return std::visit(
      []<class S>(const S& s) -> Duration {
        if constexpr (requires { s.window; })
          return s.window;
        else
          return {};
      },
      spec.kind);
}

Course frame_of(const Story& story, const config::CompiledService& compiled, std::uint32_t index) {
  const IndicatorSpec& spec = compiled.indicators[index];
  Course course;
  course.indicator = spec.name;
  course.unit = spec.unit;
  course.window = window_of(spec);
  for (const Row& row : compiled.table.rows) {
    if (row.indicator != index || course.row) continue;
    course.row = row;
    course.higher_is_worse = row.higher_is_worse;
  }
  for (const FrozenBaseline& b : story.frozen.baselines) {
    if (b.indicator != spec.name) continue;
    if (b.usable) course.baseline = b.value;
    course.baseline_why = b.why;
  }
  for (const Criterion& criterion : compiled.table.criteria) {
    for (const Condition& c : criterion.conditions) {
      if (c.indicator != index) continue;
      if (!course.row) course.higher_is_worse = is_upward(c);
      if (c.limit) course.limits.push_back({criterion.name, show(*c.limit, spec.unit), c.limit->value, is_upward(c)});
      if (c.of_baseline && course.baseline) {
        const double value = c.of_baseline->value * *course.baseline;
        course.limits.push_back({criterion.name,
                                 std::string(name_of(c.of_baseline->op)) + " " +
                                     show(c.of_baseline->value, Unit::count) + "x baseline (" + show(value, spec.unit) +
                                     ")",
                                 value, is_upward(c)});
      }
    }
  }
  return course;
}

/// When the windows of the daemon began anew, in order.
std::vector<Time> clean_starts(const Story& story, const config::Service& service) {
  std::vector<Time> starts;
  if (story.finished != Time{}) {
    starts.push_back(story.finished);
    if (service.judge.kind == config::JudgeKind::table) starts.push_back(story.finished + service.judge.warm_up);
  }
  for (const StepStory& step : story.steps)
    if (step.purpose == "watch" || step.purpose == "bake") starts.push_back(step.began);
  std::sort(starts.begin(), starts.end());
  return starts;
}

class Reader {
public:
  Reader(const Story& story, const config::Service& service, const config::CompiledService& compiled, Courses& out)
      : story_(story), starts_(clean_starts(story, service)), out_(out) {
    for (std::uint32_t i = 0; i < compiled.indicators.size(); ++i) {
      indicators_.emplace_back(i, compiled.indicators[i]);
      marks_.push_back(0);
      if (std::holds_alternative<RatioSpec>(compiled.indicators[i].kind))
        out_.requests.push_back({compiled.indicators[i].name, 0, 0});
    }
  }

  void read(const std::vector<Scrape>& scrapes) {
    const Duration coarse = std::clamp<Duration>((scrapes.back().arrived - scrapes.front().arrived) / kReadings, kStep,
                                                 std::max(kStep, shortest_window()));
    Time counted = scrapes.front().arrived, looked = counted;
    for (const Scrape& scrape : scrapes) {
      if (scrape.arrived - counted >= kStep) { // more often than a window is long: what falls out of it is not counted
        count_all();
        counted = scrape.arrived;
      }
      if (scrape.arrived - looked >= (matters(scrape.arrived) ? kStep : coarse)) {
        look();
        looked = scrape.arrived;
      }
      newest_ = std::max(newest_, scrape.t);
      for (Indicator& indicator : indicators_) indicator.observe(scrape);
    }
    count_all();
    look();
  }

private:
  void look() {
    Time since = Time::min();
    for (const Time start : starts_)
      if (start <= newest_) since = start;
    for (std::size_t i = 0; i < indicators_.size(); ++i) {
      const Reading reading = indicators_[i].read(newest_, since);
      out_.courses[i].points.push_back(
          {newest_, reading.usable() ? std::optional<double>(reading.value) : std::optional<double>()});
    }
  }
  /// Around the begin and the end every reading is taken, between them enough to see how it went.
  [[nodiscard]] bool matters(Time t) const {
    return t <= story_.begun + kAround || t >= std::min(looked_at_until(story_), story_.last_time) - kAround;
  }
  [[nodiscard]] Duration shortest_window() const {
    Duration shortest = kAround;
    for (const Course& course : out_.courses)
      if (course.window > Duration{}) shortest = std::min(shortest, course.window);
    return shortest;
  }
  void count_all() {
    std::size_t ratio = 0;
    for (std::size_t i = 0; i < indicators_.size(); ++i)
      if (std::holds_alternative<RatioSpec>(indicators_[i].spec().kind)) count(i, out_.requests[ratio++]);
  }
  void count(std::size_t i, Requests& requests) {
    const Increase increase = indicators_[i].increase_after(marks_[i], story_.exposed);
    marks_[i] = indicators_[i].taken();
    const Time until = story_.restored() != Time{} ? story_.restored() : kNever;
    if (story_.exposed == Time{} || newest_ <= story_.exposed || newest_ > until) return;
    requests.all += increase.all;
    requests.bad += increase.bad;
  }

  const Story& story_;
  std::vector<Time> starts_;
  Courses& out_;
  std::vector<Indicator> indicators_;
  std::vector<std::uint64_t> marks_;
  Time newest_{};
};

} // namespace

Result<Courses> courses_of(const Story& story, const config::Service& service, std::span<const KeptScrape> scrapes) {
  const Result<config::CompiledService> compiled = config::compile(service);
  if (!compiled) return compiled.error();
  Courses out;
  for (std::uint32_t i = 0; i < compiled->indicators.size(); ++i) out.courses.push_back(frame_of(story, *compiled, i));
  if (scrapes.empty()) {
    out.missing = "no samples are kept of it";
    return out;
  }
  const std::string text = replay::openmetrics_of(scrapes);
  const Result<replay::Recording> recording = replay::read_recording(text, "kept samples", service, *compiled);
  if (!recording) return recording.error();
  if (recording->scrapes.empty()) {
    out.missing = "no samples are kept of it";
    return out;
  }
  out.first = recording->scrapes.front().arrived;
  out.last = recording->scrapes.back().arrived;
  out.scrapes = recording->scrapes.size();
  for (const Scrape& scrape : recording->scrapes)
    if (scrape.health != ScrapeHealth::ok && scrape.arrived > story.begun) ++out.failed;
  Reader(story, service, *compiled, out).read(recording->scrapes);
  return out;
}

} // namespace backstop::report
