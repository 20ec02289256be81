// What was wrong before a deployment is not its fault.
#include "tests/unit/daemon/shop_world.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace backstop {
namespace {

using testing::HasSubstr;

/// v1 itself fails at `share` when v2 begins.
void sick_before(ShopWorld& w, double share) {
  w.error_share_of["v1"] = share;
  w.run(12);
}

TEST(PreExisting, IsListedAtBeginAndNotBlamedOnTheNewVersion) {
  ShopWorld w;
  sick_before(w, 0.1);
  const std::string id = w.ship("v2", 0.1);
  ASSERT_EQ(w.deployment(id).preexisting.size(), 1U);
  EXPECT_EQ(w.deployment(id).preexisting[0].rule, "error_rate");
  ASSERT_TRUE(w.until([&] { return is_final(w.phase(id)); }));
  EXPECT_EQ(w.rollbacks(), 0U);
  EXPECT_TRUE(w.steps.log.empty());
}

TEST(PreExisting, AVersionThatStaysCriticalIsKeptButNotGoodToGoBackTo) {
  ShopWorld w;
  sick_before(w, 0.1);
  const std::string id = w.ship("v2", 0.1);
  ASSERT_TRUE(w.until_phase(id, Phase::succeeded));
  EXPECT_FALSE(w.deployment(id).verified_good);
  EXPECT_THAT(w.deployment(id).outcome_why, HasSubstr("not verified good"));
  w.error_share_of["v3"] = 0.5;
  const std::string next = w.ship("v3", 0.5);
  EXPECT_EQ(w.deployment(next).previous, "v1");
}

TEST(PreExisting, WhatWasReadBeforeAPersonMendedItIsNoExcuseForTheNext) {
  ShopWorld w;
  w.steps.script("/bin/prepare", {ScriptedStepRunner::Script::exits(1)});
  const std::string bad = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_phase(bad, Phase::rollback_failed));
  w.running = "v1";
  ASSERT_TRUE(w.command(Unlock{"shop", "put back by hand", "", true}).ok);
  w.error_share_of["v3"] = 0.3;
  w.running = "v3";
  const std::string next = w.deploy("shop", "v3"); // at once, while the window still has what v2 did
  EXPECT_TRUE(w.deployment(next).preexisting.empty());
  EXPECT_TRUE(w.until([&] { return w.phase(next) == Phase::rolling_back || is_final(w.phase(next)); }));
  EXPECT_NE(w.phase(next), Phase::succeeded);
}

TEST(PreExisting, BeginAndFinishBetweenTwoScrapesBlameNobody) {
  ShopWorld w;
  sick_before(w, 0.1);
  w.error_share_of["v2"] = 0.1;
  w.running = "v2";
  const std::string id = w.deploy("shop", "v2");
  EXPECT_EQ(w.phase(id), Phase::watching);
  w.run(70);
  EXPECT_EQ(w.rollbacks(), 0U);
}

TEST(PreExisting, AMendedVersionIsNotBlamedForTheOneItSupersedes) {
  ShopConfig config;
  config.mode = "auto";
  ShopWorld w(config);
  const std::string bad = w.ship("v2", 0.3, [](BeginDeployment& c) { c.mode = "observe"; });
  ASSERT_TRUE(w.until_status(bad, "observed"));
  w.running = "v3";
  const std::string mended = w.deploy("shop", "v3"); // begin and finish at once
  EXPECT_EQ(w.phase(bad), Phase::superseded);
  ASSERT_TRUE(w.until([&] { return is_final(w.phase(mended)); }));
  EXPECT_EQ(w.phase(mended), Phase::succeeded) << w.deployment(mended).outcome_why;
  EXPECT_EQ(w.rollbacks(), 0U);
}

TEST(PreExisting, WorseningByItsFactorIsBlamed) {
  ShopWorld w;
  sick_before(w, 0.1);
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until([&] { return w.rollbacks() == 1; }));
  EXPECT_THAT(w.deployment(id).rollback->cause, HasSubstr("error_rate"));
}

TEST(PreExisting, WhatHadRecoveredIsNew) {
  ShopWorld w;
  sick_before(w, 0.1);
  const std::string id = w.ship("v2", 0.002);
  w.run(20);
  EXPECT_EQ(w.rollbacks(), 0U);
  w.error_share_of["v1"] = 0;
  w.error_share_of["v2"] = 0.1;
  EXPECT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
}

TEST(PreExisting, AServiceThatCannotBeJudgedIsNotDeployedOnto) {
  ShopWorld w;
  w.shops[ShopWorld::kShop].answers = false;
  w.run(10);
  const Reply reply = w.begin("shop", "v2");
  EXPECT_EQ(reply.reason, "blind");
  EXPECT_THAT(reply.why, HasSubstr("error_rate"));
  EXPECT_TRUE(w.app->state().deployments.empty());
}

} // namespace
} // namespace backstop
