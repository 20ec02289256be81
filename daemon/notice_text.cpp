#include "daemon/notice_text.hpp"
#include <algorithm>
#include <functional>

namespace backstop {

void announce(Ledger& ledger, const Announcement& a, const std::vector<config::Channel>& configured,
              const std::vector<std::string>& channels, Time now) {
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
    notice.body = Json::object();
    notice.body.set("event", a.event).set("deployment", a.deployment).set("incident", a.incident);
    if (const DeploymentState* d = ledger.state().deployment(a.deployment)) {
      notice.body.set("service", d->service).set("version", d->version).set("previous_version", d->previous);
      notice.body.set("phase", name_of(d->phase)).set("why", d->outcome_why);
    }
    ledger.add(std::move(notice), now);
  }
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
