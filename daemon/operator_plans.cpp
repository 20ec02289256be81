#include "daemon/deciding.hpp"
#include "daemon/notice_text.hpp"
#include "daemon/operator.hpp"
#include "daemon/rollout.hpp"
#include <algorithm>
#include <utility>

/// An operator's hand on the plan of a deployment.
namespace backstop {
namespace {

std::string name_of(const StepPlan& step) { return step.path + " (" + step.name + ")"; }

/// The step that moves traffic last.
std::string last_move(const DeploymentState& d) {
  std::string path;
  for (const StepPlan& step : d.rollout->steps)
    if (kind_of_step(d, step) == "traffic") path = step.path;
  return path;
}

} // namespace

Reply Operator::resolve_plan(const std::string& id, const std::string& what, const DeploymentState*& found) const {
  if (Reply r = resolve_deployment(id, found); !r.ok) return r;
  if (found->phase == Phase::deploying && found->rollout && found->config) return {};
  const std::string why =
      found->phase == Phase::deploying
          ? found->config ? "it has no plan: whoever deploys goes on by himself" : "its frozen plan cannot be read"
          : "it is " + std::string(backstop::name_of(found->phase)) + ", its plan is not under way";
  return refusal("conflict", what, why, "`backstopctl deploy show " + id + "` tells how it stands");
}

void Operator::resolve_incident(const std::string& incident, const std::string& how) {
  const auto it = ledger_.state().incidents.find(incident);
  if (it != ledger_.state().incidents.end() && it->second.open()) add(IncidentResolved{incident, how});
}

Reply Operator::operator()(const PausePlan& c) {
  const DeploymentState* d = nullptr;
  if (Reply r = resolve_plan(c.id, "pause of " + c.id, d); !r.ok) return r;
  if (d->rollout->pause)
    return refusal("conflict", "pause of " + c.id,
                   "it is paused by " + d->rollout->pause->by + ": " + d->rollout->pause->why, "nothing to do");
  const StepPlan* step = step_at_hand(*d);
  add(PlanPaused{c.id, step ? step->path : "", c.reason});
  return done(c.id);
}

Reply Operator::operator()(const ResumePlan& c) {
  const DeploymentState* d = nullptr;
  if (Reply r = resolve_plan(c.id, "resume of " + c.id, d); !r.ok) return r;
  const bool failed = plan_failed(*d);
  if (!d->rollout->pause && !failed)
    return refusal("conflict", "resume of " + c.id, "it is not paused", "`backstopctl deploy show " + c.id + "`");
  const StepPlan* step = step_at_hand(*d);
  const std::string path = step ? step->path : "";
  const bool watched_out = bake_of(*d) && now_ >= bake_of(*d)->started + step->lasts;
  const std::string incident = d->incident;
  if (failed) add(ProcedureRetried{c.id, kPlan, path});
  if (d->rollout->pause) add(PlanResumed{c.id, c.reason});
  // A watch whose time was over without a word to say is watched once more.
  if (watched_out) add(ProcedureRetried{c.id, kPlan, path});
  resolve_incident(incident, actor_ + " goes on: " + c.reason);
  return done(c.id);
}

Reply Operator::operator()(const PromotePlan& c) {
  const DeploymentState* d = nullptr;
  if (Reply r = resolve_plan(c.id, "promote of " + c.id, d); !r.ok) return r;
  const StepPlan* step = step_at_hand(*d);
  const bool timed = step && (step->kind == StepPlan::Kind::bake || step->kind == StepPlan::Kind::wait);
  if (!timed || d->rollout->progress.ended || d->rollout->progress.steps[d->rollout->progress.current()].attempt == 0)
    return refusal("conflict", "promote of " + c.id,
                   step ? "it stands at " + name_of(*step) + ", which is no watch and no wait that runs"
                        : "all its steps are done",
                   "`backstopctl deploy skip " + c.id + "` leaves a step out");
  const std::string incident = d->incident;
  add(StepSkipped{c.id, kPlan, step->path, step->name, "promoted", c.reason});
  resolve_incident(incident, actor_ + " promoted it: " + c.reason);
  return done(c.id);
}

Reply Operator::operator()(const SkipStep& c) {
  const DeploymentState* d = nullptr;
  if (Reply r = resolve_plan(c.id, "skip of " + c.id, d); !r.ok) return r;
  const StepPlan* step = step_at_hand(*d);
  if (!c.step.empty()) {
    const auto named = std::find_if(d->rollout->steps.begin(), d->rollout->steps.end(),
                                    [&](const StepPlan& s) { return s.path == c.step || s.name == c.step; });
    if (named == d->rollout->steps.end()) {
      std::string known;
      for (const StepPlan& s : d->rollout->steps) known += (known.empty() ? "" : ", ") + name_of(s);
      return refusal("not_found", "step '" + c.step + "'", "is no step of this plan", "its steps are " + known);
    }
    step = &*named;
  }
  if (!step) return refusal("conflict", "skip of " + c.id, "all its steps are done", "nothing to do");
  if (step->kind == StepPlan::Kind::approve) // else whoever operates could sign for everybody
    return refusal("unauthorized", "skip of " + name_of(*step), "it is a signature that is asked for",
                   "`backstopctl approve " + c.id + "` gives it; `backstopctl deploy abort " + c.id +
                       "` takes it all back");
  const StepProgress& progress = *progress_of(*d, kPlan, step->path);
  const bool acts = step->kind == StepPlan::Kind::run && in_doubt(progress);
  const bool over = progress.status == StepProgress::Status::done || progress.status == StepProgress::Status::continued;
  if (step->path == last_move(*d))
    return refusal("conflict", "skip of " + name_of(*step),
                   "it brings the traffic to where this deployment ends: without it both sides would have some",
                   "where it was moved by hand, `backstopctl deploy resume " + c.id +
                       "` sees that; `backstopctl deploy abort " + c.id + "` takes it all back");
  if (acts || over)
    return refusal("conflict", "skip of " + name_of(*step), acts ? "it runs" : "it is done already",
                   acts ? "wait for its end, or `backstopctl deploy abort " + c.id + "`" : "nothing to do");
  const bool at_hand = step_at_hand(*d) == step;
  const std::string incident = d->incident;
  add(StepSkipped{c.id, kPlan, step->path, step->name, "skipped", c.reason});
  if (at_hand) resolve_incident(incident, actor_ + " left the step out: " + c.reason);
  return done(c.id);
}

Reply Operator::sign_step(const DeploymentState& d, const Approve& c) {
  const std::string what = "approval of " + c.id + " as " + c.role;
  const StepPlan* step = step_at_hand(d);
  const config::Step* configured = step && d.config ? config::step_at(*d.config, step->path) : nullptr;
  const auto* waits = configured ? std::get_if<config::ApproveStep>(&configured->kind) : nullptr;
  const StepProgress* progress = step ? progress_of(d, kPlan, step->path) : nullptr;
  if (!waits || progress->status != StepProgress::Status::running || waits->role != c.role)
    return refusal("conflict", what,
                   waits ? "its plan waits for " + waits->role : "its plan does not wait for anybody to sign",
                   "`backstopctl deploy show " + c.id + "` tells where it stands");
  if (Reply r = may_sign(d, c.role, c.held, what); !r.ok) return r;
  if (Reply r = other_eyes(d, c.role, what); !r.ok) return r;
  const std::string path = step->path;
  StepEnded ended = done_at_once(d, kPlan, path, "approve", progress->attempt,
                                 "signed by " + actor_ + (c.comment.empty() ? "" : ": " + c.comment));
  ended.took = now_ - progress->started;
  add(ApprovalGiven{c.id, c.role, c.comment, path, {}});
  add(std::move(ended));
  return done(c.id);
}

/// What the plan did is taken back, traffic first.
Reply Operator::abort_plan(const DeploymentState& d, const AbortDeployment& c) {
  if (!d.config)
    return refusal("no_target", "abort of " + c.id, "its frozen plan cannot be read, so nothing can be taken back",
                   "put the service right by hand, then `backstopctl deploy skip`");
  if (d.previous.empty() && is_live(d))
    return refusal("no_target", "abort of " + c.id, "there is no version to go back to",
                   "go on (skip, promote), or put the service right by hand");
  start_rollback(ledger_, d, "aborted by " + actor_ + ": " + c.reason, now_, actor_, false);
  return done(c.id);
}

} // namespace backstop
