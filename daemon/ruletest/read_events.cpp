#include "daemon/ruletest/fields.hpp"
#include "daemon/ruletest/read_parts.hpp"
#include <algorithm>
#include <iterator>
#include <optional>

namespace backstop::ruletest {
namespace {

using config::Node;

constexpr std::string_view kEvents[]{"begin",  "finish", "abort", "hold",   "unhold",
                                     "signal", "accept", "adopt", "restart"};
/// And what may stand beside them.
constexpr std::string_view kKeys[]{"at",     "begin",        "finish", "abort",   "hold",     "unhold",
                                   "signal", "accept",       "adopt",  "restart", "previous", "type",
                                   "mode",   "irreversible", "reason", "evidence"};

/// Puts what is behind the event's own key into the body, as the control API takes it.
bool value_of(config::Sheet& sheet, const Fields& fields, const std::string& name, Json& body) {
  if (name == "hold") {
    const auto length = fields.duration(name);
    if (!length) return false;
    body.set("for_s", to_seconds(*length));
    return true;
  }
  const auto text = fields.text(name);
  if (!text) return false;
  if (name == "begin" || name == "adopt") {
    body.set("version", *text);
  } else if (name == "signal") {
    body.set("kind", *text);
  } else if (*text != "true") {
    sheet.fault(fields.find(name)->place, name + ": \"" + *text + "\" says nothing", "write " + name + ": true");
    return false;
  }
  return true;
}

/// What may stand beside an event: text as it is, and a word that the API takes as true or false.
void add_others(const Fields& fields, const std::string& name, Json& body) {
  for (const char* key : {"previous", "type", "mode", "reason", "evidence"}) {
    if (const auto text = fields.text(key)) body.set(key, *text);
  }
  if (const auto text = fields.text("irreversible")) body.set("irreversible", *text == "true");
  const bool reasoned = name == "hold" || name == "accept";
  if (reasoned && body["reason"].is_null()) body.set("reason", "test");
  if (name == "signal" && body["evidence"].is_null()) body.set("evidence", "test");
}

std::optional<replay::Event> read_event(config::Sheet& sheet, const Node& node, const std::string& service) {
  const std::size_t before = sheet.faults.size();
  const Fields fields(sheet, node, "an event", {std::begin(kKeys), std::end(kKeys)});
  if (!fields.ok()) return std::nullopt;
  std::vector<std::string> names;
  for (const std::string_view name : kEvents) {
    if (fields.find(name)) names.emplace_back(name);
  }
  if (names.size() != 1 && sheet.faults.size() == before)
    sheet.fault(node.place,
                names.empty() ? "it does not say what happens"
                              : "\"" + names[0] + "\" and \"" + names[1] + "\" in one event",
                "an event is one of begin: VERSION, finish: true, hold: 10m, signal: KIND, restart: true, abort: true, "
                "unhold: true, accept: true, adopt: VERSION");
  const Node* when = fields.need("at", "at: 30m");
  const auto at = fields.duration("at");
  if (!when || !at || names.size() != 1) return std::nullopt;
  const std::string& name = names.front();
  Json body = Json::object();
  body.set("t", static_cast<double>(to_us(time_of(*at))) / 1e6).set("event", name);
  if (!value_of(sheet, fields, name, body)) return std::nullopt;
  add_others(fields, name, body);
  if (sheet.faults.size() > before) return std::nullopt;
  const Result<replay::Event> event = replay::event_of(body, service);
  if (event) return *event;
  sheet.fault(node.place, event.error().what);
  return std::nullopt;
}

} // namespace

void read_events(config::Sheet& sheet, const Node& node, const std::string& service, Test& test) {
  const std::size_t before = sheet.faults.size();
  std::vector<std::pair<replay::Event, config::Place>> read;
  bool begins = false;
  for (const Node& item : config::items_of(sheet, node, "events")) {
    if (const auto event = read_event(sheet, item, service)) {
      begins = begins || (event->command && std::holds_alternative<BeginDeployment>(*event->command));
      read.emplace_back(*event, item.place);
    }
  }
  if (!begins && sheet.faults.size() == before)
    sheet.fault(node.place, "events: no deployment begins", "write {at: 30m, begin: v2} and {at: 30m, finish: true}");
  std::stable_sort(read.begin(), read.end(), [](const auto& a, const auto& b) { return a.first.t < b.first.t; });
  for (auto& [event, place] : read) {
    test.events.push_back(std::move(event));
    test.event_places.push_back(place);
  }
}

} // namespace backstop::ruletest
