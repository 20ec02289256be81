#pragma once
#include "rules/result.hpp"
#include "rules/time.hpp"
#include <string>
#include <vector>

namespace backstop::ctl {

/// What a program printed on standard output and error, the last megabytes of it; an error where it cannot be started, did
/// not end well, or not in time (it is ended then).
Result<std::string> output_of(const std::vector<std::string>& argv, Duration timeout);

} // namespace backstop::ctl
