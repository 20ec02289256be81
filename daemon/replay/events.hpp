#pragma once
#include "daemon/json.hpp"
#include "daemon/operator.hpp"
#include "daemon/records.hpp"
#include "rules/result.hpp"
#include "rules/time.hpp"
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace backstop::replay {

/// What somebody did at one time of a replay, what became of the daemon, or what it found.
struct Event {
  enum class Daemon {
    runs,
    stops,    ///< and is not there before it starts
    starts,   ///< of one that runs: it is restarted
    rebooted, ///< it starts, and the host did too
  };
  Time t{};
  /// Without an id: replay() puts in that of the newest deployment.
  std::optional<Command> command;
  Daemon daemon = Daemon::runs;
  std::string actor = "replay";                         ///< who gave the command
  std::optional<TargetsChanged> targets = std::nullopt; ///< what was found then
};

/// Reads events for `service` (its key), one JSON object a line, in any order of time; gives them in order of time,
/// those of one time in order of lines. `t` in seconds since 1970, and `event`:
///     begin {version?, previous?, type?, mode?, components?, irreversible?}, finish, abort {reason?},
///     hold {for_s, reason}, unhold, signal {kind, evidence}, accept {reason}, adopt {version, reason?}, stop, restart
/// with the members of the control API. Errors (Errc::invalid): "FILE:LINE: what (how to mend it)".
Result<std::vector<Event>> read_events(std::string_view text, const std::string& file, const std::string& service);

/// One of them, from its object. Errors (Errc::invalid) say no place.
Result<Event> event_of(const Json& json, const std::string& service);

/// Begin and finish at one time: the new version is there, and gets the traffic.
std::vector<Event> deployed_at(Time t, const std::string& service);

} // namespace backstop::replay
