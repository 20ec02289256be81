#pragma once
#include "rules/time.hpp"
#include <optional>
#include <vector>

namespace backstop {

struct TimedValue {
  Time t{};
  double v = 0;
};

/// Prometheus's extrapolating increase and rate of one counter (promql/functions.go: extrapolatedRate), for its
/// conformance cases only: the daemon's own increases are not extrapolated. The range is (start, end], points outside
/// are passed over, points are in order of time. Absent when fewer than two points remain.
std::optional<double> prometheus_increase(const std::vector<TimedValue>& points, Time start, Time end);
/// The same per second of the range.
std::optional<double> prometheus_rate(const std::vector<TimedValue>& points, Time start, Time end);

} // namespace backstop
