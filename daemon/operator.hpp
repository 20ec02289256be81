#pragma once
#include "daemon/gating.hpp"
#include "daemon/json.hpp"
#include "daemon/ledger.hpp"
#include "daemon/service_watch.hpp"
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// What a person can tell the daemon to do. Each command is checked whole before anything is recorded.
namespace backstop {

struct BeginDeployment {
  std::string service, version, previous, kind, mode;
  std::vector<std::string> components;
  bool irreversible = false;
  std::string id{};              ///< one that was requested: all of the above is as it was requested
  std::string override_reason{}; ///< it begins whatever is missing; empty: it does not
};
/// Opens a deployment that waits for its gates.
struct RequestDeployment {
  BeginDeployment what;
};
/// `items` empty: for the role as a whole; `all_items`: its open items too.
struct Approve {
  std::string id, role, comment;
  std::vector<std::string> items;
  bool all_items = false;
  std::vector<std::string> held = {}; ///< roles that the person has, by the groups of the host; "*": every one
};
struct Revoke {
  std::string id, role, reason;
  std::vector<std::string> items;
  std::vector<std::string> held = {}; ///< as of Approve
};
/// Automatic items of the checklist are looked at anew.
struct CheckItems {
  std::string id;
};
/// The plan of a deployment: begins no other step; goes on; ends the watch or the wait that it is at; leaves a step out.
struct PausePlan {
  std::string id, reason;
};
struct ResumePlan {
  std::string id, reason;
};
struct PromotePlan {
  std::string id, reason;
};
struct SkipStep {
  std::string id, step, reason; ///< step: path or name; empty: the one that it stands at
};
struct FinishDeployment {
  std::string id;
};
struct AbortDeployment {
  std::string id, reason;
};
struct Acknowledge {
  std::string incident, comment;
  Duration lasts{};
};
/// The review of an incident is done: why it happened, and what keeps it from happening again.
struct CloseReview {
  std::string incident, root_cause, prevention;
};
struct Hold {
  std::string service; ///< "*": all
  Duration lasts{};
  std::string reason;
};
struct Unhold {
  std::string service;
};
struct RollBackNow {
  std::string service, reason;
};
struct AcceptNow {
  std::string service, reason;
};
struct AnswerConfirmation {
  std::string id, reason;
  bool confirmed = false;
};
struct RaiseSignal {
  std::string service, kind, evidence;
};
struct Unlock {
  std::string service, reason, retry_from;
  bool done_by_hand = false;
};
struct Adopt {
  std::string service, version, reason;
  std::string side{}; ///< of the traffic that it runs on; empty: as it is known
};
struct ReleaseQuarantine {
  std::string service, version, reason;
};

struct HoldGameDay {
  std::string service;
  bool channels = false; ///< send each channel a test notice too
};

using Command =
    std::variant<BeginDeployment, FinishDeployment, AbortDeployment, Acknowledge, CloseReview, Hold, Unhold,
                 RollBackNow, AcceptNow, AnswerConfirmation, RaiseSignal, Unlock, Adopt, ReleaseQuarantine, HoldGameDay,
                 RequestDeployment, Approve, Revoke, CheckItems, PausePlan, ResumePlan, PromotePlan, SkipStep>;

class GameDays;

/// The answer to a command: a result, or a refusal that says what, why, and how to mend it.
struct Reply {
  bool ok = true;
  std::string id; ///< of what was made, if anything was
  std::string
      reason; ///< machine word of a refusal: gate, quarantine, no_target, blind, locked, conflict, not_found, invalid, unauthorized
  std::string what, why, how;
  Json details = Json::object();
};
/// It is done; `id` of what it was about.
Reply done(std::string id);
Reply refusal(std::string reason, std::string what, std::string why, std::string how);

/// Carries commands out against the ledger. No I/O: acts come from the state that the records make (Executor).
class Operator {
public:
  Operator(Ledger& ledger, std::map<std::string, std::unique_ptr<ServiceWatch>>& watches, const config::Config& config,
           GameDays& game_days, const WallClock& clock, std::string actor, Time now);
  Reply operator()(const BeginDeployment& command);
  Reply operator()(const FinishDeployment& command);
  Reply operator()(const AbortDeployment& command);
  Reply operator()(const Acknowledge& command);
  Reply operator()(const CloseReview& command);
  Reply operator()(const Hold& command);
  Reply operator()(const Unhold& command);
  Reply operator()(const RollBackNow& command);
  Reply operator()(const AcceptNow& command);
  Reply operator()(const AnswerConfirmation& command);
  Reply operator()(const RaiseSignal& command);
  Reply operator()(const Unlock& command);
  Reply operator()(const Adopt& command);
  Reply operator()(const ReleaseQuarantine& command);
  Reply operator()(const HoldGameDay& command);
  Reply operator()(const RequestDeployment& command);
  Reply operator()(const Approve& command);
  Reply operator()(const Revoke& command);
  Reply operator()(const CheckItems& command);
  Reply operator()(const PausePlan& command);
  Reply operator()(const ResumePlan& command);
  Reply operator()(const PromotePlan& command);
  Reply operator()(const SkipStep& command);

private:
  Reply resolve(const std::string& name, std::string& key) const;
  Reply resolve_deployment(const std::string& id, const DeploymentState*& found) const;
  /// Why no deployment of this version may be opened, of a service that is configured: LOCKED, quarantined ...
  Reply may_open(const BeginDeployment& command, const std::string& key, std::string& previous) const;
  Reply may_sign(const DeploymentState& deployment, const std::string& role, const std::vector<std::string>& held,
                 const std::string& what) const;
  Reply other_eyes(const DeploymentState& deployment, const std::string& role, const std::string& what) const;
  Reply sign_step(const DeploymentState& deployment, const Approve& command);
  Reply resolve_opened(const std::string& id, const std::string& what, const DeploymentState*& found) const;
  /// Its incident, where one is open, is over.
  void resolve_incident(const std::string& incident, const std::string& how);
  Reply resolve_plan(const std::string& id, const std::string& what, const DeploymentState*& found) const;
  Reply abort_plan(const DeploymentState& deployment, const AbortDeployment& command);
  Reply pass_gates(const BeginDeployment& command, const DeploymentState* opened, const ServiceWatch& watch,
                   std::vector<std::string>& overridden);
  void add(Payload payload);

  Ledger& ledger_;
  std::map<std::string, std::unique_ptr<ServiceWatch>>& watches_;
  const config::Config& config_;
  GameDays& game_days_;
  const WallClock& clock_;
  std::string actor_;
  Time now_;
};

} // namespace backstop
