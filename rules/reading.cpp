// How an Indicator is read: the sums of its window, and the reasons for having none.
#include "rules/indicator_state.hpp"
#include <algorithm>
#include <cmath>

namespace backstop {
namespace {

std::string count(double n) { return show(n, Unit::count); }
std::string duration(Duration d) { return show(to_seconds(d), Unit::seconds); }

std::string text_of(Delta::Kind trouble) {
  switch (trouble) {
  case Delta::Kind::counted:
  case Delta::Kind::first: break;
  case Delta::Kind::torn: return "errors grew more than total";
  case Delta::Kind::mixed_bounds: return "the histograms of one target have differing bucket bounds";
  case Delta::Kind::no_inf: return "the buckets have no le=\"+Inf\"";
  }
  return {};
}

/// Nothing from before `since` is in it.
bool is_clean(const Delta& d, Time since) { return d.from >= since || (d.restarted && d.t >= since); }

bool too_few(double requests, double min_requests) { return requests <= 0 || requests < min_requests; }

} // namespace

std::string_view name_of(Aggregation a) {
  switch (a) {
  case Aggregation::sum: return "sum";
  case Aggregation::min: return "min";
  case Aggregation::max: return "max";
  case Aggregation::avg: return "avg";
  }
  return "sum";
}

std::string_view name_of(Health health) {
  switch (health) {
  case Health::ok: return "ok";
  case Health::no_data: return "no_data";
  case Health::insufficient: return "insufficient";
  case Health::gap: return "gap";
  case Health::error: return "error";
  }
  return "error";
}

struct Indicator::State::Sum {
  double numerator = 0;
  double total = 0;
  std::uint32_t scrapes = 0;
  std::uint32_t left_out = 0;     ///< dropped scrapes in the window ...
  Delta::Kind trouble{};          ///< ... and why the newest was
  Time from = Time::max();        ///< of all that was counted
  Time newest = Time::min();      ///< counted
  Time newest_data = Time::min(); ///< counted or not, in the window or not
};

/// Sums the deltas of (now - query_offset - window, now - query_offset] that `since` leaves; each(i) for each of them.
template <class Each> Indicator::State::Sum Indicator::State::sum(Time now, Time since, Each each) const {
  const Time at = now - spec.query_offset;
  Sum sum;
  for (std::size_t i = 0; i < deltas_.size(); ++i) {
    const Delta& d = deltas_[i];
    if (d.t > at || !counts(d.target)) continue;
    sum.newest_data = std::max(sum.newest_data, d.t);
    if (d.t <= at - window || d.kind == Delta::Kind::first) continue;
    if (!is_clean(d, since)) continue;
    if (d.kind != Delta::Kind::counted) {
      ++sum.left_out;
      sum.trouble = d.kind;
      continue;
    }
    sum.numerator += d.numerator;
    sum.total += d.total;
    sum.from = std::min(sum.from, d.from);
    sum.newest = std::max(sum.newest, d.t);
    ++sum.scrapes;
    each(i);
  }
  return sum;
}

Reading Indicator::State::reading(Time now) const {
  Reading reading;
  reading.indicator = index;
  reading.t = now;
  return reading;
}

/// The reading of a counter indicator but for its value: health is ok if there is something to compute it from.
Reading Indicator::State::reading(Time now, const Sum& sum) const {
  Reading r = reading(now);
  const Time at = now - spec.query_offset;
  const bool stale = sum.newest_data == Time::min() || at - sum.newest_data > spec.stale_after;
  if (sum.scrapes > 0) {
    r.numerator = sum.numerator;
    r.requests = sum.total;
    r.scrapes = sum.scrapes;
    r.newest = sum.newest;
    r.window = sum.newest - sum.from;
  }
  if (!stale && sum.left_out > 0) {
    r.why = count(sum.left_out) + (sum.left_out == 1 ? " scrape" : " scrapes") + " left out: " + text_of(sum.trouble);
  }
  if (!stale && sum.scrapes > 0) {
    r.health = Health::ok;
  } else if (!stale && sum.left_out > 0) {
    r.health = Health::error;
  } else {
    explain_nothing(r, sum.newest_data);
  }
  return r;
}

/// Why there is nothing to read. `newest`: when there was data last, as of the time judged; min: not in memory.
void Indicator::State::explain_nothing(Reading& reading, Time newest) const {
  const Target* failing = nullptr;
  bool scraped = false;
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    const Target& target = targets_[i];
    if (!counts(i)) continue;
    scraped = scraped || target.scraped;
    if (target.failing && (!failing || target.tried > failing->tried)) failing = &target;
  }
  const Time at = reading.t - spec.query_offset;
  if (newest == Time::min() && newest_data_ <= at) newest = newest_data_;
  if (failing) {
    reading.health = Health::error;
    reading.why = failing->why;
  } else if (newest_data_ == Time::min()) {
    reading.health = Health::no_data;
    reading.why = scraped ? "no series matches" : "no scrape yet";
  } else if (newest == Time::min()) {
    reading.health = Health::no_data;
    reading.why = "no data as old as the query offset, " + duration(spec.query_offset);
  } else if (at - newest > spec.stale_after) {
    reading.health = Health::gap;
    reading.why = "no data for " + duration(at - newest) + " (stale after " + duration(spec.stale_after) + ")";
  } else {
    reading.health = Health::no_data;
    reading.why = window > Duration::zero() ? "no increase known in the window: it takes two scrapes" : "no value yet";
  }
}

Reading Indicator::State::read(const RatioSpec& ratio, Time now, Time since) const {
  Reading r = reading(now, sum(now, since, [](std::size_t) {}));
  if (!r.usable()) return r;
  if (too_few(r.requests, ratio.min_requests)) {
    r.health = Health::insufficient;
    r.why = count(r.requests) + " requests in the window, " + count(ratio.min_requests) + " wanted";
    return r;
  }
  r.value = std::min(1.0, r.numerator / r.requests);
  return r;
}

