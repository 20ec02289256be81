#include "daemon/notice_text.hpp"
#include "daemon/channels/kinds.hpp"
#include "daemon/config/placeholders.hpp"
#include "daemon/config/service_key.hpp"
#include "daemon/notice_body.hpp"
#include "daemon/routing.hpp"
#include "daemon/step_order.hpp"
#include <algorithm>
#include <functional>

namespace backstop {

namespace {

std::string about_what(const Announcement& a) {
  return !a.incident.empty() ? a.incident : !a.deployment.empty() ? a.deployment : "backstopd";
}

std::vector<std::string> recipients_of(const Ledger& ledger, const Announcement& a, const config::Daemon& daemon,
                                       const std::string& service, const std::string& kind) {
  std::vector<std::string> to = recipients(daemon, {a.severity, service, kind});
  const auto incident = ledger.state().incidents.find(a.incident);
  if (a.severity != "resolved" || incident == ledger.state().incidents.end()) return to;
  to.insert(to.end(), incident->second.heard.begin(), incident->second.heard.end());
  return channels_of(daemon, to);
}

std::string filled_in(const std::string& text, const std::map<std::string_view, std::string>& values) {
  std::string filled;
  std::size_t at = 0;
  for (const std::string_view name : config::placeholders_in(text)) {
    const auto brace = static_cast<std::size_t>(name.data() - text.data()) - 1;
    filled.append(text, at, brace - at).append(values.at(name));
    at = brace + name.size() + 2;
  }
  return one_line(filled.append(text, at));
}

/// The first line, in the words that were configured for the event.
std::string title_of(const Announcement& a, const config::Daemon& daemon, const std::string& service,
                     const DeploymentState* d) {
  const std::string event = a.event.substr(0, a.event.find('.'));
  const auto text = daemon.notify.texts.find(event);
  if (text == daemon.notify.texts.end()) return a.title;
  const std::map<std::string_view, std::string> values{{"title", a.title},
                                                       {"severity", a.severity},
                                                       {"service", std::string(config::service_in(service))},
                                                       {"environment", std::string(config::environment_in(service))},
                                                       {"version", d ? d->version : ""},
                                                       {"previous_version", d ? d->previous : ""},
                                                       {"deployment", a.deployment},
                                                       {"incident", a.incident},
                                                       {"event", event}};
  return filled_in(text->second, values);
}

/// Takes what of `about` still waits for more into `notice`: each was queued for people who now hear it in one.
void take_in_waiting(Ledger& ledger, NoticeQueued& notice, const std::string& about, Time now) {
  Json earlier = Json::array();
  std::vector<std::string> keys;
  for (const auto& [key, entry] : ledger.state().outbox) {
    const NoticeQueued& waiting = entry.notice;
    if (waiting.not_before <= now || entry.attempts > 0 || waiting.channel != notice.channel) continue;
    if (waiting.body.text("about") != about) continue;
    if (const auto* before = waiting.body["earlier"].as_array())
      for (const Json& title : *before) earlier.push(title);
    earlier.push(Json(waiting.title));
    keys.push_back(key);
    if (notice.not_before != Time{}) notice.not_before = std::min(notice.not_before, waiting.not_before);
  }
  if (keys.empty()) return;
  notice.body.set("earlier", std::move(earlier));
  for (const std::string& key : keys) ledger.add(NoticeEnded{key, "", false, 0, notice.key}, now);
}

} // namespace

void announce(Ledger& ledger, const Announcement& a, const config::Daemon& daemon, const std::vector<std::string>& to,
              Time now) {
  const DeploymentState* d = ledger.state().deployment(a.deployment);
  const auto incident = ledger.state().incidents.find(a.incident);
  const std::string service = d                                            ? d->service
                              : incident != ledger.state().incidents.end() ? incident->second.service
                                                                           : "";
  const std::string about = about_what(a);
  const std::string title = title_of(a, daemon, service, d);
  Json body = notice_body(ledger.state(), a, now);
  body.set("about", about);
  const bool urgent = a.severity == "critical" || a.severity == "resolved";
  const std::vector<std::string> names =
      to.empty() ? recipients_of(ledger, a, daemon, service, d ? d->kind : "") : channels_of(daemon, to);
  for (const config::Channel& channel : daemon.channels) {
    if (std::find(names.begin(), names.end(), channel.name) == names.end()) continue;
    NoticeQueued notice;
    notice.key = about + "/" + a.event + "/" + channel.name;
    if (ledger.state().outbox.contains(notice.key)) continue;
    notice.channel = channel.name;
    notice.severity = a.severity;
    notice.title = title;
    notice.incident = a.incident;
    notice.body = body;
    if (!channels::takes(channel, channels::occasion_of(notice.key, notice.severity, notice.title, notice.body)))
      continue;
    if (!urgent && daemon.notify.group_wait > Duration{}) notice.not_before = now + daemon.notify.group_wait;
    take_in_waiting(ledger, notice, about, now);
    ledger.add(std::move(notice), now);
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
