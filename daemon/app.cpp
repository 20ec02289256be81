#include "daemon/app.hpp"
#include "daemon/deciding.hpp"
#include "daemon/narrate.hpp"
#include "daemon/notice_text.hpp"
#include <algorithm>
#include <utility>

namespace backstop {
namespace {

constexpr Duration kSaveEvery = std::chrono::seconds(10); ///< of a watch whose timers did not move
constexpr Duration kPageRetry = std::chrono::seconds(30);
constexpr Duration kJournalRetry = std::chrono::seconds(1);
constexpr std::size_t kMaxWaiting = 10'000; ///< records held in memory while the journal cannot be written
constexpr int kSettleRounds = 64;           ///< a procedure of instant steps ends long before

constexpr std::uint64_t kSettlingScrapes = 30; ///< of each target, failed ones too

bool is_settling(const ServiceWatch& watch) {
  for (const auto& targets : watch.sources) {
    for (const SourceHealth& target : targets) {
      if (target.scrapes < kSettlingScrapes) return true;
    }
  }
  return false;
}

/// What `deploy begin` had checked, and what the time that preflight takes may have changed. Empty: nothing.
std::string changed_while_gated(const State& state, const DeploymentState& d) {
  if (const DeploymentState* old = state.active(d.service); old && old->phase == Phase::rolling_back)
    return old->id + " is being rolled back; begin again after its end";
  const ServiceState* service = state.service(d.service);
  if (!service) return {};
  if (!service->locked_by.empty()) return "the service is LOCKED: " + service->locked_why;
  for (const std::string& version : {d.version, d.previous}) {
    if (const auto q = service->quarantine.find(version); q != service->quarantine.end())
      return version + " is quarantined: " + q->second;
  }
  return {};
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& w : words) text += (text.empty() ? "" : ", ") + w;
  return text;
}

} // namespace

App::App(config::Config config, Seams seams, ReadFrozen read_frozen, const std::string& boot)
    : config_(std::move(config)), seams_(seams), ledger_(seams.journal, std::move(read_frozen), boot),
      executor_(ledger_, seams.steps, seams.notifier, watches_, config_, seams.read_link),
      game_days_(ledger_, seams.steps, seams.notifier, watches_, config_, seams.read_link) {
  ledger_.on_commit = [this] {
    if (on_commit) on_commit();
  };
  ledger_.on_durable = [this](const Record& record, const Payload& payload) {
    log_record(record, payload);
    if (on_durable) on_durable(record, payload);
  };
}

std::string App::degraded() const {
  if (!refused_journal_.empty()) return refused_journal_;
  if (!ledger_.broken().empty()) return "the journal cannot be written: " + ledger_.broken();
  return {};
}

/// One title for one reason: another one is another page.
std::string App::page_title() const { return "backstopd only observes: " + degraded(); }

/// A deployment is judged by the configuration that it began with; everything else by the newest.
void App::refresh_watches(Time now) {
  ServiceWatches fresh;
  bool changed = false;
  const auto watch = [&](const config::Service& wanted) {
    const std::string key = wanted.key();
    const auto old = watches_.find(key);
    if (old != watches_.end() && old->second->config.hash == wanted.hash) {
      fresh[key] = std::move(old->second);
      return;
    }
    changed = true;
    Result<config::CompiledService> compiled = config::compile(wanted);
    if (!compiled) {
      seams_.log.write(LogLevel::error, key + " is not watched: " + compiled.error().what, {});
      return;
    }
    fresh[key] = std::make_unique<ServiceWatch>(wanted, *std::move(compiled));
    fresh[key]->generation = ++generations_;
    restore_watch(*fresh[key], now);
  };
  for (const config::Service& service : config_.services) {
    const DeploymentState* d = state().active(service.key());
    watch(d && d->config ? *d->config : service);
  }
  for (const auto& [key, service] : state().services) {
    const DeploymentState* d = state().active(key);
    if (!d || !d->config || !newest_hash(key).empty()) continue;
    seams_.log.write(LogLevel::warning, key + " is not configured any more; " + d->id + " is watched to its end", {});
    watch(*d->config);
  }
  changed = changed || fresh.size() != watches_.size();
  watches_ = std::move(fresh);
  if (changed && on_watches_changed) on_watches_changed();
}

