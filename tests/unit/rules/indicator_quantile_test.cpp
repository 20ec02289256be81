#include "tests/unit/rules/indicator_feed.hpp"
#include <gtest/gtest.h>

namespace backstop {
namespace {

using namespace feed;
using H = Health;

std::vector<Bucket> layout(double fast, double all_finite, double all) {
  return {{0.1, fast}, {0.5, all_finite}, {kInf, all}};
}

TEST(Quantile, OfTheIncreasesInTheWindow) {
  Indicator indicator = quantile();
  indicator.observe(histogram(0, 0, layout(5000, 9000, 9000)));
  indicator.observe(histogram(1, 0, layout(5090, 9100, 9100))); // 90 below 100 ms, 10 below 500 ms
  const Reading r = indicator.read(at(1));
  EXPECT_EQ(r.health, H::ok) << r.why;
  EXPECT_DOUBLE_EQ(r.value, 0.3);
  EXPECT_EQ(r.requests, 100);
  EXPECT_EQ(r.why, "");
  EXPECT_EQ(indicator.histogram(at(1)), (std::vector<Bucket>{{0.1, 90}, {0.5, 100}, {kInf, 100}}));
}

TEST(Quantile, MinRequestsIsOfTheInfBucket) {
  for (const auto& [n, health] : {std::pair{49.0, H::insufficient}, {50.0, H::ok}, {51.0, H::ok}}) {
    Indicator indicator = quantile(0.95, 30, 50);
    indicator.observe(histogram(0, 0, layout(0, 0, 0)));
    indicator.observe(histogram(1, 0, layout(10, 20, n)));
    EXPECT_EQ(indicator.read(at(1)).health, health) << n;
    EXPECT_EQ(indicator.read(at(1)).requests, n);
  }
}

TEST(Quantile, BeyondTheHighestBoundSaysSo) {
  // Exactly 95 of 100 are known to be below 500 ms: that is still a value; with 94 it is only a lower limit.
  for (const auto& [known, why] : {std::pair{95.0, ""}, {94.0, "above the highest bucket bound, 500ms"}}) {
    Indicator indicator = quantile();
    indicator.observe(histogram(0, 0, layout(0, 0, 0)));
    indicator.observe(histogram(1, 0, layout(10, known, 100)));
    const Reading r = indicator.read(at(1));
    EXPECT_EQ(r.health, H::ok);
    EXPECT_EQ(r.value, 0.5);
    EXPECT_EQ(r.why, why);
  }
}

TEST(Quantile, RestartAndSince) {
  Indicator indicator = quantile(0.5);
  indicator.observe(histogram(0, 0, layout(1000, 2000, 2000)));
  indicator.observe(histogram(1, 0, layout(1010, 2100, 2100)));
  indicator.observe(histogram(2, 0, layout(50, 60, 60)));
  EXPECT_EQ(indicator.read(at(2)).requests, 160);
  EXPECT_EQ(indicator.histogram(at(2), at(1.5)), (std::vector<Bucket>{{0.1, 50}, {0.5, 60}, {kInf, 60}}));
}

TEST(Quantile, SeriesAndTargetsAreMergedByBound) {
  Indicator indicator = quantile();
  const auto two = [](double t, std::uint32_t target, double a, double b) {
    Scrape s = histogram(t, target, layout(a, a, a));
    const Scrape other = histogram(t, target, layout(0, b, b), 3);
    s.samples.insert(s.samples.end(), other.samples.begin(), other.samples.end());
    return s;
  };
  for (const std::uint32_t target : {0u, 1u}) {
    indicator.observe(two(0, target, 10, 10));
    indicator.observe(two(1, target, 30, 15));
  }
  EXPECT_EQ(indicator.histogram(at(1)), (std::vector<Bucket>{{0.1, 40}, {0.5, 50}, {kInf, 50}}));
}

TEST(Quantile, TargetsWithOtherBoundsLoseNoResolution) {
  Indicator indicator = quantile(0.5);
  const std::vector<Bucket> none_a = {{0.1, 0}, {0.2, 0}, {1, 0}, {kInf, 0}}, none_b = {{0.15, 0}, {2, 0}, {kInf, 0}};
  indicator.observe(histogram(0, 0, none_a));
  indicator.observe(histogram(0, 1, none_b));
  indicator.observe(histogram(1, 0, {{0.1, 20}, {0.2, 40}, {1, 40}, {kInf, 40}}));
  indicator.observe(histogram(1, 1, {{0.15, 40}, {2, 40}, {kInf, 40}}));
  const std::vector<Bucket> merged = indicator.histogram(at(1));
  ASSERT_EQ(merged.size(), 5u);
  EXPECT_DOUBLE_EQ(merged[1].le, 0.15);
  EXPECT_DOUBLE_EQ(merged[1].cumulative, 30 + 40);
  const double value = indicator.read(at(1)).value;
  EXPECT_GT(value, 0.1 * 0.85);
  EXPECT_LT(value, 0.15); // by the common bounds alone (none but +Inf) there would be no answer
}

TEST(Quantile, NewBoundsAfterARestart) {
  Indicator indicator = quantile(0.5);
  indicator.observe(histogram(0, 0, layout(0, 0, 0)));
  indicator.observe(histogram(1, 0, layout(10, 10, 10)));
  indicator.observe(histogram(2, 0, {{0.05, 10}, {0.5, 10}, {kInf, 10}}, 10)); // other series, other bounds
  EXPECT_EQ(indicator.read(at(2)).requests, 20);
  EXPECT_EQ(indicator.histogram(at(2), at(1)), (std::vector<Bucket>{{0.05, 10}, {0.5, 10}, {kInf, 10}}));
}

TEST(Quantile, MixedBoundsInOneTargetAreAnError) {
  Indicator indicator = quantile();
  const auto mixed = [](double t, double n) {
    Scrape s = histogram(t, 0, {{0.1, n}, {kInf, n}});
    const Scrape other = histogram(t, 0, {{0.2, n}, {kInf, n}}, 2);
    s.samples.insert(s.samples.end(), other.samples.begin(), other.samples.end());
    return s;
  };
  indicator.observe(mixed(0, 0));
  indicator.observe(mixed(1, 5));
  const Reading r = indicator.read(at(1));
  EXPECT_EQ(r.health, H::error);
  EXPECT_EQ(r.why, "2 scrapes left out: the histograms of one target have differing bucket bounds");
  EXPECT_TRUE(indicator.histogram(at(1)).empty());
}

TEST(Quantile, WithoutInfOrFiniteBoundsIsAnError) {
  Indicator no_inf = quantile();
  no_inf.observe(histogram(0, 0, {{0.1, 0}, {1, 0}}));
  no_inf.observe(histogram(1, 0, {{0.1, 5}, {1, 9}}));
  EXPECT_EQ(no_inf.read(at(1)).why, "2 scrapes left out: the buckets have no le=\"+Inf\"");

  Indicator only_inf = quantile();
  only_inf.observe(histogram(0, 0, {{kInf, 0}}));
  only_inf.observe(histogram(1, 0, {{kInf, 9}}));
  EXPECT_EQ(only_inf.read(at(1)).health, H::error);
  EXPECT_EQ(only_inf.read(at(1)).why, "the histogram has no finite bucket bound to read a quantile from");
}

TEST(Quantile, ChangingBoundsForEverStaysRight) {
  // Layouts are reused once no scrape in the window has them: the answer is always that of the last window alone.
  Indicator indicator = quantile(0.5, 3);
  indicator.observe(histogram(0, 0, {{1, 0}, {kInf, 0}}));
  std::uint32_t series = 10;
  for (int t = 1; t <= 100; ++t) {
    const double bound = 1 + t % 7;
    indicator.observe(histogram(t, 0, {{bound, 10}, {kInf, 10}}, series += 2));
    const std::vector<Bucket> buckets = indicator.histogram(at(t), at(t - 1));
    ASSERT_EQ(buckets, (std::vector<Bucket>{{bound, 10}, {kInf, 10}})) << t;
    ASSERT_EQ(indicator.read(at(t)).requests, 10 * std::min(t, 3));
  }
}

} // namespace
} // namespace backstop
