// What Prometheus's cases (tests/unit/collectors/quantile_conformance_test.cpp) leave open, and merging.
#include "rules/histogram.hpp"
#include "rules/prometheus_rate.hpp"
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace backstop {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
const std::vector<Bucket> kPlain = {{0.1, 50}, {0.2, 70}, {1, 110}, {kInf, 120}};

TEST(HistogramQuantile, Interpolates) {
  EXPECT_DOUBLE_EQ(histogram_quantile(0.5, kPlain), 0.15);
  EXPECT_DOUBLE_EQ(histogram_quantile(0.25, kPlain), 0.06);
  EXPECT_DOUBLE_EQ(histogram_quantile(1, kPlain), 1) << "in +Inf: the highest finite bound";
}

TEST(HistogramQuantile, AtABound) {
  // Rank 70 of 120 is the last of the second bucket; a little more is in the third.
  EXPECT_DOUBLE_EQ(histogram_quantile(70.0 / 120, kPlain), 0.2);
  EXPECT_GT(histogram_quantile(70.1 / 120, kPlain), 0.2);
  EXPECT_LT(histogram_quantile(69.9 / 120, kPlain), 0.2);
}

TEST(HistogramQuantile, UndefinedIsNan) {
  EXPECT_TRUE(std::isnan(histogram_quantile(0.5, {})));
  EXPECT_TRUE(std::isnan(histogram_quantile(0.5, {{kInf, 5}})));
  EXPECT_TRUE(std::isnan(histogram_quantile(0.5, {{1, 5}, {2, 6}})));
  EXPECT_TRUE(std::isnan(histogram_quantile(0.5, {{1, 0}, {kInf, 0}})));
  EXPECT_TRUE(std::isnan(histogram_quantile(std::nan(""), kPlain)));
  EXPECT_EQ(histogram_quantile(-0.01, kPlain), -kInf);
  EXPECT_EQ(histogram_quantile(1.01, kPlain), kInf);
}

TEST(HistogramQuantile, OrderDoesNotMatterAndEqualBoundsAdd) {
  EXPECT_DOUBLE_EQ(histogram_quantile(0.5, {{kInf, 60}, {1, 110}, {0.1, 50}, {kInf, 60}, {0.2, 30}, {0.2, 40}}), 0.15);
}

TEST(HistogramQuantile, CountsThatFallAreRaised) {
  const std::vector<Bucket> torn = {{0.1, 20}, {1, 10}, {10, 50}, {kInf, 40}};
  EXPECT_DOUBLE_EQ(histogram_quantile(0.5, torn), 1 + 9 * 5.0 / 30);
}

TEST(HistogramFraction, OfRangesAndEdges) {
  EXPECT_DOUBLE_EQ(histogram_fraction(0, 0.1, kPlain), 50.0 / 120);
  EXPECT_DOUBLE_EQ(histogram_fraction(-kInf, kInf, kPlain), 1);
  EXPECT_DOUBLE_EQ(histogram_fraction(0.15, 0.2, kPlain), 10.0 / 120);
  EXPECT_EQ(histogram_fraction(0.2, 0.2, kPlain), 0);
  EXPECT_DOUBLE_EQ(histogram_fraction(1, 100, kPlain), 0) << "nothing in +Inf is known to lie below 100";
  EXPECT_TRUE(std::isnan(histogram_fraction(0, 1, {})));
}

TEST(MergeHistograms, EqualBoundsAddExactly) {
  EXPECT_TRUE(merge_histograms({}).empty());
  EXPECT_EQ(merge_histograms({kPlain}), kPlain);
  EXPECT_EQ(merge_histograms({kPlain, kPlain}), (std::vector<Bucket>{{0.1, 100}, {0.2, 140}, {1, 220}, {kInf, 240}}));
}

TEST(MergeHistograms, OtherBoundsAreInterpolatedOnTheUnion) {
  const std::vector<Bucket> fine = {{1, 10}, {2, 20}, {4, 40}, {kInf, 40}};
  const std::vector<Bucket> coarse = {{4, 40}, {kInf, 40}};
  const std::vector<Bucket> want = {{1, 20}, {2, 40}, {4, 80}, {kInf, 80}};
  EXPECT_EQ(merge_histograms({fine, coarse}), want);
  EXPECT_EQ(merge_histograms({coarse, fine}), want);
}

TEST(MergeHistograms, NothingIsInventedAboveTheLowestTop) {
  const std::vector<Bucket> low = {{1, 5}, {kInf, 10}};
  const std::vector<Bucket> high = {{1, 5}, {8, 10}, {kInf, 10}};
  EXPECT_EQ(merge_histograms({low, high}), (std::vector<Bucket>{{1, 10}, {kInf, 20}}));
  EXPECT_EQ(merge_histograms({low, {{kInf, 3}}}), (std::vector<Bucket>{{kInf, 13}}));
}

TEST(PrometheusRate, NeedsTwoPointsInTheRange) {
  const auto t = [](int s) { return Time{std::chrono::seconds(s)}; };
  EXPECT_FALSE(prometheus_increase({}, t(0), t(10)));
  EXPECT_FALSE(prometheus_increase({{t(0), 1}, {t(5), 2}, {t(11), 3}}, t(0), t(10))) << "the range is (0, 10]";
  EXPECT_FALSE(prometheus_rate({{t(5), 2}}, t(0), t(10)));
  EXPECT_DOUBLE_EQ(*prometheus_increase({{t(2), 100}, {t(6), 104}, {t(10), 2}}, t(0), t(10)), 6 * 10.0 / 8);
  EXPECT_DOUBLE_EQ(*prometheus_rate({{t(2), 100}, {t(6), 104}, {t(10), 2}}, t(0), t(10)), 6.0 / 8);
}

} // namespace
} // namespace backstop
