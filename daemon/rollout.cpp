#include "daemon/rollout.hpp"
#include "daemon/config/quantities.hpp"
#include <algorithm>
#include <cstdlib>
#include <sstream>

namespace backstop {
namespace {

const config::PlanPhase* phase_with(const DeploymentState& d, std::string_view path) {
  if (!d.config) return nullptr;
  const std::size_t number = std::strtoul(std::string(path).c_str(), nullptr, 10);
  return number == 0 || number > d.config->plan.phases.size() ? nullptr : &d.config->plan.phases[number - 1];
}

/// The two sides of the traffic, null where nothing moves it.
const std::vector<config::Side>* sides_of(const config::Service& service) {
  return service.traffic && service.traffic->sides.size() == 2 ? &service.traffic->sides : nullptr;
}

} // namespace

std::string live_side(const config::Service& service, const std::string& known) {
  const std::vector<config::Side>* sides = sides_of(service);
  return !sides ? "" : known.empty() ? (*sides)[0].name : known;
}

std::vector<std::string> undo_of(const DeploymentState& d) {
  std::vector<std::string> undo;
  if (!d.rollout || !d.config) return undo;
  const std::vector<StepPlan>& steps = d.rollout->steps;
  std::size_t before_traffic = 0; // how many of `undo` come before the traffic goes back
  for (std::size_t i = steps.size(); i-- > 0;) {
    if (d.rollout->progress.steps[i].attempt == 0) continue;
    const config::Step* step = config::step_at(*d.config, steps[i].path);
    // The side that is to get all traffic back is put right first, where this plan was about to change it.
    if (step && std::holds_alternative<config::TrafficStep>(step->kind) && before_traffic == 0 &&
        !d.config->traffic->candidate.empty())
      before_traffic = undo.size();
    if (step && step->undo) undo.push_back(steps[i].path + kUndoSuffix);
  }
  if (may_have_traffic(d)) undo.insert(undo.begin() + static_cast<std::ptrdiff_t>(before_traffic), kTrafficBack);
  return undo;
}

bool is_live(const DeploymentState& d) {
  if (!d.rollout || !d.config) return true;
  for (std::size_t i = 0; i < d.rollout->steps.size(); ++i) {
    if (d.rollout->progress.steps[i].attempt == 0) continue;
    const config::PlanPhase* phase = phase_with(d, d.rollout->steps[i].path);
    const config::Step* step = config::step_at(*d.config, d.rollout->steps[i].path);
    if (!phase || phase->live || (step && step->irreversible)) return true;
  }
  return false;
}

bool plan_failed(const DeploymentState& d) {
  return d.phase == Phase::deploying && d.rollout && d.rollout->progress.ended && !d.rollout->progress.succeeded;
}

bool plan_acts(const DeploymentState& d) {
  if (!d.rollout) return false;
  for (std::size_t i = 0; i < d.rollout->steps.size(); ++i) {
    const StepProgress& step = d.rollout->progress.steps[i];
    const bool waited_for =
        step.status == StepProgress::Status::running || step.status == StepProgress::Status::checking;
    if (waited_for && d.rollout->steps[i].kind == StepPlan::Kind::run) return true;
  }
  return false;
}

const StepPlan* step_at_hand(const DeploymentState& d) {
  if (!d.rollout) return nullptr;
  const std::size_t i = d.rollout->progress.current();
  return i < d.rollout->steps.size() ? &d.rollout->steps[i] : nullptr;
}

std::string phase_of_step(const DeploymentState& d, std::string_view path) {
  const config::PlanPhase* phase = phase_with(d, path);
  return phase ? phase->name : "";
}

std::string kind_of_step(const DeploymentState& d, const StepPlan& plan) {
  switch (plan.kind) {
  case StepPlan::Kind::notify: return "notify";
  case StepPlan::Kind::watch:
  case StepPlan::Kind::bake: return "watch";
  case StepPlan::Kind::review: return "review";
  case StepPlan::Kind::approve: return "approve";
  case StepPlan::Kind::wait: return "wait";
  case StepPlan::Kind::run: break;
  }
  const config::Step* step = d.config ? config::step_at(*d.config, plan.path) : nullptr;
  return step && std::holds_alternative<config::TrafficStep>(step->kind) ? "traffic" : "run";
}

std::vector<FrozenBaseline> baselines_in(const DeploymentState& d, const std::string& step, const std::string& output) {
  std::vector<FrozenBaseline> measured;
  if (!d.config) return measured;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    const auto name_end = line.find_first_of(" \t:=");
    if (name_end == std::string::npos) continue;
    const std::string name = line.substr(0, name_end);
    const auto value_at = line.find_first_not_of(" \t:=", name_end);
    const auto wanted = std::find_if(d.baselines.begin(), d.baselines.end(),
                                     [&](const FrozenBaseline& b) { return b.indicator == name && !b.usable; });
    if (value_at == std::string::npos || wanted == d.baselines.end()) continue;
    for (const config::Indicator& indicator : d.config->indicators) {
      if (indicator.name != name) continue;
      std::string text = line.substr(value_at);
      text.erase(text.find_last_not_of(" \t\r") + 1);
      config::Mistake mistake;
      const std::optional<double> value = config::parse_value(text, config::unit_of(indicator), mistake);
      if (!value || !(*value > 0)) continue; // every multiple of zero is zero
      std::erase_if(measured, [&](const FrozenBaseline& b) { return b.indicator == name; });
      FrozenBaseline baseline;
      baseline.indicator = name;
      baseline.usable = true;
      baseline.value = *value;
      baseline.unit = name_of(config::unit_of(indicator));
      baseline.readings = 1;
      baseline.why = "measured by step " + step;
      measured.push_back(std::move(baseline));
    }
  }
  return measured;
}

