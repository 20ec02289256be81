#include "daemon/report/times.hpp"
#include <chrono>
#include <cstdlib>
#include <fmt/format.h>

namespace backstop::report {
namespace {

using Seconds = std::chrono::sys_seconds;

Seconds seconds_of(Time t, Duration ahead) {
  return std::chrono::floor<std::chrono::seconds>(
      std::chrono::sys_time<std::chrono::microseconds>{std::chrono::microseconds{to_us(t + ahead)}});
}

} // namespace

std::string day_of(Time t, Duration ahead) {
  const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(seconds_of(t, ahead))};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::string clock_of(Time t, Duration ahead) {
  const Seconds at = seconds_of(t, ahead);
  const auto s = (at - std::chrono::floor<std::chrono::days>(at)).count();
  return fmt::format("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

std::string utc(Time t) { return t == Time{} || t == kNever ? "-" : day_of(t) + " " + clock_of(t) + " UTC"; }

std::string both(Time t, const LocalTime& local) {
  if (t == Time{} || t == kNever || !local) return utc(t);
  const LocalClock clock = local(t);
  if (clock.ahead == Duration{}) return utc(t);
  const bool same_day = day_of(t) == day_of(t, clock.ahead);
  return utc(t) + " (" + (same_day ? "" : day_of(t, clock.ahead) + " ") + clock_of(t, clock.ahead) + " " + clock.zone +
         ")";
}

std::string length_of(Duration d) {
  const double s = to_seconds(d < Duration{} ? -d : d);
  const auto whole = static_cast<std::int64_t>(s + 0.5);
  if (s < 0.0005) return "0s";
  if (s < 0.9995) return fmt::format("{:.0f}ms", s * 1000);
  if (s < 59.95) return fmt::format("{:.1f}s", s);
  if (whole < 3600) return fmt::format("{}m {:02}s", whole / 60, whole % 60);
  if (whole < 86400) return fmt::format("{}h {:02}m", whole / 3600, whole / 60 % 60);
  return fmt::format("{}d {}h", whole / 86400, whole / 3600 % 24);
}

std::string offset_of(Duration d) { return (d < Duration{} ? "-" : "+") + length_of(d); }

} // namespace backstop::report
