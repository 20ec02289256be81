#include "daemon/config/placeholders.hpp"
#include "daemon/config/read_parts.hpp"
#include <algorithm>
#include <array>
#include <fmt/format.h>

/// notify: who is told, when, and in which words.
namespace backstop::config {
namespace {

constexpr std::string_view kNobody = "nobody"; ///< in `to` of a route

template <std::size_t N>
void check_words(const Mapping& mapping, std::string_view key, const std::vector<std::string>& values,
                 const std::array<std::string_view, N>& known) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::find(known.begin(), known.end(), values[i]) != known.end()) continue;
    const std::string path = fmt::format("{}[{}]", mapping.path_of(key), i);
    mapping.sheet().fault(mapping.sheet().places.of(path), fmt::format("{}: there is no \"{}\"", path, values[i]),
                          suggestion(values[i], {known.begin(), known.end()}, "words"));
  }
}

/// Names of channels and roles.
void read_to(const Mapping& mapping, std::vector<std::string>& out, const Daemon& daemon, bool nobody) {
  mapping.texts("to", out);
  if (nobody && out == std::vector<std::string>{std::string(kNobody)}) return out.clear();
  std::vector<std::string_view> known;
  for (const Channel& channel : daemon.channels) known.push_back(channel.name);
  for (const auto& [role, channels] : daemon.notify.roles) known.push_back(role);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (std::find(known.begin(), known.end(), out[i]) != known.end()) continue;
    const std::string path = fmt::format("{}[{}]", mapping.path_of("to"), i);
    mapping.sheet().fault(mapping.sheet().places.of(path),
                          fmt::format("{}: there is no channel or role \"{}\"", path, out[i]),
                          suggestion(out[i], known, "channels and roles"));
  }
}

void read_roles(const Mapping& notify, Daemon& daemon) {
  const Node* node = notify.find("roles");
  if (node == nullptr) return;
  std::vector<std::string_view> known;
  for (const Channel& channel : daemon.channels) known.push_back(channel.name);
  for (const auto* entry : named_entries(notify.sheet(), *node, notify.path_of("roles"))) {
    const std::string path = notify.path_of("roles") + "." + entry->key.text;
    if (entry->key.text == kNobody || std::find(known.begin(), known.end(), entry->key.text) != known.end())
      notify.sheet().fault(entry->key.place, fmt::format("{}: a role cannot be called like that", path),
                           entry->key.text == kNobody ? "\"nobody\" means nobody" : "a channel has this name");
    std::vector<std::string>& channels = daemon.notify.roles[entry->key.text];
    const auto& items = items_of(notify.sheet(), entry->value, path);
    for (std::size_t i = 0; i < items.size(); ++i) {
      const std::string at = fmt::format("{}[{}]", path, i);
      const auto channel = scalar_of(notify.sheet(), items[i], at);
      if (!channel) continue;
      if (std::find(known.begin(), known.end(), *channel) == known.end())
        notify.sheet().fault(items[i].place, fmt::format("{}: there is no channel \"{}\"", at, *channel),
                             suggestion(*channel, known, "channels"));
      channels.push_back(*channel);
    }
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
    mapping.texts("severity", route.severities);
    check_words(mapping, "severity", route.severities, kSeverities);
    mapping.texts("service", route.services);
    mapping.texts("environment", route.environments);
    mapping.texts("deployment", route.deployments);
    check_words(mapping, "deployment", route.deployments, kDeploymentKinds);
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
