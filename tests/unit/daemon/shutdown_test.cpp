#include "daemon/shutdown.hpp"
#include "daemon/views.hpp"
#include "tests/unit/daemon/shop_world.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// The host is shut down while a rollback is under way: nothing new is begun, what runs may end, and after the boot, or
/// when the shutdown is called off, it goes on.
namespace backstop {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using Script = ScriptedStepRunner::Script;

class Shutdown : public testing::Test {
protected:
  /// A rollback whose step 2 (/bin/prepare) takes 10 s, at the moment in which it runs.
  void roll_back_to_a_running_step(ShopWorld& w) {
    w.steps.script("/bin/prepare", {Script::exits(0, seconds(10))});
    id_ = w.ship("v2", 0.3);
    ASSERT_TRUE(w.until([&] { return w.ran("/bin/prepare") == 1; }));
  }
  static void announce(ShopWorld& w, bool coming = true) { w.app->on_shutdown(coming, w.now); }
  static std::string delays(const ShopWorld& w) { return delays_shutdown(w.app->state()); }
  /// The host goes down and comes back; what it ran is gone.
  static void reboot(ShopWorld& w, int down_s = 30) {
    w.app->on_stop(w.now);
    w.kill();
    w.run_dead(down_s);
    w.start("boot-2");
  }
  std::string id_;
};

TEST_F(Shutdown, IsDelayedWhileARollbackIsUnderWay) {
  ShopWorld w;
  EXPECT_EQ(delays(w), "");
  w.ship("v2");
  EXPECT_EQ(delays(w), "") << "a deployment that is only watched";
  roll_back_to_a_running_step(w);
  EXPECT_EQ(delays(w), id_ + " rolls back shop/production");
  ASSERT_TRUE(w.until_phase(id_, Phase::rolled_back_verified));
  EXPECT_EQ(delays(w), "");
}

TEST_F(Shutdown, WaitsForTheRunningStepAndNoOtherIsStarted) {
  ShopWorld w;
  roll_back_to_a_running_step(w);
  announce(w);
  EXPECT_EQ(delays(w), id_ + " rolls back shop/production") << "the step still runs";
  w.run(15);
  EXPECT_EQ(w.deployment(id_).rollback->progress.steps[2].status, StepProgress::Status::done);
  EXPECT_EQ(w.executed("shop"), 0);
  EXPECT_EQ(delays(w), "") << "the host may go down now";
  EXPECT_EQ(w.journal.of_type("step_held_back").size(), 1U) << "recorded once";
  EXPECT_THAT(w.deployment(id_).timeline.back().text, HasSubstr("step 3 (execute) is held back"));
  EXPECT_FALSE(status_view(*w.app, "", w.now)["shutdown"].is_null());
  EXPECT_GE(w.notifier.delivered_events("rollback_started"), 1) << "notices go out all the same";
}

TEST_F(Shutdown, IsFollowedByTheRestOfTheRollbackAfterTheBoot) {
  ShopWorld w;
  roll_back_to_a_running_step(w);
  announce(w);
  w.run(15);
  reboot(w);
  EXPECT_TRUE(status_view(*w.app, "", w.now)["shutdown"].is_null());
  EXPECT_TRUE(w.until_phase(id_, Phase::rolled_back_verified)) << w.deployment(id_).outcome_why;
  EXPECT_EQ(w.ran("/bin/prepare"), 1);
  EXPECT_EQ(w.executed("shop"), 1);
}

TEST_F(Shutdown, ThatIsCalledOffLetsTheRollbackGoOn) {
  ShopWorld w;
  roll_back_to_a_running_step(w);
  announce(w);
  w.run(15);
  ASSERT_EQ(w.executed("shop"), 0);
  announce(w, false);
  EXPECT_TRUE(w.until_phase(id_, Phase::rolled_back_verified));
  EXPECT_EQ(w.executed("shop"), 1);
}

TEST_F(Shutdown, IsNotForgottenByADaemonThatIsStartedAnewMeanwhile) {
  ShopWorld w;
  roll_back_to_a_running_step(w);
  announce(w);
  w.run(15);
  w.kill();
  w.start();
  w.run(15);
  EXPECT_EQ(w.executed("shop"), 0);
  EXPECT_EQ(w.journal.of_type("step_held_back").size(), 1U);
  announce(w, false);
  EXPECT_TRUE(w.until_phase(id_, Phase::rolled_back_verified));
}

TEST_F(Shutdown, ThatDoesNotComeHoldsARollbackBackForFiveMinutesOnly) {
  ShopWorld w;
  roll_back_to_a_running_step(w);
  announce(w);
  w.run(290);
  EXPECT_EQ(w.executed("shop"), 0);
  EXPECT_TRUE(w.until_phase(id_, Phase::rolled_back_verified));
  EXPECT_EQ(w.executed("shop"), 1);
  EXPECT_EQ(w.journal.of_type("shutdown_announced").size(), 2U);
}

TEST_F(Shutdown, HoldsBackARollbackThatIsDecidedMeanwhile) {
  ShopWorld w;
  id_ = w.ship("v2", 0.3);
  announce(w);
  ASSERT_TRUE(w.until_phase(id_, Phase::rolling_back)) << "it is decided and recorded";
  w.run(20);
  EXPECT_EQ(w.ran("/bin/prepare"), 0);
  EXPECT_EQ(delays(w), "");
  reboot(w);
  EXPECT_TRUE(w.until_phase(id_, Phase::rolled_back_verified));
}

/// The service manager ends all units, those of steps too: nobody meant this step.
TEST_F(Shutdown, ThatCutsAStepOffLeavesItsEndUnknownAndItsCheckDecides) {
  ShopWorld w;
  w.steps.script("/bin/execute", {Script::ends(StepEnd::cancelled, "its supervisor got SIGTERM", seconds(5))});
  w.steps.script("/bin/is-at", {Script::exits(0)});
  id_ = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until([&] { return w.executed("shop") == 1; }));
  announce(w);
  w.run(8);
  const StepProgress& step = w.deployment(id_).rollback->progress.steps[3];
  EXPECT_TRUE(step.unknown);
  EXPECT_THAT(step.why, HasSubstr("cut off by a shutdown of the host"));
  EXPECT_EQ(w.ran("/bin/is-at"), 0) << "not asked before the boot";
  reboot(w);
  EXPECT_TRUE(w.until_phase(id_, Phase::rolled_back_verified)) << w.deployment(id_).outcome_why;
  EXPECT_EQ(w.executed("shop"), 1) << "its check said that it is done";
}

