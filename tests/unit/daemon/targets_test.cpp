// Targets that are found: they come and go while their service is watched and deployed.
#include "daemon/records.hpp"
#include "tests/unit/daemon/shop_world.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace backstop {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

config::TargetConfig at(const std::string& host, const std::string& group = "") {
  config::TargetConfig target;
  target.url = "http://" + host + "/metrics";
  if (!group.empty()) target.labels["group"] = group;
  return target;
}

/// The shop, whose targets are looked for; one is written, which the world's scrapes come from.
class TargetsTest : public testing::Test {
protected:
  TargetsTest() : w(with_files()) {}
  static ShopConfig with_files() {
    ShopConfig config;
    config.targets = R"(targets: [{url: "http://w/metrics"}], file_sd: {files: [/targets.yaml]})";
    return config;
  }
  void found(std::vector<config::TargetConfig> targets) {
    w.app->on_targets(ShopWorld::kShop, "app", {std::move(targets), ""}, w.now);
  }
  /// One read of another target than that of the world.
  void scrape(std::uint32_t place, double failed, double ok) {
    Scrape scrape;
    scrape.target = place;
    scrape.t = scrape.arrived = w.now;
    scrape.samples = {{0, 0, failed, 0}, {1, 0, failed, 0}, {1, 1, ok, 0}};
    w.app->on_scrape(ShopWorld::kShop, scrape, w.now);
  }
  [[nodiscard]] const ServiceWatch& watch() const { return *w.app->watches().at(ShopWorld::kShop); }
  [[nodiscard]] std::vector<std::string> present() const {
    std::vector<std::string> names;
    for (std::uint32_t i = 0; i < watch().places[0].size(); ++i)
      if (watch().places[0].present(i)) names.push_back(watch().places[0].name(i));
    return names;
  }
  [[nodiscard]] std::size_t records() const { return w.journal.of_type("targets_changed").size(); }
  ShopWorld w;
};

TEST_F(TargetsTest, AChangeIsARecordAndTheSameListIsNone) {
  found({at("a"), at("b")});
  found({at("a"), at("b")});
  found({at("b", "canary"), at("c")});
  EXPECT_THAT(present(), ElementsAre("http://w/metrics", "http://b/metrics", "http://c/metrics"));
  ASSERT_EQ(records(), 2U);
  const Result<Payload> last = decode(w.journal.of_type("targets_changed").back());
  ASSERT_TRUE(last);
  const auto& change = std::get<TargetsChanged>(*last);
  EXPECT_EQ(change.source, "app");
  ASSERT_EQ(change.joined.size(), 2U);
  EXPECT_EQ(change.joined[0].labels.at(0).value, "canary");
  EXPECT_THAT(change.left, ElementsAre("http://a/metrics"));
}

TEST_F(TargetsTest, TheyAreKnownAfterARestartBeforeAnybodyLooks) {
  found({at("a"), at("b", "canary")});
  found({at("b", "canary")});
  w.kill();
  w.start();
  EXPECT_THAT(present(), ElementsAre("http://w/metrics", "http://b/metrics"));
  EXPECT_THAT(watch().places[0].with("group", "canary"), ElementsAre(1));
  found({at("b", "canary")});
  EXPECT_EQ(records(), 2U);
}

TEST_F(TargetsTest, WhereNobodyCanLookTheKnownOnesStayAndItIsTold) {
  found({at("a")});
  w.app->on_targets(ShopWorld::kShop, "app", {std::nullopt, "/targets.yaml: gone"}, w.now);
  w.app->on_targets(ShopWorld::kShop, "app", {std::nullopt, "/targets.yaml: gone"}, w.now);
  EXPECT_THAT(present(), ElementsAre("http://w/metrics", "http://a/metrics"));
  EXPECT_EQ(watch().not_found[0], "/targets.yaml: gone");
  const auto told = std::count_if(w.log.lines.begin(), w.log.lines.end(), [](const std::string& line) {
    return line.find("/targets.yaml: gone") != std::string::npos;
  });
  EXPECT_EQ(told, 1);
  found({at("a")});
  EXPECT_EQ(watch().not_found[0], "");
}

TEST_F(TargetsTest, AnAnswerOfOneThatLeftIsNotTaken) {
  found({at("a")});
  scrape(1, 0, 100);
  EXPECT_EQ(watch().sources[0][1].scrapes, 1U);
  found({});
  scrape(1, 1000, 100);
  scrape(7, 1000, 100);
  EXPECT_EQ(watch().sources[0][1].scrapes, 1U);
}

TEST_F(TargetsTest, OneThatJoinsWhileADeploymentIsWatchedHoldsNothingUp) {
  found({});
  const std::string id = w.ship("v2");
  w.run(3);
  found({at("a")}); // which never answers
  ASSERT_TRUE(w.until_phase(id, Phase::succeeded));
}

TEST_F(TargetsTest, WhatTheyCountIsJudged) {
  found({at("a")});
  scrape(1, 0, 0);
  const std::string id = w.ship("v2");
  double failed = 0;
  ASSERT_TRUE(w.until([&] {
    failed += 50;
    scrape(1, failed, failed);
    return w.phase(id) == Phase::rolling_back;
  }));
}

TEST_F(TargetsTest, ADeploymentKeepsWhichOnesItBeganWith) {
  found({at("a", "control"), at("b")});
  const std::string id = w.ship("v2");
  const Result<Payload> begun = decode(w.journal.of_type("deployment_begun").back());
  ASSERT_TRUE(begun);
  const auto& targets = std::get<DeploymentBegun>(*begun).targets;
  ASSERT_EQ(targets.size(), 1U);
  EXPECT_EQ(targets[0].source, "app");
  ASSERT_EQ(targets[0].targets.size(), 2U);
  EXPECT_EQ(targets[0].targets[0].url, "http://a/metrics");
  EXPECT_EQ(targets[0].targets[0].labels.at(0).value, "control");
}

} // namespace
} // namespace backstop
