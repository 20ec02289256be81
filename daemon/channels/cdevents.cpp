#include "daemon/channels/escape.hpp"
#include "daemon/channels/kinds.hpp"

/// CDEvents 0.4 as CloudEvents 1.0 in structured mode: service.deployed, service.rolledback, incident.detected and
/// incident.resolved. An event's source and id are the same each time it is sent, so that one sent twice is known as such.
namespace backstop::channels {
namespace {

constexpr std::size_t kMostText = 1000;

enum class Kind { deployed, rolled_back, detected, resolved };

struct Type {
  const char *name, *subject;
};

Type type_of(Kind kind) {
  switch (kind) {
  case Kind::deployed: return {"dev.cdevents.service.deployed.0.2.0", "service"};
  case Kind::rolled_back: return {"dev.cdevents.service.rolledback.0.2.0", "service"};
  case Kind::detected: return {"dev.cdevents.incident.detected.0.2.0", "incident"};
  case Kind::resolved: break;
  }
  return {"dev.cdevents.incident.resolved.0.2.0", "incident"};
}

std::vector<Kind> kinds_of(const Occasion& what) {
  if (what.event == "deployed") return {Kind::deployed};
  if (what.event == "rolled_back") return {Kind::rolled_back, Kind::resolved};
  return {what.action() == Action::resolve ? Kind::resolved : Kind::detected};
}

/// A package URL, as the field wants it.
std::string artifact(const Occasion& what, const std::string& version) {
  return "pkg:generic/" + percent_encoded(what.short_service()) + "@" + percent_encoded(version);
}

HttpRequest post(const Sending& s, const std::string& type, const std::string& id, const Json& subject,
                 const Json& data) {
  const Json event = Json::object()
                         .set("specversion", "1.0")
                         .set("id", id)
                         .set("source", "/backstop/" + percent_encoded(s.host))
                         .set("type", type)
                         .set("subject", subject)
                         .set("time", iso_time(s.now))
                         .set("datacontenttype", "application/json")
                         .set("data", data);
  HttpRequest request = json_post(s, "", event);
  request.headers = {{"Content-Type", "application/cloudevents+json; charset=UTF-8"}};
  request.bearer_token = s.secrets.key;
  return request;
}

Json service_content(const Occasion& what, Kind kind) {
  return Json::object()
      .set("environment", Json::object().set("id", what.environment))
      .set("artifactId", artifact(what, kind == Kind::deployed ? what.version : what.previous));
}

Json incident_content(const Occasion& what) {
  Json content = Json::object()
                     .set("description", plain_line(what.title, kMostText))
                     .set("environment", Json::object().set("id", what.environment));
  content.set("service", Json::object().set("id", what.short_service()));
  return what.version.empty() ? content : content.set("artifactId", artifact(what, what.version));
}

HttpRequest event_of(const Sending& s, Kind kind) {
  const Occasion& what = s.what;
  const auto [type, subject_type] = type_of(kind);
  const bool of_service = kind == Kind::deployed || kind == Kind::rolled_back;
  const std::string source = "/backstop/" + percent_encoded(s.host);
  const std::string subject = of_service ? what.service : incident_key(what, s.host);
  // Of an incident one detection and one end, whatever is told of it between.
  const std::string id = (of_service ? s.host + "/" + what.deployment : subject) + "/" +
                         (of_service               ? what.event
                          : kind == Kind::detected ? "detected"
                                                   : "resolved");
  const Json context = Json::object()
                           .set("version", "0.4.1")
                           .set("id", id)
                           .set("source", source)
                           .set("type", type)
                           .set("timestamp", iso_time(s.now));
  Json data = Json::object().set("context", context);
  data.set("subject", Json::object()
                          .set("id", subject)
                          .set("source", source)
                          .set("type", subject_type)
                          .set("content", of_service ? service_content(what, kind) : incident_content(what)));
  if (!what.details.is_null()) data.set("customData", what.details).set("customDataContentType", "application/json");
  return post(s, type, id, subject, data);
}

} // namespace

std::optional<HttpRequest> cdevents(const Sending& s, int step) {
  if (s.what.action() == Action::test) { // of a type of its own: no consumer shall take it for a deployment
    if (step > 0) return std::nullopt;
    return post(s, "io.backstop.test", s.host + "/" + s.what.key, s.channel.name,
                Json::object().set("title", s.what.title));
  }
  const std::vector<Kind> kinds = kinds_of(s.what);
  if (static_cast<std::size_t>(step) >= kinds.size()) return std::nullopt;
  return event_of(s, kinds[static_cast<std::size_t>(step)]);
}

} // namespace backstop::channels
