#include "daemon/app.hpp"
#include "daemon/deciding.hpp"
#include "daemon/learning.hpp"
#include "daemon/notice_text.hpp"
#include "daemon/rollout.hpp"
#include <algorithm>
#include <utility>

/// What follows from new samples: verdicts, levels, and what a deployment or a verification makes of them.
namespace backstop {
namespace {

constexpr std::size_t kMaxWaiting = 10'000;    ///< records held in memory while the journal cannot be written
constexpr std::uint64_t kSettlingScrapes = 30; ///< of each target, failed ones too

bool is_settling(const ServiceWatch& watch) {
  for (std::size_t i = 0; i < watch.sources.size(); ++i) {
    for (std::uint32_t place = 0; place < watch.sources[i].size(); ++place) {
      if (!watch.places[i].present(place) || !watch.places[i].from_start(place)) continue;
      if (watch.sources[i][place].scrapes < kSettlingScrapes) return true;
    }
  }
  return false;
}

} // namespace

/// What only waited for its time, each as of when it was due. Where the daemon was held up for so long that nobody watched
/// meanwhile, as of now.
void App::judge_due(ServiceWatch& watch, Time until, Time now) {
  for (Time due = watch.next_due; due <= until; due = watch.next_due) {
    const Time by = now - due > watch.watch.longest_pause() ? now : due;
    judge(watch, {std::max(watch.last.t, by), by, now});
    if (watch.next_due <= due) return; // it could not be followed: nothing can be recorded
  }
}

void App::judge(ServiceWatch& watch, const Instant& when) {
  const std::string& key = watch.key;
  const DeploymentState* d = state().active(key);
  note_gap(watch, false, when.at);
  bool armed = true;
  if (d && !watch.verification) {
    const Time armed_at = window_of(*d).armed_at();
    const bool watched = watched_since(*d) != Time{};
    armed = d->phase == Phase::rolling_back || (watched && when.by >= armed_at);
    const bool timed = watch.config.judge.kind == config::JudgeKind::table; // evidence is gathered from the start
    const bool first_look = watched && !(d->phase == Phase::watching && watched_by_plan(*d));
    if (timed && armed && first_look && watch.watch.clean_since() < armed_at)
      watch.watch.start_clean(armed_at); // the warm-up blames nobody
  }
  const JudgedSide side = judged_side(watch.config, d, state().service(key));
  watch.judge_side(side.side, side.against);
  const bool learn = may_learn(key);
  if (const ServiceState* s = state().service(key); learn && watch.learned != s->version) {
    if (!watch.learned.empty()) watch.watch.forget_history(); // it was another version's
    watch.learned = s->version;
  }
  const Time out = !d || d->phase == Phase::rolling_back ? Time{}
                   : watched_since(*d) != Time{}         ? watched_since(*d)
                                                         : kNever;
  watch.last = watch.watch.evaluate(when.at, armed, learn, out);
  watch.recent.note(watch.last.t, watch.last.readings);
  if (!refused_journal_.empty() || ledger_.waiting() > kMaxWaiting) return;
  note_levels(watch, when.now);
  follow(watch, when);
  settle(when.now);
  keep_watch(watch, when.now);
}

/// What nobody watched is no proof of anything: neither of a good version nor of one that failed its verification.
void App::note_gap(ServiceWatch& watch, bool rebooted, Time now) {
  const DeploymentState* d = state().active(watch.key);
  if (!d || (watched_since(*d) == Time{} && d->phase != Phase::rolling_back)) return;
  const Duration lasted = now - std::max({watch.watch.evaluated(), watched_since(*d), d->finished, d->watched_from});
  if (!rebooted && lasted <= watch.watch.longest_pause()) return;
  ledger_.add(WatchInterrupted{d->id, lasted, rebooted}, now);
  if (watch.verification) {
    watch.verification->good_since = Time{};
    watch.verification->deadline += lasted;
  }
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
  const std::string& key = watch.key;
  const ServiceState* s = state().service(key);
  for (const Verdict& v : watch.last.verdicts) {
    std::string before = "normal";
    if (s) {
      if (const auto it = s->levels.find(v.rule); it != s->levels.end()) before = it->second;
    }
    const std::string level(name_of(v.level));
    if (level == before) continue;
    // Timers that begin anew, and a window with nothing in it yet, are no recovery: that is told when a reading shows it.
    const bool falls = before == "critical" || (before == "alert" && v.level == Level::normal);
    const bool shown = v.health == Health::ok && v.reading_level == v.level;
    if (falls && !shown) continue;
    const DeploymentState* d = state().active(key);
    ledger_.add(LevelChanged{key, d ? d->id : "", before, level, evidence_of(v, watch.watch), watch.last.t}, now);
  }
}

void App::follow(ServiceWatch& watch, const Instant& when) {
  const std::string& key = watch.key;
  watch.next_due = kNever;
  if (watch.verification) follow_verification(watch, when.now);
  if (const DeploymentState* d = state().active(key); d && is_judged(d->phase)) {
    learn_from(watch, *d, when.at);
    follow_deployment(watch, *d, when);
  }
  watch.next_due == kNever ? void(timed_.erase(key)) : void(timed_.insert(key));
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

/// A watch within a plan: it passes, or a person must look before more traffic goes to the new version.
void App::follow_bake(const DeploymentState& d, const Decision& decision, Time now) {
  std::string why = decision.why;
  if (const std::string window = "the bake window"; why.starts_with(window)) why.replace(0, window.size(), "its watch");
  if (decision.kind == DecisionKind::accept) {
    executor_.bake_passed(d, why, now);
  } else if (decision.kind == DecisionKind::undecided && !d.rollout->pause) {
    const std::string id = d.id, service = d.service;
    const std::string step = step_at_hand(d)->name;
    const std::string what = d.service + " " + d.version + ": the plan is paused at " + step + ": " + why;
    pause_plan(id, why, now);
    const std::string incident = open_incident(ledger_, *state().deployment(id), "alert", what, now, "backstopd");
    announce(ledger_,
             {"paused." + std::to_string(to_us(now)), "alert",
              what + "; look, then backstopctl deploy promote, resume or abort " + id, incident, id},
             config_.daemon, {}, now);
  }
}

/// What is wrong is not undone by the daemon: neither does more traffic go there.
void App::pause_plan(const std::string& id, const std::string& why, Time now) {
  const DeploymentState& d = *state().deployment(id);
  if (d.phase != Phase::deploying || !d.rollout || d.rollout->pause) return;
  const StepPlan* step = step_at_hand(d);
  ledger_.add(PlanPaused{id, step ? step->path : "", why}, now);
}

/// The plan of a deployment came to its end: the version is out; or a step failed, and what follows is decided at once.
void App::follow_plans(Time now) {
  std::vector<std::string> ended;
  for (const DeploymentState* d : state().in_phase(Phase::deploying))
    if (d->rollout && d->rollout->progress.ended) ended.push_back(d->id);
  for (const std::string& id : ended) {
    const DeploymentState& d = *state().deployment(id);
    const auto watch = watches_.find(d.service);
    if (d.rollout->progress.succeeded) {
      ledger_.add(DeploymentFinished{id}, now);
      announce(ledger_,
               {"deployed", "info", d.service + " " + d.version + ": deployed, and watched from now on", "", id},
               config_.daemon, {}, now);
      if (watch != watches_.end() && !watched_by_plan(*state().deployment(id))) watch->second->watch.start_clean(now);
    } else if (watch != watches_.end()) {
      follow(*watch->second, {now, now, now});
    }
  }
}

void App::follow_deployment(ServiceWatch& watch, const DeploymentState& d, const Instant& when) {
  const Time now = when.now;
  const Decision decision = decision_for(d, watch.last, when.by);
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
                             Time{},
                             when.at},
                now);
    if (const auto it = state().incidents.find(d.incident); it != state().incidents.end() && it->second.open()) {
      ledger_.add(IncidentResolved{d.incident, "gone by itself before it was acted upon"}, now);
      announce(ledger_,
               {"gone", "resolved", d.service + " " + d.version + ": what was critical is so no more; nothing was done",
                d.incident, id},
               config_.daemon, {}, now);
    }
  }
  // Right after a start the windows are still filling: what they show then proves neither a good nor a bad end.
  if (is_settling(watch) && decision.kind != DecisionKind::roll_back) return;
  if (bake_of(d) && decision.kind != DecisionKind::roll_back) return follow_bake(d, decision, now);
  if (decision.good && !d.verified_good) ledger_.add(verified_good(watch, d), now);
  if (decision.kind == DecisionKind::accept || decision.kind == DecisionKind::undecided) {
    const bool kept = decision.kind == DecisionKind::accept;
    const std::string what =
        d.service + " " + d.version + (kept ? ": kept, " : ": undecided, a person must look: ") + decision.why;
    if (!kept) open_incident(ledger_, d, "alert", what, now, "backstopd");
    ledger_.add(
        DeploymentEnded{id, std::string(name_of(kept ? Phase::succeeded : Phase::undecided)), decision.why, when.at},
        now);
    announce(ledger_, {kept ? "kept" : "undecided", kept ? "info" : "alert", what, kept ? "" : d.incident, id},
             config_.daemon, {}, now);
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
                      watch.last_arrival,
                      when.at};
    for (const Verdict& v : watch.last.verdicts) made.evidence.push_back(evidence_of(v, watch.watch));
    ledger_.add(std::move(made), now);
    const std::string what = d.service + " " + d.version + ": " + decision.why;
    const bool grave = standing.status != "observed" && (!d.rollout || is_live(d));
    const std::string severity = grave ? "critical" : "alert";
    const std::string incident = open_incident(ledger_, d, severity, what, now, "backstopd");
    if (standing.lock) ledger_.add(ServiceLocked{d.service, id, standing.because}, now);
    if (standing.status == "awaiting_confirmation" && !d.confirmation) {
      ledger_.add(ConfirmationAsked{id, decision.why, now + d.config->confirm_timeout}, now);
    }
    if (standing.status != "enforced") {
      pause_plan(id, standing.because, now);
      announce(ledger_,
               {"decision." + state().deployment(id)->last_decision_id, severity,
                what + " - NOT rolled back: " + standing.because +
                    (standing.status == "awaiting_confirmation" ? "; backstopctl confirm " + id + " --reason …" : ""),
                incident, id},
               config_.daemon, {}, now);
    }
  }
  if (standing.status == "enforced") start_rollback(ledger_, d, decision.why, now, "backstopd");
}

} // namespace backstop
