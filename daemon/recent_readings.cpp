#include "daemon/recent_readings.hpp"
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace backstop {
namespace {

std::int64_t second_of(Time t) { return std::chrono::floor<std::chrono::seconds>(t.time_since_epoch()).count(); }

/// The shortest decimal number that this is, so that 0.1 does not become 0.10000000149.
double widened(float value) {
  std::array<char, 32> text{};
  const auto written = std::to_chars(text.data(), text.data() + text.size(), value);
  double wide = 0;
  std::from_chars(text.data(), written.ptr, wide);
  return wide;
}

} // namespace

void RecentReadings::note(Time t, std::span<const Reading> readings) {
  width_ = readings.size();
  std::size_t at = times_.size();
  const bool any = !times_.empty();
  if (any && t < time(size() - 1)) return;
  if (any && second_of(t) == second_of(time(size() - 1))) {
    at = place(size() - 1);
  } else if (times_.size() == kPoints) {
    at = oldest_;
    oldest_ = (oldest_ + 1) % kPoints;
  } else {
    times_.push_back(t);
    values_.resize(times_.size() * width_);
  }
  times_[at] = t;
  for (std::size_t i = 0; i < width_; ++i)
    values_[at * width_ + i] =
        readings[i].usable() ? static_cast<float>(readings[i].value) : std::numeric_limits<float>::quiet_NaN();
}

std::optional<double> RecentReadings::value(std::size_t i, std::size_t indicator) const {
  const float value = values_[place(i) * width_ + indicator];
  return std::isnan(value) ? std::nullopt : std::optional(widened(value));
}

} // namespace backstop
