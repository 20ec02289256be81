#include "rules/histogram.hpp"
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace backstop {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kNoise = 1e-12; // relative; sums of rates differ by rounding alone below it

bool nearly_equal(double a, double b) {
  if (a == b) return true;
  if (a == 0 || b == 0) return false;
  return std::abs(a - b) / (std::abs(a) + std::abs(b)) < kNoise;
}

/// Sorts and adds up equal bounds. False when there is no +Inf bucket: the total is unknown then.
bool tidy(std::vector<Bucket>& buckets) {
  std::sort(buckets.begin(), buckets.end(), [](const Bucket& a, const Bucket& b) { return a.le < b.le; });
  if (buckets.empty() || buckets.back().le != kInf) return false;
  std::size_t kept = 0;
  for (std::size_t i = 1; i < buckets.size(); ++i) {
    if (buckets[i].le == buckets[kept].le) {
      buckets[kept].cumulative += buckets[i].cumulative;
    } else {
      buckets[++kept] = buckets[i];
    }
  }
  buckets.resize(kept + 1);
  return true;
}

/// A scrape is no snapshot: buckets read one after the other may disagree. Counts never fall from bucket to bucket.
void make_monotonic(std::vector<Bucket>& buckets) {
  for (std::size_t i = 1; i < buckets.size(); ++i) {
    const double before = buckets[i - 1].cumulative;
    double& count = buckets[i].cumulative;
    if (count < before || nearly_equal(count, before)) count = before;
  }
}

/// Where the distribution starts: at 0 when the first bound is positive; else nothing is known below the first bound.
double lower_edge(const std::vector<Bucket>& buckets) { return buckets.front().le > 0 ? 0 : -kInf; }

/// How many observations are at most x, linear within the bucket. Next to an infinite edge there is no slope: all of
/// the lowest bucket then lies below any x, nothing of +Inf does.
double count_below(const std::vector<Bucket>& buckets, double x) {
  double low = lower_edge(buckets);
  double below = 0;
  for (const Bucket& bucket : buckets) {
    if (x <= low) return below;
    if (x < bucket.le) {
      if (low == -kInf) return bucket.cumulative;
      if (bucket.le == kInf) return below;
      return below + (bucket.cumulative - below) * (x - low) / (bucket.le - low);
    }
    low = bucket.le;
    below = bucket.cumulative;
  }
  return below;
}

double highest_finite(const std::vector<Bucket>& buckets) {
  return buckets.size() < 2 ? -kInf : buckets[buckets.size() - 2].le;
}

bool same_bounds(const std::vector<Bucket>& a, const std::vector<Bucket>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Bucket& x, const Bucket& y) { return x.le == y.le; });
}

} // namespace

double histogram_quantile(double q, std::vector<Bucket> buckets) {
  if (std::isnan(q) || buckets.empty()) return kNan;
  if (q < 0) return -kInf;
  if (q > 1) return kInf;
  if (!tidy(buckets) || buckets.size() < 2) return kNan;
  make_monotonic(buckets);
  const double total = buckets.back().cumulative;
  if (!(total > 0)) return kNan;

  const double rank = q * total;
  const auto last = buckets.end() - 1;
  const auto hit =
      std::lower_bound(buckets.begin(), last, rank, [](const Bucket& b, double r) { return b.cumulative < r; });
  if (hit == last) return (last - 1)->le;
  if (hit == buckets.begin() && hit->le <= 0) return hit->le;
  const double low = hit == buckets.begin() ? 0 : (hit - 1)->le;
  const double below = hit == buckets.begin() ? 0 : (hit - 1)->cumulative;
  return low + (hit->le - low) * ((rank - below) / (hit->cumulative - below));
}

double histogram_fraction(double lower, double upper, std::vector<Bucket> buckets) {
  if (!tidy(buckets)) return kNan;
  const double total = buckets.back().cumulative;
  if (!(total > 0) || std::isnan(lower) || std::isnan(upper)) return kNan;
  if (lower >= upper) return 0;
  return (std::min(count_below(buckets, upper), total) - std::min(count_below(buckets, lower), total)) / total;
}

double count_above(double value, const std::vector<Bucket>& buckets) {
  double below = 0, low = 0;
  for (const Bucket& bucket : buckets) {
    const double in = std::max(0.0, bucket.cumulative - below);
    if (value <= bucket.le) {
      double share = 0; // of the bucket that lies below the value
      if (std::isfinite(bucket.le) && bucket.le > low)
        share = low > 0 ? std::log(std::max(value, low) / low) / std::log(bucket.le / low)
                        : std::clamp(value / bucket.le, 0.0, 1.0);
      return std::max(0.0, buckets.back().cumulative - below - in * share);
    }
    below = std::max(below, bucket.cumulative);
    low = bucket.le;
  }
  return 0;
}

std::vector<Bucket> merge_histograms(const std::vector<std::vector<Bucket>>& parts) {
  if (parts.empty()) return {};
  const bool same = std::all_of(parts.begin(), parts.end(), [&](const auto& p) { return same_bounds(p, parts[0]); });
  if (same) {
    std::vector<Bucket> sum = parts[0];
    for (std::size_t p = 1; p < parts.size(); ++p) {
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i].cumulative += parts[p][i].cumulative;
    }
    return sum;
  }

  double top = kInf;
  for (const auto& part : parts) top = std::min(top, highest_finite(part));
  std::vector<Bucket> sum;
  for (const auto& part : parts) {
    for (const Bucket& b : part) {
      if (b.le <= top) sum.push_back({b.le, 0});
    }
  }
  sum.push_back({kInf, 0});
  std::sort(sum.begin(), sum.end(), [](const Bucket& a, const Bucket& b) { return a.le < b.le; });
  sum.erase(std::unique(sum.begin(), sum.end()), sum.end());
  for (std::vector<Bucket> part : parts) {
    make_monotonic(part);
    for (Bucket& b : sum) b.cumulative += count_below(part, b.le);
  }
  return sum;
}

void add_histogram(std::vector<Bucket>& sum, const std::vector<Bucket>& more) {
  if (more.empty()) return;
  sum = sum.empty() ? more : merge_histograms({sum, more});
}

} // namespace backstop
