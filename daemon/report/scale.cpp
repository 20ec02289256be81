#include "daemon/report/scale.hpp"
#include <algorithm>
#include <cmath>

namespace backstop::report {
namespace {

constexpr double kFarthest = 4; ///< a limit is shown up to this many times the largest reading
constexpr double kHeadroom = 1.12;
constexpr int kSteps = 4; ///< between ticks, at most
constexpr std::int64_t kTimeTicks = 5;

/// 1, 2 or 5 times a power of ten that gives at most `kSteps` steps; of bytes a power of two.
double nice_step(double span, Unit unit) {
  const double rough = span / kSteps;
  if (rough <= 0) return 1;
  if (unit == Unit::bytes) return std::pow(2.0, std::ceil(std::log2(rough)));
  const double ten = std::pow(10.0, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * ten >= rough) return factor * ten;
  return 10 * ten;
}

std::vector<double> limits_of(const Course& course) {
  std::vector<double> values;
  for (const LimitLine& line : course.limits) values.push_back(line.value);
  if (course.row) {
    for (const Band* band : {&course.row->alert, &course.row->critical}) {
      if (band->low) values.push_back(*band->low);
      if (band->high) values.push_back(*band->high);
    }
  }
  return values;
}

} // namespace

Scale scale_of(const Course& course, const Frame& frame) {
  double low = 0, high = 0;
  bool any = false;
  for (const Point& p : course.points) {
    if (!p.value || p.at < frame.from || p.at > frame.to) continue;
    low = any ? std::min(low, *p.value) : std::min(0.0, *p.value);
    high = any ? std::max(high, *p.value) : *p.value;
    any = true;
  }
  if (course.baseline) high = std::max(high, *course.baseline);
  const double largest = high;
  for (const double limit : limits_of(course))
    if (limit > high && (limit <= largest * kFarthest || largest <= 0)) high = limit;
  if (high <= low) high = low + 1;
  Scale scale{low, low + (high - low) * kHeadroom, {}};
  const double step = nice_step(scale.high - scale.low, course.unit);
  for (double tick = std::ceil(low / step) * step; tick <= scale.high; tick += step)
    scale.ticks.push_back(std::abs(tick) < step / 1e6 ? 0 : tick);
  return scale;
}

std::vector<Time> time_ticks(const Frame& frame, bool& short_labels) {
  constexpr std::int64_t kSeconds[] = {1,   2,   5,    10,   15,   30,    60,    120,   300,
                                       600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400};
  const auto span = static_cast<std::int64_t>(to_seconds(frame.to - frame.from));
  std::int64_t step = 86400;
  for (const std::int64_t s : kSeconds) {
    step = s;
    if (span / s < kTimeTicks) break;
  }
  while (span / step >= kTimeTicks) step *= 2;
  short_labels = step >= 60;
  std::vector<Time> ticks;
  const std::int64_t us = step * 1'000'000;
  for (std::int64_t at = (to_us(frame.from) / us + 1) * us; at <= to_us(frame.to); at += us)
    ticks.push_back(time_from_us(at));
  return ticks;
}

} // namespace backstop::report
