#include "daemon/ctl/render.hpp"
#include "daemon/ctl/pages.hpp"

namespace backstop::ctl {
/// U+0080 to U+009F are control characters too: U+009B begins a command as ESC [ does.
std::string printable_text(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    const bool c1 = c == 0xC2 && next >= 0x80 && next < 0xA0;
    const bool bad = c1 || (c < 0x20 && c != '\n') || c == 0x7f;
    out += bad ? '?' : text[i];
    if (c1) ++i;
  }
  return out;
}

Json printable(const Json& document) {
  if (const std::string* text = document.as_string()) return printable_text(*text);
  if (const Json::Array* array = document.as_array()) {
    Json out = Json::array();
    for (const Json& e : *array) out.push(printable(e));
    return out;
  }
  if (const Json::Object* object = document.as_object()) {
    Json out = Json::object();
    for (const auto& [name, value] : *object) out.set(name, printable(value));
    return out;
  }
  return document;
}

std::string render(Page page, const Json& doc, const Style& style) {
  switch (page) {
  case Page::done: return doc.text("note").empty() ? "" : doc.text("note") + "\n";
  case Page::begun: return begun_page(doc);
  case Page::status: return status_page(doc, style);
  case Page::deployment: return deployment_page(doc["deployment"], style);
  case Page::deployments: return deployments_page(doc);
  case Page::incident: return incident_page(doc["incident"], style);
  case Page::incidents: return incidents_page(doc);
  case Page::explanation: return explanation_page(doc, style);
  case Page::quarantine: return quarantine_page(doc);
  case Page::game_day: return game_day_page(doc, style);
  case Page::channel_test: return channel_test_page(doc, style);
  case Page::checklist: return checklist_page(doc, style);
  case Page::plan: return plan_page(doc["deployment"], style);
  }
  return "";
}

std::string render_warnings(Page page, const Json& doc) { return page == Page::begun ? begun_warnings(doc) : ""; }

std::string render_error(const Json& doc) {
  const Json& e = doc["error"];
  if (e.is_null()) return "the daemon's answer is not understood: " + doc.dump();
  const auto& missing = list(doc["missing"]);
  const std::string why = missing.size() > 1 ? std::to_string(missing.size()) + " things are missing" : e.text("why");
  std::string text = e.text("what") + ": " + why + (e.text("how").empty() ? "" : " (" + e.text("how") + ")");
  for (std::size_t i = 0; missing.size() > 1 && i < missing.size(); ++i)
    text += "\n  " + (missing[i].as_string() ? *missing[i].as_string() : "");
  for (const Json& fault : list(doc["faults"])) text += "\n  " + (fault.as_string() ? *fault.as_string() : "");
  return text;
}

} // namespace backstop::ctl