Status App::load() {
  Status read = ledger_.recover();
  if (!read) {
    refused_journal_ = read.error().what;
    seams_.log.write(LogLevel::error, "observe only, nothing will be rolled back: " + refused_journal_, {});
  }
  return read;
}

void App::resume(Time now, const std::string& version, Duration anchor) {
  refresh_watches(now);
  if (!refused_journal_.empty()) {
    executor_.page_unrecorded(page_title(), now);
    next_due_ = now + kPageRetry;
    return;
  }
  ledger_.add(DaemonStarted{version, config_.hash, anchor}, now);
  executor_.settle_after_restart(now);
  settle(now);
}

void App::restore_watch(ServiceWatch& watch, Time now) {
  const std::string key = watch.config.key();
  if (const Result<Json> saved = seams_.recorder.get("watch/" + key); saved && !saved->is_null()) {
    if (Result<WatchState> state = state_of((*saved)["state"])) {
      const bool same_rules = saved->text("config") == watch.config.hash;
      if (same_rules && !watch.watch.restore(*std::move(state), now)) watch.watch.forget_history();
      if (same_rules) watch.learned = saved->text("learned");
    }
  }
  if (const DeploymentState* d = state().active(key)) {
    std::vector<Baseline> baselines;
    for (const FrozenBaseline& f : d->baselines) baselines.push_back(baseline_of(f));
    watch.watch.set_baselines(std::move(baselines));
  }
}

void App::save_watch(const ServiceWatch& watch, Time now) {
  const std::string key = watch.config.key();
  Json kept = Json::object();
  kept.set("config", watch.config.hash).set("learned", watch.learned).set("state", snapshot_of(watch.watch.save()));
  saved_[key] = now;
  const Status saved = seams_.recorder.put("watch/" + key, kept);
  const std::string why = saved ? "" : saved.error().what;
  if (std::exchange(unsaved_[key], why) != why && !why.empty())
    seams_.log.write(LogLevel::warning, "the timers of " + key + " cannot be saved for now: " + why, {});
}

void App::on_scrape(const std::string& service, const Scrape& scrape, Time now) {
  const auto it = watches_.find(service);
  if (it == watches_.end()) return;
  ServiceWatch& watch = *it->second;
  watch.watch.observe(scrape);
  SourceHealth& health = watch.sources[scrape.source][scrape.target];
  health.up = scrape.health == ScrapeHealth::ok;
  health.why = scrape.why.empty() ? scrape.note : scrape.why;
  health.took = scrape.arrived - scrape.t;
  ++health.scrapes;
  health.up ? void(health.last_ok = scrape.t) : void(++health.failures);
  watch.last_arrival = scrape.arrived;

  // Judged as of the samples' time, so that a replay of the same samples decides the same.
  judge(watch, std::max(watch.last.t, scrape.t), now);
  if (on_evaluated) on_evaluated(service, watch.last, scrape);
}

void App::judge(ServiceWatch& watch, Time at, Time now) {
  const std::string key = watch.config.key();
  const DeploymentState* d = state().active(key);
  bool armed = true;
  if (d && !watch.verification) {
    const Time armed_at = window_of(*d).armed_at();
    armed = d->phase == Phase::rolling_back || (d->phase == Phase::watching && now >= armed_at);
    if (armed && d->phase == Phase::watching && watch.watch.clean_since() < armed_at)
      watch.watch.start_clean(armed_at); // the warm-up blames nobody
  }
  const std::vector<RuleState> before = watch.watch.rules();
  const bool learn = may_learn(key);
  if (const ServiceState* s = state().service(key); learn && watch.learned != s->version) {
    if (!watch.learned.empty()) watch.watch.forget_history(); // it was another version's
    watch.learned = s->version;
  }
  watch.last = watch.watch.evaluate(at, armed, learn);
  if (!refused_journal_.empty() || ledger_.waiting() > kMaxWaiting) return;
  note_levels(watch, now);
  follow(watch, now);
  settle(now);
  if (watch.watch.rules() != before || now - saved_[key] >= kSaveEvery) save_watch(watch, now);
}

