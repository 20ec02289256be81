#include "daemon/channels/escape.hpp"
#include "daemon/channels/kinds.hpp"

/// Opsgenie Alert API v2: create with an alias (message of at most 130 characters, alias 512, description 15000, entity
/// 512, 20 tags of 50, details 8000 in all), close and acknowledge by alias. Creating an alias that is open adds to it.
namespace backstop::channels {
namespace {

constexpr std::size_t kMostMessage = 130, kMostAlias = 512, kMostEntity = 512, kMostFact = 500, kMostNote = 5000,
                      kMostTag = 50, kMostDetail = 256;

std::string alias_of(const Sending& s) { return plain_line(incident_key(s.what, s.host), kMostAlias); }

const char* priority_of(const Occasion& what) {
  if (what.severity == "critical") return "P1";
  return what.severity == "alert" ? "P3" : "P5";
}

HttpRequest post(const Sending& s, const std::string& path, const Json& body) {
  HttpRequest request = json_post(s, path, body);
  request.headers.emplace_back("Authorization", "GenieKey " + s.secrets.key);
  return request;
}

HttpRequest create(const Sending& s) {
  const Occasion& what = s.what;
  std::string description = defused(what.title, kMostFact);
  for (const auto& [name, value] : facts_of(what)) description += "\n" + name + ": " + defused(value, kMostFact);
  Json tags = Json::array().push("backstop");
  for (const std::string& tag : {what.severity, what.environment, what.event})
    if (!tag.empty()) tags.push(plain_line(tag, kMostTag));
  Json details = Json::object();
  const std::pair<const char*, const std::string&> members[]{
      {"service", what.service},   {"version", what.version},       {"previous", what.previous},
      {"incident", what.incident}, {"deployment", what.deployment}, {"key", what.key}};
  for (const auto& [name, value] : members)
    if (!value.empty()) details.set(name, plain_line(value, kMostDetail));
  return post(s, "/v2/alerts",
              Json::object()
                  .set("message", defused(what.title, kMostMessage))
                  .set("alias", alias_of(s))
                  .set("description", description)
                  .set("entity", plain_line(what.service, kMostEntity))
                  .set("source", plain_line("backstop on " + s.host, 100))
                  .set("priority", priority_of(what))
                  .set("tags", std::move(tags))
                  .set("details", std::move(details)));
}

HttpRequest change(const Sending& s, const std::string& verb) {
  const std::string note = s.what.title + (s.what.comment.empty() ? "" : ": " + s.what.comment);
  return post(
      s, "/v2/alerts/" + percent_encoded(alias_of(s)) + "/" + verb + "?identifierType=alias",
      Json::object().set("source", plain_line("backstop on " + s.host, 100)).set("note", defused(note, kMostNote)));
}

} // namespace

std::optional<HttpRequest> opsgenie(const Sending& s, int step) {
  const Action action = s.what.action();
  if (action == Action::test && step == 1) return change(s, "close");
  if (step > 0) return std::nullopt;
  switch (action) {
  case Action::trigger:
  case Action::test: return create(s);
  case Action::acknowledge: return change(s, "acknowledge");
  case Action::resolve: return change(s, "close");
  case Action::inform: break;
  }
  return std::nullopt;
}

} // namespace backstop::channels
