#pragma once
#include "daemon/config/sources.hpp"
#include "rules/result.hpp"
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace backstop::config {

/// "HOST:PORT", "[ADDRESS]:PORT": a port from 1 to 65535, and a host that is a name or an address.
bool is_address(std::string_view text);

/// "HOST:PORT" of a URL; where it says no port, the usual one.
std::string address_in(std::string_view url);

/// What a look at the outside gave of one target.
struct FoundAddress {
  std::string address; ///< "HOST:PORT"; of a file also a whole URL
  std::map<std::string, std::string> labels;
};

/// The targets of a file in the format of Prometheus' file_sd, in JSON or YAML: a list of groups, each with `targets` (a
/// list of "HOST:PORT") and `labels`. What is the same in two groups is given once, with the labels of the first.
/// `file` stands in errors. Errors: Errc::invalid "FILE:LINE:COLUMN: what (how to mend it)"; too_large: more than kMostTargets.
Result<std::vector<FoundAddress>> parse_target_groups(std::string_view text, const std::string& file);

/// The target at `found`, of a source that asks by URL or (`tcp`) by address alone. The labels `__scheme__`,
/// `__metrics_path__` and `__param_NAME` say how its URL differs from what `discovery` says, as in Prometheus; other labels
/// that begin with __ are left out.
TargetConfig target_at(const FoundAddress& found, const Discovery& discovery, bool tcp);

} // namespace backstop::config
