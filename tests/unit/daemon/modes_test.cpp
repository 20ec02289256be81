// Who may act: mode auto, confirm, observe; of service, deployment and rule the strictest counts.
#include "tests/unit/daemon/shop_world.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace backstop {
namespace {

using testing::HasSubstr;

ShopConfig in_mode(const std::string& mode) {
  ShopConfig config;
  config.mode = mode;
  return config;
}

TEST(Modes, AutoRollsBackOnceAndVerifies) {
  ShopWorld w;
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified)) << w.deployment(id).outcome_why;
  w.run(120);
  EXPECT_EQ(w.rollbacks(), 1U);
  EXPECT_EQ(w.ran("/bin/execute"), 1);
  EXPECT_EQ(w.running, "v1");
  EXPECT_EQ(w.service().version, "v1");
  EXPECT_FALSE(w.locked());
}

TEST(Modes, AGoodVersionIsKeptAndNothingRuns) {
  ShopWorld w;
  const std::string id = w.ship("v2", 0.002);
  ASSERT_TRUE(w.until_phase(id, Phase::succeeded));
  EXPECT_TRUE(w.steps.log.empty());
  EXPECT_TRUE(w.service().versions.at("v2").good);
}

TEST(Modes, ObserveTellsAndNeverActs) {
  ShopWorld w(in_mode("observe"));
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_status(id, "observed"));
  ASSERT_TRUE(w.until([&] { return is_final(w.phase(id)); }));
  EXPECT_EQ(w.phase(id), Phase::undecided) << "critical to the end, and nobody could act";
  w.run(60);
  EXPECT_EQ(w.rollbacks(), 0U);
  EXPECT_TRUE(w.steps.log.empty());
  EXPECT_THAT(w.told("decision."), HasSubstr("NOT rolled back: the mode is observe"));
}

TEST(Modes, ADeploymentMayBeStricterThanItsServiceAndNeverLooser) {
  ShopWorld strict;
  const std::string a = strict.ship("v2", 0.3, [](BeginDeployment& c) { c.mode = "observe"; });
  EXPECT_TRUE(strict.until_status(a, "observed"));
  EXPECT_EQ(strict.rollbacks(), 0U);

  ShopWorld loose(in_mode("observe"));
  const std::string b = loose.ship("v2", 0.3, [](BeginDeployment& c) { c.mode = "auto"; });
  EXPECT_TRUE(loose.until_status(b, "observed"));
  EXPECT_EQ(loose.rollbacks(), 0U);
}

TEST(Modes, ARuleInModeObserveIsToldAndTheVersionKept) {
  ShopConfig config;
  config.rows = ", mode: observe";
  ShopWorld w(config);
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_status(id, "observed"));
  ASSERT_TRUE(w.until([&] { return is_final(w.phase(id)); }));
  EXPECT_EQ(w.phase(id), Phase::succeeded);
  EXPECT_EQ(w.rollbacks(), 0U);
}

TEST(Modes, ConfirmWaitsForAWordAndThenActs) {
  ShopWorld w(in_mode("confirm"));
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_status(id, "awaiting_confirmation"));
  w.run(20);
  EXPECT_TRUE(w.steps.log.empty()) << "nothing before the word";
  EXPECT_THAT(w.told("decision."), HasSubstr("backstopctl confirm " + id));
  ASSERT_TRUE(w.command(AnswerConfirmation{id, "go", true}, "uid:7(ann)").ok);
  EXPECT_FALSE(w.command(AnswerConfirmation{id, "go", true}).ok) << "a second word finds no question";
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
  EXPECT_EQ(w.ran("/bin/execute"), 1);
  EXPECT_THAT(w.deployment(id).rollback->cause, HasSubstr("confirmed by uid:7(ann)"));
}

TEST(Modes, DeclineIsRememberedAndNotAskedAgain) {
  ShopWorld w(in_mode("confirm"));
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_status(id, "awaiting_confirmation"));
  ASSERT_TRUE(w.command(AnswerConfirmation{id, "known", false}).ok);
  ASSERT_TRUE(w.until([&] { return is_final(w.phase(id)); }));
  EXPECT_EQ(w.phase(id), Phase::undecided);
  EXPECT_EQ(w.journal.of_type("confirmation_asked").size(), 1U);
  EXPECT_EQ(w.rollbacks(), 0U);
}

TEST(Modes, NoAnswerPagesAndNeverActs) {
  ShopConfig config = in_mode("confirm");
  config.extra = "confirm_timeout: 10s\n";
  ShopWorld w(config);
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_status(id, "awaiting_confirmation"));
  w.run(12);
  EXPECT_FALSE(w.deployment(id).confirmation);
  EXPECT_THAT(w.told("confirmation_timed_out"), HasSubstr("critical: shop/production v2: nobody answered"));
  EXPECT_FALSE(w.command(AnswerConfirmation{id, "late", true}).ok);
  ASSERT_TRUE(w.until([&] { return is_final(w.phase(id)); }));
  EXPECT_EQ(w.rollbacks(), 0U);
}

} // namespace
} // namespace backstop
