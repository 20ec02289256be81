#include "daemon/state.hpp"
#include <algorithm>

namespace backstop {

const DeploymentState* State::deployment(const std::string& id) const {
  const auto it = deployments.find(id);
  return it == deployments.end() ? nullptr : &it->second;
}

const ServiceState* State::service(const std::string& key) const {
  const auto it = services.find(key);
  return it == services.end() ? nullptr : &it->second;
}

const DeploymentState* State::active(const std::string& service_key) const {
  const ServiceState* s = service(service_key);
  return s && !s->deployment.empty() ? deployment(s->deployment) : nullptr;
}

const HoldState* State::hold(const std::string& service_key) const {
  for (const std::string& key : {service_key, std::string("*")}) {
    if (const auto it = holds.find(key); it != holds.end()) return &it->second;
  }
  return nullptr;
}

std::string State::rollback_target(const std::string& service_key, const std::string& version) const {
  const ServiceState* s = service(service_key);
  if (!s) return {};
  for (auto it = s->good_order.rbegin(); it != s->good_order.rend(); ++it) {
    if (*it != version && !s->quarantine.contains(*it)) return *it;
  }
  return {};
}

std::vector<const DeploymentState*> State::in_phase(Phase phase) const {
  std::vector<const DeploymentState*> found;
  for (const std::string& id : open) {
    if (const DeploymentState* d = deployment(id); d && d->phase == phase) found.push_back(d);
  }
  return found;
}

Time time_at_boot(const State& state, Time wall) {
  const bool under_way = std::any_of(state.services.begin(), state.services.end(),
                                     [](const auto& s) { return !s.second.deployment.empty(); });
  return under_way ? std::max(wall, state.last_time) : wall;
}

} // namespace backstop
