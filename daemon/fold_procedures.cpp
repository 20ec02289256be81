#include "daemon/fold_parts.hpp"
#include "daemon/rollout.hpp"
#include <algorithm>
#include <utility>

namespace backstop {
namespace {

constexpr std::size_t kKeptOutput = 2000; ///< of a step, in memory; the record has 16 KiB

} // namespace

/// What stood at a step of the plan goes on; what was asked and decided because of it is over.
void FoldProcedures::goes_on(DeploymentState& d) {
  d.rollout->progress.ended = false;
  d.rollout->pause.reset();
  d.confirmation.reset();
  d.declined = false;
  d.last_decision.clear();
  d.last_decision_status.clear();
}

/// What of a plan waited is over; what a process does is waited for.
void FoldProcedures::cut_off(RolloutState& rollout) const {
  for (std::size_t i = 0; i < rollout.steps.size(); ++i) {
    StepProgress& step = rollout.progress.steps[i];
    if (step.status != StepProgress::Status::running || rollout.steps[i].kind == StepPlan::Kind::run) continue;
    step.status = StepProgress::Status::failed;
    step.ended = r.time;
    step.why = "ended by the rollback";
  }
}

StepProgress* FoldProcedures::progress(DeploymentState& d, const std::string& procedure, const std::string& path,
                                       const StepPlan** plan) const {
  static const StepPlan kOnce;
  *plan = &kOnce;
  if (procedure == kPreflight) return &d.preflight[path];
  if (procedure == kChecklist) return d.gates ? &d.gates->checks[path] : nullptr;
  const std::vector<StepPlan>* steps = steps_of(d, procedure);
  if (!steps) return nullptr;
  std::vector<StepProgress>& progress = procedure == kPlan ? d.rollout->progress.steps : d.rollback->progress.steps;
  for (std::size_t i = 0; i < steps->size() && i < progress.size(); ++i) {
    if ((*steps)[i].path != path) continue;
    *plan = &(*steps)[i];
    return &progress[i];
  }
  return nullptr;
}

void FoldProcedures::traffic_intended(DeploymentState& d, const StepIntended& p) const {
  d.traffic.by = p.procedure + "/" + p.path;
  d.traffic.wanted = *p.share;
  if (p.purpose == "check") return; // nothing is moved by looking
  d.traffic.known = false;
  d.traffic.since = r.time;
}

/// It goes where the step wanted it.
void FoldProcedures::traffic_moved(DeploymentState& d) const {
  d.traffic.share = d.traffic.wanted;
  d.traffic.known = true;
  d.traffic.since = r.time;
  if (d.traffic.share >= 1) service(d.service).live_side = d.side;
  if (d.traffic.share <= 0) service(d.service).live_side = d.other_side;
}

/// The steps of a plan that failed are begun anew, and what stood at them goes on.
void FoldProcedures::retry_plan(DeploymentState& d, const std::string& from) const {
  if (!d.rollout) return;
  for (std::size_t i = 0; i < d.rollout->steps.size(); ++i) {
    StepProgress& step = d.rollout->progress.steps[i];
    const bool watched = d.rollout->steps[i].path == from && d.rollout->steps[i].kind == StepPlan::Kind::bake;
    if (step.status == StepProgress::Status::failed || watched) step_ordered_anew(step);
  }
  goes_on(d);
}

void FoldProcedures::operator()(const BaselineMeasured& p) const {
  DeploymentState* d = find(p.deployment);
  if (!d) return;
  for (const FrozenBaseline& measured : p.baselines)
    for (FrozenBaseline& frozen : d->baselines)
      if (frozen.indicator == measured.indicator && !frozen.usable) frozen = measured;
}

void FoldProcedures::operator()(const PlanPaused& p) const {
  DeploymentState* d = find(p.deployment);
  if (d && d->rollout) d->rollout->pause = PauseState{r.actor, p.why, r.time};
}

void FoldProcedures::operator()(const PlanResumed& p) const {
  DeploymentState* d = find(p.deployment);
  if (d && d->rollout) d->rollout->pause.reset();
}

void FoldProcedures::operator()(const StepSkipped& p) const {
  DeploymentState* d = find(p.deployment);
  const StepPlan* plan = nullptr;
  StepProgress* step = d ? progress(*d, p.procedure, p.path, &plan) : nullptr;
  if (!step || !d->rollout) return;
  const StepPlan* stands = step_at_hand(*d);
  const bool at_hand = stands && stands->path == p.path;
  if (step->started == Time{}) step->started = r.time;
  step->ended = r.time;
  step->why = p.how + " by " + r.actor + (p.reason.empty() ? "" : ": " + p.reason);
  step->status = p.how == "promoted" ? StepProgress::Status::done : StepProgress::Status::continued;
  if (at_hand) goes_on(*d); // else it is left out in advance: what stands, stands
}

void FoldProcedures::operator()(const StepHeldBack& p) const {
  DeploymentState* d = find(p.deployment);
  if (d && p.procedure == kPlan && d->rollout) d->rollout->held_back = true;
  if (d && p.procedure == kRollback && d->rollback) d->rollback->held_back = true;
}

void FoldProcedures::operator()(const RollbackStarted& p) const {
  DeploymentState* d = find(p.deployment);
  if (!d) return;
  enter(*d, Phase::rolling_back);
  d->confirmation.reset();
  ProcedureState procedure;
  procedure.rollback = p.rollback;
  procedure.incident = p.incident;
  procedure.cause = p.cause;
  procedure.started = r.time;
  procedure.untouched = p.untouched;
  if (d->rollout) cut_off(*d->rollout);
  if (d->config) d->plan = rollback_plan_of(*d->config, p.undo, p.untouched);
  procedure.progress.steps.resize(d->plan.size());
  d->rollback = std::move(procedure);
  d->verified_good = false; // a later rollback takes the mark away
  d->ended = Time{};
  ServiceState& state = service(d->service);
  state.deployment = d->id; // an ended deployment that a person rolls back is active again
  if (!p.untouched) {
    state.versions[p.from_version].good = false;
    std::erase(state.good_order, p.from_version);
    state.rollbacks.push_back(r.time);
  }
  if (state.rollbacks.size() > 64) state.rollbacks.erase(state.rollbacks.begin());
  DeploymentState undo;
  undo.id = p.rollback;
  undo.service = d->service;
  undo.version = p.to_version;
  undo.previous = p.from_version;
  undo.kind = "rollback";
  undo.began_by = r.actor;
  enter(undo, Phase::deploying);
  undo.requested = undo.begun = r.time;
  undo.rolls_back = p.deployment;
  undo.record = r.seq;
  undo.incident = p.incident;
  s.deployments[p.rollback] = std::move(undo);
  s.deployment_order.push_back(p.rollback);
  ++s.next_deployment;
}

void FoldProcedures::operator()(const StepIntended& p) const {
  DeploymentState* d = find(p.deployment);
  const StepPlan* plan = nullptr;
  if (d && p.share) traffic_intended(*d, p); // known even where the file with the steps cannot be read any more
  StepProgress* step = d ? progress(*d, p.procedure, p.path, &plan) : nullptr;
  if (!step) return;
  const int attempt = static_cast<int>(p.attempt);
  step->boot = r.boot;
  p.purpose == "check" ? check_intended(*step, attempt) : attempt_intended(*step, attempt, r.time);
  if (p.purpose == "check") return;
  const config::Step* configured = p.procedure == kPlan && d->config ? config::step_at(*d->config, p.path) : nullptr;
  if (configured && configured->irreversible) d->irreversible = true;
}

void FoldProcedures::operator()(const StepEnded& p) const {
  DeploymentState* d = find(p.deployment);
  const StepPlan* plan = nullptr;
  StepProgress* step = d ? progress(*d, p.procedure, p.path, &plan) : nullptr;
  const bool moves = d && d->traffic.by == p.procedure + "/" + p.path;
  if (!step && moves && attempt_end(p) == AttemptEnd::succeeded) traffic_moved(*d);
  if (!step) return;
  const std::size_t kept = std::min(p.output.size(), kKeptOutput);
  step->output = p.output.substr(p.output.size() - kept);
  if (p.purpose == "check") {
    check_ended(*plan, *step, attempt_end(p), describe(p), r.time);
  } else {
    attempt_ended(*plan, *step, attempt_end(p), describe(p), r.time);
  }
  if (moves && step->status == StepProgress::Status::done) traffic_moved(*d);
}

void FoldProcedures::operator()(const ProcedureEnded& p) const {
  DeploymentState* d = find(p.deployment);
  ProcedureProgress* progress = !d                     ? nullptr
                                : p.procedure == kPlan ? (d->rollout ? &d->rollout->progress : nullptr)
                                : d->rollback          ? &d->rollback->progress
                                                       : nullptr;
  if (!progress) return;
  progress->ended = true;
  progress->succeeded = p.succeeded;
  progress->why = p.why;
}

void FoldProcedures::operator()(const ProcedureRetried& p) const {
  DeploymentState* d = find(p.deployment);
  if (d && p.procedure == kPlan) retry_plan(*d, p.from_step);
  if (!d || p.procedure == kPlan || !d->rollback) return;
  enter(*d, Phase::rolling_back);
  d->ended = Time{};
  ServiceState& state = service(d->service);
  state.deployment = d->id;
  d->rollback->progress.ended = false;
  bool from = false;
  for (std::size_t i = 0; i < d->plan.size() && i < d->rollback->progress.steps.size(); ++i) {
    from = from || d->plan[i].path == p.from_step;
    StepProgress& step = d->rollback->progress.steps[i];
    if (from) {
      step_ordered_anew(step);
    } else if (step.status != StepProgress::Status::done) {
      step.status = StepProgress::Status::continued; // a person chose to start after it
    }
  }
  if (DeploymentState* undo = find(d->rollback->rollback)) {
    enter(*undo, Phase::deploying);
    undo->ended = Time{};
  }
}

} // namespace backstop