/// Only what a verified-good version did undisturbed enters the history that baselines are frozen from.
bool App::may_learn(const std::string& key) const {
  const ServiceState* s = state().service(key);
  if (!s || s->version.empty()) return false;
  const auto version = s->versions.find(s->version);
  if (version == s->versions.end() || !version->second.good) return false;
  const DeploymentState* d = state().active(key);
  return !d || d->verified_good;
}

void App::note_levels(const ServiceWatch& watch, Time now) {
  const std::string key = watch.config.key();
  const ServiceState* s = state().service(key);
  for (const Verdict& v : watch.last.verdicts) {
    std::string before = "normal";
    if (s) {
      if (const auto it = s->levels.find(v.rule); it != s->levels.end()) before = it->second;
    }
    const std::string level(name_of(v.level));
    if (level == before) continue;
    const DeploymentState* d = state().active(key);
    ledger_.add(LevelChanged{key, d ? d->id : "", before, level, evidence_of(v, watch.watch)}, now);
  }
}

void App::follow(ServiceWatch& watch, Time now) {
  watch.next_due = kNever;
  if (watch.verification) follow_verification(watch, now);
  if (const DeploymentState* d = state().active(watch.config.key()); d && is_judged(d->phase)) {
    follow_deployment(watch, *d, now);
  }
}

void App::follow_verification(ServiceWatch& watch, Time now) {
  Verification& v = *watch.verification;
  std::string bad;
  for (const Verdict& verdict : watch.last.verdicts) {
    if (verdict.mode == Mode::observe || verdict.preexisting) continue;
    if (verdict.health == Health::ok && verdict.reading_level != Level::critical) continue;
    bad += (bad.empty() ? "" : "; ") + verdict.rule + ": " + verdict.why;
  }
  const bool measured = watch.last.t > v.started;
  if (!bad.empty() || !measured) {
    v.good_since = Time{};
  } else if (v.good_since == Time{}) {
    v.good_since = now;
  }
  if (v.good_since != Time{} && now - v.good_since >= v.good_for) {
    executor_.verification_ended(watch, true, "good for " + show(to_seconds(now - v.good_since), Unit::seconds), now);
  } else if (now >= v.deadline) {
    executor_.verification_ended(
        watch, false, "not good by its deadline: " + (bad.empty() ? "it was not good for long enough" : bad), now);
  } else {
    watch.next_due = v.deadline;
  }
}

