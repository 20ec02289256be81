#pragma once
#include "rules/calendar.hpp"
#include "rules/time.hpp"

namespace backstop {

/// The minute that a clock on the wall of this host shows, by its time zone as it is now; or (`utc`) that of UTC.
WallMinute wall_minute(Time at, bool utc);

} // namespace backstop
