#include "daemon/channels/occasion.hpp"
#include "daemon/config/service_key.hpp"
#include <algorithm>

namespace backstop::channels {

Action Occasion::action() const {
  if (event == "test") return Action::test;
  if (event == "acknowledged") return Action::acknowledge;
  if (severity == "resolved") return Action::resolve;
  return severity == "alert" || severity == "critical" ? Action::trigger : Action::inform;
}

std::string Occasion::short_service() const { return std::string(config::service_in(service)); }

Occasion occasion_of(const Notice& notice) {
  Result<Json> body = Json::parse(notice.body);
  return occasion_of(notice.key, notice.severity, notice.title, body ? *std::move(body) : Json());
}

Occasion occasion_of(std::string key, std::string severity, std::string title, Json body) {
  Occasion o;
  o.key = std::move(key);
  o.severity = std::move(severity);
  o.title = std::move(title);
  o.details = std::move(body);
  const Json& b = o.details;
  const std::string event = b.text("event");
  o.event = event.substr(0, event.find('.'));
  o.service = b.text("service");
  o.environment = b.text("environment");
  o.deployment = b.text("deployment");
  o.incident = b.text("incident");
  o.version = b.text("version");
  o.previous = b.text("previous_version");
  o.why = b.text("cause");
  o.did = b.text("did");
  o.todo = b.text("todo");
  o.actor = b.text("acknowledged_by");
  o.comment = b.text("comment");
  o.incident_severity = b.text("incident_severity");
  o.incident_began_as = b.text("incident_began_as");
  o.at = b.text("at");
  o.opened = b.text("opened");
  o.resolved = b.text("resolved");
  o.opened_us = b.integer("opened_us");
  if (const Json::Array* numbers = b["numbers"].as_array())
    for (const Json& n : *numbers) o.numbers.push_back({n.text("rule"), n.text("level"), n.text("text")});
  return o;
}

std::vector<std::pair<std::string, std::string>> facts_of(const Occasion& what) {
  std::vector<std::pair<std::string, std::string>> facts;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) facts.emplace_back(name, value);
  };
  add("Service", what.service);
  add("Version", what.version + (what.previous.empty() ? "" : " (before: " + what.previous + ")"));
  for (const Occasion::Number& n : what.numbers) add("Measured", n.rule + ": " + n.text);
  if (const Json::Array* earlier = what.details["earlier"].as_array())
    for (const Json& title : *earlier) add("Before", title.as_string() ? *title.as_string() : "");
  add("Cause", what.numbers.empty() ? what.why : "");
  add("Done", what.did);
  add("To do", what.todo);
  add("Incident", what.incident + (what.opened.empty() ? "" : ", since " + what.opened));
  add("Deployment", what.deployment);
  return facts;
}

std::string incident_key(const Occasion& what, const std::string& host) {
  std::string key =
      host + ":" +
      (what.incident.empty() ? what.key : what.incident + "@" + std::to_string(what.opened_us / 1'000'000));
  std::replace(key.begin(), key.end(), '/', ':'); // it stands in paths of URLs
  return key;
}

} // namespace backstop::channels
