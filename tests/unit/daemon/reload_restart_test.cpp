// What a reload and a restart leave as it was: frozen steps and rules, timers, decisions.
#include "tests/unit/daemon/shop_world.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace backstop {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using Script = ScriptedStepRunner::Script;

ShopConfig replaced(const std::string& what, const std::string& with) {
  ShopConfig config;
  config.steps.replace(config.steps.find(what), what.size(), with);
  return config;
}

/// A world in which step execute of the rollback of v2 runs for 10 s. Gives the deployment.
std::string in_mid_rollback(ShopWorld& w) {
  w.steps.script("/bin/execute", {Script::exits(0, seconds(10))});
  const std::string id = w.ship("v2", 0.3);
  w.until([&] { return w.ran("/bin/execute") == 1; });
  return id;
}

TEST(Reload, InMidRollbackRunsTheStepsItBeganWith) {
  ShopWorld w;
  const std::string id = in_mid_rollback(w);
  w.replace_config({replaced("/bin/verify", "/bin/other-verify").text()});
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
  EXPECT_EQ(w.ran("/bin/verify"), 1);
  EXPECT_EQ(w.ran("/bin/other-verify"), 0);
  w.run(8);
  const std::string next = w.ship("v3", 0.3); // the next deployment has the new file
  ASSERT_TRUE(w.until_phase(next, Phase::rolled_back_verified)) << w.deployment(next).outcome_why;
  EXPECT_EQ(w.ran("/bin/other-verify"), 1);
}

TEST(Reload, WhatIsAsBeforeIsHeldOnce) {
  ShopWorld w;
  const auto in_force = [&] { return w.app->config().services.at(0).get(); };
  const auto watched = [&] { return &w.app->watches().at("shop/production")->config; };
  EXPECT_EQ(in_force(), watched());
  w.replace_config({ShopConfig().text()});
  EXPECT_EQ(in_force(), watched()) << "read again, and the same";
  ShopConfig other;
  other.mode = "observe";
  w.replace_config({other.text()});
  EXPECT_EQ(in_force(), watched());
  EXPECT_EQ(watched()->mode, Mode::observe);
}

TEST(Reload, ARunningDeploymentIsJudgedByTheRulesItBeganWith) {
  ShopWorld w;
  const std::string id = w.ship("v2");
  ShopConfig lax;
  lax.mode = "observe";
  w.replace_config({lax.text()});
  w.error_share_of["v2"] = 0.3;
  EXPECT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
}

TEST(Reload, AServiceThatIsTakenOutInMidRollbackIsRolledBackToItsEnd) {
  ShopWorld w;
  const std::string id = in_mid_rollback(w);
  w.run(12);
  ASSERT_EQ(w.phase(id), Phase::rolling_back);
  w.replace_config({});
  EXPECT_EQ(w.begin("shop", "v3").reason, "not_found");
  EXPECT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
  EXPECT_TRUE(w.app->watches().empty()) << "then it is watched no more";
}

TEST(Reload, AServiceThatIsTakenOutWhileItIsWatchedIsWatchedToItsEnd) {
  ShopWorld w;
  const std::string id = w.ship("v2");
  w.replace_config({});
  w.kill();
  w.start();
  EXPECT_TRUE(w.until_phase(id, Phase::succeeded));
  EXPECT_TRUE(w.app->watches().empty());
}

TEST(Reload, AFaultyFileLeavesTheOldOneAndIsTold) {
  ShopWorld w;
  const std::string id = w.ship("v2");
  w.app->on_config_refused({"shop.yaml:3:1: unknown key \"moode\""}, w.now);
  w.run(1);
  EXPECT_THAT(w.told("config_refused"), HasSubstr("shop.yaml:3:1: unknown key \"moode\""));
  EXPECT_THAT(w.told("config_refused"), HasSubstr("the old one stays in force"));
  EXPECT_EQ(w.app->watches().size(), 1U);
  w.error_share_of["v2"] = 0.3;
  EXPECT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
}

TEST(Restart, InTheMiddleOfAForCostsNoFor) {
  std::string text = ShopConfig{}.text();
  const std::string before = "critical: 3s";
  text.replace(text.find(before), before.size(), "critical: 30s");
  AppWorld w({text});
  w.start();
  w.run(8);
  w.adopt("shop", "v1");
  w.run(10);
  const std::string id = w.deploy("shop", "v2");
  w.shops["shop/production"].error_share = 0.3;
  w.run(25);
  ASSERT_EQ(w.phase(id), Phase::watching);
  w.kill();
  w.run_dead(2);
  w.start();
  w.run(5);
  EXPECT_EQ(w.phase(id), Phase::watching) << "nor does the time without a daemon count";
  EXPECT_TRUE(w.run_until([&] { return w.phase(id) == Phase::rolling_back; }, 14)) << "30 s anew would take longer";
}

TEST(Restart, KeepsHoldsConfirmationsAndTheirDeadlines) {
  ShopConfig config;
  config.mode = "confirm";
  config.extra = "confirm_timeout: 60s\n";
  ShopWorld w(config);
  w.command(Hold{"shop", seconds(40), "busy"}, "uid:7(ann)");
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_status(id, "held"));
  const Time held_until = w.app->state().hold(ShopWorld::kShop)->until;
  w.kill();
  w.run_dead(3);
  w.start();
  ASSERT_TRUE(w.app->state().hold(ShopWorld::kShop));
  EXPECT_EQ(w.app->state().hold(ShopWorld::kShop)->until, held_until);
  ASSERT_TRUE(w.until_status(id, "awaiting_confirmation"));
  const Time until = w.deployment(id).confirmation->until;
  w.kill();
  w.run_dead(1);
  w.start();
  ASSERT_TRUE(w.deployment(id).confirmation);
  EXPECT_EQ(w.deployment(id).confirmation->until, until);
  w.command(AnswerConfirmation{id, "yes", true});
  EXPECT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
  EXPECT_EQ(w.ran("/bin/execute"), 1);
}

