#include "daemon/notice_text.hpp"
#include "daemon/channels/kinds.hpp"
#include "daemon/notice_body.hpp"
#include <algorithm>
#include <functional>

namespace backstop {

void announce(Ledger& ledger, const Announcement& a, const std::vector<config::Channel>& configured,
              const std::vector<std::string>& channels, Time now) {
  const Json body = notice_body(ledger.state(), a, now);
  for (const config::Channel& channel : configured) {
    const bool wanted = channels.empty() || std::find(channels.begin(), channels.end(), channel.name) != channels.end();
    if (!wanted) continue;
    const std::string about = !a.incident.empty() ? a.incident : !a.deployment.empty() ? a.deployment : "backstopd";
    NoticeQueued notice;
    notice.key = about + "/" + a.event + "/" + channel.name;
    if (ledger.state().outbox.contains(notice.key)) continue;
    notice.channel = channel.name;
    notice.severity = a.severity;
    notice.title = a.title;
    notice.incident = a.incident;
    notice.body = body;
    if (channels::takes(channel, channels::occasion_of(notice_of(notice)))) ledger.add(std::move(notice), now);
  }
}

Notice notice_of(const NoticeQueued& queued) {
  return {queued.key, queued.channel, queued.severity, queued.title, queued.body.dump()};
}

Duration backoff(const std::string& key, int attempts, Duration retry_after) {
  const int doublings = std::clamp(attempts - 1, 0, 9);
  Duration wait = std::min<Duration>(std::chrono::seconds(1) * (1 << doublings), std::chrono::minutes(5));
  const auto spread =
      static_cast<std::int64_t>((std::hash<std::string>{}(key) + static_cast<std::size_t>(attempts)) % 100);
  wait += wait * spread / 1000;
  return std::max(wait, retry_after);
}

} // namespace backstop
