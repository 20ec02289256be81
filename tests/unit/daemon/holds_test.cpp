// A hold measures on and does not act; signals tell what no metric shows.
#include "tests/unit/daemon/shop_world.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace backstop {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

TEST(Holds, BlockWhatWouldHaveBeenDoneAndSaySo) {
  ShopWorld w;
  ASSERT_TRUE(w.command(Hold{"shop", seconds(1000), "black friday"}, "uid:7(ann)").ok);
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_status(id, "held"));
  w.run(100);
  EXPECT_EQ(w.phase(id), Phase::watching) << "its bake is over, and what stands is a rollback";
  EXPECT_TRUE(w.steps.log.empty());
  EXPECT_THAT(w.told("decision."), HasSubstr("NOT rolled back: held by uid:7(ann): black friday"));
}

TEST(Holds, EndedByAPersonThenItIsRolledBack) {
  ShopWorld w;
  w.command(Hold{"shop", seconds(1000), "busy"});
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_status(id, "held"));
  ASSERT_TRUE(w.command(Unhold{"shop"}).ok);
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
  EXPECT_EQ(w.ran("/bin/execute"), 1);
}

TEST(Holds, ExpireByThemselvesThenItIsRolledBack) {
  ShopWorld w;
  w.command(Hold{"shop", seconds(30), "busy"});
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_status(id, "held"));
  const Time until = w.app->state().hold(ShopWorld::kShop)->until;
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
  EXPECT_GE(w.deployment(id).rollback->started, until);
  ASSERT_EQ(w.journal.of_type("hold_ended").size(), 1U);
  EXPECT_EQ(w.journal.of_type("hold_ended")[0].payload.text("how"), "expired");
}

TEST(Holds, ThatAreOverWhenSamplesComeHoldNothingThatTheyShow) {
  ShopWorld w;
  w.command(Hold{"shop", std::chrono::milliseconds(29'500), "busy"});
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_status(id, "held"));
  const Time until = w.app->state().hold(ShopWorld::kShop)->until;
  ASSERT_TRUE(w.until([&] { return w.now >= until; }));
  // The samples of that second came before the timer.
  EXPECT_EQ(w.deployment(id).last_decision_status, "enforced");
  EXPECT_EQ(w.deployment(id).rollback->started, w.now);
}

TEST(Holds, OverAllServicesHoldEachAndEndAsOne) {
  ShopWorld w;
  w.command(Hold{"*", seconds(1000), "network work"});
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_status(id, "held"));
  const Reply one = w.command(Unhold{"shop"});
  EXPECT_FALSE(one.ok);
  EXPECT_THAT(one.how, HasSubstr("unhold --all"));
  EXPECT_TRUE(w.steps.log.empty());
  w.command(Unhold{"*"});
  EXPECT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
}

TEST(Holds, WhatIsGoneWhenTheHoldEndsIsReportedAndNotActedUpon) {
  ShopWorld w;
  w.command(Hold{"shop", seconds(30), "busy"});
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_status(id, "held"));
  w.error_share_of["v2"] = 0;
  ASSERT_TRUE(w.until_phase(id, Phase::succeeded));
  EXPECT_EQ(w.rollbacks(), 0U);
  EXPECT_FALSE(w.app->state().incidents.at("I1").open());
  EXPECT_THAT(w.app->state().incidents.at("I1").how_resolved, HasSubstr("gone by itself"));
}

TEST(Holds, APersonsOrderOutranksAHold) {
  ShopWorld w;
  w.command(Hold{"shop", seconds(1000), "busy"});
  const std::string id = w.ship("v2");
  ASSERT_TRUE(w.command(RollBackNow{"shop", "wrong build"}, "uid:7(ann)").ok);
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
  EXPECT_THAT(w.deployment(id).rollback->cause, HasSubstr("ordered by uid:7(ann): wrong build"));
}

TEST(Signals, AreRollbackCriteriaAlsoWhileDeploying) {
  for (const char* kind : {"critical-functionality", "data-corruption", "security-incident", "compliance-violation"}) {
    ShopWorld w;
    const std::string id = w.begin("shop", "v2").id;
    w.running = "v2";
    ASSERT_TRUE(w.command(RaiseSignal{"shop", kind, "ticket 4711"}).ok);
    ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified)) << kind;
    EXPECT_THAT(w.deployment(id).rollback->cause, HasSubstr(std::string(kind) + ": ticket 4711"));
  }
}

TEST(Signals, AUserReportAndASignalWithoutADeploymentRollNothingBack) {
  ShopWorld w;
  EXPECT_FALSE(w.command(RaiseSignal{"shop", "bad-mood", ""}).ok);
  EXPECT_TRUE(w.command(RaiseSignal{"shop", "data-corruption", "before it"}).ok);
  const std::string id = w.ship("v2");
  w.command(RaiseSignal{"shop", "user-report", "slow"});
  ASSERT_TRUE(w.until_phase(id, Phase::succeeded));
  EXPECT_EQ(w.rollbacks(), 0U);
}

TEST(Signals, AVersionWithASignalIsNeverVerifiedGood) {
  ShopWorld w;
  w.command(Hold{"shop", seconds(1000), "busy"});
  const std::string id = w.ship("v2");
  w.command(RaiseSignal{"shop", "data-corruption", "rows lost"});
  w.run(40); // good_after is 20 s, and no metric shows anything
  EXPECT_FALSE(w.deployment(id).verified_good);
  EXPECT_FALSE(w.service().versions.contains("v2") && w.service().versions.at("v2").good);
}

TEST(Signals, WhereNobodyLetsTheDaemonActTheBakeEndsUndecided) {
  for (const char* mode : {"observe", "confirm"}) {
    ShopConfig config;
    config.mode = mode;
    ShopWorld w(config);
    const std::string id = w.ship("v2");
    w.command(RaiseSignal{"shop", "data-corruption", "rows lost"});
    w.run(80);
    EXPECT_EQ(w.phase(id), Phase::undecided) << mode;
    EXPECT_THAT(w.deployment(id).outcome_why, HasSubstr("data-corruption: rows lost")) << mode;
    EXPECT_EQ(w.rollbacks(), 0U) << mode;
  }
}

} // namespace
} // namespace backstop
