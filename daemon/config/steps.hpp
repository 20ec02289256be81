#pragma once
#include "daemon/config/confinement.hpp"
#include "rules/time.hpp"
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// Procedures as configured: the way back (procedures.rollback), the way out (plan), and where traffic goes.
namespace backstop::config {

/// A command with its own limits, used by steps, checks and questions.
struct Command {
  std::vector<std::string> argv;
  Duration timeout{std::chrono::seconds(10)};
};

enum class OnFailure { abort, proceed, escalate }; ///< "abort", "continue", "escalate"
enum class OnUnknown { rerun, verify, escalate };

/// One schema for every step: name, kind, and the kind's own keys. The set of kinds is closed.
struct RunStep {
  std::vector<std::string> argv;
  Duration timeout{std::chrono::minutes(10)};
  int retries = 0;
  Duration retry_delay{std::chrono::seconds(1)};
  std::optional<Command> check;     ///< exit 0: it is done already; answers `on_unknown: verify` too
  std::optional<Command> preflight; ///< of a rollback: run at `deploy begin`, before anything is touched; must exit 0
  OnFailure on_failure = OnFailure::abort;
  OnUnknown on_unknown = OnUnknown::verify;
  std::string user;
  std::map<std::string, std::string> environment;
  Confinement confinement; ///< of the command, its check and its preflight
};
struct NotifyStep {
  std::string severity = "critical"; ///< in a plan: info unless written
  std::vector<std::string> to;       ///< channel names; empty: all
};
/// Of a rollback: the old version is good.
struct WatchStep {
  Duration good_for{std::chrono::seconds(60)};
  Duration timeout{std::chrono::minutes(5)};
};
struct ReviewStep {
  Duration due{std::chrono::hours(24)};
};
/// Of a plan: the rules act on the new version for so long, and it passes when none is critical and all could be judged.
struct BakeStep {
  Duration duration{};
};
/// Of a plan: a person with this role signs.
struct ApproveStep {
  std::string role;
};
/// Of a plan: so much of the traffic goes to the side with the new version. `share`: 0 to 1.
struct TrafficStep {
  double share = 0;
};
/// Of a plan: nothing happens for so long.
struct WaitStep {
  Duration duration{};
};
struct Step {
  std::string name;
  /// Its place, which keys the journal. Of a rollback "1", "2" ...; of a plan "2.3", the third of phase 2, and "2.3.1" where
  /// that is several at once.
  std::string path;
  std::variant<NotifyStep, RunStep, WatchStep, ReviewStep, BakeStep, ApproveStep, TrafficStep, WaitStep> kind;
  std::optional<RunStep> undo = {}; ///< of a plan: what takes it back
  bool irreversible = false;        ///< of a plan: once it was begun, a rollback needs a person
  bool baseline = false;            ///< of a plan: what it prints is the baseline where production's own past gave none
  std::string group = {};           ///< of a plan: path of the `parallel` that it is in; empty: none
};

/// A phase of a plan, for people; and whether the service itself is changed from here on.
struct PlanPhase {
  std::string name;
  /// The service runs another version from here on: undoing is a rollback (procedures.rollback). Before, a failure takes back
  /// what steps say under `undo`, and the deployment ends as aborted.
  bool live = false;
  std::vector<Step> steps; ///< those of a `parallel` one after another, with its path as `group`
  std::map<std::string, std::string> parallels = {}; ///< path of each `parallel` → its name
};
struct Plan {
  std::vector<PlanPhase> phases;
  std::string ready = {}; ///< name of the ready plan that it was made from; empty: written out
  [[nodiscard]] bool empty() const { return phases.empty(); }
};

/// The two places that traffic goes to. A new version comes to one of them, the other one keeps what runs.
struct Side {
  std::string name;
  std::vector<std::string> servers; ///< of haproxy: names in the backend; of nginx: addresses
};
struct Traffic {
  enum class Driver { haproxy, nginx, command };
  Driver driver = Driver::haproxy;
  std::vector<Side> sides; ///< two; the first one has the traffic in the beginning
  std::string candidate;   ///< side that every new version comes to; empty: whichever has no traffic (blue-green)
  Duration timeout{std::chrono::seconds(30)};
  std::string socket, backend;      ///< haproxy: of the runtime API, a path or "host:port"
  std::string file, upstream;       ///< nginx: what is written, absolute, and the name of the upstream in it
  std::vector<std::string> test;    ///< nginx: must exit 0 before it is reloaded; default: nginx -t
  std::vector<std::string> reload;  ///< nginx: default: nginx -s reload
  std::vector<std::string> argv;    ///< command: sends {percent} of the traffic to {side}, the rest to {other_side}
  std::vector<std::string> checked; ///< command: exits 0 where it is so already (`check: {argv}`); empty: none
};
/// Label of targets: the side that they belong to. While a version gets out, its side is the canary group, the other the
/// control group.
inline constexpr const char* kSideLabel = "side";

} // namespace backstop::config
