#include "daemon/io/wall_clock.hpp"
#include "daemon/gating.hpp"
#include <ctime>

namespace backstop {

WallMinute wall_minute(Time at, bool utc) {
  if (utc) return utc_minute(at);
  constexpr std::int64_t kSecond = 1'000'000;
  const auto seconds = static_cast<std::time_t>(to_us(at) / kSecond);
  std::tm parts{};
  ::tzset(); // the zone of the host may have been set anew
  ::localtime_r(&seconds, &parts);
  return {parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_wday};
}

} // namespace backstop
