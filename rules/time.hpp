#pragma once
#include <chrono>
#include <cstdint>

namespace backstop {

using Duration = std::chrono::microseconds;

/// The clock by which the daemon judges: monotonic, anchored once to wall time, so that a step of the wall clock moves
/// no deadline. It has no now() on purpose: time is always an argument (the edge reads it once a loop iteration).
struct JudgeClock {
  using rep = Duration::rep;
  using period = Duration::period;
  using duration = Duration;
  using time_point = std::chrono::time_point<JudgeClock, Duration>;
  static constexpr bool is_steady = true;
};

/// Microseconds since the Unix epoch, as the anchored monotonic clock tells them.
using Time = JudgeClock::time_point;

inline constexpr Time kNever = Time::max();

constexpr Time time_from_us(std::int64_t us) { return Time{Duration{us}}; }
constexpr std::int64_t to_us(Time t) { return t.time_since_epoch().count(); }
constexpr double to_seconds(Duration d) { return static_cast<double>(d.count()) / 1e6; }
constexpr Duration seconds_f(double s) { return Duration{static_cast<std::int64_t>(s * 1e6 + (s < 0 ? -0.5 : 0.5))}; }

} // namespace backstop
