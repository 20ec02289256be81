#pragma once
#include "daemon/config/config.hpp"
#include "daemon/record.hpp"
#include "daemon/records.hpp"
#include "daemon/replay/events.hpp"
#include "rules/result.hpp"
#include "rules/time.hpp"
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace backstop::replay {

/// A deployment that a daemon judged, as its records tell it, to be judged again.
struct PastDeployment {
  std::string service;       ///< key
  std::string config_text;   ///< the service's file, as it was frozen
  DeploymentBegun frozen;    ///< what it was judged by
  std::vector<Event> events; ///< in order of time
  /// When a rollback of it began: what came after is of no use to judge it by.
  std::optional<Time> rolled_back;
  std::optional<Time> ended;
};

/// From records in the order of the journal, and the holds that were in force when it began (DeploymentState::held).
/// Left out are a person's answers to a question (in a replay nobody is asked) and holds that ended by themselves.
/// Errors (Errc::invalid): it never began, or records of it are missing.
Result<PastDeployment> past_deployment(const std::string& id, std::span<const Record> records,
                                       const std::map<std::string, Time>& held);

/// When it began.
std::optional<Time> begun_at(const PastDeployment& past);
/// Leaves out what became of daemons up to the first sample.
void start_at(PastDeployment& past, Time first);

/// What of `frozen`, which `then` was judged by, holds for `now` too: baselines of indicators that were not changed, and
/// the lines of the sequential judge where nothing was.
DeploymentBegun still_frozen(DeploymentBegun frozen, const config::Service& then, const config::Service& now);

} // namespace backstop::replay
