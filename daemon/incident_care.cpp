#include "daemon/incident_care.hpp"
#include "daemon/config/quantities.hpp"
#include <algorithm>

namespace backstop {
namespace {

constexpr Duration kOverdueEvery = std::chrono::hours(24);

/// In whole minutes, for people.
std::string about(Duration d) {
  return config::show_duration(
      std::max<Duration>(std::chrono::floor<std::chrono::minutes>(d), std::chrono::minutes(1)));
}

std::size_t told_of_kind(const IncidentState& i, const std::string& kind) {
  return static_cast<std::size_t>(
      std::count_if(i.told.begin(), i.told.end(), [&](const auto& t) { return t.first.starts_with(kind); }));
}

/// `due` is now or passed: it is told. Else it is what comes next.
void add(IncidentCare& care, const IncidentState& i, Time due, Time now, Announcement announcement,
         std::vector<std::string> to) {
  if (i.told.contains(announcement.event)) return;
  if (due > now) {
    care.next = std::min(care.next, due);
    return;
  }
  announcement.incident = i.id;
  announcement.deployment = i.deployment;
  care.due.push_back({std::move(announcement), std::move(to)});
}

void care_for_open(IncidentCare& care, const IncidentState& i, const config::Notify& notify, Time now) {
  if (is_acknowledged(i, now)) {
    if (i.acknowledged_until != Time{}) care.next = std::min(care.next, i.acknowledged_until);
    return;
  }
  // After an acknowledgement that ran out it begins anew.
  const Time since = std::max(i.opened, i.acknowledged_until);
  const std::string round = i.acknowledged_until == Time{} ? "" : "." + std::to_string(to_us(i.acknowledged_until));
  for (std::size_t k = 0; k < notify.escalate.size(); ++k) {
    const config::Escalation& step = notify.escalate[k];
    add(care, i, since + step.after, now,
        {"escalated." + std::to_string(k + 1) + round, i.severity,
         "NOBODY ACKNOWLEDGED for " + config::show_duration(step.after) + ": " + i.title + "; backstopctl ack " + i.id,
         "", ""},
        step.to);
  }
  if (notify.repeat_interval == Duration{}) return;
  const std::size_t repeats = told_of_kind(i, "repeat.");
  add(care, i, std::max(since, i.last_told) + notify.repeat_interval, now,
      {"repeat." + std::to_string(repeats + 1), i.severity,
       "STILL OPEN after " + about(now - i.opened) + ": " + i.title + "; backstopctl ack " + i.id, "", ""},
      {});
}

/// At 50 % and 90 % of the time that was given, when it is over, and each day after. Never more than "info": a review is
/// nothing to wake anybody for.
void care_for_review(IncidentCare& care, const IncidentState& i, Time now) {
  const Duration given = i.review_due - i.review_opened;
  const std::int64_t days = now < i.review_due ? 0 : (now - i.review_due) / kOverdueEvery;
  struct Mark {
    std::string event;
    Time at;
  };
  const Mark marks[] = {{"review_due.50", i.review_opened + given / 2},
                        {"review_due.90", i.review_opened + given * 9 / 10},
                        {"review_overdue." + std::to_string(days + 1), i.review_due + days * kOverdueEvery},
                        {"", i.review_due + (days + 1) * kOverdueEvery}};
  const Mark* passed = nullptr; // of several that passed meanwhile the last
  for (const Mark& mark : marks) {
    if (mark.at > now) {
      care.next = std::min(care.next, mark.at);
      break;
    }
    passed = &mark;
  }
  if (!passed || i.told.contains(passed->event)) return;
  const std::string when = now < i.review_due ? "is due in " + about(i.review_due - now)
                                              : "is OVERDUE" + (days > 0 ? " since " + about(now - i.review_due) : "");
  care.due.push_back({{passed->event, "info",
                       i.service + ": the review of " + i.id + " " + when + "; backstopctl incident review " + i.id +
                           " --root-cause … --prevention …",
                       i.id, i.deployment},
                      {}});
}

} // namespace

bool is_acknowledged(const IncidentState& i, Time now) {
  return i.acknowledged_at != Time{} && (i.acknowledged_until == Time{} || now < i.acknowledged_until);
}

IncidentCare care_for(const IncidentState& incident, const config::Notify& notify, Time now) {
  IncidentCare care;
  if (incident.open()) care_for_open(care, incident, notify, now);
  if (incident.review_due != Time{} && incident.reviewed == Time{}) care_for_review(care, incident, now);
  return care;
}

} // namespace backstop
