#pragma once
#include "daemon/config/notify.hpp"
#include "daemon/notice_text.hpp"
#include "daemon/state.hpp"
#include "rules/time.hpp"
#include <string>
#include <vector>

namespace backstop {

/// What nobody may forget: an open incident that nobody acknowledged is told again and to more people, and a review that
/// is due is asked for.
struct Reminder {
  Announcement announcement;
  std::vector<std::string> to; ///< channels and roles; empty: whoever hears of such a thing
};
struct IncidentCare {
  std::vector<Reminder> due;
  Time next = kNever; ///< when there may be something again
};

/// Somebody has it in hand; an acknowledgement may be given until a time.
bool is_acknowledged(const IncidentState& incident, Time now);

/// Of one incident, from what records say of it: what was told before is not told again, whatever happened between. One that
/// was due several times while the daemon was away is due once.
IncidentCare care_for(const IncidentState& incident, const config::Notify& notify, Time now);

} // namespace backstop
