// Never a false, a doubled or an endless rollback: loop guard, quarantine, concurrency, shared dependencies.
#include "tests/unit/daemon/shop_world.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace backstop {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::HasSubstr;

config::Limits rollbacks(int count) {
  config::Limits limits;
  limits.rollbacks = {count, hours(24)};
  return limits;
}
std::string service_file(const std::string& name, const std::string& extra = {}) {
  ShopConfig config;
  config.name = name;
  config.extra = extra;
  return config.text();
}

TEST(Quarantine, AVersionThatWasRolledBackIsRefusedUntilAPersonReleasesIt) {
  ShopWorld w;
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
  const Reply refused = w.begin("shop", "v2");
  EXPECT_EQ(refused.reason, "quarantine");
  EXPECT_THAT(refused.why, HasSubstr("error_rate"));
  EXPECT_EQ(w.adopt("shop", "v2").reason, "quarantine") << "no way around it";
  ASSERT_TRUE(w.command(ReleaseQuarantine{"shop", "v2", "mended by configuration"}).ok);
  EXPECT_TRUE(w.begin("shop", "v2").ok);
}

TEST(Quarantine, AVersionThatWasGoodAndRolledBackIsNoTargetAnyMore) {
  ShopWorld w;
  const std::string id = w.ship("v2");
  ASSERT_TRUE(w.until([&] { return w.deployment(id).verified_good; }));
  w.error_share_of["v2"] = 0.3;
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
  const std::string next = w.ship("v3");
  EXPECT_EQ(w.deployment(next).previous, "v1");
  EXPECT_EQ(w.begin("shop", "v4", [](BeginDeployment& c) { c.previous = "v2"; }).reason, "no_target");
}

TEST(LoopGuard, LocksAndPagesInsteadOfOneRollbackTooMany) {
  ShopWorld w({}, rollbacks(2));
  for (const char* version : {"v2", "v3"}) {
    const std::string id = w.ship(version, 0.3);
    ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified)) << version;
  }
  const std::string id = w.ship("v4", 0.3);
  ASSERT_TRUE(w.until_status(id, "blocked"));
  w.run(100);
  EXPECT_EQ(w.rollbacks(), 2U);
  EXPECT_EQ(w.ran("/bin/execute"), 2);
  EXPECT_TRUE(w.locked());
  EXPECT_THAT(w.told("decision."), HasSubstr("critical: shop/production v4"));
  EXPECT_THAT(w.told("decision."), HasSubstr("rolled back 2 times within"));
  EXPECT_EQ(w.begin("shop", "v5").reason, "locked");
  EXPECT_EQ(w.command(RollBackNow{"shop", "now"}).reason, "locked");
}

TEST(LoopGuard, UnlockedByAPersonItCountsAnew) {
  ShopWorld w({}, rollbacks(1));
  ASSERT_TRUE(w.until_phase(w.ship("v2", 0.3), Phase::rolled_back_verified));
  const std::string id = w.ship("v3", 0.3);
  ASSERT_TRUE(w.until([&] { return w.locked(); }));
  ASSERT_TRUE(w.command(Unlock{"shop", "looked at it: roll back", "", false}).ok);
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified)) << w.service().locked_why;
  w.ship("v4", 0.3);
  EXPECT_TRUE(w.until([&] { return w.locked(); })) << "the guard is there again";
  EXPECT_EQ(w.rollbacks(), 2U);
}

TEST(LoopGuard, LeftWithoutARollbackByAccept) {
  ShopWorld w({}, rollbacks(1));
  ASSERT_TRUE(w.until_phase(w.ship("v2", 0.3), Phase::rolled_back_verified));
  const std::string id = w.ship("v3", 0.3);
  ASSERT_TRUE(w.until([&] { return w.locked(); }));
  ASSERT_TRUE(w.command(AcceptNow{"shop", "better than nothing"}).ok);
  EXPECT_EQ(w.phase(id), Phase::succeeded);
  ASSERT_TRUE(w.command(Unlock{"shop", "done", "", false}).ok);
  w.run(30);
  EXPECT_EQ(w.rollbacks(), 1U);
  EXPECT_FALSE(w.locked());
}

