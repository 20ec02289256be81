#include "daemon/kept_state.hpp"
#include "daemon/target_records.hpp"
#include <algorithm>
#include <functional>
#include <iterator>

namespace backstop {
namespace {

constexpr std::size_t kGoodVersionsKept = 20; ///< however old
constexpr std::size_t kVersionsKept = 50;     ///< the newest

/// The `kVersionsKept` newest versions are not older.
Time oldest_kept(const ServiceState& service) {
  if (service.versions.size() <= kVersionsKept) return Time::min();
  std::vector<Time> since;
  for (const auto& [version, state] : service.versions) since.push_back(state.since);
  std::nth_element(since.begin(), since.begin() + (kVersionsKept - 1), since.end(), std::greater<>());
  return since[kVersionsKept - 1];
}

} // namespace

KeptService kept_of(const ServiceState& service) {
  KeptService kept;
  kept.service = service.key;
  kept.version = service.version;
  kept.deployment = service.deployment;
  kept.locked_by = service.locked_by;
  kept.locked_why = service.locked_why;
  kept.live_side = service.live_side;
  const std::vector<std::string>& good = service.good_order;
  const auto newest_good = good.size() > kGoodVersionsKept
                               ? std::prev(good.end(), static_cast<std::ptrdiff_t>(kGoodVersionsKept))
                               : good.begin();
  const Time oldest = oldest_kept(service);
  for (const auto& [version, state] : service.versions) {
    const bool wanted = state.since >= oldest || version == service.version || service.quarantine.contains(version) ||
                        std::find(newest_good, good.end(), version) != good.end();
    if (wanted) kept.versions.push_back({version, state.why, state.good, state.since});
  }
  for (const std::string& version : good) {
    const bool wanted = std::any_of(kept.versions.begin(), kept.versions.end(),
                                    [&](const KeptVersion& v) { return v.version == version; });
    if (wanted) kept.good_order.push_back(version);
  }
  for (const auto& [version, why] : service.quarantine) kept.quarantine.push_back({version, why});
  kept.rollbacks = service.rollbacks;
  for (const auto& [rule, level] : service.levels) kept.levels.push_back({rule, level});
  if (const auto& day = service.game_day) kept.game_day = KeptGameDay{day->at, day->by, day->why, day->works};
  for (const auto& [source, targets] : service.targets) {
    SourceTargets of_source{source, {}};
    for (const config::TargetConfig& target : targets) of_source.targets.push_back(found_of(target));
    kept.targets.push_back(std::move(of_source));
  }
  for (const Settling& settled : service.settled) kept.settled.push_back({settled.start, settled.breach});
  return kept;
}

ServiceState state_of(const KeptService& kept) {
  ServiceState service;
  service.key = kept.service;
  service.version = kept.version;
  service.deployment = kept.deployment;
  service.locked_by = kept.locked_by;
  service.locked_why = kept.locked_why;
  service.live_side = kept.live_side;
  for (const KeptVersion& v : kept.versions) service.versions[v.version] = {v.good, v.why, v.since};
  service.good_order = kept.good_order;
  for (const KeptQuarantine& q : kept.quarantine) service.quarantine[q.version] = q.why;
  service.rollbacks = kept.rollbacks;
  for (const KeptLevel& l : kept.levels) service.levels[l.rule] = l.level;
  if (const auto& day = kept.game_day) service.game_day = GameDayState{day->at, day->by, day->why, day->works};
  for (const SourceTargets& source : kept.targets) {
    std::vector<config::TargetConfig>& targets = service.targets[source.source];
    for (const FoundTarget& found : source.targets) targets.push_back(target_of(found));
  }
  for (const Settled& settled : kept.settled) service.settled.push_back({settled.start, settled.breach});
  return service;
}

} // namespace backstop
