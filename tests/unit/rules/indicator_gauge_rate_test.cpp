#include "tests/unit/rules/indicator_feed.hpp"
#include <gtest/gtest.h>

namespace backstop {
namespace {

using namespace feed;
using H = Health;

TEST(Gauge, NewestValue) {
  Indicator indicator = gauge_of();
  indicator.observe(scrape(0, 0, {gauge({{4, 70}})}));
  indicator.observe(scrape(1, 0, {gauge({{4, 81}})}));
  const Reading r = indicator.read(at(2));
  EXPECT_EQ(r.health, H::ok);
  EXPECT_EQ(r.value, 81);
  EXPECT_EQ(r.newest, at(1));
  EXPECT_EQ(r.scrapes, 1u);
  EXPECT_EQ(r.window, sec(0));
}

TEST(Gauge, ZeroAndNegativeAreValues) {
  for (const double v : {0.0, -3.5}) {
    Indicator indicator = gauge_of();
    indicator.observe(scrape(0, 0, {gauge({{0, v}})}));
    EXPECT_EQ(indicator.read(at(0)).health, H::ok);
    EXPECT_EQ(indicator.read(at(0)).value, v);
  }
}

TEST(Gauge, SeveralSeriesNeedAnAggregate) {
  Indicator indicator = gauge_of();
  indicator.observe(scrape(0, 0, {gauge({{0, 1}, {1, 2}})}));
  EXPECT_EQ(indicator.read(at(0)).health, H::error);
  EXPECT_EQ(indicator.read(at(0)).why, "2 series match and no aggregate is set");

  Indicator over_targets = gauge_of();
  over_targets.observe(scrape(0, 0, {gauge({{0, 1}})}));
  over_targets.observe(scrape(0, 1, {gauge({{0, 2}})}));
  EXPECT_EQ(over_targets.read(at(0)).why, "2 series match and no aggregate is set");
}

TEST(Gauge, Aggregates) {
  for (const auto& [aggregate, value] :
       {std::pair{Aggregation::sum, 12.0}, {Aggregation::min, 1.0}, {Aggregation::max, 7.0}, {Aggregation::avg, 4.0}}) {
    Indicator indicator = gauge_of(aggregate);
    indicator.observe(scrape(0, 1, {gauge({{0, 7}})}));
    indicator.observe(scrape(0, 0, {gauge({{0, 1}, {3, 4}})}));
    EXPECT_EQ(indicator.read(at(0)).value, value) << name_of(aggregate);
    EXPECT_EQ(indicator.read(at(0)).scrapes, 2u);
  }
}

TEST(Gauge, AVanishedSeriesIsStaleNotGone) {
  Indicator indicator = gauge_of(Aggregation::sum);
  indicator.observe(scrape(0, 0, {gauge({{0, 10}, {1, 5}})}));
  for (int t = 1; t <= 30; ++t) {
    indicator.observe(scrape(t, 0, {gauge({{0, 10}})}));
    EXPECT_EQ(indicator.read(at(t)).value, 15);
  }
  EXPECT_EQ(indicator.read(at(30)).value, 15);
  EXPECT_EQ(indicator.read(at(30), at(0.5)).value, 10) << "not seen since the new version";
  EXPECT_EQ(indicator.read(at(30.000001)).value, 10);
}

TEST(Gauge, NotFiniteIsNoData) {
  Indicator indicator = gauge_of();
  indicator.observe(scrape(0, 0, {gauge({{0, kInf}})}));
  EXPECT_EQ(indicator.read(at(0)).health, H::no_data);
  EXPECT_EQ(indicator.dropped(), 1u);
}

TEST(Gauge, QueryOffsetReadsThePast) {
  Indicator indicator = gauge_of({}, 3, 5);
  for (int t = 0; t <= 40; ++t) indicator.observe(scrape(t, 0, {gauge({{0, 100.0 + t}})}));
  EXPECT_EQ(indicator.read(at(40)).value, 135);
  EXPECT_EQ(indicator.read(at(40)).newest, at(35));
  EXPECT_EQ(indicator.read(at(45)).value, 140);
  EXPECT_EQ(indicator.read(at(48)).value, 140);
  EXPECT_EQ(indicator.read(at(48.5)).health, H::gap);
}

TEST(Rate, PerSecondOfTheMeasuredStretch) {
  Indicator indicator = rate(30);
  indicator.observe(scrape(0, 0, {counter({{0, 100}})}));
  indicator.observe(scrape(5, 0, {counter({{0, 150}})}));
  const Reading r = indicator.read(at(6));
  EXPECT_DOUBLE_EQ(r.value, 10); // not 50 / 30 s: the first 25 s were not measured
  EXPECT_EQ(r.window, sec(5));
  EXPECT_EQ(r.scrapes, 1u);
}

TEST(Rate, NoIncreaseIsZeroAndAValue) {
  Indicator indicator = rate();
  indicator.observe(scrape(0, 0, {counter({{0, 100}})}));
  indicator.observe(scrape(1, 0, {counter({{0, 100}})}));
  EXPECT_EQ(indicator.read(at(1)).health, H::ok);
  EXPECT_EQ(indicator.read(at(1)).value, 0);
}

TEST(Rate, ARestartIsNoFall) {
  Indicator indicator = rate();
  for (int t = 0; t < 10; ++t) indicator.observe(scrape(t, 0, {counter({{0, 1000.0 + 4 * t}})}));
  for (int t = 10; t < 20; ++t) indicator.observe(scrape(t, 0, {counter({{0, 4.0 * (t - 9)}})}));
  EXPECT_DOUBLE_EQ(indicator.read(at(19)).value, 4);
}

TEST(Rate, AnOutageIsAveragedNotCrowdedIntoOneScrape) {
  Indicator indicator = rate(30, 30);
  for (int t = 0; t <= 10; ++t) indicator.observe(scrape(t, 0, {counter({{0, 5.0 * t}})}));
  indicator.observe(scrape(110, 0, {counter({{0, 550}})}));
  EXPECT_DOUBLE_EQ(indicator.read(at(110)).value, 5);
  EXPECT_EQ(indicator.read(at(110)).window, sec(100));
}

TEST(Rate, TargetsAddUpEachOverItsOwnStretch) {
  Indicator indicator = rate(30);
  for (int t = 0; t <= 20; ++t) indicator.observe(scrape(t, 0, {counter({{0, 2.0 * t}})}));
  for (int t = 15; t <= 20; ++t) indicator.observe(scrape(t, 1, {counter({{0, 700 + 3.0 * t}})}));
  EXPECT_DOUBLE_EQ(indicator.read(at(20)).value, 5);
}

} // namespace
} // namespace backstop