void App::follow_deployment(ServiceWatch& watch, const DeploymentState& d, Time now) {
  const Decision decision = decision_for(d, watch.last, now);
  watch.next_due = decision.next_due;
  const std::string id = d.id;
  if (decision.kind == DecisionKind::keep_watching && !d.last_decision.empty() && d.last_decision != "KeepWatching") {
    // A regression that is gone before it was acted upon is reported, not acted upon.
    ledger_.add(DecisionMade{"E" + std::to_string(state().next_decision),
                             d.service,
                             id,
                             "KeepWatching",
                             "observed",
                             "what was critical is so no more",
                             "",
                             {},
                             {},
                             Time{}},
                now);
    if (const auto it = state().incidents.find(d.incident); it != state().incidents.end() && it->second.open()) {
      ledger_.add(IncidentResolved{d.incident, "gone by itself before it was acted upon"}, now);
      announce(ledger_,
               {"gone", "resolved", d.service + " " + d.version + ": what was critical is so no more; nothing was done",
                d.incident, id},
               config_.daemon.channels, {}, now);
    }
  }
  if (decision.good && !d.verified_good) ledger_.add(VersionVerifiedGood{id, d.service, d.version}, now);
  // Right after a start the windows are still filling: a bake that ended meanwhile is not undecided for that.
  if (decision.kind == DecisionKind::undecided && is_settling(watch)) return;
  if (decision.kind == DecisionKind::accept || decision.kind == DecisionKind::undecided) {
    const bool kept = decision.kind == DecisionKind::accept;
    if (kept && !d.verified_good) ledger_.add(VersionVerifiedGood{id, d.service, d.version}, now);
    const std::string what =
        d.service + " " + d.version + (kept ? ": kept, " : ": undecided, a person must look: ") + decision.why;
    if (!kept) open_incident(ledger_, d, "alert", what, now, "backstopd");
    ledger_.add(DeploymentEnded{id, std::string(name_of(kept ? Phase::succeeded : Phase::undecided)), decision.why},
                now);
    announce(ledger_, {kept ? "kept" : "undecided", kept ? "info" : "alert", what, kept ? "" : d.incident, id},
             config_.daemon.channels, {}, now);
    return;
  }
  if (decision.kind != DecisionKind::roll_back) return;

  const Standing standing =
      standing_of(state(), d, decision, config_.daemon.limits, suspected_dependency(state(), watches_, watch), now);
  const std::string now_standing = standing.status + (standing.because.empty() ? "" : ":" + standing.because);
  if (d.last_decision != "RollBack" || d.last_decision_status != now_standing) {
    DecisionMade made{"E" + std::to_string(state().next_decision),
                      d.service,
                      id,
                      "RollBack",
                      standing.status,
                      decision.why,
                      standing.because,
                      decision.rules,
                      {},
                      watch.last_arrival};
    for (const Verdict& v : watch.last.verdicts) made.evidence.push_back(evidence_of(v, watch.watch));
    ledger_.add(std::move(made), now);
    const std::string what = d.service + " " + d.version + ": " + decision.why;
    const std::string severity = standing.status == "observed" ? "alert" : "critical";
    const std::string incident = open_incident(ledger_, d, severity, what, now, "backstopd");
    if (standing.lock) ledger_.add(ServiceLocked{d.service, id, standing.because}, now);
    if (standing.status == "awaiting_confirmation" && !d.confirmation) {
      ledger_.add(ConfirmationAsked{id, decision.why, now + d.config->confirm_timeout}, now);
    }
    if (standing.status != "enforced") {
      announce(ledger_,
               {"decision." + state().deployment(id)->last_decision_id, severity,
                what + " - NOT rolled back: " + standing.because +
                    (standing.status == "awaiting_confirmation" ? "; backstopctl confirm " + id + " --reason …" : ""),
                incident, id},
               config_.daemon.channels, {}, now);
    }
  }
  if (standing.status == "enforced") start_rollback(ledger_, d, decision.why, now, "backstopd");
}

void App::expire(Time now) {
  std::vector<std::string> holds, confirmations;
  for (const auto& [key, hold] : state().holds) {
    hold.until <= now ? holds.push_back(key) : void(next_due_ = std::min(next_due_, hold.until));
  }
  for (const auto& [id, d] : state().deployments) {
    if (!d.confirmation) continue;
    d.confirmation->until <= now ? confirmations.push_back(id)
                                 : void(next_due_ = std::min(next_due_, d.confirmation->until));
  }
  for (const std::string& key : holds) ledger_.add(HoldEnded{key, "expired"}, now);
  for (const std::string& id : confirmations) {
    const DeploymentState& d = *state().deployment(id);
    const std::string what = d.service + " " + d.version + ": nobody answered whether to roll back (" +
                             d.confirmation->why + "); nothing was done";
    const std::string incident = d.incident;
    ledger_.add(ConfirmationAnswered{id, "timed_out", "no answer in time"}, now);
    announce(ledger_, {"confirmation_timed_out", "critical", what, incident, id}, config_.daemon.channels, {}, now);
  }
}

