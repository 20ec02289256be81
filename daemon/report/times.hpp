#pragma once
#include "rules/time.hpp"
#include <functional>
#include <string>

/// How times look in reports.
namespace backstop::report {

/// What clocks on the wall of the reader's place showed.
struct LocalClock {
  Duration ahead{}; ///< of UTC
  std::string zone; ///< "CET"
};
using LocalTime = std::function<LocalClock(Time)>;

std::string day_of(Time t, Duration ahead = {});   ///< "2026-01-31"
std::string clock_of(Time t, Duration ahead = {}); ///< "10:04:05"
std::string utc(Time t);                           ///< "2026-01-31 10:04:05 UTC"; "-" of zero
/// "2026-01-31 10:04:05 UTC (11:04:05 CET)"; where the two are the same, or only UTC is known, without the second.
std::string both(Time t, const LocalTime& local);

/// "590ms", "8.6s", "12m 05s", "3h 20m", "2d 4h": two parts at most.
std::string length_of(Duration d);
/// The same with its sign, "+7.3s", for a moment beside another.
std::string offset_of(Duration d);

} // namespace backstop::report
