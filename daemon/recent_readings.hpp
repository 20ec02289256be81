#pragma once
#include "rules/indicator.hpp"
#include "rules/time.hpp"
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace backstop {

/// The newest readings of one service, for curves that people look at. Nothing is decided by it, and it is not kept over
/// a restart. Bounded: kPoints times the number of indicators, four bytes each.
class RecentReadings {
public:
  static constexpr std::size_t kPoints = 360;

  /// What was read at `t`, by indicator; as many each time. Evaluations of one second (many targets answer one after
  /// another) are one point: the newest. What is older than the newest point is left out.
  void note(Time t, std::span<const Reading> readings);

  [[nodiscard]] std::size_t size() const { return times_.size(); }
  /// `i` counts from the oldest.
  [[nodiscard]] Time time(std::size_t i) const { return times_[place(i)]; }
  /// To seven digits; none where there was no usable reading.
  [[nodiscard]] std::optional<double> value(std::size_t i, std::size_t indicator) const;

private:
  [[nodiscard]] std::size_t place(std::size_t i) const { return (oldest_ + i) % times_.size(); }
  std::vector<Time> times_;   ///< a ring once it is full
  std::vector<float> values_; ///< by place, by indicator; not a number: none
  std::size_t oldest_ = 0, width_ = 0;
};

} // namespace backstop
