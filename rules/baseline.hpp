#pragma once
#include "rules/indicator.hpp"
#include <optional>
#include <vector>

namespace backstop {

/// What an indicator did before a deployment, frozen at begin and kept in the record of it. One that is not usable sets
/// no limit by a factor: the absolute limits alone apply, and `why` goes into the report. Zero is not usable: every
/// multiple of it is zero, and the first error would count as infinitely worse.
struct Baseline {
  bool usable = false;
  double value = 0;     ///< as Averaging says; set whenever there were readings, usable or not
  double numerator = 0; ///< errors (ratio)
  double requests = 0;  ///< requests (ratio, quantile); meaningless for gauges and rates
  std::uint32_t readings = 0;
  Duration covers{}; ///< from the first to the last reading used
  std::string why;   ///< why it is not usable: "12 readings, 60 wanted", "zero", "negative", "nothing measured"
  bool operator==(const Baseline&) const = default;
};

struct BaselineSpec {
  Duration window{std::chrono::minutes(30)};
  std::uint32_t min_samples = 60;
  bool operator==(const BaselineSpec&) const = default;
};

/// How many readings become one value.
enum class Averaging {
  pooled, ///< ratio: all errors / all requests of the window, so that a quiet hour weighs no more than its requests
  median, ///< quantile, gauge, rate: median of the blocks' means, so that one outlier moves nothing
};
Averaging averaging_of(const IndicatorKind& kind);

/// The continuous history of one indicator, in blocks of window/60, from which a Baseline is frozen. Only readings
/// taken while a verified-good version ran are added (the caller knows). Bounded: 60 blocks (and the one being filled).
class BaselineHistory {
public:
  struct Block {
    Time start{};         ///< of its first reading
    Time last{};          ///< of its last reading
    double sum = 0;       ///< of readings
    double numerator = 0; ///< newly counted errors in the block
    double requests = 0;  ///< newly counted requests in the block
    std::uint32_t readings = 0;
    bool operator==(const Block&) const = default;
  };

  BaselineHistory(BaselineSpec spec, Averaging averaging);

  /// Adds a usable reading (others, and those not later than the last one, are ignored). Its counts are scaled to the
  /// time since the last added reading, so that overlapping windows are not counted twice.
  void add(const Reading& reading);
  /// The baseline of (now - window, now]: a block counts when its first reading lies in it.
  [[nodiscard]] Baseline freeze(Time now) const;

  [[nodiscard]] const std::vector<Block>& blocks() const { return blocks_; }
  /// Puts what another history had before the first reading of this one in front of it.
  void prepend(const BaselineHistory& before);
  /// Puts back blocks saved before a restart; those older than the window at `now`, later than `now`, empty or out of
  /// order are dropped.
  void restore(const std::vector<Block>& blocks, Time now);

private:
  [[nodiscard]] Duration block_length() const;

  BaselineSpec spec_;
  Averaging averaging_;
  std::vector<Block> blocks_; ///< oldest first
};

} // namespace backstop
