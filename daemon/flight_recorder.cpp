#include "daemon/flight_recorder.hpp"
#include "collectors/series_index.hpp"
#include "daemon/message_ids.hpp"
#include <algorithm>
#include <utility>

namespace backstop {
namespace {

/// Scrapes; a series that comes later has another id.
constexpr auto kNamesKept = static_cast<std::uint32_t>(SeriesIndex::Limits{}.forget_after + 100);
constexpr std::uint32_t kSweepEvery = 256;  ///< scrapes
constexpr std::size_t kMostNames = 100'000; ///< of one target

} // namespace

FlightRecorder::Target& FlightRecorder::target_of(const ServiceWatch& watch, const Scrape& scrape) {
  Service& service = services_[watch.key];
  if (service.generation != watch.generation || service.targets.empty()) {
    service.generation = watch.generation;
    service.targets.assign(watch.config.sources.size(), {});
  }
  std::vector<Target>& targets = service.targets[scrape.source];
  if (targets.size() <= scrape.target) targets.resize(scrape.target + std::size_t{1});
  Target& target = targets[scrape.target];
  const std::string& name = watch.places[scrape.source].name(scrape.target); // "" where there can be but one
  if (!target.of || (!name.empty() && target.of->target != name))            // its place was another target's
    target = {std::make_shared<ScrapedTarget>(ScrapedTarget{watch.key, watch.config.sources[scrape.source].name,
                                                            name.empty() ? std::to_string(scrape.target) : name}),
              {}};
  return target;
}

/// Mostly all at once, in the first scrape, and ids grow.
void FlightRecorder::take_names(Target& target, const std::vector<NamedSeries>& named) {
  std::vector<Name>& names = target.names;
  if (names.empty()) names.reserve(named.size());
  for (const NamedSeries& n : named) {
    const auto at = std::lower_bound(names.begin(), names.end(), n.series,
                                     [](const Name& name, std::uint32_t series) { return name.series < series; });
    if (at != names.end() && at->series == n.series)
      *at = {n.series, target.scrapes, n.text};
    else
      names.insert(at, {n.series, target.scrapes, n.text});
  }
}

void FlightRecorder::note(const ServiceWatch& watch, const Scrape& scrape) {
  Target& target = target_of(watch, scrape);
  take_names(target, scrape.named);
  KeptScrape kept;
  kept.of = target.of;
  kept.t = scrape.t;
  kept.took = scrape.arrived - scrape.t;
  kept.ok = scrape.health == ScrapeHealth::ok;
  kept.why = scrape.why;
  // A series stands once for each selector that wants it.
  values_.clear();
  for (const Sample& sample : scrape.samples) values_.emplace_back(sample.series, sample.value);
  std::sort(values_.begin(), values_.end());
  values_.erase(std::unique(values_.begin(), values_.end(), [](auto& a, auto& b) { return a.first == b.first; }),
                values_.end());
  kept.values.reserve(values_.size());
  if (kept.ok) ++target.scrapes;
  auto name = target.names.begin();
  for (const auto& [series, value] : values_) {
    while (name != target.names.end() && name->series < series) ++name;
    if (name == target.names.end() || name->series != series) continue;
    name->seen = target.scrapes;
    kept.values.push_back({name->text, value});
  }
  if (target.scrapes % kSweepEvery == 0 || target.names.size() > kMostNames) forget_names(target);
  waiting_values_ += 1 + kept.values.size();
  waiting_.push_back(std::move(kept));
  oldest_waiting_ = std::min(oldest_waiting_, scrape.arrived);
}

/// Series that are gone: the collectors have forgotten them too. Many at once: all but those of the last scrape.
void FlightRecorder::forget_names(Target& target) {
  const std::uint32_t kept = target.names.size() > kMostNames ? 0 : kNamesKept;
  std::erase_if(target.names, [&](const Name& name) { return target.scrapes - name.seen > kept; });
}

void FlightRecorder::settle(const State* state, Time now) {
  if (waiting_.empty()) return;
  if (!hurried_ && now - oldest_waiting_ < kWriteEvery && waiting_values_ < kMostWaiting) return;
  flush();
  if (!state) return;
  for (auto& [key, service] : services_) {
    if (now - service.forgotten < kForgetEvery) continue;
    service.forgotten = now;
    forget_old(key, *state, now);
  }
}

void FlightRecorder::flush() {
  hurried_ = false;
  oldest_waiting_ = kNever;
  waiting_values_ = 0;
  tell(recorder_.note_scrapes(std::exchange(waiting_, {})));
}

/// What a later deployment may still want is the last half hour; what an earlier one needs ends with it.
void FlightRecorder::forget_old(const std::string& service, const State& state, Time now) {
  Time from = Time::min(), to = now - kBefore;
  for (const auto& [id, d] : state.deployments) {
    if (d.service != service || d.begun == Time{}) continue;
    const auto [first, end] = span_of(d);
    if (end == kNever)
      to = std::min(to, first);
    else
      from = std::max(from, end);
  }
  if (from < to) tell(recorder_.forget_scrapes(service, from, to));
}

std::pair<Time, Time> FlightRecorder::span_of(const DeploymentState& d) {
  return {d.begun - kBefore, d.ended == Time{} ? kNever : d.ended + Duration{1}};
}

Result<std::vector<KeptScrape>> FlightRecorder::scrapes(const std::string& service, Time from, Time to,
                                                        std::size_t most) {
  flush();
  return recorder_.scrapes(service, from, to, most);
}

void FlightRecorder::tell(const Status& status) {
  const std::string why = status ? "" : status.error().what;
  if (std::exchange(failed_, why) == why || why.empty()) return;
  log_.write(LogLevel::warning, "samples cannot be kept for now: " + why, {message_field(Message::samples_not_kept)});
}

} // namespace backstop
