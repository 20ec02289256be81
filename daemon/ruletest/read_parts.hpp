#pragma once
#include "daemon/config/mapping.hpp"
#include "daemon/ruletest/suite.hpp"
#include <string>
#include <vector>

/// The reader of suite.hpp, in parts. Faults go into the sheet.
namespace backstop::ruletest {

/// [{at: 30m, begin: v2}, ...] into `test`, in order of time. `service` is its key.
void read_events(config::Sheet& sheet, const config::Node& node, const std::string& service, Test& test);

/// [{at: 33m10s, decision: RollBack}, ...] into `test`. `rules`: those that there are.
void read_expectations(config::Sheet& sheet, const config::Node& node, const std::vector<std::string>& rules,
                       Test& test);

} // namespace backstop::ruletest