/// After its preflight: whoever began it may not be looking any more.
void App::refuse(const DeploymentState& d, const std::string& reason, const std::string& why, Time now) {
  const std::string id = d.id, what = d.service + " " + d.version + ": not begun: " + why;
  ledger_.add(DeploymentRefused{id, reason, why}, now);
  announce(ledger_, {"refused", "alert", what, "", id}, config_.daemon.channels, {}, now);
}

void App::gate(Time now) {
  std::vector<std::string> gated;
  for (const auto& [id, d] : state().deployments) {
    if (d.phase == Phase::gated) gated.push_back(id);
  }
  for (const std::string& id : gated) {
    const DeploymentState& d = *state().deployment(id);
    std::string failed;
    bool waiting = false;
    for (const auto& [path, step] : d.preflight) {
      if (step.status == StepProgress::Status::failed)
        failed += (failed.empty() ? "" : "; ") + ("preflight of step " + path + ": " + step.why);
      waiting = waiting || (step.status != StepProgress::Status::failed && step.status != StepProgress::Status::done);
    }
    if (!failed.empty() && !d.irreversible) {
      refuse(d, "no_target", "the rollback would be impossible: " + failed, now);
      continue;
    }
    if (waiting) continue;
    const auto it = watches_.find(d.service);
    if (it == watches_.end()) {
      refuse(d, "not_found", "the service is not configured any more", now);
      continue;
    }
    if (const std::string changed = changed_while_gated(state(), d); !changed.empty()) {
      refuse(d, "conflict", changed, now);
      continue;
    }
    if (const DeploymentState* old = state().active(d.service)) {
      end_deployment(ledger_, *old, Phase::superseded, "superseded by " + id + " (" + d.version + ")",
                     config_.daemon.channels, now, "backstopd");
    }
    ServiceWatch& watch = *it->second;
    DeploymentBegun begun{id, {}, {}};
    const std::vector<Baseline> frozen = watch.watch.freeze(now);
    for (std::size_t i = 0; i < frozen.size(); ++i)
      begun.baselines.push_back(frozen_of(watch.watch.spec().indicators[i].name, frozen[i]));
    const std::vector<std::string> excused = watch.watch.excuse_preexisting();
    for (const Verdict& v : watch.last.verdicts) {
      if (std::find(excused.begin(), excused.end(), v.rule) != excused.end())
        begun.preexisting.push_back(evidence_of(v, watch.watch));
    }
    watch.watch.set_baselines(frozen);
    ledger_.add(std::move(begun), now);
    save_watch(watch, now);
  }
}

void App::settle(Time now) {
  if (!refused_journal_.empty()) {
    next_due_ = now + kPageRetry;
    return;
  }
  for (int round = 0; round < kSettleRounds; ++round) {
    next_due_ = kNever;
    gate(now);
    expire(now);
    next_due_ = std::min(next_due_, executor_.pump(now));
    if (now < journal_retry_) {
      next_due_ = std::min(next_due_, journal_retry_);
      return;
    }
    const std::string before = ledger_.broken();
    if (Status s = ledger_.flush(); !s) {
      if (s.error().what != before)
        seams_.log.write(LogLevel::error, "nothing is done until the journal can be written: " + s.error().what, {});
      journal_retry_ = now + kJournalRetry;
      executor_.page_unrecorded(page_title(), now);
      next_due_ = std::min(next_due_, journal_retry_);
      return;
    }
    if (!before.empty()) {
      seams_.log.write(LogLevel::warning, "the journal can be written again; the daemon acts", {});
      executor_.pages_over();
    }
    if (ledger_.idle()) break;
  }
  for (const auto& [key, watch] : watches_) {
    next_due_ = std::min(next_due_, watch->next_due);
    if (!state().active(key)) stale_ = stale_ || watch->config.hash != newest_hash(key);
  }
  if (stale_) next_due_ = now; // not here: a caller may hold the watch that goes
}

