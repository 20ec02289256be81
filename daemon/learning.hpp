#pragma once
#include "daemon/records.hpp"
#include "daemon/service_watch.hpp"
#include "daemon/state.hpp"
#include "rules/settling.hpp"
#include <optional>

/// What good deployments of a service teach, from the watch to the record and back to the judge of the next one.
namespace backstop {

/// Measures the newest evaluation of a watched deployment.
void learn_from(ServiceWatch& watch, const DeploymentState& deployment, Time now);

/// The record of a version that is good now, with what it taught. Nothing, where a person had to look, where something was
/// critical before it already, or where nobody watched for a while: what was measured then is not what a good version does.
VersionVerifiedGood verified_good(const ServiceWatch& watch, const DeploymentState& deployment);

/// What the good deployments of the service justify; none: too few, or nothing may be learned.
std::optional<LearnedTimes> learned_by(const State& state, const ServiceWatch& watch);

/// Writes into `begun` what it is judged with: as configured, or as learned where the service allows that.
void set_judge_times(DeploymentBegun& begun, const State& state, const ServiceWatch& watch);

/// The judge of `service` as configured; of a deployment that is judged with learned times, with these.
config::Judge judge_in_force(const config::Service& service, const DeploymentState* deployment);

} // namespace backstop
