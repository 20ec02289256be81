#include "daemon/config/config.hpp"
#include <algorithm>

namespace backstop::config {

const Step* step_at(const Service& service, std::string_view path) {
  const auto at = [&](const std::vector<Step>& steps) -> const Step* {
    const auto it = std::find_if(steps.begin(), steps.end(), [&](const Step& step) { return step.path == path; });
    return it == steps.end() ? nullptr : &*it;
  };
  if (const Step* step = at(service.rollback)) return step;
  for (const PlanPhase& phase : service.plan.phases) {
    if (const Step* step = at(phase.steps)) return step;
  }
  return nullptr;
}

} // namespace backstop::config
