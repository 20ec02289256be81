#pragma once
#include "daemon/record.hpp"
#include "rules/result.hpp"
#include "rules/time.hpp"
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// Every payload a record can have. The state of the daemon is a fold over these and nothing else (fold.hpp).
/// A member may be added (readers tolerate its absence); a changed meaning takes a new version or a new type.
namespace backstop {

#define BACKSTOP_FIELDS(...)                                                                                           \
  template <class V> void fields([[maybe_unused]] V& v) { __VA_ARGS__ }

/// One rule's verdict as it is kept: enough to explain it later.
struct Evidence {
  std::string rule, indicator, level, health, limit, why;
  std::optional<double> value, threshold, baseline;
  double requests = 0;
  double numerator = 0;
  std::optional<double> evidence; ///< nats, where evidence decides; `evidence_needed` suffice
  double evidence_needed = 0;
  std::int64_t scrapes = 0;
  Duration window{}, held{}, needed{};
  Time scraped{}; ///< of the newest sample
  BACKSTOP_FIELDS(v("rule", rule); v("indicator", indicator); v("level", level); v("health", health); v("value", value);
                  v("threshold", threshold); v("limit", limit); v("baseline", baseline); v("window_us", window);
                  v("held_us", held); v("needed_us", needed); v("requests", requests); v("numerator", numerator);
                  v("evidence", evidence); v("evidence_needed", evidence_needed); v("scrapes", scrapes);
                  v("scraped_us", scraped); v("why", why);)
};

struct FrozenBaseline {
  std::string indicator;
  bool usable = false;
  double value = 0, numerator = 0, requests = 0;
  std::int64_t readings = 0;
  Duration covers{};
  std::string why, unit; ///< unit: of `value`, as name_of(Unit) calls it
  BACKSTOP_FIELDS(v("indicator", indicator); v("usable", usable); v("value", value); v("numerator", numerator);
                  v("requests", requests); v("readings", readings); v("covers_us", covers); v("why", why);
                  v("unit", unit);)
};

/// A line of the sequential judge as it stood at begin (rules/sequential.hpp: EvidenceLine), by condition of the rules.
struct FrozenLine {
  std::string kind, why;
  bool inverted = false, higher_is_worse = true;
  std::int64_t crash_loop = 0;
  double share = 0, wander = 0, bar = 0, slower_than = 0, severe_share = 0, line = 0, scale = 0, gauge_bar = 0;
  BACKSTOP_FIELDS(v("kind", kind); v("why", why); v("inverted", inverted); v("higher_is_worse", higher_is_worse);
                  v("crash_loop", crash_loop); v("share", share); v("wander", wander); v("bar", bar);
                  v("slower_than", slower_than); v("severe_share", severe_share); v("line", line); v("scale", scale);
                  v("gauge_bar", gauge_bar);)
};

struct TargetLabel {
  std::string name, value;
  BACKSTOP_FIELDS(v("name", name); v("value", value);)
};
/// A target that was found: of `url` and `address` the one that it has.
struct FoundTarget {
  std::string url, address;
  std::vector<TargetLabel> labels;
  BACKSTOP_FIELDS(v("url", url); v("address", address); v("labels", labels);)
};
/// What was found of one source, at one time.
struct SourceTargets {
  std::string source;
  std::vector<FoundTarget> targets;
  BACKSTOP_FIELDS(v("source", source); v("targets", targets);)
};

struct DaemonStarted {
  static constexpr const char* kType = "daemon_started";
  std::string version, config_hash;
  Duration anchor{}; ///< of judge time; put back by a restart in the same boot
  BACKSTOP_FIELDS(v("version", version); v("config_hash", config_hash); v("anchor_us", anchor);)
};
struct DaemonStopped {
  static constexpr const char* kType = "daemon_stopped";
  BACKSTOP_FIELDS()
};
/// The host goes down (`coming`), or does not after all.
struct ShutdownAnnounced {
  static constexpr const char* kType = "shutdown_announced";
  bool coming = false;
  std::string why; ///< of not coming
  BACKSTOP_FIELDS(v("coming", coming); v("why", why);)
};
struct ConfigApplied {
  static constexpr const char* kType = "config_applied";
  std::string hash;
  std::vector<std::string> services;
  BACKSTOP_FIELDS(v("hash", hash); v("services", services);)
};
struct ConfigRefused {
  static constexpr const char* kType = "config_refused";
  std::vector<std::string> faults;
  BACKSTOP_FIELDS(v("faults", faults);)
};
struct VersionAdopted {
  static constexpr const char* kType = "version_adopted";
  std::string service, version, reason;
  std::string side{}; ///< of the traffic that it runs on; empty: as it was known
  BACKSTOP_FIELDS(v("service", service); v("version", version); v("reason", reason); v("side", side);)
};
struct DeploymentRequested {
  static constexpr const char* kType = "deployment_requested";
  std::string id, service, version, previous, kind, mode;
  std::vector<std::string> components;
  bool irreversible = false;
  std::string config_hash, config_text; ///< the service's file, frozen: the steps that run are these
  std::string side{},
      other_side{}; ///< of the traffic: that the new version comes to, that has it; empty: none is moved
  BACKSTOP_FIELDS(v("id", id); v("service", service); v("version", version); v("previous", previous); v("kind", kind);
                  v("mode", mode); v("components", components); v("irreversible", irreversible);
                  v("config_hash", config_hash); v("config_text", config_text); v("side", side);
                  v("other_side", other_side);)
};
/// A deployment waits for what must be given before it begins (config/gates.hpp). It has the id that DeploymentRequested has
/// when it begins.
struct DeploymentOpened {
  static constexpr const char* kType = "deployment_opened";
  std::string id, service, version, previous, kind, mode;
  std::vector<std::string> components;
  bool irreversible = false;
  std::string config_hash, config_text; ///< the service's file, frozen: what is signed is this
  std::string asked_previous{};         ///< the version to go back to, where a person named it
  BACKSTOP_FIELDS(v("id", id); v("service", service); v("version", version); v("previous", previous); v("kind", kind);
                  v("mode", mode); v("components", components); v("irreversible", irreversible);
                  v("config_hash", config_hash); v("config_text", config_text); v("asked_previous", asked_previous);)
};
/// A person of a role signed: items of the checklist, or (`items` empty) for the role as a whole, or a step of the plan.
struct ApprovalGiven {
  static constexpr const char* kType = "approval_given";
  std::string deployment, role, comment, step;
  std::vector<std::string> items;
  BACKSTOP_FIELDS(v("deployment", deployment); v("role", role); v("items", items); v("step", step);
                  v("comment", comment);)
};
/// ... and takes it back. `items` empty: that of the role, its items stay signed.
struct ApprovalRevoked {
  static constexpr const char* kType = "approval_revoked";
  std::string deployment, role, reason;
  std::vector<std::string> items;
  BACKSTOP_FIELDS(v("deployment", deployment); v("role", role); v("items", items); v("reason", reason);)
};
/// A step of the plan measured what is normal, where the past of the service told nothing.
struct BaselineMeasured {
  static constexpr const char* kType = "baseline_measured";
  std::string deployment, step;
  std::vector<FrozenBaseline> baselines;
  BACKSTOP_FIELDS(v("deployment", deployment); v("step", step); v("baselines", baselines);)
};
/// What looking at automatic items gave.
struct CheckedItem {
  std::string item, why;
  bool passed = false;
  BACKSTOP_FIELDS(v("item", item); v("passed", passed); v("why", why);)
};
struct ItemsChecked {
  static constexpr const char* kType = "items_checked";
  std::string deployment;
  std::vector<CheckedItem> items;
  BACKSTOP_FIELDS(v("deployment", deployment); v("items", items);)
};
/// It was to begin and may not yet; it stays open.
struct GateRefused {
  static constexpr const char* kType = "gate_refused";
  std::string deployment;
  std::vector<std::string> missing;
  BACKSTOP_FIELDS(v("deployment", deployment); v("missing", missing);)
};
/// It begins although something is missing, because a person says so.
struct GateOverridden {
  static constexpr const char* kType = "gate_overridden";
  std::string deployment, reason;
  std::vector<std::string> missing;
  BACKSTOP_FIELDS(v("deployment", deployment); v("reason", reason); v("missing", missing);)
};
/// The plan of a deployment begins no other step until a person says so. `step`: the path that it stands at.
struct PlanPaused {
  static constexpr const char* kType = "plan_paused";
  std::string deployment, step, why;
  BACKSTOP_FIELDS(v("deployment", deployment); v("step", step); v("why", why);)
};
struct PlanResumed {
  static constexpr const char* kType = "plan_resumed";
  std::string deployment, reason;
  BACKSTOP_FIELDS(v("deployment", deployment); v("reason", reason);)
};
/// A person goes on without a step. `how`: skipped (left out, or failed and so be it), promoted (its time was long enough).
struct StepSkipped {
  static constexpr const char* kType = "step_skipped";
  std::string deployment, procedure, path, name, how, reason;
  BACKSTOP_FIELDS(v("deployment", deployment); v("procedure", procedure); v("path", path); v("name", name);
                  v("how", how); v("reason", reason);)
};
struct DeploymentRefused {
  static constexpr const char* kType = "deployment_refused";
  std::string id, reason, why;
  BACKSTOP_FIELDS(v("id", id); v("reason", reason); v("why", why);)
};
struct DeploymentBegun {
  static constexpr const char* kType = "deployment_begun";
  std::string id;
  std::vector<FrozenBaseline> baselines;
  std::vector<Evidence> preexisting;
  std::vector<FrozenLine> lines;
  Duration warm_up{}, sustain{};      ///< that it is judged with
  std::int64_t learned_from = 0;      ///< good deployments that they come from; 0: as configured
  std::vector<SourceTargets> targets; ///< of the sources that look for theirs
  std::string ran{};                  ///< the version that ran until then; empty: not known
  BACKSTOP_FIELDS(v("id", id); v("baselines", baselines); v("preexisting", preexisting); v("lines", lines);
                  v("warm_up_us", warm_up); v("sustain_us", sustain); v("learned_from", learned_from);
                  v("targets", targets); v("ran", ran);)
};
struct DeploymentFinished {
  static constexpr const char* kType = "deployment_finished";
  std::string id;
  BACKSTOP_FIELDS(v("id", id);)
};
/// What a good version taught (rules/settling.hpp: Settling).
struct Settled {
  Duration start{}, breach{};
  BACKSTOP_FIELDS(v("start_us", start); v("breach_us", breach);)
};
struct VersionVerifiedGood {
  static constexpr const char* kType = "version_verified_good";
  std::string id, service, version;
  std::vector<Settled> settled; ///< one; none: it teaches nothing
  BACKSTOP_FIELDS(v("id", id); v("service", service); v("version", version); v("settled", settled);)
};
/// outcome: succeeded, undecided, rolled_back_verified, rollback_failed, aborted, superseded
struct DeploymentEnded {
  static constexpr const char* kType = "deployment_ended";
  std::string id, outcome, why;
  Time judged{}; ///< as in LevelChanged; where time alone decided, when it was due; zero: no judgement ended it
  BACKSTOP_FIELDS(v("id", id); v("outcome", outcome); v("why", why); v("judged_us", judged);)
};
struct LevelChanged {
  static constexpr const char* kType = "level_changed";
  std::string service, deployment, from, to;
  Evidence evidence;
  Time judged{}; ///< as of then: the time of the samples, which is before they had arrived
  BACKSTOP_FIELDS(v("service", service); v("deployment", deployment); v("from", from); v("to", to);
                  v("evidence", evidence); v("judged_us", judged);)
};
/// status: enforced, observed, held, awaiting_confirmation, waiting (for a free rollback slot), blocked
struct DecisionMade {
  static constexpr const char* kType = "decision_made";
  std::string id, service, deployment, decision, status, why, because;
  std::vector<std::string> rules;
  std::vector<Evidence> evidence;
  Time sample_arrived{}; ///< of the deciding sample; zero: no sample decided
  Time judged{};         ///< as in LevelChanged; where a command decided, its time
  BACKSTOP_FIELDS(v("id", id); v("service", service); v("deployment", deployment); v("decision", decision);
                  v("status", status); v("why", why); v("because", because); v("rules", rules); v("evidence", evidence);
                  v("sample_arrived_us", sample_arrived); v("judged_us", judged);)
};
struct ConfirmationAsked {
  static constexpr const char* kType = "confirmation_asked";
  std::string deployment, why;
  Time until{};
  BACKSTOP_FIELDS(v("deployment", deployment); v("why", why); v("until_us", until);)
};
/// answer: confirmed, declined, timed_out
struct ConfirmationAnswered {
  static constexpr const char* kType = "confirmation_answered";
  std::string deployment, answer, reason;
  BACKSTOP_FIELDS(v("deployment", deployment); v("answer", answer); v("reason", reason);)
};
struct IncidentOpened {
  static constexpr const char* kType = "incident_opened";
  std::string id, service, deployment, severity, title;
  BACKSTOP_FIELDS(v("id", id); v("service", service); v("deployment", deployment); v("severity", severity);
                  v("title", title);)
};
struct IncidentEscalated {
  static constexpr const char* kType = "incident_escalated";
  std::string id, severity, title;
  BACKSTOP_FIELDS(v("id", id); v("severity", severity); v("title", title);)
};
struct IncidentAcknowledged {
  static constexpr const char* kType = "incident_acknowledged";
  std::string id, comment;
  Time until{}; ///< zero: until resolved
  BACKSTOP_FIELDS(v("id", id); v("comment", comment); v("until_us", until);)
};
struct IncidentResolved {
  static constexpr const char* kType = "incident_resolved";
  std::string id, how;
  BACKSTOP_FIELDS(v("id", id); v("how", how);)
};
struct ReviewOpened {
  static constexpr const char* kType = "review_opened";
  std::string incident, deployment;
  Time due{};
  BACKSTOP_FIELDS(v("incident", incident); v("deployment", deployment); v("due_us", due);)
};
struct ReviewClosed {
  static constexpr const char* kType = "review_closed";
  std::string incident, root_cause, prevention;
  BACKSTOP_FIELDS(v("incident", incident); v("root_cause", root_cause); v("prevention", prevention);)
};
/// `undo`: paths of the steps of the plan that are taken back, in order. `untouched`: the service itself was not changed yet, so
/// that is all there is to do.
struct RollbackStarted {
  static constexpr const char* kType = "rollback_started";
  std::string deployment, rollback, incident, from_version, to_version, cause;
  std::vector<std::string> undo{};
  bool untouched = false;
  BACKSTOP_FIELDS(v("deployment", deployment); v("rollback", rollback); v("incident", incident);
                  v("from_version", from_version); v("to_version", to_version); v("cause", cause); v("undo", undo);
                  v("untouched", untouched);)
};
/// procedure: rollback, plan, preflight, checklist.
/// purpose: run, check, preflight, version, watch, notify, review, traffic, bake, approve, wait, item
struct StepIntended {
  static constexpr const char* kType = "step_intended";
  std::string deployment, procedure, path, name, purpose;
  std::int64_t attempt = 1;
  std::vector<std::string> argv;
  std::optional<double> share{}; ///< of the traffic that it sends to the new version; none: it moves none
  BACKSTOP_FIELDS(v("deployment", deployment); v("procedure", procedure); v("path", path); v("attempt", attempt);
                  v("name", name); v("purpose", purpose); v("argv", argv); v("share", share);)
};
struct StepEnded {
  static constexpr const char* kType = "step_ended";
  std::string deployment, procedure, path, name, purpose, end, output, detail;
  std::int64_t attempt = 1, status = 0;
  Duration took{};
  bool output_cut = false;
  BACKSTOP_FIELDS(v("deployment", deployment); v("procedure", procedure); v("path", path); v("name", name);
                  v("attempt", attempt); v("purpose", purpose); v("end", end); v("status", status); v("took_us", took);
                  v("detail", detail); v("output", output); v("output_cut", output_cut);)
};
/// A step that was due is not started, because the host goes down. It is started once that is over.
struct StepHeldBack {
  static constexpr const char* kType = "step_held_back";
  std::string deployment, procedure, path, name;
  BACKSTOP_FIELDS(v("deployment", deployment); v("procedure", procedure); v("path", path); v("name", name);)
};
/// Nobody watched a deployment for a while, or over a reboot: it is watched on before its version counts as good.
struct WatchInterrupted {
  static constexpr const char* kType = "watch_interrupted";
  std::string deployment;
  Duration lasted{}; ///< since it was last judged, as far as that is known
  bool reboot = false;
  BACKSTOP_FIELDS(v("deployment", deployment); v("lasted_us", lasted); v("reboot", reboot);)
};
/// The targets that were found of a source are others now. `joined`: that are new, or have other labels; `left`: names.
struct TargetsChanged {
  static constexpr const char* kType = "targets_changed";
  std::string service, source;
  std::vector<FoundTarget> joined;
  std::vector<std::string> left;
  BACKSTOP_FIELDS(v("service", service); v("source", source); v("joined", joined); v("left", left);)
};
struct ProcedureEnded {
  static constexpr const char* kType = "procedure_ended";
  std::string deployment, procedure, why;
  bool succeeded = false;
  BACKSTOP_FIELDS(v("deployment", deployment); v("procedure", procedure); v("succeeded", succeeded); v("why", why);)
};
struct ProcedureRetried {
  static constexpr const char* kType = "procedure_retried";
  std::string deployment, procedure, from_step;
  BACKSTOP_FIELDS(v("deployment", deployment); v("procedure", procedure); v("from_step", from_step);)
};
struct HoldSet {
  static constexpr const char* kType = "hold_set";
  std::string service, reason; ///< service "*": all
  Time until{};
  BACKSTOP_FIELDS(v("service", service); v("reason", reason); v("until_us", until);)
};
/// how: released, expired
struct HoldEnded {
  static constexpr const char* kType = "hold_ended";
  std::string service, how;
  BACKSTOP_FIELDS(v("service", service); v("how", how);)
};
struct SignalRaised {
  static constexpr const char* kType = "signal_raised";
  std::string service, deployment, kind, evidence;
  BACKSTOP_FIELDS(v("service", service); v("deployment", deployment); v("kind", kind); v("evidence", evidence);)
};
struct ServiceLocked {
  static constexpr const char* kType = "service_locked";
  std::string service, deployment, why;
  BACKSTOP_FIELDS(v("service", service); v("deployment", deployment); v("why", why);)
};
/// how: retry, done_by_hand, unlocked
struct ServiceUnlocked {
  static constexpr const char* kType = "service_unlocked";
  std::string service, how, reason;
  BACKSTOP_FIELDS(v("service", service); v("how", how); v("reason", reason);)
};
struct VersionQuarantined {
  static constexpr const char* kType = "version_quarantined";
  std::string service, version, deployment, why;
  BACKSTOP_FIELDS(v("service", service); v("version", version); v("deployment", deployment); v("why", why);)
};
struct QuarantineReleased {
  static constexpr const char* kType = "quarantine_released";
  std::string service, version, reason;
  BACKSTOP_FIELDS(v("service", service); v("version", version); v("reason", reason);)
};
struct NoticeQueued {
  static constexpr const char* kType = "notice_queued";
  std::string key, channel, severity, title, incident;
  Json body;
  Time not_before{}; ///< it waits so long for more of the same; zero: it does not
  BACKSTOP_FIELDS(v("key", key); v("channel", channel); v("severity", severity); v("title", title);
                  v("incident", incident); v("body", body); v("not_before_us", not_before);)
};
/// Only the last attempt of a notice is recorded as an outcome; failures between are counted and logged.
struct NoticeEnded {
  static constexpr const char* kType = "notice_ended";
  std::string key, error;
  bool delivered = false;
  std::int64_t attempts = 0;
  std::string superseded_by{}; ///< key of a later notice that says it too; it was never sent by itself
  BACKSTOP_FIELDS(v("key", key); v("delivered", delivered); v("attempts", attempts); v("error", error);
                  v("superseded_by", superseded_by);)
};

/// A person had a test notice sent through a channel.
struct ChannelTested {
  static constexpr const char* kType = "channel_tested";
  std::string channel, answer; ///< answer: what the other side said, or why it could not be asked
  bool taken = false;
  BACKSTOP_FIELDS(v("channel", channel); v("taken", taken); v("answer", answer);)
};

/// A step as a rollback would take it. `argv` and `user` of run steps alone.
struct GameDayStep {
  std::string path, name, kind;
  std::vector<std::string> argv;
  std::string user;
  BACKSTOP_FIELDS(v("path", path); v("name", name); v("kind", kind); v("argv", argv); v("user", user);)
};
/// purpose: version, preflight, check (of the step `path`), channel (`path` is its name)
struct GameDayQuestion {
  std::string path, purpose;
  std::vector<std::string> argv;
  std::string answer, output;
  bool good = false;
  BACKSTOP_FIELDS(v("path", path); v("purpose", purpose); v("argv", argv); v("answer", answer); v("output", output);
                  v("good", good);)
};
/// A rollback gone through without doing it: would it work?
struct GameDayHeld {
  static constexpr const char* kType = "game_day_held";
  std::string service, version, target, why; ///< why it would not work
  bool works = false;
  std::vector<GameDayStep> steps;
  std::vector<GameDayQuestion> questions;
  BACKSTOP_FIELDS(v("service", service); v("version", version); v("target", target); v("works", works); v("why", why);
                  v("steps", steps); v("questions", questions);)
};

/// Records that are not kept any more, both ends included, and the hashes at its ends: of the record before (zeros: there is
/// none) and of the last one, which the record behind it was written on.
struct RemovedRecords {
  std::uint64_t from = 0, to = 0;
  std::string before, after;
  BACKSTOP_FIELDS(v("from", from); v("to", to); v("before", before); v("after", after);)
};
struct KeptVersion {
  std::string version, why;
  bool good = false;
  Time since{};
  BACKSTOP_FIELDS(v("version", version); v("good", good); v("why", why); v("since_us", since);)
};
struct KeptQuarantine {
  std::string version, why;
  BACKSTOP_FIELDS(v("version", version); v("why", why);)
};
struct KeptLevel {
  std::string rule, level;
  BACKSTOP_FIELDS(v("rule", rule); v("level", level);)
};
struct KeptGameDay {
  Time at{};
  std::string by, why;
  bool works = false;
  BACKSTOP_FIELDS(v("at_us", at); v("by", by); v("why", why); v("works", works);)
};
/// All that is known of a service, whatever records it came from (state.hpp: ServiceState).
struct KeptService {
  std::string service, version, deployment, locked_by, locked_why, live_side;
  std::vector<KeptVersion> versions;
  std::vector<std::string> good_order;
  std::vector<KeptQuarantine> quarantine;
  std::vector<Time> rollbacks;
  std::vector<KeptLevel> levels;
  std::optional<KeptGameDay> game_day;
  std::vector<SourceTargets> targets;
  std::vector<Settled> settled;
  BACKSTOP_FIELDS(v("service", service); v("version", version); v("deployment", deployment); v("locked_by", locked_by);
                  v("locked_why", locked_why); v("live_side", live_side); v("versions", versions);
                  v("good_order", good_order); v("quarantine", quarantine); v("rollbacks_us", rollbacks);
                  v("levels", levels); v("game_day", game_day); v("targets", targets); v("settled", settled);)
};
/// What is known of some services, said once more before records that said it are removed.
struct StateSummed {
  static constexpr const char* kType = "state_summed";
  std::vector<KeptService> services;
  BACKSTOP_FIELDS(v("services", services);)
};
struct KeptHold {
  std::string service, by, reason;
  Time until{};
  BACKSTOP_FIELDS(v("service", service); v("by", by); v("reason", reason); v("until_us", until);)
};
/// Old records are not kept any more. What of the state they alone told stands here and in the StateSummed before. All
/// records that are gone are named, also those of earlier times: the last record of this type says how the chain holds.
struct JournalCompacted {
  static constexpr const char* kType = "journal_compacted";
  std::vector<RemovedRecords> removed;
  Time older_than{};
  std::int64_t records = 0; ///< that this one removes
  std::int64_t next_deployment = 1, next_incident = 1, next_decision = 1, next_notice = 1;
  std::vector<KeptHold> holds;
  std::vector<NoticeEnded> dead_letters;
  BACKSTOP_FIELDS(v("removed", removed); v("older_than_us", older_than); v("records", records);
                  v("next_deployment", next_deployment); v("next_incident", next_incident);
                  v("next_decision", next_decision); v("next_notice", next_notice); v("holds", holds);
                  v("dead_letters", dead_letters);)
};

#undef BACKSTOP_FIELDS

using Payload =
    std::variant<DaemonStarted, DaemonStopped, ConfigApplied, ConfigRefused, VersionAdopted, DeploymentRequested,
                 DeploymentRefused, DeploymentBegun, DeploymentFinished, VersionVerifiedGood, DeploymentEnded,
                 LevelChanged, DecisionMade, ConfirmationAsked, ConfirmationAnswered, IncidentOpened, IncidentEscalated,
                 IncidentAcknowledged, IncidentResolved, ReviewOpened, ReviewClosed, RollbackStarted, StepIntended,
                 StepEnded, ProcedureEnded, ProcedureRetried, HoldSet, HoldEnded, SignalRaised, ServiceLocked,
                 ServiceUnlocked, VersionQuarantined, QuarantineReleased, NoticeQueued, NoticeEnded, GameDayHeld,
                 ShutdownAnnounced, StepHeldBack, WatchInterrupted, TargetsChanged, ChannelTested, StateSummed,
                 JournalCompacted, DeploymentOpened, ApprovalGiven, ApprovalRevoked, ItemsChecked, GateRefused,
                 GateOverridden, PlanPaused, PlanResumed, StepSkipped, BaselineMeasured>;

/// Name of the payload's type as it stands in Record::type.
std::string type_of(const Payload& payload);
/// What the payload is about, for Record::subject.
std::string subject_of(const Payload& payload);
Json encode(const Payload& payload);
/// Errc::newer for a type this program does not know, Errc::corrupt for a payload that does not read.
Result<Payload> decode(const Record& record);

} // namespace backstop
