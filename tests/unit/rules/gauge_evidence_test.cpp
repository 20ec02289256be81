#include "rules/gauge_evidence.hpp"
#include <cmath>
#include <gtest/gtest.h>

namespace backstop {
namespace {

Time at(double s) { return time_from_us(1'000'000'000'000) + seconds_f(s); }
constexpr Duration kStep = std::chrono::seconds(5);

TEST(GaugeEvidence, BeyondTheLineForLongEnough) {
  GaugeEvidence e({85, 2, 48, true});
  for (int t = 5; t <= 45; t += 5) e.add(at(t), 95, kStep);
  EXPECT_FALSE(e.proven());
  e.add(at(50), 95, kStep);
  EXPECT_TRUE(e.proven());
}

TEST(GaugeEvidence, OneWildValueWeighsNoMoreThanABadOne) {
  GaugeEvidence e({85, 2, 48, true});
  e.add(at(5), 1e9, kStep);
  EXPECT_DOUBLE_EQ(e.seconds(), 5);
}

TEST(GaugeEvidence, BelowTheLineItFades) {
  GaugeEvidence e({85, 2, 48, true});
  for (int t = 5; t <= 40; t += 5) e.add(at(t), 95, kStep);
  for (int t = 45; t <= 85; t += 5) e.add(at(t), 60, kStep);
  EXPECT_EQ(e.seconds(), 0);
}

TEST(GaugeEvidence, LowerCanBeWorse) {
  GaugeEvidence e({10, 1, 20, false});
  for (int t = 5; t <= 30; t += 5) e.add(at(t), 2, kStep);
  EXPECT_TRUE(e.proven());
}

TEST(GaugeEvidence, AnOutageOfTheSourceCountsForThirtySecondsAtMost) {
  GaugeEvidence e({85, 2, 100, true});
  e.add(at(5), 95, kStep);
  e.add(at(605), 95, kStep);
  EXPECT_DOUBLE_EQ(e.seconds(), 35);
}

/// The first second at which a value that is `value(t)` is said to cross 90; -1: never in an hour.
template <class Value> int crosses_at(Value value) {
  Trend trend;
  for (int t = 0; t < 3600; t += 5) {
    trend.add(at(t), value(t) + (t % 10 == 0 ? 0.3 : -0.3));
    if (trend.crosses(90, 86, at(t), std::chrono::seconds(60))) return t;
  }
  return -1;
}

TEST(Trend, ALeakIsSeenBeforeItCrosses) {
  const int t = crosses_at([](int s) { return 40 + s * 50.0 / 1800; }); // at 90 after half an hour
  EXPECT_GE(t, 1700);
  EXPECT_LT(t, 1800);
}

TEST(Trend, NeitherALevelNorAStepNorAWarmUpIsALeak) {
  EXPECT_EQ(crosses_at([](int) { return 88.0; }), -1);
  EXPECT_EQ(crosses_at([](int s) { return s < 900 ? 50.0 : 89.0; }), -1);
  EXPECT_EQ(crosses_at([](int s) { return 88 - 38 * std::exp(-s / 400.0); }), -1);
}

} // namespace
} // namespace backstop
