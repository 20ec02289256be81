#include "tests/unit/channels/rules.hpp"
#include "daemon/json.hpp"
#include <algorithm>
#include <map>
#include <regex>
#include <set>

namespace backstop::channels::test {
namespace {

using config::ChannelType;
using Breaches = std::vector<std::string>;

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](unsigned char c) { return (c & 0xC0U) != 0x80; }));
}

/// Looks at the members of one object.
class Object {
public:
  Object(Breaches& breaches, const Json& json, std::string name)
      : breaches_(breaches), json_(json), name_(std::move(name)) {
    if (!json.as_object()) breach("", "is no object");
  }
  void text(const char* member, std::size_t most) {
    const std::string* value = json_[member].as_string();
    if (!value || value->empty()) return breach(member, "is missing");
    optional_text(member, most);
  }
  void optional_text(const char* member, std::size_t most) {
    if (json_[member].is_null()) return;
    const std::string* value = json_[member].as_string();
    if (!value) return breach(member, "is no text");
    if (characters(*value) > most) breach(member, "is too long");
  }
  void one_of(const char* member, const std::set<std::string>& words) {
    if (!words.contains(json_.text(member))) breach(member, "is '" + json_.text(member) + "'");
  }
  void is(const char* member, const std::string& wanted) { one_of(member, {wanted}); }
  void time(const char* member) {
    static const std::regex iso(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))");
    if (!std::regex_match(json_.text(member), iso)) breach(member, "is no RFC 3339 time: " + json_.text(member));
  }
  void no_others(const std::set<std::string>& known) {
    if (const Json::Object* object = json_.as_object())
      for (const auto& [name, value] : *object)
        if (!known.contains(name)) breach(name, "is not known");
  }
  [[nodiscard]] Object at(const char* member) { return {breaches_, json_[member], name_ + "." + member}; }
  [[nodiscard]] const Json& json() const { return json_; }
  void breach(const std::string& member, const std::string& what) {
    breaches_.push_back(name_ + "." + member + " " + what);
  }

private:
  Breaches& breaches_;
  const Json& json_;
  std::string name_;
};

std::string header(const HttpRequest& request, const std::string& name) {
  for (const auto& [key, value] : request.headers)
    if (key == name) return value;
  return {};
}

/// api.slack.com/reference/messaging/payload and /attachments: text, at most 40000 characters; at most 100 attachments.
void slack(Object message) {
  message.text("text", 40000);
  const Json::Array* attachments = message.json()["attachments"].as_array();
  if (!attachments || attachments->empty() || attachments->size() > 100)
    return message.breach("attachments", "are 0 or too many");
  static const std::regex color("#[0-9a-f]{6}|good|warning|danger");
  for (const Json& a : *attachments) {
    if (a.text("fallback").empty()) message.breach("attachments", "one has no fallback");
    if (!std::regex_match(a.text("color"), color)) message.breach("attachments", "color");
    for (const Json& field : *a["fields"].as_array())
      if (field.text("title").empty() || field.text("value").empty()) message.breach("attachments", "a field is empty");
  }
  // What the documentation of mentions and links says begins a control sequence.
  const std::string all = message.json().dump();
  static const std::regex control("<(!|@|#|https?:|mailto:)|[^\\\\]@(channel|here|all|everyone)\\b");
  if (std::regex_search(all, control)) message.breach("text", "calls somebody or links");
}

/// learn.microsoft.com, adaptivecards.io: the envelope of a workflow's webhook; at most 28 KB; elements of the schema.
void teams(Object message, std::size_t bytes) {
  message.is("type", "message");
  if (bytes > 28 * 1024) message.breach("", "has more than 28 KB");
  const Json::Array* attachments = message.json()["attachments"].as_array();
  if (!attachments || attachments->size() != 1) return message.breach("attachments", "is not one");
  if (attachments->front().text("contentType") != "application/vnd.microsoft.card.adaptive")
    message.breach("contentType", "is another");
  const Json& card = attachments->front()["content"];
  if (card.text("type") != "AdaptiveCard") message.breach("content", "is no AdaptiveCard");
  static const std::regex version(R"(1\.[0-5])");
  if (!std::regex_match(card.text("version"), version)) message.breach("version", "is not one that Teams shows");
  for (const Json& element : *card["body"].as_array()) {
    if (element.text("type") != "RichTextBlock") message.breach("body", "has what is read as Markdown");
    for (const Json& run : *element["inlines"].as_array())
      if (run.text("type") != "TextRun" || !run["text"].as_string()) message.breach("inlines", "is no TextRun");
  }
}

