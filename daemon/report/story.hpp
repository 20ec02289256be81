#pragma once
#include "daemon/record.hpp"
#include "daemon/records.hpp"
#include "daemon/state.hpp"
#include "rules/result.hpp"
#include "rules/time.hpp"
#include <optional>
#include <span>
#include <string>
#include <vector>

/// What happened in a deployment, from its records alone.
namespace backstop::report {

/// One thing that happened, as a person would tell it.
struct Moment {
  enum class Tone { plain, good, bad };
  Time at{};
  std::string actor; ///< empty: the daemon itself
  std::string text;
  Tone tone = Tone::plain;
};

/// One attempt of one step.
struct StepStory {
  std::string procedure; ///< "rollback", "plan", "preflight", "checklist"
  std::string path, name;
  std::string purpose; ///< as in StepIntended
  std::int64_t attempt = 1;
  std::vector<std::string> argv;
  Time began{};
  Time ended{}; ///< zero: no end is recorded
  Duration took{};
  bool good = false;
  std::string how; ///< it ended: "exit status 3"
  std::string output;
  bool output_cut = false;
};

struct NoticeStory {
  std::string channel, severity, title;
  Time queued{};
  Time ended{}; ///< zero: not yet
  bool delivered = false;
  std::int64_t attempts = 0;
  std::string error;
};

/// What a person did or said. `who` as in Record::actor: "uid:1000(ana)".
struct ActStory {
  Time at{};
  std::string who, did;
};

struct LevelStory {
  Time recorded{};
  LevelChanged change;
};

struct IncidentStory {
  std::string id, severity, title;
  Time opened{}, resolved{};
  std::string how_resolved;
  std::string acknowledged_by, comment;
  Time acknowledged{};
  Time review_due{}; ///< zero: no review is asked for
  Time reviewed{};   ///< zero: not yet
  std::string reviewed_by{}, root_cause{}, prevention{};
};

/// Somebody signed for the deployment as a role.
struct ApprovalStory {
  std::string role, by, comment;
  Time at{};
};

struct SignalStory {
  Time at{};
  std::string who, kind, evidence;
};

struct Story {
  std::string deployment, service, version, previous, kind, mode, began_by;
  std::vector<std::string> components;
  bool irreversible = false;
  std::string config_hash, config_text;
  Time requested{}, begun{};
  Time finished{};     ///< the traffic is on the new version; zero: never
  Time exposed{};      ///< some of it is: the first watch of a plan begins, or else it is finished; zero: never
  Time ended{};        ///< the last end; zero: it is under way
  std::string outcome; ///< name of the phase it ended in; empty: it is under way
  std::string outcome_why;
  Time verified_good{}; ///< zero: it was not
  DeploymentBegun frozen;
  std::vector<IncidentStory> incidents;
  std::vector<DecisionState> decisions;
  std::vector<LevelStory> levels;
  std::vector<SignalStory> signals;
  std::vector<StepStory> steps;
  std::vector<NoticeStory> notices;
  std::vector<ActStory> acts;
  std::vector<ApprovalStory> approvals;     ///< in force when it began; of roles as a whole
  std::optional<GateOverridden> overridden; ///< it began whatever was missing ...
  std::string overridden_by;                ///< ... because this person said so
  std::optional<RollbackStarted> rollback;  ///< the last one
  Time rollback_began{};
  std::string rollback_by; ///< a person who asked for it; empty: decided by the daemon
  std::optional<ProcedureEnded> procedure_ended;
  Time quarantined{};
  std::string locked; ///< why; empty: never
  Time unlocked{};    ///< zero: it still is, where it was locked
  std::vector<WatchInterrupted> interruptions;
  std::vector<Moment> timeline; ///< in order of time
  std::string daemon_version;   ///< that was running; empty: not told by these records
  std::uint64_t first_record = 0, last_record = 0, records = 0;
  Time last_time{}; ///< of the last record: what comes after it is not known

  [[nodiscard]] const IncidentStory* incident(const std::string& id) const;
  /// The decision that was acted upon, or else the last one to roll back; null: there was none.
  [[nodiscard]] const DecisionState* decision() const;
  /// The version before runs again: the last command of the rollback that was good before its first verification. Zero: it
  /// does not, or nobody knows.
  [[nodiscard]] Time restored() const;
};

/// From the records of one deployment in the order of the journal, as told_of() chooses them. Errors: newer or corrupt
/// where a record does not read (its seq is named), invalid where they do not tell how the deployment began.
Result<Story> story_of(const std::string& deployment, std::span<const Record> records);

/// The time up to which it is looked for what went wrong: the decision, or else the first level that was reached, or the end;
/// kNever: none of these came yet.
Time looked_at_until(const Story& story);
/// `text` without the names that a report has said once: "D1: ", "shop/production: ".
std::string without_names(std::string text, const Story& story);
/// What is told of `record` in the timeline; nothing where it is told better elsewhere.
std::optional<Moment> moment_of(const Record& record, const Payload& payload, const Story& so_far);
/// What is told of a step once its end is known.
Moment moment_of(const StepStory& step);
/// "rolled back, and verified" for "rolled_back_verified"; "under way" for none.
std::string outcome_words(const std::string& outcome);
/// The person behind an actor: "ana" of "uid:1000(ana)"; empty for the daemon itself.
std::string person_of(const std::string& actor);

} // namespace backstop::report
