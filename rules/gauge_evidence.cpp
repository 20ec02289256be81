#include "rules/gauge_evidence.hpp"
#include "rules/evidence_step.hpp"
#include <algorithm>
#include <cmath>

namespace backstop {
namespace {

constexpr std::size_t kFewestPoints = 10;
constexpr Duration kKeep = std::chrono::minutes(15), kShortest = std::chrono::minutes(14);
constexpr Duration kSpacing = std::chrono::seconds(10); ///< points that are closer are passed over
constexpr std::size_t kParts = 3;
constexpr double kSure = 6;    ///< the slope over its standard error
constexpr double kAlike = 0.6; ///< the slope of each part over that of the whole, at least
constexpr double kClear = 4;   ///< the rise over the points' distance from the line (RMS), at least

struct Fit {
  double middle = 0; ///< seconds after the first point
  double mean = 0;
  double slope = 0;
  double error = 0; ///< standard error of the slope
  double off = 0;   ///< root mean square of the residuals
  [[nodiscard]] double at(double seconds) const { return mean + slope * (seconds - middle); }
};

using Points = std::vector<Trend::Point>;

Fit fit(const Points& points, std::size_t first, std::size_t last, Time origin) {
  Fit f;
  const auto n = static_cast<double>(last - first);
  const auto x = [&](std::size_t i) { return to_seconds(points[i].t - origin); };
  for (std::size_t i = first; i < last; ++i) f.middle += x(i) / n, f.mean += points[i].value / n;
  double xx = 0, xy = 0;
  for (std::size_t i = first; i < last; ++i) {
    xx += (x(i) - f.middle) * (x(i) - f.middle);
    xy += (x(i) - f.middle) * (points[i].value - f.mean);
  }
  if (xx <= 0) return f;
  f.slope = xy / xx;
  double left = 0;
  for (std::size_t i = first; i < last; ++i) {
    const double e = points[i].value - f.at(x(i));
    left += e * e;
  }
  f.off = std::sqrt(left / std::max(1.0, n - 2));
  f.error = f.off / std::sqrt(xx);
  return f;
}

} // namespace

void GaugeEvidence::add(Time t, double value, Duration interval) {
  const double dt = evidence_seconds(state_.newest, t, interval);
  state_.newest = std::max(state_.newest, t);
  const double beyond = line_.higher_is_worse ? value - line_.line : line_.line - value;
  const double score = std::clamp(beyond / line_.scale, -1.0, 1.0);
  state_.seconds = std::max(0.0, state_.seconds + score * dt);
}

void Trend::add(Time t, double value) {
  if (!points_.empty() && t - points_.back().t < kSpacing) return;
  points_.push_back({t, value});
  const auto kept = std::find_if(points_.begin(), points_.end(), [t](const Point& p) { return p.t >= t - kKeep; });
  points_.erase(points_.begin(), kept);
}

bool Trend::crosses(double line, double from, Time now, Duration ahead) const {
  const std::size_t n = points_.size();
  if (n < kFewestPoints || points_.back().value <= from || points_.back().t - points_.front().t < kShortest)
    return false;
  const Time origin = points_.front().t;
  const Fit whole = fit(points_, 0, n, origin);
  const double at = to_seconds(now - origin);
  if (whole.slope <= kSure * whole.error || whole.at(at) <= from || whole.at(at + to_seconds(ahead)) <= line)
    return false;
  const double rise = whole.slope * to_seconds(points_.back().t - origin);
  if (rise < kClear * whole.off) return false;
  for (std::size_t i = 0; i < kParts; ++i) {
    const Fit part = fit(points_, n * i / kParts, n * (i + 1) / kParts, origin);
    if (part.slope <= kAlike * whole.slope) return false;
  }
  return true;
}

} // namespace backstop
