#pragma once
#include <charconv>
#include <chrono>
#include <optional>
#include <string_view>

namespace checkout {

/// "500ms", "10s", "2m", "1h", and "0"; nothing else, nothing negative, at most 24 h.
inline std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  long long number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (error != std::errc{} || number < 0 || number > 86'400'000) return std::nullopt;
  std::chrono::milliseconds each{};
  if (unit == "ms")
    each = std::chrono::milliseconds(1);
  else if (unit == "s")
    each = std::chrono::seconds(1);
  else if (unit == "m")
    each = std::chrono::minutes(1);
  else if (unit == "h")
    each = std::chrono::hours(1);
  else if (number != 0 || !unit.empty())
    return std::nullopt;
  const auto duration = number * each;
  return duration <= std::chrono::hours(24) ? std::optional(duration) : std::nullopt;
}

} // namespace checkout
