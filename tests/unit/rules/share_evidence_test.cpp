// Evidence that too large a share of requests is bad, and how honest it is.
#include "rules/steady_evidence.hpp"
#include <cmath>
#include <gtest/gtest.h>
#include <random>

namespace backstop {
namespace {

constexpr double kBar = 8;
Time at(double s) { return time_from_us(1'000'000'000'000) + seconds_f(s); }

ShareEvidence errors(double sustain = 80, double wander = 10.8) {
  return {{0.05, wander, kBar}, kBar / sustain, kTimesWorse};
}

/// When it is proven, for `per_second` requests of which `share` is bad, a scrape every `dt` seconds; -1: not in 2 h.
double proven_after(ShareEvidence e, double per_second, double share, double dt = 5) {
  for (double t = dt; t <= 7200; t += dt) {
    e.add(at(t), per_second * dt * share, per_second * dt, seconds_f(dt));
    if (e.proven(kNever)) return t;
  }
  return -1;
}

TEST(ShareEvidence, NoTrafficProvesFasterThanSustain) {
  for (const double per_second : {10.0, 100.0, 10'000.0}) EXPECT_EQ(proven_after(errors(80), per_second, 1), 80);
  EXPECT_EQ(proven_after(errors(50), 1000, 1), 50);
}

TEST(ShareEvidence, AtOrBelowTheLineNothingIsEverProven) {
  for (const double share : {0.0, 0.04, 0.05}) EXPECT_EQ(proven_after(errors(), 1000, share), -1) << share;
}

TEST(ShareEvidence, TheFartherFromTheLineTheSooner) {
  const double at_7 = proven_after(errors(), 50, 0.07), at_10 = proven_after(errors(), 50, 0.10);
  EXPECT_GT(at_7, at_10);
  EXPECT_GT(at_10, proven_after(errors(), 50, 0.3));
  EXPECT_NE(at_7, -1);
}

ShareEvidence started(ShareEvidence e) {
  e.start();
  return e;
}

TEST(ShareEvidence, AVersionThatIsBadFromItsStartTakesLessButNeverLessThanSustain) {
  const double later = proven_after(errors(), 50, 0.08), from_start = proven_after(started(errors()), 50, 0.08);
  EXPECT_GT(from_start, 80);
  EXPECT_LT(from_start, 0.75 * later);
  for (const double per_second : {10.0, 10'000.0}) EXPECT_EQ(proven_after(started(errors(80)), per_second, 1), 80);
}

TEST(ShareEvidence, AVersionThatWasGoodAtFirstHasNoHeadStartLeft) {
  ShareEvidence good_first = started(errors());
  for (double t = -600; t <= 0; t += 5) good_first.add(at(t), 0, 250, seconds_f(5));
  EXPECT_EQ(proven_after(good_first, 50, 0.08), proven_after(errors(), 50, 0.08));
}

TEST(ShareEvidence, TheHeadStartIsNoEvidence) {
  ShareEvidence e = started(errors());
  EXPECT_EQ(e.nats(kNever), 0);
  e.add(at(5), 1, 250, seconds_f(5));
  EXPECT_EQ(e.nats(kNever), 0);
}

TEST(ShareEvidence, MoreEvidenceOfTheSameKindNeverLowersIt) {
  ShareEvidence few = started(errors()), many = few;
  for (int i = 1; i < 20; ++i) {
    few.add(at(i * 5), 10, 50, seconds_f(5));
    many.add(at(i * 5), 15, 50, seconds_f(5));
    EXPECT_GE(many.nats(kNever), few.nats(kNever)) << i;
  }
}

TEST(ShareEvidence, NoRequestsAreNoEvidence) {
  ShareEvidence e = errors();
  e.add(at(5), 20, 50, seconds_f(5));
  const ShareEvidence::State before = e.state();
  e.add(at(10), 0, 0, seconds_f(5));
  EXPECT_EQ(e.state(), before);
}

TEST(ShareEvidence, AnswersOfOneRoundAreOneWhateverTheirOrder) {
  ShareEvidence one = started(errors()), two = one;
  for (int i = 1; i <= 10; ++i) {
    const auto add = [&](ShareEvidence& e, double after, double bad) {
      e.add(at(i * 5 + after), bad, 50, seconds_f(5));
    };
    add(one, 0, 0), add(one, 0.1, 20), add(one, 2, 5);
    add(two, 0, 20), add(two, 0.1, 5), add(two, 2, 0);
    EXPECT_DOUBLE_EQ(one.nats(kNever), two.nats(kNever)) << i;
    ShareEvidence three = errors();
    three.restore(one.state());
    EXPECT_DOUBLE_EQ(three.nats(kNever), one.nats(kNever)) << "also in the middle of a round";
  }
  EXPECT_GT(one.nats(kNever), 0);
}

// A client that comes rarely, and whose requests fail for a moment: the silence before is no outage.
TEST(ShareEvidence, APauseBeforeTheFirstFailureDoesNotCount) {
  ShareEvidence at_once = errors(50), after_pause = errors(50);
  for (double t = 5; t < 30; t += 5) at_once.add(at(t), 0, 5, seconds_f(5));
  after_pause.add(at(1), 0, 5, seconds_f(5));
  for (double t = 35; t <= 50; t += 5)
    at_once.add(at(t), 1, 1, seconds_f(5)), after_pause.add(at(t), 1, 1, seconds_f(5));
  EXPECT_DOUBLE_EQ(after_pause.nats(kNever), at_once.nats(kNever));
}

TEST(ShareEvidence, OneScrapeProvesNothing) {
  ShareEvidence e({0.05, 0, 1}, 1, kTimesWorse); // one scrape passes this bar
  e.add(at(5), 500, 500, seconds_f(5));
  EXPECT_GT(e.nats(kNever), 1);
  EXPECT_FALSE(e.proven(kNever));
  e.add(at(10), 500, 500, seconds_f(5));
  EXPECT_TRUE(e.proven(kNever));
}

TEST(ShareEvidence, TimeAndRatesScaledTogetherScaleTheDelay) {
  const double slow = proven_after(ShareEvidence({0.05, 0, kBar}, kBar / 80, kTimesWorse), 1, 0.2, 4);
  const double fast = proven_after(ShareEvidence({0.05, 0, kBar}, kBar / 40, kTimesWorse), 2, 0.2, 2);
  EXPECT_DOUBLE_EQ(slow, 2 * fast);
}

TEST(ShareEvidence, SevereTakesTwentySecondsAtSixtyPercent) {
  EXPECT_EQ(proven_after(ShareEvidence({0.45, 0, kBar}, kBar / 20, kSeverelyWorse), 10, 0.65), 20);
  EXPECT_EQ(proven_after(ShareEvidence({0.45, 0, kBar}, kBar / 20, kSeverelyWorse), 100, 0.4), -1);
}

/// Watches of a new version over `hours`, in which the share is `share` but for noise of 25 % that stays for a minute.
int rolled_back(int watches, double share, double per_second, double hours) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  const double keep = std::exp(-5.0 / 60), sd = 0.25;
  const ShareLine line{0.05, ShareLine::kWanderAssumed, ShareLine{}.bar};
  int proven = 0;
  for (int i = 0; i < watches; ++i) {
    ShareEvidence e = started({line, line.bar / 80, kTimesWorse});
    SteadyEvidence steady(line);
    steady.start();
    double x = sd * normal(random);
    for (double t = 5; t <= hours * 3600; t += 5) {
      x = keep * x + sd * std::sqrt(1 - keep * keep) * normal(random);
      const int n = std::poisson_distribution<int>(per_second * 5)(random);
      const int k = n > 0 ? std::binomial_distribution<int>(n, std::min(1.0, share * std::exp(x)))(random) : 0;
      e.add(at(t), k, n, seconds_f(5));
      steady.add(at(t), k, n, seconds_f(5));
      if (!e.proven(kNever) && !steady.proven()) continue;
      ++proven;
      break;
    }
  }
  return proven;
}

TEST(ShareEvidence, ANoisyShareInsideTheAlertBandIsHardlyEverProven) { // the whole of it: bench/decision/alpha
  EXPECT_EQ(rolled_back(50, 0.04, 10, 2), 0);
  EXPECT_LE(rolled_back(100, 0.049, 10, 2), 2);
  EXPECT_LE(rolled_back(100, 0.049, 1, 2), 2);
}

TEST(Intermittence, OneOutageAsLongAsIsToleratedProvesNothing) {
  Intermittence i({0.05, 10.8, kBar}, std::chrono::seconds(80));
  for (int t = 0; t < 180; t += 5) i.add(at(t), t >= 60 && t < 135 ? 45 : 0, 50);
  EXPECT_FALSE(i.proven());
}

TEST(Intermittence, OutagesThatComeAndGoAreProven) {
  Intermittence i({0.05, 10.8, kBar}, std::chrono::seconds(50));
  for (int t = 0; t < 180; t += 5) i.add(at(t), t % 60 < 25 ? 25 : 0, 50);
  EXPECT_TRUE(i.proven());
  i.forget_before(at(200));
  EXPECT_FALSE(i.proven());
}

} // namespace
} // namespace backstop
