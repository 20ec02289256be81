#pragma once
#include "daemon/ruletest/suite.hpp"
#include <string>

namespace backstop::ruletest {

/// The samples of a test until its end, as OpenMetrics text with timestamps.
std::string samples_of(const Test& test);

} // namespace backstop::ruletest
