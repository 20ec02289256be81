#include "daemon/channels/escape.hpp"
#include "daemon/channels/kinds.hpp"

/// Statuspage API v1: an incident is created, updated and resolved on a public page. Which incident of the page is ours is
/// asked for each time (its metadata say so), so that a lost answer creates no second one and nothing has to be remembered.
/// What is published are fixed sentences: versions, evidence and reasons stay inside.
namespace backstop::channels {
namespace {

HttpRequest ask(const Sending& s, const std::string& method, const std::string& path, const Json* body) {
  HttpRequest request =
      json_post(s, "/v1/pages/" + percent_encoded(s.channel.page) + "/incidents" + path, body ? *body : Json());
  request.method = method;
  if (!body) request.headers.clear(), request.body.clear();
  request.headers.emplace_back("Authorization", "OAuth " + s.secrets.key);
  return request;
}

/// The id that the page gave our incident; empty: it has none.
std::string id_of_ours(const Sending& s, const HttpResponse& answer) {
  const Result<Json> open = Json::parse(answer.body);
  if (!open || !open->as_array()) return {};
  for (const Json& incident : *open->as_array())
    if (incident["metadata"]["backstop"].text("key") == incident_key(s.what, s.host)) return incident.text("id");
  return {};
}

struct Told {
  const char *status, *text;
};

Told told(const Occasion& what) {
  if (what.action() == Action::resolve) return {"resolved", "The problem is over: the service works as before."};
  if (what.event == "rollback_started")
    return {"identified", "The problem came with a recent change. The change is being taken back."};
  if (what.event == "rollback_failed")
    return {"identified", "Taking the change back did not succeed by itself. People are working on it."};
  return {"investigating", "We see a problem and are looking into it."};
}

Json incident_of(const Sending& s) {
  const Told say = told(s.what);
  const std::string& component = s.channel.components.at(s.what.service);
  const bool over = s.what.action() == Action::resolve;
  return Json::object()
      .set("status", say.status)
      .set("body", say.text)
      .set("component_ids", Json::array().push(component))
      .set("components", Json::object().set(component, over ? "operational" : "partial_outage"));
}

} // namespace

std::optional<HttpRequest> statuspage(const Sending& s, int step, const HttpResponse* before) {
  if (step == 0) return ask(s, "GET", "/unresolved", nullptr);
  // The service of an incident may have left the page since its notice was queued.
  if (step > 1 || before == nullptr || s.what.action() == Action::test ||
      !s.channel.components.contains(s.what.service))
    return std::nullopt;
  const std::string id = id_of_ours(s, *before);
  Json incident = incident_of(s);
  if (!id.empty()) {
    const Json body = Json::object().set("incident", std::move(incident));
    return ask(s, "PATCH", "/" + percent_encoded(id), &body);
  }
  if (s.what.action() == Action::resolve) return std::nullopt; // the page never had it
  incident.set("name", "Problem with " + defused(s.what.short_service(), 100))
      .set("impact_override", "major")
      .set("metadata", Json::object().set("backstop", Json::object().set("key", incident_key(s.what, s.host))));
  const Json body = Json::object().set("incident", std::move(incident));
  return ask(s, "POST", "", &body);
}

} // namespace backstop::channels
