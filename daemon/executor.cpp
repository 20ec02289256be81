#include "daemon/executor.hpp"
#include "daemon/notice_text.hpp"
#include "daemon/step_order.hpp"
#include <algorithm>
#include <utility>

namespace backstop {
namespace {

using Status_ = StepProgress::Status;
using Act = StepOrder::Act;

constexpr const char* kRollback = "rollback";
constexpr const char* kPreflight = "preflight";
constexpr const char* kCheckSuffix = ".check";

/// The frozen file; an empty one where this version of backstop cannot read it any more: then no step is found in it.
const config::Service& config_of(const DeploymentState& d) {
  static const config::Service none;
  return d.config ? *d.config : none;
}

StepOrder order_of(const DeploymentState& d, Act act, const std::string& path) {
  return {act,
          d.service,
          config_of(d).hash,
          path,
          {{"version", d.version},
           {"previous_version", d.previous},
           {"deployment", d.id},
           {"incident", d.incident},
           {"reason", d.rollback ? one_line(d.rollback->cause) : ""}}};
}

StepKey key_of(const DeploymentState& d, Act act, const std::string& path, int attempt) {
  return {d.id, act == Act::preflight ? kPreflight : kRollback, act == Act::check ? path + kCheckSuffix : path,
          attempt};
}

template <class Kind> const Kind* step_kind(const DeploymentState& d, const std::string& path) {
  for (const config::Step& step : config_of(d).rollback) {
    if (step.path == path) return std::get_if<Kind>(&step.kind);
  }
  return nullptr;
}

StepIntended intent(const DeploymentState& d, const std::string& procedure, const std::string& path,
                    const std::string& name, const char* purpose, int attempt, std::vector<std::string> argv = {}) {
  return {d.id, procedure, path, name, purpose, attempt, std::move(argv)};
}

StepEnded done_at_once(const DeploymentState& d, const std::string& path, const char* purpose, int attempt,
                       std::string detail) {
  StepEnded ended;
  ended.deployment = d.id;
  ended.procedure = kRollback;
  ended.path = path;
  ended.purpose = purpose;
  ended.attempt = attempt;
  ended.end = "exited";
  ended.detail = std::move(detail);
  return ended;
}

void note_mismatch(StepEnded& ended, const std::string& running, const std::string& judged) {
  ended.end = "mismatch";
  ended.detail = "'" + running + "' runs, not " + judged + ", which was judged; nothing was undone";
}

bool takes_time(const NextAction& action) {
  return std::holds_alternative<RunAttempt>(action) || std::holds_alternative<RunCheck>(action) ||
         std::holds_alternative<BeginWatch>(action);
}

/// Whoever stops all that runs, as the host goes down, means no step in particular: how far it came is not known.
void note_cut_off(StepEnded& ended) {
  ended.end = name_of(StepEnd::unknown);
  ended.detail = "cut off by a shutdown of the host" + (ended.detail.empty() ? "" : ": " + ended.detail);
}

bool is_check(const std::string& path) { return path.ends_with(kCheckSuffix); }

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
  std::vector<std::string> gated, rolling;
  for (const DeploymentState* d : ledger_.state().in_phase(Phase::gated)) gated.push_back(d->id);
  for (const DeploymentState* d : ledger_.state().in_phase(Phase::rolling_back)) rolling.push_back(d->id);
  for (const std::string& id : gated) due = std::min(due, pump_preflight(*ledger_.state().deployment(id), now));
  for (const std::string& id : rolling) due = std::min(due, pump_rollback(id, now));
  return std::min(due, outbox_.pump(now));
}

Time Executor::pump_preflight(const DeploymentState& d, Time now) {
  if (ledger_.state().shutdown != Time{}) return kNever; // after the boot
  for (const auto& [path, step] : d.preflight) {
    if (step.status == Status_::pending) order(d, Act::preflight, path, "preflight", 1, now);
  }
  return kNever;
}

Time Executor::pump_rollback(const std::string& id, Time now) {
  for (;;) {
    const DeploymentState& d = *ledger_.state().deployment(id);
    if (d.phase != Phase::rolling_back || !d.rollback) return kNever;
    const NextAction action = next_action(d.plan, d.rollback->progress, now);
    if (ledger_.state().shutdown != Time{} && takes_time(action)) {
      hold_back(d, now);
      return kNever;
    }
    if (const auto* a = std::get_if<RunAttempt>(&action)) {
      run_attempt(d, a->step, a->attempt, now);
    } else if (const auto* check = std::get_if<RunCheck>(&action)) {
      run_check(d, check->step, check->check, now);
    } else if (const auto* notice = std::get_if<SendNotice>(&action)) {
      send_step_notice(d, notice->step, now);
    } else if (const auto* watch = std::get_if<BeginWatch>(&action)) {
      begin_watch(d, watch->step, now);
    } else if (const auto* review = std::get_if<OpenReview>(&action)) {
      open_review(d, review->step, now);
    } else if (const auto* wait = std::get_if<WaitUntil>(&action)) {
      return wait->at;
    } else if (const auto* over = std::get_if<ProcedureOver>(&action)) {
      rollback_over(d, over->succeeded, over->why, now);
      return kNever;
    }
  }
}

/// What a shutdown would cut off is better not begun: a step that was never started needs nobody to find out how far it
/// came. What is done in an instant goes on.
void Executor::hold_back(const DeploymentState& d, Time now) {
  if (d.rollback->held_back) return;
  const StepPlan& plan = d.plan[d.rollback->progress.current()];
  ledger_.add(StepHeldBack{d.id, kRollback, plan.path, plan.name}, now);
}

/// Records the intent; the act follows once it is durable.
void Executor::order(const DeploymentState& d, Act act, const std::string& path, const std::string& name, int attempt,
                     Time now) {
  Result<StepCommand> command = command_for(config_of(d), order_of(d, act, path));
  const StepKey key = key_of(d, act, path, attempt);
  ledger_.add(StepIntended{d.id, key.procedure, path, name, std::string(name_of(act)), attempt,
                           command ? command->argv : std::vector<std::string>{}},
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

void Executor::run_attempt(const DeploymentState& d, std::size_t index, int attempt, Time now) {
  if (index == 0) return ask_running_version(d, attempt, now);
  order(d, Act::run, d.plan[index].path, d.plan[index].name, attempt, now);
}

void Executor::run_check(const DeploymentState& d, std::size_t index, int check, Time now) {
  order(d, Act::check, d.plan[index].path, d.plan[index].name, check, now);
}

void Executor::ask_running_version(const DeploymentState& d, int attempt, Time now) {
  const StepPlan& plan = d.plan[0];
  if (!config_of(d).running_version_link.empty()) return look_at_link(d, attempt, now);
  if (config_of(d).running_version) return order(d, Act::version, plan.path, plan.name, attempt, now);
  ledger_.add(intent(d, kRollback, plan.path, plan.name, "version", attempt), now);
  ledger_.add(done_at_once(d, plan.path, "version", attempt, "running_version is not configured: not asked"), now);
}

void Executor::look_at_link(const DeploymentState& d, int attempt, Time now) {
  const std::string& link = d.config->running_version_link;
  ledger_.add(intent(d, kRollback, d.plan[0].path, d.plan[0].name, "version", attempt), now);
  const Result<std::string> target = read_link_(link);
  const std::string version = target ? version_in(*target) : "";
  StepEnded ended = done_at_once(d, d.plan[0].path, "version", attempt, link + " points to " + target.value_or(""));
  if (!target) {
    ended.status = 1;
    ended.detail = target.error().what;
  } else if (version != d.version) {
    note_mismatch(ended, version, d.version);
  }
  ledger_.add(std::move(ended), now);
}

void Executor::send_step_notice(const DeploymentState& d, std::size_t index, Time now) {
  const StepPlan& plan = d.plan[index];
  const auto* step = step_kind<config::NotifyStep>(d, plan.path);
  const int attempt = d.rollback->progress.steps[index].attempt + 1;
  ledger_.add(intent(d, kRollback, plan.path, plan.name, "notify", attempt), now);
  announce(ledger_,
           {"rollback_started." + plan.path + (attempt > 1 ? "." + std::to_string(attempt) : ""), step->severity,
            d.service + ": rolling back " + d.version + " to " + d.previous + " because " + d.rollback->cause,
            d.incident, d.id},
           config_.daemon, step->to, now);
  // Queued durably is done: a slow or failing notice never delays the rollback.
  ledger_.add(done_at_once(d, plan.path, "notify", attempt, "queued"), now);
}

void Executor::begin_watch(const DeploymentState& d, std::size_t index, Time now) {
  const StepPlan& plan = d.plan[index];
  const auto* step = step_kind<config::WatchStep>(d, plan.path);
  const int attempt = d.rollback->progress.steps[index].attempt + 1;
  ledger_.add(intent(d, kRollback, plan.path, plan.name, "watch", attempt), now);
  if (const auto it = watches_.find(d.service); it != watches_.end()) {
    it->second->watch.start_clean(now);
    it->second->verification = Verification{now, Time{}, step->good_for, now + step->timeout, attempt, plan.path};
  } else {
    StepEnded ended =
        done_at_once(d, plan.path, "watch", attempt, "the service is not configured any more: nothing measures it");
    ended.status = 1;
    ledger_.add(std::move(ended), now);
  }
}

void Executor::verification_ended(ServiceWatch& watch, bool good, const std::string& why, Time now) {
  const Verification v = *std::exchange(watch.verification, std::nullopt);
  const DeploymentState* d = ledger_.state().active(watch.key);
  if (!d) return;
  StepEnded ended = done_at_once(*d, v.path, "watch", v.attempt, why);
  ended.status = good ? 0 : 1;
  ended.took = now - v.started;
  ledger_.add(std::move(ended), now);
}

void Executor::open_review(const DeploymentState& d, std::size_t index, Time now) {
  const StepPlan& plan = d.plan[index];
  const auto* step = step_kind<config::ReviewStep>(d, plan.path);
  const int attempt = d.rollback->progress.steps[index].attempt + 1;
  ledger_.add(intent(d, kRollback, plan.path, plan.name, "review", attempt), now);
  ledger_.add(ReviewOpened{d.incident, d.id, now + step->due}, now);
  ledger_.add(done_at_once(d, plan.path, "review", attempt, "opened"), now);
}

void Executor::rollback_over(const DeploymentState& d, bool succeeded, const std::string& why, Time now) {
  const std::string id = d.id, service = d.service, incident = d.incident, cause = d.rollback->cause;
  const std::string versions = d.version + " to " + d.previous;
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
  const std::string what = service + ": the rollback of " + versions + " FAILED: " + why;
  ledger_.add(DeploymentEnded{id, std::string(name_of(Phase::rollback_failed)), why}, now);
  ledger_.add(ServiceLocked{service, id, "rollback failed: " + why}, now);
  ledger_.add(IncidentEscalated{incident, "critical", what}, now);
  announce(ledger_,
           {"rollback_failed." + std::to_string(attempts), "critical",
            what + "; the service is LOCKED until a person runs backstopctl unlock", incident, id},
           config_.daemon, {}, now);
}

void Executor::on_step_finished(const StepKey& key, const StepOutcome& outcome, Time now) {
  if (key.procedure == "notice") return; // a channel's command: the notifier hears of it by itself
  const DeploymentState* d = ledger_.state().deployment(key.deployment);
  StepEnded ended;
  ended.deployment = key.deployment;
  ended.procedure = key.procedure;
  ended.path =
      is_check(key.path) ? key.path.substr(0, key.path.size() - std::string_view(kCheckSuffix).size()) : key.path;
  ended.attempt = key.attempt;
  ended.purpose = is_check(key.path)            ? "check"
                  : key.procedure == kPreflight ? "preflight"
                  : key.path == "0"             ? "version"
                                                : "run";
  ended.end = name_of(outcome.end);
  ended.status = outcome.status;
  ended.took = outcome.took;
  ended.output = outcome.output;
  ended.output_cut = outcome.output_cut;
  ended.detail = outcome.detail;
  const StepProgress* step = nullptr;
  if (d && key.procedure == kPreflight) {
    if (const auto it = d->preflight.find(ended.path); it != d->preflight.end()) step = &it->second;
  } else if (d && d->rollback) {
    for (std::size_t i = 0; i < d->plan.size(); ++i) {
      if (d->plan[i].path == ended.path) step = &d->rollback->progress.steps[i];
    }
  }
  const bool awaited =
      step && (ended.purpose == "check" ? step->status == Status_::checking && step->checks == key.attempt
                                        : step->status == Status_::running && step->attempt == key.attempt);
  if (awaited) {
    const bool host_went_down = ledger_.state().shutdown != Time{} || step->boot != ledger_.boot();
    if (outcome.end == StepEnd::cancelled && host_went_down) note_cut_off(ended);
    if (ended.purpose == "version" && outcome.succeeded() && trimmed(outcome.output) != d->version) {
      note_mismatch(ended, trimmed(outcome.output), d->version);
    }
    ledger_.add(std::move(ended), now);
  }
  ledger_.after_commit([this, key] { steps_.forget(key); });
}

void Executor::settle_after_restart(Time now) {
  for (const auto& [id, d] : ledger_.state().deployments) {
    if (d.phase == Phase::gated) {
      for (const auto& [path, step] : d.preflight) settle_step(d, kPreflight, path, step, now);
    }
    if (d.phase != Phase::rolling_back || !d.rollback) continue;
    const std::size_t i = d.rollback->progress.current();
    if (i < d.plan.size()) settle_step(d, kRollback, d.plan[i].path, d.rollback->progress.steps[i], now);
  }
}

void Executor::settle_step(const DeploymentState& d, const std::string& procedure, const std::string& path,
                           const StepProgress& step, Time now) {
  if (step.status != Status_::running && step.status != Status_::checking) return;
  const bool check = step.status == Status_::checking;
  if (procedure == kRollback && path != "0" && !check && step_kind<config::WatchStep>(d, path)) {
    const auto* watch_step = step_kind<config::WatchStep>(d, path);
    if (const auto it = watches_.find(d.service); it != watches_.end()) {
      // After a gap it begins anew: nothing was measured meanwhile.
      const Time began = std::max(step.started, d.watched_from);
      it->second->watch.start_clean(std::max(began, it->second->watch.save().clean_since));
      it->second->verification =
          Verification{began, Time{}, watch_step->good_for, began + watch_step->timeout, step.attempt, path};
    } else {
      StepEnded ended =
          done_at_once(d, path, "watch", step.attempt, "the service is not configured any more: nothing measures it");
      ended.status = 1;
      ledger_.add(std::move(ended), now);
    }
    return;
  }
  const Act act = check ? Act::check : procedure == kPreflight ? Act::preflight : path == "0" ? Act::version : Act::run;
  const StepKey key = key_of(d, act, path, check ? step.checks : step.attempt);
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
  // The intent was recorded, and the act never happened: it may happen now, as the first time.
  start(key, command_for(config_of(d), order_of(d, act, path)), now);
}

} // namespace backstop
