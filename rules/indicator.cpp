#include "rules/indicator.hpp"
#include "rules/indicator_state.hpp"
#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

namespace backstop {
namespace {

constexpr double kRounding = 1e-9; // counters may be sums of fractions: errors == total must not look torn

struct WindowOf {
  Duration operator()(const GaugeSpec&) const { return {}; }
  template <class Spec> Duration operator()(const Spec& spec) const { return spec.window; }
};

} // namespace

Indicator::State::State(std::uint32_t index_, IndicatorSpec spec_)
    : index(index_), spec(std::move(spec_)), window(std::visit(WindowOf{}, spec.kind)) {
  const bool is_gauge = std::holds_alternative<GaugeSpec>(spec.kind);
  if (!is_gauge) keep = std::max(window, spec.stale_after) + spec.query_offset;
  if (is_gauge && spec.query_offset > Duration::zero()) keep = spec.stale_after + spec.query_offset;
}

Indicator::Indicator(std::uint32_t index, IndicatorSpec spec)
    : state_(std::make_unique<State>(index, std::move(spec))) {}
Indicator::Indicator(Indicator&&) noexcept = default;
Indicator& Indicator::operator=(Indicator&&) noexcept = default;
Indicator::~Indicator() = default;

const IndicatorSpec& Indicator::spec() const { return state_->spec; }
std::uint64_t Indicator::dropped() const { return state_->dropped; }

std::uint32_t source_of(const IndicatorKind& kind) {
  return std::visit([](const auto& k) { return k.source; }, kind);
}

void Indicator::target_left(std::uint32_t source, std::uint32_t target) {
  if (source_of(state_->spec.kind) != source || target >= state_->targets_.size()) return;
  state_->targets_[target].away = true;
  state_->targets_[target].failing = false;
  state_->targets_[target].gauge = {};
}

void Indicator::forget_target(std::uint32_t source, std::uint32_t target) {
  if (source_of(state_->spec.kind) != source || target >= state_->targets_.size()) return;
  state_->targets_[target] = {};
}

void Indicator::observe(const Scrape& scrape) {
  std::visit(
      [&](const auto& kind) {
        if (kind.source != scrape.source) return;
        if (state_->targets_.size() <= scrape.target) state_->targets_.resize(scrape.target + std::size_t{1});
        State::Target& target = state_->targets_[scrape.target];
        target.tried = scrape.t;
        target.failing = scrape.health != ScrapeHealth::ok;
        if (target.failing) {
          target.why = scrape.why;
          return;
        }
        state_->take(kind, scrape, target);
        target.scraped = true;
        target.away = false;
        target.good = scrape.t;
      },
      state_->spec.kind);
}

void Indicator::set_judged(std::vector<std::uint32_t> targets) {
  std::sort(targets.begin(), targets.end());
  state_->judged = std::move(targets);
}

Reading Indicator::read(Time now, Time since) const {
  return std::visit([&](const auto& kind) { return state_->read(kind, now, since); }, state_->spec.kind);
}

std::uint64_t Indicator::taken() const { return state_->taken; }
Increase Indicator::increase_after(std::uint64_t mark, Time since, std::span<const std::uint32_t> targets) const {
  return state_->increase_after(mark, since, targets);
}
std::vector<Bucket> Indicator::histogram(Time now, Time since) const { return state_->histogram(now, since); }

void Indicator::State::take(const RatioSpec& ratio, const Scrape& scrape, Target& target) {
  const SampleRange total = samples_of(scrape, ratio.total);
  // An answer without total says nothing of errors either. Both books stay as they are: the next answer covers this
  // one.
  if (total.empty()) return;
  increases_.clear();
  CounterBook::Step step = target.counter.take(total, scrape.t, !target.scraped, increases_);
  const std::size_t totals = increases_.size();
  const CounterBook::Step errors =
      target.errors.take(samples_of(scrape, ratio.errors), scrape.t, !target.scraped, increases_);
  step.from = std::min(step.from, errors.from);
  step.restarted = step.restarted || errors.restarted;
  step.impossible += errors.impossible;

  Delta delta = delta_of(scrape, target, step);
  for (std::size_t i = 0; i < totals; ++i) delta.total += increases_[i];
  for (std::size_t i = totals; i < increases_.size(); ++i) delta.numerator += increases_[i];
  if (delta.numerator > delta.total * (1 + kRounding)) delta.kind = Delta::Kind::torn;
  if (delta.restarted) {
    target.errors.restart_absent(scrape.t);
    target.counter.restart_absent(scrape.t);
  }
  push(delta);
}

void Indicator::State::take(const RateSpec& rate, const Scrape& scrape, Target& target) {
  const SampleRange samples = samples_of(scrape, rate.counter);
  if (samples.empty()) return;
  increases_.clear();
  Delta delta = delta_of(scrape, target, target.counter.take(samples, scrape.t, !target.scraped, increases_));
  for (const double increase : increases_) delta.total += increase;
  if (delta.restarted) target.counter.restart_absent(scrape.t);
  push(delta);
}

void Indicator::State::take(const QuantileSpec& quantile, const Scrape& scrape, Target& target) {
  const SampleRange samples = samples_of(scrape, quantile.buckets);
  if (samples.empty()) return;
  increases_.clear();
  Delta delta = delta_of(scrape, target, target.counter.take(samples, scrape.t, !target.scraped, increases_));
  if (delta.restarted) target.counter.restart_absent(scrape.t);
  merge_row(samples, target, delta);
  push(delta);
}

void Indicator::State::take(const GaugeSpec& gauge, const Scrape& scrape, Target& target) {
  const SampleRange samples = samples_of(scrape, gauge.gauge);
  const std::uint32_t impossible = target.gauge.take(samples, scrape.t, keep);
  dropped += impossible;
  if (samples.size() > impossible) newest_data_ = std::max(newest_data_, scrape.t);
}

Delta Indicator::State::delta_of(const Scrape& scrape, const Target& target, const CounterBook::Step& step) {
  dropped += step.impossible;
  Delta delta;
  delta.t = scrape.t;
  delta.target = scrape.target;
  delta.restarted = step.restarted && !spec.many_processes;
  delta.kind = target.scraped ? Delta::Kind::counted : Delta::Kind::first;
  if (target.away && step.restarted) { // another process: what it did before it was there counts for nobody
    delta.restarted = false;
    delta.kind = Delta::Kind::first;
  }
  delta.from = target.scraped ? std::min(step.from, target.good) : scrape.t;
  return delta;
}

/// Adds the increases of all bucket series of one answer by their bound, into row_ (bounds: layout_bounds_).
void Indicator::State::merge_row(SampleRange samples, Target& target, Delta& delta) {
  row_.assign(target.bounds.size(), 0);
  row_count_.assign(target.bounds.size(), 0);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double le = samples.begin()[i].le;
    if (std::isnan(le)) {
      ++dropped;
      continue;
    }
    const auto bound = std::lower_bound(target.bounds.begin(), target.bounds.end(), le);
    const auto at = std::distance(target.bounds.begin(), bound);
    if (bound == target.bounds.end() || *bound != le) {
      target.bounds.insert(bound, le);
      row_.insert(row_.begin() + at, 0);
      row_count_.insert(row_count_.begin() + at, 0);
    }
    row_[at] += increases_[i];
    ++row_count_[at];
  }
  if (target.bounds.empty() || target.bounds.back() != std::numeric_limits<double>::infinity() ||
      row_count_.back() == 0) {
    delta.kind = Delta::Kind::no_inf;
    return;
  }
  // Every histogram has each bound once, so each bound occurs as often as +Inf. If not, the sums mean nothing.
  layout_bounds_.clear();
  for (std::size_t i = 0; i < row_.size(); ++i) {
    if (row_count_[i] == 0) continue; // a bound of an earlier version
    if (row_count_[i] != row_count_.back()) {
      delta.kind = Delta::Kind::mixed_bounds;
      return;
    }
    row_[layout_bounds_.size()] = row_[i];
    layout_bounds_.push_back(target.bounds[i]);
  }
  row_.resize(layout_bounds_.size());
  delta.total = row_.back();
  if (delta.kind == Delta::Kind::counted) target.layout = delta.layout = layout_of(target);
}

