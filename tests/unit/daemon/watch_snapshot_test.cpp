#include "daemon/watch_snapshot.hpp"
#include <gtest/gtest.h>

/// What is gathered must survive a restart at any instant, also between the answers of two targets.
namespace backstop {
namespace {

using std::chrono::seconds;

WatchSpec two_rows() {
  WatchSpec spec;
  RatioSpec ratio;
  ratio.errors = 0, ratio.total = 1;
  GaugeSpec gauge;
  gauge.gauge = 2;
  for (const IndicatorKind& kind : {IndicatorKind{ratio}, IndicatorKind{gauge}}) {
    IndicatorSpec indicator;
    indicator.kind = kind;
    indicator.name = std::string(1, static_cast<char>('a' + spec.indicators.size()));
    Row row;
    row.name = indicator.name;
    row.indicator = static_cast<std::uint32_t>(spec.indicators.size());
    row.critical.low = 0.05;
    spec.indicators.push_back(indicator);
    spec.intervals.push_back(seconds(5));
    spec.table.rows.push_back(row);
  }
  spec.sequential = SequentialSpec{};
  return spec;
}

Scrape answer_of(std::uint32_t target, double t) {
  Scrape s;
  s.target = target;
  s.t = s.arrived = time_from_us(1'700'000'000'000'000) + seconds_f(t);
  s.samples = {{0, 10 * target, t, 0}, {1, 10 * target + 1, 3 * t, 0}, {2, 10 * target + 2, 0.06 + t / 1e6, 0}};
  return s;
}

TEST(WatchSnapshot, ReadsBackAsItWasInTheMiddleOfARound) {
  Watch watch(two_rows());
  watch.start_clean(answer_of(0, 0).t); // a new version
  for (int i = 1; i <= 20; ++i) {
    for (const std::uint32_t target : {0U, 1U}) {
      watch.observe(answer_of(target, 5.0 * i + target * 0.3));
      static_cast<void>(watch.evaluate(answer_of(target, 5.0 * i + target * 0.3).t, true, i < 10));
      const WatchState kept = watch.save();
      ASSERT_EQ(kept.suspicions.size(), 2U);
      const Result<Json> text = Json::parse(snapshot_of(kept).dump());
      ASSERT_TRUE(text);
      const Result<WatchState> read = state_of(*text);
      ASSERT_TRUE(read);
      EXPECT_EQ(*read, kept) << i << " target " << target;
    }
  }
  EXPECT_EQ(watch.save().suspicions[0].share.round.answers, 2U);
  EXPECT_GT(watch.save().suspicions[0].share.before.nats[0], 0);
  EXPECT_NE(watch.save().suspicions[0].share.before.early, 0U);
  EXPECT_TRUE(watch.save().suspicions[0].steady.early);
  EXPECT_GT(watch.save().suspicions[0].steady.minutes, 0);
}

} // namespace
} // namespace backstop
