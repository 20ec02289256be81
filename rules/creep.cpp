#include "rules/creep.hpp"
#include "rules/median.hpp"
#include <algorithm>
#include <array>
#include <utility>

namespace backstop {
namespace {

constexpr Duration kKeep = std::chrono::minutes(25), kShortest = std::chrono::minutes(12);
constexpr std::size_t kQuarters = 4, kFewestPoints = 12;
constexpr Duration kAhead = std::chrono::seconds(60);
constexpr double kNear = 0.02;       ///< in the logarithm: a newest point further below the limit is not at it
constexpr double kRise = 0.3;        ///< likewise: what wobbles near its limit does not grow by a third
constexpr double kLeastOfEven = 0.2; ///< the rise into each quarter, over what an even rise would have
constexpr double kMostOfEven = 1.9;

/// Of some of the points: the mean of their times, and the median of their values.
struct Middle {
  double seconds = 0, value = 0;
};

Middle middle_of(const std::vector<Trend::Point>& points, std::size_t first, std::size_t last, Time origin) {
  std::vector<double> values;
  Middle m;
  for (std::size_t i = first; i < last; ++i) {
    m.seconds += to_seconds(points[i].t - origin) / static_cast<double>(last - first);
    values.push_back(points[i].value);
  }
  m.value = median(std::move(values));
  return m;
}

} // namespace

void Creep::add(Time t, double value) {
  points_.push_back({t, value});
  points_.erase(points_.begin(),
                std::find_if(points_.begin(), points_.end(), [t](const Point& p) { return p.t >= t - kKeep; }));
}

double Creep::reaches(double limit, Time now) const {
  const std::size_t n = points_.size();
  if (n < kFewestPoints || points_.back().value < limit - kNear || points_.back().t - points_.front().t < kShortest)
    return 0;
  const Time origin = points_.front().t;
  std::array<Middle, kQuarters> quarter;
  Middle mean;
  for (std::size_t i = 0; i < kQuarters; ++i) {
    quarter[i] = middle_of(points_, n * i / kQuarters, n * (i + 1) / kQuarters, origin);
    mean.seconds += quarter[i].seconds / kQuarters;
    mean.value += quarter[i].value / kQuarters;
  }
  const double rise = quarter.back().value - quarter.front().value;
  if (rise < kRise) return 0;
  const double even = rise / (kQuarters - 1);
  double xx = 0, xy = 0;
  for (std::size_t i = 0; i < kQuarters; ++i) {
    const double x = quarter[i].seconds - mean.seconds;
    xx += x * x;
    xy += x * quarter[i].value;
    if (i == 0) continue;
    const double step = quarter[i].value - quarter[i - 1].value;
    if (step < kLeastOfEven * even || step > kMostOfEven * even) return 0;
  }
  const double at = mean.value + xy / xx * (to_seconds(now + kAhead - origin) - mean.seconds);
  return at > limit ? rise : 0;
}

} // namespace backstop
