// The targets of a source: those that are written, and where others are looked for.
#include "daemon/config/found_targets.hpp"
#include "daemon/config/read_parts.hpp"
#include "daemon/config/text_check.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace backstop::config {
namespace {

constexpr Duration kLeastRefresh = std::chrono::seconds(1);

void read_target(const Mapping& target, TargetConfig& out) {
  target.text("url", out.url);
  if (!out.url.empty()) check_url(target, "url", out.url);
  target.file("unix_socket", out.unix_socket);
  target.text_map("labels", out.labels);
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

void read_written(const Mapping& mapping, const TargetKind& kind, std::vector<TargetConfig>& out) {
  const Node* targets = mapping.find("targets");
  if (targets == nullptr) return;
  const auto& items = items_of(mapping.sheet(), *targets, mapping.path_of("targets"));
  if (targets->kind == Node::Kind::sequence && items.empty())
    mapping.fault("targets", "no target", fmt::format("write [{{{}}}]", kind.example));
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Mapping target(mapping.sheet(), items[i], kind.tcp ? "target/tcp" : "target",
                         fmt::format("{}[{}]", mapping.path_of("targets"), i));
    if (target.ok()) kind.tcp ? read_place(target, out.emplace_back()) : read_target(target, out.emplace_back());
  }
}

void read_discovery(const Mapping& mapping, const TargetKind& kind, Duration refresh, Discovery& out) {
  out.refresh = refresh;
  out.path = kind.path;
  mapping.duration("refresh", out.refresh, kLeastRefresh);
  mapping.text_map("labels", out.labels);
  if (kind.tcp) return;
  mapping.word<std::string>("scheme", out.scheme, {{"http", "http"}, {"https", "https"}});
  mapping.text("path", out.path);
  const bool printable = std::all_of(out.path.begin(), out.path.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (mapping.has("path") && (!out.path.starts_with('/') || !printable))
    mapping.fault("path", fmt::format("\"{}\" is no path", shortened(out.path)), "write it from / on");
}

void read_files(const Mapping& mapping, const TargetKind& kind, FileDiscovery& out) {
  read_discovery(mapping, kind, std::chrono::seconds(5), out);
  mapping.texts("files", out.files);
  for (std::size_t i = 0; i < out.files.size(); ++i) {
    const std::string& file = out.files[i];
    const std::size_t name = file.rfind('/');
    if (!file.starts_with('/') || file.find_first_of("*?[") < name)
      mapping.fault(fmt::format("files[{}]", i), fmt::format("\"{}\" is no absolute path", shortened(file)),
                    "write it from / on; only its last part may hold * and ?");
  }
}

void read_dns(const Mapping& mapping, const TargetKind& kind, DnsDiscovery& out) {
  read_discovery(mapping, kind, std::chrono::seconds(30), out);
  mapping.texts("names", out.names);
  mapping.word<DnsType>("type", out.type, {{"SRV", DnsType::srv}, {"A", DnsType::a}, {"AAAA", DnsType::aaaa}});
  mapping.integer("port", out.port, {1, 65535});
  mapping.text("server", out.server);
  if (!out.server.empty() && !is_address(out.server))
    mapping.fault("server", fmt::format("\"{}\" is no address", shortened(out.server)),
                  "write ADDRESS:PORT of a name server, as 127.0.0.1:8600");
  for (const std::string& name : out.names)
    if (!is_address(name + ":1"))
      mapping.fault("names", fmt::format("\"{}\" is no name", shortened(name)),
                    "write it as _metrics._tcp.example.org");
  if (out.type == DnsType::srv && mapping.has("port"))
    mapping.fault("port", "an SRV record says its port itself", "leave it out, or write type: A");
  if (out.type != DnsType::srv && !mapping.has("port"))
    mapping.fault("names", "an address alone says no port", "add port, or write type: SRV");
}

std::string section_of(std::string_view section, const TargetKind& kind) {
  return kind.tcp ? fmt::format("{}/tcp", section) : std::string(section);
}

} // namespace

void read_targets(const Mapping& mapping, const TargetKind& kind, TargetList& out) {
  read_written(mapping, kind, out.targets);
  if (const Node* node = mapping.find("file_sd")) {
    const Mapping files(mapping.sheet(), *node, section_of("discovery/file", kind), mapping.path_of("file_sd"));
    if (files.ok()) read_files(files, kind, out.file_sd.emplace());
  }
  if (const Node* node = mapping.find("dns_sd")) {
    const Mapping dns(mapping.sheet(), *node, section_of("discovery/dns", kind), mapping.path_of("dns_sd"));
    if (dns.ok()) read_dns(dns, kind, out.dns_sd.emplace());
  }
  if (!mapping.has("targets") && !mapping.has("file_sd") && !mapping.has("dns_sd"))
    mapping.sheet().fault(mapping.place(), fmt::format("{}: \"targets\" is missing", mapping.path()),
                          fmt::format("write targets: [{{{}}}], file_sd or dns_sd", kind.example));
}

} // namespace backstop::config
