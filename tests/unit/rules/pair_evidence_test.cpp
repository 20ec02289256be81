// Two groups that run at the same time: what befalls both speaks for neither.
#include "rules/pair_evidence.hpp"
#include <gtest/gtest.h>
#include <random>

namespace backstop {
namespace {

using std::chrono::seconds;

constexpr double kMost = 0.4; ///< nats a second

Time at(double s) { return time_from_us(1'000'000'000'000) + seconds_f(s); }

/// Seconds until `bar` is passed with these shares, 20 and 180 requests a second, a scrape of each group in turns; -1: not
/// within `most` seconds.
double until(double bar, double canary, double control, double most) {
  PairEvidence pair(kMost);
  for (double t = 5; t <= most; t += 5) {
    pair.add(at(t - 1), {100 * canary, 100}, {}, seconds(5));
    pair.add(at(t), {}, {900 * control, 900}, seconds(5));
    if (pair.nats() > bar) return t;
  }
  return -1;
}

TEST(PairEvidence, AWorseCanaryIsToldFromItsControl) {
  EXPECT_GT(until(7, 0.10, 0.005, 600), 0);
  EXPECT_LE(until(7, 0.10, 0.005, 600), 30);
  EXPECT_GT(until(7, 0.02, 0.01, 600), until(7, 0.05, 0.01, 600)) << "the smaller the difference, the longer it takes";
}

TEST(PairEvidence, WhatBefallsBothIsNoEvidence) {
  EXPECT_EQ(until(7, 0.5, 0.5, 7200), -1);
  EXPECT_EQ(until(7, 0.01, 0.01, 7200), -1);
  EXPECT_EQ(until(7, 0.01, 0.2, 7200), -1) << "a better canary is none either";
}

TEST(PairEvidence, ChanceAloneProvesNothing) {
  // 400 pairs of an hour at equal shares: the bar is one in a thousand for each instant; a few of all may pass it.
  std::mt19937 random(7);
  int passed = 0;
  for (int n = 0; n < 400; ++n) {
    PairEvidence pair(kMost);
    bool over = false;
    for (double t = 5; t <= 3600; t += 5) {
      const double share = t < 1800 ? 0.01 : 0.2; // for both
      std::binomial_distribution<int> canary(50, share), control(450, share);
      pair.add(at(t), {static_cast<double>(canary(random)), 50}, {static_cast<double>(control(random)), 450},
               seconds(5));
      over = over || pair.nats() > 7;
    }
    passed += over;
  }
  EXPECT_LE(passed, 20);
}

TEST(PairEvidence, WithoutAControlThereIsNothingToCompare) {
  PairEvidence pair(kMost);
  EXPECT_FALSE(pair.compares(at(0)));
  for (double t = 5; t <= 600; t += 5) pair.add(at(t), {100, 100}, {}, seconds(5));
  EXPECT_EQ(pair.nats(), 0);
  EXPECT_FALSE(pair.compares(at(600)));
  pair.add(at(605), {}, {0, 100}, seconds(5));
  EXPECT_TRUE(pair.compares(at(610)));
  EXPECT_FALSE(pair.compares(at(900))) << "the control group is gone";
}

TEST(PairEvidence, ARestartLosesNothing) {
  PairEvidence whole(kMost), cut(kMost);
  for (double t = 5; t <= 300; t += 5) {
    for (PairEvidence* pair : {&whole, &cut}) pair->add(at(t - 1), {5, 100}, {}, seconds(5));
    PairEvidence again(kMost);
    again.restore(cut.state());
    cut = again;
    for (PairEvidence* pair : {&whole, &cut}) pair->add(at(t), {}, {9, 900}, seconds(5));
  }
  EXPECT_GT(whole.nats(), 0);
  EXPECT_EQ(whole.nats(), cut.nats());
}

} // namespace
} // namespace backstop
