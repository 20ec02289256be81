#pragma once
#include "rules/delta_ring.hpp"
#include "rules/indicator.hpp"
#include "rules/series_book.hpp"
#include <algorithm>
#include <vector>

namespace backstop {

/// What an Indicator remembers. Shared by indicator.cpp, which feeds it, and reading.cpp, which reads it.
struct Indicator::State {
  struct Target {
    bool scraped = false; ///< it had a good scrape
    bool away = false;    ///< it left, and had no good scrape since
    bool failing = false; ///< its last attempt failed ...
    Time tried{};         ///< ... at this time ...
    std::string why;      ///< ... for this reason
    Time good{};          ///< its last good scrape
    CounterBook errors;   ///< ratio
    CounterBook counter;  ///< ratio: total; quantile: buckets; rate: the counter
    GaugeBook gauge;
    std::vector<double> bounds; ///< every bucket bound seen, sorted (quantile)
    std::uint32_t layout = 0;   ///< of the last scrape
  };
  /// A set of bucket bounds that rows of the ring refer to. One that no row refers to any more is reused.
  struct Layout {
    std::vector<double> bounds;
    std::size_t rows = 0;
  };

  State(std::uint32_t index, IndicatorSpec spec);

  void take(const RatioSpec& ratio, const Scrape& scrape, Target& target);
  void take(const QuantileSpec& quantile, const Scrape& scrape, Target& target);
  void take(const GaugeSpec& gauge, const Scrape& scrape, Target& target);
  void take(const RateSpec& rate, const Scrape& scrape, Target& target);

  [[nodiscard]] Reading read(const RatioSpec& ratio, Time now, Time since) const;
  [[nodiscard]] Reading read(const QuantileSpec& quantile, Time now, Time since) const;
  [[nodiscard]] Reading read(const GaugeSpec& gauge, Time now, Time since) const;
  [[nodiscard]] Reading read(const RateSpec& rate, Time now, Time since) const;
  [[nodiscard]] std::vector<Bucket> histogram(Time now, Time since) const;

  std::uint32_t index;
  IndicatorSpec spec;
  Duration window{}; ///< 0: gauge
  Duration keep{};   ///< how long deltas (or past gauge values) are kept
  std::uint64_t dropped = 0;
  std::uint64_t taken = 0;           ///< deltas ever pushed
  std::vector<std::uint32_t> judged; ///< sorted; empty: all
  [[nodiscard]] bool counts(std::size_t target) const {
    return judged.empty() || std::binary_search(judged.begin(), judged.end(), target);
  }
  [[nodiscard]] Increase increase_after(std::uint64_t mark, Time since, std::span<const std::uint32_t> targets) const;

private:
  struct Sum;
  template <class Each> Sum sum(Time now, Time since, Each each) const;
  [[nodiscard]] std::vector<Bucket> merged(const std::vector<std::size_t>& deltas) const;
  [[nodiscard]] Reading reading(Time now) const;
  [[nodiscard]] Reading reading(Time now, const Sum& sum) const;
  void explain_nothing(Reading& reading, Time newest) const;
  [[nodiscard]] Delta delta_of(const Scrape& scrape, const Target& target, const CounterBook::Step& step);
  void merge_row(SampleRange samples, Target& target, Delta& delta);
  std::uint32_t layout_of(const Target& target);
  void push(const Delta& delta);

  friend class Indicator;
  std::vector<Target> targets_; ///< by target index
  DeltaRing deltas_;
  std::vector<Layout> layouts_;
  Time newest_data_ = Time::min(); ///< when anything it wants was last seen

  // Scratch of one observe(), kept for its memory.
  std::vector<double> increases_;
  std::vector<double> row_;
  std::vector<std::uint32_t> row_count_; ///< samples per bound
  std::vector<double> layout_bounds_;
};

} // namespace backstop
