#include "daemon/channels/escape.hpp"
#include "daemon/channels/kinds.hpp"

/// Alertmanager's API v2: POST /api/v2/alerts. An alert is its labels, so they stay the same from the first time it is told
/// to the last; `endsAt` in the future is until when it counts as open if nobody tells it again.
namespace backstop::channels {
namespace {

constexpr std::size_t kMostLabel = 500, kMostText = 1000;
/// As Prometheus does: three that are lost in a row close no alert.
constexpr int kResendsOpen = 4;

Json labels_of(const Sending& s, const std::string& severity) {
  const Occasion& what = s.what;
  Json labels = Json::object();
  const auto add = [&](const char* name, const std::string& value) { // an empty label is none
    if (const std::string text = plain_line(value, kMostLabel); !text.empty()) labels.set(name, text);
  };
  add("alertname", what.incident.empty() ? "BackstopNotice" : "BackstopIncident");
  add("severity", severity);
  add("service", what.short_service());
  add("environment", what.environment);
  add("incident", what.incident);
  if (what.incident.empty()) add("event", what.event);
  add("instance", s.host);
  return labels;
}

Json annotations_of(const Occasion& what) {
  Json annotations = Json::object().set("summary", plain_line(what.title, kMostText));
  std::string description;
  for (const auto& [name, value] : facts_of(what))
    description += (description.empty() ? "" : "\n") + name + ": " + plain_line(value, kMostText);
  if (!description.empty()) annotations.set("description", description);
  return annotations;
}

Json alert(const Sending& s, const std::string& severity, const std::string& ends) {
  Json out = Json::object().set("labels", labels_of(s, severity)).set("annotations", annotations_of(s.what));
  const std::string& begun = s.what.opened.empty() ? s.what.at : s.what.opened;
  if (!begun.empty()) out.set("startsAt", begun);
  if (!ends.empty()) out.set("endsAt", ends);
  if (!s.channel.generator_url.empty()) out.set("generatorURL", s.channel.generator_url);
  return out;
}

} // namespace

std::optional<HttpRequest> alertmanager(const Sending& s, int step) {
  if (step > 0) return std::nullopt;
  const Occasion& what = s.what;
  const bool over = what.action() == Action::resolve;
  const std::string now = iso_time(s.now), severity = what.incident.empty() ? what.severity : what.incident_severity;
  // What is told once, without an incident, is left to Alertmanager's resolve_timeout.
  const std::string until = what.incident.empty() ? "" : iso_time(s.now + kResendsOpen * s.channel.resend);
  Json alerts = Json::array().push(alert(s, severity, over ? now : until));
  // Escalated: what it was before is another alert to Alertmanager, and is over.
  if (!what.incident_began_as.empty() && what.incident_began_as != severity)
    alerts.push(alert(s, what.incident_began_as, now));
  HttpRequest request = json_post(s, "/api/v2/alerts", alerts);
  request.bearer_token = s.secrets.key;
  request.basic_credential = s.secrets.basic;
  request.secret_path = false;
  return request;
}

} // namespace backstop::channels
