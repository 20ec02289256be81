#include "daemon/procedures.hpp"
#include <algorithm>
#include <array>
#include <map>

namespace backstop {
namespace {

constexpr int kTrafficRetries = 3;

/// backstopd does it itself: there is no exit status that would say anything.
bool is_no_program(std::string_view purpose) {
  constexpr std::array<std::string_view, 6> own{"watch", "bake", "approve", "notify", "wait", "review"};
  return std::find(own.begin(), own.end(), purpose) != own.end();
}

StepPlan traffic_plan(const std::string& path, const std::string& name) {
  StepPlan plan;
  plan.path = path;
  plan.name = name;
  plan.retries = kTrafficRetries;
  plan.retry_delay = std::chrono::seconds(1);
  plan.has_check = true; // it says whether it is so already; and doing it twice does no harm
  plan.on_unknown = StepPlan::OnUnknown::rerun;
  return plan;
}

} // namespace

StepPlan plan_of(const config::Step& step) {
  StepPlan plan;
  plan.path = step.path;
  plan.name = step.name;
  plan.group = step.group;
  if (const auto* run = std::get_if<config::RunStep>(&step.kind)) {
    plan.kind = StepPlan::Kind::run;
    plan.retries = run->retries;
    plan.retry_delay = run->retry_delay;
    plan.has_check = run->check.has_value();
    plan.on_failure = run->on_failure == config::OnFailure::proceed    ? StepPlan::OnFailure::proceed
                      : run->on_failure == config::OnFailure::escalate ? StepPlan::OnFailure::escalate
                                                                       : StepPlan::OnFailure::abort;
    plan.on_unknown = run->on_unknown == config::OnUnknown::rerun      ? StepPlan::OnUnknown::rerun
                      : run->on_unknown == config::OnUnknown::escalate ? StepPlan::OnUnknown::escalate
                                                                       : StepPlan::OnUnknown::verify;
  } else if (std::holds_alternative<config::NotifyStep>(step.kind)) {
    plan.kind = StepPlan::Kind::notify;
  } else if (std::holds_alternative<config::WatchStep>(step.kind)) {
    plan.kind = StepPlan::Kind::watch;
    plan.on_unknown = StepPlan::OnUnknown::rerun; // judging again is harmless
  } else if (std::holds_alternative<config::ReviewStep>(step.kind)) {
    plan.kind = StepPlan::Kind::review;
  } else if (const auto* bake = std::get_if<config::BakeStep>(&step.kind)) {
    plan.kind = StepPlan::Kind::bake;
    plan.lasts = bake->duration;
  } else if (const auto* wait = std::get_if<config::WaitStep>(&step.kind)) {
    plan.kind = StepPlan::Kind::wait;
    plan.lasts = wait->duration;
  } else if (std::holds_alternative<config::ApproveStep>(step.kind)) {
    plan.kind = StepPlan::Kind::approve;
  } else {
    return traffic_plan(step.path, step.name);
  }
  return plan;
}

std::vector<StepPlan> plan_of(const std::vector<config::Step>& steps) {
  std::vector<StepPlan> plan;
  // The question which version runs comes before everything the user configured.
  StepPlan assess;
  assess.path = kAssess;
  assess.name = "assess";
  assess.on_unknown = StepPlan::OnUnknown::rerun;
  plan.push_back(assess);
  for (const config::Step& step : steps) plan.push_back(plan_of(step));
  return plan;
}

bool moves_traffic(const config::Service& service) {
  for (const config::PlanPhase& phase : service.plan.phases) {
    for (const config::Step& step : phase.steps)
      if (std::holds_alternative<config::TrafficStep>(step.kind)) return true;
  }
  return false;
}

AttemptEnd attempt_end(const StepEnded& ended) {
  if (ended.end == "exited") return ended.status == 0 ? AttemptEnd::succeeded : AttemptEnd::failed;
  if (ended.end == "unknown") return AttemptEnd::unknown;
  if (ended.end == "locked" || ended.end == "cancelled" || ended.end == "mismatch") return AttemptEnd::not_run;
  return AttemptEnd::failed;
}

std::string describe(const StepEnded& ended) {
  if (ended.end == "exited" && !ended.detail.empty() && is_no_program(ended.purpose)) return ended.detail;
  std::string text;
  if (ended.end == "exited") {
    text = "exit status " + std::to_string(ended.status);
  } else if (ended.end == "signaled") {
    text = "ended by signal " + std::to_string(ended.status);
  } else if (ended.end == "timed_out") {
    text = "did not end within its timeout and was killed";
  } else if (ended.end == "failed_to_start") {
    text = "could not be started";
  } else if (ended.end == "locked") {
    text = "the deploy lock is held by somebody else";
  } else if (ended.end == "cancelled") {
    text = "cancelled";
  } else if (ended.end == "mismatch") {
    text = "another version runs";
  } else {
    text = "how it ended is unknown";
  }
  if (!ended.detail.empty()) text += " (" + ended.detail + ")";
  return text;
}

std::string step_undone_by(std::string_view path) {
  const std::string_view suffix = kUndoSuffix;
  return path.ends_with(suffix) ? std::string(path.substr(0, path.size() - suffix.size())) : "";
}

const std::vector<StepPlan>* steps_of(const DeploymentState& d, std::string_view procedure) {
  if (procedure == kRollback) return d.rollback ? &d.plan : nullptr;
  return procedure == kPlan && d.rollout ? &d.rollout->steps : nullptr;
}

std::string step_name(const DeploymentState& d, std::string_view procedure, std::string_view path) {
  if (const std::vector<StepPlan>* steps = steps_of(d, procedure)) {
    for (const StepPlan& step : *steps)
      if (step.path == path) return step.name;
    return "";
  }
  const config::Step* step = procedure == kPreflight && d.config ? config::step_at(*d.config, path) : nullptr;
  return step ? step->name : "";
}

StepEnded done_at_once(const DeploymentState& d, const std::string& procedure, const std::string& path,
                       const char* purpose, int attempt, std::string detail) {
  StepEnded ended;
  ended.deployment = d.id;
  ended.procedure = procedure;
  ended.path = path;
  ended.name = step_name(d, procedure, path);
  ended.purpose = purpose;
  ended.attempt = attempt;
  ended.end = "exited";
  ended.detail = std::move(detail);
  return ended;
}

const ProcedureProgress* progress_of(const DeploymentState& d, std::string_view procedure) {
  if (procedure == kRollback) return d.rollback ? &d.rollback->progress : nullptr;
  return procedure == kPlan && d.rollout ? &d.rollout->progress : nullptr;
}

const StepProgress* progress_of(const DeploymentState& d, std::string_view procedure, std::string_view path) {
  if (procedure == kPreflight || procedure == kChecklist) {
    static const std::map<std::string, StepProgress> none;
    const auto& steps = procedure == kPreflight ? d.preflight : d.gates ? d.gates->checks : none;
    const auto it = steps.find(std::string(path));
    return it == steps.end() ? nullptr : &it->second;
  }
  const std::vector<StepPlan>* steps = steps_of(d, procedure);
  const ProcedureProgress* progress = progress_of(d, procedure);
  for (std::size_t i = 0; steps && i < steps->size() && i < progress->steps.size(); ++i)
    if ((*steps)[i].path == path) return &progress->steps[i];
  return nullptr;
}

std::vector<StepPlan> plan_of(const config::Plan& plan) {
  std::vector<StepPlan> steps;
  for (const config::PlanPhase& phase : plan.phases) {
    for (const config::Step& step : phase.steps) steps.push_back(plan_of(step));
  }
  return steps;
}

std::vector<StepPlan> rollback_plan_of(const config::Service& service, const std::vector<std::string>& undo,
                                       bool untouched) {
  std::vector<StepPlan> plan, undone;
  for (const std::string& path : undo) {
    if (path == kTrafficBack) {
      plan.swap(undone); // those before it stay before it
      plan.push_back(traffic_plan(kTrafficBack, "traffic back"));
      continue;
    }
    const config::Step* step = config::step_at(service, step_undone_by(path));
    if (!step || !step->undo) continue;
    config::Step undoing{"undo of " + step->name, path, *step->undo};
    undone.push_back(plan_of(undoing));
  }
  std::vector<StepPlan> rest = untouched ? std::vector<StepPlan>{} : plan_of(service.rollback);
  const auto first_act = std::find_if(rest.begin(), rest.end(), [](const StepPlan& step) {
    return (step.kind == StepPlan::Kind::run && step.path != kAssess) || step.kind == StepPlan::Kind::watch;
  });
  rest.insert(first_act, undone.begin(), undone.end());
  plan.insert(plan.end(), rest.begin(), rest.end());
  return plan;
}

} // namespace backstop
