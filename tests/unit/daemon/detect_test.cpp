// Deployments that nobody announced, known by the link that they set.
#include "tests/unit/daemon/shop_world.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace backstop {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kLink = "/srv/shop/current";

class DetectTest : public testing::Test {
protected:
  DetectTest() : w(with_detect()) { point_to("v1"); }
  static ShopConfig with_detect() {
    ShopConfig config;
    config.extra = "detect: {link: /srv/shop/current}\n";
    return config;
  }
  void point_to(const std::string& version) { w.links[kLink] = "releases/" + version; }
  /// Somebody deploys it and tells nobody.
  void set(const std::string& version, double error_share = 0) {
    w.error_share_of[version] = error_share;
    w.running = version;
    point_to(version);
  }
  [[nodiscard]] std::size_t deployments() const { return w.journal.of_type("deployment_requested").size(); }
  ShopWorld w;
};

TEST_F(DetectTest, NothingBeginsWhileTheLinkShowsWhatRuns) {
  w.run(20);
  EXPECT_EQ(deployments(), 0U);
  w.links.erase(kLink);
  w.run(5);
  EXPECT_EQ(deployments(), 0U) << "a link that is not there tells nothing";
}

TEST_F(DetectTest, ALinkThatCannotBeReadForLongIsToldOnce) {
  w.run(2);
  w.links.erase(kLink);
  w.run(25);
  EXPECT_EQ(w.told("unwatched."), "");
  point_to("v1");
  w.run(2);
  w.links.erase(kLink);
  w.run(25);
  EXPECT_EQ(w.told("unwatched."), "") << "it was there between";
  w.run(100);
  EXPECT_EQ(w.told("unwatched."),
            "alert: shop/production: /srv/shop/current: no such link: while it cannot be read no "
            "deployment is noticed; mend the link or its path in the service's file (the daemon has "
            "a /tmp of its own)\n");
  set("v2");
  w.run(2);
  EXPECT_EQ(deployments(), 1U);
}

TEST_F(DetectTest, AnotherVersionIsWatchedAtOnceAndKeptWhereItIsGood) {
  set("v2");
  w.run(2);
  ASSERT_EQ(deployments(), 1U);
  EXPECT_EQ(w.phase("D1"), Phase::watching);
  EXPECT_EQ(w.deployment("D1").version, "v2");
  EXPECT_EQ(w.deployment("D1").previous, "v1");
  EXPECT_EQ(w.deployment("D1").began_by, "backstopd(link /srv/shop/current)");
  ASSERT_TRUE(w.until_phase("D1", Phase::succeeded));
  w.run(20);
  EXPECT_EQ(deployments(), 1U);
}

TEST_F(DetectTest, ABadOneIsRolledBackAndItsRollbackIsNoDeployment) {
  set("v2", 0.3);
  w.run(2);
  ASSERT_TRUE(w.until_phase("D1", Phase::rolling_back));
  ASSERT_TRUE(w.until([&] { return w.running == "v1"; }));
  point_to("v1"); // as its step does
  ASSERT_TRUE(w.until_phase("D1", Phase::rolled_back_verified));
  w.run(20);
  EXPECT_EQ(w.journal.of_type("deployment_begun").size(), 1U);
}

TEST_F(DetectTest, WhatWasAnnouncedIsNotDetectedOnceMore) {
  ASSERT_TRUE(w.begin("shop", "v2").ok);
  w.run(5);
  EXPECT_EQ(deployments(), 1U) << "the link is not set yet";
  set("v2");
  w.run(3);
  EXPECT_EQ(w.phase("D1"), Phase::deploying) << "whoever announced it says when it is finished";
  w.command(FinishDeployment{"D1"});
  w.run(5);
  EXPECT_EQ(deployments(), 1U);
}

TEST_F(DetectTest, TheNextVersionSupersedesTheOneThatIsWatched) {
  set("v2");
  w.run(5);
  set("v3");
  w.run(3);
  EXPECT_EQ(w.phase("D1"), Phase::superseded);
  EXPECT_EQ(w.phase("D2"), Phase::watching);
  set("v2");
  w.run(3);
  EXPECT_EQ(w.deployment("D3").version, "v2") << "back again is a deployment too";
}

TEST_F(DetectTest, WhatIsRefusedIsToldOnceAndTriedAgain) {
  const std::string bad = w.ship("v2", 0.3);
  point_to("v2");
  ASSERT_TRUE(w.until_phase(bad, Phase::rolling_back));
  ASSERT_TRUE(w.until([&] { return w.running == "v1"; }));
  point_to("v1");
  ASSERT_TRUE(w.until_phase(bad, Phase::rolled_back_verified));
  set("v3");
  w.run(3);
  set("v2", 0.3); // quarantined by now
  w.run(40);
  EXPECT_THAT(w.told("unwatched"),
              HasSubstr("/srv/shop/current points to v2, which is not watched: v2 is quarantined"));
  EXPECT_EQ(w.notifier.delivered_events("unwatched"), 1);
  ASSERT_TRUE(w.command(ReleaseQuarantine{"shop", "v2", "it is mended"}).ok);
  w.error_share_of["v2"] = 0;
  w.run(12);
  EXPECT_EQ(w.app->state().active(ShopWorld::kShop)->version, "v2");
}

TEST_F(DetectTest, WhatWasSetWhileNoDaemonRanIsFoundAtTheStart) {
  w.kill();
  set("v2");
  w.run_dead(30);
  w.start();
  w.run(15);
  ASSERT_EQ(deployments(), 1U);
  EXPECT_EQ(w.deployment("D1").version, "v2");
}

TEST_F(DetectTest, WithoutDetectNobodyLooks) {
  ShopWorld other;
  other.links[kLink] = "releases/v9";
  other.run(10);
  EXPECT_TRUE(other.journal.of_type("deployment_requested").empty());
}

} // namespace
} // namespace backstop
