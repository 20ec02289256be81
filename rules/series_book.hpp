#pragma once
#include "rules/prometheus_rate.hpp"
#include "rules/sample.hpp"
#include <cstddef>
#include <cstdint>
#include <vector>

namespace backstop {

/// A run of samples of one selector, sorted by series. It looks into a Scrape and lives no longer than that.
struct SampleRange {
  const Sample* first = nullptr;
  const Sample* last = nullptr;
  [[nodiscard]] const Sample* begin() const { return first; }
  [[nodiscard]] const Sample* end() const { return last; }
  [[nodiscard]] bool empty() const { return first == last; }
  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(last - first); }
};
SampleRange samples_of(const Scrape& scrape, std::uint32_t selector);

/// The last values of the counters of one selector in one target. Series that vanished are kept: when one comes back,
/// it must not count its whole life as an increase. The collectors bound how many series a target may have.
class CounterBook {
public:
  struct Step {
    Time from = Time::max(); ///< when the longest unseen of the series that grew was seen last
    bool restarted = false;
    std::uint32_t impossible = 0; ///< samples passed over: negative or not finite
  };

  /// Takes in the values of a scrape at `t` and appends one increase per sample (0 for impossible ones). `first`: the
  /// target had no good scrape before, so that new series add nothing; else they count from 0.
  Step take(SampleRange samples, Time t, bool first, std::vector<double>& increases);

  /// The target restarted at `t`: series that were not in that scrape count from 0 when they come back.
  void restart_absent(Time t);

private:
  struct Slot {
    std::uint32_t series = 0;
    double last = 0;
    Time seen{};
  };
  std::vector<Slot> slots_; ///< sorted by series
};

/// The values of the gauges of one selector in one target. With a query offset, those of the near past too.
class GaugeBook {
public:
  /// `keep`: how far back of the newest value a reading may look; 0: only the newest value is kept.
  std::uint32_t take(SampleRange samples, Time t, Duration keep);

  /// Calls use(value, t) for each series: its newest value in [earliest, at].
  template <class Use> void each(Time at, Time earliest, Use use) const {
    for (const Slot& slot : slots_) {
      const TimedValue* v = slot.at(at);
      if (v && v->t >= earliest) use(v->v, v->t);
    }
  }
  /// The time of the newest value of any series at or before `at`; min: there is none.
  [[nodiscard]] Time newest(Time at) const;

private:
  struct Slot {
    std::uint32_t series = 0;
    TimedValue last;
    std::vector<TimedValue> past; ///< older ones, oldest first
    [[nodiscard]] const TimedValue* at(Time t) const;
  };
  std::vector<Slot> slots_; ///< sorted by series
};

} // namespace backstop
