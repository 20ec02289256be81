#include "collectors/cgroup_path.hpp"
#include "daemon/config/read_parts.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace backstop::config {

namespace {

constexpr Duration kLeastInterval{std::chrono::milliseconds(100)};

/// The usual timeout, or what a shorter interval leaves room for: an attempt must be over before the next one starts.
Duration default_timeout(Duration usual, Duration interval) { return std::min(usual, interval * 4 / 5); }

void read_target(const Mapping& target, TargetConfig& out) {
  target.text("url", out.url);
  if (!out.url.empty()) check_url(target, "url", out.url);
  target.file("unix_socket", out.unix_socket);
  target.text_map("labels", out.labels);
}

void read_prometheus(const Mapping& mapping, Duration interval, PrometheusSource& out) {
  out.timeout = default_timeout(out.timeout, interval);
  mapping.duration("timeout", out.timeout);
  read_secret(mapping, "bearer", out.bearer, Inline::nothing);
  read_secret(mapping, "basic", out.basic, Inline::nothing);
  mapping.file("ca_file", out.ca_file);
  mapping.file("cert_file", out.cert_file);
  mapping.file("key_file", out.key_file);
  mapping.size("max_bytes", out.max_bytes, 1024);
  mapping.integer("max_series", out.max_series, {1, 10'000'000});
  const Node* targets = mapping.find("targets");
  if (targets == nullptr) return;
  const auto& items = items_of(mapping.sheet(), *targets, mapping.path_of("targets"));
  if (targets->kind == Node::Kind::sequence && items.empty())
    mapping.fault("targets", "no target", "write [{url: \"http://HOST:PORT/metrics\"}]");
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Mapping target(mapping.sheet(), items[i], "target", fmt::format("{}[{}]", mapping.path_of("targets"), i));
    if (target.ok()) read_target(target, out.targets.emplace_back());
  }
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
  const auto type =
      type_of(sheet, node, "type", path, {"prometheus", "host", "systemd", "postgresql"}, "source of type");
  if (!type) return;
  const Mapping mapping(sheet, node, "source/" + *type, path);
  if (*type == "prometheus") {
    mapping.duration("interval", out.interval, kLeastInterval);
    read_prometheus(mapping, out.interval, out.kind.emplace<PrometheusSource>());
  } else if (*type == "host") {
    mapping.duration("interval", out.interval, kLeastInterval);
    read_unit(mapping, out.kind.emplace<HostSource>().unit);
  } else if (*type == "systemd") {
    mapping.duration("interval", out.interval, kLeastInterval);
    auto& systemd = out.kind.emplace<SystemdSource>();
    read_unit(mapping, systemd.unit);
    systemd.timeout = default_timeout(systemd.timeout, out.interval);
    mapping.duration("timeout", systemd.timeout);
  } else {
    out.interval = std::chrono::seconds(5);
    mapping.duration("interval", out.interval, kLeastInterval);
    auto& postgresql = out.kind.emplace<PostgresqlSource>();
    postgresql.timeout = default_timeout(postgresql.timeout, out.interval);
    mapping.duration("timeout", postgresql.timeout);
    read_secret(mapping, "dsn", postgresql.dsn, Inline::dsn);
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
