// When a watch is written to the recorder, and what of it a restart finds.
#include "tests/unit/daemon/shop_world.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace backstop {
namespace {

class Keeping : public testing::Test {
protected:
  /// How often the timers, or with "history" the histories, were written in so many seconds.
  int written_in(int seconds, const std::string& what = "watch") {
    const std::string key = what + "/shop/production";
    const int before = w.recorder.puts[key];
    w.run(seconds);
    return w.recorder.puts[key] - before;
  }
  ShopWorld w;
};

TEST_F(Keeping, AWatchInPeaceIsWrittenNowAndThen) {
  w.run(100);
  EXPECT_THAT(written_in(300), testing::AllOf(testing::Ge(4), testing::Le(6)));
  EXPECT_THAT(written_in(300, "history"), testing::AllOf(testing::Ge(4), testing::Le(6)));
}

TEST_F(Keeping, ATimerThatRunsIsWrittenWithEachReading) {
  w.run(100);
  w.error_share_of["v1"] = 0.2;
  ASSERT_TRUE(
      w.until([&] { return w.app->watches().at("shop/production")->watch.rules()[0].critical_since != Time{}; }));
  EXPECT_GE(written_in(2), 2);
  w.run(10);
  ASSERT_EQ(w.service().levels.at("error_rate"), "critical");
  EXPECT_LE(written_in(60), 8) << "it fired: nothing is lost with some seconds";
}

TEST_F(Keeping, ADeploymentThatIsWatchedLosesTenSecondsAtMost) {
  w.run(100);
  ASSERT_EQ(w.phase(w.ship("v2")), Phase::watching);
  w.run(10);
  EXPECT_THAT(written_in(40), testing::AllOf(testing::Ge(4), testing::Le(8)));
}

TEST_F(Keeping, WhatWasLearnedIsThereAfterAStopBeforeTheFirstScrape) {
  w.run(100);
  w.app->on_stop(w.now);
  w.app.reset();
  w.start();
  w.app->on_stop(w.now); // nothing was read yet, and nothing is lost by that
  w.app.reset();
  w.start();
  w.run(3);
  const std::string id = w.begin("shop", "v2").id;
  ASSERT_EQ(w.deployment(id).baselines.size(), 1U);
  EXPECT_GE(w.deployment(id).baselines[0].readings, 50);
}

TEST_F(Keeping, OnlyDeploymentsThatAreNotFinalAreGoneThrough) {
  const std::string id = w.ship("v2", 0.2);
  EXPECT_TRUE(w.app->state().open.contains(id));
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
  EXPECT_THAT(w.app->state().open, testing::IsEmpty());
}

} // namespace
} // namespace backstop
