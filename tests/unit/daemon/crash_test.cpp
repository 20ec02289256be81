#include "tests/fakes/app_world.hpp"
#include "tests/unit/daemon/kill_everywhere.hpp"
#include "tests/unit/daemon/shop_config.hpp"
#include <gtest/gtest.h>
#include <set>

/// kill -9 at every append and at every act of a rollback: the daemon starts again on what the disk and the host kept, and
/// the steps' own log (ScriptedStepRunner::log) is the witness.
namespace backstop {
namespace {

struct Story {
  ShopConfig config;
  std::function<void(AppWorld&)> prepare = [](AppWorld&) {};
  bool confirm = false;
  std::set<std::string> may_repeat; ///< programs whose step has retries
  Phase end = Phase::rolled_back_verified;
};

/// From a deployment that turns bad to its end. Runs again from wherever it was cut off.
void drive(AppWorld& w, const Story& story) {
  if (!w.app->state().service("shop/production")) {
    w.run(8);
    w.adopt("shop", "v1");
  }
  if (!w.app->state().deployment("D1")) {
    w.run(10);
    w.begin("shop", "v2");
  }
  w.run_until(
      [&] {
        const DeploymentState& d = w.deployment("D1");
        if (d.phase == Phase::deploying) w.command(FinishDeployment{"D1"});
        w.shops["shop/production"].error_share = w.ran("/bin/execute") > 0 || d.phase == Phase::deploying ? 0 : 0.3;
        if (story.confirm && d.confirmation) w.command(AnswerConfirmation{"D1", "yes", true});
        return is_final(w.phase("D1")) && w.app->state().outbox.empty();
      },
      200);
}

void expect_whole(AppWorld& w, const Story& story, const std::string& where) {
  ASSERT_TRUE(w.app->state().deployment("D1")) << where;
  EXPECT_EQ(name_of(w.phase("D1")), name_of(story.end)) << where << ": " << w.deployment("D1").outcome_why;
  for (const char* program : {"/bin/prepare", "/bin/execute", "/bin/verify"}) {
    const int ran = w.ran(program);
    EXPECT_GE(ran, 1) << where << ": lost: " << program;
    EXPECT_LE(ran, story.may_repeat.contains(program) ? 9 : 1) << where << ": twice: " << program;
  }
  EXPECT_GE(w.notifier.delivered_events("I1/rollback_started"), 1) << where;
  EXPECT_GE(w.notifier.delivered_events("I1/rolled_back"), 1) << where;
  EXPECT_TRUE(w.app->state().outbox.empty()) << where;
}

AppWorld world_of(const Story& story) { return AppWorld({story.config.text()}); }

void kill_everywhere(const Story& story) {
  backstop::kill_everywhere({story.config.text(), story.prepare, [&](AppWorld& w) { drive(w, story); },
                             [&](AppWorld& w, const std::string& where) { expect_whole(w, story, where); }});
}

TEST(CrashProof, ARollbackOfSixSteps) { kill_everywhere({}); }

TEST(CrashProof, StepsThatTakeTime) {
  Story story;
  story.prepare = [](AppWorld& w) {
    for (const char* step : {"rollback/2", "rollback/3", "rollback/5"})
      w.steps.script(step, {ScriptedStepRunner::Script::exits(0, std::chrono::seconds(2))});
  };
  kill_everywhere(story);
}

TEST(CrashProof, AFailureThatIsRetried) {
  Story story;
  const std::string plain = "argv: [/bin/prepare, \"{previous_version}\"], timeout: 30s";
  story.config.steps.replace(story.config.steps.find(plain), plain.size(), plain + ", retries: 2");
  story.may_repeat = {"/bin/prepare"};
  story.prepare = [](AppWorld& w) {
    w.steps.script("rollback/2", {ScriptedStepRunner::Script::exits(1), ScriptedStepRunner::Script::exits(0)});
  };
  kill_everywhere(story);
}

TEST(CrashProof, AQuestionOfTheRunningVersionAndPreflight) {
  Story story;
  story.config.extra = "running_version: {argv: [/bin/version]}\n";
  const std::string check = "check: {argv: [/bin/is-at";
  story.config.steps.replace(story.config.steps.find(check), check.size(), "preflight: {argv: [/bin/there]}, " + check);
  story.prepare = [](AppWorld& w) {
    w.steps.script("/bin/version", {ScriptedStepRunner::Script::exits(0, {}, "v2\n")});
  };
  kill_everywhere(story);
}

TEST(CrashProof, ModeConfirm) {
  Story story;
  story.config.mode = "confirm";
  story.confirm = true;
  kill_everywhere(story);
}

TEST(CrashProof, AnAppendThatFailsIsNoStepLostAndNoStepDoubled) {
  for (std::uint64_t n = 1; n < 40 && !HasFailure(); ++n) {
    Story story;
    AppWorld w = world_of(story);
    w.prepare_start = [&] { w.faulty->fail_at(n, 3); };
    w.start();
    drive(w, story);
    expect_whole(w, story, "append " + std::to_string(n) + " and two more failed");
  }
}

TEST(CrashProof, AStepThatBeginsBetweenTheQuestionForItAndItsNextStartIsWaitedFor) {
  Story story;
  AppWorld w = world_of(story);
  w.steps.script("/bin/execute", {ScriptedStepRunner::Script::exits(0, std::chrono::seconds(10))});
  KillingRunner runner(w.steps);
  w.runner = &runner;
  w.start();
  runner.after = 2; // prepare ran; execute was asked for
  EXPECT_THROW(drive(w, story), Killed);
  runner.after = 0;
  runner.late = true;
  w.kill();
  w.start();
  ASSERT_FALSE(runner.late) << "it was asked for";
  drive(w, story);
  expect_whole(w, story, "late start");
  EXPECT_EQ(w.ran("/bin/is-at"), 0) << "nothing is unknown";
}

TEST(CrashProof, AnotherBootNeverRunsAStepAgainUnasked) {
  // The intent is on the disk; the runner's trace of the step did not survive the power cut.
  Story story;
  AppWorld w = world_of(story);
  KillingRunner runner(w.steps);
  w.runner = &runner;
  w.start();
  w.prepare_start = {};
  runner.before = 2; // prepare ran; execute was intended, and may or may not have begun
  bool killed = false;
  try {
    drive(w, story);
  } catch (const Killed&) {
    killed = true;
  }
  ASSERT_TRUE(killed);
  runner.before = 0;
  w.steps.script("/bin/is-at", {ScriptedStepRunner::Script::exits(1)});
  w.kill();
  w.run_dead(60);
  w.start("boot-2");
  drive(w, story);
  EXPECT_EQ(w.ran("/bin/execute"), 0) << "nobody can tell whether it ran, and it is not declared idempotent";
  EXPECT_EQ(w.ran("/bin/is-at"), 1) << "its check was asked";
  EXPECT_EQ(w.phase("D1"), Phase::rollback_failed);
  EXPECT_FALSE(w.app->state().service("shop/production")->locked_by.empty());
}

} // namespace
} // namespace backstop
