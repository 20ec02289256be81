#include "daemon/gating.hpp"
#include "daemon/rollout.hpp"
#include "daemon/views.hpp"
#include <algorithm>

/// Plans and checklists as documents.
namespace backstop {
namespace {

Json step_view(const DeploymentState& d, const StepPlan& plan, const StepProgress& step) {
  const bool ended = step.ended != Time{} && step.ended >= step.started;
  Json json = Json::object();
  json.set("path", plan.path)
      .set("name", plan.name)
      .set("kind", kind_of_step(d, plan))
      .set("status", name_of(step.status));
  json.set("attempt", step.attempt).set("started", wall(step.started)).set("why", step.why).set("output", step.output);
  json.set("took_s", ended ? Json(to_seconds(step.ended - step.started)) : Json());
  const bool timed = plan.lasts > Duration{} && step.status == StepProgress::Status::running;
  json.set("until", timed ? wall(step.started + plan.lasts) : Json());
  const config::Step* configured = d.config ? config::step_at(*d.config, plan.path) : nullptr;
  const auto* approve = configured ? std::get_if<config::ApproveStep>(&configured->kind) : nullptr;
  return json.set("role", approve ? approve->role : "").set("irreversible", configured && configured->irreversible);
}

/// done, running, failed, pending: of a phase as a whole.
std::string status_of(const std::vector<const StepProgress*>& steps) {
  bool begun = false, all = true;
  for (const StepProgress* step : steps) {
    if (step->status == StepProgress::Status::failed) return "failed";
    begun = begun || step->attempt > 0 || step->status == StepProgress::Status::continued;
    all = all && (step->status == StepProgress::Status::done || step->status == StepProgress::Status::continued);
  }
  return all ? "done" : begun ? "running" : "pending";
}

} // namespace

Json plan_view(const DeploymentState& d) {
  if (!d.rollout || !d.config) return {};
  Json phases = Json::array();
  for (const config::PlanPhase& phase : d.config->plan.phases) {
    Json steps = Json::array();
    std::vector<const StepProgress*> all;
    Time started{}, ended{};
    for (std::size_t i = 0; i < d.rollout->steps.size(); ++i) {
      const StepPlan& plan = d.rollout->steps[i];
      const bool of_phase = std::any_of(phase.steps.begin(), phase.steps.end(),
                                        [&](const config::Step& step) { return step.path == plan.path; });
      if (!of_phase) continue;
      const StepProgress& step = d.rollout->progress.steps[i];
      all.push_back(&step);
      if (step.started != Time{} && started == Time{}) started = step.started;
      ended = std::max(ended, step.ended);
      steps.push(step_view(d, plan, step));
    }
    const std::string status = status_of(all);
    phases.push(Json::object()
                    .set("name", phase.name)
                    .set("live", phase.live)
                    .set("status", status)
                    .set("started", wall(started))
                    .set("took_s", status == "done" && ended >= started ? Json(to_seconds(ended - started)) : Json())
                    .set("steps", std::move(steps)));
  }
  const StepPlan* at = d.rollout->progress.ended && d.rollout->progress.succeeded ? nullptr : step_at_hand(d);
  const std::optional<PauseState>& pause = d.rollout->pause;
  return Json::object()
      .set("phases", std::move(phases))
      .set("at", at ? at->path : "")
      .set("ended", d.rollout->progress.ended)
      .set("succeeded", d.rollout->progress.succeeded)
      .set("why", d.rollout->progress.why)
      .set("paused",
           pause ? Json::object().set("by", pause->by).set("why", pause->why).set("at", wall(pause->at)) : Json());
}

Json traffic_view(const DeploymentState& d) {
  if (d.side.empty()) return {};
  return Json::object()
      .set("side", d.side)
      .set("other_side", d.other_side)
      .set("share", d.traffic.share)
      .set("known", d.traffic.known)
      .set("wanted", d.traffic.wanted)
      .set("since", wall(d.traffic.since));
}

Json checklist_view(const DeploymentState& d, const ServiceWatch* watch, Time now, const WallClock& clock) {
  Json items = Json::array(), approvals = Json::array(), missing = Json::array();
  if (d.config && d.config->gates) {
    for (const config::ChecklistItem& item : d.config->gates->checklist) {
      const auto seen = d.gates->items.find(item.name);
      const auto check = d.gates->checks.find(item.name);
      const bool command = check != d.gates->checks.end();
      const bool known = seen != d.gates->items.end();
      const bool passed = command ? check->second.status == StepProgress::Status::done : known && seen->second.passed;
      items.push(Json::object()
                     .set("name", item.name)
                     .set("title", item.title)
                     .set("group", item.group)
                     .set("role", item.role)
                     .set("automatic", item.automatic())
                     .set("given", passed)
                     .set("failed", command ? check->second.status == StepProgress::Status::failed
                                            : known && !seen->second.passed)
                     .set("by", known && !item.automatic() ? seen->second.by : "")
                     .set("at", command ? wall(check->second.ended)
                                : known ? wall(seen->second.at)
                                        : Json())
                     .set("why", command ? check->second.why
                                 : known ? seen->second.why
                                         : "")
                     .set("output", command ? check->second.output : ""));
    }
    for (const config::ApprovalRole& role : d.config->gates->approvals) {
      const auto given = d.gates->approvals.find(role.role);
      const bool has = given != d.gates->approvals.end();
      approvals.push(Json::object()
                         .set("role", role.role)
                         .set("title", role.title)
                         .set("by", has ? given->second.by : "")
                         .set("at", has ? wall(given->second.at) : Json())
                         .set("comment", has ? given->second.comment : ""));
    }
  }
  const bool waits = d.phase == Phase::requested;
  if (waits && watch) {
    for (const std::string& m : missing_before(d, *watch, now, clock)) missing.push(m);
    for (const std::string& open : open_commands(d)) missing.push(open);
  }
  return Json::object()
      .set("deployment", d.id)
      .set("service", d.service)
      .set("version", d.version)
      .set("type", d.kind)
      .set("phase", name_of(d.phase))
      .set("requested_by", d.gates->opened_by)
      .set("requested", wall(d.gates->opened))
      .set("items", std::move(items))
      .set("approvals", std::move(approvals))
      .set("ready", waits && missing.as_array()->empty())
      .set("missing", std::move(missing))
      .set("overridden_by", d.gates->overridden_by)
      .set("overridden_why", d.gates->overridden_why);
}

} // namespace backstop
