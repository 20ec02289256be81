#include "daemon/fold.hpp"
#include "daemon/fold_parts.hpp"
#include "daemon/kept_state.hpp"
#include "daemon/narrate.hpp"
#include "daemon/procedures.hpp"
#include "daemon/removed_records.hpp"
#include "daemon/rollout.hpp"
#include "daemon/target_records.hpp"
#include <algorithm>
#include <utility>

namespace backstop {
namespace {

constexpr std::size_t kKeptTimeline = 300;

} // namespace

/// The deployment whose timeline a record belongs to; empty: none.
std::string Fold::deployment_of(const Payload& payload) const {
  const auto of_incident = [this](const std::string& id) {
    const auto it = state_.incidents.find(id);
    return it == state_.incidents.end() ? std::string() : it->second.deployment;
  };
  return std::visit(
      [&](const auto& p) -> std::string {
        if constexpr (requires { p.deployment; }) {
          return p.deployment;
        } else if constexpr (requires { p.id; }) {
          return p.id.starts_with("I") ? of_incident(p.id) : p.id;
        } else if constexpr (requires { p.incident; }) {
          return of_incident(p.incident);
        } else if constexpr (requires { p.key; }) {
          const std::string about = p.key.substr(0, p.key.find('/'));
          return about.starts_with("I") ? of_incident(about) : about;
        } else {
          return {};
        }
      },
      payload);
}

/// The records of the daemon, of services and of judgement, and all the others.
struct Fold::Applier : FoldIncidents {
  using FoldIncidents::operator();