TEST(LoopGuard, ARollbackIsNeverRolledBack) {
  ShopWorld w;
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until([&] { return w.rollbacks() == 1; }));
  const std::string undo = w.deployment(id).rollback->rollback;
  ASSERT_EQ(w.deployment(undo).rolls_back, id);
  EXPECT_THAT(w.command(AbortDeployment{undo, "no"}).how, HasSubstr("not aborted half-way"));
  w.error_share_of["v1"] = 0.3; // the old version is no better
  ASSERT_TRUE(w.until_phase(id, Phase::rollback_failed));
  w.run(200);
  EXPECT_EQ(w.rollbacks(), 1U);
  EXPECT_EQ(w.ran("/bin/execute"), 1);
  EXPECT_EQ(w.phase(undo), Phase::rollback_failed);
  for (const Reply& reply : {w.command(FinishDeployment{undo}), w.command(AbortDeployment{undo, "no"}),
                             w.command(RollBackNow{"shop", "no"})})
    EXPECT_FALSE(reply.ok);
}

TEST(LoopGuard, TheOldVersionTurningBadAfterTheRollbackTouchesNothing) {
  ShopWorld w;
  ASSERT_TRUE(w.until_phase(w.ship("v2", 0.3), Phase::rolled_back_verified));
  w.error_share_of["v1"] = 0.5;
  w.run(200);
  EXPECT_EQ(w.rollbacks(), 1U);
  EXPECT_EQ(w.ran("/bin/execute"), 1);
}

TEST(Concurrency, OneRollbackAtATimeTheOtherWaitsAndJudgesAgain) {
  ShopWorld w({}, {}, {service_file("cart")});
  w.adopt("cart", "c1");
  w.run(10);
  w.steps.script("/bin/execute", {ScriptedStepRunner::Script::exits(0, seconds(10))});
  const std::string shop = w.ship("v2", 0.3), cart = w.deploy("cart", "c2");
  ASSERT_TRUE(w.until([&] { return w.rollbacks() == 1; }));
  w.shops["cart/production"].error_share = 0.3;
  ASSERT_TRUE(w.until([&] { return w.deployment(cart).last_decision_status.starts_with("waiting"); }));
  EXPECT_EQ(w.app->state().in_phase(Phase::rolling_back).size(), 1U);
  w.shops["cart/production"].error_share = 0; // it was the shop's fault
  ASSERT_TRUE(w.until_phase(shop, Phase::rolled_back_verified));
  ASSERT_TRUE(w.until_phase(cart, Phase::succeeded));
  EXPECT_EQ(w.rollbacks(), 1U);
}

TEST(Concurrency, TheOneThatWaitedStartsWhenASlotIsFree) {
  ShopWorld w({}, {}, {service_file("cart")});
  w.adopt("cart", "c1");
  w.run(10);
  const std::string shop = w.ship("v2", 0.3), cart = w.deploy("cart", "c2");
  w.shops["cart/production"].error_share = 0.3;
  std::size_t most = 0;
  ASSERT_TRUE(w.until([&] {
    most = std::max(most, w.app->state().in_phase(Phase::rolling_back).size());
    if (w.executed("cart") == 1) w.shops["cart/production"].error_share = 0;
    return w.phase(cart) == Phase::rolled_back_verified && is_final(w.phase(shop));
  }));
  EXPECT_EQ(w.phase(shop), Phase::rolled_back_verified);
  EXPECT_EQ(most, 1U);
}

TEST(Dependencies, TroubleThatASharedDependencyExplainsIsPagedAndNotRolledBack) {
  const std::string depends = "depends_on: [orders-db]\n";
  ShopConfig config;
  config.extra = depends;
  ShopWorld w(config, {}, {service_file("cart", depends)});
  w.shops["cart/production"].error_share = 0.3; // nobody deployed it
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_status(id, "blocked"));
  w.run(20);
  EXPECT_EQ(w.rollbacks(), 0U);
  EXPECT_FALSE(w.locked());
  EXPECT_THAT(w.told("decision."), HasSubstr("orders-db (cart/production is critical too, and was not deployed)"));
  w.shops["cart/production"].error_share = 0; // the database is well again, and v2 is still bad
  EXPECT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
}

} // namespace
} // namespace backstop
