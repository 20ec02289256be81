#include "daemon/flight_recorder.hpp"
#include "collectors/series_index.hpp"
#include "daemon/message_ids.hpp"
#include <algorithm>
#include <utility>

namespace backstop {
namespace {

constexpr std::uint64_t kNamesKept = SeriesIndex::Limits{}.forget_after + 100; ///< scrapes; a later one has another id
constexpr std::uint64_t kSweepEvery = 256;                                     ///< scrapes
constexpr std::size_t kMostNames = 100'000;                                    ///< of one target

} // namespace

FlightRecorder::Target& FlightRecorder::target_of(const ServiceWatch& watch, const Scrape& scrape) {
  const std::string key = watch.config.key();
  Service& service = services_[key];
  if (service.generation != watch.generation || service.targets.empty()) {
    service.generation = watch.generation;
    service.targets.assign(watch.config.sources.size(), {});
  }
  std::vector<Target>& targets = service.targets[scrape.source];
  if (targets.size() <= scrape.target) targets.resize(scrape.target + std::size_t{1});
  Target& target = targets[scrape.target];
  const std::string& name = watch.places[scrape.source].name(scrape.target); // "" where there can be but one
  if (!target.of || (!name.empty() && target.of->target != name))            // its place was another target's
    target = {std::make_shared<ScrapedTarget>(ScrapedTarget{key, watch.config.sources[scrape.source].name,
                                                            name.empty() ? std::to_string(scrape.target) : name}),
              {}};
  return target;
}

void FlightRecorder::note(const ServiceWatch& watch, const Scrape& scrape) {
  Target& target = target_of(watch, scrape);
  for (const NamedSeries& named : scrape.named)
    target.names[named.series] = {std::make_shared<std::string>(named.text), target.scrapes};
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
  for (const auto& [series, value] : values_) {
    const auto name = target.names.find(series);
    if (name == target.names.end()) continue;
    name->second.seen = target.scrapes;
    kept.values.push_back({name->second.text, value});
  }
  if (target.scrapes % kSweepEvery == 0 || target.names.size() > kMostNames) forget_names(target);
  waiting_values_ += 1 + kept.values.size();
  waiting_.push_back(std::move(kept));
  oldest_waiting_ = std::min(oldest_waiting_, scrape.arrived);
}

/// Series that are gone: the collectors have forgotten them too. Many at once: all but those of the last scrape.
void FlightRecorder::forget_names(Target& target) {
  const std::uint64_t kept = target.names.size() > kMostNames ? 0 : kNamesKept;
  std::erase_if(target.names, [&](const auto& entry) { return entry.second.seen + kept < target.scrapes; });
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