TEST(Restart, DoesNotTellAgainWhatWasTold) {
  ShopWorld w;
  w.command(Hold{"shop", seconds(1000), "busy"});
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_status(id, "held"));
  w.run(3);
  const std::size_t told = w.notifier.delivered.size(), decided = w.journal.of_type("decision_made").size();
  w.kill();
  w.run_dead(2);
  w.start();
  w.run(10);
  EXPECT_EQ(w.notifier.delivered.size(), told);
  EXPECT_EQ(w.journal.of_type("decision_made").size(), decided);
  EXPECT_EQ(w.phase(id), Phase::watching);
}

TEST(Restart, AfterARebootAVersionIsWatchedForAWhileBeforeItCountsAsGood) {
  ShopWorld w;
  const std::string id = w.ship("v2", 0.3);
  w.run(1); // too short for the rule to be critical
  w.kill();
  w.run_dead(3600); // the bake has ended, and nobody watched
  w.start("boot-2");
  EXPECT_TRUE(w.until_phase(id, Phase::rolled_back_verified)) << name_of(w.phase(id));
  EXPECT_TRUE(w.journal.of_type("version_verified_good").empty()) << "of v2; v1 was adopted";
}

TEST(Restart, AfterARebootAGoodVersionIsKeptInTheEnd) {
  ShopWorld w;
  const std::string id = w.ship("v2");
  w.kill();
  w.run_dead(3600);
  w.start("boot-2");
  w.run(5);
  EXPECT_EQ(w.phase(id), Phase::watching);
  EXPECT_TRUE(w.until_phase(id, Phase::succeeded));
}

TEST(Restart, WhatTheDaemonWasAwayForDoesNotCountAsGood) {
  ShopWorld w;
  const std::string id = w.ship("v2", 0.3);
  w.run(1); // too short for the rule to be critical
  w.kill();
  w.run_dead(3600); // the bake has ended, and nobody watched
  w.start();
  w.run(2);
  EXPECT_EQ(w.journal.of_type("watch_interrupted").size(), 1U) << "told once";
  EXPECT_NE(w.deployment(id).watched_from, Time{});
  EXPECT_TRUE(w.until_phase(id, Phase::rolled_back_verified)) << name_of(w.phase(id));
  EXPECT_TRUE(w.journal.of_type("version_verified_good").empty()) << "of v2; v1 was adopted";
}

TEST(Restart, AfterAnAbsenceAGoodVersionIsKeptInTheEnd) {
  ShopWorld w;
  const std::string id = w.ship("v2");
  w.kill();
  w.run_dead(3600);
  w.start();
  w.run(5);
  EXPECT_EQ(w.phase(id), Phase::watching);
  EXPECT_TRUE(w.until_phase(id, Phase::succeeded));
}

TEST(Restart, AShortAbsenceMovesNoDeadline) {
  ShopWorld w;
  const std::string id = w.ship("v2");
  w.run(5);
  w.kill();
  w.run_dead(15);
  w.start();
  w.run(5);
  EXPECT_TRUE(w.journal.of_type("watch_interrupted").empty());
  EXPECT_EQ(w.deployment(id).watched_from, Time{});
}

TEST(Restart, ADaemonThatStoodStillIsAnAbsenceAsWell) {
  ShopWorld w;
  const std::string id = w.ship("v2");
  w.run(5);
  w.now += std::chrono::hours(1); // stopped, starved, or the host was suspended
  w.run(1);
  EXPECT_EQ(w.journal.of_type("watch_interrupted").size(), 1U);
  EXPECT_EQ(w.phase(id), Phase::watching);
  EXPECT_TRUE(w.until_phase(id, Phase::succeeded));
}

TEST(Restart, AVerificationOverWhichTheDaemonStoodStillGoesOn) {
  ShopWorld w;
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until([&] { return w.app->watches().at(ShopWorld::kShop)->verification.has_value(); }));
  w.now += std::chrono::hours(1);
  EXPECT_TRUE(w.until_phase(id, Phase::rolled_back_verified)) << "its deadline did not pass meanwhile";
}

TEST(Restart, AVerificationCutOffByARebootBeginsAnew) {
  ShopWorld w;
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until([&] { return w.app->watches().at(ShopWorld::kShop)->verification.has_value(); }));
  w.kill();
  w.run_dead(3600);
  w.start("boot-2");
  EXPECT_TRUE(w.until_phase(id, Phase::rolled_back_verified)) << "its deadline did not pass while the host was down";
}

TEST(Restart, InABootWhoseClockIsBehindTimeGoesOnWhileADeploymentIsUnderWay) {
  ShopWorld w;
  const Time hour_ago = w.now - std::chrono::hours(1);
  EXPECT_EQ(time_at_boot(w.app->state(), hour_ago), hour_ago) << "nothing has a deadline";
  const std::string id = w.ship("v2");
  const Time last = w.app->state().last_time;
  EXPECT_EQ(time_at_boot(w.app->state(), hour_ago), last) << "else the bake would take an hour longer";
  EXPECT_EQ(time_at_boot(w.app->state(), last + std::chrono::hours(1)), last + std::chrono::hours(1));
}

} // namespace
} // namespace backstop
