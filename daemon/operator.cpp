#include "daemon/operator.hpp"
#include "daemon/deciding.hpp"
#include "daemon/game_day.hpp"
#include "daemon/notice_text.hpp"
#include "daemon/procedures.hpp"
#include "daemon/rollout.hpp"
#include "daemon/step_order.hpp"
#include "daemon/words.hpp"
#include <algorithm>
#include <utility>

namespace backstop {
namespace {

Reply bad_version(const std::string& version) {
  return refusal("invalid", "version '" + version + "'", "is not a version",
                 "use letters, digits and . _ + -, at most 128, starting with a letter or digit");
}

/// Rules that act and cannot be judged: "error_rate: no data: connection refused".
std::string blind_rules(const ServiceWatch& watch) {
  if (watch.last.t == Time{}) return "nothing was measured yet";
  std::string blind;
  for (const Verdict& v : watch.last.verdicts) {
    if (!is_blind(v)) continue;
    blind += (blind.empty() ? "" : "; ") + v.rule + ": " + v.why;
  }
  return blind;
}

Mode mode_asked(const std::string& word, Mode otherwise) {
  return word.empty()        ? otherwise
         : word == "observe" ? Mode::observe
         : word == "confirm" ? Mode::confirm
                             : Mode::automatic;
}

/// As it was requested.
BeginDeployment begin_of(const DeploymentState& opened) {
  BeginDeployment c;
  c.service = opened.service;
  c.version = opened.version;
  c.previous = opened.asked_previous;
  c.kind = opened.kind;
  c.mode = name_of(opened.mode);
  c.components = opened.components;
  c.irreversible = opened.irreversible;
  c.id = opened.id;
  return c;
}

/// What was signed is not what would run; empty: it is.
std::string changed_since_request(const DeploymentState& opened, const config::Service& config,
                                  const std::string& previous) {
  const auto named = [](const std::string& version) { return version.empty() ? "nothing" : version; };
  if (opened.config_hash != config.hash)
    return config.file + " was changed since " + opened.id + " was requested: what was signed is not what would run";
  if (opened.previous != previous)
    return "a rollback would go back to " + named(previous) + " now, and to " + named(opened.previous) +
           " when it was requested";
  return {};
}

std::string last_kept(const State& state, const std::string& service) {
  for (auto it = state.deployment_order.rbegin(); it != state.deployment_order.rend(); ++it) {
    const DeploymentState* d = state.deployment(*it);
    if (!d || d->service != service || !d->rolls_back.empty() || d->begun == Time{}) continue;
    const ServiceState& now = *state.service(service);
    const bool kept = d->phase == Phase::succeeded || d->phase == Phase::undecided;
    // Moved by hand since, its traffic is not where this deployment could take it back from.
    const bool moved = d->traffic.since != Time{} && now.live_side != (d->traffic.share > 0 ? d->side : d->other_side);
    return kept && !moved && d->version == now.version ? d->id : "";
  }
  return {};
}

} // namespace

Reply done(std::string id) {
  Reply reply;
  reply.id = std::move(id);
  return reply;
}

Reply refusal(std::string reason, std::string what, std::string why, std::string how) {
  Reply reply;
  reply.ok = false;
  reply.reason = std::move(reason);
  reply.what = std::move(what);
  reply.why = std::move(why);
  reply.how = std::move(how);
  return reply;
}

Operator::Operator(Ledger& ledger, std::map<std::string, std::unique_ptr<ServiceWatch>>& watches,
                   const config::Config& config, GameDays& game_days, const WallClock& clock, std::string actor,
                   Time now)
    : ledger_(ledger), watches_(watches), config_(config), game_days_(game_days), clock_(clock),
      actor_(std::move(actor)), now_(now) {}

void Operator::add(Payload payload) { ledger_.add(std::move(payload), now_, actor_); }

Reply Operator::resolve(const std::string& name, std::string& key) const {
  std::string found;
  std::string all;
  for (const auto& [k, watch] : watches_) {
    all += (all.empty() ? "" : ", ") + k;
    if (k == name) {
      key = k;
      return {};
    }
    if (watch->config.service != name) continue;
    if (!found.empty())
      return refusal("invalid", "service '" + name + "'", "is ambiguous: " + found + " and " + k,
                     "name it as SERVICE/ENVIRONMENT");
    found = k;
  }
  if (found.empty())
    return refusal("not_found", "service '" + name + "'", "is not configured",
                   all.empty() ? "no service is configured" : "configured are: " + all);
  key = found;
  return {};
}

Reply Operator::resolve_deployment(const std::string& id, const DeploymentState*& found) const {
  found = ledger_.state().deployment(id);
  if (found) return {};
  return refusal("not_found", "deployment '" + id + "'", "does not exist", "`backstopctl deploy list` shows the ids");
}

Reply Operator::may_open(const BeginDeployment& c, const std::string& key, std::string& previous) const {
  if (!is_version(c.version)) return bad_version(c.version);
  if (!c.previous.empty() && !is_version(c.previous)) return bad_version(c.previous);
  const std::string what = "deployment of " + key + " " + c.version;
  const State& state = ledger_.state();
  static const ServiceState kNothing;
  const ServiceState& service = state.service(key) ? *state.service(key) : kNothing;
  const ServiceWatch& watch = *watches_.at(key);
  if (!service.locked_by.empty())
    return refusal("locked", what, "the service is LOCKED: " + service.locked_why,
                   "look at it, then `backstopctl unlock " + key + " --reason …`");
  if (const auto q = service.quarantine.find(c.version); q != service.quarantine.end()) {
    return refusal("quarantine", what, c.version + " is quarantined: " + q->second,
                   "deploy a mended version, or `backstopctl quarantine release " + c.version + " --service " + key +
                       " --reason …`");
  }
  const auto newest =
      std::find_if(config_.services.begin(), config_.services.end(), [&](const auto& s) { return s->key() == key; });
  if (newest == config_.services.end())
    return refusal("not_found", what, "the service is not configured any more",
                   "put its file back, then `backstopctl reload`");
  const DeploymentState* active = state.active(key);
  // It would be judged by rules that nobody sees in the files any more, or without baselines by the new ones.
  if (active && watch.config.hash != (*newest)->hash)
    return refusal("conflict", what,
                   (*newest)->file + " was changed since " + active->id + " began, which goes by the old one",
                   "`backstopctl deploy abort " + active->id + " --reason …` ends its watch; then begin again");
  previous = c.previous;
  if (previous.empty()) {
    previous = state.rollback_target(key, c.version);
  } else if (const auto v = service.versions.find(previous);
             v == service.versions.end() || !v->second.good || service.quarantine.contains(previous)) {
    return refusal("no_target", what, "--previous " + previous + " is neither verified good nor adopted",
                   "`backstopctl adopt " + key + " " + previous + " --reason …` declares a version to be good");
  }
  if (previous.empty() && !c.irreversible) {
    return refusal("no_target", what, "there is no known good version to go back to",
                   "`backstopctl adopt " + key +
                       " VERSION --reason …` declares the version that runs to be good; or begin with --irreversible");
  }
  if (!watch.steps_fault.empty() && !c.irreversible)
    return refusal("no_target", what, "its rollback cannot run: " + watch.steps_fault,
                   "mend it, then `backstopctl reload`; or begin with --irreversible");
  return {};
}

Reply Operator::operator()(const BeginDeployment& asked) {
  BeginDeployment c = asked;
  const DeploymentState* opened = nullptr;
  if (!c.id.empty()) {
    if (Reply r = resolve_opened(c.id, "deploy begin " + c.id, opened); !r.ok) return r;
    c = begin_of(*opened);
    c.override_reason = asked.override_reason;
  }
  std::string key, previous;
  if (Reply r = resolve(c.service, key); !r.ok) return r;
  if (Reply r = may_open(c, key, previous); !r.ok) return r;
  const std::string what = "deployment of " + key + " " + c.version;
  const State& state = ledger_.state();
  const ServiceWatch& watch = *watches_.at(key);
  const DeploymentState* active = state.active(key);
  if (active && active->phase == Phase::rolling_back)
    return refusal("conflict", what, active->id + " is being rolled back",
                   "wait for its end: `backstopctl deploy wait " + active->id + "`");
  if (active && active->phase == Phase::deploying && active->rollout)
    return refusal("conflict", what, "the plan of " + active->id + " is under way",
                   "wait for its end, or `backstopctl deploy abort " + active->id + " --reason …` takes it back");
  if (active && !active->config && !active->side.empty())
    return refusal("conflict", what,
                   "the frozen configuration of " + active->id +
                       " cannot be read, so nobody knows where its traffic is to go",
                   "put the traffic right by hand, then `backstopctl deploy abort " + active->id + " --reason …`");
  for (const DeploymentState* other : state.in_phase(Phase::gated)) {
    if (other->service == key)
      return refusal("conflict", what, other->id + " is being checked", "wait a moment and try again");
  }
  const std::string unsigned_change = opened ? changed_since_request(*opened, watch.config, previous) : "";
  if (!unsigned_change.empty() && c.override_reason.empty())
    return refusal("gate", what, unsigned_change,
                   "`backstopctl deploy abort " + opened->id + " --reason …`, then request it again; or in an " +
                       "emergency begin with --override --reason …");
  std::vector<std::string> overridden;
  if (Reply r = pass_gates(c, opened, watch, overridden); !r.ok) return r;
  if (!unsigned_change.empty()) overridden.push_back(unsigned_change);
  if (const std::string blind = blind_rules(watch); !blind.empty()) {
    return refusal("blind", what, "it could not be judged: " + blind,
                   "mend the source (see `backstopctl status " + key + "`), then begin again");
  }
  DeploymentRequested requested;
  requested.id = opened ? opened->id : "D" + std::to_string(state.next_deployment);
  requested.service = key;
  requested.version = c.version;
  requested.previous = previous;
  requested.kind = c.kind.empty() ? "feature" : c.kind;
  requested.mode = name_of(strictest(mode_asked(c.mode, watch.config.mode), watch.config.mode));
  requested.components = c.components;
  requested.irreversible = c.irreversible;
  requested.config_hash = watch.config.hash;
  requested.config_text = watch.config.text;
  requested.side = candidate_side(watch.config, state.service(key) ? state.service(key)->live_side : "");
  if (!requested.side.empty()) requested.other_side = other_side(watch.config, requested.side);
  Reply reply;
  reply.id = requested.id;
  add(std::move(requested));
  if (c.override_reason.empty()) return reply;
  add(GateOverridden{reply.id, c.override_reason, overridden});
  announce(ledger_,
           {"overridden", "critical",
            key + " " + c.version + ": begins by emergency override of " + actor_ + ": " + c.override_reason +
                "; missing: " + (overridden.empty() ? "nothing" : join(overridden, "; ")),
            "", reply.id},
           config_.daemon, {}, now_);
  return reply;
}

Reply Operator::operator()(const FinishDeployment& c) {
  const DeploymentState* d = nullptr;
  if (Reply r = resolve_deployment(c.id, d); !r.ok) return r;
  if (d->phase == Phase::deploying && d->rollout)
    return refusal("conflict", "finish of " + c.id, "it has a plan, which finishes it with its last step",
                   "`backstopctl deploy show " + c.id + "` shows where it stands; promote or skip go on");
  if (d->phase != Phase::deploying || !d->rolls_back.empty()) {
    return refusal("conflict", "finish of " + c.id, "it is " + std::string(name_of(d->phase)) + ", not deploying",
                   "`backstopctl deploy show " + c.id + "` tells how it stands");
  }
  if (!d->config)
    return refusal("conflict", "finish of " + c.id,
                   "its frozen configuration cannot be read, so nothing would judge it",
                   "look at it yourself, then `backstopctl deploy abort " + c.id + " --reason …` ends its watch");
  add(DeploymentFinished{c.id});
  announce(ledger_,
           {"deployed", "info", d->service + " " + d->version + ": deployed, and watched from now on", "", c.id},
           config_.daemon, {}, now_);
  if (const auto it = watches_.find(d->service); it != watches_.end()) it->second->watch.start_clean(now_);
  return done(c.id);
}

Reply Operator::operator()(const AbortDeployment& c) {
  const DeploymentState* d = nullptr;
  if (Reply r = resolve_deployment(c.id, d); !r.ok) return r;
  if (d->phase == Phase::deploying && d->rollout) return abort_plan(*d, c);
  const bool rollback = d->phase == Phase::rolling_back || (!d->rolls_back.empty() && !is_final(d->phase));
  if (rollback || (!is_judged(d->phase) && d->phase != Phase::gated && d->phase != Phase::requested)) {
    return refusal("conflict", "abort of " + c.id, "it is " + std::string(name_of(d->phase)),
                   rollback ? "a rollback is not aborted half-way; wait for its end" : "nothing is left to abort");
  }
  // Without its file nothing is moved back: whoever aborts must know where the traffic is.
  const bool split = !d->config && may_have_traffic(*d);
  end_deployment(ledger_, *d, Phase::aborted,
                 "aborted by " + actor_ + ": " + c.reason +
                     (split ? "; traffic may go to " + d->side + " still: backstop does not move it back" : ""),
                 config_.daemon, now_, actor_);
  return done(c.id);
}

Reply Operator::operator()(const Acknowledge& c) {
  const auto it = ledger_.state().incidents.find(c.incident);
  if (it == ledger_.state().incidents.end())
    return refusal("not_found", "incident '" + c.incident + "'", "does not exist",
                   "`backstopctl incident list` shows the ids");
  if (!it->second.open())
    return refusal("conflict", "acknowledgement of " + c.incident, "it is resolved already", "nothing to do");
  add(IncidentAcknowledged{c.incident, c.comment, c.lasts == Duration{} ? Time{} : now_ + c.lasts});
  const IncidentState& i = it->second;
  announce(ledger_,
           {"acknowledged." + std::to_string(to_us(now_)), "info",
            i.service + ": " + c.incident + " is acknowledged by " + actor_ + ": " + c.comment, c.incident,
            i.deployment},
           config_.daemon, {}, now_);
  return done(c.incident);
}

Reply Operator::operator()(const CloseReview& c) {
  const auto it = ledger_.state().incidents.find(c.incident);
  const std::string what = "the review of " + c.incident;
  if (it == ledger_.state().incidents.end())
    return refusal("not_found", "incident '" + c.incident + "'", "does not exist",
                   "`backstopctl incident list` shows the ids");
  if (it->second.open())
    return refusal("conflict", what, "the incident is still open", "close it when the incident is resolved");
  if (it->second.reviewed != Time{})
    return refusal("conflict", what, it->second.reviewed_by + " closed it already",
                   "`backstopctl incident show " + c.incident + "` shows what was found");
  add(ReviewClosed{c.incident, c.root_cause, c.prevention});
  return done(c.incident);
}

Reply Operator::operator()(const Hold& c) {
  std::string key = "*";
  if (c.service != "*") {
    if (Reply r = resolve(c.service, key); !r.ok) return r;
  }
  if (c.lasts <= Duration{}) return refusal("invalid", "hold", "has no end", "give --for, for example --for 30m");
  add(HoldSet{key, c.reason, now_ + c.lasts});
  return {};
}

Reply Operator::operator()(const Unhold& c) {
  std::string key = "*";
  if (c.service != "*") {
    if (Reply r = resolve(c.service, key); !r.ok) return r;
  }
  if (!ledger_.state().holds.contains(key))
    return refusal("conflict", "unhold of " + c.service, "it is not held",
                   ledger_.state().holds.contains("*") ? "the hold is over all services: `backstopctl unhold --all`"
                                                       : "nothing to do");
  add(HoldEnded{key, "released"});
  return {};
}

Reply Operator::operator()(const RollBackNow& c) {
  std::string key;
  if (Reply r = resolve(c.service, key); !r.ok) return r;
  const State& state = ledger_.state();
  if (const ServiceState* s = state.service(key); s && !s->locked_by.empty())
    return refusal("locked", "rollback of " + key, "the service is LOCKED: " + s->locked_why,
                   "`backstopctl unlock " + key + " --reason …`");
  const DeploymentState* d = state.active(key);
  if (!d) d = state.service(key) ? state.deployment(last_kept(state, key)) : nullptr;
  if (!d)
    return refusal("conflict", "rollback of " + key, "no deployment of it is known that could be undone",
                   "`backstopctl deploy list` shows what is known");
  if (d->phase == Phase::rolling_back)
    return refusal("conflict", "rollback of " + key, d->id + " is being rolled back already",
                   "`backstopctl deploy wait " + d->id + "`");
  if (d->previous.empty() || !d->config)
    return refusal("no_target", "rollback of " + key,
                   d->previous.empty() ? "there is no version to go back to"
                                       : "its frozen configuration cannot be read",
                   "deploy a good version by hand");
  start_rollback(ledger_, *d, "ordered by " + actor_ + ": " + c.reason, now_, actor_);
  return done(d->id);
}

Reply Operator::operator()(const AcceptNow& c) {
  std::string key;
  if (Reply r = resolve(c.service, key); !r.ok) return r;
  const DeploymentState* d = ledger_.state().active(key);
  if (!d || d->phase != Phase::watching)
    return refusal("conflict", "accept of " + key,
                   d ? "it is " + std::string(name_of(d->phase)) : "no deployment of it is being watched",
                   "`backstopctl status " + key + "`");
  const std::string id = d->id;
  add(VersionVerifiedGood{id, key, d->version, {}});
  end_deployment(ledger_, *d, Phase::succeeded, "accepted by " + actor_ + ": " + c.reason, config_.daemon, now_,
                 actor_);
  return done(id);
}

Reply Operator::operator()(const AnswerConfirmation& c) {
  const DeploymentState* d = nullptr;
  if (Reply r = resolve_deployment(c.id, d); !r.ok) return r;
  if (!d->confirmation)
    return refusal("conflict", (c.confirmed ? "confirm of " : "decline of ") + c.id,
                   "no rollback of it waits for a word", "`backstopctl deploy show " + c.id + "`");
  const std::string why = d->confirmation->why;
  add(ConfirmationAnswered{c.id, c.confirmed ? "confirmed" : "declined", c.reason});
  if (c.confirmed) start_rollback(ledger_, *d, why + " (confirmed by " + actor_ + ")", now_, actor_);
  return done(c.id);
}

Reply Operator::operator()(const RaiseSignal& c) {
  std::string key;
  if (Reply r = resolve(c.service, key); !r.ok) return r;
  if (!signal_named(c.kind))
    return refusal(
        "invalid", "signal '" + c.kind + "'", "is not known",
        "use critical-functionality, data-corruption, security-incident, compliance-violation or user-report");
  const DeploymentState* d = ledger_.state().active(key);
  const bool watched = d && is_judged(d->phase);
  add(SignalRaised{key, watched ? d->id : "", c.kind, c.evidence});
  Reply reply;
  reply.id = watched ? d->id : "";
  if (!watched)
    reply.details.set("note", "recorded; no deployment of " + key + " is being watched, so nothing is rolled back");
  return reply;
}

Reply Operator::operator()(const Unlock& c) {
  std::string key;
  if (Reply r = resolve(c.service, key); !r.ok) return r;
  const ServiceState* s = ledger_.state().service(key);
  if (!s || s->locked_by.empty()) return refusal("conflict", "unlock of " + key, "it is not locked", "nothing to do");
  const DeploymentState* d = ledger_.state().deployment(s->locked_by);
  Reply reply;
  if (!c.retry_from.empty()) {
    if (!d || !d->rollback || !d->config)
      return refusal("conflict", "retry of " + key, "there is no rollback to go on with",
                     "unlock without --retry-from");
    const auto step = std::find_if(d->plan.begin(), d->plan.end(),
                                   [&](const StepPlan& p) { return p.path == c.retry_from || p.name == c.retry_from; });
    if (step == d->plan.end()) {
      std::string known;
      for (const StepPlan& p : d->plan) known += (known.empty() ? "" : ", ") + p.path + " (" + p.name + ")";
      return refusal("not_found", "step '" + c.retry_from + "'", "is no step of this rollback",
                     "its steps are " + known);
    }
    const StepProgress* traffic = progress_of(*d, kRollback, kTrafficBack);
    if (traffic && traffic->status != StepProgress::Status::done && step->path != kTrafficBack)
      return refusal("conflict", "retry of " + key, "the traffic does not all go back to " + d->other_side + " yet",
                     std::string("--retry-from ") + kTrafficBack +
                         "; where it was moved by hand that step sees it, and goes on");
    reply.id = d->id;
    const std::string id = d->id, path = step->path;
    add(ServiceUnlocked{key, "retry", c.reason});
    add(ProcedureRetried{id, "rollback", path});
    return reply;
  }
  if (c.done_by_hand && d && plan_acts(*d))
    return refusal("conflict", "unlock of " + key, "a step of the plan of " + d->id + " runs",
                   "wait for its end, or `backstopctl deploy abort " + d->id + " --reason …`");
  const std::string incident = d ? d->incident : "";
  const std::string watched = d && is_judged(d->phase) ? d->id : ""; // the loop guard locked it
  add(ServiceUnlocked{key, c.done_by_hand ? "done_by_hand" : "unlocked", c.reason});
  // Another version runs: what was read of the one before is not held for it when the next deployment begins.
  if (c.done_by_hand && watches_.contains(key)) watches_.at(key)->watch.start_clean(now_);
  if (c.done_by_hand && !watched.empty()) {
    end_deployment(ledger_, *d, Phase::aborted, "rolled back by hand, says " + actor_ + ": " + c.reason, config_.daemon,
                   now_, actor_);
  }
  if (const auto it = ledger_.state().incidents.find(incident);
      it != ledger_.state().incidents.end() && it->second.open()) {
    const std::string how = "unlocked by " + actor_ + (c.done_by_hand ? ", done by hand: " : ": ") + c.reason;
    add(IncidentResolved{incident, how});
    announce(ledger_, {"unlocked", "resolved", key + ": " + how, incident, it->second.deployment}, config_.daemon, {},
             now_);
  }
  return reply;
}

Reply Operator::operator()(const Adopt& c) {
  std::string key;
  if (Reply r = resolve(c.service, key); !r.ok) return r;
  if (!is_version(c.version)) return bad_version(c.version);
  const State& state = ledger_.state();
  if (const DeploymentState* d = state.active(key))
    return refusal("conflict", "adopt of " + c.version, d->id + " is under way",
                   "adopt is for a version that runs without a deployment; use `backstopctl accept` for this one");
  if (const ServiceState* known = state.service(key); known && known->quarantine.contains(c.version))
    return refusal("quarantine", "adopt of " + c.version, "it is quarantined: " + known->quarantine.at(c.version),
                   "release it first: `backstopctl quarantine release " + c.version + " --service " + key +
                       " --reason …`");
  const ServiceState* s = state.service(key);
  if (!c.side.empty()) {
    const std::optional<config::Traffic>& traffic = watches_.at(key)->config.traffic;
    const bool known = traffic && std::any_of(traffic->sides.begin(), traffic->sides.end(),
                                              [&](const config::Side& side) { return side.name == c.side; });
    if (!known)
      return refusal("invalid", "adopt of " + c.version, "'" + c.side + "' is no side of the traffic of " + key,
                     traffic ? "its sides are " + traffic->sides[0].name + " and " + traffic->sides[1].name
                             : "nothing moves its traffic: leave --side out");
    if (c.side == traffic->candidate)
      return refusal("conflict", "adopt of " + c.version,
                     "every new version comes to " + c.side + " (traffic.candidate), so the traffic must be elsewhere",
                     "bring the version to " + other_side(watches_.at(key)->config, c.side) +
                         " and move the traffic there");
  }
  const std::string live = live_side(watches_.at(key)->config, s ? s->live_side : "");
  const bool other_version = s && (s->version != c.version || (!c.side.empty() && live != c.side));
  add(VersionAdopted{key, c.version, c.reason, c.side});
  if (other_version) {
    watches_.at(key)->watch.forget_history();
    watches_.at(key)->watch.start_clean(now_);
  }
  return {};
}

Reply Operator::operator()(const ReleaseQuarantine& c) {
  std::string key;
  if (Reply r = resolve(c.service, key); !r.ok) return r;
  const ServiceState* s = ledger_.state().service(key);
  if (!s || !s->quarantine.contains(c.version))
    return refusal("not_found", "quarantine of " + c.version, "this version of " + key + " is not quarantined",
                   "`backstopctl quarantine list`");
  add(QuarantineReleased{key, c.version, c.reason});
  return {};
}

Reply Operator::operator()(const HoldGameDay& c) {
  std::string key;
  if (Reply r = resolve(c.service, key); !r.ok) return r;
  return game_days_.begin(key, c.channels, actor_, now_);
}

} // namespace backstop
