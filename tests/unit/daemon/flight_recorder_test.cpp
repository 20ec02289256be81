#include "daemon/config/compile.hpp"
#include "daemon/flight_recorder.hpp"
#include "shop_world.hpp"
#include <gtest/gtest.h>

/// What is kept of the samples of a service, and for how long.
namespace backstop {
namespace {

class Flight : public ShopWorld {
public:
  [[nodiscard]] std::vector<KeptScrape> kept() {
    return app->flight().scrapes(kShop, Time::min(), kNever, 1'000'000).value_or({});
  }
  /// What is in the recorder by itself: what a killed daemon leaves.
  [[nodiscard]] std::vector<KeptScrape> written() const {
    return recorder.scrapes(kShop, Time::min(), kNever, 1'000'000).value_or({});
  }
};

constexpr Duration kMinute = std::chrono::minutes(1);

TEST(FlightRecorder, KeepsWhatTheRulesGetWithItsNamesAndFailures) {
  Flight shop;
  shop.latency = std::chrono::milliseconds(20);
  shop.shops[Flight::kShop].answers = false;
  shop.run(1);
  shop.shops[Flight::kShop].answers = true;
  shop.run(1);
  const std::vector<KeptScrape> kept = shop.kept();
  ASSERT_GE(kept.size(), 2U);
  const KeptScrape &failed = kept[kept.size() - 2], &good = kept.back();
  EXPECT_FALSE(failed.ok);
  EXPECT_EQ(failed.why, "connection refused");
  EXPECT_TRUE(failed.values.empty());
  EXPECT_TRUE(good.ok);
  EXPECT_EQ(good.took, std::chrono::milliseconds(20));
  EXPECT_EQ(*good.of, (ScrapedTarget{"shop/production", "app", "http://127.0.0.1:1/metrics"}));
  ASSERT_EQ(good.values.size(), 2U) << "each series once, though two selectors want it";
  EXPECT_EQ(good.values[0].series.view(), "r{code=\"500\"}");
  EXPECT_EQ(good.values[1].series.view(), "r{code=\"200\"}");
}

/// The recorder of flights by itself, with a scrape each ten seconds, and deployments that are told of.
class Hours {
public:
  Hours() {
    config::ServiceOutcome read = config::load_service(ShopConfig().text(), "shop.yaml");
    Result<config::CompiledService> compiled = config::compile(read.service);
    watch_ = std::make_unique<ServiceWatch>(std::make_shared<const config::Service>(std::move(read.service)),
                                            *std::move(compiled));
  }
  void pass(Duration time) {
    for (const Time end = now + time; now < end;) {
      now += kStep;
      Scrape scrape;
      scrape.t = scrape.arrived = now;
      scrape.samples = {{1, 0, 5, 0}};
      scrape.named = {{0, SharedText("r")}};
      flight_.note(*watch_, scrape);
      flight_.settle(&state, now);
    }
  }
  DeploymentState& begin() {
    DeploymentState& d = state.deployments["D" + std::to_string(state.next_deployment++)];
    d.service = "shop/production";
    d.begun = now;
    return d;
  }
  [[nodiscard]] std::ptrdiff_t kept(Time from, Time to) {
    const auto all = flight_.scrapes("shop/production", from, to, 1'000'000);
    return all ? static_cast<std::ptrdiff_t>(all->size()) : -1;
  }
  static constexpr Duration kStep = std::chrono::seconds(10);
  static std::ptrdiff_t steps(Duration time) { return time / kStep; }
  State state;
  Time now = time_from_us(1'767'225'600'000'000);

private:
  std::unique_ptr<ServiceWatch> watch_;
  MemoryRecorder recorder_;
  SilentLog log_;
  FlightRecorder flight_{recorder_, log_};
};

TEST(FlightRecorder, WithoutADeploymentTheLastHalfHour) {
  Hours shop;
  shop.pass(std::chrono::hours(3));
  EXPECT_EQ(shop.kept(shop.now - FlightRecorder::kBefore, kNever), Hours::steps(FlightRecorder::kBefore) + 1);
  EXPECT_EQ(shop.kept(Time::min(), shop.now - FlightRecorder::kBefore - 2 * kMinute), 0);
}

TEST(FlightRecorder, OfADeploymentFromHalfAnHourBeforeToItsEndHoweverLongAfter) {
  Hours shop;
  shop.pass(std::chrono::hours(1));
  const Time before = shop.now - FlightRecorder::kBefore;
  DeploymentState& d = shop.begin();
  shop.pass(std::chrono::hours(2));
  d.ended = shop.now;
  shop.pass(std::chrono::hours(3));
  const Time end = d.ended;
  EXPECT_EQ(shop.kept(before, end), Hours::steps(end - before));
  EXPECT_EQ(shop.kept(end + Hours::kStep, shop.now - FlightRecorder::kBefore - 2 * kMinute), 0) << "nobody asks for it";
  EXPECT_EQ(shop.kept(shop.now - FlightRecorder::kBefore, shop.now), Hours::steps(FlightRecorder::kBefore));
  DeploymentState& next = shop.begin();
  shop.pass(std::chrono::minutes(5));
  next.ended = shop.now;
  shop.pass(std::chrono::hours(2));
  EXPECT_EQ(shop.kept(before, end), Hours::steps(end - before)) << "the first one is still there";
  EXPECT_EQ(shop.kept(next.begun - FlightRecorder::kBefore, next.ended),
            Hours::steps(FlightRecorder::kBefore + std::chrono::minutes(5)));
}

TEST(FlightRecorder, WhatADecisionWasMadeOnIsWrittenWithIt) {
  Flight shop;
  shop.run(60);
  const std::string id = shop.ship("v2", 0.3);
  ASSERT_TRUE(shop.until_phase(id, Phase::rolling_back));
  shop.kill();
  EXPECT_EQ(shop.written().back().t, shop.now) << "not a second is missing";
}

TEST(FlightRecorder, ElseItIsWrittenEveryFewSeconds) {
  Flight shop;
  shop.run(17);
  EXPECT_LE(shop.now - shop.written().back().t, FlightRecorder::kWriteEvery);
  EXPECT_LT(shop.written().back().t, shop.now) << "not each by itself";
}

TEST(FlightRecorder, ARecorderThatFailsIsToldOnceAndStopsNothing) {
  Flight shop;
  shop.recorder.broken = "no space left";
  shop.run(60);
  const std::string id = shop.ship("v2", 0.3);
  EXPECT_TRUE(shop.until_phase(id, Phase::rolled_back_verified)) << "judged and rolled back as ever";
  const auto told =
      std::count(shop.log.lines.begin(), shop.log.lines.end(), "samples cannot be kept for now: no space left");
  EXPECT_EQ(told, 1);
  shop.recorder.broken.clear();
  shop.run(10);
  EXPECT_FALSE(shop.written().empty()) << "and it goes on by itself";
}

TEST(FlightRecorder, WhileNoDeploymentIsKnownNothingIsLetGo) {
  Flight shop;
  shop.run(60);
  const Time first = shop.kept().front().t;
  shop.prepare_start = [&shop] { shop.faulty->close(true); };
  shop.kill();
  shop.start();
  ASSERT_NE(shop.load_error, "");
  shop.now += std::chrono::hours(1);
  shop.run(70);
  EXPECT_EQ(shop.kept().front().t, first);
}

} // namespace
} // namespace backstop
