// Random histories of several targets, read by the Indicator and by a plain second computation that keeps everything.
#include "tests/unit/rules/indicator_feed.hpp"
#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <random>

namespace backstop {
namespace {

using namespace feed;

using Rng = std::mt19937;
int pick(Rng& rng, int below) { return static_cast<int>(rng() % static_cast<unsigned>(below)); }

/// 60 s of 3 targets with 4 counters each: restarts, failed scrapes, series and totals that come and go.
std::vector<Scrape> history(unsigned seed) {
  Rng rng(seed);
  std::vector<Scrape> scrapes;
  std::map<std::pair<int, int>, double> counters;
  for (int t = 0; t < 60; ++t) {
    for (int target = 0; target < 3; ++target) {
      if (pick(rng, 25) == 0) counters.clear();
      if (pick(rng, 8) == 0) {
        scrapes.push_back(failed(t + 0.1 * target, target, "timeout"));
        continue;
      }
      Values e = errors({}), all = total({});
      for (int series = 0; series < 4; ++series) {
        double& counter = counters[{target, series}];
        counter += pick(rng, 6);
        if (pick(rng, 5) == 0) continue; // not in this answer
        if (series >= 2) e.values.push_back({static_cast<std::uint32_t>(series), counter});
        all.values.push_back({static_cast<std::uint32_t>(series), counter});
      }
      if (pick(rng, 10) == 0) all.values.clear();
      scrapes.push_back(scrape(t + 0.1 * target, target, {e, all}));
    }
  }
  return scrapes;
}

struct Sums {
  double errors = 0, total = 0;
  bool operator==(const Sums&) const = default;
};

/// The rules of indicator.hpp again, written to be read and not to be quick.
Sums plainly(const std::vector<Scrape>& scrapes, Time now, Duration window, Time since) {
  struct Known {
    double value;
    Time seen;
  };
  std::map<std::uint32_t, Time> good;                                             // by target
  std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>, Known> known; // target, selector, series
  Sums sums;
  for (const Scrape& s : scrapes) {
    if (s.health != ScrapeHealth::ok) continue;
    const bool first = good.count(s.target) == 0;
    const Time before = first ? s.t : good[s.target];
    good[s.target] = s.t;
    if (std::none_of(s.samples.begin(), s.samples.end(), [](const Sample& x) { return x.selector == kTotal; }))
      continue;
    Sums increase;
    Time from = before;
    bool restarted = false;
    for (const Sample& x : s.samples) {
      const auto [it, is_new] = known.try_emplace({s.target, x.selector, x.series}, Known{0, before});
      double grown = x.value - it->second.value;
      if (grown < 0) {
        grown = x.value;
        restarted = true;
      }
      if (is_new && first) grown = 0;
      if (grown > 0) from = std::min(from, it->second.seen);
      it->second = {x.value, s.t};
      (x.selector == kErrors ? increase.errors : increase.total) += grown;
    }
    if (restarted) {
      for (auto& [key, k] : known) {
        if (std::get<0>(key) == s.target && k.seen != s.t) k = {0, s.t};
      }
    }
    const bool in_window = s.t > now - window && s.t <= now;
    const bool clean = from >= since || (restarted && s.t >= since);
    if (first || !in_window || !clean || increase.errors > increase.total) continue;
    sums.errors += increase.errors;
    sums.total += increase.total;
  }
  return sums;
}

Sums read(const Indicator& indicator, Time now, Time since) {
  const Reading r = indicator.read(now, since);
  return {r.numerator, r.requests};
}

class Histories : public testing::TestWithParam<unsigned> {};

TEST_P(Histories, AgreeWithThePlainComputation) {
  const std::vector<Scrape> scrapes = history(GetParam());
  Indicator indicator = ratio(10);
  std::vector<Scrape> so_far;
  for (const Scrape& s : scrapes) {
    indicator.observe(s);
    so_far.push_back(s);
    for (const double ago : {100.0, 7.35, 3.0}) {
      const Time since = s.t - sec(ago);
      const Sums want = plainly(so_far, s.t, sec(10), since);
      ASSERT_EQ(read(indicator, s.t, since), want) << "at " << to_seconds(s.t - at(0)) << " since " << ago << " s ago";
    }
  }
}

TEST_P(Histories, TheOrderOfTargetsChangesNothing) {
  const std::vector<Scrape> scrapes = history(GetParam());
  Indicator forward = ratio(10), backward = ratio(10), by_target = ratio(100);
  Indicator all = ratio(100);
  // Per round of three targets, in turn and in reverse.
  for (std::size_t i = 0; i < scrapes.size(); i += 3) {
    for (std::size_t k = 0; k < 3; ++k) {
      forward.observe(scrapes[i + k]);
      backward.observe(scrapes[i + 2 - k]);
      all.observe(scrapes[i + k]);
    }
    const Time now = scrapes[i + 2].t;
    const Reading f = forward.read(now, at(5)), b = backward.read(now, at(5));
    ASSERT_EQ(f.health, b.health);
    ASSERT_EQ(f.value, b.value);
    ASSERT_EQ(f.window, b.window);
    ASSERT_EQ(f.scrapes, b.scrapes);
  }
  // One target after the other, whole.
  for (std::uint32_t target = 0; target < 3; ++target) {
    for (const Scrape& s : scrapes) {
      if (s.target == target) by_target.observe(s);
    }
  }
  EXPECT_EQ(read(by_target, at(61), Time::min()), read(all, at(61), Time::min()));
}

TEST_P(Histories, AReadingIsAValueOrAReason) {
  Indicator indicator = ratio(10, 20, 2.5);
  Rng rng(GetParam());
  int usable = 0, not_usable = 0;
  for (const Scrape& s : history(GetParam())) {
    indicator.observe(s);
    const Reading r = indicator.read(s.t + sec(pick(rng, 4)));
    if (r.usable()) {
      ++usable;
      ASSERT_GE(r.requests, 20);
      ASSERT_GE(r.value, 0);
      ASSERT_LE(r.value, 1);
    } else {
      ++not_usable;
      ASSERT_EQ(r.value, 0);
      ASSERT_NE(r.why, "");
    }
  }
  EXPECT_GT(usable, 0);
  EXPECT_GT(not_usable, 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Histories, testing::Range(1u, 13u));

TEST(LongRun, MemoryOfTheWindowWraps) {
  // Many times the ring's size with two targets at different paces: sums stay those of the window.
  Indicator indicator = ratio(5);
  for (int t = 0; t <= 2000; ++t) {
    indicator.observe(scrape(t, 0, {errors({{0, 1.0 * t}}), total({{0, 10.0 * t}})}));
    if (t % 4 == 0) indicator.observe(scrape(t, 1, {total({{0, 100.0 * t}})}));
    if (t < 10) continue;
    const Reading r = indicator.read(at(t));
    ASSERT_EQ(r.numerator, 5);
    ASSERT_EQ(r.requests, 50 + 400 * (t / 4 - (t - 5) / 4));
  }
}

} // namespace
} // namespace backstop
