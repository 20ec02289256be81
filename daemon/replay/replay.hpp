#pragma once
#include "collectors/sample_store.hpp"
#include "daemon/config/config.hpp"
#include "daemon/records.hpp"
#include "daemon/replay/events.hpp"
#include "daemon/replay/recorded_samples.hpp"
#include "daemon/service_watch.hpp"
#include "rules/result.hpp"
#include "rules/time.hpp"
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace backstop::replay {

/// Looks on at a replay, and lets the first rollback begin.
struct Onlooker {
  std::vector<Time> looks; ///< in order of time
  /// At each of `looks`, when all of that time was done. Not after the rollback began.
  std::function<void(Time, const ServiceWatch&)> on_look;
  std::function<void(const Record&, const Payload&)> on_record; ///< each, in order
  std::function<std::string(Time)> show_time;                   ///< how times are written in errors
};

struct Request {
  config::Service service;   ///< read without fault, with its text and hash
  std::string_view samples;  ///< OpenMetrics text with timestamps, see recorded_samples.hpp
  std::string samples_file;  ///< stands in faults
  std::vector<Event> events; ///< in order of time; at least one begin
  std::optional<Time> end;   ///< absent: the newest sample
  bool go_on = false;        ///< past the first RollBack and past the end of the watch
  /// With one, a rollback begins: its notices are sent, its first command never ends, and the replay ends there. Until
  /// then it goes on past the end of the watch. A channel is there for all notices.
  const Onlooker* onlooker = nullptr;
  /// What a real deployment was judged by: put in place of what the samples before it give, as far as the service has
  /// the same. The log then begins with that deployment.
  std::optional<DeploymentBegun> frozen = std::nullopt;
};

struct Outcome {
  enum class End {
    kept,        ///< or nothing was decided against it so far
    rolled_back, ///< a rollback would have been started
    undecided,   ///< the watch ended so, or a rollback was decided that a hold (or another word) forbids
  };
  End end = End::kept;
  std::string log;         ///< see decision_log.hpp
  Time first{}, last{};    ///< what was replayed
  Time watched_until{};    ///< when the newest deployment's bake would end; kNever: it was not finished
  std::size_t scrapes = 0; ///< that were replayed
  DropCounts dropped;      ///< of all samples
};

/// What the daemon would have decided: the App itself under a virtual clock, over recorded samples. Pure.
/// The version before is adopted at the first sample. Events come before the samples of the same time: those are of the
/// new version. The service is taken as if its mode were auto; rules in mode observe stay so. What needs the host is
/// passed over: no step, check or question runs, and no rollback is begun; the first that would be ends the replay,
/// unless `go_on`. Errors (Errc::invalid): the samples have a fault, or an event is refused, as `deploy begin` may be.
Result<Outcome> replay(const Request& request);
/// Over samples that were read already, for the same sources and indicators; `request.samples` is not looked at.
Result<Outcome> replay(const Request& request, const Recording& recording);

} // namespace backstop::replay
