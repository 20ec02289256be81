#include "daemon/config/placeholders.hpp"
#include "daemon/config/read_parts.hpp"
#include <algorithm>
#include <array>
#include <fmt/format.h>

/// notify: who is told, when, and in which words.
namespace backstop::config {
namespace {

constexpr std::string_view kNobody = "nobody"; ///< in `to` of a route

std::vector<std::string_view> names_of_channels(const Daemon& daemon) {
  std::vector<std::string_view> names;
  for (const Channel& channel : daemon.channels) names.push_back(channel.name);
  return names;
}

template <std::size_t N>
void read_words(const Mapping& mapping, std::string_view key, std::vector<std::string>& out,
                const std::array<std::string_view, N>& known) {
  mapping.texts(key, out);
  check_known(mapping.sheet(), mapping.path_of(key), out, {known.begin(), known.end()}, "", "words");
}

/// Names of channels and roles.
void read_to(const Mapping& mapping, std::vector<std::string>& out, const Daemon& daemon, bool nobody) {
  mapping.texts("to", out);
  if (nobody && out == std::vector<std::string>{std::string(kNobody)}) return out.clear();
  check_known(mapping.sheet(), mapping.path_of("to"), out, names_of_recipients(daemon), "channel or role ",
              "channels and roles");
}

void read_roles(const Mapping& notify, Daemon& daemon) {
  const Node* node = notify.find("roles");
  if (node == nullptr) return;
  const std::vector<std::string_view> known = names_of_channels(daemon);
  for (const auto* entry : named_entries(notify.sheet(), *node, notify.path_of("roles"))) {
    const std::string path = notify.path_of("roles") + "." + entry->key.text;
    if (entry->key.text == kNobody || std::find(known.begin(), known.end(), entry->key.text) != known.end())
      notify.sheet().fault(entry->key.place, fmt::format("{}: a role cannot be called like that", path),
                           entry->key.text == kNobody ? "\"nobody\" means nobody" : "a channel has this name");
    std::vector<std::string>& channels = daemon.notify.roles[entry->key.text];
    const auto& items = items_of(notify.sheet(), entry->value, path);
    for (std::size_t i = 0; i < items.size(); ++i)
      if (auto channel = scalar_of(notify.sheet(), items[i], fmt::format("{}[{}]", path, i)))
        channels.push_back(*std::move(channel));
    check_known(notify.sheet(), path, channels, known, "channel ", "channels");
  }
}

void read_routes(const Mapping& notify, Daemon& daemon) {
  const Node* node = notify.find("routes");
  if (node == nullptr) return;
  const std::string path = notify.path_of("routes");
  const auto& items = items_of(notify.sheet(), *node, path);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Mapping mapping(notify.sheet(), items[i], "route", fmt::format("{}[{}]", path, i));
    if (!mapping.ok()) continue;
    Route& route = daemon.notify.routes.emplace_back();
    read_words(mapping, "severity", route.severities, kSeverities);
    mapping.texts("service", route.services);
    mapping.texts("environment", route.environments);
    read_words(mapping, "deployment", route.deployments, kDeploymentKinds);
    read_to(mapping, route.to, daemon, true);
  }
}

void read_escalations(const Mapping& notify, Daemon& daemon) {
  const Node* node = notify.find("escalate");
  if (node == nullptr) return;
  const std::string path = notify.path_of("escalate");
  const auto& items = items_of(notify.sheet(), *node, path);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Mapping mapping(notify.sheet(), items[i], "escalation", fmt::format("{}[{}]", path, i));
    if (!mapping.ok()) continue;
    Escalation& step = daemon.notify.escalate.emplace_back();
    mapping.duration("after", step.after, std::chrono::seconds(1));
    read_to(mapping, step.to, daemon, false);
    if (i > 0 && step.after <= daemon.notify.escalate[i - 1].after)
      mapping.fault("after", "it comes no later than the step before", "write the steps in order of time");
  }
}

void read_texts(const Mapping& notify, std::map<std::string, std::string>& out) {
  const Node* node = notify.find("texts");
  if (node == nullptr) return;
  const std::string path = notify.path_of("texts");
  for (const auto* entry : named_entries(notify.sheet(), *node, path)) {
    const std::string at = path + "." + entry->key.text;
    const auto text = scalar_of(notify.sheet(), entry->value, at);
    if (!text) continue;
    if (std::find(kNoticeEvents.begin(), kNoticeEvents.end(), entry->key.text) == kNoticeEvents.end())
      notify.sheet().fault(entry->key.place, fmt::format("{}: no notice is of \"{}\"", path, entry->key.text),
                           suggestion(entry->key.text, {kNoticeEvents.begin(), kNoticeEvents.end()}, "events"));
    if (text->empty()) notify.sheet().fault(entry->value.place, at + ": the text is empty", "write what is to be said");
    for (const std::string_view name : placeholders_in(*text)) {
      if (std::find(kNoticeNames.begin(), kNoticeNames.end(), name) != kNoticeNames.end()) continue;
      notify.sheet().fault(entry->value.place, fmt::format("{}: nothing is called {{{}}}", at, name),
                           suggestion(name, {kNoticeNames.begin(), kNoticeNames.end()}, "names"));
    }
    out[entry->key.text] = *text;
  }
}

} // namespace

void check_known(Sheet& sheet, const std::string& path, const std::vector<std::string>& values,
                 const std::vector<std::string_view>& known, std::string_view what, std::string_view things) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::find(known.begin(), known.end(), values[i]) != known.end()) continue;
    const std::string at = fmt::format("{}[{}]", path, i);
    sheet.fault(sheet.places.of(at), fmt::format("{}: there is no {}\"{}\"", at, what, values[i]),
                suggestion(values[i], known, things));
  }
}

std::vector<std::string_view> names_of_recipients(const Daemon& daemon) {
  std::vector<std::string_view> names = names_of_channels(daemon);
  for (const auto& [role, channels] : daemon.notify.roles) names.push_back(role);
  return names;
}

void read_notify(const Mapping& root, Daemon& daemon) {
  const Node* node = root.find("notify");
  if (node == nullptr) return;
  const Mapping notify(root.sheet(), *node, "notify", root.path_of("notify"));
  if (!notify.ok()) return;
  read_roles(notify, daemon);
  read_routes(notify, daemon);
  read_escalations(notify, daemon);
  read_texts(notify, daemon.notify.texts);
  notify.duration("group_wait", daemon.notify.group_wait, Duration{});
  notify.duration("repeat_interval", daemon.notify.repeat_interval, Duration{});
}

} // namespace backstop::config
