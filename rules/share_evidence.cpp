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
    : line_(line), most_per_second_(most_per_second) {
  const double q = line.share;
  for (const double times : times_worse) {
    const double p = std::min(kHighestShare, q * times);
    weights_.push_back(q > 0 && p > q ? Weight{std::log(p / q), std::log((1 - p) / (1 - q))} : Weight{});
  }
  clear();
}

void ShareEvidence::clear() {
  state_ = State{};
  state_.nats.assign(weights_.size(), 0);
}

void ShareEvidence::restore(State state) {
  if (state.nats.size() == weights_.size()) state_ = std::move(state);
}

void ShareEvidence::add(Time t, double bad, double all, Duration interval) {
  if (all <= 0) return;
  const double dt = std::max(0.01, evidence_seconds(state_.newest, t, interval)); // two targets at the same instant
  state_.newest = std::max(state_.newest, t);
  const double dispersion = 1 + all / dt * line_.share * line_.wander;
  const double most = most_per_second_ * dt;
  double greatest = 0, increment = 0;
  bad = std::min(bad, all);
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    const double ratio = bad * weights_[i].bad + (all - bad) * weights_[i].good;
    const double x = std::clamp(ratio / dispersion, -most, most);
    double& nats = state_.nats[i];
    nats = std::max(0.0, nats + x);
    if (nats < greatest) continue;
    greatest = nats;
    increment = x;
  }
  state_.last = {state_.last[1], state_.last[2], increment};
}

double ShareEvidence::nats() const {
  return state_.nats.empty() ? 0 : *std::max_element(state_.nats.begin(), state_.nats.end());
}

bool ShareEvidence::proven() const {
  const auto against = std::count_if(state_.last.begin(), state_.last.end(), [](double x) { return x > 0; });
  return nats() > line_.bar && against >= 2 && state_.last[0] + state_.last[1] + state_.last[2] > 0;
}

void Intermittence::add(Time t, double bad, double all) {
  if (all <= 0) return;
  if (!cells_.empty() && t - cells_.back().t < kCell) { // several targets: one cell
    cells_.back().bad += bad;
    cells_.back().all += all;
  } else {
    cells_.push_back({t, bad, all});
  }
  while (cells_.front().t <= t - kIntermittence) cells_.pop_front();
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
