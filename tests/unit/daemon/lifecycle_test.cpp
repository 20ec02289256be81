// From begin to a final phase: timeouts, supersede, abort, bakes without data, what is learned on the way.
#include "tests/unit/daemon/shop_world.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace backstop {
namespace {

using testing::HasSubstr;

ShopConfig with_bake(const std::string& bake) {
  ShopConfig config;
  config.bake = bake;
  return config;
}

TEST(Lifecycle, NothingActsWhileDeploying) {
  ShopWorld w;
  const std::string id = w.begin("shop", "v2").id;
  w.running = "v2";
  w.error_share_of["v2"] = 1; // restarts and cold caches
  w.run(20);
  w.error_share_of["v2"] = 0;
  w.command(FinishDeployment{id});
  ASSERT_TRUE(w.until_phase(id, Phase::succeeded));
  EXPECT_EQ(w.rollbacks(), 0U);
}

TEST(Lifecycle, NoFinishInTimeOpensAnIncidentAndPages) {
  ShopWorld w;
  const std::string id = w.begin("shop", "v2").id;
  w.run(29);
  EXPECT_TRUE(w.deployment(id).incident.empty());
  w.run(3);
  EXPECT_FALSE(w.deployment(id).incident.empty());
  EXPECT_THAT(w.told("decision."), HasSubstr("no `deploy finish` within 30s"));
  w.run(60);
  EXPECT_EQ(w.rollbacks(), 0U) << "on_deploy_timeout is alert";
  EXPECT_EQ(w.journal.of_type("decision_made").size(), 1U);
}

TEST(Lifecycle, NoFinishInTimeRollsBackWhereConfigured) {
  ShopWorld w(with_bake("for: 60s, good_after: 20s, deploy_timeout: 30s, on_deploy_timeout: rollback"));
  const std::string id = w.begin("shop", "v2").id;
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
  EXPECT_THAT(w.deployment(id).rollback->cause, HasSubstr("no `deploy finish` within 30s"));
}

TEST(Lifecycle, ANewerDeploymentSupersedesTheWatchOfTheOlder) {
  ShopWorld w;
  const std::string a = w.ship("v2"), b = w.ship("v3", 0.3);
  EXPECT_EQ(w.phase(a), Phase::superseded);
  EXPECT_THAT(w.deployment(a).outcome_why, HasSubstr(b));
  EXPECT_EQ(w.deployment(b).previous, "v1") << "v2 was never verified good";
  ASSERT_TRUE(w.until_phase(b, Phase::rolled_back_verified));
  EXPECT_EQ(w.running, "v1");
  EXPECT_EQ(w.phase(a), Phase::superseded);
  EXPECT_EQ(w.rollbacks(), 1U);
}

TEST(Lifecycle, NoDeploymentIsBegunOverARunningRollback) {
  ShopWorld w;
  w.steps.script("/bin/execute", {ScriptedStepRunner::Script::exits(0, std::chrono::seconds(20))});
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until([&] { return w.phase(id) == Phase::rolling_back; }));
  EXPECT_EQ(w.begin("shop", "v3").reason, "conflict");
  EXPECT_FALSE(w.command(AbortDeployment{id, "stop"}).ok);
  EXPECT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
}

TEST(Lifecycle, AnAbortedDeploymentIsWatchedNoMore) {
  ShopWorld w;
  const std::string id = w.ship("v2");
  ASSERT_TRUE(w.command(AbortDeployment{id, "taken back by hand"}, "uid:7(ann)").ok);
  w.error_share_of["v2"] = 0.5;
  w.run(100);
  EXPECT_EQ(w.phase(id), Phase::aborted);
  EXPECT_THAT(w.deployment(id).outcome_why, HasSubstr("uid:7(ann): taken back by hand"));
  EXPECT_EQ(w.rollbacks(), 0U);
}

TEST(Lifecycle, ABakeWithoutDataIsUndecidedNeverKept) {
  ShopWorld w;
  const std::string id = w.ship("v2");
  w.shops[ShopWorld::kShop].answers = false;
  ASSERT_TRUE(w.until_phase(id, Phase::undecided));
  EXPECT_EQ(w.rollbacks(), 0U) << "absence is no proof of anything";
  EXPECT_FALSE(w.service().versions.contains("v2") && w.service().versions.at("v2").good);
  EXPECT_THAT(w.told("/undecided/"), HasSubstr("a person must look"));
  EXPECT_THAT(w.told("/undecided/"), HasSubstr("connection refused"));
}

TEST(Lifecycle, AfterActForItIsToldAndNotRolledBack) {
  ShopWorld w(with_bake("for: 60s, good_after: 20s, deploy_timeout: 30s, act_for: 30s"));
  const std::string id = w.ship("v2");
  w.run(35);
  w.error_share_of["v2"] = 0.3;
  ASSERT_TRUE(w.until_status(id, "observed"));
  ASSERT_TRUE(w.until_phase(id, Phase::undecided));
  EXPECT_EQ(w.rollbacks(), 0U);
}

TEST(Lifecycle, WithoutAKnownGoodVersionItMustBeIrreversibleAndIsNeverUndone) {
  AppWorld w({ShopConfig{}.text()});
  w.start();
  w.run(8);
  EXPECT_EQ(w.begin("shop", "v1").reason, "no_target");
  const std::string id = w.deploy("shop", "v1", [](BeginDeployment& c) { c.irreversible = true; });
  w.shops["shop/production"].error_share = 0.3;
  w.run(30);
  EXPECT_THAT(w.deployment(id).last_decision_status, HasSubstr("blocked:there is no version to go back to"));
  EXPECT_EQ(w.command(RollBackNow{"shop", "try"}).reason, "no_target");
  EXPECT_TRUE(w.steps.log.empty());
}

TEST(Lifecycle, AnIrreversibleDeploymentAsksFirst) {
  ShopWorld w;
  const std::string id = w.ship("v2", 0.3, [](BeginDeployment& c) { c.irreversible = true; });
  ASSERT_TRUE(w.until_status(id, "awaiting_confirmation"));
  w.run(10);
  EXPECT_TRUE(w.steps.log.empty());
  w.command(AnswerConfirmation{id, "yes", true});
  EXPECT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
}

TEST(Lifecycle, WhatARolledBackVersionDidIsInNoBaseline) {
  ShopWorld w;
  w.error_share_of["v1"] = 0.002;
  w.run(60);
  const std::string a = w.ship("v2", 0.009); // good enough to be verified good, and learned from
  w.run(40);
  ASSERT_TRUE(w.deployment(a).verified_good);
  w.error_share_of["v2"] = 0.3;
  ASSERT_TRUE(w.until_phase(a, Phase::rolled_back_verified));
  w.run(10);
  const std::string b = w.ship("v3");
  ASSERT_TRUE(w.deployment(b).baselines.at(0).usable) << w.deployment(b).baselines.at(0).why;
  EXPECT_NEAR(w.deployment(b).baselines.at(0).value, 0.002, 0.0005);
}

} // namespace
} // namespace backstop
