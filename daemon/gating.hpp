#pragma once
#include "daemon/service_watch.hpp"
#include "daemon/state.hpp"
#include "rules/calendar.hpp"
#include <functional>
#include <string>
#include <vector>

/// What is still missing before a requested deployment may begin. Pure: whoever asks gives the time on the wall.
namespace backstop {

/// The time on the wall here, or (`utc`) in UTC.
using WallClock = std::function<WallMinute(Time, bool utc)>;
/// For those who have no other: UTC.
WallMinute utc_minute(Time at);

/// What the items show that the daemon itself can look at: indicators and sources. `watch` null: nothing is measured.
std::vector<CheckedItem> look_at_items(const config::Gates& gates, const ServiceWatch* watch);

/// Items that are commands and have not ended well: "tests-passing (tech-lead): exit status 1". As they ended last.
std::vector<std::string> open_commands(const DeploymentState& deployment);
/// Roles that have not agreed, in their order.
std::vector<std::string> open_approvals(const DeploymentState& deployment);
/// Enforced indicators that had no data for the whole of the baseline window: "error_rate: 12m of 30m".
std::vector<std::string> blind_indicators(const ServiceWatch& watch, Time now);
/// A rule that may act and cannot be judged now. Few requests make none blind.
bool is_blind(const Verdict& verdict);
/// Why no deployment may begin at this time; empty: one may.
std::string closed_at(const config::Gates& gates, Time now, const WallClock& clock);

/// All of the above, commands left out: they are asked anew when it begins.
std::vector<std::string> missing_before(const DeploymentState& deployment, const ServiceWatch& watch, Time now,
                                        const WallClock& clock);

/// The item of its checklist with this name; null: there is none.
const config::ChecklistItem* item_of(const DeploymentState& deployment, const std::string& name);
/// Another role than `role` that this person signed for, of the request or at a step of the plan; empty: none.
std::string signed_as(const DeploymentState& deployment, const std::string& actor, const std::string& role);

/// Who a person is, in whatever group: "uid:1000" of "uid:1000(ana)".
std::string person_of(const std::string& actor);

} // namespace backstop
