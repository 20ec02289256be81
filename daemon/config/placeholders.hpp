#pragma once
#include <array>
#include <string_view>
#include <vector>

namespace backstop::config {

/// What may stand in braces in an argument of a command, each replaced by its value, never through a shell.
inline constexpr std::array<std::string_view, 7> kPlaceholders{
    "service", "environment", "version", "previous_version", "deployment", "incident", "reason"};
/// ... in commands of a plan where there is traffic, too; the last one in the command that moves it alone.
inline constexpr std::array<std::string_view, 3> kTrafficPlaceholders{"side", "other_side", "percent"};

/// The names in braces in `text`: {[a-z_]+}. Other braces (JSON) are left alone.
std::vector<std::string_view> placeholders_in(std::string_view text);

} // namespace backstop::config
