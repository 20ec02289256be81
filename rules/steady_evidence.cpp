#include "rules/steady_evidence.hpp"
#include <algorithm>
#include <cmath>

namespace backstop {
namespace {

constexpr double kAbove = 0.13; ///< of the line: a minute so far above it says nothing yet
constexpr double kFull = 0.1;   ///< ... and so much further counts in full
constexpr double kMostAgainst = 3;
constexpr double kFewestBad = 3; ///< requests that are bad where the share is at its line
constexpr Duration kMinute = std::chrono::minutes(1);

} // namespace

SteadyEvidence::SteadyEvidence(ShareLine line)
    : line_(line), head_start_(line.bar, ShareLine{}.bar),
      width_(std::sqrt(std::max(1.0, line.wander / ShareLine::kWanderAssumed))),
      enough_(kEnough * line.bar / ShareLine{}.bar) {}

void SteadyEvidence::add(Time t, double bad, double all, Duration interval) {
  if (all <= 0) return;
  const bool is_full =
      t - state_.newest >= interval / 2 && t - state_.since >= kMinute && state_.all * line_.share >= kFewestBad;
  if (state_.since != Time{} && is_full) {
    const double above = state_.bad / state_.all / line_.share - 1;
    const double score = std::clamp((above / width_ - kAbove) / kFull, -kMostAgainst, 1.0);
    bool early = state_.early;
    const double minutes = head_start_.sum(state_.minutes, head_start_.counts(early) * score, early);
    state_ = {.minutes = minutes, .early = early};
  }
  state_.since = state_.since == Time{} ? t : std::min(state_.since, t);
  state_.newest = std::max(state_.newest, t);
  state_.bad += std::min(bad, all);
  state_.all += all;
}

} // namespace backstop
