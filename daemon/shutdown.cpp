#include "daemon/shutdown.hpp"
#include <algorithm>

namespace backstop {
namespace {

bool runs(const StepProgress& step) {
  return step.status == StepProgress::Status::running || step.status == StepProgress::Status::checking;
}

/// A verification (a watch step) only measures: it begins anew after the boot.
bool command_runs(const DeploymentState& d) {
  const std::size_t i = d.rollback->progress.current();
  return i < d.plan.size() && d.plan[i].kind == StepPlan::Kind::run && runs(d.rollback->progress.steps[i]);
}

} // namespace

std::string delays_shutdown(const State& state) {
  for (const auto& [id, d] : state.deployments) {
    if (d.phase == Phase::rolling_back && d.rollback && (state.shutdown == Time{} || command_runs(d)))
      return id + " rolls back " + d.service;
    const bool asks = std::any_of(d.preflight.begin(), d.preflight.end(), [](const auto& p) { return runs(p.second); });
    if (d.phase == Phase::gated && asks) return id + " of " + d.service + " is being checked";
  }
  return {};
}

} // namespace backstop
