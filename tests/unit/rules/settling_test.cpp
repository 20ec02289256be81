#include "rules/settling.hpp"
#include <gtest/gtest.h>
#include <vector>

namespace backstop {
namespace {

using std::chrono::seconds;
const Time kFinished = time_from_us(1'700'000'000'000'000);

/// Evidence every 5 s from `deploy finish` on, as shares of what suffices; configured: warm-up 60 s, sustain 80 s.
Settling measured(const std::vector<double>& evidence) {
  SettlingWatch watch;
  Time now = kFinished;
  for (const double e : evidence) watch.add(kFinished, now += seconds(5), e, seconds(60), seconds(80));
  return watch.state().seen;
}

TEST(Settling, ACalmStartTakesNoTime) { EXPECT_EQ(measured(std::vector<double>(60, 0.05)), Settling{}); }

TEST(Settling, TheStartLastsUntilItsEvidenceIsGone) {
  std::vector<double> evidence(60, 0);
  evidence[2] = 0.5, evidence[7] = 0.3; // 15 s, 40 s after the finish
  EXPECT_EQ(measured(evidence), (Settling{seconds(40), {}}));
}

TEST(Settling, WhatOutlastsTheWarmUpBelongsToTheStart) {
  std::vector<double> evidence(60, 0);
  for (std::size_t i = 8; i < 20; ++i) evidence[i] = 0.9;
  EXPECT_EQ(measured(evidence), (Settling{seconds(100), {}}));
}

TEST(Settling, WhatComesLaterIsABreach) {
  std::vector<double> evidence(60, 0);
  evidence[30] = 0.25, evidence[31] = 0.5, evidence[50] = 0.3;
  EXPECT_EQ(measured(evidence), (Settling{{}, seconds(40)}));
}

TEST(Settling, AnotherDeploymentBeginsAnew) {
  SettlingWatch watch;
  watch.add(kFinished, kFinished + seconds(5), 0.9, seconds(60), seconds(80));
  const Time next = kFinished + seconds(500);
  watch.add(next, next + seconds(5), 0, seconds(60), seconds(80));
  EXPECT_EQ(watch.state(), (SettlingWatch::State{next, true, {}}));
}

TEST(LearnedTimes, NeedEnoughDeployments) {
  const std::vector<Settling> seven(7);
  EXPECT_EQ(learned_times(seven, seconds(5)), std::nullopt);
}

TEST(LearnedTimes, AreTheWorstHalfAsMuchAgainAndAScrape) {
  std::vector<Settling> seen(8);
  seen[1].start = seconds(42);  // 63 s + 5 s: 70 s
  seen[6].breach = seconds(24); // 36 s + 5 s: 45 s
  EXPECT_EQ(learned_times(seen, seconds(5)), (LearnedTimes{seconds(70), seconds(45), 8}));
}

TEST(LearnedTimes, AreNeverShorterThanSixScrapesNorHalfAMinute) {
  const std::vector<Settling> calm(12);
  EXPECT_EQ(learned_times(calm, seconds(1)), (LearnedTimes{seconds(30), seconds(30), 12}));
  EXPECT_EQ(learned_times(calm, seconds(15)), (LearnedTimes{seconds(90), seconds(90), 12}));
}

TEST(LearnedTimes, OnlyTheNewestCountAndThereIsAMost) {
  std::vector<Settling> seen(30);
  seen[3].start = seconds(170); // too long ago
  seen[20].breach = seconds(900);
  EXPECT_EQ(learned_times(seen, seconds(5)), (LearnedTimes{seconds(30), kMostLearned, 20}));
}

} // namespace
} // namespace backstop
