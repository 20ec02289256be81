#include "daemon/executor.hpp"
#include "daemon/notice_text.hpp"
#include "daemon/rollout.hpp"
#include "daemon/step_order.hpp"
#include <algorithm>
#include <utility>

namespace backstop {
namespace {

using Status_ = StepProgress::Status;
using Act = StepOrder::Act;

constexpr const char* kCheckSuffix = ".check";

/// The frozen file; an empty one where this version of backstop cannot read it any more: then no step is found in it.
const config::Service& config_of(const DeploymentState& d) {
  static const config::Service none;
  return d.config ? *d.config : none;
}

StepOrder order_of(const DeploymentState& d, Act act, const std::string& path) {
  StepOrder order{act,
                  d.service,
                  config_of(d).hash,
                  path,
                  {{"version", d.version},
                   {"previous_version", d.previous},
                   {"deployment", d.id},
                   {"incident", d.incident},
                   {"reason", d.rollback ? one_line(d.rollback->cause) : ""}}};
  if (!d.side.empty()) order.fields["side"] = d.side;
  return order;
}

StepKey key_of(const DeploymentState& d, Act act, const std::string& procedure, const std::string& path, int attempt) {
  return {d.id, procedure, act == Act::check ? path + kCheckSuffix : path, attempt};
}

template <class Kind> const Kind* step_kind(const DeploymentState& d, const std::string& path) {
  const config::Step* step = config::step_at(config_of(d), path);
  return step ? std::get_if<Kind>(&step->kind) : nullptr;
}

StepIntended intent(const DeploymentState& d, const std::string& procedure, const StepPlan& plan, const char* purpose,
                    int attempt) {
  return {d.id, procedure, plan.path, plan.name, purpose, attempt, {}};
}

/// The versions of which one may run. Of a plan either: half of its way, or as its traffic went back before this is asked.
bool may_run(const DeploymentState& d, const std::string& version) {
  return version == d.version || (d.rollout && (version == d.previous || version == d.ran));
}

void note_mismatch(StepEnded& ended, const std::string& running, const std::string& judged) {
  ended.end = "mismatch";
  ended.detail = "'" + running + "' runs, not " + judged + ", which was judged; nothing was undone";
}

bool takes_time(const NextAction& action) {
  return std::holds_alternative<RunAttempt>(action) || std::holds_alternative<RunCheck>(action) ||
         std::holds_alternative<BeginWatch>(action) || std::holds_alternative<BeginWait>(action);
}

/// Something of a plan that is paused: what is begun comes to its end, nothing else begins.
bool goes_on_in_pause(const NextAction& action) {
  return std::holds_alternative<RunCheck>(action) || std::holds_alternative<EndWait>(action) ||
         std::holds_alternative<WaitUntil>(action) || std::holds_alternative<ProcedureOver>(action);
}

/// What is asked of the host at a place of a procedure. Its name is the purpose that stands in the records.
Act act_at(const std::string& procedure, const std::string& path, bool check) {
  if (check) return Act::check;
  if (procedure == kPreflight) return Act::preflight;
  if (procedure == kChecklist) return Act::item;
  return procedure == kRollback && path == kAssess ? Act::version : Act::run;
}

StepEnded unmeasured(const DeploymentState& d, const std::string& path, int attempt) {
  StepEnded ended =
      done_at_once(d, kRollback, path, "watch", attempt, "the service is not configured any more: nothing measures it");
  ended.status = 1;
  return ended;
}

/// Whoever stops all that runs, as the host goes down, means no step in particular: how far it came is not known.
void note_cut_off(StepEnded& ended) {
  ended.end = name_of(StepEnd::unknown);
  ended.detail = "cut off by a shutdown of the host" + (ended.detail.empty() ? "" : ": " + ended.detail);
}

/// A step of a plan that a process carries out.
bool is_command(const DeploymentState& d, const std::string& path) {
  return step_kind<config::RunStep>(d, path) || step_kind<config::TrafficStep>(d, path);
}

bool is_check(const std::string& path) { return path.ends_with(kCheckSuffix); }

/// What a step does to the traffic, or its check asks about; none: it moves none.
std::optional<double> share_moved(const DeploymentState& d, const std::string& procedure, const std::string& path) {
  if (procedure == kRollback && path == kTrafficBack) return 0.0;
  const auto* traffic = procedure == kPlan ? step_kind<config::TrafficStep>(d, path) : nullptr;
  return traffic ? std::optional(traffic->share) : std::nullopt;
}

} // namespace

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string version_in(const std::string& link_target) { return link_target.substr(link_target.find_last_of('/') + 1); }

Executor::Executor(Ledger& ledger, StepRunner& steps, Notifier& notifier, ServiceWatches& watches,
                   const config::Config& config, ReadLink read_link)
    : ledger_(ledger), steps_(steps), watches_(watches), config_(config), read_link_(std::move(read_link)),
      outbox_(ledger, notifier, config) {}

Time Executor::pump(Time now) {
  Time due = kNever;
  std::vector<std::string> gated, rolling, deploying, requested;
  const State& state = ledger_.state();
  for (const DeploymentState* d : state.in_phase(Phase::gated)) gated.push_back(d->id);
  for (const DeploymentState* d : state.in_phase(Phase::requested)) requested.push_back(d->id);
  for (const DeploymentState* d : state.in_phase(Phase::rolling_back)) rolling.push_back(d->id);
  for (const DeploymentState* d : state.in_phase(Phase::deploying))
    if (d->rollout) deploying.push_back(d->id);
  for (const std::string& id : requested) due = std::min(due, pump_items(*state.deployment(id), now));
  for (const std::string& id : gated) {
    due = std::min(due, pump_items(*state.deployment(id), now));
    due = std::min(due, pump_preflight(*state.deployment(id), now));
  }
  for (const std::string& id : rolling) due = std::min(due, pump_procedure(id, kRollback, now));
  for (const std::string& id : deploying) due = std::min(due, pump_procedure(id, kPlan, now));
  return std::min(due, outbox_.pump(now));
}

Time Executor::pump_preflight(const DeploymentState& d, Time now) {
  if (ledger_.state().shutdown != Time{}) return kNever; // after the boot
  for (const auto& [path, step] : d.preflight) {
    if (step.status == Status_::pending) order(d, Act::preflight, kPreflight, path, "preflight", step.attempt + 1, now);
  }
  return kNever;
}

/// Items of the checklist that are commands.
Time Executor::pump_items(const DeploymentState& d, Time now) {
  if (ledger_.state().shutdown != Time{} || !d.gates || !d.gates->overridden_by.empty()) return kNever;
  for (const auto& [item, step] : d.gates->checks) {
    if (step.status == Status_::pending) order(d, Act::item, kChecklist, item, item, step.attempt + 1, now);
  }
  return kNever;
}

Time Executor::pump_procedure(const std::string& id, const std::string& procedure, Time now) {
  for (;;) {
    const DeploymentState& d = *ledger_.state().deployment(id);
    const bool rollback = procedure == kRollback;
    if (d.phase != (rollback ? Phase::rolling_back : Phase::deploying)) return kNever;
    const ProcedureProgress* progress = progress_of(d, procedure);
    if (!progress || progress->ended) return kNever;
    if (rollback && plan_acts(d)) { // two hands at once on one service undo each other
      cancel_plan(d);
      return kNever;
    }
    if (rollback && !d.config) {
      rollback_over(d, false, "its frozen configuration cannot be read, so nobody knows its steps", now);
      return kNever;
    }
    if (rollback && d.rollback->untouched && progress->steps.empty()) {
      rollback_over(d, true, "there was nothing to undo", now);
      return kNever;
    }
    const NextAction action = next_action(*steps_of(d, procedure), *progress, now);
    if (const auto* wait = std::get_if<WaitUntil>(&action)) return wait->at;
    const bool stands = !rollback && (d.rollout->pause || ledger_.state().hold(d.service)); // held: the daemon acts not
    if (stands && !goes_on_in_pause(action)) return kNever;
    if (ledger_.state().shutdown != Time{} && takes_time(action)) {
      hold_back(d, procedure, now);
      return kNever;
    }
    if (!carry_out(d, procedure, action, now)) return kNever;
  }
}

/// False: it was the end.
bool Executor::carry_out(const DeploymentState& d, const std::string& procedure, const NextAction& action, Time now) {
  const std::vector<StepPlan>& steps = *steps_of(d, procedure);
  if (const auto* a = std::get_if<RunAttempt>(&action)) {
    run_attempt(d, procedure, a->step, a->attempt, now);
  } else if (const auto* check = std::get_if<RunCheck>(&action)) {
    order(d, Act::check, procedure, steps[check->step].path, steps[check->step].name, check->check, now);
  } else if (const auto* notice = std::get_if<SendNotice>(&action)) {
    send_step_notice(d, procedure, notice->step, now);
  } else if (const auto* watch = std::get_if<BeginWatch>(&action)) {
    procedure == kPlan ? begin_bake(d, watch->step, now) : begin_watch(d, watch->step, now);
  } else if (const auto* review = std::get_if<OpenReview>(&action)) {
    open_review(d, review->step, now);
  } else if (const auto* approval = std::get_if<AskApproval>(&action)) {
    ask_approval(d, approval->step, now);
  } else if (const auto* wait = std::get_if<BeginWait>(&action)) {
    ledger_.add(
        intent(d, procedure, steps[wait->step], "wait", progress_of(d, procedure)->steps[wait->step].attempt + 1), now);
  } else if (const auto* over = std::get_if<EndWait>(&action)) {
    const StepProgress& step = progress_of(d, procedure)->steps[over->step];
    StepEnded ended = done_at_once(d, procedure, steps[over->step].path, "wait", step.attempt, "waited");
    ended.took = now - step.started;
    ledger_.add(std::move(ended), now);
  } else if (const auto* end = std::get_if<ProcedureOver>(&action)) {
    procedure == kPlan ? void(ledger_.add(ProcedureEnded{d.id, kPlan, end->why, end->succeeded}, now))
                       : rollback_over(d, end->succeeded, end->why, now);
    return false;
  }
  return true;
}

/// What runs of the plan is ended as its timeout would end it; the rollback begins when it has.
void Executor::cancel_plan(const DeploymentState& d) {
  for (std::size_t i = 0; i < d.rollout->steps.size(); ++i) {
    const StepProgress& step = d.rollout->progress.steps[i];
    const bool check = step.status == Status_::checking;
    if (step.status != Status_::running && !check) continue;
    const StepKey key =
        key_of(d, check ? Act::check : Act::run, kPlan, d.rollout->steps[i].path, check ? step.checks : step.attempt);
    if (d.rollout->steps[i].kind != StepPlan::Kind::run || !cancelled_.insert(key).second) continue;
    ledger_.after_commit([this, key] { steps_.cancel(key); });
  }
}

/// What a shutdown would cut off is better not begun: a step that was never started needs nobody to find out how far it
/// came. What is done in an instant goes on.
void Executor::hold_back(const DeploymentState& d, const std::string& procedure, Time now) {
  if (procedure == kPlan ? d.rollout->held_back : d.rollback->held_back) return;
  const StepPlan& plan = (*steps_of(d, procedure))[progress_of(d, procedure)->current()];
  ledger_.add(StepHeldBack{d.id, procedure, plan.path, plan.name}, now);
}

/// Records the intent; the act follows once it is durable.
void Executor::order(const DeploymentState& d, Act act, const std::string& procedure, const std::string& path,
                     const std::string& name, int attempt, Time now) {
  Result<StepCommand> command = command_for(config_of(d), order_of(d, act, path));
  const StepKey key = key_of(d, act, procedure, path, attempt);
  // What was gathered until then is the old version's.
  const bool first_traffic =
      act == Act::run && procedure == kPlan && !had_traffic(d) && share_moved(d, procedure, path);
  if (const auto it = watches_.find(d.service); first_traffic && it != watches_.end())
    it->second->watch.start_clean(now);
  ledger_.add(StepIntended{d.id, key.procedure, path, name, std::string(name_of(act)), attempt,
                           command ? command->argv : std::vector<std::string>{}, share_moved(d, procedure, path)},
              now);
  start(key, std::move(command), now);
}

void Executor::start(const StepKey& key, Result<StepCommand> command, Time now) {
  ledger_.after_commit([this, key, command = std::move(command), now] {
    const Status started = command ? steps_.start(key, *command) : Status(command.error());
    if (started) return;
    // Asked for by a daemon that was killed, it may have begun after adopt() saw nothing of it.
    const bool before = started.error().code == Errc::refused;
    const StepRunner::Seen seen = before ? steps_.adopt(key) : StepRunner::Seen::never;
    if (seen == StepRunner::Seen::running || seen == StepRunner::Seen::finished) return; // on_finished tells
    StepOutcome outcome;
    outcome.end = before ? StepEnd::unknown : StepEnd::failed_to_start;
    outcome.detail = started.error().what;
    on_step_finished(key, outcome, now);
  });
}

void Executor::run_attempt(const DeploymentState& d, const std::string& procedure, std::size_t index, int attempt,
                           Time now) {
  const StepPlan& plan = (*steps_of(d, procedure))[index];
  if (procedure == kRollback && plan.path == kAssess) return ask_running_version(d, attempt, now);
  order(d, Act::run, procedure, plan.path, plan.name, attempt, now);
}

void Executor::ask_running_version(const DeploymentState& d, int attempt, Time now) {
  StepPlan plan;
  plan.path = kAssess;
  plan.name = "assess";
  if (!d.side.empty() && !had_traffic(d)) {
    ledger_.add(intent(d, kRollback, plan, "version", attempt), now);
    ledger_.add(done_at_once(d, kRollback, plan.path, "version", attempt,
                             "no traffic went to " + d.side + ": what runs there was not asked"),
                now);
    return;
  }
  if (!config_of(d).running_version_link.empty()) return look_at_link(d, attempt, now);
  if (config_of(d).running_version) return order(d, Act::version, kRollback, plan.path, plan.name, attempt, now);
  ledger_.add(intent(d, kRollback, plan, "version", attempt), now);
  ledger_.add(done_at_once(d, kRollback, plan.path, "version", attempt, "running_version is not configured: not asked"),
              now);
}

void Executor::look_at_link(const DeploymentState& d, int attempt, Time now) {
  const std::string& link = d.config->running_version_link;
  ledger_.add(StepIntended{d.id, kRollback, kAssess, "assess", "version", attempt, {}}, now);
  const Result<std::string> target = read_link_(link);
  const std::string version = target ? version_in(*target) : "";
  StepEnded ended = done_at_once(d, kRollback, kAssess, "version", attempt, link + " points to " + target.value_or(""));
  if (!target) {
    ended.status = 1;
    ended.detail = target.error().what;
  } else if (!may_run(d, version)) {
    note_mismatch(ended, version, d.version);
  }
  ledger_.add(std::move(ended), now);
}

void Executor::send_step_notice(const DeploymentState& d, const std::string& procedure, std::size_t index, Time now) {
  const StepPlan& plan = (*steps_of(d, procedure))[index];
  const auto* step = step_kind<config::NotifyStep>(d, plan.path);
  const int attempt = progress_of(d, procedure)->steps[index].attempt + 1;
  ledger_.add(intent(d, procedure, plan, "notify", attempt), now);
  const std::string again = attempt > 1 ? "." + std::to_string(attempt) : "";
  if (procedure == kPlan) {
    announce(ledger_,
             {"plan." + plan.path + again, step->severity,
              d.service + " " + d.version + ": " + phase_of_step(d, plan.path) + ", " + plan.name, d.incident, d.id},
             config_.daemon, step->to, now);
  } else {
    announce(ledger_,
             {"rollback_started." + plan.path + again, step->severity,
              d.service + ": rolling back " + d.version + " to " + version_after_rollback(d) + " because " +
                  d.rollback->cause,
              d.incident, d.id},
             config_.daemon, step->to, now);
  }
  // Queued durably is done: a slow or failing notice never delays what comes after it.
  ledger_.add(done_at_once(d, procedure, plan.path, "notify", attempt, "queued"), now);
}

void Executor::begin_watch(const DeploymentState& d, std::size_t index, Time now) {
  const StepPlan& plan = d.plan[index];
  const auto* step = step_kind<config::WatchStep>(d, plan.path);
  const int attempt = d.rollback->progress.steps[index].attempt + 1;
  ledger_.add(intent(d, kRollback, plan, "watch", attempt), now);
  if (const auto it = watches_.find(d.service); it != watches_.end()) {
    it->second->watch.start_clean(now);
    it->second->verification = Verification{now, Time{}, step->good_for, now + step->timeout, attempt, plan.path};
  } else {
    ledger_.add(unmeasured(d, plan.path, attempt), now);
  }
}

void Executor::begin_bake(const DeploymentState& d, std::size_t index, Time now) {
  const StepPlan& plan = d.rollout->steps[index];
  ledger_.add(intent(d, kPlan, plan, "bake", d.rollout->progress.steps[index].attempt + 1), now);
  if (const auto it = watches_.find(d.service); it != watches_.end()) it->second->watch.start_clean(now);
}

void Executor::bake_passed(const DeploymentState& d, const std::string& why, Time now) {
  const StepProgress* step = bake_of(d);
  if (!step) return;
  StepEnded ended = done_at_once(d, kPlan, step_at_hand(d)->path, "bake", step->attempt, why);
  ended.took = now - step->started;
  ledger_.add(std::move(ended), now);
}

void Executor::ask_approval(const DeploymentState& d, std::size_t index, Time now) {
  const StepPlan& plan = d.rollout->steps[index];
  const auto* step = step_kind<config::ApproveStep>(d, plan.path);
  const int attempt = d.rollout->progress.steps[index].attempt + 1;
  const std::string id = d.id;
  ledger_.add(intent(d, kPlan, plan, "approve", attempt), now);
  announce(ledger_,
           {"approval_asked." + plan.path + "." + std::to_string(attempt), "alert",
            d.service + " " + d.version + ": waits at " + plan.name + " for " + step->role + "; backstopctl approve " +
                id + " --role " + step->role,
            "", id},
           config_.daemon, {}, now);
}

void Executor::verification_ended(ServiceWatch& watch, bool good, const std::string& why, Time now) {
  const Verification v = *std::exchange(watch.verification, std::nullopt);
  const DeploymentState* d = ledger_.state().active(watch.key);
  if (!d) return;
  StepEnded ended = done_at_once(*d, kRollback, v.path, "watch", v.attempt, why);
  ended.status = good ? 0 : 1;
  ended.took = now - v.started;
  ledger_.add(std::move(ended), now);
}

void Executor::open_review(const DeploymentState& d, std::size_t index, Time now) {
  const StepPlan& plan = d.plan[index];
  const auto* step = step_kind<config::ReviewStep>(d, plan.path);
  const int attempt = d.rollback->progress.steps[index].attempt + 1;
  ledger_.add(intent(d, kRollback, plan, "review", attempt), now);
  ledger_.add(ReviewOpened{d.incident, d.id, now + step->due}, now);
  ledger_.add(done_at_once(d, kRollback, plan.path, "review", attempt, "opened"), now);
}

void Executor::rollback_over(const DeploymentState& d, bool succeeded, const std::string& why, Time now) {
  const std::string id = d.id, service = d.service, incident = d.incident, cause = d.rollback->cause;
  const std::string versions = d.version + " to " + version_after_rollback(d);
  if (d.rollback->untouched && succeeded) return undone(d, why, now);
  // A retry that fails again is news: under the same key it would be dropped as a duplicate.
  int attempts = 0;
  for (const StepProgress& step : d.rollback->progress.steps) attempts += step.attempt;
  ledger_.add(ProcedureEnded{id, kRollback, why, succeeded}, now);
  if (succeeded) {
    const std::string what = service + ": rolled back " + versions + " and verified";
    ledger_.add(DeploymentEnded{id, std::string(name_of(Phase::rolled_back_verified)), what}, now);
    ledger_.add(IncidentResolved{incident, what}, now);
    announce(ledger_, {"rolled_back", "resolved", what + ", because " + cause + "; a review is due", incident, id},
             config_.daemon, {}, now);
    return;
  }
  const std::string what = d.rollback->untouched
                               ? service + " " + d.version + ": NOT everything that it had begun is undone: " + why
                               : service + ": the rollback of " + versions + " FAILED: " + why;
  ledger_.add(DeploymentEnded{id, std::string(name_of(Phase::rollback_failed)), why}, now);
  ledger_.add(ServiceLocked{service, id, "rollback failed: " + why}, now);
  ledger_.add(IncidentEscalated{incident, "critical", what}, now);
  announce(ledger_,
           {"rollback_failed." + std::to_string(attempts), "critical",
            what + "; the service is LOCKED until a person runs backstopctl unlock", incident, id},
           config_.daemon, {}, now);
}

/// Of a plan that did not come to the service itself: nothing of it was touched, and the version may be tried again.
void Executor::undone(const DeploymentState& d, const std::string& why, Time now) {
  const std::string id = d.id, incident = d.incident, cause = d.rollback->cause;
  const std::string what = d.service + " " + d.version + ": stopped before the service was touched, because " + cause;
  const std::string end = "what it had begun is undone";
  ledger_.add(ProcedureEnded{id, kRollback, why, true}, now);
  ledger_.add(DeploymentEnded{id, std::string(name_of(Phase::aborted)),
                              "stopped before the service was touched, because " + cause + "; " + end},
              now);
  ledger_.add(IncidentResolved{incident, end}, now);
  announce(ledger_, {"aborted", "resolved", what + "; " + end, incident, id}, config_.daemon, {}, now);
}

void Executor::on_step_finished(const StepKey& key, const StepOutcome& outcome, Time now) {
  if (key.procedure == "notice") return; // a channel's command: the notifier hears of it by itself
  const DeploymentState* d = ledger_.state().deployment(key.deployment);
  StepEnded ended;
  ended.deployment = key.deployment;
  ended.procedure = key.procedure;
  ended.path =
      is_check(key.path) ? key.path.substr(0, key.path.size() - std::string_view(kCheckSuffix).size()) : key.path;
  if (d) ended.name = step_name(*d, key.procedure, ended.path);
  ended.attempt = key.attempt;
  ended.purpose = name_of(act_at(key.procedure, ended.path, is_check(key.path)));
  ended.end = name_of(outcome.end);
  ended.status = outcome.status;
  ended.took = outcome.took;
  ended.output = outcome.output;
  ended.output_cut = outcome.output_cut;
  ended.detail = outcome.detail;
  const StepProgress* step = d ? progress_of(*d, key.procedure, ended.path) : nullptr;
  const bool awaited =
      step && (ended.purpose == "check" ? step->status == Status_::checking && step->checks == key.attempt
                                        : step->status == Status_::running && step->attempt == key.attempt);
  if (awaited) {
    const bool host_went_down = ledger_.state().shutdown != Time{} || step->boot != ledger_.boot();
    if (outcome.end == StepEnd::cancelled && host_went_down) note_cut_off(ended);
    if (ended.purpose == "version" && outcome.succeeded() && !may_run(*d, trimmed(outcome.output))) {
      note_mismatch(ended, trimmed(outcome.output), d->version);
    }
    ledger_.add(std::move(ended), now);
    if (key.procedure == kPlan && outcome.succeeded()) take_baselines(*d, key.path, outcome.output, now);
  }
  ledger_.after_commit([this, key] { steps_.forget(key); });
}

/// Of a step that measures what is normal.
void Executor::take_baselines(const DeploymentState& d, const std::string& path, const std::string& output, Time now) {
  const config::Step* step = config::step_at(config_of(d), path);
  if (!step || !step->baseline) return;
  std::vector<FrozenBaseline> measured = baselines_in(d, path + " (" + step->name + ")", output);
  if (measured.empty()) return;
  ledger_.add(BaselineMeasured{d.id, path, std::move(measured)}, now);
  if (const auto it = watches_.find(d.service); it != watches_.end()) {
    std::vector<Baseline> all;
    for (const FrozenBaseline& baseline : d.baselines) all.push_back(baseline_of(baseline));
    it->second->watch.set_baselines(std::move(all));
  }
}

void Executor::settle_after_restart(Time now) {
  const auto settle_all = [&](const DeploymentState& d, const std::string& procedure) {
    const std::vector<StepPlan>* steps = steps_of(d, procedure);
    for (std::size_t i = 0; steps && i < steps->size(); ++i)
      settle_step(d, procedure, (*steps)[i].path, progress_of(d, procedure)->steps[i], now);
  };
  for (const std::string& id : std::set<std::string>(ledger_.state().open)) {
    const DeploymentState& d = *ledger_.state().deployment(id);
    if (d.gates && (d.phase == Phase::requested || d.phase == Phase::gated))
      for (const auto& [item, step] : d.gates->checks) settle_step(d, kChecklist, item, step, now);
    if (d.phase == Phase::gated)
      for (const auto& [path, step] : d.preflight) settle_step(d, kPreflight, path, step, now);
    if (d.phase == Phase::deploying || d.phase == Phase::rolling_back) settle_all(d, kPlan);
    if (d.phase == Phase::rolling_back) settle_all(d, kRollback);
  }
}

/// The verification of a rollback that was under way.
void Executor::settle_watch(const DeploymentState& d, const std::string& path, const StepProgress& step, Time now) {
  const auto* watch_step = step_kind<config::WatchStep>(d, path);
  if (const auto it = watches_.find(d.service); it != watches_.end()) {
    // After a gap it begins anew: nothing was measured meanwhile.
    const Time began = std::max(step.started, d.watched_from);
    it->second->watch.start_clean(std::max(began, it->second->watch.save().clean_since));
    it->second->verification =
        Verification{began, Time{}, watch_step->good_for, began + watch_step->timeout, step.attempt, path};
    return;
  }
  ledger_.add(unmeasured(d, path, step.attempt), now);
}

void Executor::settle_step(const DeploymentState& d, const std::string& procedure, const std::string& path,
                           const StepProgress& step, Time now) {
  if (step.status != Status_::running && step.status != Status_::checking) return;
  const bool check = step.status == Status_::checking;
  if (procedure == kRollback && !check && step_kind<config::WatchStep>(d, path))
    return settle_watch(d, path, step, now);
  if (procedure == kPlan && !check && !is_command(d, path)) return; // its end is in the records, or time's
  const Act act = act_at(procedure, path, check);
  const StepKey key = key_of(d, act, procedure, path, check ? step.checks : step.attempt);
  StepRunner::Seen seen = steps_.adopt(key);
  // Another boot: what the runner keeps may not have reached the disk, so "never started" proves nothing.
  if (seen == StepRunner::Seen::never && step.boot != ledger_.boot()) seen = StepRunner::Seen::lost;
  switch (seen) {
  case StepRunner::Seen::running:
  case StepRunner::Seen::finished: return; // on_finished tells
  case StepRunner::Seen::lost: {
    StepOutcome outcome;
    outcome.detail = "backstopd or the host went down while it ran, and no outcome was kept";
    on_step_finished(key, outcome, now);
    return;
  }
  case StepRunner::Seen::never: break;
  }
  if (procedure == kPlan && d.phase == Phase::rolling_back) { // it is not begun any more
    StepOutcome outcome;
    outcome.end = StepEnd::cancelled;
    outcome.detail = "the rollback began before it was started";
    on_step_finished(key, outcome, now);
    return;
  }
  // The intent was recorded, and the act never happened: it may happen now, as the first time.
  start(key, command_for(config_of(d), order_of(d, act, path)), now);
}

} // namespace backstop
