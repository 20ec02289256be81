#pragma once
#include "daemon/config/sources.hpp"
#include "daemon/records.hpp"

namespace backstop {

/// A target that was found, as records have it, and back.
FoundTarget found_of(const config::TargetConfig& target);
config::TargetConfig target_of(const FoundTarget& found);
/// Makes of the targets before a change those after it.
void change_targets(const TargetsChanged& change, std::vector<config::TargetConfig>& targets);

} // namespace backstop
