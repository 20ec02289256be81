#include "collectors/cgroup_path.hpp"
#include "daemon/config/read_parts.hpp"
#include "daemon/config/text_check.hpp"
#include <algorithm>
#include <cctype>
#include <fmt/format.h>

namespace backstop::config {

void read_timeout(const Mapping& source, Duration interval, Duration& timeout) {
  timeout = std::min(timeout, interval * 4 / 5);
  source.duration("timeout", timeout);
}

namespace {

void read_target(const Mapping& target, TargetConfig& out) {
  target.text("url", out.url);
  if (!out.url.empty()) check_url(target, "url", out.url);
  target.file("unix_socket", out.unix_socket);
  target.text_map("labels", out.labels);
}

/// "host:port", "[::1]:port"
bool is_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  const std::string host = text.substr(0, colon);
  const bool bracketed = host.front() == '[' && host.back() == ']' && host.size() > 2;
  const std::string inner = bracketed ? host.substr(1, host.size() - 2) : host;
  const auto fits = [&](unsigned char c) {
    return bracketed ? std::isxdigit(c) != 0 || c == ':' || c == '.'
                     : std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
  };
  const std::string port = text.substr(colon + 1);
  const bool digits = !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string::npos;
  return std::all_of(inner.begin(), inner.end(), fits) && digits && std::stoi(port) >= 1 && std::stoi(port) <= 65535;
}

void read_place(const Mapping& target, TargetConfig& out) {
  target.text("address", out.address);
  if (!out.address.empty() && !is_address(out.address))
    target.fault("address", fmt::format("\"{}\" is no address", shortened(out.address)),
                 "write HOST:PORT, or [ADDRESS]:PORT for IPv6");
  target.file("unix_socket", out.unix_socket);
  target.text_map("labels", out.labels);
  if (target.has("address") == target.has("unix_socket"))
    target.sheet().fault(target.place(),
                         fmt::format("{}: exactly one of address and unix_socket is wanted", target.path()),
                         "write {address: \"HOST:PORT\"} or {unix_socket: PATH}");
}

void read_access(const Mapping& mapping, HttpAccess& out) {
  read_secret(mapping, "bearer", out.bearer, Inline::nothing);
  read_secret(mapping, "basic", out.basic, Inline::nothing);
  mapping.file("ca_file", out.ca_file);
  mapping.file("cert_file", out.cert_file);
  mapping.file("key_file", out.key_file);
}

/// `section`: which keys a target has, and so how it is read.
void read_targets(const Mapping& mapping, std::string_view section, std::string_view example,
                  std::vector<TargetConfig>& out) {
  const Node* targets = mapping.find("targets");
  if (targets == nullptr) return;
  const auto& items = items_of(mapping.sheet(), *targets, mapping.path_of("targets"));
  if (targets->kind == Node::Kind::sequence && items.empty())
    mapping.fault("targets", "no target", fmt::format("write [{{{}}}]", example));
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Mapping target(mapping.sheet(), items[i], section, fmt::format("{}[{}]", mapping.path_of("targets"), i));
    if (target.ok())
      section == "target" ? read_target(target, out.emplace_back()) : read_place(target, out.emplace_back());
  }
}

void read_prometheus(const Mapping& mapping, Duration interval, PrometheusSource& out) {
  read_timeout(mapping, interval, out.timeout);
  read_access(mapping, out);
  mapping.size("max_bytes", out.max_bytes, 1024);
  mapping.integer("max_series", out.max_series, {1, 10'000'000});
  read_targets(mapping, "target", "url: \"http://HOST:PORT/metrics\"", out.targets);
}

/// "2xx", "404"
std::optional<StatusRange> parse_status(std::string_view text) {
  if (text.size() != 3 || text[0] < '1' || text[0] > '5') return std::nullopt;
  constexpr int kClass = 100;
  const int low = (text[0] - '0') * kClass;
  if (text.substr(1) == "xx") return StatusRange{low, low + kClass - 1};
  int status = low;
  for (const int place : {1, 2}) {
    const char digit = text[static_cast<std::size_t>(place)];
    if (digit < '0' || digit > '9') return std::nullopt;
    status += (digit - '0') * (place == 1 ? 10 : 1);
  }
  return StatusRange{status, status};
}

