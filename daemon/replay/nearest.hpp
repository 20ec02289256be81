#pragma once
#include "daemon/replay/replay.hpp"
#include "rules/result.hpp"
#include <functional>
#include <string>
#include <vector>

namespace backstop::replay {

/// One setting, or one of several rules together, changed as little as turns what was decided.
struct Change {
  std::string setting; ///< "error_rate critical", "judge.sustain"
  std::string from, to;
  double factor = 1; ///< between the two
};

struct Nearest {
  bool rolls_back = false;          ///< what the rules as they are decide over these samples
  std::vector<Change> changes;      ///< each alone turns it; the nearest first
  std::vector<std::string> in_vain; ///< settings that do not turn it, with how far they were changed
  Time until{};                     ///< what is after it was not looked at
  std::size_t replays = 0;
};

/// A rollback is told by what comes after it, which nobody recorded: what it was decided by, a minute at most, is taken to go on
/// for this long.
inline constexpr Duration kGoesOn = std::chrono::minutes(10);
inline constexpr double kFarthest = 16; ///< a setting is changed by this factor at most

/// Looks for what would have turned the decision, by replaying with one setting changed at a time: the critical limits of rules
/// (of those that decided; of all where none did), and how long the judge waits. Each value that is told was replayed, to two
/// digits. A setting is taken to turn the decision at one point, and not back beyond it.
/// `request`: the rules that judged, and the samples; its `frozen` baselines count, its lines are drawn anew for each replay.
/// `progress` is told the number of replays so far. Errors: as replay().
Result<Nearest> nearest_change(Request request, const std::function<void(std::size_t)>& progress = {});

/// Adds to `recording` what the `repeated` time at its end would give if it went on until `end`: what never falls in it grows on,
/// everything else is repeated.
void go_on_until(Time end, Duration repeated, Recording& recording);

} // namespace backstop::replay
