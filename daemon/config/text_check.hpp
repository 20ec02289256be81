#pragma once
#include "daemon/config/faults.hpp"
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace backstop::config {

/// What makes a text unfit before YAML is looked at: too large, not UTF-8, control characters, tabs in the indentation.
/// The fault carries no file name.
std::optional<Fault> fault_in_text(std::string_view text, std::size_t max_bytes);

/// The line of that number (from 1), without its end; "" where there is none.
std::string_view line_at(std::string_view text, int line);

/// `text` fit for a message: at most `most` bytes, cut between characters with "..." behind; control characters as '?'.
std::string shortened(std::string_view text, std::size_t most = 80);

} // namespace backstop::config