std::string App::newest_hash(const std::string& key) const {
  for (const config::Service& service : config_.services) {
    if (service.key() == key) return service.hash;
  }
  return {};
}

void App::on_tick(Time now) {
  if (std::exchange(stale_, false)) refresh_watches(now);
  if (!degraded().empty()) executor_.page_unrecorded(page_title(), now);
  for (auto& [key, watch] : watches_) {
    if (watch->next_due <= now) judge(*watch, std::max(watch->last.t, now), now);
  }
  settle(now);
}

void App::on_step_finished(const StepKey& key, const StepOutcome& outcome, Time now) {
  if (!game_days_.on_step_finished(key, outcome, now)) executor_.on_step_finished(key, outcome, now);
  settle(now);
}

Reply App::on_command(const Command& command, const std::string& actor, Time now) {
  if (const std::string why = degraded(); !why.empty()) {
    return refusal("journal", "the command", "nothing can be recorded: " + why,
                   "mend the journal (free space, `backstopctl status` says more), then repeat it");
  }
  Operator op(ledger_, watches_, config_, game_days_, actor, now);
  const Reply reply = std::visit(op, command);
  if (reply.ok) {
    for (auto& [key, watch] : watches_) follow(*watch, now);
  }
  settle(now);
  if (!ledger_.broken().empty())
    return refusal("journal", "the command", "it is not on disk yet: " + ledger_.broken(),
                   "it takes effect as soon as the journal can be written");
  return reply;
}

void App::on_config(config::Config config, Time now) {
  config_ = std::move(config);
  config_faults_.clear();
  refresh_watches(now);
  std::vector<std::string> names;
  for (const auto& [key, watch] : watches_) names.push_back(key);
  ledger_.add(ConfigApplied{config_.hash, names}, now);
  settle(now);
}

void App::on_config_refused(const std::vector<std::string>& faults, Time now) {
  config_faults_ = faults;
  if (!degraded().empty()) // the log is told of records when they are on the disk
    seams_.log.write(LogLevel::error, "the new configuration has faults, the old one stays in force: " + join(faults),
                     {});
  if (!refused_journal_.empty()) return;
  ledger_.add(ConfigRefused{faults}, now);
  announce(ledger_,
           {"config_refused." + std::to_string(to_us(now)), "alert",
            "the new configuration has faults, the old one stays in force: " + join(faults), "", ""},
           config_.daemon.channels, {}, now);
  settle(now);
}

void App::on_stop(Time now) {
  for (const auto& [key, watch] : watches_) save_watch(*watch, now);
  ledger_.add(DaemonStopped{}, now);
  journal_retry_ = Time{}; // the last chance
  settle(now);
  if (!ledger_.broken().empty())
    seams_.log.write(
        LogLevel::error,
        std::to_string(ledger_.waiting()) + " records could not be written and are lost: " + ledger_.broken(), {});
}

void App::log_record(const Record& record, const Payload& payload) {
  Log::Fields fields{{"BACKSTOP_RECORD", std::to_string(record.seq)},
                     {"BACKSTOP_TYPE", record.type},
                     {"BACKSTOP_SUBJECT", record.subject},
                     {"BACKSTOP_ACTOR", record.actor}};
  if (const DeploymentState* d = state().deployment(record.subject)) {
    fields.emplace_back("BACKSTOP_DEPLOYMENT", d->id);
    fields.emplace_back("BACKSTOP_SERVICE", d->service);
    if (!d->incident.empty()) fields.emplace_back("BACKSTOP_INCIDENT", d->incident);
  }
  const Narrative told = narrate(payload);
  seams_.log.write(told.level, told.text, fields);
}

} // namespace backstop
