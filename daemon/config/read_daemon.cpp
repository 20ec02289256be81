#include "daemon/config/read_parts.hpp"
#include "daemon/config/text_check.hpp"
#include <fmt/format.h>
#include <optional>

/// backstop.yaml
namespace backstop::config {

namespace {

std::optional<Mapping> part(const Mapping& root, std::string_view key) {
  const Node* node = root.find(key);
  if (node == nullptr) return std::nullopt;
  return std::optional<Mapping>(std::in_place, root.sheet(), *node, key, root.path_of(key));
}

void read_control(const Mapping& root, Control& out) {
  const auto control = part(root, "control");
  if (!control) return;
  control->file("socket", out.socket);
  control->name("observers", out.observers);
  control->name("operators", out.operators);
}

void read_metrics(const Mapping& root, std::string& listen) {
  const auto metrics = part(root, "metrics");
  if (!metrics) return;
  std::string text;
  metrics->text("listen", text);
  if (text == "none")
    listen.clear();
  else if (!text.empty())
    listen = text;
}

void read_stores(const Mapping& root, Daemon& out) {
  if (const auto journal = part(root, "journal")) {
    journal->file("path", out.journal_path);
    journal->duration("keep", out.journal_keep, std::chrono::hours(24));
  }
  if (const auto recorder = part(root, "recorder")) {
    recorder->file("path", out.recorder_path);
    recorder->duration("keep", out.recorder_keep, std::chrono::hours(1));
    recorder->size("max_size", out.recorder_max_size, std::uint64_t{1} << 20);
  }
}

void read_limits(const Mapping& root, Limits& out) {
  const auto limits = part(root, "limits");
  if (!limits) return;
  limits->integer("concurrent_rollbacks", out.concurrent_rollbacks, {1, 1000});
  std::string text;
  limits->text("rollbacks", text);
  if (text.empty()) return;
  Mistake mistake;
  if (const auto parsed = parse_count_per(shortened(text), mistake))
    out.rollbacks = {parsed->count, parsed->window};
  else
    limits->fault("rollbacks", mistake.what, mistake.how);
}

void read_deadman(const Mapping& root, std::optional<Deadman>& out) {
  const auto deadman = part(root, "deadman");
  if (!deadman || !deadman->ok()) return;
  out.emplace();
  read_secret(*deadman, "url", out->url, Inline::url);
  deadman->duration("every", out->every, std::chrono::seconds(1));
}

void read_roles(const Mapping& root, std::map<std::string, std::string>& out) {
  root.text_map("roles", out);
  for (const auto& [role, group] : out)
    check_name(root.sheet(), root.sheet().places.of("roles." + role), group, NameKind::plain, "roles." + role);
}

} // namespace

void read_daemon(Sheet& sheet, const Node& node, Daemon& out) {
  const Mapping root(sheet, node, "backstop", "");
  if (!root.ok()) return;
  read_control(root, out.control);
  read_metrics(root, out.metrics_listen);
  read_page(root, out.page);
  read_stores(root, out);
  read_limits(root, out.limits);
  read_deadman(root, out.deadman);
  root.text("services", out.services_glob);
  if (const Node* channels = root.find("channels")) {
    for (const auto* entry : named_entries(sheet, *channels, "channels")) {
      Channel& channel = out.channels.emplace_back();
      channel.name = entry->key.text;
      read_channel(root, entry->value, channel);
    }
  }
  read_notify(root, out);
  read_roles(root, out.roles);
}

} // namespace backstop::config
