#pragma once
#include "daemon/procedures.hpp"
#include <string>
#include <string_view>
#include <vector>

/// The plan of a deployment as the state has it: how far it came, what of it is taken back. Pure.
namespace backstop {

/// What must be taken back of the plan, in the order in which that is done: kTrafficBack, where traffic was moved, then the
/// steps that were begun and name an `undo`, the last one first. With a fixed candidate those behind the last move of traffic
/// come first: they changed the side that is to have it.
std::vector<std::string> undo_of(const DeploymentState& deployment);

/// A step of a live phase was begun: the service itself may run another version.
bool is_live(const DeploymentState& deployment);
/// The plan has come to a step that failed for good, and waits for what follows from it.
bool plan_failed(const DeploymentState& deployment);
/// A step of the plan runs, or may run, whose end is to be waited for.
bool plan_acts(const DeploymentState& deployment);
/// The step of the plan that stands now: the one that runs, waits or failed; null: none, or all are done.
const StepPlan* step_at_hand(const DeploymentState& deployment);
/// "run", "traffic" ...: as it is written in the file.
std::string kind_of_step(const DeploymentState& deployment, const StepPlan& step);
/// The name of the phase that a step of the plan is in.
std::string phase_of_step(const DeploymentState& deployment, std::string_view path);

/// What a step that measures printed ("latency_p95 180ms" in a line), of those indicators of the deployment that have no
/// usable baseline. Lines that say something else are passed over.
std::vector<FrozenBaseline> baselines_in(const DeploymentState& deployment, const std::string& step,
                                         const std::string& output);

/// The watch of the plan that runs now, null when none does.
const StepProgress* bake_of(const DeploymentState& deployment);
/// A watch of the plan passed: what follows is no first look at the version, so nothing begins anew and there is no warm-up.
bool watched_by_plan(const DeploymentState& deployment);
/// Since when the rules act on the new version: the finish, or the start of the plan's watch that runs; zero: they do not.
Time watched_since(const DeploymentState& deployment);

/// Some traffic went to the new version, so what is measured may be of it. Where nothing moves traffic, always.
bool had_traffic(const DeploymentState& deployment);
/// Some of the traffic goes to the new version, or may, as a move was begun whose end is not known.
bool may_have_traffic(const DeploymentState& deployment);
/// The version that runs after the rollback: where traffic alone goes back, what ran before.
std::string version_after_rollback(const DeploymentState& deployment);
/// Whose targets are judged: the new version's, while it has traffic, compared with the other side while that has some too;
/// else the side that has it all. Empty: nothing moves traffic.
struct JudgedSide {
  std::string side, against;
};
JudgedSide judged_side(const config::Service& service, const DeploymentState* active, const ServiceState* state);

/// The side of the traffic that a new version comes to; empty: the service has none.
std::string candidate_side(const config::Service& service, const std::string& live_side);
/// The other one.
std::string other_side(const config::Service& service, const std::string& side);
/// The side that has the traffic, where `known` is the one that records tell of: the first one before anything was moved. Empty:
/// nothing moves traffic.
std::string live_side(const config::Service& service, const std::string& known);

} // namespace backstop
