// How evidence is gathered for one condition, and what it says. The lines come from evidence_line.cpp.
#include "rules/sequential.hpp"
#include <algorithm>
#include <cmath>
#include <utility>

namespace backstop {
namespace {

constexpr double kSevereBar = 8;
constexpr double kFewestForAQuantile = 40; ///< requests
constexpr Duration kCreepPoint = std::chrono::seconds(25);
constexpr Duration kCreepAhead = std::chrono::seconds(90);
constexpr double kCreepBelow = 0.05;    ///< in the logarithm: the fitted quantile is within 5 % of the line
constexpr double kCreepEvidence = 0.15; ///< of the bar: requests are slower than the line already
constexpr Duration kLeakAhead = std::chrono::seconds(60);
constexpr double kLeakBelow = 4;                       ///< in scales of the gauge ...
constexpr double kMostLeakBelow = 0.05;                ///< ... and of its line
constexpr Duration kUnarmed = std::chrono::minutes(1); ///< of the warm-up that counts as an outage that comes and goes

Trend::Shape shape_of(const EvidenceLine& line) {
  if (line.kind != EvidenceLine::Kind::slow_share) return {};
  return {std::chrono::minutes(15), std::chrono::seconds(400), Duration{}, 4, 0, 2, 0};
}

double per_second(double nats, Duration least) { return nats / std::max(1e-3, to_seconds(least)); }

std::string nats(double n) { return show(std::round(n * 10) / 10, Unit::count); }

} // namespace

Suspicion::Suspicion(EvidenceLine line, double quantile, const SequentialSpec& spec)
    : line_(std::move(line)), quantile_(quantile),
      share_(line_.share, per_second(ShareLine{}.bar, spec.sustain), kTimesWorse),
      severe_({line_.severe_share, 0, kSevereBar}, per_second(kSevereBar, spec.severe), kSeverelyWorse),
      intermittence_(line_.share, spec.sustain), gauge_(line_.gauge), trend_(shape_of(line_)) {}

void Suspicion::clear() {
  share_.clear();
  severe_.clear();
  intermittence_.clear();
  gauge_.clear();
  trend_.clear();
  filling_.clear();
  newest_ = Time{};
}

void Suspicion::add(const Observed& observed) {
  switch (line_.kind) {
  case EvidenceLine::Kind::none: return;
  case EvidenceLine::Kind::share: {
    const Increase& i = *observed.increase;
    if (i.t != Time{}) add_share(i.t, line_.inverted ? i.all - i.bad : i.bad, i.all, observed);
    return;
  }
  case EvidenceLine::Kind::slow_share: {
    const Increase& i = *observed.increase;
    if (i.t == Time{} || i.histogram.empty()) return;
    add_share(i.t, count_above(line_.slower_than, i.histogram), i.all, observed);
    add_creep(i);
    return;
  }
  case EvidenceLine::Kind::gauge: {
    const Reading& r = *observed.reading;
    if (!r.usable() || r.newest <= newest_) return;
    newest_ = r.newest;
    gauge_.add(r.newest, r.value, observed.interval);
    trend_.add(r.newest, line_.gauge.higher_is_worse ? r.value : -r.value);
    return;
  }
  }
}

void Suspicion::add_share(Time t, double bad, double all, const Observed& observed) {
  share_.add(t, bad, all, observed.interval);
  if (line_.kind != EvidenceLine::Kind::share) return;
  if (line_.severe_share > 0) severe_.add(t, bad, all, observed.interval);
  intermittence_.add(t, bad, all);
  if (!observed.armed) intermittence_.forget_before(t - kUnarmed);
}

/// The quantile of every half minute, or of as many requests as tell it, as points of a trend.
void Suspicion::add_creep(const Increase& increase) {
  if (filling_.empty()) filling_since_ = increase.t;
  add_histogram(filling_, increase.histogram);
  if (increase.t - filling_since_ < kCreepPoint || filling_.back().cumulative < kFewestForAQuantile) return;
  const double value = histogram_quantile(quantile_, filling_);
  if (std::isfinite(value) && value > 0)
    trend_.add(filling_since_ + (increase.t - filling_since_) / 2, std::log(value));
  filling_.clear();
}

Finding Suspicion::finding(Time now) const {
  Finding f;
  f.bar = line_.share.bar;
  switch (line_.kind) {
  case EvidenceLine::Kind::none: f.how = "not judged by evidence: " + line_.why; return f;
  case EvidenceLine::Kind::share:
  case EvidenceLine::Kind::slow_share: {
    f.evidence = share_.nats();
    f.how = "evidence " + nats(f.evidence) + " of " + nats(f.bar) + " nats";
    f.proven = share_.proven();
    if (line_.kind == EvidenceLine::Kind::slow_share) {
      const double limit = std::log(line_.slower_than);
      if (f.evidence > kCreepEvidence * f.bar && trend_.crosses(limit, limit - kCreepBelow, now, kCreepAhead)) {
        f.proven = true;
        f.how += ", and it rises steadily";
      }
    } else if (severe_.proven()) {
      f.proven = f.severe = true;
      f.evidence = std::max(f.evidence, severe_.nats());
      f.how = "severe: evidence " + nats(severe_.nats()) + " of " + nats(kSevereBar) + " nats for more than " +
              show(line_.severe_share, Unit::ratio);
    } else if (!f.proven && intermittence_.proven()) {
      f.proven = true;
      f.how += ", and it comes and goes";
    }
    break;
  }
  case EvidenceLine::Kind::gauge: {
    const GaugeLine& g = line_.gauge;
    f.evidence = f.bar * gauge_.seconds() / g.bar;
    f.proven = gauge_.proven();
    f.how = "beyond it for " + show(std::round(gauge_.seconds()), Unit::seconds) + " of " +
            show(std::round(g.bar), Unit::seconds);
    const double sign = g.higher_is_worse ? 1 : -1;
    const double below = std::min(kLeakBelow * g.scale, kMostLeakBelow * std::abs(g.line));
    if (!f.proven && trend_.crosses(sign * g.line, sign * g.line - below, now, kLeakAhead)) {
      f.proven = true;
      f.how = "it moves steadily and crosses the line within " + show(to_seconds(kLeakAhead), Unit::seconds);
    }
    break;
  }
  }
  if (!line_.why.empty()) f.how += "; " + line_.why;
  return f;
}

double Suspicion::gathered() const {
  return line_.kind == EvidenceLine::Kind::gauge ? gauge_.seconds() : share_.nats();
}

SuspicionState Suspicion::save() const {
  return {share_.state(), severe_.state(), intermittence_.cells(), gauge_.state(), trend_.points()};
}

void Suspicion::restore(SuspicionState state) {
  share_.restore(std::move(state.share));
  severe_.restore(std::move(state.severe));
  intermittence_.restore(std::move(state.cells));
  newest_ = state.gauge.newest;
  gauge_.restore(state.gauge);
  trend_.restore(std::move(state.trend));
}

void Trace::add(const Observed& observed, Time now) {
  const Increase* increase = observed.increase;
  const Reading& reading = *observed.reading;
  const bool counts = increase && increase->t != Time{};
  const bool value = reading.usable() && (cells_.empty() || reading.newest > cells_.back().t);
  if (!counts && !value) return;
  const Time t = counts ? increase->t : reading.newest;
  const Duration cell = std::max<Duration>(window_ / static_cast<int>(kCells - 40), Duration{1});
  if (cells_.empty() || t.time_since_epoch() / cell != cells_.back().t.time_since_epoch() / cell) cells_.push_back({});
  Cell& c = cells_.back();
  c.t = std::max(c.t, t);
  if (counts) {
    c.bad += increase->bad;
    c.all += increase->all;
    add_histogram(c.histogram, increase->histogram);
  }
  if (value) c.value = reading.value;
  while (cells_.size() > 1 && (cells_.front().t <= now - window_ || cells_.size() > kCells)) cells_.pop_front();
}

} // namespace backstop
