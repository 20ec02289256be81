// Evidence that a share stays above its line by little, minute by minute.
#include "rules/steady_evidence.hpp"
#include <cmath>
#include <gtest/gtest.h>

namespace backstop {
namespace {

Time at(double s) { return time_from_us(1'000'000'000'000) + seconds_f(s); }

SteadyEvidence errors(double wander = ShareLine::kWanderAssumed, double bar = ShareLine{}.bar) {
  return SteadyEvidence({0.05, wander, bar});
}

/// After how many minutes it is proven that `share(minute)` fails of 100 requests a second; -1: not in 2 h.
template <class Share> int proven_after(SteadyEvidence e, Share share, double per_second = 100) {
  for (int t = 5; t <= 7200; t += 5) {
    const int minute = (t - 5) / 60; // t: the end of what a scrape shows
    e.add(at(t), per_second * 5 * share(minute), per_second * 5, seconds_f(5));
    if (e.proven()) return minute;
  }
  return -1;
}

TEST(SteadyEvidence, AQuarterAboveTheLineIsProvenInAQuarterOfAnHour) {
  EXPECT_EQ(proven_after(errors(), [](int) { return 0.0625; }), 14);
}

TEST(SteadyEvidence, NoShareHoweverLargeIsProvenSooner) {
  EXPECT_EQ(proven_after(errors(), [](int) { return 1.0; }), 14);
}

TEST(SteadyEvidence, AtTheLineAndATenthAboveItIsNothing) {
  for (const double share : {0.0, 0.05, 0.055}) EXPECT_EQ(proven_after(errors(), [=](int) { return share; }), -1);
}

TEST(SteadyEvidence, AMinuteFarBelowTakesBackThree) {
  EXPECT_EQ(proven_after(errors(), [](int m) { return m == 10 ? 0.02 : 0.0625; }), 14 + 1 + 3);
}

TEST(SteadyEvidence, WhatComesAndGoesByTheQuarterOfAnHourIsNoneOfIt) {
  EXPECT_EQ(proven_after(errors(), [](int m) { return m / 10 % 2 == 0 ? 0.07 : 0.03; }), -1);
}

TEST(SteadyEvidence, MoreThatIsBadNeverLowersIt) {
  SteadyEvidence few = errors(), many = errors();
  for (int t = 5; t < 1200; t += 5) {
    few.add(at(t), 30, 500, seconds_f(5));
    many.add(at(t), t % 300 < 60 ? 200 : 30, 500, seconds_f(5));
    EXPECT_GE(many.minutes(), few.minutes()) << t;
  }
}

TEST(SteadyEvidence, AServiceThatWanderedMoreMustBeFartherAboveItsLine) {
  const SteadyEvidence wild = errors(4 * ShareLine::kWanderAssumed);
  EXPECT_EQ(proven_after(wild, [](int) { return 0.0615; }), -1);
  EXPECT_EQ(proven_after(wild, [](int) { return 0.075; }), 14);
}

TEST(SteadyEvidence, ARaisedBarTakesLongerInProportion) {
  EXPECT_EQ(proven_after(errors(ShareLine::kWanderAssumed, 1.5 * ShareLine{}.bar), [](int) { return 0.07; }), 21);
}

TEST(SteadyEvidence, WithLittleTrafficAMinuteLastsUntilItCanTell) {
  EXPECT_EQ(proven_after(
                errors(), [](int) { return 0.1; }, 0.5),
            2 * 14);
}

TEST(SteadyEvidence, AVersionThatIsBadFromItsStartTakesLess) {
  SteadyEvidence e = errors();
  e.start();
  EXPECT_EQ(e.minutes(), 0);
  EXPECT_EQ(proven_after(e, [](int) { return 0.0625; }), 9);
  EXPECT_EQ(proven_after(e, [](int m) { return m < 4 ? 0.01 : 0.0625; }), 4 + 14); // it was good at first
}

TEST(SteadyEvidence, TheOrderOfTargetsDecidesNothing) {
  SteadyEvidence one = errors(), two = errors();
  for (int t = 5; t < 600; t += 5) {
    const double slow = t % 60 == 0 ? 40 : 20;
    one.add(at(t), 20, 300, seconds_f(5));
    one.add(at(t + 0.2), slow, 300, seconds_f(5));
    two.add(at(t + 0.2), slow, 300, seconds_f(5));
    two.add(at(t), 20, 300, seconds_f(5));
  }
  EXPECT_EQ(one.minutes(), two.minutes());
  EXPECT_GT(one.minutes(), 0);
}

TEST(SteadyEvidence, ARestartLosesNothing) {
  SteadyEvidence whole = errors(), first = errors();
  whole.start(), first.start();
  for (int t = 5; t < 300; t += 5) whole.add(at(t), 31, 500, seconds_f(5)), first.add(at(t), 31, 500, seconds_f(5));
  SteadyEvidence second = errors();
  second.restore(first.state());
  for (int t = 300; t < 600; t += 5) whole.add(at(t), 31, 500, seconds_f(5)), second.add(at(t), 31, 500, seconds_f(5));
  EXPECT_EQ(whole.state(), second.state());
}

TEST(SteadyEvidence, NoRequestsAreNoEvidence) {
  SteadyEvidence e = errors();
  e.add(at(5), 30, 500, seconds_f(5));
  const SteadyEvidence::State before = e.state();
  e.add(at(10), 0, 0, seconds_f(5));
  EXPECT_EQ(e.state(), before);
}

} // namespace
} // namespace backstop
