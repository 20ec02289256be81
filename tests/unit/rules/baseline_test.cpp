#include "rules/baseline.hpp"
#include <gtest/gtest.h>

namespace backstop {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

Time at(int s) { return Time{std::chrono::hours(24) + seconds(s)}; }

Reading value(int s, double v) {
  Reading r;
  r.t = at(s);
  r.health = Health::ok;
  r.value = v;
  return r;
}
/// A ratio over the last 30 s with `rps` requests a second.
Reading ratio(int s, double error_share, double rps) {
  Reading r = value(s, error_share);
  r.window = seconds(30);
  r.requests = 30 * rps;
  r.numerator = r.requests * error_share;
  return r;
}

TEST(Baseline, NothingMeasured) {
  const Baseline b = BaselineHistory({}, Averaging::median).freeze(at(0));
  EXPECT_FALSE(b.usable);
  EXPECT_EQ(b.why, "nothing measured");
}

TEST(Baseline, EnoughReadingsAtTheLimit) {
  for (const auto& [n, usable] : {std::pair{59, false}, {60, true}, {61, true}}) {
    BaselineHistory history({}, Averaging::median);
    for (int s = 1; s <= n; ++s) history.add(value(s, 0.2));
    const Baseline b = history.freeze(at(n));
    EXPECT_EQ(b.usable, usable) << n;
    EXPECT_EQ(b.why, usable ? "" : "59 readings, 60 wanted");
    EXPECT_DOUBLE_EQ(b.value, 0.2);
    EXPECT_EQ(b.readings, static_cast<std::uint32_t>(n));
    EXPECT_EQ(b.covers, seconds(n - 1));
  }
}

TEST(Baseline, ZeroAndNegativeMeanNothingForAFactor) {
  for (const auto& [v, why] : {std::pair{0.0, "zero"}, {-2.0, "negative"}}) {
    BaselineHistory history({minutes(30), 3}, Averaging::median);
    for (int s = 1; s <= 3; ++s) history.add(value(s, v));
    const Baseline b = history.freeze(at(3));
    EXPECT_FALSE(b.usable);
    EXPECT_EQ(b.why, why);
    EXPECT_EQ(b.value, v);
  }
}

TEST(Baseline, OnlyUsableReadingsCount) {
  BaselineHistory history({}, Averaging::median);
  for (const Health h : {Health::no_data, Health::insufficient, Health::gap, Health::error}) {
    Reading r = value(1, 9);
    r.health = h;
    history.add(r);
  }
  EXPECT_TRUE(history.blocks().empty());
}

TEST(Baseline, MedianOfBlockMeans) {
  // Blocks of 30 s: means 1, 2 and 90. The outlier moves nothing.
  BaselineHistory history({minutes(30), 3}, Averaging::median);
  for (int s = 0; s < 30; ++s) history.add(value(s, s % 2 == 0 ? 0 : 2));
  history.add(value(30, 2));
  history.add(value(60, 90));
  EXPECT_EQ(history.blocks().size(), 3u);
  EXPECT_DOUBLE_EQ(history.freeze(at(60)).value, 2);
  history.add(value(90, 4)); // an even number: the mean of the middle two
  EXPECT_DOUBLE_EQ(history.freeze(at(90)).value, 3);
}

TEST(Baseline, PooledByRequests) {
  // A busy half with 1 %, a quiet half with 50 %: each request weighs the same.
  BaselineHistory history({minutes(30), 60}, Averaging::pooled);
  for (int s = 1; s <= 600; ++s) history.add(ratio(s, 0.01, 100));
  for (int s = 601; s <= 1200; ++s) history.add(ratio(s, 0.5, 1));
  const Baseline b = history.freeze(at(1200));
  EXPECT_TRUE(b.usable);
  // Each reading of a 30 s window adds the second that is new; the first one adds its whole window.
  EXPECT_NEAR(b.requests, (30 + 599) * 100 + 600, 1e-6);
  EXPECT_NEAR(b.numerator, (30 + 599) + 300, 1e-6);
  EXPECT_DOUBLE_EQ(b.value, b.numerator / b.requests);
}

TEST(Baseline, ReadingsFarApartCountWhole) {
  BaselineHistory history({minutes(30), 1}, Averaging::pooled);
  for (const int s : {0, 30, 300}) history.add(ratio(s, 0.1, 1));
  EXPECT_DOUBLE_EQ(history.freeze(at(300)).requests, 90);
}

TEST(Baseline, NotLaterIsIgnored) {
  BaselineHistory history({minutes(30), 1}, Averaging::pooled);
  history.add(ratio(10, 0.1, 1));
  history.add(ratio(10, 0.1, 1));
  history.add(ratio(9, 0.1, 1));
  EXPECT_EQ(history.freeze(at(10)).readings, 1u);
}

TEST(Baseline, TheWindowMovesAndIsBounded) {
  BaselineHistory history({minutes(30), 60}, Averaging::median);
  for (int s = 0; s < 3 * 3600; ++s) history.add(value(s, s < 2 * 3600 ? 1 : 5));
  EXPECT_LE(history.blocks().size(), 61u);
  const Baseline b = history.freeze(at(3 * 3600 - 1));
  EXPECT_DOUBLE_EQ(b.value, 5);
  EXPECT_LE(b.covers, minutes(30));
  EXPECT_GE(b.covers, minutes(29));
  // Frozen half an hour after the last reading, nothing is left of it.
  EXPECT_EQ(history.freeze(at(3 * 3600 + 1799)).why, "nothing measured");
}

TEST(Baseline, BlocksInAndOutOfTheWindow) {
  BaselineHistory history({minutes(30), 1}, Averaging::median);
  history.add(value(0, 1));
  EXPECT_EQ(history.freeze(at(1799)).readings, 1u);
  EXPECT_EQ(history.freeze(at(1800)).readings, 0u);
  EXPECT_EQ(history.freeze(at(0)).readings, 1u);
  EXPECT_EQ(history.freeze(at(-1)).readings, 0u);
}

TEST(Baseline, AWindowOfNothingIsNoTrap) {
  BaselineHistory history({Duration::zero(), 1}, Averaging::median);
  for (int s = 0; s < 5; ++s) history.add(value(s, 1));
  EXPECT_EQ(history.blocks().size(), 1u);
  EXPECT_EQ(history.freeze(at(4)).why, "nothing measured");
}

TEST(Baseline, RestoredIsTheSame) {
  BaselineHistory before({minutes(30), 60}, Averaging::pooled), after({minutes(30), 60}, Averaging::pooled);
  for (int s = 0; s < 1000; ++s) before.add(ratio(s, 0.02, 10));
  after.restore(before.blocks(), at(1000));
  EXPECT_EQ(after.blocks(), before.blocks());
  EXPECT_EQ(after.freeze(at(1000)), before.freeze(at(1000)));
  before.add(ratio(1005, 0.02, 10)); // the overlap with the last reading is known after the restart too
  after.add(ratio(1005, 0.02, 10));
  EXPECT_EQ(after.freeze(at(1005)), before.freeze(at(1005)));
}

TEST(Baseline, RestoreDropsWhatCannotBe) {
  using Block = BaselineHistory::Block;
  const Block good{at(100), at(110), 5, 0, 0, 5};
  const Block old{at(-1800), at(-1790), 5, 0, 0, 5}, future{at(150), at(201), 5, 0, 0, 5},
      empty{at(120), at(120), 0, 0, 0, 0}, backward{at(90), at(95), 5, 0, 0, 5},
      upside_down{at(130), at(125), 5, 0, 0, 5};
  BaselineHistory history({}, Averaging::median);
  history.restore({old, good, backward, empty, upside_down, future}, at(200));
  EXPECT_EQ(history.blocks(), (std::vector<Block>{good}));
}

TEST(Averaging, ByKind) {
  EXPECT_EQ(averaging_of(RatioSpec{}), Averaging::pooled);
  EXPECT_EQ(averaging_of(QuantileSpec{}), Averaging::median);
  EXPECT_EQ(averaging_of(GaugeSpec{}), Averaging::median);
  EXPECT_EQ(averaging_of(RateSpec{}), Averaging::median);
}

} // namespace
} // namespace backstop
