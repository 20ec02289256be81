#pragma once
#include "daemon/config/config.hpp"
#include "daemon/replay/recorded_samples.hpp"
#include "daemon/replay/replay.hpp"
#include <map>
#include <string>
#include <vector>

namespace backstop::replay {

/// The targets that sources which look for theirs had when a replay begins, by source: those that are not
/// known to have joined before their first scrape. Their order and labels are those that the deployment was judged with, where that is
/// known.
std::map<std::string, std::vector<config::TargetConfig>>
first_targets(const config::Service& service, const Request& request, const Recording& recording);

} // namespace backstop::replay