void read_statuses(const Mapping& mapping, std::vector<StatusRange>& out) {
  const Node* node = mapping.find("expect_status");
  if (node == nullptr) return;
  std::vector<std::string> written;
  if (node->kind == Node::Kind::scalar)
    mapping.text("expect_status", written.emplace_back());
  else
    mapping.texts("expect_status", written);
  std::vector<StatusRange> ranges;
  for (const std::string& text : written) {
    if (text.empty()) return; // said to be
    const auto range = parse_status(text);
    if (!range)
      return mapping.fault("expect_status", fmt::format("\"{}\" is no status", shortened(text)),
                           "write 200, 2xx or [200, 404]");
    ranges.push_back(*range);
  }
  if (!ranges.empty()) out = std::move(ranges);
}

void read_http(const Mapping& mapping, Duration interval, HttpSource& out) {
  read_timeout(mapping, interval, out.timeout);
  read_access(mapping, out);
  mapping.word<std::string>("method", out.method, {{"GET", "GET"}, {"HEAD", "HEAD"}});
  read_statuses(mapping, out.expect_status);
  mapping.text("expect_body", out.expect_body);
  mapping.text_map("headers", out.headers);
  read_targets(mapping, "target", "url: \"http://HOST:PORT/health\"", out.targets);
}

void read_unit(const Mapping& mapping, std::string& out) {
  std::string written;
  mapping.name("unit", written, NameKind::any);
  if (written.empty()) return; // left out, or said to be no name
  Result<std::string> name = unit_name(written);
  if (!name) return mapping.fault("unit", name.error().what);
  out = *std::move(name);
}

void read_source(Sheet& sheet, const Node& node, Source& out) {
  const std::string path = "sources." + out.name;
  const auto type = type_of(sheet, node, "type", path,
                            {"prometheus", "promql", "host", "systemd", "journal", "postgresql", "pgbouncer", "mysql",
                             "http", "tcp", "command"},
                            "source of type");
  if (!type) return;
  const Mapping mapping(sheet, node, "source/" + *type, path);
  if (*type == "prometheus") {
    mapping.duration("interval", out.interval, kLeastInterval);
    read_prometheus(mapping, out.interval, out.kind.emplace<PrometheusSource>());
  } else if (*type == "promql") {
    out.interval = std::chrono::seconds(15);
    mapping.duration("interval", out.interval, kLeastInterval);
    auto& promql = out.kind.emplace<PromqlSource>();
    read_timeout(mapping, out.interval, promql.timeout);
    read_access(mapping, promql);
    read_promql(mapping, promql);
  } else if (*type == "host") {
    mapping.duration("interval", out.interval, kLeastInterval);
    read_unit(mapping, out.kind.emplace<HostSource>().unit);
  } else if (*type == "systemd") {
    mapping.duration("interval", out.interval, kLeastInterval);
    auto& systemd = out.kind.emplace<SystemdSource>();
    read_unit(mapping, systemd.unit);
    read_timeout(mapping, out.interval, systemd.timeout);
  } else if (*type == "journal") {
    out.interval = std::chrono::seconds(5);
    mapping.duration("interval", out.interval, kLeastInterval);
    auto& journal = out.kind.emplace<JournalLinesSource>();
    read_unit(mapping, journal.unit);
    read_timeout(mapping, out.interval, journal.timeout);
  } else if (*type == "http") {
    out.interval = std::chrono::seconds(5);
    mapping.duration("interval", out.interval, kLeastInterval);
    read_http(mapping, out.interval, out.kind.emplace<HttpSource>());
  } else if (*type == "tcp") {
    out.interval = std::chrono::seconds(5);
    mapping.duration("interval", out.interval, kLeastInterval);
    auto& tcp = out.kind.emplace<TcpSource>();
    read_timeout(mapping, out.interval, tcp.timeout);
    read_targets(mapping, "target/tcp", "address: \"HOST:PORT\"", tcp.targets);
  } else if (*type == "command") {
    out.interval = std::chrono::seconds(30);
    mapping.duration("interval", out.interval, kLeastInterval);
    auto& command = out.kind.emplace<CommandSource>();
    mapping.texts("argv", command.argv);
    read_timeout(mapping, out.interval, command.timeout);
  } else {
    read_database(mapping, *type, out);
  }
}

} // namespace

void read_sources(const Mapping& service, Service& out) {
  const Node* sources = service.find("sources");
  if (sources == nullptr) return;
  for (const auto* entry : named_entries(service.sheet(), *sources, "sources")) {
    // A faulty source is kept under its name, so that what refers to it is not called unknown as well.
    Source& source = out.sources.emplace_back();
    source.name = entry->key.text;
    read_source(service.sheet(), entry->value, source);
  }
}

} // namespace backstop::config
