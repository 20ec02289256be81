#include "daemon/fold_parts.hpp"
#include <algorithm>
#include <utility>

namespace backstop {
namespace {

constexpr std::size_t kKeptDeployments = 1000; ///< ended ones, in memory; the journal has all

} // namespace

DeploymentState* FoldBase::find(const std::string& id) const {
  const auto it = s.deployments.find(id);
  return it == s.deployments.end() ? nullptr : &it->second;
}

ServiceState& FoldBase::service(const std::string& key) const {
  ServiceState& state = s.services[key];
  state.key = key;
  return state;
}

void FoldBase::mark_good(ServiceState& state, const std::string& version, std::string why) const {
  state.versions[version] = {true, std::move(why), r.time};
  std::erase(state.good_order, version);
  state.good_order.push_back(version);
}

void FoldBase::enter(DeploymentState& d, Phase phase) const {
  d.phase = phase;
  is_final(phase) ? void(s.open.erase(d.id)) : void(s.open.insert(d.id));
}

void FoldBase::leave(DeploymentState& d, Phase phase, const std::string& why) const {
  enter(d, phase);
  d.ended = r.time;
  d.outcome_why = why;
  d.confirmation.reset();
  ServiceState& state = service(d.service);
  if (state.deployment == d.id) state.deployment.clear();
}

void FoldBase::trim() const {
  auto oldest = s.deployment_order.begin();
  while (s.deployment_order.size() > kKeptDeployments && oldest != s.deployment_order.end()) {
    if (const DeploymentState* d = find(*oldest); d && !is_final(d->phase)) {
      ++oldest;
      continue;
    }
    std::erase_if(s.decisions, [&](const auto& entry) { return entry.second.made.deployment == *oldest; });
    s.deployments.erase(*oldest);
    oldest = s.deployment_order.erase(oldest);
  }
}

DeploymentState& FoldBase::enter_new(DeploymentState d) const {
  d.record = r.seq;
  d.requested = r.time;
  const std::string id = d.id;
  s.deployments[id] = std::move(d);
  s.deployment_order.push_back(id);
  ++s.next_deployment;
  trim();
  return s.deployments.at(id);
}

} // namespace backstop