  void operator()(const DaemonStarted& p) const {
    if (s.last_boot != r.boot) shutdown_over(); // it came
    s.last_boot = r.boot;
    s.last_anchor = p.anchor;
  }
  void operator()(const DaemonStopped&) const {}
  void shutdown_over() const {
    s.shutdown = Time{};
    for (auto& [id, d] : s.deployments) {
      if (d.rollback) d.rollback->held_back = false;
      if (d.rollout) d.rollout->held_back = false;
    }
  }
  void operator()(const ShutdownAnnounced& p) const { p.coming ? void(s.shutdown = r.time) : shutdown_over(); }
  void operator()(const WatchInterrupted& p) const {
    if (DeploymentState* d = find(p.deployment)) d->watched_from = r.time;
  }
  void operator()(const TargetsChanged& p) const { change_targets(p, service(p.service).targets[p.source]); }
  void operator()(const ConfigApplied&) const {}
  void operator()(const ConfigRefused&) const {}
  void operator()(const VersionAdopted& p) const {
    ServiceState& state = service(p.service);
    state.version = p.version;
    if (!p.side.empty()) state.live_side = p.side;
    mark_good(state, p.version, "adopted by " + r.actor + ": " + p.reason);
  }
  void operator()(const DeploymentBegun& p) const {
    DeploymentState* d = find(p.id);
    if (!d) return;
    enter(*d, Phase::deploying);
    d->begun = r.time;
    d->ran = p.ran;
    d->baselines = p.baselines;
    d->lines = p.lines;
    d->warm_up = p.warm_up;
    d->sustain = p.sustain;
    d->learned_from = p.learned_from;
    d->preexisting = p.preexisting;
    if (d->config && !d->config->plan.empty()) {
      RolloutState rollout;
      rollout.steps = plan_of(d->config->plan);
      rollout.progress.steps.resize(rollout.steps.size());
      d->rollout = std::move(rollout);
    }
    for (const std::string& key : {d->service, std::string("*")}) {
      if (const auto hold = s.holds.find(key); hold != s.holds.end()) d->held[key] = hold->second.until;
    }
    ServiceState& state = service(d->service);
    state.deployment = p.id;
    state.version = d->version;
  }
  void operator()(const DeploymentFinished& p) const {
    if (DeploymentState* d = find(p.id)) {
      enter(*d, Phase::watching);
      d->finished = r.time;
    }
  }
  void operator()(const VersionVerifiedGood& p) const {
    if (DeploymentState* d = find(p.id)) d->verified_good = true;
    ServiceState& state = service(p.service);
    mark_good(state, p.version, "verified good by " + p.id);
    for (const Settled& settled : p.settled) state.settled.push_back({settled.start, settled.breach});
    while (state.settled.size() > kMostToLearnFrom) state.settled.pop_front();
  }
  void operator()(const DeploymentEnded& p) const {
    DeploymentState* d = find(p.id);
    const auto phase = phase_named(p.outcome);
    if (!d || !phase) return;
    if (*phase == Phase::rolled_back_verified) {
      service(d->service).version = version_after_rollback(*d);
      if (d->rollback) {
        if (DeploymentState* undo = find(d->rollback->rollback)) leave(*undo, Phase::succeeded, p.why);
      }
    } else if (*phase == Phase::rollback_failed && d->rollback) {
      if (d->rollback->untouched) service(d->service).version = d->ran;
      if (DeploymentState* undo = find(d->rollback->rollback)) leave(*undo, Phase::rollback_failed, p.why);
    }
    if (*phase == Phase::aborted && d->rollout && !is_live(*d)) {
      service(d->service).version = d->ran; // it did not come so far
      if (d->rollback) {
        if (DeploymentState* undo = find(d->rollback->rollback)) leave(*undo, Phase::succeeded, p.why);
      }
    }
    leave(*d, *phase, p.why);
  }
  void operator()(const LevelChanged& p) const { service(p.service).levels[p.evidence.rule] = p.to; }
  void operator()(const DecisionMade& p) const {
    ++s.next_decision;
    s.decisions[p.id] = {r.time, p};
    if (DeploymentState* d = find(p.deployment)) {
      d->last_decision = p.decision;
      d->last_decision_status = p.status + (p.because.empty() ? "" : ":" + p.because);
      d->last_decision_id = p.id;
    }
  }
  void operator()(const ConfirmationAsked& p) const {
    if (DeploymentState* d = find(p.deployment)) d->confirmation = ConfirmationState{p.until, p.why};
  }
  void operator()(const ConfirmationAnswered& p) const {
    if (DeploymentState* d = find(p.deployment)) {
      d->confirmation.reset();
      d->declined = p.answer != "confirmed";
    }
  }
  void operator()(const HoldSet& p) const { s.holds[p.service] = {r.actor, p.reason, p.until}; }
  void operator()(const HoldEnded& p) const { s.holds.erase(p.service); }
  void operator()(const SignalRaised& p) const {
    DeploymentState* d = find(p.deployment);
    const auto kind = signal_named(p.kind);
    if (d && kind && is_critical(*kind)) d->signals.push_back(p.kind + ": " + p.evidence);
  }
  void operator()(const ServiceLocked& p) const {
    ServiceState& state = service(p.service);
    state.locked_by = p.deployment.empty() ? "-" : p.deployment;
    state.locked_why = p.why;
  }
  void operator()(const ServiceUnlocked& p) const {
    ServiceState& state = service(p.service);
    if (p.how == "done_by_hand") {
      if (const DeploymentState* d = find(state.locked_by)) {
        state.version = d->rollback && d->rollback->untouched ? d->ran : d->previous;
        if (!d->side.empty()) state.live_side = d->other_side;
      }
    }
    state.locked_by.clear();
    state.locked_why.clear();
    state.rollbacks.clear(); // a person looked at it: the loop guard counts anew
  }
  void operator()(const VersionQuarantined& p) const { service(p.service).quarantine[p.version] = p.why; }
  void operator()(const QuarantineReleased& p) const { service(p.service).quarantine.erase(p.version); }
  void operator()(const ChannelTested&) const {}
  void operator()(const StateSummed& p) const {
    for (const KeptService& kept : p.services) service(kept.service) = state_of(kept);
  }
  void operator()(const JournalCompacted& p) const {
    s.removed = p.removed;
    s.compacted = r.seq;
    s.removed_before = p.older_than;
    s.next_deployment = p.next_deployment;
    s.next_incident = p.next_incident;
    s.next_decision = p.next_decision;
    s.next_notice = p.next_notice;
    s.holds.clear();
    for (const KeptHold& hold : p.holds) s.holds[hold.service] = {hold.by, hold.reason, hold.until};
    s.dead_letters = p.dead_letters;
    const auto gone = [&](const std::string& id) {
      if (const DeploymentState* d = find(id)) // a rollback goes with what it rolls back
        return d->rolls_back.empty() ? is_removed(p.removed, d->record) : find(d->rolls_back) == nullptr;
      const auto i = s.incidents.find(id);
      return i != s.incidents.end() && is_removed(p.removed, i->second.record);
    };
    std::erase_if(s.decisions, [&](const auto& entry) { return gone(entry.second.made.deployment); });
    std::erase_if(s.deployment_order, [&](const std::string& id) { return gone(id) && s.deployments.erase(id) > 0; });
    std::erase_if(s.incident_order, [&](const std::string& id) { return gone(id) && s.incidents.erase(id) > 0; });
  }
  void operator()(const GameDayHeld& p) const { service(p.service).game_day = {r.time, r.actor, p.why, p.works}; }
};

Fold::Fold(ReadFrozen read_frozen) : read_frozen_(std::move(read_frozen)) {}

void Fold::apply(const Record& record, const Payload& payload) {
  state_.last_record = record.seq;
  state_.last_time = record.time;
  std::visit(Applier{{{{{state_, record, read_frozen_}}}}}, payload);
  const auto it = state_.deployments.find(deployment_of(payload));
  if (it == state_.deployments.end()) return;
  std::vector<TimelineEntry>& timeline = it->second.timeline;
  timeline.push_back({record.time, record.actor, record.type, narrate(payload).text});
  if (timeline.size() > kKeptTimeline) timeline.erase(timeline.begin());
}

Status fold_in(Fold& fold, const Record& record) {
  const Result<Payload> payload = decode(record);
  if (!payload) return payload.error();
  fold.apply(record, *payload);
  return {};
}

Status fold_journal(const Journal& journal, Fold& fold) {
  return journal.read(0, [&](const Record& record) { return fold_in(fold, record); });
}

void Fold::notice_attempt(const std::string& key, bool sending, Time next_attempt, const Error& error) {
  const auto it = state_.outbox.find(key);
  if (it == state_.outbox.end()) return;
  if (sending) ++it->second.attempts;
  it->second.sending = sending;
  it->second.next_attempt = next_attempt;
  it->second.last_error = error.what;
  it->second.refused = error.code == Errc::refused;
}

} // namespace backstop
