#include "rules/procedure.hpp"
#include <algorithm>
#include <utility>

namespace backstop {
namespace {

using Status = StepProgress::Status;

constexpr int kChecksCutOff = 3; ///< times a check of one attempt is asked again when it was cut off itself

/// A known failure: another attempt while there are retries, else as on_failure says.
void fail_step(const StepPlan& plan, StepProgress& step, Time at) {
  if (step.attempt - step.attempts_before <= plan.retries) {
    step.status = Status::retry_waiting;
    step.retry_at = at + plan.retry_delay;
    return;
  }
  step.status = plan.on_failure == StepPlan::OnFailure::proceed ? Status::continued : Status::failed;
}

NextAction start_of(const StepPlan& plan, std::size_t index, int attempt) {
  switch (plan.kind) {
  case StepPlan::Kind::notify: return SendNotice{index};
  case StepPlan::Kind::run: return RunAttempt{index, attempt};
  case StepPlan::Kind::watch: return BeginWatch{index};
  case StepPlan::Kind::review: return OpenReview{index};
  case StepPlan::Kind::bake: return BeginWatch{index};
  case StepPlan::Kind::approve: return AskApproval{index};
  case StepPlan::Kind::wait: return BeginWait{index};
  }
  return WaitUntil{kNever};
}

NextAction action_for(const StepPlan& plan, std::size_t i, const StepProgress& step, Time now) {
  switch (step.status) {
  case Status::pending: return start_of(plan, i, step.attempt + 1);
  case Status::retry_waiting:
    if (now < step.retry_at) return WaitUntil{step.retry_at};
    // After an unknown end its check has spoken already.
    if (plan.has_check && !step.unknown) return RunCheck{i, step.checks + 1};
    return start_of(plan, i, step.attempt + 1);
  case Status::check_needed: return RunCheck{i, step.checks + 1};
  case Status::running:
    if (plan.kind != StepPlan::Kind::wait) break;
    if (now < step.started + plan.lasts) return WaitUntil{step.started + plan.lasts};
    return EndWait{i};
  case Status::checking:
  case Status::done:
  case Status::failed:
  case Status::continued: break;
  }
  return WaitUntil{kNever};
}

/// Behind the last step that runs at the same time as this one.
std::size_t end_of_group(const std::vector<StepPlan>& plan, std::size_t first) {
  std::size_t end = first + 1;
  if (plan[first].group.empty()) return end;
  while (end < plan.size() && plan[end].group == plan[first].group) ++end;
  return end;
}

} // namespace

bool in_doubt(const StepProgress& step) {
  return step.status == Status::running || step.status == Status::checking || step.status == Status::check_needed;
}

std::string_view name_of(StepProgress::Status status) {
  switch (status) {
  case Status::pending: return "pending";
  case Status::running: return "running";
  case Status::retry_waiting: return "waiting to retry";
  case Status::check_needed: return "to be checked";
  case Status::checking: return "checking";
  case Status::done: return "done";
  case Status::failed: return "failed";
  case Status::continued: return "failed, continued";
  }
  return "";
}

std::size_t ProcedureProgress::current() const {
  std::size_t i = 0;
  while (i < steps.size() && (steps[i].status == Status::done || steps[i].status == Status::continued)) ++i;
  return i;
}

NextAction next_action(const std::vector<StepPlan>& plan, const ProcedureProgress& progress, Time now) {
  if (plan.empty()) return ProcedureOver{false, "there are no steps"};
  const std::size_t first = progress.current();
  if (first >= plan.size()) return ProcedureOver{true, "every step is done"};
  const std::size_t end = end_of_group(plan, first);
  const auto failed = std::find_if(progress.steps.begin() + static_cast<std::ptrdiff_t>(first),
                                   progress.steps.begin() + static_cast<std::ptrdiff_t>(end),
                                   [](const StepProgress& step) { return step.status == Status::failed; });
  const bool fails = failed != progress.steps.begin() + static_cast<std::ptrdiff_t>(end);
  Time at = kNever;
  for (std::size_t i = first; i < end; ++i) {
    const StepProgress& step = progress.steps[i];
    // What runs beside a step that failed comes to its end, and nothing else begins.
    if (fails && step.status != Status::check_needed) continue;
    const NextAction action = action_for(plan[i], i, step, now);
    const auto* wait = std::get_if<WaitUntil>(&action);
    if (!wait) return action;
    at = std::min(at, wait->at);
  }
  if (!fails) return WaitUntil{at};
  for (std::size_t i = first; i < end; ++i) {
    if (in_doubt(progress.steps[i])) return WaitUntil{kNever};
  }
  const auto i = static_cast<std::size_t>(failed - progress.steps.begin());
  return ProcedureOver{false, "step " + plan[i].path + " (" + plan[i].name + ") failed: " + failed->why};
}

void attempt_intended(StepProgress& step, int attempt, Time at) {
  step.status = Status::running;
  step.attempt = attempt;
  step.started = at;
  step.unknown = false;
}

void attempt_ended(const StepPlan& plan, StepProgress& step, AttemptEnd end, std::string why, Time at) {
  step.ended = at;
  step.why = std::move(why);
  switch (end) {
  case AttemptEnd::succeeded: step.status = Status::done; return;
  case AttemptEnd::failed: fail_step(plan, step, at); return;
  case AttemptEnd::not_run: // refused before it touched anything (somebody else holds the lock): a person must look
    step.status = Status::failed;
    return;
  case AttemptEnd::unknown: break;
  }
  step.unknown = true;
  if (plan.on_unknown != StepPlan::OnUnknown::escalate && plan.has_check) {
    step.status = Status::check_needed;
  } else if (plan.on_unknown == StepPlan::OnUnknown::rerun) {
    step.status = Status::retry_waiting;
    step.retry_at = at;
  } else {
    step.status = Status::failed;
    step.why += ", and no check may tell"; // none is configured, or on_unknown wants a person
  }
}

void check_intended(StepProgress& step, int check) {
  step.status = Status::checking;
  step.checks = check;
}

void check_ended(const StepPlan& plan, StepProgress& step, AttemptEnd end, const std::string& why, Time at) {
  if (end == AttemptEnd::succeeded) {
    step.status = Status::done;
    step.why = "its check says: done";
    return;
  }
  const int checks_allowed = kChecksCutOff * (step.attempt - step.attempts_before);
  if (end == AttemptEnd::unknown && step.checks - step.checks_before < checks_allowed) {
    step.status = Status::check_needed; // cut off itself: a question changes nothing, it may be asked again
  } else if (end != AttemptEnd::failed) {
    step.status = Status::failed;
    step.why = "its check gives no answer: " + why;
  } else if (!step.unknown || plan.on_unknown == StepPlan::OnUnknown::rerun) {
    step.status = Status::pending; // not done, and it may run again: the next attempt
  } else {
    step.why = "how it ended is unknown, its check says: not done";
    fail_step(plan, step, at);
  }
}

void step_ordered_anew(StepProgress& step) {
  step.status = Status::pending;
  step.attempts_before = step.attempt;
  step.checks_before = step.checks;
  step.unknown = false;
}

} // namespace backstop
