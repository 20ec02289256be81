#include "rules/share_evidence.hpp"
#include "rules/evidence_step.hpp"
#include <algorithm>
#include <cmath>

namespace backstop {
namespace {

constexpr double kHighestShare = 0.97;
constexpr Duration kIntermittence = std::chrono::minutes(3);
constexpr Duration kCell = std::chrono::seconds(1);

/// ln of the likelihood ratio of share p over share q.
double log_ratio(double bad, double all, double p, double q) {
  double nats = 0;
  if (bad > 0) nats += bad * std::log(p / q);
  if (all > bad) nats += (all - bad) * std::log((1 - p) / (1 - q));
  return nats;
}

} // namespace

ShareEvidence::ShareEvidence(ShareLine line, double most_per_second, std::span<const double> times_worse)
    : line_(line), head_start_(line.bar, ShareLine{}.bar), most_per_second_(most_per_second) {
  const double q = line.share;
  for (const double times : times_worse) {
    const double p = std::min(kHighestShare, q * times);
    weights_.push_back(q > 0 && p > q ? Weight{std::log(p / q), std::log((1 - p) / (1 - q))} : Weight{});
  }
  clear();
}

void ShareEvidence::clear() {
  state_ = State{};
  state_.before.nats.assign(weights_.size(), 0);
  now_ = state_.before;
}

void ShareEvidence::start() {
  clear();
  state_.before.early = (1U << weights_.size()) - 1;
  now_ = state_.before;
}

void ShareEvidence::restore(State state) {
  if (state.before.nats.size() != weights_.size()) return;
  state_ = std::move(state);
  now_ = state_.before;
  if (state_.round.t != Time{}) weigh();
}

void ShareEvidence::add(Time t, double bad, double all, Duration interval) {
  if (all <= 0) return;
  Round& round = state_.round;
  if (round.t == Time{} || t - round.t >= interval / 2) {
    state_.before = now_;
    round = {t, t, 0, 0, interval, 0};
  }
  ++round.answers;
  round.newest = std::max(round.newest, t);
  round.bad += std::min(bad, all);
  round.all += all;
  weigh();
}

void ShareEvidence::weigh() {
  const auto& [first, newest, bad, all, interval, answers] = state_.round;
  const Sum& before = state_.before;
  const double dt = std::max(0.01, evidence_seconds(before.newest, newest, interval));
  const double dispersion = 1 + all / dt * line_.share * line_.wander;
  const double most = most_per_second_ * dt;
  // What comes after a pause in the traffic may have begun just now.
  const double most_at_first = std::min(most, most_per_second_ * to_seconds(interval));
  double greatest = 0, increment = 0;
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    const double ratio = bad * weights_[i].bad + (all - bad) * weights_[i].good;
    bool early = (before.early >> i & 1U) != 0;
    const double counts = head_start_.counts(early);
    const double x = std::clamp(counts * ratio / dispersion, -most, before.nats[i] > 0 ? most : most_at_first);
    now_.nats[i] = head_start_.sum(before.nats[i], x, early);
    now_.early = early ? now_.early | 1U << i : now_.early & ~(1U << i);
    if (now_.nats[i] < greatest) continue;
    greatest = now_.nats[i];
    increment = x;
  }
  now_.last = {before.last[1], before.last[2], increment};
  now_.newest = std::max(before.newest, newest);
  now_.answers = answers;
}

bool ShareEvidence::is_whole(Time now) const {
  return state_.round.answers >= state_.before.answers || now - state_.round.t >= state_.round.interval / 2;
}

double ShareEvidence::nats(Time now) const {
  const std::vector<double>& nats = sum(now).nats;
  return nats.empty() ? 0 : std::max(0.0, *std::max_element(nats.begin(), nats.end()));
}

bool ShareEvidence::proven(Time now) const {
  const std::array<double, 3>& last = sum(now).last;
  const auto against = std::count_if(last.begin(), last.end(), [](double x) { return x > 0; });
  constexpr double rounding = 1e-9; // of adding up what the time limits
  return nats(now) >= line_.bar - rounding && against >= 2 && last[0] + last[1] + last[2] > 0;
}

void Intermittence::add(Time t, double bad, double all) {
  if (all <= 0) return;
  if (!cells_.empty() && t - cells_.back().t < kCell) { // several targets: one cell
    cells_.back().bad += bad;
    cells_.back().all += all;
  } else {
    cells_.push_back({t, bad, all});
  }
  forget_before(t - kIntermittence + Duration{1});
}

bool Intermittence::proven() const {
  constexpr double kWorse = 1.3;
  constexpr double kBadLeft = 3; ///< requests that must be bad outside of the worst stretch
  double bad = 0, all = 0;
  for (const Cell& cell : cells_) bad += cell.bad, all += cell.all;
  if (all <= 0 || bad / all <= kWorse * line_.share) return false;
  const double share = std::min(kHighestShare, bad / all);
  const double span = std::max(1.0, to_seconds(cells_.back().t - cells_.front().t));
  const double dispersion = 1 + all / span * line_.share * line_.wander;
  if (log_ratio(bad, all, share, line_.share) <= line_.bar * dispersion) return false;
  double in_bad = 0, in_all = 0, worst_bad = 0, worst_all = 0;
  std::size_t first = 0;
  for (const Cell& cell : cells_) {
    in_bad += cell.bad;
    in_all += cell.all;
    while (cells_[first].t <= cell.t - tolerated_) {
      in_bad -= cells_[first].bad;
      in_all -= cells_[first].all;
      ++first;
    }
    if (in_bad - line_.share * in_all > worst_bad - line_.share * worst_all) worst_bad = in_bad, worst_all = in_all;
  }
  const double left_bad = bad - worst_bad, left_all = all - worst_all;
  return left_bad >= kBadLeft && left_all > 0 && left_bad / left_all > line_.share;
}

} // namespace backstop
