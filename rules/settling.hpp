#pragma once
#include "rules/time.hpp"
#include <cstddef>
#include <optional>
#include <span>

/// What good deployments of a service teach about the next one: how long it takes to settle, and how long it is bad by itself.
namespace backstop {

/// How a version that proved good behaved in its watch.
struct Settling {
  Duration start{};  ///< after `deploy finish`, until the evidence of its start was gone; zero: there was none
  Duration breach{}; ///< the most evidence after that, as the time of a breach that gives as much
  bool operator==(const Settling&) const = default;
};

/// Measures it while the watch goes on. What begins within the warm-up belongs to the start, until it is gone.
class SettlingWatch {
public:
  struct State {
    Time finished{}; ///< of the deployment that is measured; zero: none
    bool starting = true;
    Settling seen;
    bool operator==(const State&) const = default;
  };
  /// `evidence`: of the rule with the most, as a share of what suffices. `warm_up`: as configured, so that what was learned
  /// does not change what is learned. Another `finished` begins anew.
  void add(Time finished, Time now, double evidence, Duration warm_up, Duration sustain);
  [[nodiscard]] const State& state() const { return state_; }
  void restore(const State& state) { state_ = state; }

private:
  State state_;
};

/// The settings that good deployments justify.
struct LearnedTimes {
  Duration warm_up{}, sustain{};
  std::size_t deployments = 0; ///< that they come from
  bool operator==(const LearnedTimes&) const = default;
};

/// The next deployment is worse than all of the last n with a chance of 1 in n + 1, if they are alike; half as much again as
/// the worst is the margin for those that are not.
inline constexpr std::size_t kFewestToLearnFrom = 8;
inline constexpr std::size_t kMostToLearnFrom = 20;
inline constexpr double kLearnedMargin = 1.5;
inline constexpr Duration kLeastLearned = std::chrono::seconds(30);
inline constexpr Duration kMostLearned = std::chrono::minutes(5); ///< a bad version must not teach patience

/// From the newest kMostToLearnFrom of `seen` (oldest first); none before there are kFewestToLearnFrom. Whole 5 s, at least six
/// scrapes of `interval`, the slowest source's.
std::optional<LearnedTimes> learned_times(std::span<const Settling> seen, Duration interval);

} // namespace backstop
