// Latency that creeps up on its limit is told from one that merely comes near it.
#include "rules/sequential.hpp"
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <numbers>

namespace backstop {
namespace {

using testing::HasSubstr;

constexpr double kLimit = 0.2, kRequests = 500; ///< seconds; in a scrape

Time at(double s) { return time_from_us(1'000'000'000'000) + seconds_f(s); }

/// What a scrape shows of requests whose 95th percentile is `p95`, log-normally spread.
std::vector<Bucket> histogram_of(double p95) {
  constexpr double spread = 0.45, z95 = 1.645;
  const double middle = std::log(p95) - z95 * spread;
  std::vector<Bucket> histogram;
  for (const double le : {0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5}) {
    const double share = 0.5 * std::erfc(-(std::log(le) - middle) / spread / std::numbers::sqrt2);
    histogram.push_back({le, std::round(kRequests * share)});
  }
  histogram.push_back({HUGE_VAL, kRequests});
  return histogram;
}

struct Found {
  double t = -1; ///< when it was proven; -1: never in an hour
  std::string how;
};

/// The p95 is `p95(t)`, but for 3 % this way and that way each half minute.
template <class P95> Found found(P95 p95) {
  EvidenceLine line;
  line.kind = EvidenceLine::Kind::slow_share;
  line.slower_than = kLimit;
  line.share = {0.05, 10, 7.5}; // a service whose latency wanders a lot
  Suspicion suspicion(line, 0.95, SequentialSpec{});
  Found f;
  for (int t = 5; t < 3600; t += 5) {
    const double now = p95(t) * (t / 30 % 2 == 0 ? 1.03 : 0.97);
    const Increase increase{at(t), 0, kRequests, histogram_of(now), {}};
    const Reading none;
    suspicion.add({&increase, nullptr, &none, std::chrono::seconds(5), true});
    const Finding finding = suspicion.finding(at(t));
    if (!finding.proven) continue;
    f.t = t;
    f.how = finding.how;
    break;
  }
  return f;
}

TEST(Creep, IsFoundWhenItCrosses) { // after 1500 s; a bucket shows it 2 % more than it is
  const Found f = found([](int t) { return 0.1 * (1 + t / 1500.0); });
  EXPECT_GE(f.t, 1320);
  EXPECT_LE(f.t, 1560);
  EXPECT_THAT(f.how, HasSubstr("rose to it steadily, by "));
}

// A request in twenty that stalls would show in each p95; one half minute in ten that stalls moves no median.
TEST(Creep, StallsNowAndThenHideNoneAndMakeNone) {
  const auto stalls = [](int t) { return t / 30 % 10 == 3 ? 2.5 : 1.0; };
  const Found f = found([=](int t) { return stalls(t) * 0.1 * (1 + t / 1500.0); });
  EXPECT_GT(f.t, 1200);
  EXPECT_LE(f.t, 1600);
  EXPECT_EQ(found([=](int t) { return stalls(t) * (t < 1500 ? 0.11 : 0.13); }).t, -1);
}

TEST(Creep, ALatencyThatLevelsOffBelowTheLimitIsNone) {
  EXPECT_EQ(found([](int t) { return 0.19 - 0.09 * std::exp(-t / 300.0); }).t, -1);
}

TEST(Creep, AStepToBelowTheLimitIsNone) {
  EXPECT_EQ(found([](int t) { return t < 450 ? 0.1 : 0.185; }).t, -1);
  EXPECT_EQ(found([](int t) { return t < 900 ? 0.1 : t < 1000 ? 0.15 : 0.19; }).t, -1);
}

TEST(Creep, OneThatSwellsAndFallsNearTheLimitIsNone) {
  EXPECT_EQ(found([](int t) { return 0.175 + 0.02 * std::sin(t / 200.0); }).t, -1);
}

} // namespace
} // namespace backstop
