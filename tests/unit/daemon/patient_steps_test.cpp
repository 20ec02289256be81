// A step that cannot be started for a reason that may pass is tried again; it never runs twice.
#include "daemon/patient_steps.hpp"
#include "tests/fakes/scripted_step_runner.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace backstop {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

struct Host {
  Time now = time_from_us(1'000'000);
  Time due = kNever;
  ScriptedStepRunner inner;
  PatientSteps steps{inner, [this] { return now; }, [this](Time at) { due = at; }};
  StepKey key{"D1", "rollback", "2", 1};
  StepCommand command;
  std::vector<StepOutcome> told;
  std::vector<std::string> waits;

  Host() {
    command.argv = {"/bin/execute"};
    command.timeout = seconds(5);
    steps.on_finished = [this](const StepKey&, const StepOutcome& outcome) { told.push_back(outcome); };
    steps.on_wait = [this](const StepKey&, const std::string& why) { waits.push_back(why); };
    inner.advance(now);
  }
  void full(int times) {
    for (int i = 0; i < times; ++i) inner.fail_next_start(fail(Errc::io, "no space left"));
  }
  void run(int most) {
    for (int i = 0; i < most; ++i) {
      now += seconds(1);
      if (due <= now) steps.tick();
      inner.advance(now);
    }
  }
};

TEST(PatientSteps, AStepRunsOnceWhenTheReasonHasPassed) {
  Host h;
  h.full(3);
  ASSERT_TRUE(h.steps.start(h.key, h.command));
  EXPECT_EQ(h.steps.adopt(h.key), StepRunner::Seen::running) << "it is under way for whoever asks";
  h.run(10);
  ASSERT_EQ(h.told.size(), 1U);
  EXPECT_TRUE(h.told[0].succeeded());
  EXPECT_EQ(h.inner.log.size(), 1U);
  EXPECT_EQ(h.waits, std::vector<std::string>{"no space left"}) << "said once, not each second";
  EXPECT_EQ(h.due, kNever);
}

TEST(PatientSteps, ItIsGivenUpAfterTheTimeoutOfTheStep) {
  Host h;
  h.full(100);
  ASSERT_TRUE(h.steps.start(h.key, h.command));
  h.run(20);
  ASSERT_EQ(h.told.size(), 1U);
  EXPECT_EQ(h.told[0].end, StepEnd::failed_to_start);
  EXPECT_THAT(h.told[0].detail, HasSubstr("no space left"));
  EXPECT_TRUE(h.inner.log.empty());
  EXPECT_EQ(h.due, kNever);
}

TEST(PatientSteps, AReasonThatDoesNotPassIsToldAtOnce) {
  Host h;
  h.inner.fail_next_start(fail(Errc::invalid, "the command is empty"));
  EXPECT_EQ(h.steps.start(h.key, h.command).error().what, "the command is empty");
  h.inner.script("/bin/execute", {ScriptedStepRunner::Script::ends(StepEnd::failed_to_start, "no such file")});
  ASSERT_TRUE(h.steps.start(h.key, h.command));
  h.run(3);
  ASSERT_EQ(h.told.size(), 1U);
  EXPECT_EQ(h.told[0].detail, "no such file");
}

TEST(PatientSteps, AnAnswerThatItMayPassIsTriedAgainToo) {
  Host h;
  auto unable = ScriptedStepRunner::Script::ends(StepEnd::failed_to_start, "backstop-runner: no space left");
  unable.outcome.may_pass = true;
  h.inner.script("/bin/execute", {unable, ScriptedStepRunner::Script::exits(0)});
  ASSERT_TRUE(h.steps.start(h.key, h.command));
  h.run(4);
  ASSERT_EQ(h.told.size(), 1U);
  EXPECT_TRUE(h.told[0].succeeded());
  EXPECT_EQ(h.inner.log.size(), 1U);
}

TEST(PatientSteps, AWaitingStepCanBeCancelledAndNeverRuns) {
  Host h;
  h.full(2);
  ASSERT_TRUE(h.steps.start(h.key, h.command));
  h.steps.cancel(h.key);
  h.run(10);
  ASSERT_EQ(h.told.size(), 1U);
  EXPECT_EQ(h.told[0].end, StepEnd::cancelled);
  EXPECT_THAT(h.told[0].detail, HasSubstr("never started"));
  EXPECT_TRUE(h.inner.log.empty());
}

TEST(PatientSteps, AKeyThatRanBeforeIsRefused) {
  Host h;
  ASSERT_TRUE(h.steps.start(h.key, h.command));
  EXPECT_EQ(h.steps.start(h.key, h.command).error().code, Errc::refused);
  h.run(3);
  EXPECT_EQ(h.steps.start(h.key, h.command).error().code, Errc::refused);
  EXPECT_EQ(h.inner.log.size(), 1U);
}

} // namespace
} // namespace backstop
