#include "rules/prometheus_rate.hpp"
#include <algorithm>
#include <cstddef>

namespace backstop {

std::optional<double> prometheus_increase(const std::vector<TimedValue>& points, Time start, Time end) {
  std::size_t count = 0;
  TimedValue first, last;
  double grown = 0; // with what each restart took away put back
  for (const TimedValue& p : points) {
    if (p.t <= start || p.t > end) continue;
    if (count == 0) first = p;
    if (count > 0) grown += p.v < last.v ? p.v : p.v - last.v;
    last = p;
    ++count;
  }
  const double measured = to_seconds(last.t - first.t);
  if (count < 2 || !(measured > 0)) return std::nullopt;

  // The measured stretch is stretched to the edges of the range where they are near (within 1.1 average steps), else by
  // half a step, and never beyond the moment at which the counter would have been 0.
  const double step = measured / static_cast<double>(count - 1);
  double before = to_seconds(first.t - start);
  double after = to_seconds(end - last.t);
  if (before >= 1.1 * step) before = step / 2;
  if (after >= 1.1 * step) after = step / 2;
  if (grown > 0 && first.v >= 0) before = std::min(before, measured * (first.v / grown));
  return grown * ((measured + before + after) / measured);
}

std::optional<double> prometheus_rate(const std::vector<TimedValue>& points, Time start, Time end) {
  const std::optional<double> increase = prometheus_increase(points, start, end);
  if (!increase) return std::nullopt;
  return *increase / to_seconds(end - start);
}

} // namespace backstop
