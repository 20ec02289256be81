// What a deployment begins on where a source keeps a past and the daemon has seen little of it.
#include "tests/unit/daemon/shop_world.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace backstop {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::Contains;
using testing::HasSubstr;

/// Tells what the test says, when the test says so.
class ScriptedPast final : public PastReader {
public:
  [[nodiscard]] bool has_past(const ServiceWatch&) const override { return true; }
  Status read(const ServiceWatch&, Time from, Time to, Done done) override {
    asked.emplace_back(from, to);
    if (!refusal.empty()) return fail(Errc::io, refusal);
    done_ = std::move(done);
    return {};
  }
  void answer(Result<std::vector<Scrape>> scrapes, Time now) { std::exchange(done_, nullptr)(std::move(scrapes), now); }
  std::vector<std::pair<Time, Time>> asked;
  std::string refusal;

private:
  Done done_;
};

class PastTest : public testing::Test {
protected:
  PastTest() { w.app->past = &past; }
  /// A scrape a second over what was asked for, in which `share` of 100 requests failed.
  [[nodiscard]] std::vector<Scrape> minutes_with(double share) const {
    std::vector<Scrape> scrapes;
    double failed = 0, ok = 0;
    for (Time t = past.asked.back().first; t < past.asked.back().second - seconds(20); t += seconds(1)) {
      failed += 100 * share, ok += 100 * (1 - share);
      Scrape scrape;
      scrape.t = scrape.arrived = t;
      scrape.samples = {{0, 0, failed, 0}, {1, 0, failed, 0}, {1, 1, ok, 0}};
      scrapes.push_back(scrape);
    }
    return scrapes;
  }
  [[nodiscard]] const FrozenBaseline& baseline(const std::string& id) const { return w.deployment(id).baselines.at(0); }
  ShopWorld w;
  ScriptedPast past;
};

TEST_F(PastTest, ADeploymentBeginsWhenThePastIsKnownAndItsBaselineHasIt) {
  const std::string id = w.begin("shop", "v2").id;
  ASSERT_EQ(past.asked.size(), 1U);
  EXPECT_EQ(past.asked[0].second, w.now);
  w.run(3);
  EXPECT_EQ(w.phase(id), Phase::gated);
  past.answer(minutes_with(0.02), w.now);
  ASSERT_EQ(w.phase(id), Phase::deploying);
  // Two thirds of the window are of the past, and the last third, without errors, was measured here.
  EXPECT_NEAR(baseline(id).value, 0.02 * 2 / 3, 0.002);
  EXPECT_GT(baseline(id).readings, 40);
  EXPECT_EQ(past.asked.size(), 1U);
}

TEST_F(PastTest, WithoutAnAnswerItBeginsOnWhatWasMeasuredHereAndSaysSo) {
  const std::string id = w.begin("shop", "v2").id;
  past.answer(fail(Errc::timeout, "query errors: no answer within 10s"), w.now);
  ASSERT_EQ(w.phase(id), Phase::deploying);
  EXPECT_LE(baseline(id).readings, 20);
  EXPECT_THAT(w.log.lines, Contains(HasSubstr("the past could not be read: query errors: no answer within 10s")));
}

TEST_F(PastTest, ASourceThatCannotBeAskedDelaysNothing) {
  past.refusal = "credential token: no such file";
  const std::string id = w.begin("shop", "v2").id;
  EXPECT_EQ(w.phase(id), Phase::deploying);
  EXPECT_THAT(w.log.lines, Contains(HasSubstr("credential token: no such file")));
}

TEST_F(PastTest, WhatWasBeforeTheLastDeploymentIsAnotherVersionsPast) {
  const std::string id = w.begin("shop", "v2").id;
  past.answer(minutes_with(0), w.now);
  ASSERT_TRUE(w.command(AbortDeployment{id, "not now"}).ok);
  const Time ended = w.deployment(id).ended;
  w.kill();
  ASSERT_TRUE(w.recorder.put("watch/shop/production", Json())) << "what was learned is lost";
  w.run_dead(30);
  w.prepare_start = [this] { w.app->past = &past; };
  w.start();
  w.run(5);
  w.begin("shop", "v3");
  ASSERT_EQ(past.asked.size(), 2U);
  EXPECT_EQ(past.asked[1].first, ended);
}

TEST_F(PastTest, WhoHasSeenAllOfItHimselfAsksNobody) {
  w.run(static_cast<int>(minutes(31) / seconds(1)));
  const std::string id = w.begin("shop", "v2").id;
  EXPECT_TRUE(past.asked.empty());
  EXPECT_EQ(w.phase(id), Phase::deploying);
}

TEST_F(PastTest, ARestartWhileItWasAskedAsksAgain) {
  const std::string id = w.begin("shop", "v2").id;
  w.kill();
  w.prepare_start = [this] { w.app->past = &past; };
  w.start();
  ASSERT_EQ(past.asked.size(), 2U);
  past.answer(minutes_with(0.02), w.now);
  EXPECT_EQ(w.phase(id), Phase::deploying);
}

} // namespace
} // namespace backstop
