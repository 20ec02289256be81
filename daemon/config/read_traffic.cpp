#include "daemon/config/found_targets.hpp"
#include "daemon/config/read_parts.hpp"
#include "daemon/config/text_check.hpp"
#include <fmt/format.h>

/// traffic: where it can go, and who moves it.
namespace backstop::config {

namespace {

/// A word of HAProxy's runtime API and of nginx' configuration: nothing in it may end the word.
bool plain_word(std::string_view text) {
  return !text.empty() && text.size() <= 128 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-") ==
             std::string_view::npos;
}

bool plain_path(std::string_view text) {
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/@+-") ==
         std::string_view::npos;
}

void read_word(const Mapping& traffic, std::string_view key, std::string& out) {
  std::string text;
  traffic.text(key, text);
  if (text.empty()) return;
  if (!plain_word(text))
    return traffic.fault(key, fmt::format("\"{}\" is no name", shortened(text)),
                         "use letters, digits, . _ : and - only");
  out = text;
}

/// "10.0.0.1:8080", "[::1]:80", "unix:/run/shop/blue.sock"
bool is_server_address(std::string_view text) {
  constexpr std::string_view unix_socket = "unix:/";
  if (!text.starts_with(unix_socket)) return is_address(text);
  return text.size() > unix_socket.size() && plain_path(text.substr(unix_socket.size()));
}

void check_server(const Mapping& traffic, const std::string& path, Place place, const std::string& server,
                  Traffic::Driver driver) {
  if (driver == Traffic::Driver::command) return; // it knows them by itself
  const bool nginx = driver == Traffic::Driver::nginx;
  if (nginx ? is_server_address(server) : plain_word(server)) return;
  traffic.sheet().fault(place,
                        fmt::format("{}: \"{}\" is no {}", path, shortened(server), nginx ? "address" : "server"),
                        nginx ? "write HOST:PORT or unix:/PATH" : "write its name as in the backend");
}

void read_side(const Mapping& traffic, const Entry& entry, const std::string& path, Traffic::Driver driver, Side& out) {
  Sheet& sheet = traffic.sheet();
  out.name = entry.key.text;
  const auto& items = items_of(sheet, entry.value, path);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string at = fmt::format("{}[{}]", path, i);
    auto server = scalar_of(sheet, items[i], at);
    if (!server) continue;
    check_server(traffic, at, items[i].place, *server, driver);
    out.servers.push_back(*std::move(server));
  }
  if (items.empty() && entry.value.kind == Node::Kind::sequence && driver != Traffic::Driver::command)
    sheet.fault(entry.value.place, path + ": no server", fmt::format("write {}: [SERVER]", out.name));
}

/// A mapping of two names and their servers; of a command, which knows them itself, also a list of two names.
void read_sides(const Mapping& traffic, Traffic& out) {
  const Node* node = traffic.find("sides");
  if (node == nullptr) return;
  const std::string path = traffic.path_of("sides");
  if (out.driver == Traffic::Driver::command && node->kind == Node::Kind::sequence) {
    for (std::size_t i = 0; i < node->items.size(); ++i) {
      const std::string at = fmt::format("{}[{}]", path, i);
      const auto name = scalar_of(traffic.sheet(), node->items[i], at);
      if (name && check_name(traffic.sheet(), node->items[i].place, *name, NameKind::plain, at))
        out.sides.push_back({*name, {}});
    }
    return;
  }
  for (const Entry* entry : named_entries(traffic.sheet(), *node, path))
    read_side(traffic, *entry, path + "." + entry->key.text, out.driver, out.sides.emplace_back());
}

void read_haproxy(const Mapping& traffic, Traffic& out) {
  traffic.text("socket", out.socket);
  if (!out.socket.empty() && out.socket.front() != '/' && !is_address(out.socket))
    traffic.fault("socket", fmt::format("\"{}\" is neither an absolute path nor an address", shortened(out.socket)),
                  "write /run/haproxy/admin.sock or HOST:PORT, as in \"stats socket\" of haproxy.cfg");
  read_word(traffic, "backend", out.backend);
}

void read_nginx(const Mapping& traffic, Traffic& out) {
  out.test = {"/usr/sbin/nginx", "-t"};
  out.reload = {"/usr/sbin/nginx", "-s", "reload"};
  traffic.file("file", out.file);
  read_word(traffic, "upstream", out.upstream);
  traffic.texts("test", out.test);
  traffic.texts("reload", out.reload);
}

void read_traffic_command(const Mapping& traffic, Traffic& out) {
  traffic.texts("argv", out.argv);
  if (const Node* node = traffic.find("check")) {
    const Mapping check(traffic.sheet(), *node, "traffic/check", traffic.path_of("check"));
    check.texts("argv", out.checked);
  }
}

} // namespace

void read_traffic(const Mapping& service, Service& out) {
  const Node* node = service.find("traffic");
  if (node == nullptr) return;
  const auto driver =
      type_of(service.sheet(), *node, "driver", "traffic", {"haproxy", "nginx", "command"}, "traffic driver");
  if (!driver) return;
  const Mapping mapping(service.sheet(), *node, "traffic/" + *driver, "traffic");
  Traffic& traffic = out.traffic.emplace();
  if (*driver == "haproxy") {
    traffic.driver = Traffic::Driver::haproxy;
    read_haproxy(mapping, traffic);
  } else if (*driver == "nginx") {
    traffic.driver = Traffic::Driver::nginx;
    read_nginx(mapping, traffic);
  } else {
    traffic.driver = Traffic::Driver::command;
    read_traffic_command(mapping, traffic);
  }
  read_sides(mapping, traffic);
  mapping.name("candidate", traffic.candidate);
  mapping.duration("timeout", traffic.timeout, std::chrono::seconds(1));
}

} // namespace backstop::config
