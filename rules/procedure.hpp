#pragma once
#include "rules/time.hpp"
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace backstop {

/// What the engine of procedures must know of a step. The commands themselves are the executor's.
struct StepPlan {
  enum class Kind {
    notify,
    run,
    watch,
    review,
    bake,    ///< ends by what the rules say of the new version, or by a person
    approve, ///< ends when somebody signs
    wait,    ///< ends `lasts` after it began
  };
  enum class OnFailure { abort, proceed, escalate };
  enum class OnUnknown { rerun, verify, escalate };
  std::string path; ///< "1", "2" ...
  std::string name;
  Kind kind = Kind::run;
  int retries = 0;
  Duration retry_delay{};
  bool has_check = false;
  OnFailure on_failure = OnFailure::abort;
  OnUnknown on_unknown = OnUnknown::verify;
  std::string group = {}; ///< steps beside each other with the same one run at the same time; empty: alone
  Duration lasts{};       ///< of wait and bake
};

/// How far a step came: a fold over its records.
struct StepProgress {
  enum class Status {
    pending,
    running,       ///< an attempt was intended and has no outcome yet
    retry_waiting, ///< failed, another attempt is due at `retry_at`
    check_needed,  ///< how it ended is unknown, or it is about to run again: ask its check first
    checking,
    done,
    failed,    ///< for good
    continued, ///< failed, and on_failure says: go on
  };
  Status status = Status::pending;
  int attempt = 0;         ///< the last one intended; never counted back: it is part of the key of an attempt
  int checks = 0;          ///< checks intended; likewise
  int attempts_before = 0; ///< attempts made before a person ordered it anew: `retries` count from there
  int checks_before = 0;   ///< likewise checks
  Time started{};          ///< of the last attempt
  Time ended{};
  Time retry_at{};
  bool unknown = false; ///< the last attempt's end is unknown
  std::string boot;     ///< boot id of the host when the last attempt or check was intended
  std::string why;      ///< how it ended, for people
  std::string output;   ///< the last bytes that the last attempt printed
};
std::string_view name_of(StepProgress::Status status);
/// It was begun and has no end that is known.
bool in_doubt(const StepProgress& step);

/// How an attempt or a check ended, as the engine sees it.
enum class AttemptEnd { succeeded, failed, unknown, not_run };

struct ProcedureProgress {
  std::vector<StepProgress> steps;
  bool ended = false;
  bool succeeded = false;
  std::string why; ///< of the end
  /// The first step that is neither done nor continued; steps.size() when all are. Those of its group may run too.
  [[nodiscard]] std::size_t current() const;
};

/// What is to be done next.
struct RunAttempt {
  std::size_t step;
  int attempt;
};
struct RunCheck {
  std::size_t step;
  int check;
};
struct SendNotice {
  std::size_t step;
};
struct BeginWatch {
  std::size_t step;
};
struct OpenReview {
  std::size_t step;
};
struct AskApproval {
  std::size_t step;
};
struct BeginWait {
  std::size_t step;
};
struct EndWait {
  std::size_t step;
};
struct WaitUntil {
  Time at; ///< kNever: until an outcome arrives
};
struct ProcedureOver {
  bool succeeded;
  std::string why;
};
using NextAction = std::variant<RunAttempt, RunCheck, SendNotice, BeginWatch, OpenReview, AskApproval, BeginWait,
                                EndWait, WaitUntil, ProcedureOver>;

/// The next action of a procedure. Steps of a group run at the same time; when one of them fails, it is over once none
/// of them runs any more. A step that is not declared idempotent (on_unknown: rerun) never gets a second attempt
/// unless its failure is known and `retries` allow one; with a check, the check is asked first.
NextAction next_action(const std::vector<StepPlan>& plan, const ProcedureProgress& progress, Time now);

/// Folds: an attempt was intended; it ended; a check was intended; it ended.
void attempt_intended(StepProgress& step, int attempt, Time at);
void attempt_ended(const StepPlan& plan, StepProgress& step, AttemptEnd end, std::string why, Time at);
void check_intended(StepProgress& step, int check);
/// `passed`: it is done already. Otherwise the attempt counts as failed; unknown: nobody can tell.
void check_ended(const StepPlan& plan, StepProgress& step, AttemptEnd end, const std::string& why, Time at);
/// A person ordered the step anew (`unlock --retry-from`): it runs without asking its check, with all its retries.
void step_ordered_anew(StepProgress& step);

} // namespace backstop
