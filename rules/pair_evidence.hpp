#pragma once
#include "rules/time.hpp"
#include <array>
#include <vector>

namespace backstop {

/// Evidence that one group of targets is worse than another that runs at the same time. Whatever befalls both (the hour, a
/// dependency that is down, a burst of bad requests) speaks for neither: given that k of all requests were bad, which group
/// they came from depends on their traffic alone, unless one is worse (Lindon, Malek 2022: anytime-valid inference for
/// multinomial count data; here with fixed alternatives, and as a clipped CUSUM like ShareEvidence).
class PairEvidence {
public:
  /// How many times worse than the other group, as alternatives.
  static constexpr std::array<double, 5> kTimesWorse{1.5, 2, 4, 8, 20};
  /// Requests of a group.
  struct Group {
    double bad = 0, all = 0;
    bool operator==(const Group&) const = default;
  };
  struct State {
    std::vector<double> nats; ///< by alternative
    Time newest{};            ///< of the last comparison; zero: there was none
    Group canary, control;    ///< not compared yet: the other group's answer is still to come
    bool operator==(const State&) const = default;
  };

  explicit PairEvidence(double most_per_second) : most_per_second_(most_per_second) { clear(); }
  /// What a scrape brought, of either group. Compared as soon as both had requests; without, there is no evidence.
  void add(Time t, const Group& canary, const Group& control, Duration interval);
  void clear();
  [[nodiscard]] double nats() const;
  /// The control group had requests lately: there is something to compare with.
  [[nodiscard]] bool compares(Time now) const;
  [[nodiscard]] const State& state() const { return state_; }
  void restore(State state);

private:
  double most_per_second_;
  State state_;
};

} // namespace backstop