std::uint32_t Indicator::State::layout_of(const Target& target) {
  if (target.layout < layouts_.size() && layouts_[target.layout].bounds == layout_bounds_) return target.layout;
  auto layout =
      std::find_if(layouts_.begin(), layouts_.end(), [&](const Layout& l) { return l.bounds == layout_bounds_; });
  if (layout == layouts_.end()) {
    layout = std::find_if(layouts_.begin(), layouts_.end(), [](const Layout& l) { return l.rows == 0; });
    if (layout == layouts_.end()) layout = layouts_.insert(layouts_.end(), Layout{});
    layout->bounds = layout_bounds_;
  }
  return static_cast<std::uint32_t>(std::distance(layouts_.begin(), layout));
}

void Indicator::State::push(const Delta& delta) {
  const bool has_row = std::holds_alternative<QuantileSpec>(spec.kind);
  const bool counted = delta.kind == Delta::Kind::counted;
  ++taken;
  if (!counted && delta.kind != Delta::Kind::first) ++dropped;
  newest_data_ = std::max(newest_data_, delta.t);
  while (!deltas_.empty() && deltas_[0].t <= newest_data_ - keep) {
    if (has_row && deltas_[0].kind == Delta::Kind::counted) --layouts_[deltas_[0].layout].rows;
    deltas_.pop_front();
  }
  if (has_row && counted) {
    ++layouts_[delta.layout].rows;
    deltas_.push(delta, row_.data(), row_.size());
  } else {
    deltas_.push(delta);
  }
}

} // namespace backstop
