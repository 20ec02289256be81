// How evidence is gathered for one condition, and what it says. The lines come from evidence_line.cpp.
#include "rules/sequential.hpp"
#include <algorithm>
#include <cmath>
#include <utility>

namespace backstop {
namespace {

constexpr double kSevereBar = 8;
constexpr double kPairBar = 7;             ///< nats: one in a thousand
constexpr double kFewestForAQuantile = 40; ///< requests
constexpr Duration kCreepPoint = std::chrono::seconds(25);
constexpr Duration kLeakAhead = std::chrono::seconds(60);
constexpr double kLeakBelow = 4;                       ///< in scales of the gauge ...
constexpr double kMostLeakBelow = 0.05;                ///< ... and of its line
constexpr Duration kUnarmed = std::chrono::minutes(1); ///< of the warm-up that counts as an outage that comes and goes

double per_second(double nats, Duration least) { return nats / std::max(1e-3, to_seconds(least)); }

/// By the information in one request (Wald): how many it takes on average to tell twice the share from it.
double requests_to_tell(const ShareLine& line) {
  constexpr double most = 0.97;
  const double q = line.share, p = std::min(most, 2 * q);
  if (q <= 0 || p <= q) return 0;
  return line.bar / (p * std::log(p / q) + (1 - p) * std::log((1 - p) / (1 - q)));
}

void add_nats(std::string& text, double n, double of) {
  text += show(std::round(n * 10) / 10, Unit::count) + " of " + show(std::round(of * 10) / 10, Unit::count) + " nats";
}

} // namespace

Suspicion::Suspicion(EvidenceLine line, double quantile, const SequentialSpec& spec)
    : line_(std::move(line)), quantile_(quantile),
      share_(line_.share, per_second(ShareLine{}.bar, spec.sustain), kTimesWorse),
      severe_({line_.severe_share, 0, kSevereBar}, per_second(kSevereBar, spec.severe), kSeverelyWorse),
      steady_(line_.share), intermittence_(line_.share, spec.sustain), gauge_(line_.gauge),
      pair_(per_second(kSevereBar, spec.severe)) {}

void Suspicion::start() {
  share_.start();
  severe_.clear();
  steady_.start();
  intermittence_.clear();
  gauge_.clear();
  crash_loop_.clear();
  pair_.clear();
  weighed_ = 0;
  trend_.clear();
  creep_.clear();
  filling_.clear();
  newest_ = Time{};
}

double Suspicion::bad_of(const Increase& increase) const {
  if (line_.kind == EvidenceLine::Kind::slow_share) return count_above(line_.slower_than, increase.histogram);
  return line_.inverted ? increase.all - increase.bad : increase.bad;
}

void Suspicion::add(const Observed& observed) {
  switch (line_.kind) {
  case EvidenceLine::Kind::none: return;
  case EvidenceLine::Kind::share:
  case EvidenceLine::Kind::slow_share: {
    const Increase& i = *observed.increase;
    grouped_ = observed.control != nullptr;
    if (grouped_) {
      const Increase& other = *observed.control;
      if (const Time t = std::max(i.t, other.t); t != Time{})
        pair_.add(t, {bad_of(i), i.all}, {bad_of(other), other.all}, observed.interval);
    }
    if (i.t == Time{}) return;
    for (const std::uint32_t target : i.restarted) crash_loop_.add(i.t, target, observed.interval);
    if (line_.kind == EvidenceLine::Kind::slow_share && i.histogram.empty()) return;
    add_share(i.t, bad_of(i), i.all, observed);
    if (line_.kind == EvidenceLine::Kind::slow_share) add_creep(i, observed.interval);
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
  steady_.add(t, bad, all, observed.interval);
  if (observed.armed) weighed_ += all;
  if (line_.kind != EvidenceLine::Kind::share) return;
  if (line_.severe_share > 0) severe_.add(t, bad, all, observed.interval);
  intermittence_.add(t, bad, all);
  if (!observed.armed) intermittence_.forget_before(t - kUnarmed);
}

/// The quantile of every half minute, or of as many requests as tell it, as points of a trend.
void Suspicion::add_creep(const Increase& increase, Duration interval) {
  const bool goes_on = filling_.empty() || increase.t - filling_newest_ < interval / 2; // another target's answer
  if (!goes_on && filling_newest_ - filling_since_ >= kCreepPoint &&
      filling_.back().cumulative >= kFewestForAQuantile) {
    const double value = histogram_quantile(quantile_, filling_);
    if (std::isfinite(value) && value > 0)
      creep_.add(filling_since_ + (filling_newest_ - filling_since_) / 2, std::log(value));
    filling_.clear();
  }
  filling_since_ = filling_.empty() ? increase.t : std::min(filling_since_, increase.t);
  filling_newest_ = filling_.empty() ? increase.t : std::max(filling_newest_, increase.t);
  add_histogram(filling_, increase.histogram);
}

double Suspicion::steady_nats() const { return line_.share.bar * steady_.minutes() / steady_.enough(); }

Finding Suspicion::finding(Time now) const {
  Finding f;
  f.bar = line_.share.bar;
  switch (line_.kind) {
  case EvidenceLine::Kind::none: f.how = "not judged by evidence: " + line_.why; return f;
  case EvidenceLine::Kind::share:
  case EvidenceLine::Kind::slow_share: find_share(f, now); break;
  case EvidenceLine::Kind::gauge: find_gauge(f, now); break;
  }
  if (!line_.why.empty()) f.how += "; " + line_.why;
  return f;
}

void Suspicion::find_share(Finding& f, Time now) const {
  const double nats = share_.nats(now), steady = steady_nats();
  f.evidence = std::max(nats, steady);
  f.how.reserve(64);
  f.how = "evidence ";
  add_nats(f.how, f.evidence, f.bar);
  if (steady > nats)
    f.how += ", for it stays above it (" + show(std::floor(steady_.minutes()), Unit::count) + " of " +
             show(std::round(steady_.enough()), Unit::count) + " minutes)";
  f.proven = share_.proven(now) || steady_.proven();
  f.weighed = weighed_;
  f.weighed_needed = requests_to_tell(line_.share);
  if (line_.kind == EvidenceLine::Kind::slow_share) {
    if (const double rise = creep_.reaches(std::log(line_.slower_than), now); rise > 0) {
      f.proven = true;
      f.how += ", and it rose to it steadily, by " + show(std::exp(rise) - 1, Unit::ratio);
    }
  } else if (severe_.proven(now)) {
    f.proven = f.severe = true;
    f.evidence = std::max(f.evidence, severe_.nats(now));
    f.how = "severe: evidence ";
    add_nats(f.how, severe_.nats(now), kSevereBar);
    f.how += " for more than " + show(line_.severe_share, Unit::ratio);
  } else if (!f.proven && share_.is_whole(now) && intermittence_.proven()) {
    f.proven = true;
    f.how += ", and it comes and goes";
  }
  if (grouped_ && pair_.compares(now)) {
    const bool worse = pair_.nats() > kPairBar;
    f.proven = f.proven && worse;
    f.severe = f.severe && worse;
    f.how += worse ? ", and the canary group is worse than the control group ("
                   : ", and the canary group is not shown to be worse than the control group (";
    add_nats(f.how, pair_.nats(), kPairBar);
    f.how += ')';
  }
  if (const std::uint32_t restarts = crash_loop_.worst(now); line_.crash_loop > 0 && restarts >= line_.crash_loop) {
    f.proven = f.severe = true;
    f.how = "crash loop: " + show(restarts, Unit::count) + " restarts of one target in " +
            show(to_seconds(CrashLoop::kSpan), Unit::seconds);
  }
}

void Suspicion::find_gauge(Finding& f, Time now) const {
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
}

double Suspicion::gathered() const {
  return line_.kind == EvidenceLine::Kind::gauge ? gauge_.seconds() : std::max(share_.nats(kNever), steady_nats());
}

SuspicionState Suspicion::save() const {
  const bool creeps = line_.kind == EvidenceLine::Kind::slow_share;
  return {share_.state(),         severe_.state(), steady_.state(),
          intermittence_.cells(), gauge_.state(),  creeps ? creep_.points() : trend_.points(),
          crash_loop_.restarts(), pair_.state(),   weighed_};
}

void Suspicion::restore(SuspicionState state) {
  share_.restore(std::move(state.share));
  severe_.restore(std::move(state.severe));
  steady_.restore(state.steady);
  intermittence_.restore(std::move(state.cells));
  newest_ = state.gauge.newest;
  gauge_.restore(state.gauge);
  if (line_.kind == EvidenceLine::Kind::slow_share)
    creep_.restore(std::move(state.trend));
  else
    trend_.restore(std::move(state.trend));
  crash_loop_.restore(std::move(state.restarts));
  pair_.restore(std::move(state.pair));
  weighed_ = state.weighed;
}

void Trace::add(const Observed& observed, Time now) {
  const Increase* increase = observed.increase;
  const Reading& reading = *observed.reading;
  const bool counts = increase && increase->t != Time{};
  const bool value = reading.usable() && (cells_.empty() || reading.newest > cells_.back().t);
  if (!counts && !value) return;
  const Time t = counts ? increase->t : reading.newest;
  const Duration cell = std::max<Duration>(window_ / static_cast<int>(kCells - 40), Duration{1});
  if (cells_.empty() || t.time_since_epoch() / cell != cells_.back().t.time_since_epoch() / cell) {
    if (cells_.size() == cells_.capacity())
      cells_.reserve(cells_.size() + cells_.size() / 4 + 4); // doubled, it is a lot
    cells_.push_back({});
  }
  Cell& c = cells_.back();
  c.t = std::max(c.t, t);
  if (counts) {
    c.bad += increase->bad;
    c.all += increase->all;
    c.restarted.insert(c.restarted.end(), increase->restarted.begin(), increase->restarted.end());
    add_histogram(c.histogram, increase->histogram);
  }
  if (value) c.value = reading.value;
  while (cells_.size() > 1 && (cells_.front().t <= now - window_ || cells_.size() > kCells))
    cells_.erase(cells_.begin());
}

void Trace::prepend(const Trace& before) {
  const Time first = cells_.empty() ? Time::max() : cells_.front().t;
  const auto to = std::find_if(before.cells_.begin(), before.cells_.end(), [first](auto& c) { return c.t >= first; });
  const auto room = static_cast<std::ptrdiff_t>(kCells - std::min(cells_.size(), kCells));
  cells_.insert(cells_.begin(), to - std::min(room, to - before.cells_.begin()), to);
}

} // namespace backstop
