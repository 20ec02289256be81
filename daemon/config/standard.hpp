#pragma once
#include "rules/time.hpp"
#include <array>
#include <string_view>

namespace backstop::config {

/// A row of the built-in table (`thresholds: standard`), as it would be written in a file: so it is read in the unit of
/// the indicator it meets, and an overriding row replaces any part of it. Edges as written: 5% exactly is alert, 2%
/// exactly is alert, 1% exactly is in the hole between normal and alert.
struct StandardRow {
  std::string_view indicator;
  std::string_view normal, alert, critical;
  Duration for_alert, for_critical;
};

inline constexpr std::array<StandardRow, 5> kStandardRows{{
    {"error_rate", "< 1%", "2% - 5%", "> 5%", std::chrono::seconds(60), std::chrono::seconds(30)},
    {"latency_p95", "< 200ms", "200ms - 500ms", "> 500ms", std::chrono::seconds(60), std::chrono::seconds(30)},
    {"cpu_usage", "< 60%", "70% - 85%", "> 85%", std::chrono::seconds(120), std::chrono::seconds(60)},
    {"memory_usage", "< 70%", "75% - 90%", "> 90%", std::chrono::seconds(120), std::chrono::seconds(60)},
    {"db_connections", "< 50", "70 - 80", "> 80", std::chrono::seconds(60), std::chrono::seconds(30)},
}};

} // namespace backstop::config
