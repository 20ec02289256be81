#pragma once
#include "rules/time.hpp"
#include <vector>

/// Evidence that a value is beyond its line, or is about to be.
namespace backstop {

/// What a gauge is held against.
struct GaugeLine {
  double line = 0;
  double scale = 1;            ///< this far beyond it counts in full: twice the noise of the gauge
  double bar = 48;             ///< seconds in full that suffice
  bool higher_is_worse = true; ///< false: below the line is bad
  bool operator==(const GaugeLine&) const = default;
};

/// A CUSUM of clipped scores: C = max(0, C + clip((x - line) / scale, -1, 1) dt), in seconds. Clipped, so that one wild
/// value weighs no more than a bad one.
class GaugeEvidence {
public:
  struct State {
    double seconds = 0;
    Time newest{};
    bool operator==(const State&) const = default;
  };
  explicit GaugeEvidence(GaugeLine line) : line_(line) {}
  void add(Time t, double value, Duration interval);
  void clear() { state_ = State{}; }
  [[nodiscard]] double seconds() const { return state_.seconds; }
  [[nodiscard]] bool proven() const { return state_.seconds >= line_.bar; }
  [[nodiscard]] const GaugeLine& line() const { return line_; }
  [[nodiscard]] const State& state() const { return state_; }
  void restore(State state) { state_ = state; }

private:
  GaugeLine line_;
  State state_;
};

/// A leak: the values of the last 15 minutes rise on a straight line that crosses the limit soon. Each third of them rises
/// alike, which a step or a warm-up that levels off does not.
class Trend {
public:
  struct Point {
    Time t{};
    double value = 0;
    bool operator==(const Point&) const = default;
  };
  void add(Time t, double value);
  void clear() { points_.clear(); }
  /// Ordinary least squares: it is above `from` (the line and the newest point), and within `ahead` above `line`.
  [[nodiscard]] bool crosses(double line, double from, Time now, Duration ahead) const;
  [[nodiscard]] const std::vector<Point>& points() const { return points_; }
  void restore(std::vector<Point> points) { points_ = std::move(points); }

private:
  std::vector<Point> points_; ///< oldest first
};

} // namespace backstop
