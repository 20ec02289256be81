#include "daemon/fold.hpp"
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

constexpr std::size_t kKeptDeployments = 1000; ///< ended ones, in memory; the journal has all
constexpr std::size_t kKeptDeadLetters = 100;
constexpr std::size_t kKeptTimeline = 300;
constexpr std::size_t kKeptOutput = 2000; ///< of a step, in memory; the record has 16 KiB

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

/// One overload a payload: a new record type that is not applied here does not compile.
struct Fold::Applier {
  State& s;
  const Record& r;
  const ReadFrozen& read_frozen;

  DeploymentState* find(const std::string& id) const {
    const auto it = s.deployments.find(id);
    return it == s.deployments.end() ? nullptr : &it->second;
  }
  ServiceState& service(const std::string& key) const {
    ServiceState& state = s.services[key];
    state.key = key;
    return state;
  }
  void mark_good(ServiceState& state, const std::string& version, std::string why) const {
    state.versions[version] = {true, std::move(why), r.time};
    std::erase(state.good_order, version);
    state.good_order.push_back(version);
  }
  void enter(DeploymentState& d, Phase phase) const {
    d.phase = phase;
    is_final(phase) ? void(s.open.erase(d.id)) : void(s.open.insert(d.id));
  }
  void leave(DeploymentState& d, Phase phase, const std::string& why) const {
    enter(d, phase);
    d.ended = r.time;
    d.outcome_why = why;
    d.confirmation.reset();
    ServiceState& state = service(d.service);
    if (state.deployment == d.id) state.deployment.clear();
  }
  void trim() const {
    while (s.deployment_order.size() > kKeptDeployments) {
      const std::string& oldest = s.deployment_order.front();
      const DeploymentState* d = find(oldest);
      if (d && !is_final(d->phase)) return;
      std::erase_if(s.decisions, [&](const auto& entry) { return entry.second.made.deployment == oldest; });
      s.deployments.erase(oldest);
      s.deployment_order.erase(s.deployment_order.begin());
    }
  }

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
  void operator()(const StepHeldBack& p) const {
    DeploymentState* d = find(p.deployment);
    if (d && p.procedure == kPlan && d->rollout) d->rollout->held_back = true;
    if (d && p.procedure == kRollback && d->rollback) d->rollback->held_back = true;
  }
  void operator()(const WatchInterrupted& p) const {
    if (DeploymentState* d = find(p.deployment)) d->watched_from = r.time;
  }
  void operator()(const TargetsChanged& p) const { change_targets(p, service(p.service).targets[p.source]); }
  void operator()(const ConfigApplied&) const {}
  void operator()(const ConfigRefused&) const {}
  void operator()(const VersionAdopted& p) const {
    ServiceState& state = service(p.service);
    state.version = p.version;
    mark_good(state, p.version, "adopted by " + r.actor + ": " + p.reason);
  }
  /// What a request of either kind says.
  template <class P> void take(DeploymentState& d, const P& p) const {
    d.id = p.id;
    d.service = p.service;
    d.version = p.version;
    d.previous = p.previous;
    d.kind = p.kind;
    d.components = p.components;
    d.irreversible = p.irreversible;
    d.mode = p.mode == "observe" ? Mode::observe : p.mode == "confirm" ? Mode::confirm : Mode::automatic;
    d.config_hash = p.config_hash;
    if (Result<config::Service> frozen = read_frozen(p.config_text, p.service))
      d.config = std::make_shared<const config::Service>(*std::move(frozen));
  }
  DeploymentState& enter_new(DeploymentState d) const {
    d.record = r.seq;
    d.requested = r.time;
    const std::string id = d.id;
    s.deployments[id] = std::move(d);
    s.deployment_order.push_back(id);
    ++s.next_deployment;
    trim();
    return s.deployments.at(id);
  }
  void operator()(const DeploymentOpened& p) const {
    DeploymentState d;
    take(d, p);
    d.gates = GateState{};
    d.gates->opened = r.time;
    d.gates->opened_by = r.actor;
    DeploymentState& known = enter_new(std::move(d));
    enter(known, Phase::requested);
    for_each_command_item(known, [&](const std::string& item) { known.gates->checks[item] = {}; });
  }
  template <class Each> static void for_each_command_item(const DeploymentState& d, Each each) {
    if (!d.config || !d.config->gates) return;
    for (const config::ChecklistItem& item : d.config->gates->checklist)
      if (std::holds_alternative<config::CommandItem>(item.kind)) each(item.name);
  }
  void operator()(const DeploymentRequested& p) const {
    DeploymentState* opened = find(p.id);
    DeploymentState fresh;
    DeploymentState& d = opened ? *opened : fresh;
    take(d, p);
    d.began_by = r.actor;
    const std::map<std::string, StepProgress> before = std::exchange(d.preflight, {});
    if (d.config) {
      d.plan = plan_of(d.config->rollback);
      for (const config::Step& step : d.config->rollback) {
        const auto* run = std::get_if<config::RunStep>(&step.kind);
        if (run && run->preflight) d.preflight[step.path] = look_anew(before, step.path);
      }
      d.side = candidate_side(*d.config, service(d.service).live_side);
      if (moves_traffic(*d.config))
        d.preflight[kTrafficBack] = look_anew(before, kTrafficBack); // it is where it is thought to be
      if (d.gates)
        for_each_command_item(
            d, [&](const std::string& item) { d.gates->checks[item] = look_anew(d.gates->checks, item); });
    }
    enter(opened ? d : enter_new(std::move(fresh)), Phase::gated);
  }
  /// Attempts are part of the keys of steps: never counted back.
  static StepProgress look_anew(const std::map<std::string, StepProgress>& before, const std::string& path) {
    const auto known = before.find(path);
    StepProgress step;
    if (known != before.end()) step.attempt = known->second.attempt;
    return step;
  }
  void operator()(const ApprovalGiven& p) const {
    DeploymentState* d = find(p.deployment);
    if (!d) return;
    if (!p.step.empty()) {
      if (d->rollout) d->rollout->signed_by[p.step] = r.actor;
      return;
    }
    if (!d->gates) return;
    for (const std::string& item : p.items) d->gates->items[item] = {r.actor, r.time, true, p.comment};
    if (p.items.empty()) d->gates->approvals[p.role] = {p.role, r.actor, p.comment, r.time};
  }
  void operator()(const ApprovalRevoked& p) const {
    DeploymentState* d = find(p.deployment);
    if (!d || !d->gates) return;
    for (const std::string& item : p.items) d->gates->items.erase(item);
    d->gates->approvals.erase(p.role); // what it was given for is not all there any more
  }
  void operator()(const ItemsChecked& p) const {
    DeploymentState* d = find(p.deployment);
    if (!d || !d->gates) return;
    for_each_command_item(*d,
                          [&](const std::string& item) { d->gates->checks[item] = look_anew(d->gates->checks, item); });
    for (const CheckedItem& item : p.items) d->gates->items[item.item] = {r.actor, r.time, item.passed, item.why};
  }
  void operator()(const GateRefused& p) const {
    DeploymentState* d = find(p.deployment);
    if (!d || !d->gates) return;
    d->gates->missing = p.missing;
    enter(*d, Phase::requested);
  }
  void operator()(const GateOverridden& p) const {
    DeploymentState* d = find(p.deployment);
    if (!d) return;
    if (!d->gates) d->gates = GateState{};
    if (d->gates->opened_by.empty()) d->gates->opened_by = d->began_by;
    d->gates->overridden_by = r.actor;
    d->gates->overridden_why = p.reason;
    d->gates->missing = p.missing;
  }
  void operator()(const BaselineMeasured& p) const {
    DeploymentState* d = find(p.deployment);
    if (!d) return;
    for (const FrozenBaseline& measured : p.baselines)
      for (FrozenBaseline& frozen : d->baselines)
        if (frozen.indicator == measured.indicator && !frozen.usable) frozen = measured;
  }
  void operator()(const PlanPaused& p) const {
    DeploymentState* d = find(p.deployment);
    if (d && d->rollout) d->rollout->pause = PauseState{r.actor, p.why, r.time};
  }
  void operator()(const PlanResumed& p) const {
    DeploymentState* d = find(p.deployment);
    if (d && d->rollout) d->rollout->pause.reset();
  }
  void operator()(const StepSkipped& p) const {
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
    if (!at_hand) return; // left out in advance: what stands, stands
    d->rollout->progress.ended = false;
    d->rollout->pause.reset();
  }
  void operator()(const DeploymentRefused& p) const {
    if (DeploymentState* d = find(p.id)) leave(*d, Phase::refused, p.why);
  }
  void operator()(const DeploymentBegun& p) const {
    DeploymentState* d = find(p.id);
    if (!d) return;
    enter(*d, Phase::deploying);
    d->begun = r.time;
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
      service(d->service).version = d->previous;
      if (d->rollback) {
        if (DeploymentState* undo = find(d->rollback->rollback)) leave(*undo, Phase::succeeded, p.why);
      }
    } else if (*phase == Phase::rollback_failed && d->rollback) {
      if (DeploymentState* undo = find(d->rollback->rollback)) leave(*undo, Phase::rollback_failed, p.why);
    }
    if (*phase == Phase::aborted && d->rollout && !is_live(*d)) {
      service(d->service).version = d->previous; // it did not come so far
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
  void operator()(const IncidentOpened& p) const {
    IncidentState i;
    i.id = p.id;
    i.service = p.service;
    i.deployment = p.deployment;
    i.severity = i.began_as = p.severity;
    i.title = p.title;
    i.record = r.seq;
    i.opened = r.time;
    s.incidents[p.id] = std::move(i);
    s.incident_order.push_back(p.id);
    s.cared_for.insert(p.id);
    ++s.next_incident;
    if (DeploymentState* d = find(p.deployment)) d->incident = p.id;
  }
  void operator()(const IncidentEscalated& p) const {
    if (const auto it = s.incidents.find(p.id); it != s.incidents.end()) {
      it->second.severity = p.severity;
      it->second.title = p.title;
    }
  }
  void operator()(const IncidentAcknowledged& p) const {
    if (const auto it = s.incidents.find(p.id); it != s.incidents.end()) {
      it->second.acknowledged_by = r.actor;
      it->second.acknowledged_at = r.time;
      it->second.acknowledged_until = p.until;
      it->second.comment = p.comment;
    }
  }
  void operator()(const IncidentResolved& p) const {
    if (const auto it = s.incidents.find(p.id); it != s.incidents.end()) {
      it->second.resolved = r.time;
      it->second.how_resolved = p.how;
      if (!it->second.needs_care()) s.cared_for.erase(p.id);
      s.last_alarms.erase(s.last_alarms.lower_bound({p.id, ""}), s.last_alarms.lower_bound({p.id + '\0', ""}));
    }
  }
  void operator()(const ReviewOpened& p) const {
    const auto it = s.incidents.find(p.incident);
    if (it == s.incidents.end()) return;
    it->second.review_opened = r.time;
    it->second.review_due = p.due;
    s.cared_for.insert(p.incident);
  }
  void operator()(const ReviewClosed& p) const {
    const auto it = s.incidents.find(p.incident);
    if (it == s.incidents.end()) return;
    it->second.reviewed = r.time;
    it->second.reviewed_by = r.actor;
    it->second.root_cause = p.root_cause;
    it->second.prevention = p.prevention;
    if (!it->second.needs_care()) s.cared_for.erase(p.incident);
  }
  /// What of a plan waited is over; what a process does is waited for.
  void cut_off(RolloutState& rollout) const {
    for (std::size_t i = 0; i < rollout.steps.size(); ++i) {
      StepProgress& step = rollout.progress.steps[i];
      if (step.status != StepProgress::Status::running || rollout.steps[i].kind == StepPlan::Kind::run) continue;
      step.status = StepProgress::Status::failed;
      step.ended = r.time;
      step.why = "ended by the rollback";
    }
  }
  void operator()(const RollbackStarted& p) const {
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

  StepProgress* progress(DeploymentState& d, const std::string& procedure, const std::string& path,
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
  /// What a step does to the traffic, where it does.
  static std::optional<double> share_of(const DeploymentState& d, const std::string& procedure,
                                        const std::string& path) {
    if (procedure == kRollback && path == kTrafficBack) return 0.0;
    const config::Step* step = procedure == kPlan && d.config ? config::step_at(*d.config, path) : nullptr;
    const auto* traffic = step ? std::get_if<config::TrafficStep>(&step->kind) : nullptr;
    return traffic ? std::optional(traffic->share) : std::nullopt;
  }
  void note_traffic(DeploymentState& d, double share) const {
    d.traffic = {share, true, share, r.time};
    if (share >= 1) service(d.service).live_side = d.side;
    if (share <= 0 && d.config) service(d.service).live_side = other_side(*d.config, d.side);
  }
  void operator()(const StepIntended& p) const {
    DeploymentState* d = find(p.deployment);
    const StepPlan* plan = nullptr;
    StepProgress* step = d ? progress(*d, p.procedure, p.path, &plan) : nullptr;
    if (!step) return;
    const int attempt = static_cast<int>(p.attempt);
    step->boot = r.boot;
    p.purpose == "check" ? check_intended(*step, attempt) : attempt_intended(*step, attempt, r.time);
    if (p.purpose == "check") return;
    if (const auto share = share_of(*d, p.procedure, p.path)) d->traffic = {d->traffic.share, false, *share, r.time};
    const config::Step* configured = p.procedure == kPlan && d->config ? config::step_at(*d->config, p.path) : nullptr;
    if (configured && configured->irreversible) d->irreversible = true;
  }
  void operator()(const StepEnded& p) const {
    DeploymentState* d = find(p.deployment);
    const StepPlan* plan = nullptr;
    StepProgress* step = d ? progress(*d, p.procedure, p.path, &plan) : nullptr;
    if (!step) return;
    const std::size_t kept = std::min(p.output.size(), kKeptOutput);
    step->output = p.output.substr(p.output.size() - kept);
    if (p.purpose == "check") {
      check_ended(*plan, *step, attempt_end(p), describe(p), r.time);
    } else {
      attempt_ended(*plan, *step, attempt_end(p), describe(p), r.time);
    }
    if (step->status != StepProgress::Status::done) return;
    if (const auto share = share_of(*d, p.procedure, p.path)) note_traffic(*d, *share);
  }
  void operator()(const ProcedureEnded& p) const {
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
  /// The steps of a plan that failed are begun anew, and what stood at them goes on.
  void retry_plan(DeploymentState& d, const std::string& from) const {
    if (!d.rollout) return;
    d.rollout->progress.ended = false;
    d.rollout->pause.reset();
    for (std::size_t i = 0; i < d.rollout->steps.size(); ++i) {
      StepProgress& step = d.rollout->progress.steps[i];
      const bool watched = d.rollout->steps[i].path == from && d.rollout->steps[i].kind == StepPlan::Kind::bake;
      if (step.status == StepProgress::Status::failed || watched) step_ordered_anew(step);
    }
    d.confirmation.reset();
    d.declined = false;
    d.last_decision.clear();
    d.last_decision_status.clear();
  }
  void operator()(const ProcedureRetried& p) const {
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
        state.version = d->previous;
        if (d->config && !d->side.empty()) state.live_side = other_side(*d->config, d->side);
      }
    }
    state.locked_by.clear();
    state.locked_why.clear();
    state.rollbacks.clear(); // a person looked at it: the loop guard counts anew
  }
  void operator()(const VersionQuarantined& p) const { service(p.service).quarantine[p.version] = p.why; }
  void operator()(const QuarantineReleased& p) const { service(p.service).quarantine.erase(p.version); }
  void operator()(const NoticeQueued& p) const {
    OutboxEntry entry;
    entry.notice = p;
    entry.queued = r.time;
    entry.next_attempt = std::max(r.time, p.not_before);
    entry.number = s.next_notice++;
    s.outbox[p.key] = std::move(entry);
    if (const auto it = s.incidents.find(p.incident); it != s.incidents.end()) {
      it->second.told.try_emplace(p.body.text("event"), r.time);
      it->second.heard.insert(p.channel);
      it->second.last_told = r.time;
    }
  }
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
  /// What an incident is told by from now on, where it has to be told again.
  void keep_alarm(const NoticeQueued& notice) const {
    const auto it = s.incidents.find(notice.incident);
    if (it == s.incidents.end() || !it->second.open()) return;
    if (notice.severity == "alert" || notice.severity == "critical")
      s.last_alarms[{notice.incident, notice.channel}] = notice;
  }
  void operator()(const NoticeEnded& p) const {
    if (const auto it = s.outbox.find(p.key); it != s.outbox.end() && p.delivered) keep_alarm(it->second.notice);
    s.outbox.erase(p.key);
    if (p.delivered || !p.superseded_by.empty()) return;
    s.dead_letters.push_back(p);
    if (s.dead_letters.size() > kKeptDeadLetters) s.dead_letters.erase(s.dead_letters.begin());
  }
};

Fold::Fold(ReadFrozen read_frozen) : read_frozen_(std::move(read_frozen)) {}

void Fold::apply(const Record& record, const Payload& payload) {
  state_.last_record = record.seq;
  state_.last_time = record.time;
  std::visit(Applier{state_, record, read_frozen_}, payload);
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