/// developer.pagerduty.com, Events API v2: alert events and change events.
void pagerduty(Object event, const std::string& url, std::size_t bytes) {
  event.text("routing_key", 255);
  if (bytes > 512 * 1024) event.breach("", "has more than 512 KB");
  if (url.ends_with("/v2/change/enqueue")) {
    event.no_others({"routing_key", "payload", "links", "images"});
    Object payload = event.at("payload");
    payload.text("summary", 1024);
    payload.optional_text("source", 255);
    payload.time("timestamp");
    return payload.no_others({"summary", "source", "timestamp", "custom_details"});
  }
  if (!url.ends_with("/v2/enqueue")) event.breach("", "goes to " + url);
  event.one_of("event_action", {"trigger", "acknowledge", "resolve"});
  event.text("dedup_key", 255);
  event.no_others({"routing_key", "event_action", "dedup_key", "payload", "images", "links", "client", "client_url"});
  if (event.json().text("event_action") != "trigger") return;
  Object payload = event.at("payload");
  payload.text("summary", 1024);
  payload.text("source", 255);
  payload.one_of("severity", {"critical", "error", "warning", "info"});
  payload.time("timestamp");
  payload.no_others({"summary", "source", "severity", "timestamp", "component", "group", "class", "custom_details"});
}

/// docs.opsgenie.com, Alert API.
void opsgenie(Object alert, const HttpRequest& request) {
  if (!header(request, "Authorization").starts_with("GenieKey ")) alert.breach("", "has no GenieKey");
  alert.optional_text("source", 100);
  if (!request.url.ends_with("/v2/alerts")) {
    static const std::regex by_alias(
        R"(.*/v2/alerts/[A-Za-z0-9._~%-]{1,1536}/(close|acknowledge)\?identifierType=alias)");
    if (!std::regex_match(request.url, by_alias)) alert.breach("", "goes to " + request.url);
    alert.optional_text("note", 25000);
    return alert.no_others({"user", "source", "note"});
  }
  alert.text("message", 130);
  alert.text("alias", 512);
  alert.optional_text("description", 15000);
  alert.optional_text("entity", 512);
  alert.one_of("priority", {"P1", "P2", "P3", "P4", "P5"});
  const Json::Array* tags = alert.json()["tags"].as_array();
  if (!tags || tags->size() > 20) alert.breach("tags", "are too many");
  for (const Json& tag : *tags)
    if (!tag.as_string() || characters(*tag.as_string()) > 50) alert.breach("tags", "one is too long");
  std::size_t details = 0;
  for (const auto& [name, value] : *alert.json()["details"].as_object())
    details += characters(name) + characters(*value.as_string());
  if (details > 8000) alert.breach("details", "are too long");
  alert.no_others({"message", "alias", "description", "responders", "visibleTo", "actions", "tags", "details", "entity",
                   "source", "priority", "user", "note"});
}

/// The OpenAPI document of Alertmanager: postableAlert.
void alertmanager(Breaches& breaches, const Json& alerts, const std::string& url) {
  if (!url.ends_with("/api/v2/alerts")) breaches.push_back("it goes to " + url);
  if (!alerts.as_array()) return breaches.push_back("it is no list");
  static const std::regex label("[a-zA-Z_][a-zA-Z0-9_]*");
  for (const Json& json : *alerts.as_array()) {
    Object alert(breaches, json, "alert");
    alert.no_others({"labels", "annotations", "startsAt", "endsAt", "generatorURL"});
    if (!json["startsAt"].is_null()) alert.time("startsAt");
    if (!json["endsAt"].is_null()) alert.time("endsAt");
    alert.at("labels").text("alertname", 1000);
    for (const char* set : {"labels", "annotations"})
      for (const auto& [name, value] : *json[set].as_object())
        if (!std::regex_match(name, label) || !value.as_string() || value.as_string()->empty()) alert.breach(set, name);
  }
}

/// developer.statuspage.io: incidents.
void statuspage(Breaches& breaches, const HttpRequest& request) {
  if (!header(request, "Authorization").starts_with("OAuth ")) breaches.push_back("it has no OAuth key");
  static const std::regex place(R"(.*/v1/pages/[A-Za-z0-9]+/incidents(/[A-Za-z0-9]+)?)");
  if (!std::regex_match(request.url, place)) breaches.push_back("it goes to " + request.url);
  if (request.method == "GET") {
    if (!request.body.empty()) breaches.push_back("a GET has a body");
    return;
  }
  const Result<Json> body = Json::parse(request.body);
  if (!body) return breaches.push_back("it is no JSON");
  Object whole(breaches, *body, "body");
  Object incident = whole.at("incident");
  incident.one_of("status", {"investigating", "identified", "monitoring", "resolved", "scheduled", "in_progress",
                             "verifying", "completed"});
  incident.text("body", 25000);
  for (const auto& [id, state] : *incident.json()["components"].as_object())
    if (!std::set<std::string>{"operational", "under_maintenance", "degraded_performance", "partial_outage",
                               "major_outage"}
             .contains(*state.as_string()))
      incident.breach("components", *state.as_string());
  if (request.method == "POST") {
    incident.text("name", 255);
    incident.one_of("impact_override", {"none", "maintenance", "minor", "major", "critical"});
  } else if (request.method != "PATCH") {
    breaches.push_back("its method is " + request.method);
  }
}

