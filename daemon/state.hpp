#pragma once
#include "daemon/config/config.hpp"
#include "daemon/records.hpp"
#include "rules/deployment.hpp"
#include "rules/procedure.hpp"
#include "rules/settling.hpp"
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

/// Everything the daemon knows that a restart must not forget: a pure fold over the records (fold.hpp).
namespace backstop {

struct TimelineEntry {
  Time at{};
  std::string actor, type, text;
};

struct DecisionState {
  Time at{};
  DecisionMade made;
};

struct ConfirmationState {
  Time until{};
  std::string why;
};

struct ProcedureState {
  std::string rollback; ///< id of the deployment record that this rollback is
  std::string incident;
  std::string cause;
  Time started{};
  ProcedureProgress progress;
  std::string running_version_answer; ///< what the version question said, for the record
  bool untouched = false;             ///< the service itself was not changed: what is undone is only of the plan
  bool held_back = false;             ///< the next step is not started before a shutdown of the host is over
};

/// Somebody signed.
struct ApprovalState {
  std::string role, by, comment;
  Time at{};
};
struct ItemState {
  std::string by; ///< who signed it; of an automatic item who had it looked at
  Time at{};
  bool passed = false;
  std::string why;
};
/// What is known of the gates of a deployment. Of a role: whoever signed for it as a whole.
struct GateState {
  Time opened{};
  std::string opened_by;
  std::map<std::string, ItemState> items;
  std::map<std::string, StepProgress> checks;     ///< of items that are commands, by name
  std::map<std::string, ApprovalState> approvals; ///< by role
  std::vector<std::string> missing;               ///< when it was last refused
  std::string overridden_by, overridden_why;      ///< empty: it was not
};

struct PauseState {
  std::string by, why;
  Time at{};
};
/// How far the plan of a deployment came.
struct RolloutState {
  std::vector<StepPlan> steps; ///< of all its phases
  ProcedureProgress progress;
  std::map<std::string, std::string> signed_by; ///< path of an approve step → who signed
  std::optional<PauseState> pause;              ///< no other step begins
  bool held_back = false;                       ///< no other step begins before a shutdown of the host is over
};
/// Where the traffic goes, as far as a deployment moved it.
struct TrafficState {
  double share = 0;  ///< that goes to the side with the new version
  bool known = true; ///< false: a move was begun, and how it ended is not known yet
  double wanted = 0; ///< by that move
  Time since{};      ///< zero: it was never moved
  std::string by;    ///< the step that moves, or looks: procedure and path
};

struct DeploymentState {
  std::string id, service, version, previous, kind, began_by;
  std::vector<std::string> components;
  bool irreversible = false;
  Mode mode = Mode::automatic;
  Phase phase = Phase::requested;
  std::uint64_t record = 0; ///< seq of its first one
  Time requested{}, begun{}, finished{}, ended{};
  std::map<std::string, Time> held; ///< holds in force when it began: service key, or "*" for all, and until when
  Time watched_from{}; ///< the end of the last time that nobody watched it (reboot, daemon away); zero: none
  bool verified_good = false;
  std::string config_hash;
  /// The service's configuration frozen at begin; null when its text does not compile any more.
  std::shared_ptr<const config::Service> config;
  std::vector<StepPlan> plan; ///< of its rollback: procedures.rollback from `config`, and what is undone of the rollout
  std::vector<FrozenBaseline> baselines;
  std::vector<FrozenLine> lines;
  Duration warm_up{}, sustain{}; ///< of the judge, where `learned_from`
  std::int64_t learned_from = 0; ///< good deployments that they were learned from; 0: as configured
  std::vector<Evidence> preexisting;
  std::vector<std::string> signals; ///< critical ones raised against it: "data-corruption: evidence"
  std::optional<ConfirmationState> confirmation;
  bool declined =
      false; ///< asked whether to roll back, a person said no or nobody answered: asked no more for this deployment
  std::optional<ProcedureState> rollback;
  std::optional<GateState> gates;      ///< none: it was begun without a request
  std::optional<RolloutState> rollout; ///< the plan, once it was begun; none: it has none
  std::string side;                    ///< of the traffic that the new version comes to; empty: nothing moves traffic
  std::string other_side;              ///< that has the traffic until then
  std::string ran;                     ///< the version that ran before it; empty: not known
  std::string asked_previous;          ///< the version to go back to, where whoever requested it named one
  std::string refused_as;              ///< machine word of the reason it was refused for
  TrafficState traffic;
  std::map<std::string, StepProgress> preflight; ///< by path
  std::string incident;                          ///< open or past incident of this deployment
  std::string rolls_back;                        ///< this record is a rollback of that deployment
  std::string outcome_why;
  std::vector<TimelineEntry> timeline;             ///< what happened, oldest first, the last 300
  std::string last_decision, last_decision_status; ///< kind and status of the last recorded decision
  std::string last_decision_id;
};

struct VersionState {
  bool good = false;
  std::string why; ///< "verified good by D3", "adopted by uid:0(root): first install"
  Time since{};
};

struct HoldState {
  std::string by, reason;
  Time until{};
};

struct GameDayState {
  Time at{};
  std::string by, why;
  bool works = false;
};

struct ServiceState {
  std::string key;
  std::string version;    ///< believed to run; empty: nothing known
  std::string deployment; ///< the active one; empty: none
  std::map<std::string, VersionState> versions;
  std::vector<std::string> good_order;           ///< verified-good versions, oldest first
  std::map<std::string, std::string> quarantine; ///< version → why
  std::string locked_by;                         ///< deployment; empty: not locked
  std::string locked_why;
  std::vector<Time> rollbacks;               ///< starts since it was last unlocked, for the loop guard
  std::map<std::string, std::string> levels; ///< rule → last recorded level
  std::optional<GameDayState> game_day;      ///< the last one
  std::string live_side;                     ///< that has the traffic; empty: the first one, as nothing was moved yet
  std::map<std::string, std::vector<config::TargetConfig>> targets; ///< by source: what was found of it last
  std::deque<Settling> settled; ///< what its good deployments taught, oldest first, the last kMostToLearnFrom
};

struct IncidentState {
  std::string id, service, deployment, severity, title;
  std::uint64_t record = 0; ///< seq of its first one
  Time opened{}, resolved{};
  std::string how_resolved;
  std::string acknowledged_by, comment;
  Time acknowledged_at{}, acknowledged_until{};
  Time review_opened{}, review_due{};
  Time reviewed{}; ///< zero: not yet
  std::string reviewed_by, root_cause, prevention;
  std::map<std::string, Time> told; ///< events that notices were queued of, when the first was
  std::set<std::string> heard;      ///< channels that they were queued for
  Time last_told{};
  std::string began_as; ///< its severity at first
  /// Whether something may have to be said of it as time goes by.
  [[nodiscard]] bool needs_care() const { return open() || (review_due != Time{} && reviewed == Time{}); }
  [[nodiscard]] bool open() const { return resolved == Time{}; }
};

struct OutboxEntry {
  NoticeQueued notice;
  std::int64_t number = 0; ///< in the order in which they were queued
  bool refused = false;    ///< the last attempt: the other side will not take it as it is
  Time queued{};
  int attempts = 0; ///< in this run of the daemon
  Time next_attempt{};
  bool sending = false;
  std::string last_error;
};

struct State {
  std::map<std::string, ServiceState> services;
  std::map<std::string, DeploymentState> deployments; ///< by id
  std::vector<std::string> deployment_order;          ///< ids, oldest first
  std::set<std::string> open; ///< ids of those that are not final: few, beside all that are remembered
  std::map<std::string, IncidentState> incidents;
  std::vector<std::string> incident_order;
  std::set<std::string> cared_for;                ///< ids of those that need care: few, beside all that are remembered
  std::map<std::string, DecisionState> decisions; ///< by id, those of the deployments kept
  std::map<std::string, HoldState> holds;         ///< by service key, "*" for all
  std::map<std::string, OutboxEntry> outbox;      ///< not yet delivered, by key
  /// By open incident and channel: the last notice of what is wrong that was taken. For those who want to hear it again.
  std::map<std::pair<std::string, std::string>, NoticeQueued> last_alarms;
  std::vector<NoticeEnded> dead_letters; ///< the last 100
  std::int64_t next_deployment = 1, next_incident = 1, next_decision = 1, next_notice = 1;
  std::uint64_t last_record = 0;       ///< its seq
  std::vector<RemovedRecords> removed; ///< what is not kept any more, in order
  std::uint64_t compacted = 0;         ///< seq of the record that said so; zero: all are there
  Time removed_before = Time::min();   ///< all of those were older
  std::string last_boot;
  Duration last_anchor{};
  Time last_time{};
  Time shutdown{}; ///< when it was said that the host goes down; zero: it does not

  [[nodiscard]] const DeploymentState* deployment(const std::string& id) const;
  /// Those of `open` that are in this phase, by id.
  [[nodiscard]] std::vector<const DeploymentState*> in_phase(Phase phase) const;
  [[nodiscard]] const ServiceState* service(const std::string& key) const;
  /// The active deployment of a service, null when there is none.
  [[nodiscard]] const DeploymentState* active(const std::string& service) const;
  /// The hold in force for a service (its own or the one over all), null when none.
  [[nodiscard]] const HoldState* hold(const std::string& service) const;
  /// The version a rollback of `service` would go back to from `version`; empty when there is none.
  [[nodiscard]] std::string rollback_target(const std::string& service, const std::string& version) const;
};

/// The time from which the daemon goes on in a boot that has no records yet, where the clock shows `wall`. While a
/// deployment is under way it is not before the last record: else each of its deadlines would move away by as much as the
/// clock was set back.
Time time_at_boot(const State& state, Time wall);

} // namespace backstop
