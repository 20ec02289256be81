#pragma once
#include "daemon/config/compile.hpp"
#include "daemon/config/config.hpp"
#include "daemon/json.hpp"
#include "daemon/recent_readings.hpp"
#include "daemon/records.hpp"
#include "daemon/target_places.hpp"
#include "daemon/version_signs.hpp"
#include "rules/decision.hpp"
#include "rules/settling.hpp"
#include "rules/watch.hpp"
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace backstop {

/// The verification of an old version: the same rules, good for long enough before the deadline.
struct Verification {
  Time started{};
  Time good_since{}; ///< zero: not good now
  Duration good_for{};
  Time deadline{};
  int attempt = 1;
  std::string path;
};

/// How a source fares, for status and metrics.
struct SourceHealth {
  bool up = false;
  Time last_ok{};
  std::string why; ///< it is down; or it is up, but a part of what was asked for is missing
  Duration took{};
  std::uint64_t scrapes = 0, failures = 0;
};

/// One service as it is watched in this run of the daemon: the rules with their state, and what was last seen. What must
/// outlive the daemon is in State (records) and in Watch::save() (the recorder).
struct ServiceWatch {
  ServiceWatch(std::shared_ptr<const config::Service> configuration, config::CompiledService compiled);

  /// The targets of a source that looks for them are these from now on.
  TargetPlaces::Change set_targets(std::uint32_t source, const std::vector<config::TargetConfig>& found, Time now);

  /// From now on what the targets on this side of the traffic show is judged, and compared with those on the other where
  /// `against` is not empty. Of a source whose targets have no side, all are.
  void judge_side(const std::string& side, const std::string& against);

  /// What this target shows counts: it is on the side that is judged, or its source has no sides.
  [[nodiscard]] bool judges(std::uint32_t source, std::uint32_t place) const;

  std::shared_ptr<const config::Service>
      shared_config; ///< the object that the configuration in force, or a record, has
  const config::Service& config;
  const std::string key; ///< config.key()
  config::CompiledService compiled;
  Watch watch;
  std::string steps_fault;                        ///< why its steps cannot run; empty: they can
  std::string learned;                            ///< the version that the history for baselines is of
  SettlingWatch settling;                         ///< of the deployment that is watched
  Evaluation last;                                ///< of the newest evaluation
  RecentReadings recent;                          ///< of the evaluations before it, and of it
  Time last_arrival{};                            ///< when the newest scrape had arrived
  std::vector<TargetPlaces> places;               ///< by source
  VersionSigns signs;                             ///< of the version that runs, where samples are looked at for it
  std::vector<std::vector<SourceHealth>> sources; ///< by source, by place
  std::vector<std::string> not_found; ///< by source: why its targets could not be looked for last; empty: they could
  std::optional<Verification> verification;
  std::uint64_t generation = 0; ///< another number: another object, to which other scrapers belong
  Time next_due = kNever;       ///< when time alone matters again
  struct Kept {
    Time saved{}, histories_saved{};
    std::size_t digest = 0; ///< of the rules that were saved
    bool read = false;      ///< what was kept in an earlier run
  } kept;                   ///< of it, in the recorder

private:
  void judge_source(std::uint32_t source);
  std::string side_, against_;
};

using ServiceWatches = std::map<std::string, std::unique_ptr<ServiceWatch>>; ///< by service key

/// The targets that were found, of each source that looks for its own.
std::vector<SourceTargets> targets_found(const ServiceWatch& watch);

Evidence evidence_of(const Verdict& verdict, const Watch& watch);
FrozenBaseline frozen_of(const IndicatorSpec& indicator, const Baseline& baseline);
Baseline baseline_of(const FrozenBaseline& frozen);
FrozenLine frozen_of(const EvidenceLine& line);
EvidenceLine line_of(const FrozenLine& frozen);
/// From now on `watch` judges by what the record of a deployment says. `sustain`: of the sequential judge.
void judge_by(Watch& watch, const std::vector<FrozenBaseline>& baselines, const std::vector<FrozenLine>& lines,
              Duration sustain);

} // namespace backstop
