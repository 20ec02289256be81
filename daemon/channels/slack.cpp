#include "daemon/channels/escape.hpp"
#include "daemon/channels/kinds.hpp"

/// Incoming webhooks of Slack, and of Mattermost and Rocket.Chat, which take attachments but not Slack's blocks. Slack:
/// `text` of at most 40000 characters, attachments of at most 100.
namespace backstop::channels {
namespace {

constexpr std::size_t kMostTitle = 1000, kMostFact = 500;

const char* color_of(const Occasion& what) {
  switch (what.action()) {
  case Action::trigger: return what.severity == "critical" ? "#d72631" : "#e8a33d";
  case Action::resolve: return "#2e9e5b";
  case Action::acknowledge:
  case Action::inform:
  case Action::test: break;
  }
  return "#6b7785";
}

} // namespace

std::optional<HttpRequest> slack(const Sending& s, int step) {
  if (step > 0) return std::nullopt;
  const std::string title = for_chat(s.what.title, kMostTitle);
  Json fields = Json::array();
  for (const auto& [name, value] : facts_of(s.what))
    fields.push(
        Json::object().set("title", name).set("value", for_chat(value, kMostFact)).set("short", value.size() < 30));
  Json attachment = Json::object()
                        .set("color", color_of(s.what))
                        .set("fallback", title)
                        .set("mrkdwn_in", Json::array()) // of what was measured nothing is formatting
                        .set("fields", std::move(fields))
                        .set("footer", for_chat("backstop on " + s.host + ", " + s.what.key, kMostFact))
                        .set("ts", to_us(s.now) / 1'000'000);
  return json_post(s, "",
                   Json::object()
                       .set("text", for_chat(s.what.severity) + ": " + title)
                       .set("mrkdwn", false)
                       .set("attachments", Json::array().push(std::move(attachment))));
}

} // namespace backstop::channels
