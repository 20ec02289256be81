#include "daemon/fold_parts.hpp"
#include "daemon/rollout.hpp"
#include <utility>

namespace backstop {
namespace {

template <class Each> void for_each_command_item(const DeploymentState& d, Each each) {
  if (!d.config || !d.config->gates) return;
  for (const config::ChecklistItem& item : d.config->gates->checklist)
    if (std::holds_alternative<config::CommandItem>(item.kind)) each(item.name);
}

} // namespace

/// Attempts are part of the keys of steps: never counted back.
StepProgress FoldRequests::look_anew(const std::map<std::string, StepProgress>& before, const std::string& path) {
  const auto known = before.find(path);
  StepProgress step;
  if (known != before.end()) step.attempt = known->second.attempt;
  return step;
}

void FoldRequests::operator()(const DeploymentOpened& p) const {
  DeploymentState d;
  take(d, p);
  d.gates = GateState{};
  d.gates->opened = r.time;
  d.gates->opened_by = r.actor;
  d.asked_previous = p.asked_previous;
  DeploymentState& known = enter_new(std::move(d));
  enter(known, Phase::requested);
  for_each_command_item(known, [&](const std::string& item) { known.gates->checks[item] = {}; });
}

void FoldRequests::operator()(const DeploymentRequested& p) const {
  DeploymentState* opened = find(p.id);
  DeploymentState fresh;
  DeploymentState& d = opened ? *opened : fresh;
  take(d, p);
  d.began_by = r.actor;
  d.side = p.side;
  d.other_side = p.other_side;
  const std::map<std::string, StepProgress> before = std::exchange(d.preflight, {});
  if (d.config) {
    d.plan = plan_of(d.config->rollback);
    for (const config::Step& step : d.config->rollback) {
      const auto* run = std::get_if<config::RunStep>(&step.kind);
      if (run && run->preflight) d.preflight[step.path] = look_anew(before, step.path);
    }
    if (moves_traffic(*d.config))
      d.preflight[kTrafficBack] = look_anew(before, kTrafficBack); // it is where it is thought to be
    if (d.gates)
      for_each_command_item(d,
                            [&](const std::string& item) { d.gates->checks[item] = look_anew(d.gates->checks, item); });
  }
  enter(opened ? d : enter_new(std::move(fresh)), Phase::gated);
}

void FoldRequests::operator()(const ApprovalGiven& p) const {
  DeploymentState* d = find(p.deployment);
  if (!d) return;
  if (!p.step.empty()) {
    if (d->rollout) d->rollout->signed_by[p.step] = r.actor;
    return;
  }
  if (!d->gates) return;
  for (const std::string& item : p.items) d->gates->items[item] = {r.actor, r.time, true, p.comment};
  if (p.items.empty()) d->gates->approvals[p.role] = {p.role, r.actor, p.comment, r.time};
}

void FoldRequests::operator()(const ApprovalRevoked& p) const {
  DeploymentState* d = find(p.deployment);
  if (!d || !d->gates) return;
  for (const std::string& item : p.items) d->gates->items.erase(item);
  d->gates->approvals.erase(p.role); // what it was given for is not all there any more
}

void FoldRequests::operator()(const ItemsChecked& p) const {
  DeploymentState* d = find(p.deployment);
  if (!d || !d->gates) return;
  for_each_command_item(*d,
                        [&](const std::string& item) { d->gates->checks[item] = look_anew(d->gates->checks, item); });
  for (const CheckedItem& item : p.items) d->gates->items[item.item] = {r.actor, r.time, item.passed, item.why};
}

void FoldRequests::operator()(const GateRefused& p) const {
  DeploymentState* d = find(p.deployment);
  if (!d || !d->gates) return;
  d->gates->missing = p.missing;
  enter(*d, Phase::requested);
}

void FoldRequests::operator()(const GateOverridden& p) const {
  DeploymentState* d = find(p.deployment);
  if (!d) return;
  if (!d->gates) d->gates = GateState{};
  if (d->gates->opened_by.empty()) d->gates->opened_by = d->began_by;
  d->gates->overridden_by = r.actor;
  d->gates->overridden_why = p.reason;
  d->gates->missing = p.missing;
}

void FoldRequests::operator()(const DeploymentRefused& p) const {
  DeploymentState* d = find(p.id);
  if (!d) return;
  d->refused_as = p.reason;
  leave(*d, Phase::refused, p.why);
}

} // namespace backstop
