#include "daemon/replay/events.hpp"
#include "daemon/api_commands.hpp"
#include "daemon/config/keys.hpp"
#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace backstop::replay {
namespace {

constexpr const char* kNewVersion = "new";

/// Where the control API takes an event of this name.
const std::map<std::string, std::string, std::less<>>& routes() {
  static const std::map<std::string, std::string, std::less<>> kRoutes{{"begin", "/v1/deployments"},
                                                                       {"finish", "/v1/deployments/newest/finish"},
                                                                       {"abort", "/v1/deployments/newest/abort"},
                                                                       {"hold", "/v1/hold"},
                                                                       {"unhold", "/v1/unhold"},
                                                                       {"signal", "/v1/signal"},
                                                                       {"accept", "/v1/accept"},
                                                                       {"adopt", "/v1/adopt"}};
  return kRoutes;
}

Result<Event> read_event(std::string_view line, const std::string& service) {
  const Result<Json> json = Json::parse(line);
  if (!json) return json.error();
  return event_of(*json, service);
}

} // namespace

Result<Event> event_of(const Json& json, const std::string& service) {
  if (!json.as_object())
    return fail(Errc::invalid, R"(this is no JSON object (write {"t":1767225600,"event":"begin"}))");
  double t = 0;
  if (!json["t"].as_number(t) || !std::isfinite(t) || std::abs(t) > 1e11)
    return fail(Errc::invalid, "\"t\" is missing or no number (it is in seconds since 1970)");
  Event event;
  event.t = Time{} + seconds_f(t);
  const std::string name = json.text("event");
  if (name == "restart" || name == "stop") {
    event.daemon = name == "stop" ? Event::Daemon::stops : Event::Daemon::starts;
    return event;
  }
  const auto route = routes().find(name);
  if (route == routes().end()) {
    std::vector<std::string_view> known{"restart", "stop"};
    for (const auto& [of, path] : routes()) known.push_back(of);
    return fail(Errc::invalid, "\"" + name + "\" is no event (" + config::suggestion(name, known, "events") + ")");
  }
  Json body = Json::object();
  for (const auto& [key, value] : *json.as_object()) {
    if (key != "t" && key != "event") body.set(key, value);
  }
  if (name != "finish" && name != "abort") body.set("service", service);
  if (name == "begin" && body["version"].is_null()) body.set("version", kNewVersion);
  if (name == "adopt" && body["reason"].is_null()) body.set("reason", "replayed");
  Result<Command> command = command_of(route->second, body);
  if (!command) return command.error().in(name);
  event.command = *std::move(command);
  return event;
}

Result<std::vector<Event>> read_events(std::string_view text, const std::string& file, const std::string& service) {
  std::vector<Event> events;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    Result<Event> event = read_event(line, service);
    if (!event) return event.error().in(file + ":" + std::to_string(number));
    events.push_back(*std::move(event));
  }
  if (events.empty()) return fail(Errc::invalid, file + ": there is no event in it (one JSON object a line)");
  std::stable_sort(events.begin(), events.end(), [](const Event& a, const Event& b) { return a.t < b.t; });
  return events;
}

std::vector<Event> deployed_at(Time t, const std::string& service) {
  BeginDeployment begin;
  begin.service = service;
  begin.version = kNewVersion;
  return {{t, begin, Event::Daemon::runs}, {t, FinishDeployment{}, Event::Daemon::runs}};
}

} // namespace backstop::replay
