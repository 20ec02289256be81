// Deployments that nobody announced, known by what samples say: a series with the version, a start of the unit.
#include "tests/unit/daemon/shop_world.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace backstop {
namespace {

using testing::HasSubstr;

/// A read of the shop that just came in.
Scrape read_now(const ShopWorld& w) {
  Scrape scrape;
  scrape.t = scrape.arrived = w.now;
  return scrape;
}

void take(ShopWorld& w, const Scrape& scrape) {
  w.app->on_scrape(ShopWorld::kShop, scrape, w.now);
  if (w.app->next_due() <= w.now) w.app->on_tick(w.now);
}

/// The instances of the shop show the version that they run, as shop_build_info{version="..."}; one is that of the world, the
/// others are read by the test.
class DetectSeriesTest : public testing::Test {
protected:
  DetectSeriesTest() : w(with_detect()) {
    w.add_samples = [this](Scrape& scrape) { show(scrape, w.running); };
    w.run(1);
  }
  static ShopConfig with_detect() {
    ShopConfig config;
    config.targets = R"(targets: [{url: "http://a/metrics"}, {url: "http://b/metrics"}])";
    config.extra = "detect: {series: shop_build_info, source: app}\n";
    return config;
  }
  /// As a store of samples would: an id for each series, named when it comes first.
  void show(Scrape& scrape, const std::string& version) {
    auto& ids = series[scrape.target];
    const auto [id, fresh] = ids.try_emplace(version, 10 + static_cast<std::uint32_t>(ids.size()));
    if (fresh)
      scrape.named.push_back({id->second, SharedText("shop_build_info{commit=\"x\",version=\"" + version + "\"}")});
    scrape.samples.push_back({2, id->second, 1, 0});
  }
  void other_shows(const std::string& version) {
    Scrape scrape = read_now(w);
    scrape.target = 1;
    scrape.samples = {{1, 0, 1000, 0}};
    show(scrape, version);
    take(w, scrape);
  }
  [[nodiscard]] std::size_t deployments() const { return w.journal.of_type("deployment_requested").size(); }
  ShopWorld w;
  std::map<std::uint32_t, std::map<std::string, std::uint32_t>> series;
};

TEST_F(DetectSeriesTest, NothingBeginsWhileAllShowWhatRuns) {
  other_shows("v1");
  w.run(20);
  EXPECT_EQ(deployments(), 0U);
}

TEST_F(DetectSeriesTest, TheFirstThatShowsAnotherVersionBeginsItAndTheLastFinishesIt) {
  other_shows("v1");
  w.running = "v2";
  w.run(1);
  ASSERT_EQ(deployments(), 1U);
  EXPECT_EQ(w.deployment("D1").version, "v2");
  EXPECT_EQ(w.deployment("D1").began_by, "backstopd(series shop_build_info)");
  EXPECT_EQ(w.phase("D1"), Phase::deploying);
  w.run(5);
  EXPECT_EQ(w.phase("D1"), Phase::deploying);
  other_shows("v2");
  EXPECT_EQ(w.phase("D1"), Phase::watching);
  w.run(5);
  EXPECT_EQ(deployments(), 1U);
}

TEST_F(DetectSeriesTest, ABadOneIsRolledBackAndThatIsNoDeployment) {
  other_shows("v1");
  w.error_share_of["v2"] = 0.3;
  w.running = "v2";
  other_shows("v2");
  w.run(2);
  ASSERT_TRUE(w.until_phase("D1", Phase::rolling_back));
  ASSERT_TRUE(w.until([&] { return w.running == "v1"; }));
  other_shows("v1");
  ASSERT_TRUE(w.until_phase("D1", Phase::rolled_back_verified));
  w.run(20);
  EXPECT_EQ(w.journal.of_type("deployment_begun").size(), 1U);
}

TEST_F(DetectSeriesTest, OneThatWasLeftBehindEndsNoWatch) {
  other_shows("v1");
  w.running = "v2";
  w.run(1);
  other_shows("v2");
  ASSERT_EQ(w.phase("D1"), Phase::watching);
  other_shows("v1"); // an instance that was away while the others were deployed
  w.run(3);
  EXPECT_EQ(deployments(), 1U);
  EXPECT_EQ(w.phase("D1"), Phase::watching);
  w.running = "v1";
  EXPECT_EQ(w.told("unwatched"), "");
  w.run(2);
  EXPECT_THAT(w.told("unwatched"), HasSubstr("shop_build_info shows v1, which is not watched: there is no known good"))
      << "all are back, and it is looked at as any other deployment";
}

TEST_F(DetectSeriesTest, OneThatCannotBeReadHoldsNothingUp) {
  other_shows("v1");
  w.running = "v2";
  w.run(1);
  ASSERT_EQ(w.phase("D1"), Phase::deploying);
  for (int i = 0; i < 5; ++i) {
    Scrape scrape = read_now(w);
    scrape.target = 1;
    scrape.health = ScrapeHealth::error;
    scrape.why = "connection refused";
    w.app->on_scrape(ShopWorld::kShop, scrape, w.now);
    w.run(1);
  }
  EXPECT_EQ(w.phase("D1"), Phase::watching);
}

TEST_F(DetectSeriesTest, ANameInAnAnswerThatFailedCountsToo) {
  Scrape scrape = read_now(w);
  scrape.target = 1;
  show(scrape, "v2");
  scrape.samples.clear();
  scrape.health = ScrapeHealth::error;
  w.app->on_scrape(ShopWorld::kShop, scrape, w.now);
  other_shows("v2");
  EXPECT_EQ(deployments(), 1U);
}

TEST_F(DetectSeriesTest, AVersionThatIsShownAs0IsNotTheOneThatRuns) {
  w.add_samples = [this](Scrape& scrape) {
    show(scrape, "v1");
    show(scrape, "v0");
    scrape.samples.back().value = 0;
  };
  w.run(5);
  EXPECT_EQ(deployments(), 0U);
}

/// The shop is a unit. Its version is where a link points, and takes effect when it is started.
class DetectRestartTest : public testing::Test {
protected:
  DetectRestartTest() : w(with_detect()) {
    w.links["/srv/shop/current"] = "releases/v1";
    unit_says(0);
  }
  static ShopConfig with_detect() {
    ShopConfig config;
    config.targets = R"(targets: [{url: "http://a/metrics"}]}, unit: {type: systemd, unit: shop.service)";
    config.extra = "detect: {restart_of: unit}\nrunning_version: {link: /srv/shop/current}\n";
    return config;
  }
  void unit_says(double starts) {
    Scrape scrape = read_now(w);
    scrape.source = 1;
    scrape.samples = {{0, 0, starts, 0}};
    take(w, scrape);
  }
  [[nodiscard]] std::size_t deployments() const { return w.journal.of_type("deployment_requested").size(); }
  ShopWorld w;
};

TEST_F(DetectRestartTest, AStartOfTheSameVersionIsNone) {
  unit_says(1);
  w.run(5);
  EXPECT_EQ(deployments(), 0U);
}

TEST_F(DetectRestartTest, TheLinkAloneIsNoneAndTheStartIs) {
  w.links["/srv/shop/current"] = "releases/v2";
  w.run(10);
  EXPECT_EQ(deployments(), 0U) << "it still runs the old one";
  unit_says(1);
  w.run(2);
  ASSERT_EQ(deployments(), 1U);
  EXPECT_EQ(w.deployment("D1").version, "v2");
  EXPECT_EQ(w.deployment("D1").began_by, "backstopd(restart of unit)");
  EXPECT_EQ(w.phase("D1"), Phase::watching);
  w.run(10);
  EXPECT_EQ(deployments(), 1U);
}

TEST_F(DetectRestartTest, WhatWasStartedWhileNoDaemonRanIsFoundAtTheStart) {
  w.kill();
  w.links["/srv/shop/current"] = "releases/v2";
  w.run_dead(30);
  w.start();
  w.run(5);
  unit_says(0);
  w.run(15);
  ASSERT_EQ(deployments(), 1U);
}

} // namespace
} // namespace backstop
