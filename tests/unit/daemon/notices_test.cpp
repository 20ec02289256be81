// Every final state tells somebody what happened and why.
#include "tests/unit/daemon/shop_world.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace backstop {
namespace {

using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using Script = ScriptedStepRunner::Script;

TEST(Notices, OfARollbackSayFromWhatToWhatAndWhy) {
  ShopWorld w;
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
  w.run(2);
  EXPECT_THAT(w.told("/rollback_started.1/"),
              AllOf(HasSubstr("critical: shop/production: rolling back v2 to v1"), HasSubstr("error_rate 30%")));
  EXPECT_THAT(w.told("/rolled_back/"), AllOf(HasSubstr("resolved: shop/production: rolled back v2 to v1 and verified"),
                                             HasSubstr("because error_rate 30%"), HasSubstr("a review is due")));
}

TEST(Notices, OfAKeptVersion) {
  ShopWorld w;
  ASSERT_TRUE(w.until_phase(w.ship("v2"), Phase::succeeded));
  w.run(1);
  EXPECT_THAT(w.told("/kept/"),
              AllOf(HasSubstr("info: shop/production v2: kept"), HasSubstr("every enforced rule healthy")));
}

TEST(Notices, OfAnAcceptedVersionNameThePersonAndResolveItsIncident) {
  ShopConfig config;
  config.mode = "observe";
  ShopWorld w(config);
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_status(id, "observed"));
  ASSERT_TRUE(w.command(AcceptNow{"shop", "known and mended elsewhere"}, "uid:7(ann)").ok);
  w.run(1);
  EXPECT_THAT(w.told("/kept/"),
              HasSubstr("resolved: shop/production v2: accepted by uid:7(ann): known and mended elsewhere"));
  EXPECT_FALSE(w.app->state().incidents.at("I1").open());
}

TEST(Notices, OfAnAbortedAndOfASupersededDeploymentResolveTheirIncidents) {
  ShopConfig config;
  config.mode = "observe";
  ShopWorld w(config);
  const std::string a = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_status(a, "observed"));
  const std::string b = w.ship("v3");
  w.run(1);
  EXPECT_THAT(w.told("/superseded/"), HasSubstr("resolved: shop/production v2: superseded by D2 (v3)"));
  EXPECT_FALSE(w.app->state().incidents.at("I1").open());
  w.command(AbortDeployment{b, "wrong branch"}, "uid:7(ann)");
  w.run(1);
  EXPECT_THAT(w.told("/aborted/"), HasSubstr("info: shop/production v3: aborted by uid:7(ann): wrong branch"));
}

TEST(Notices, OfADeploymentThatPreflightRefused) {
  ShopConfig config;
  const std::string check = "check: {argv: [/bin/is-at";
  config.steps.replace(config.steps.find(check), check.size(), "preflight: {argv: [/bin/there]}, " + check);
  ShopWorld w(config);
  w.steps.script("/bin/there", {Script::exits(3)});
  const std::string id = w.begin("shop", "v2").id;
  w.run(2);
  ASSERT_EQ(w.phase(id), Phase::refused);
  EXPECT_THAT(w.told("/refused/"), AllOf(HasSubstr("alert: shop/production v2: not begun"), HasSubstr("preflight")));
}

TEST(Notices, WhatIsGoneByItselfIsToldAsResolved) {
  ShopWorld w;
  w.command(Hold{"shop", seconds(1000), "busy"});
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_status(id, "held"));
  w.error_share_of["v2"] = 0;
  ASSERT_TRUE(w.until([&] { return w.deployment(id).last_decision == "KeepWatching"; }));
  w.run(1);
  EXPECT_THAT(w.told("/gone/"), HasSubstr("resolved: shop/production v2"));
}

TEST(Notices, SayWhichWordLetsTheDaemonOnlyTell) {
  ShopConfig rule, bake;
  rule.rows = ", mode: observe";
  bake.bake = "for: 60s, good_after: 20s, deploy_timeout: 30s, act_for: 10s";
  ShopWorld by_rule(rule), by_bake(bake), by_timeout;
  ASSERT_TRUE(by_rule.until_status(by_rule.ship("v2", 0.3), "observed"));
  const std::string id = by_bake.ship("v2");
  by_bake.run(12);
  by_bake.error_share_of["v2"] = 0.3;
  ASSERT_TRUE(by_bake.until_status(id, "observed"));
  ASSERT_TRUE(by_timeout.until_status(by_timeout.begin("shop", "v2").id, "observed"));
  for (ShopWorld* w : {&by_rule, &by_bake, &by_timeout}) w->run(1);
  EXPECT_THAT(by_rule.told("decision."), HasSubstr("NOT rolled back: the mode of the rule is observe"));
  EXPECT_THAT(by_bake.told("decision."), HasSubstr("NOT rolled back: bake.act_for is over"));
  EXPECT_THAT(by_timeout.told("decision."), HasSubstr("NOT rolled back: bake.on_deploy_timeout is alert"));
}

TEST(Notices, AChannelThatFailsDelaysNoRollbackAndHearsOfItLater) {
  ShopWorld w;
  w.notifier.failing = true;
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
  EXPECT_TRUE(w.notifier.delivered.empty());
  w.notifier.failing = false;
  ASSERT_TRUE(w.until([&] { return w.app->state().outbox.empty(); }, 400));
  EXPECT_EQ(w.notifier.delivered_events("/rollback_started.1/"), 1);
  EXPECT_EQ(w.notifier.delivered_events("/rolled_back/"), 1);
}

} // namespace
} // namespace backstop
