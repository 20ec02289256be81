#pragma once
#include "rules/share_evidence.hpp"
#include "rules/time.hpp"

namespace backstop {

/// Evidence that a share stays above its line: by little, but on and on. What ShareEvidence takes a good version to wander
/// by is for services of which nothing is known; whoever stays above the line minute by minute shows that it wanders less.
///
/// Minutes are scored instead of requests. A minute in which the share is a quarter above the line, or more, counts in full,
/// one that is nearer less, one at the line against it, one far below it as three:
///   C = max(0, C + clip(((share / line - 1) - 0.13 w) / 0.1 w, -3, 1)),   in minutes,
/// a CUSUM of clipped scores, as GaugeEvidence. w is 1, or the wander that the baseline shows in units of the one assumed
/// (as standard deviations). No shorter outage can be proven by this. A minute lasts longer where it has too few requests to
/// show three bad ones at the line. At the start of a version there is a head start, see HeadStart.
class SteadyEvidence {
public:
  struct State {
    Time since{}, newest{}; ///< of the minute that fills; zero: none
    double bad = 0, all = 0;
    double minutes = 0; ///< below 0 only early
    bool early = false; ///< the head start is not spent
    bool operator==(const State&) const = default;
  };
  static constexpr double kEnough = 14; ///< minutes, at the bar that ShareLine has by default

  explicit SteadyEvidence(ShareLine line);
  /// As ShareEvidence::add: answers within half an interval of each other end no minute between them.
  void add(Time t, double bad, double all, Duration interval);
  /// A version starts: nothing is gathered, and there is a head start.
  void start() { state_ = State{.early = true}; }

  [[nodiscard]] double minutes() const { return std::max(0.0, state_.minutes); }
  [[nodiscard]] double enough() const { return enough_; } ///< minutes
  [[nodiscard]] bool proven() const { return state_.minutes >= enough_; }
  [[nodiscard]] const State& state() const { return state_; }
  void restore(State state) { state_ = state; }

private:
  ShareLine line_;
  HeadStart head_start_;
  double width_; ///< w
  double enough_;
  State state_;
};

} // namespace backstop