TEST_F(Shutdown, ThatNobodyAnnouncedCutsAStepOffLikewise) {
  ShopWorld w;
  w.steps.script("/bin/execute", {Script::ends(StepEnd::cancelled, "its supervisor got SIGTERM", seconds(5))});
  w.steps.script("/bin/is-at", {Script::exits(1)});
  id_ = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until([&] { return w.executed("shop") == 1; }));
  reboot(w);
  ASSERT_TRUE(w.until_phase(id_, Phase::rollback_failed)) << "not done, and nobody said that it may run twice";
  EXPECT_THAT(w.deployment(id_).outcome_why, HasSubstr("its check says: not done"));
  EXPECT_TRUE(w.locked());
  EXPECT_EQ(w.executed("shop"), 1);
}

TEST_F(Shutdown, IsNoneWhereAPersonStopsAStep) {
  ShopWorld w;
  w.steps.script("/bin/execute", {Script::ends(StepEnd::cancelled, "its supervisor got SIGTERM", seconds(5))});
  id_ = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_phase(id_, Phase::rollback_failed));
  EXPECT_THAT(w.deployment(id_).outcome_why, HasSubstr("cancelled"));
}

TEST_F(Shutdown, LetsNoPreflightBegin) {
  ShopConfig config;
  config.steps.replace(config.steps.find("timeout: 30s"), 12, "timeout: 30s, preflight: {argv: [/bin/possible]}");
  ShopWorld w(config);
  announce(w);
  const Reply reply = w.begin("shop", "v2");
  ASSERT_TRUE(reply.ok) << reply.why;
  w.run(3);
  EXPECT_EQ(w.ran("/bin/possible"), 0);
  announce(w, false);
  w.run(3);
  EXPECT_EQ(w.phase(reply.id), Phase::deploying);
}

} // namespace
} // namespace backstop
