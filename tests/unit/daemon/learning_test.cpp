// What good deployments teach about the next one.
#include "daemon/views.hpp"
#include "tests/unit/daemon/shop_world.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace backstop {
namespace {

using std::chrono::seconds;

struct LearningShop : ShopConfig {
  explicit LearningShop(const std::string& learn) {
    judge = "{kind: sequential, warm_up: 40s, sustain: 60s" + learn + "}";
  }
};

/// A good version, watched until it is verified good, which takes 60 s.
void ship_good(ShopWorld& w, int n) {
  const std::string id = w.ship("good" + std::to_string(n));
  ASSERT_TRUE(w.until([&] { return w.deployment(id).verified_good; })) << id;
}

LearningShop config_of(const std::string& learn) {
  LearningShop config(learn);
  config.bake = "for: 120s, good_after: 60s, deploy_timeout: 30s";
  return config;
}

Json judge_of(ShopWorld& w) {
  return (*status_view(*w.app, ShopWorld::kShop, w.now)["services"].as_array())[0]["judge"];
}

TEST(Learning, ProposesWhatGoodDeploymentsJustifyAndJudgesAsConfigured) {
  ShopWorld w(config_of(""));
  for (int n = 0; n < 7; ++n) ship_good(w, n);
  EXPECT_TRUE(judge_of(w)["learned"].is_null());
  ship_good(w, 7);
  const Json learned = judge_of(w)["learned"];
  EXPECT_EQ(learned.integer("deployments"), 8);
  EXPECT_EQ(learned.number("warm_up_s"), 30);
  EXPECT_EQ(learned.number("sustain_s"), 30);
  EXPECT_FALSE(learned.flag("used"));
  const std::string next = w.ship("next");
  EXPECT_EQ(w.deployment(next).learned_from, 0);
  EXPECT_EQ(explain_view(w.app->state(), next)["deployment"]["judge"].number("sustain_s"), 60);
}

TEST(Learning, UsesThemWhereAllowedAndSaysSo) {
  ShopWorld w(config_of(", learn: use"));
  for (int n = 0; n < 8; ++n) ship_good(w, n);
  const std::string bad = w.ship("bad", 0.3);
  const Json judge = explain_view(w.app->state(), bad)["deployment"]["judge"];
  EXPECT_EQ(judge.number("warm_up_s"), 30);
  EXPECT_EQ(judge.number("sustain_s"), 30);
  EXPECT_EQ(judge.integer("learned_from"), 8);
  EXPECT_TRUE(w.until_phase(bad, Phase::rolling_back));
  const Time began = w.deployment(bad).rollback->started;
  EXPECT_LT(began - w.deployment(bad).finished, seconds(45)); // configured: 60 s
}

TEST(Learning, GoesOnOverARestartInTheMiddle) {
  ShopWorld w(config_of(", learn: use"));
  for (int n = 0; n < 7; ++n) ship_good(w, n);
  const std::string id = w.ship("eighth");
  w.run(30);
  w.kill();
  w.start();
  ASSERT_TRUE(w.until([&] { return w.deployment(id).verified_good; }));
  EXPECT_EQ(w.service().settled.size(), 8U);
  const std::string next = w.ship("next");
  EXPECT_EQ(w.deployment(next).learned_from, 8);
  w.kill();
  w.start();
  EXPECT_EQ(w.deployment(next).learned_from, 8);
  EXPECT_EQ(w.app->watches().at(ShopWorld::kShop)->watch.spec().sequential->sustain, seconds(30));
}

TEST(Learning, AnIncidentTeachesNothing) {
  ShopWorld w(config_of(""));
  ASSERT_TRUE(w.command(Hold{"shop", seconds(500), "sale"}).ok);
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_status(id, "held"));
  w.error_share_of["v2"] = 0;
  ASSERT_TRUE(w.until([&] { return w.deployment(id).verified_good; }));
  EXPECT_TRUE(w.service().settled.empty());
}

TEST(Learning, OffIsOff) {
  ShopWorld w(config_of(", learn: off"));
  ship_good(w, 1);
  EXPECT_TRUE(w.service().settled.empty());
}

} // namespace
} // namespace backstop