/// CloudEvents 1.0 (HTTP binding, structured mode) and CDEvents 0.4.
void cdevents(Breaches& breaches, const HttpRequest& request, const Json& json) {
  if (!header(request, "Content-Type").starts_with("application/cloudevents+json"))
    breaches.push_back("it is not in structured mode");
  Object event(breaches, json, "event");
  event.is("specversion", "1.0");
  event.text("id", 2000);
  event.text("source", 2000);
  event.time("time");
  if (json.text("type") == "io.backstop.test") return;
  static const std::map<std::string, std::string> types{{"dev.cdevents.service.deployed.0.2.0", "service"},
                                                        {"dev.cdevents.service.rolledback.0.2.0", "service"},
                                                        {"dev.cdevents.incident.detected.0.2.0", "incident"},
                                                        {"dev.cdevents.incident.resolved.0.2.0", "incident"}};
  const auto type = types.find(json.text("type"));
  if (type == types.end()) return breaches.push_back("no such type: " + json.text("type"));
  Object data = event.at("data"), context = data.at("context"), subject = data.at("subject"),
         content = subject.at("content");
  data.no_others({"context", "subject", "customData", "customDataContentType"});
  context.is("version", "0.4.1");
  for (const char* same : {"id", "source", "type"}) context.is(same, json.text(same));
  context.time("timestamp");
  context.no_others({"version", "id", "source", "type", "timestamp", "chainId", "links", "schemaUri"});
  subject.text("id", 2000);
  subject.is("type", type->second);
  content.at("environment").text("id", 2000);
  static const std::regex purl("pkg:[a-z]+/[A-Za-z0-9._~%-]+@[A-Za-z0-9._~%-]+");
  const std::string artifact = content.json().text("artifactId");
  if (type->second == "service" || !artifact.empty())
    if (!std::regex_match(artifact, purl)) content.breach("artifactId", artifact);
  content.no_others(type->second == "service"
                        ? std::set<std::string>{"environment", "artifactId"}
                        : std::set<std::string>{"description", "environment", "service", "artifactId"});
}

bool has_control(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

} // namespace

std::vector<std::string> breaches(ChannelType type, const HttpRequest& request) {
  Breaches found;
  for (const auto& [name, value] : request.headers)
    if (has_control(name + value)) found.push_back("header " + name + " has control characters");
  if (has_control(request.url) || request.url.find(' ') != std::string::npos)
    found.push_back("the URL is none: " + request.url);
  if (type == ChannelType::statuspage) return statuspage(found, request), found;
  const Result<Json> body = Json::parse(request.body);
  if (!body) return {"the body is no JSON: " + body.error().what};
  switch (type) {
  case ChannelType::slack: slack({found, *body, "message"}); break;
  case ChannelType::teams: teams({found, *body, "message"}, request.body.size()); break;
  case ChannelType::pagerduty: pagerduty({found, *body, "event"}, request.url, request.body.size()); break;
  case ChannelType::opsgenie: opsgenie({found, *body, "alert"}, request); break;
  case ChannelType::alertmanager: alertmanager(found, *body, request.url); break;
  case ChannelType::cdevents: cdevents(found, request, *body); break;
  case ChannelType::webhook:
  case ChannelType::command:
  case ChannelType::email:
  case ChannelType::statuspage: break;
  }
  return found;
}

std::vector<std::string> breaches_of_mail(const std::string& message) {
  Breaches found;
  const auto headers_end = message.find("\r\n\r\n");
  if (headers_end == std::string::npos) return {"there is no end of headers"};
  std::set<std::string> names;
  bool body = false;
  for (std::size_t at = 0; at < message.size();) {
    const auto end = message.find("\r\n", at);
    if (end == std::string::npos) return {"the last line has no end"};
    const std::string line = message.substr(at, end - at);
    if (line.size() > 78) found.push_back("a line has " + std::to_string(line.size()) + " characters: " + line);
    for (const unsigned char c : line)
      if (c < 0x20 || c > 0x7e) found.push_back("a byte that is no printable ASCII in: " + line);
    body = body || line.empty();
    if (!body && line.front() != ' ') {
      const auto colon = line.find(": ");
      if (colon == std::string::npos) found.push_back("no header: " + line);
      if (!names.insert(line.substr(0, colon)).second) found.push_back("a header twice: " + line);
    }
    at = end + 2;
  }
  for (const char* wanted : {"Date", "From", "To", "Subject", "Message-ID", "MIME-Version", "Content-Type"})
    if (!names.contains(wanted)) found.push_back(std::string("no ") + wanted);
  const std::set<std::string> known{"Date",       "From",         "To",          "Subject",
                                    "Message-ID", "In-Reply-To",  "References",  "Auto-Submitted",
                                    "Importance", "MIME-Version", "Content-Type"};
  for (const std::string& name : names)
    if (!known.contains(name)) found.push_back("a header that nobody wrote: " + name);
  return found;
}

} // namespace backstop::channels::test