Reading Indicator::State::read(const RateSpec&, Time now, Time since) const {
  // Per target: an outage of one must not thin out the rate of the others.
  struct Stretch {
    double increase = 0;
    Duration time{};
  };
  std::vector<Stretch> stretches(targets_.size());
  Reading r = reading(now, sum(now, since, [&](std::size_t i) {
                        stretches[deltas_[i].target].increase += deltas_[i].total;
                        stretches[deltas_[i].target].time += deltas_[i].t - deltas_[i].from;
                      }));
  r.requests = r.scrapes;
  if (!r.usable()) return r;
  for (const Stretch& s : stretches) {
    if (s.time > Duration::zero()) r.value += s.increase / to_seconds(s.time);
  }
  return r;
}

Reading Indicator::State::read(const QuantileSpec& quantile, Time now, Time since) const {
  Reading r = reading(now, sum(now, since, [](std::size_t) {}));
  if (!r.usable()) return r;
  if (too_few(r.requests, quantile.min_requests)) {
    r.health = Health::insufficient;
    r.why = count(r.requests) + " requests in the window, " + count(quantile.min_requests) + " wanted";
    return r;
  }
  const std::vector<Bucket> buckets = histogram(now, since);
  const double value = histogram_quantile(quantile.q, buckets);
  if (!std::isfinite(value)) {
    r.health = Health::error;
    r.why = "the histogram has no finite bucket bound to read a quantile from";
    return r;
  }
  r.value = value;
  // buckets has a finite bound here. As in histogram_quantile, counts may fall by scrapes that are no snapshot.
  double below = 0;
  for (std::size_t i = 0; i + 1 < buckets.size(); ++i) below = std::max(below, buckets[i].cumulative);
  if (below < quantile.q * std::max(below, buckets.back().cumulative)) {
    if (!r.why.empty()) r.why += "; ";
    r.why += "above the highest bucket bound, " + show(value, spec.unit);
  }
  return r;
}

std::vector<Bucket> Indicator::State::histogram(Time now, Time since) const {
  if (!std::holds_alternative<QuantileSpec>(spec.kind)) return {};
  std::vector<std::size_t> counted;
  sum(now, since, [&](std::size_t i) { counted.push_back(i); });
  return merged(counted);
}

Increase Indicator::State::increase_after(std::uint64_t mark, Time since,
                                          std::span<const std::uint32_t> targets) const {
  Increase increase;
  std::vector<std::size_t> counted;
  const std::uint64_t first = taken - deltas_.size(); // of those that are left
  for (std::size_t i = mark > first ? mark - first : 0; i < deltas_.size(); ++i) {
    const Delta& d = deltas_[i];
    if (d.kind != Delta::Kind::counted || !is_clean(d, since)) continue;
    if (targets.empty() ? !counts(d.target) : std::find(targets.begin(), targets.end(), d.target) == targets.end())
      continue;
    if (d.restarted) increase.restarted.push_back(d.target);
    increase.t = std::max(increase.t, d.t);
    increase.bad += d.numerator;
    increase.all += d.total;
    counted.push_back(i);
  }
  if (std::holds_alternative<QuantileSpec>(spec.kind)) increase.histogram = merged(counted);
  return increase;
}

/// The histogram of these deltas together.
std::vector<Bucket> Indicator::State::merged(const std::vector<std::size_t>& deltas) const {
  std::vector<std::uint32_t> layouts; // of parts
  std::vector<std::vector<Bucket>> parts;
  for (const std::size_t i : deltas) {
    const std::uint32_t layout = deltas_[i].layout;
    auto part = static_cast<std::size_t>(std::find(layouts.begin(), layouts.end(), layout) - layouts.begin());
    if (part == layouts.size()) {
      layouts.push_back(layout);
      parts.emplace_back();
      for (const double le : layouts_[layout].bounds) parts.back().push_back({le, 0});
    }
    const double* row = deltas_.row(i);
    for (Bucket& bucket : parts[part]) bucket.cumulative += *row++;
  }
  return merge_histograms(parts);
}

Reading Indicator::State::read(const GaugeSpec& gauge, Time now, Time since) const {
  Reading r = reading(now);
  const Time at = now - spec.query_offset;
  Time newest_data = Time::min();
  std::uint32_t series = 0;
  double sum = 0, low = 0, high = 0;
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    const Target& target = targets_[i];
    if (!counts(i)) continue;
    const std::uint32_t before = series;
    newest_data = std::max(newest_data, target.gauge.newest(at));
    target.gauge.each(at, std::max(at - spec.stale_after, since), [&](double v, Time t) {
      low = series == 0 ? v : std::min(low, v);
      high = series == 0 ? v : std::max(high, v);
      sum += v;
      r.newest = series == 0 ? t : std::max(r.newest, t);
      ++series;
    });
    if (series > before) ++r.scrapes;
  }
  r.requests = r.scrapes;
  if (series == 0) {
    explain_nothing(r, newest_data);
    return r;
  }
  if (series > 1 && !gauge.aggregate) {
    r.health = Health::error;
    r.why = count(series) + " series match and no aggregate is set";
    return r;
  }
  r.health = Health::ok;
  switch (gauge.aggregate.value_or(Aggregation::sum)) {
  case Aggregation::sum: r.value = sum; break;
  case Aggregation::min: r.value = low; break;
  case Aggregation::max: r.value = high; break;
  case Aggregation::avg: r.value = sum / series; break;
  }
  return r;
}

} // namespace backstop
