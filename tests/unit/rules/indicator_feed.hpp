#pragma once
#include "rules/indicator.hpp"
#include <initializer_list>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace backstop::feed {

inline constexpr double kInf = std::numeric_limits<double>::infinity();
inline constexpr std::uint32_t kErrors = 0; // selectors of source 0
inline constexpr std::uint32_t kTotal = 1;
inline constexpr std::uint32_t kBuckets = 2;
inline constexpr std::uint32_t kGauge = 3;
inline constexpr std::uint32_t kCounter = 4;

inline Time at(double seconds) { return Time{seconds_f(seconds)} + std::chrono::hours(24); }
inline Duration sec(double seconds) { return seconds_f(seconds); }

/// (series, value) pairs of one selector.
struct Values {
  std::uint32_t selector;
  std::vector<std::pair<std::uint32_t, double>> values;
};
inline Values errors(std::vector<std::pair<std::uint32_t, double>> v) { return {kErrors, std::move(v)}; }
inline Values total(std::vector<std::pair<std::uint32_t, double>> v) { return {kTotal, std::move(v)}; }
inline Values gauge(std::vector<std::pair<std::uint32_t, double>> v) { return {kGauge, std::move(v)}; }
inline Values counter(std::vector<std::pair<std::uint32_t, double>> v) { return {kCounter, std::move(v)}; }

inline Scrape scrape(double t, std::uint32_t target, std::initializer_list<Values> groups) {
  Scrape s;
  s.target = target;
  s.t = s.arrived = at(t);
  for (const Values& group : groups) {
    for (const auto& [series, value] : group.values) s.samples.push_back({group.selector, series, value, 0});
  }
  return s;
}

/// One histogram: (le, cumulative) with series ids from `series` on.
inline Scrape histogram(double t, std::uint32_t target, const std::vector<Bucket>& buckets, std::uint32_t series = 0) {
  Scrape s;
  s.target = target;
  s.t = s.arrived = at(t);
  for (const Bucket& b : buckets) s.samples.push_back({kBuckets, series++, b.cumulative, b.le});
  return s;
}

inline Scrape failed(double t, std::uint32_t target, std::string why) {
  Scrape s;
  s.target = target;
  s.t = s.arrived = at(t);
  s.health = ScrapeHealth::error;
  s.why = std::move(why);
  return s;
}

inline Indicator ratio(double window = 30, double min_requests = 1, double stale_after = 30, double offset = 0) {
  return {7,
          {"error_rate", Unit::ratio, RatioSpec{0, kErrors, kTotal, sec(window), min_requests}, sec(stale_after),
           sec(offset)}};
}
inline Indicator quantile(double q = 0.95, double window = 30, double min_requests = 1) {
  return {7, {"latency_p95", Unit::seconds, QuantileSpec{0, kBuckets, q, sec(window), min_requests}, sec(30), {}}};
}
inline Indicator gauge_of(std::optional<Aggregation> aggregate = {}, double stale_after = 30, double offset = 0) {
  return {7, {"connections", Unit::count, GaugeSpec{0, kGauge, aggregate}, sec(stale_after), sec(offset)}};
}
inline Indicator rate(double window = 30, double stale_after = 30) {
  return {7, {"orders", Unit::count, RateSpec{0, kCounter, sec(window)}, sec(stale_after), {}}};
}

} // namespace backstop::feed
