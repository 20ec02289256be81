#pragma once
#include "rules/time.hpp"
#include <algorithm>

namespace backstop {

/// Seconds of evidence that what was read at `t` stands for: the time since what was read before it, at `newest`, but no
/// more than half a minute, as nobody looked in between. Zero `newest`: it is the first, and stands for `interval`.
inline double evidence_seconds(Time newest, Time t, Duration interval) {
  constexpr double longest = 30;
  return std::clamp(to_seconds(newest == Time{} ? interval : t - newest), 0.0, longest);
}

} // namespace backstop
