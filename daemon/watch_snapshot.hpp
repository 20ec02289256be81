#pragma once
#include "daemon/json.hpp"
#include "rules/result.hpp"
#include "rules/settling.hpp"
#include "rules/watch.hpp"

namespace backstop {

/// Watch::save() as a snapshot for the recorder, and back. An error or a snapshot of another shape: start anew.
Json snapshot_of(const WatchState& state);
Result<WatchState> state_of(const Json& snapshot);
/// The histories of all indicators by themselves: WatchState::history.
Json snapshot_of(const std::vector<std::vector<BaselineHistory::Block>>& histories);
Result<std::vector<std::vector<BaselineHistory::Block>>> histories_of(const Json& snapshot);
Json snapshot_of(const SettlingWatch::State& state);
SettlingWatch::State settling_of(const Json& snapshot); ///< none, where it is something else

} // namespace backstop
