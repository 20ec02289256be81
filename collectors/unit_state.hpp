#pragma once
#include "collectors/raw_sample.hpp"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What systemd says about one unit, as families unit_*. As with the host: what was not said gives no sample.
namespace backstop {

/// Properties of a unit, or those of them that changed (org.freedesktop.systemd1(5)).
struct UnitProperties {
  std::optional<std::string> load_state;   ///< LoadState
  std::optional<std::string> active_state; ///< ActiveState
  std::optional<std::string> invocation;   ///< InvocationID, in hexadecimal: another one with every start
  std::optional<std::string> result;       ///< Result; services have one, slices have none
  std::optional<std::uint64_t> restarts;   ///< NRestarts; of services alone
};

/// Follows one unit from what is said about it, in order, and gives samples. One for each source.
///
/// - unit_active: 1 while ActiveState is active, reloading or refreshing, else 0. 0 too while it starts, stops, or
///   waits to be started again.
/// - unit_failed: 1 while ActiveState is failed, else 0. A unit that systemd starts again is not failed until its start
///   limit is hit.
/// - unit_restarts_total: NRestarts, how often systemd started it again by itself. Grows once the pause before the
///   start (RestartSec=) is over. Systemd begins anew at 0 when somebody starts the unit, as a deploy script does.
/// - unit_starts_total: how often it was started, by whomever: counted from what was seen, and so begins at 0. Of several
///   starts between two looks one.
/// - unit_result{result}: 1 for the Result of now, 0 for all others that a service can have. "success" again with the
///   next start.
/// - unit_failures_total: how often it came to an end, or was being ended, with a Result other than success and
///   exec-condition (which skips a start). Grows at once.
/// - unit_watchdog_kills_total, unit_oom_kills_total: those of them with Result watchdog, oom-kill. The second counts
///   ends of the unit: with OOMPolicy=continue it goes on, and nothing is counted.
///
/// The last three and unit_starts_total are counted here from what was seen, and so begin at 0. What had happened before the first look is
/// not counted, and of several ends between two looks the last alone.
class UnitState {
public:
  /// Takes what is said; what is not among it stays. True: samples() gives something else than before.
  bool take(const UnitProperties& said);
  /// False: systemd knows no such unit, or nothing was said yet.
  [[nodiscard]] bool exists() const;
  [[nodiscard]] std::vector<RawSample> samples() const;

private:
  void count_end(const UnitProperties& before);

  UnitProperties now_;
  double starts_ = 0, failures_ = 0, watchdog_kills_ = 0, oom_kills_ = 0;
};

} // namespace backstop
