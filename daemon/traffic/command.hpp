#pragma once
#include "daemon/traffic/deadline.hpp"
#include "rules/result.hpp"
#include <string>
#include <vector>

namespace backstop::traffic {

/// Runs a command, never through a shell, with nothing on its stdin, and waits for its end, not for that of what it started.
/// At the deadline it is killed. Error: it did not exit with 0; with what it said, on one line.
Status run_command(const std::vector<std::string>& argv, const Deadline& deadline);

} // namespace backstop::traffic
