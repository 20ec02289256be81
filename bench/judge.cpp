/// judge: what one scrape costs the judge, by the number of indicators and by its kind; one core. A scrape is what a service
/// with 2 series a ratio, 12 buckets a quantile and 1 series a gauge gives. The target is 2 us for each indicator.
#include "rules/watch.hpp"
#include <benchmark/benchmark.h>
#include <limits>

namespace {

using namespace backstop;
using std::chrono::seconds;

constexpr int kBuckets = 12;

/// `n` indicators, in turns a ratio, a quantile and a gauge, each with a row.
WatchSpec spec_of(int n, bool sequential) {
  WatchSpec spec;
  for (int i = 0; i < n; ++i) {
    IndicatorSpec indicator;
    const auto selector = static_cast<std::uint32_t>(2 * i);
    indicator.name = "indicator_" + std::to_string(i);
    if (i % 3 == 0) {
      indicator.unit = Unit::ratio;
      RatioSpec ratio;
      ratio.errors = selector, ratio.total = selector + 1;
      indicator.kind = ratio;
    } else if (i % 3 == 1) {
      indicator.unit = Unit::seconds;
      QuantileSpec quantile;
      quantile.buckets = selector;
      indicator.kind = quantile;
    } else {
      GaugeSpec gauge;
      gauge.gauge = selector;
      indicator.kind = gauge;
    }
    spec.indicators.push_back(indicator);
    spec.intervals.push_back(seconds(1));
    Row row;
    row.name = indicator.name;
    row.indicator = static_cast<std::uint32_t>(i);
    row.unit = indicator.unit;
    const double critical = i % 3 == 0 ? 0.05 : i % 3 == 1 ? 0.5 : 85;
    row.normal.high = critical / 4, row.normal.high_inclusive = false;
    row.alert = {critical / 4, critical, true, true};
    row.critical.low = critical, row.critical.low_inclusive = false;
    row.timing.for_alert = row.timing.for_critical = seconds(30);
    spec.table.rows.push_back(row);
  }
  if (sequential) spec.sequential = SequentialSpec{};
  return spec;
}

void fill(Scrape& scrape, int n, double t) {
  scrape.samples.clear();
  std::uint32_t series = 0;
  for (int i = 0; i < n; ++i) {
    const auto selector = static_cast<std::uint32_t>(2 * i);
    if (i % 3 == 0) {
      scrape.samples.push_back({selector, series++, t * 0.5, 0});
      scrape.samples.push_back({selector + 1, series++, t * 100, 0});
    } else if (i % 3 == 1) {
      for (int b = 0; b < kBuckets; ++b) {
        const double le = b + 1 == kBuckets ? std::numeric_limits<double>::infinity() : 0.01 * (1 << b);
        scrape.samples.push_back({selector, series++, t * (40 + 5 * b), le});
      }
    } else {
      scrape.samples.push_back({selector, series++, 40 + static_cast<double>(static_cast<int>(t) % 7), 0});
    }
  }
}

void judge(benchmark::State& state, bool sequential) {
  const int n = static_cast<int>(state.range(0));
  Watch watch(spec_of(n, sequential));
  Scrape scrape;
  double t = 0;
  const auto step = [&](bool learn) {
    t += 1;
    fill(scrape, n, t);
    scrape.t = scrape.arrived = time_from_us(1'000'000'000'000) + seconds_f(t);
    watch.observe(scrape);
    benchmark::DoNotOptimize(watch.evaluate(scrape.t, !learn, learn));
  };
  while (t < 1800) step(true);
  watch.set_baselines(watch.freeze(scrape.t));
  watch.set_lines(watch.freeze_lines());
  for (int i = 0; i < 1000; ++i) step(false); // windows and trends are full
  for (auto _ : state) step(false);
  state.counters["us_per_indicator"] = benchmark::Counter(static_cast<double>(state.iterations()) * n * 1e-6,
                                                          benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void table(benchmark::State& state) { judge(state, false); }
void sequential(benchmark::State& state) { judge(state, true); }
BENCHMARK(table)->Arg(3)->Arg(12)->Arg(48);
BENCHMARK(sequential)->Arg(3)->Arg(12)->Arg(48);

} // namespace

BENCHMARK_MAIN();
