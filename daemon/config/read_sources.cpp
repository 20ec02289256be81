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

void read_access(const Mapping& mapping, HttpAccess& out) {
  read_secret(mapping, "bearer", out.bearer, Inline::nothing);
  read_secret(mapping, "basic", out.basic, Inline::nothing);
  mapping.file("ca_file", out.ca_file);
  mapping.file("cert_file", out.cert_file);
  mapping.file("key_file", out.key_file);
}

void read_prometheus(const Mapping& mapping, Duration interval, PrometheusSource& out) {
  read_timeout(mapping, interval, out.timeout);
  read_access(mapping, out);
  mapping.size("max_bytes", out.max_bytes, 1024);
  mapping.integer("max_series", out.max_series, {1, 10'000'000});
  read_targets(mapping, {"url: \"http://HOST:PORT/metrics\"", "/metrics"}, out);
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
  read_targets(mapping, {"url: \"http://HOST:PORT/health\"", "/"}, out);
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
    read_targets(mapping, {"address: \"HOST:PORT\"", "", true}, tcp);
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
