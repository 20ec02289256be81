#pragma once
#include "daemon/ledger.hpp"
#include "daemon/service_watch.hpp"
#include "rules/decision.hpp"
#include <string>

/// From a decision to what the daemon does about it: acts, asks, waits, or only says so.
namespace backstop {

/// Why a rollback that was decided is not carried out now. `status` as in DecisionMade.
struct Standing {
  std::string status = "enforced";
  std::string because; ///< one clause for people
  bool page = false;   ///< a person must look
  bool lock = false;   ///< the loop guard fell: LOCKED
};

/// The mode in force for a deployment: the strictest of service, deployment and rule; irreversible means confirm.
Mode mode_in_force(const DeploymentState& deployment, Mode rule_mode);

/// What stands between a decided rollback and its start. Pure.
Standing standing_of(const State& state, const DeploymentState& deployment, const Decision& decision,
                     const config::Limits& limits, const std::string& suspected_dependency, Time now);

/// Names the shared dependency that explains the trouble better than the deployment: a service that shares a depends_on,
/// is critical now, and was not deployed recently. Empty: none.
std::string suspected_dependency(const State& state,
                                 const std::map<std::string, std::unique_ptr<ServiceWatch>>& watches,
                                 const ServiceWatch& watch);

/// Records the start of a rollback of `deployment`: quarantine (unless a person only thought better of it, or the service
/// was not touched yet), incident (opened if there is none), RollbackStarted.
void start_rollback(Ledger& ledger, const DeploymentState& deployment, const std::string& cause, Time now,
                    const std::string& actor, bool quarantines = true);

/// Opens an incident for the deployment if it has none open; gives its id.
std::string open_incident(Ledger& ledger, const DeploymentState& deployment, const std::string& severity,
                          const std::string& title, Time now, const std::string& actor);

/// Ends a deployment by a word from outside (aborted, superseded, accepted): its record, its incident resolved, a notice.
void end_deployment(Ledger& ledger, const DeploymentState& deployment, Phase outcome, const std::string& why,
                    const config::Daemon& daemon, Time now, const std::string& actor);

WatchWindow window_of(const DeploymentState& deployment);

/// The decision for a deployment as of its newest evaluation, signals and deploy timeout included.
Decision decision_for(const DeploymentState& deployment, const Evaluation& evaluation, Time now);

} // namespace backstop
