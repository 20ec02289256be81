#include "rules/pair_evidence.hpp"
#include "rules/evidence_step.hpp"
#include <algorithm>
#include <cmath>
#include <utility>

namespace backstop {
namespace {

constexpr Duration kWithoutControl = std::chrono::minutes(2); ///< of the control group, before its line decides alone

} // namespace

void PairEvidence::clear() {
  state_ = State{};
  state_.nats.assign(kTimesWorse.size(), 0);
}

void PairEvidence::restore(State state) {
  if (state.nats.size() == kTimesWorse.size()) state_ = std::move(state);
}

void PairEvidence::add(Time t, const Group& canary, const Group& control, Duration interval) {
  State& s = state_;
  s.canary.bad += canary.bad, s.canary.all += canary.all;
  s.control.bad += control.bad, s.control.all += control.all;
  if (s.canary.all <= 0 || s.control.all <= 0) return;
  const double dt = std::max(0.01, evidence_seconds(s.newest, t, interval));
  s.newest = std::max(s.newest, t);
  const double share = s.canary.all / (s.canary.all + s.control.all); // of bad requests, if both are as good
  for (std::size_t i = 0; i < kTimesWorse.size(); ++i) {
    const double worse = kTimesWorse[i] * share / (kTimesWorse[i] * share + 1 - share);
    const double x = s.canary.bad * std::log(worse / share) + s.control.bad * std::log((1 - worse) / (1 - share));
    s.nats[i] = std::max(0.0, s.nats[i] + std::clamp(x, -most_per_second_ * dt, most_per_second_ * dt));
  }
  s.canary = s.control = Group{};
}

double PairEvidence::nats() const { return *std::max_element(state_.nats.begin(), state_.nats.end()); }

bool PairEvidence::compares(Time now) const { return state_.newest != Time{} && now - state_.newest < kWithoutControl; }

} // namespace backstop
