#pragma once
#include "rules/gauge_evidence.hpp"
#include "rules/time.hpp"
#include <vector>

namespace backstop {

/// A quantile that creeps up on its limit. Of the points of the last 25 minutes the median of each quarter is above that of
/// the one before, none is much more of the rise than the others, as a step would be, and the straight line through the four
/// is at the limit by now. Medians, so that requests that stall now and then move nothing.
class Creep {
public:
  using Point = Trend::Point; ///< `value`: the logarithm of the quantile
  void add(Time t, double value);
  void clear() { points_.clear(); }
  /// By how much it rose (in the logarithm) from the first quarter to the last; 0: it does not reach `limit` that way.
  [[nodiscard]] double reaches(double limit, Time now) const;
  [[nodiscard]] const std::vector<Point>& points() const { return points_; }
  void restore(std::vector<Point> points) { points_ = std::move(points); }

private:
  std::vector<Point> points_; ///< oldest first; bounded, as a point takes 25 s at least
};

} // namespace backstop