const StepProgress* bake_of(const DeploymentState& d) {
  if (d.phase != Phase::deploying || !d.rollout || d.rollout->progress.ended) return nullptr;
  const StepPlan* step = step_at_hand(d);
  if (!step || step->kind != StepPlan::Kind::bake) return nullptr;
  const StepProgress& progress = d.rollout->progress.steps[d.rollout->progress.current()];
  return progress.status == StepProgress::Status::running ? &progress : nullptr;
}

bool watched_by_plan(const DeploymentState& d) {
  if (!d.rollout) return false;
  for (std::size_t i = 0; i < d.rollout->steps.size(); ++i) {
    const bool bake = d.rollout->steps[i].kind == StepPlan::Kind::bake;
    if (bake && d.rollout->progress.steps[i].status == StepProgress::Status::done) return true;
  }
  return false;
}

Time watched_since(const DeploymentState& d) {
  if (d.phase == Phase::watching) return d.finished;
  const StepProgress* bake = bake_of(d);
  return bake ? bake->started : Time{};
}

bool had_traffic(const DeploymentState& d) {
  return d.side.empty() || !d.config || !moves_traffic(*d.config) || d.traffic.since != Time{};
}

bool may_have_traffic(const DeploymentState& d) {
  return d.traffic.since != Time{} && (!d.traffic.known || d.traffic.share > 0);
}

std::string version_after_rollback(const DeploymentState& d) {
  bool traffic = false, installs = false;
  for (const StepPlan& step : d.plan) {
    traffic = traffic || step.path == kTrafficBack;
    installs = installs || (step.kind == StepPlan::Kind::run && step.path != kTrafficBack && step.path != kAssess &&
                            step_undone_by(step.path).empty());
  }
  return traffic && !installs && !d.ran.empty() ? d.ran : d.previous;
}

JudgedSide judged_side(const config::Service& service, const DeploymentState* d, const ServiceState* state) {
  const std::vector<config::Side>* sides = sides_of(service);
  if (!sides) return {};
  if (!d || d->side.empty() || d->traffic.since == Time{})
    return {live_side(service, state ? state->live_side : ""), ""};
  const double share = d->traffic.known ? d->traffic.share : std::max(d->traffic.share, d->traffic.wanted);
  if (share <= 0 || d->phase == Phase::rolling_back) return {d->other_side, ""};
  return {d->side, share < 1 ? d->other_side : ""};
}

std::string candidate_side(const config::Service& service, const std::string& known_live) {
  const std::vector<config::Side>* sides = sides_of(service);
  if (!sides) return {};
  if (!service.traffic->candidate.empty()) return service.traffic->candidate;
  return other_side(service, live_side(service, known_live));
}

std::string other_side(const config::Service& service, const std::string& side) {
  const std::vector<config::Side>* sides = sides_of(service);
  if (!sides) return {};
  return (*sides)[0].name == side ? (*sides)[1].name : (*sides)[0].name;
}

} // namespace backstop
