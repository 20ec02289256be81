#include "rules/settling.hpp"
#include <algorithm>
#include <cmath>

namespace backstop {
namespace {

constexpr double kNoticed = 0.2; ///< of what suffices: less is chance
constexpr Duration kWhole = std::chrono::seconds(5);
constexpr int kFewestScrapes = 6;

Duration with_margin(Duration worst, Duration interval) {
  const double wanted = kLearnedMargin * to_seconds(worst) + to_seconds(interval);
  const Duration whole = kWhole * static_cast<std::int64_t>(std::ceil(wanted / to_seconds(kWhole)));
  const Duration least = std::max<Duration>(kLeastLearned, kFewestScrapes * interval);
  return std::clamp(whole, least, std::max<Duration>(least, kMostLearned));
}

} // namespace

void SettlingWatch::add(Time finished, Time now, double evidence, Duration warm_up, Duration sustain) {
  if (state_.finished != finished) state_ = State{finished, true, {}};
  Settling& seen = state_.seen;
  const bool noticed = evidence >= kNoticed;
  if (state_.starting && noticed) seen.start = now - finished;
  state_.starting = state_.starting && (noticed || now < finished + warm_up);
  if (state_.starting) return;
  const Duration breach{static_cast<std::int64_t>(evidence * static_cast<double>(sustain.count()))};
  if (noticed) seen.breach = std::max(seen.breach, breach);
}

std::optional<LearnedTimes> learned_times(std::span<const Settling> seen, Duration interval) {
  if (seen.size() < kFewestToLearnFrom) return {};
  seen = seen.last(std::min(seen.size(), kMostToLearnFrom));
  Settling worst;
  for (const Settling& one : seen) {
    worst.start = std::max(worst.start, one.start);
    worst.breach = std::max(worst.breach, one.breach);
  }
  return LearnedTimes{with_margin(worst.start, interval), with_margin(worst.breach, interval), seen.size()};
}

} // namespace backstop
