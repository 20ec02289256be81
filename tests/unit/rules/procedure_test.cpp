// The engine of procedures: every status and what is done next, attempts, checks, and what is never done twice.
#include "rules/procedure.hpp"
#include <gtest/gtest.h>
#include <string>

namespace backstop {
namespace {

using S = StepProgress::Status;
using E = AttemptEnd;
using Kind = StepPlan::Kind;
using F = StepPlan::OnFailure;
using U = StepPlan::OnUnknown;

Time at(double seconds) { return Time{seconds_f(seconds)} + std::chrono::hours(24); }

StepPlan step_of(Kind kind = Kind::run) {
  StepPlan plan;
  plan.path = "3";
  plan.name = "execute";
  plan.kind = kind;
  plan.retry_delay = std::chrono::seconds(5);
  return plan;
}

/// "run 1", "check 1", "notice", "watch", "review", "wait 5", "wait", "done", "failed: why".
std::string text_of(const NextAction& action) {
  struct Text {
    std::string operator()(const RunAttempt& a) const { return "run " + std::to_string(a.attempt); }
    std::string operator()(const RunCheck& a) const { return "check " + std::to_string(a.check); }
    std::string operator()(const SendNotice&) const { return "notice"; }
    std::string operator()(const BeginWatch&) const { return "watch"; }
    std::string operator()(const OpenReview&) const { return "review"; }
    std::string operator()(const AskApproval&) const { return "ask"; }
    std::string operator()(const BeginWait&) const { return "begin waiting"; }
    std::string operator()(const EndWait&) const { return "waited"; }
    std::string operator()(const WaitUntil& a) const {
      return a.at == kNever ? "wait" : "wait " + std::to_string((a.at - at(0)).count() / 1'000'000);
    }
    std::string operator()(const ProcedureOver& a) const { return a.succeeded ? "done" : "failed: " + a.why; }
  };
  return std::visit(Text{}, action);
}

/// A procedure of one step, told what happens and asked what is next.
struct OneStep {
  StepPlan plan;
  ProcedureProgress progress = {{StepProgress{}}, false, false, ""};
  StepProgress& step() { return progress.steps.front(); }
  std::string next(double t = 0) const { return text_of(next_action({plan}, progress, at(t))); }
  OneStep& runs(int attempt, E end, double t = 0) {
    attempt_intended(step(), attempt, at(t));
    EXPECT_EQ(next(t), "wait") << "until its outcome arrives";
    attempt_ended(plan, step(), end, "why", at(t));
    return *this;
  }
  OneStep& checks(int check, E end, double t = 0) {
    check_intended(step(), check);
    EXPECT_EQ(next(t), "wait");
    check_ended(plan, step(), end, "why", at(t));
    return *this;
  }
};

TEST(NextAction, OfEveryStatus) {
  struct Case {
    S status;
    std::string want;
  };
  for (const Case& c : {Case{S::pending, "run 1"}, Case{S::running, "wait"}, Case{S::retry_waiting, "wait 7"},
                        Case{S::check_needed, "check 1"}, Case{S::checking, "wait"}, Case{S::done, "done"},
                        Case{S::failed, "failed: step 3 (execute) failed: why"}, Case{S::continued, "done"}}) {
    OneStep p{step_of()};
    p.step().status = c.status;
    p.step().why = "why";
    p.step().retry_at = at(7);
    EXPECT_EQ(p.next(), c.want) << name_of(c.status);
  }
}

TEST(NextAction, OfEveryKind) {
  EXPECT_EQ(OneStep{step_of(Kind::run)}.next(), "run 1");
  EXPECT_EQ(OneStep{step_of(Kind::notify)}.next(), "notice");
  EXPECT_EQ(OneStep{step_of(Kind::watch)}.next(), "watch");
  EXPECT_EQ(OneStep{step_of(Kind::review)}.next(), "review");
}

TEST(NextAction, NoStepsAtAllAreNoSuccess) {
  EXPECT_EQ(text_of(next_action({}, {}, at(0))), "failed: there are no steps");
}

TEST(NextAction, InOrderAndNeverPastAFailure) {
  const std::vector<StepPlan> plan{step_of(), step_of(), step_of()};
  ProcedureProgress progress;
  progress.steps.resize(3);
  EXPECT_EQ(std::get<RunAttempt>(next_action(plan, progress, at(0))).step, 0U);
  progress.steps[0].status = S::done;
  EXPECT_EQ(std::get<RunAttempt>(next_action(plan, progress, at(0))).step, 1U);
  progress.steps[1].status = S::continued;
  EXPECT_EQ(std::get<RunAttempt>(next_action(plan, progress, at(0))).step, 2U);
  progress.steps[1].status = S::failed;
  EXPECT_FALSE(std::get<ProcedureOver>(next_action(plan, progress, at(0))).succeeded);
  for (const S waiting : {S::running, S::checking}) {
    progress.steps[1].status = waiting;
    EXPECT_EQ(text_of(next_action(plan, progress, at(0))), "wait");
  }
}

TEST(Attempts, SuccessIsDone) { EXPECT_EQ(OneStep{step_of()}.runs(1, E::succeeded).next(), "done"); }

TEST(Attempts, AFailureWithoutRetriesEndsAsOnFailureSays) {
  for (const auto& [on_failure, status, next] :
       {std::tuple{F::abort, S::failed, "failed: step 3 (execute) failed: why"},
        {F::escalate, S::failed, "failed: step 3 (execute) failed: why"},
        {F::proceed, S::continued, "done"}}) {
    OneStep p{step_of()};
    p.plan.on_failure = on_failure;
    p.runs(1, E::failed);
    EXPECT_EQ(p.step().status, status);
    EXPECT_EQ(p.next(), next);
  }
}

TEST(Attempts, RetriesAreFurtherAttemptsWithTheirDelay) {
  OneStep p{step_of()};
  p.plan.retries = 2;
  p.runs(1, E::failed, 0);
  EXPECT_EQ(p.next(4.999999), "wait 5");
  EXPECT_EQ(p.next(5), "run 2");
  p.runs(2, E::failed, 6);
  EXPECT_EQ(p.next(10.999999), "wait 11");
  EXPECT_EQ(p.next(11), "run 3");
  EXPECT_EQ(p.runs(3, E::failed, 12).step().status, S::failed) << "3 attempts, no 4th";
}

TEST(Attempts, RetriesThenOnFailure) {
  OneStep p{step_of()};
  p.plan.retries = 1;
  p.plan.on_failure = F::proceed;
  p.runs(1, E::failed);
  EXPECT_EQ(p.step().status, S::retry_waiting);
  EXPECT_EQ(p.runs(2, E::failed).step().status, S::continued);
}

TEST(Attempts, TheCheckIsAskedBetweenEveryTwo) {
  OneStep p{step_of()};
  p.plan.retries = 2;
  p.plan.has_check = true;
  EXPECT_EQ(p.next(), "run 1") << "not before the first";
  p.runs(1, E::failed);
  EXPECT_EQ(p.next(0), "wait 5");
  EXPECT_EQ(p.next(5), "check 1");
  p.checks(1, E::failed, 5);
  EXPECT_EQ(p.next(5), "run 2") << "it is not done, and its delay is over";
  p.runs(2, E::failed, 6);
  EXPECT_EQ(p.next(11), "check 2");
  EXPECT_EQ(p.checks(2, E::succeeded, 11).next(11), "done") << "it was done after all";
}

TEST(Attempts, NotRunIsForAPersonWhateverElseIsConfigured) {
  OneStep p{step_of()};
  p.plan.retries = 3;
  p.plan.on_failure = F::proceed;
  p.plan.has_check = true;
  EXPECT_EQ(p.runs(1, E::not_run).step().status, S::failed);
}

struct UnknownCase {
  U on_unknown;
  bool has_check;
  std::string next; ///< right after an unknown end
};

TEST(Unknown, AsOnUnknownSays) {
  const std::string nobody = "failed: step 3 (execute) failed: why, and no check may tell";
  for (const UnknownCase& c : {UnknownCase{U::rerun, false, "run 2"}, UnknownCase{U::rerun, true, "check 1"},
                               UnknownCase{U::verify, true, "check 1"}, UnknownCase{U::verify, false, nobody},
                               UnknownCase{U::escalate, true, nobody}, UnknownCase{U::escalate, false, nobody}}) {
    OneStep p{step_of()};
    p.plan.on_unknown = c.on_unknown;
    p.plan.has_check = c.has_check;
    EXPECT_EQ(p.runs(1, E::unknown).next(), c.next);
  }
}

TEST(Unknown, RetriesGrantNoSecondAttempt) {
  for (const U on_unknown : {U::verify, U::escalate}) {
    OneStep p{step_of()};
    p.plan.retries = 5;
    p.plan.on_unknown = on_unknown;
    EXPECT_EQ(p.runs(1, E::unknown).step().status, S::failed);
  }
}

TEST(Unknown, OnFailureContinueDoesNotPassOverIt) {
  OneStep p{step_of()};
  p.plan.on_failure = F::proceed;
  EXPECT_EQ(p.runs(1, E::unknown).step().status, S::failed);
}

TEST(Unknown, TheCheckSaysDone) {
  OneStep p{step_of()};
  p.plan.has_check = true;
  EXPECT_EQ(p.runs(1, E::unknown).checks(1, E::succeeded).next(), "done");
}

TEST(Unknown, TheCheckSaysNotDoneWhichIsAKnownFailure) {
  OneStep p{step_of()};
  p.plan.has_check = true;
  p.plan.retries = 1;
  p.runs(1, E::unknown).checks(1, E::failed, 0);
  EXPECT_EQ(p.next(5), "run 2") << "without asking once more";
  p.runs(2, E::unknown, 6).checks(2, E::failed, 6);
  EXPECT_EQ(p.step().status, S::failed) << "one retry, no second";
}

TEST(Unknown, ARerunStepRunsAgainWithoutRetriesOnceItsCheckSaysNotDone) {
  OneStep p{step_of()};
  p.plan.has_check = true;
  p.plan.on_unknown = U::rerun;
  p.runs(1, E::unknown).checks(1, E::failed);
  EXPECT_EQ(p.next(), "run 2");
  EXPECT_EQ(p.runs(2, E::failed).step().status, S::failed) << "a known failure counts as ever";
}

TEST(Checks, OneThatCouldNotRunIsNoAnswer) {
  for (const E end : {E::not_run}) {
    OneStep p{step_of()};
    p.plan.has_check = true;
    EXPECT_EQ(p.runs(1, E::unknown).checks(1, end).next(),
              "failed: step 3 (execute) failed: its check gives no answer: why");
  }
}

TEST(Checks, OneThatWasCutOffIsAskedAgainUnderANewKey) {
  OneStep p{step_of()};
  p.plan.has_check = true;
  p.plan.retries = 1;
  p.runs(1, E::unknown).checks(1, E::unknown);
  EXPECT_EQ(p.next(), "check 2") << "a question changes nothing";
  p.checks(2, E::failed, 0);
  EXPECT_EQ(p.next(5), "run 2");
  p.runs(2, E::unknown, 6);
  EXPECT_EQ(p.next(6), "check 3") << "a key is never used again";
}

TEST(Checks, CutOffForEverTheyAreNoAnswer) {
  OneStep p{step_of()};
  p.plan.has_check = true;
  p.runs(1, E::unknown);
  int asked = 0;
  while (p.next().starts_with("check") && asked < 100) p.checks(++asked, E::unknown);
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(p.step().status, S::failed);
}

TEST(Checks, EveryAttemptIsCheckedBeforeTheNextAlsoAfterACheckThatWasCutOff) {
  OneStep p{step_of()};
  p.plan.has_check = true;
  p.plan.retries = 2;
  p.runs(1, E::failed, 0);
  EXPECT_EQ(p.next(5), "check 1");
  p.checks(1, E::unknown, 5);
  EXPECT_EQ(p.next(5), "check 2");
  p.checks(2, E::failed, 5);
  EXPECT_EQ(p.next(5), "run 2");
  p.runs(2, E::failed, 6);
  EXPECT_EQ(p.next(11), "check 3");
  p.checks(3, E::failed, 11);
  EXPECT_EQ(p.next(11), "run 3");
}

TEST(OrderedAnew, AllRetriesAreThereAgainAndNoKeyIsUsedTwice) {
  OneStep p{step_of()};
  p.plan.retries = 1;
  p.runs(1, E::failed).runs(2, E::failed, 5);
  ASSERT_EQ(p.step().status, S::failed);
  step_ordered_anew(p.step());
  EXPECT_EQ(p.next(10), "run 3");
  p.runs(3, E::failed, 10);
  EXPECT_EQ(p.next(15), "run 4");
  p.runs(4, E::failed, 15);
  EXPECT_EQ(p.step().status, S::failed);
}

TEST(OrderedAnew, ItsChecksMayBeCutOffAsOftenAsBefore) {
  OneStep p{step_of()};
  p.plan.has_check = true;
  p.runs(1, E::unknown);
  for (int i = 1; i <= 3; ++i) p.checks(i, E::unknown);
  ASSERT_EQ(p.step().status, S::failed);
  step_ordered_anew(p.step());
  EXPECT_EQ(p.next(), "run 2") << "the person decided: the check is not asked first";
  p.runs(2, E::unknown);
  int asked = 3;
  while (p.next().starts_with("check") && asked < 100) p.checks(++asked, E::unknown);
  EXPECT_EQ(asked, 6);
}

/// The promise of the engine, over every sequence of five outcomes: a step that is not declared idempotent gets an attempt
/// after an earlier one only where a failure is known (by its own end or by its check's word), at most `retries` of them.
TEST(AtMostOnce, OverEverySequenceOfOutcomes) {
  const std::vector<E> ends{E::succeeded, E::failed, E::unknown, E::not_run};
  for (const U on_unknown : {U::verify, U::escalate}) {
    for (const bool has_check : {false, true}) {
      for (const int retries : {0, 1, 2}) {
        for (int sequence = 0; sequence < 4 * 4 * 4 * 4 * 4; ++sequence) {
          OneStep p{step_of()};
          p.plan.on_unknown = on_unknown;
          p.plan.has_check = has_check;
          p.plan.retries = retries;
          p.plan.retry_delay = Duration{};
          bool failure_known = true;
          int attempts = 0;
          int rest = sequence;
          for (int i = 0; i < 5; ++i, rest /= 4) {
            const E end = ends[static_cast<std::size_t>(rest % 4)];
            const NextAction action = next_action({p.plan}, p.progress, at(0));
            if (const auto* run = std::get_if<RunAttempt>(&action)) {
              ASSERT_TRUE(failure_known) << "attempt " << run->attempt
                                         << " though nobody knows how the last one ended, " << sequence;
              ASSERT_EQ(run->attempt, ++attempts);
              p.runs(run->attempt, end);
              failure_known = end == E::failed;
            } else if (const auto* check = std::get_if<RunCheck>(&action)) {
              p.checks(check->check, end);
              failure_known = failure_known || end == E::failed;
            } else {
              break;
            }
          }
          ASSERT_LE(attempts, retries + 1) << sequence;
        }
      }
    }
  }
}

TEST(StepNames, EveryStatusHasOne) {
  for (int i = 0; i <= static_cast<int>(S::continued); ++i) EXPECT_FALSE(name_of(static_cast<S>(i)).empty());
}

TEST(ProcedureOfAPlan, AWaitEndsWhenItsTimeIsOver) {
  OneStep p;
  p.plan = step_of(Kind::wait);
  p.plan.lasts = std::chrono::seconds(10);
  EXPECT_EQ(p.next(), "begin waiting");
  attempt_intended(p.step(), 1, at(5));
  EXPECT_EQ(p.next(14.999), "wait 15");
  EXPECT_EQ(p.next(15), "waited");
  attempt_ended(p.plan, p.step(), E::succeeded, "waited", at(15));
  EXPECT_EQ(p.next(15), "done");
}

TEST(ProcedureOfAPlan, AnApprovalAndAWatchEndWhenSomebodySaysSo) {
  for (const auto& [kind, begins] : {std::pair{Kind::approve, "ask"}, std::pair{Kind::bake, "watch"}}) {
    OneStep p;
    p.plan = step_of(kind);
    EXPECT_EQ(p.next(), begins);
    attempt_intended(p.step(), 1, at(0));
    EXPECT_EQ(p.next(1e6), "wait");
    attempt_ended(p.plan, p.step(), E::succeeded, "", at(1e6));
    EXPECT_EQ(p.next(1e6), "done");
  }
}

/// Steps of one group, then a last one.
struct Beside {
  explicit Beside(std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      plan.push_back(step_of());
      plan.back().path = "1." + std::to_string(i + 1);
      plan.back().group = "1";
    }
    plan.push_back(step_of());
    plan.back().path = "2";
    progress.steps.resize(n + 1);
  }
  void begin(std::size_t i) { attempt_intended(progress.steps[i], 1, at(0)); }
  void end(std::size_t i, E how) { attempt_ended(plan[i], progress.steps[i], how, "why", at(0)); }
  /// The path of the step that is begun next, or what else is to be done.
  std::string next() const {
    const NextAction action = next_action(plan, progress, at(0));
    const auto* run = std::get_if<RunAttempt>(&action);
    return run ? plan[run->step].path : text_of(action);
  }
  std::vector<StepPlan> plan;
  ProcedureProgress progress;
};

TEST(ProcedureOfAPlan, StepsOfAGroupRunTogetherAndTheNextWaitsForAll) {
  Beside p(2);
  EXPECT_EQ(p.next(), "1.1");
  p.begin(0);
  EXPECT_EQ(p.next(), "1.2");
  p.begin(1);
  EXPECT_EQ(p.next(), "wait");
  p.end(1, E::succeeded);
  EXPECT_EQ(p.next(), "wait");
  p.end(0, E::succeeded);
  EXPECT_EQ(p.next(), "2");
}

TEST(ProcedureOfAPlan, WhereOneOfAGroupFailsNothingElseBeginsAndWhatRunsEnds) {
  Beside p(3);
  p.begin(0);
  p.begin(1);
  p.end(0, E::failed);
  EXPECT_EQ(p.next(), "wait") << "1.2 runs still, 1.3 is not begun";
  p.end(1, E::succeeded);
  EXPECT_EQ(p.next(), "failed: step 1.1 (execute) failed: why");
}

TEST(ProcedureOfAPlan, AnUnknownEndBesideAFailureIsAskedForBeforeItIsOver) {
  Beside p(2);
  p.plan[1].has_check = true;
  p.begin(0);
  p.begin(1);
  p.end(0, E::failed);
  p.end(1, E::unknown);
  EXPECT_EQ(p.next(), "check 1");
}

} // namespace
} // namespace backstop
