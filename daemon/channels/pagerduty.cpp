#include "daemon/channels/escape.hpp"
#include "daemon/channels/kinds.hpp"

/// PagerDuty Events API v2: /v2/enqueue for what pages (trigger, acknowledge, resolve of one dedup_key of at most 255
/// characters; a summary of at most 1024), /v2/change/enqueue for what only happened. At most 512 KB each.
namespace backstop::channels {
namespace {

constexpr std::size_t kMostSummary = 1024, kMostKey = 255, kMostDetail = 1000;

const char* severity_of(const Occasion& what) {
  if (what.severity == "critical") return "critical";
  return what.severity == "alert" ? "warning" : "info";
}

Json details_of(const Occasion& what) {
  Json details = Json::object();
  for (const auto& [name, value] : facts_of(what)) { // of the same name: one value, in lines
    const std::string before = details.text(name);
    details.set(name, (before.empty() ? "" : before + "\n") + plain_line(value, kMostDetail));
  }
  return details;
}

Json event_of(const Sending& s, const char* action) {
  return Json::object()
      .set("routing_key", s.secrets.key)
      .set("event_action", action)
      .set("dedup_key", plain_line(incident_key(s.what, s.host), kMostKey));
}

Json trigger_of(const Sending& s) {
  const Occasion& what = s.what;
  Json payload = Json::object()
                     .set("summary", plain_line(what.title, kMostSummary))
                     .set("source", s.host)
                     .set("severity", severity_of(what))
                     .set("timestamp", iso_time(s.now));
  if (!what.service.empty()) payload.set("component", plain_line(what.short_service(), kMostKey));
  if (!what.environment.empty()) payload.set("group", plain_line(what.environment, kMostKey));
  payload.set("class", plain_line(what.event, kMostKey)).set("custom_details", details_of(what));
  return event_of(s, "trigger").set("payload", std::move(payload)).set("client", "backstop");
}

Json change_of(const Sending& s) {
  return Json::object()
      .set("routing_key", s.secrets.key)
      .set("payload", Json::object()
                          .set("summary", plain_line(s.what.title, kMostSummary))
                          .set("source", s.host)
                          .set("timestamp", iso_time(s.now))
                          .set("custom_details", details_of(s.what)));
}

} // namespace

std::optional<HttpRequest> pagerduty(const Sending& s, int step) {
  constexpr const char* events = "/v2/enqueue";
  const Action action = s.what.action();
  // A test opens an incident and resolves it at once, so that the key and the way to a person are both tried.
  if (action == Action::test && step < 2)
    return json_post(s, events, step == 0 ? trigger_of(s) : event_of(s, "resolve"));
  if (step > 0) return std::nullopt;
  switch (action) {
  case Action::trigger: return json_post(s, events, trigger_of(s));
  case Action::acknowledge: return json_post(s, events, event_of(s, "acknowledge"));
  case Action::resolve: return json_post(s, events, event_of(s, "resolve"));
  case Action::inform: return json_post(s, "/v2/change/enqueue", change_of(s));
  case Action::test: break;
  }
  return std::nullopt;
}

} // namespace backstop::channels
