#include "daemon/fold_parts.hpp"
#include <algorithm>
#include <utility>

namespace backstop {
namespace {

constexpr std::size_t kKeptDeadLetters = 100;

} // namespace

/// What an incident is told by from now on, where it has to be told again.
void FoldIncidents::keep_alarm(const NoticeQueued& notice) const {
  const auto it = s.incidents.find(notice.incident);
  if (it == s.incidents.end() || !it->second.open()) return;
  if (notice.severity == "alert" || notice.severity == "critical")
    s.last_alarms[{notice.incident, notice.channel}] = notice;
}

void FoldIncidents::operator()(const IncidentOpened& p) const {
  IncidentState i;
  i.id = p.id;
  i.service = p.service;
  i.deployment = p.deployment;
  i.severity = i.began_as = p.severity;
  i.title = p.title;
  i.record = r.seq;
  i.opened = r.time;
  s.incidents[p.id] = std::move(i);
  s.incident_order.push_back(p.id);
  s.cared_for.insert(p.id);
  ++s.next_incident;
  if (DeploymentState* d = find(p.deployment)) d->incident = p.id;
}

void FoldIncidents::operator()(const IncidentEscalated& p) const {
  if (const auto it = s.incidents.find(p.id); it != s.incidents.end()) {
    it->second.severity = p.severity;
    it->second.title = p.title;
  }
}

void FoldIncidents::operator()(const IncidentAcknowledged& p) const {
  if (const auto it = s.incidents.find(p.id); it != s.incidents.end()) {
    it->second.acknowledged_by = r.actor;
    it->second.acknowledged_at = r.time;
    it->second.acknowledged_until = p.until;
    it->second.comment = p.comment;
  }
}

void FoldIncidents::operator()(const IncidentResolved& p) const {
  if (const auto it = s.incidents.find(p.id); it != s.incidents.end()) {
    it->second.resolved = r.time;
    it->second.how_resolved = p.how;
    if (!it->second.needs_care()) s.cared_for.erase(p.id);
    s.last_alarms.erase(s.last_alarms.lower_bound({p.id, ""}), s.last_alarms.lower_bound({p.id + '\0', ""}));
  }
}

void FoldIncidents::operator()(const ReviewOpened& p) const {
  const auto it = s.incidents.find(p.incident);
  if (it == s.incidents.end()) return;
  it->second.review_opened = r.time;
  it->second.review_due = p.due;
  s.cared_for.insert(p.incident);
}

void FoldIncidents::operator()(const ReviewClosed& p) const {
  const auto it = s.incidents.find(p.incident);
  if (it == s.incidents.end()) return;
  it->second.reviewed = r.time;
  it->second.reviewed_by = r.actor;
  it->second.root_cause = p.root_cause;
  it->second.prevention = p.prevention;
  if (!it->second.needs_care()) s.cared_for.erase(p.incident);
}

void FoldIncidents::operator()(const NoticeQueued& p) const {
  OutboxEntry entry;
  entry.notice = p;
  entry.queued = r.time;
  entry.next_attempt = std::max(r.time, p.not_before);
  entry.number = s.next_notice++;
  s.outbox[p.key] = std::move(entry);
  if (const auto it = s.incidents.find(p.incident); it != s.incidents.end()) {
    it->second.told.try_emplace(p.body.text("event"), r.time);
    it->second.heard.insert(p.channel);
    it->second.last_told = r.time;
  }
}

void FoldIncidents::operator()(const NoticeEnded& p) const {
  if (const auto it = s.outbox.find(p.key); it != s.outbox.end() && p.delivered) keep_alarm(it->second.notice);
  s.outbox.erase(p.key);
  if (p.delivered || !p.superseded_by.empty()) return;
  s.dead_letters.push_back(p);
  if (s.dead_letters.size() > kKeptDeadLetters) s.dead_letters.erase(s.dead_letters.begin());
}

} // namespace backstop
