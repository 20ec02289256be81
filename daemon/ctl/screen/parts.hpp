#pragma once
#include "daemon/ctl/screen/model.hpp"

/// The parts of a service on the screen, each from its part of the documents. Pure.
namespace backstop::ctl::screen {

/// Of `rules`, and of `readings` that no rule judges; the worst first, else as configured. Without courses.
std::vector<Indicator> indicators_of(const Json& service);
/// Of the rollback of a deployment: its `steps`.
std::vector<Step> steps_of(const Json& steps, Time now);
std::vector<PlanPhase> plan_of(const Json& plan);
/// LOCKED, HELD, a rollback that waits or is not carried out, a plan that is paused, BLIND, sources that are down.
std::vector<Trouble> troubles_of(const Json& service);
Trouble trouble_of_incident(const Json& incident);
std::vector<TimelineLine> timeline_of(const Json& deployment);

} // namespace backstop::ctl::screen
