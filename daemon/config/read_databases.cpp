#include "daemon/config/read_parts.hpp"
#include "daemon/config/text_check.hpp"
#include <algorithm>
#include <cctype>
#include <fmt/format.h>

/// Sources that are database servers.
namespace backstop::config {

namespace {

/// A name or an address; of IPv6 without brackets.
bool is_host(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == ':';
  });
}

void read_tls(const Mapping& mapping, MysqlSource& out) {
  mapping.file("ca_file", out.ca_file);
  mapping.file("cert_file", out.cert_file);
  mapping.file("key_file", out.key_file);
  if (mapping.has("cert_file") != mapping.has("key_file"))
    mapping.sheet().fault(mapping.place(), mapping.path() + ": cert_file and key_file go together",
                          "write both or neither");
  if (mapping.has("cert_file") && !mapping.has("ca_file"))
    mapping.fault("cert_file", "without ca_file there is no TLS", "add ca_file");
}

void read_mysql(const Mapping& mapping, MysqlSource& out) {
  mapping.text("host", out.host);
  if (!out.host.empty() && !is_host(out.host))
    mapping.fault("host", fmt::format("\"{}\" is no host", shortened(out.host)),
                  "write a name or an address; the port stands in port");
  mapping.integer("port", out.port, {1, 65535});
  mapping.file("unix_socket", out.unix_socket);
  mapping.text("user", out.user);
  read_secret(mapping, "password", out.password, Inline::nothing);
  read_tls(mapping, out);
  if (!mapping.ok()) return;
  if (mapping.has("host") == mapping.has("unix_socket"))
    mapping.sheet().fault(mapping.place(),
                          fmt::format("{}: exactly one of host and unix_socket is wanted", mapping.path()),
                          "write unix_socket: /run/mysqld/mysqld.sock, or host: NAME");
  else if (mapping.has("unix_socket"))
    for (const char* key : {"port", "ca_file"})
      if (mapping.has(key)) mapping.fault(key, "a socket has none", "leave it out, or write host: NAME");
}

} // namespace

void read_database(const Mapping& mapping, const std::string& type, Source& out) {
  out.interval = std::chrono::seconds(5);
  mapping.duration("interval", out.interval, kLeastInterval);
  if (type == "postgresql") {
    auto& postgresql = out.kind.emplace<PostgresqlSource>();
    read_timeout(mapping, out.interval, postgresql.timeout);
    read_secret(mapping, "dsn", postgresql.dsn, Inline::dsn);
  } else if (type == "pgbouncer") {
    auto& pgbouncer = out.kind.emplace<PgbouncerSource>();
    read_timeout(mapping, out.interval, pgbouncer.timeout);
    read_secret(mapping, "dsn", pgbouncer.dsn, Inline::dsn);
  } else {
    auto& mysql = out.kind.emplace<MysqlSource>();
    read_timeout(mapping, out.interval, mysql.timeout);
    read_mysql(mapping, mysql);
  }
}

} // namespace backstop::config
