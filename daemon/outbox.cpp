#include "daemon/outbox.hpp"
#include "daemon/channels/kinds.hpp"
#include "daemon/notice_text.hpp"
#include <algorithm>
#include <set>
#include <vector>

namespace backstop {
namespace {

constexpr Duration kPageRetry = std::chrono::seconds(30);
constexpr Duration kMostHeldUp = std::chrono::minutes(5);
constexpr Duration kNoticeKept = std::chrono::hours(24);

} // namespace

Outbox::Outbox(Ledger& ledger, Notifier& notifier, const config::Config& config)
    : ledger_(ledger), notifier_(notifier), config_(config) {}

Time Outbox::pump(Time now) {
  now_ = now;
  const Time queue = pump_queue(now);
  return std::min(queue, pump_repeats(now));
}

Time Outbox::pump_queue(Time now) {
  Time due = kNever;
  std::vector<const OutboxEntry*> in_order;
  for (const auto& [key, entry] : ledger_.state().outbox) in_order.push_back(&entry);
  std::sort(in_order.begin(), in_order.end(), [](const auto* a, const auto* b) { return a->number < b->number; });
  std::vector<std::string> ready;
  std::set<OfIncident> held_up;
  for (const OutboxEntry* entry : in_order) {
    const NoticeQueued& q = entry->notice;
    const OfIncident which{q.incident, q.channel};
    const auto repeated = repeats_.find(which);
    // A repeat under way could arrive behind the end of what it repeats.
    const bool repeating = repeated != repeats_.end() && repeated->second.sending;
    const Time at =
        held_up.contains(which) ? std::max(entry->next_attempt, entry->queued + kMostHeldUp) : entry->next_attempt;
    if (!q.incident.empty() && !entry->refused) held_up.insert(which);
    if (entry->sending || repeating) continue;
    at <= now ? ready.push_back(q.key) : void(due = std::min(due, at));
  }
  for (const std::string& key : ready) send(ledger_.state().outbox.at(key), now);
  return due;
}

void Outbox::send(const OutboxEntry& entry, Time now) {
  const std::string key = entry.notice.key;
  if (now - entry.queued > kNoticeKept) {
    ledger_.add(NoticeEnded{key, "given up after 24h: " + entry.last_error, false, entry.attempts}, now);
    return;
  }
  Notice notice = notice_of(entry.notice);
  ledger_.fold().notice_attempt(key, true, now, {entry.refused ? Errc::refused : Errc::io, entry.last_error});
  ledger_.after_commit([this, notice = std::move(notice)] {
    notifier_.send(notice, [this, key = notice.key](const Delivery& delivery) { notice_done(key, delivery); });
  });
}

void Outbox::notice_done(const std::string& key, const Delivery& delivery) {
  const auto it = ledger_.state().outbox.find(key);
  if (it == ledger_.state().outbox.end()) return;
  const int attempts = it->second.attempts;
  const Time at = std::max(now_, delivery.at); // nothing may have been due since it was sent
  if (!delivery.status) {
    ledger_.fold().notice_attempt(key, false, at + backoff(key, attempts, delivery.retry_after),
                                  delivery.status.error());
    return;
  }
  const NoticeQueued notice = it->second.notice;
  const std::int64_t number = it->second.number;
  ledger_.add(NoticeEnded{key, "", true, attempts}, at);
  if (const config::Channel* channel = wants_repeats(notice.channel); channel && !notice.incident.empty())
    repeats_[{notice.incident, notice.channel}].next = at + channel->resend;
  if (notice.severity == "resolved" && !notice.incident.empty()) give_up_overtaken(notice, number, at);
}

/// Sent later it would open again what is over.
void Outbox::give_up_overtaken(const NoticeQueued& end, std::int64_t number, Time at) {
  std::vector<NoticeEnded> overtaken;
  for (const auto& [key, entry] : ledger_.state().outbox) {
    const bool same = entry.notice.incident == end.incident && entry.notice.channel == end.channel;
    if (same && entry.number < number && !entry.sending)
      overtaken.push_back({key, "overtaken by " + end.key + ": " + entry.last_error, false, entry.attempts});
  }
  for (NoticeEnded& ended : overtaken) ledger_.add(std::move(ended), at);
}

const config::Channel* Outbox::wants_repeats(const std::string& name) const {
  for (const config::Channel& channel : config_.daemon.channels)
    if (channel.name == name && channel.type == config::ChannelType::alertmanager) return &channel;
  return nullptr;
}

Time Outbox::pump_repeats(Time now) {
  Time due = kNever;
  const State& state = ledger_.state();
  std::erase_if(repeats_,
                [&](const auto& entry) { return !entry.second.sending && !state.last_alarms.contains(entry.first); });
  if (state.last_alarms.empty()) return due;
  std::set<OfIncident> queued; // what is on its way says more
  for (const auto& [key, entry] : state.outbox) queued.insert({entry.notice.incident, entry.notice.channel});
  for (const auto& [which, notice] : state.last_alarms) {
    const config::Channel* channel = wants_repeats(which.second);
    if (!channel || queued.contains(which)) continue;
    Repeat& again = repeats_[which];
    if (again.sending) continue;
    if (again.next <= now) {
      again.next = now + channel->resend;
      repeat(which, notice);
    }
    due = std::min(due, again.next);
  }
  return due;
}

void Outbox::repeat(const OfIncident& which, const NoticeQueued& notice) {
  repeats_.at(which).sending = true;
  ledger_.after_commit([this, which, again = notice_of(notice)] {
    notifier_.send(again, [this, which](const Delivery& delivery) {
      if (const auto it = repeats_.find(which); it != repeats_.end()) it->second.sending = false;
      const std::string& channel = which.second;
      const std::string why = delivery.status ? "" : delivery.status.error().what;
      if (std::exchange(failing_[channel], why).empty() != why.empty() && on_repeat) on_repeat(channel, why);
    });
  });
}

void Outbox::page_unrecorded(const std::string& title, Time now) {
  if (std::exchange(page_title_, title) != title) {
    pages_.clear();
    ++outage_;
  }
  for (const config::Channel& channel : config_.daemon.channels) {
    const Notice notice{"backstopd/unrecorded/" + channel.name, channel.name, "critical", title,
                        R"({"event":"unrecorded"})"};
    if (!channels::takes(channel, channels::occasion_of(notice))) continue;
    Page& page = pages_[channel.name];
    if (page.delivered || page.sending || page.next > now) continue;
    page.sending = true;
    page.next = now + kPageRetry;
    notifier_.send(notice, [this, name = channel.name, outage = outage_](const Delivery& delivery) {
      pages_[name].sending = false;
      pages_[name].delivered = delivery.status.ok() && outage == outage_;
    });
  }
}

void Outbox::pages_over() {
  if (pages_.empty()) return;
  ++outage_;
  for (auto& [channel, page] : pages_) page.delivered = false;
}

} // namespace backstop
