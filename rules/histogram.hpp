#pragma once
#include <vector>

namespace backstop {

/// One classic bucket: how many observations were at most `le`. The last bucket of a histogram has le = +Inf.
struct Bucket {
  double le = 0;
  double cumulative = 0;
  bool operator==(const Bucket&) const = default;
};

/// Classic-bucket interpolation as Prometheus's histogram_quantile (promql/quantile.go: BucketQuantile): linear within
/// the bucket; the lower edge of the first bucket is 0 when its bound is positive; the highest finite bound when the
/// rank falls into +Inf. q < 0 is -Inf, q > 1 is +Inf. Buckets may come in any order; equal bounds are added; counts
/// that fall are raised to the bucket before (differences below 1e-12 of the count are noise and taken away).
/// NaN when undefined: no observation, no +Inf bucket, no finite bucket, q is NaN.
double histogram_quantile(double q, std::vector<Bucket> buckets);

/// Share of observations in (lower, upper] (Prometheus: histogram_fraction, promql/quantile.go: BucketFraction), by the
/// same interpolation. 0 when lower >= upper. NaN when undefined.
double histogram_fraction(double lower, double upper, std::vector<Bucket> buckets);

/// How many observations are above `value`. Within a bucket they are spread evenly over the logarithm, as latencies
/// are; evenly over the value in the first one. `buckets` sorted by le, ending in +Inf; 0 when there are none.
double count_above(double value, const std::vector<Bucket>& buckets);

/// The histogram of all observations of `parts`. Equal bounds everywhere: counts are added. Otherwise each part is read
/// as a distribution that is linear within its buckets, and these are added on the union of the bounds, so that no part
/// loses resolution. Above the lowest of the parts' highest finite bounds nothing is known of one of them: all that
/// lies above is in +Inf. Each part sorted by le and ending in +Inf; empty when there is no part.
std::vector<Bucket> merge_histograms(const std::vector<std::vector<Bucket>>& parts);
/// Adds the observations of `more` to `sum`; either may be empty.
void add_histogram(std::vector<Bucket>& sum, const std::vector<Bucket>& more);

} // namespace backstop
