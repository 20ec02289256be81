#include "daemon/channels/escape.hpp"
#include "daemon/channels/kinds.hpp"

/// Microsoft Teams: a workflow of Power Automate ("when a webhook request is received") that posts an Adaptive Card. At
/// most 28 KB. Text stands in RichTextBlocks alone: what a TextBlock or a Fact shows is read as Markdown, a TextRun is not.
namespace backstop::channels {
namespace {

constexpr std::size_t kMostTitle = 1000, kMostFact = 500;

Json run(const std::string& text, bool bold) {
  Json out = Json::object().set("type", "TextRun").set("text", text);
  return bold ? out.set("weight", "Bolder") : out;
}

const char* color_of(const Occasion& what) {
  if (what.action() == Action::resolve) return "Good";
  if (what.action() != Action::trigger) return "Default";
  return what.severity == "critical" ? "Attention" : "Warning";
}

Json block(Json inlines) { return Json::object().set("type", "RichTextBlock").set("inlines", std::move(inlines)); }

} // namespace

std::optional<HttpRequest> teams(const Sending& s, int step) {
  if (step > 0) return std::nullopt;
  Json body = Json::array();
  Json title = run(plain_line(s.what.severity + ": " + s.what.title, kMostTitle), true);
  body.push(block(Json::array().push(title.set("size", "Medium").set("color", color_of(s.what)))));
  for (const auto& [name, value] : facts_of(s.what))
    body.push(block(Json::array().push(run(name + ": ", true)).push(run(plain_line(value, kMostFact), false))));
  body.push(block(Json::array().push(run(plain_line("backstop on " + s.host + ", " + s.what.key, kMostFact), false)
                                         .set("isSubtle", true)
                                         .set("size", "Small"))));
  const Json card = Json::object()
                        .set("$schema", "http://adaptivecards.io/schemas/adaptive-card.json")
                        .set("type", "AdaptiveCard")
                        .set("version", "1.4")
                        .set("msteams", Json::object().set("width", "Full"))
                        .set("body", std::move(body));
  return json_post(
      s, "",
      Json::object()
          .set("type", "message")
          .set("attachments", Json::array().push(Json::object()
                                                     .set("contentType", "application/vnd.microsoft.card.adaptive")
                                                     .set("contentUrl", Json())
                                                     .set("content", card))));
}

} // namespace backstop::channels
