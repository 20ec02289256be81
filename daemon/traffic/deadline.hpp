#pragma once
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

namespace backstop::traffic {

/// The moment by which all is done, or said not to be.
class Deadline {
public:
  using Clock = std::chrono::steady_clock;
  explicit Deadline(std::chrono::milliseconds from_now) : whole_(from_now), at_(Clock::now() + from_now) {}

  /// For poll(2); 0 once it has passed.
  [[nodiscard]] int left_ms() const {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(at_ - Clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
  }
  [[nodiscard]] bool passed() const { return left_ms() == 0; }
  /// All the time that there was: "30s".
  [[nodiscard]] std::string text() const {
    char out[32];
    std::snprintf(out, sizeof out, "%gs", static_cast<double>(whole_.count()) / 1000);
    return out;
  }

private:
  std::chrono::milliseconds whole_;
  Clock::time_point at_;
};

} // namespace backstop::traffic
