// Where the lines come from: the table's limits, moved away from what was normal before the deployment.
#include "rules/sequential.hpp"
#include <algorithm>
#include <cmath>
#include <utility>

namespace backstop {
namespace {

using Kind = EvidenceLine::Kind;

constexpr double kSevereShare = 0.45;
constexpr double kWorseShare = 1.8;    ///< a share that was bad already must be this many times what it was
constexpr double kWorseQuantile = 1.5; ///< likewise a quantile
constexpr double kWorseTail = 3;       ///< likewise the share of slow requests
constexpr double kMostTail = 0.3;
constexpr double kWanderOfLatency = 0.8; ///< at least; more where the baseline shows it
constexpr double kMostWander = 30;
constexpr double kUnknownWander = 5; ///< of a latency without a baseline
constexpr double kGaugeShareOfSustain = 0.6;
constexpr Duration kBlock = std::chrono::seconds(30);
constexpr double kFewestForAQuantile = 40;
constexpr std::size_t kFewestBlocks = 10;

/// The upper one of the two in the middle, where there are two; 0 of none.
double upper_median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Sums of half minutes of the trace.
struct Block {
  double bad = 0, all = 0, seconds = 0;
  std::vector<Bucket> histogram;
};

std::vector<Block> blocks_of(const Trace& before, double fewest) {
  std::vector<Block> blocks;
  Block filling;
  Time since{};
  for (const Trace::Cell& cell : before.cells()) {
    if (cell.all <= 0) continue;
    if (since == Time{}) since = cell.t;
    filling.bad += cell.bad;
    filling.all += cell.all;
    add_histogram(filling.histogram, cell.histogram);
    if (cell.t - since < kBlock - std::chrono::seconds(5) || filling.all < fewest) continue;
    filling.seconds = to_seconds(cell.t - since);
    blocks.push_back(std::exchange(filling, Block{}));
    since = Time{};
  }
  return blocks;
}

/// How far the share wanders beyond chance: Pearson's chi-square of a block is on average the dispersion
/// 1 + (requests a second) share wander, see ShareEvidence. Their median over the one of chance, that single blocks with
/// requests that stall do not make the service look as if it wandered.
template <class BadOf>
double wander_of(const std::vector<Block>& blocks, double share, double otherwise, BadOf bad_of) {
  constexpr double kMedianOfChance = 0.455; ///< of chi-square with one degree of freedom
  std::vector<double> chi;
  double per_second = 0;
  for (const Block& block : blocks) {
    if (block.all * share < 1 || block.seconds <= 0) continue;
    const double off = bad_of(block) - share * block.all;
    chi.push_back(off * off / (block.all * share * (1 - share)));
    per_second += block.all / block.seconds;
  }
  if (chi.size() < kFewestBlocks || share <= 0) return otherwise;
  per_second /= static_cast<double>(chi.size());
  return (upper_median(std::move(chi)) / kMedianOfChance - 1) / (per_second * share);
}

/// Goes through what was before as it would through what comes, and raises the bar by how far it got: cron jobs, noisy
/// hosts and what was bad already then take more to be blamed on the new version.
void raise_by_replay(EvidenceLine& line, double quantile, const Trace& before, const SequentialSpec& spec,
                     Duration interval) {
  constexpr double kLowerLatency = 0.88; ///< the line of the replay: what came close counts
  constexpr double kNoticed = 0.2, kRaise = 1.4;
  EvidenceLine lower = line;
  lower.slower_than *= kLowerLatency;
  lower.severe_share = 0;
  Suspicion suspicion(lower, quantile, spec);
  double peak = 0;
  for (const Trace::Cell& cell : before.cells()) {
    const Increase increase{cell.all > 0 ? cell.t : Time{}, cell.bad, cell.all, cell.histogram, {}};
    Reading reading;
    reading.health = cell.value ? Health::ok : Health::no_data;
    reading.value = cell.value.value_or(0);
    reading.newest = cell.t;
    suspicion.add({&increase, nullptr, &reading, interval, true});
    peak = std::max(peak, suspicion.gathered());
  }
  double& bar = line.kind == Kind::gauge ? line.gauge.bar : line.share.bar;
  if (peak <= kNoticed * bar) return;
  bar += kRaise * peak;
  line.why += (line.why.empty() ? "" : "; ") + std::string("it did so before, which raised the bar");
}

/// A target that restarted again and again before is no news.
void excuse_restarts(EvidenceLine& line, const Trace& before, Duration interval) {
  CrashLoop loop;
  std::uint32_t most = 0;
  for (const Trace::Cell& cell : before.cells()) {
    for (const std::uint32_t target : cell.restarted) loop.add(cell.t, target, interval);
    most = std::max(most, loop.worst(cell.t));
  }
  if (most < 2) return; // a deployment
  line.crash_loop = most >= CrashLoop::kFewest ? 0 : CrashLoop::kFewest + 2 * most;
}

void moved(EvidenceLine& line, double from, double to, Unit unit) {
  if (to != from && from > 0) line.why = "the line is " + show(to, unit) + ", for what was normal before";
}

EvidenceLine share_line(const Condition& c, const Trace& before) {
  EvidenceLine line;
  line.inverted = !is_upward(c);
  double bad = 0, all = 0;
  for (const Trace::Cell& cell : before.cells()) {
    bad += line.inverted ? cell.all - cell.bad : cell.bad;
    all += cell.all;
  }
  double share = 0;
  if (c.limit) share = line.inverted ? 1 - c.limit->value : c.limit->value;
  if (c.of_baseline && all > 0) {
    const double factor = c.of_baseline->value;
    share = std::max(share, line.inverted ? 1 - factor * (1 - bad / all) : factor * bad / all);
  }
  if (share <= 0) {
    line.why = "there is no baseline to compare with";
    return line;
  }
  line.kind = Kind::share;
  const double before_share = all > 0 ? (bad + 0.5) / (all + 100) : 0; // one request in a hundred is not a rate
  line.share.share = std::clamp(std::max(share, kWorseShare * before_share), 1e-3, 0.9);
  moved(line, share, line.share.share, Unit::ratio);
  const double wander = wander_of(blocks_of(before, 1), before_share, ShareLine::kWanderAssumed,
                                  [&](const Block& b) { return line.inverted ? b.all - b.bad : b.bad; });
  line.share.wander = std::clamp(wander, ShareLine::kWanderAssumed, kMostWander);
  line.severe_share = std::max(kSevereShare, std::min(0.9, 3 * before_share));
  return line;
}

EvidenceLine slow_line(const QuantileSpec& quantile, const Condition& c, const Trace& before, Unit unit) {
  EvidenceLine line;
  const std::vector<Block> blocks = blocks_of(before, kFewestForAQuantile);
  std::vector<Bucket> all;
  std::vector<double> quantiles;
  for (const Trace::Cell& cell : before.cells()) add_histogram(all, cell.histogram);
  for (const Block& block : blocks) {
    const double value = histogram_quantile(quantile.q, block.histogram);
    if (std::isfinite(value)) quantiles.push_back(value);
  }
  double normal = 0;
  if (quantiles.size() >= 5) {
    normal = upper_median(std::move(quantiles));
  } else if (!all.empty() && all.back().cumulative >= kFewestForAQuantile) {
    normal = histogram_quantile(quantile.q, all);
    if (!std::isfinite(normal)) normal = 0;
  }
  double limit = 0;
  if (c.limit) limit = c.limit->value;
  if (c.of_baseline) limit = std::max(limit, c.of_baseline->value * normal);
  if (limit <= 0) {
    line.why = "there is no baseline to compare with";
    return line;
  }
  line.kind = Kind::slow_share;
  line.slower_than = std::max(limit, kWorseQuantile * normal);
  moved(line, limit, line.slower_than, unit);
  const double tail = 1 - quantile.q;
  const double requests = all.empty() ? 0 : all.back().cumulative;
  const double slow_before = requests > 0 ? count_above(line.slower_than, all) / requests : 0;
  line.share.share = std::max(tail, std::min(kWorseTail * slow_before, kMostTail));
  const double wander = normal <= 0 ? kUnknownWander : wander_of(blocks, tail, kUnknownWander, [&](const Block& b) {
    return count_above(normal, b.histogram);
  });
  line.share.wander = std::clamp(wander, kWanderOfLatency, kMostWander);
  return line;
}

EvidenceLine gauge_line(const Condition& c, const Trace& before, const SequentialSpec& spec, Unit unit) {
  EvidenceLine line;
  line.gauge.higher_is_worse = is_upward(c);
  const double sign = line.gauge.higher_is_worse ? 1 : -1;
  std::vector<double> values, steps;
  for (const Trace::Cell& cell : before.cells()) {
    if (!cell.value) continue;
    if (!values.empty()) steps.push_back(*cell.value - values.back());
    values.push_back(*cell.value);
  }
  const bool known = values.size() >= 2 * kFewestBlocks;
  const double normal = upper_median(values);
  std::optional<double> limit;
  if (c.limit) limit = c.limit->value;
  if (c.of_baseline && known) {
    const double by_baseline = c.of_baseline->value * normal;
    limit = limit ? sign * std::max(sign * *limit, sign * by_baseline) : by_baseline;
  }
  if (!limit) {
    line.why = "there is no baseline to compare with";
    return line;
  }
  line.kind = Kind::gauge;
  line.gauge.bar = kGaugeShareOfSustain * to_seconds(spec.sustain);
  const double size = std::max(std::abs(*limit), 1e-9);
  line.gauge.scale = 0.02 * size;
  line.gauge.line = *limit;
  if (!known) return line;
  const double centre = upper_median(steps);
  for (double& step : steps) step = std::abs(step - centre);
  const double noise =
      1.4826 * upper_median(steps) / std::sqrt(2.0); // of the values, robustly (MAD), from their differences
  line.gauge.scale = std::max(2 * noise, 0.005 * size);
  const double margin = std::max(4 * line.gauge.scale, 0.05 * size);
  line.gauge.line = sign * std::max(sign * *limit, sign * normal + margin);
  moved(line, *limit, line.gauge.line, unit);
  return line;
}

} // namespace

std::string_view name_of(EvidenceLine::Kind kind) {
  switch (kind) {
  case Kind::none: return "none";
  case Kind::share: return "share";
  case Kind::slow_share: return "slow_share";
  case Kind::gauge: return "gauge";
  }
  return "none";
}

EvidenceLine::Kind evidence_kind_named(std::string_view name) {
  for (const Kind kind : {Kind::share, Kind::slow_share, Kind::gauge}) {
    if (name == name_of(kind)) return kind;
  }
  return Kind::none;
}

EvidenceLine line_for(const IndicatorSpec& indicator, const Condition& condition, const Trace& before,
                      const SequentialSpec& spec, Duration interval) {
  const auto* quantile = std::get_if<QuantileSpec>(&indicator.kind);
  const bool is_ratio = std::holds_alternative<RatioSpec>(indicator.kind);
  const bool counts = is_ratio || (quantile && is_upward(condition));
  const Trace none(Duration{1});
  const Trace& normal = counts && indicator.grouped() && !condition.of_baseline ? none : before;
  EvidenceLine line = is_ratio ? share_line(condition, normal)
                      : counts ? slow_line(*quantile, condition, normal, indicator.unit)
                               : gauge_line(condition, before, spec, indicator.unit);
  if (line.kind == Kind::none) return line;
  raise_by_replay(line, quantile ? quantile->q : 0, normal, spec, interval);
  if (counts) excuse_restarts(line, before, interval);
  return line;
}

} // namespace backstop
