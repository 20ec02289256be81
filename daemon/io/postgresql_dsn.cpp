#include "daemon/io/postgresql_dsn.hpp"
#include "daemon/io/name_lookup.hpp"
#include <algorithm>
#include <libpq-fe.h>
#include <memory>

namespace backstop {
namespace {

constexpr const char* kSocketDirectory = "/var/run/postgresql";
constexpr const char* kPort = "5432";
constexpr const char* kPgbouncerPort = "6432";

bool is_socket(const std::string& host) { return host.starts_with('/') || host.starts_with('@'); }

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> items;
  std::size_t start = 0;
  for (std::size_t comma = list.find(','); comma != std::string::npos; comma = list.find(',', start)) {
    items.push_back(list.substr(start, comma - start));
    start = comma + 1;
  }
  items.push_back(list.substr(start));
  return items;
}

std::string taken(std::map<std::string, std::string>& from, const char* key) {
  const auto node = from.extract(key);
  return node ? node.mapped() : "";
}

} // namespace

std::string sqlstate_in(std::string_view text) {
  constexpr std::size_t length = 5;
  for (std::size_t at = text.find(":  "); at != std::string_view::npos; at = text.find(":  ", at + 1)) {
    const std::string_view code = text.substr(at + 3, length);
    const bool fits = code.size() == length && std::all_of(code.begin(), code.end(), [](char c) {
                        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
                      });
    if (fits && text.substr(at + 3 + length, 2) == ": ") return std::string(code);
  }
  return "";
}

bool PostgresqlDsn::Host::needs_lookup() const {
  return address.empty() && !is_socket(name) && !is_numeric_address(name);
}

Status PostgresqlDsn::split_hosts(const std::string& names, const std::string& addresses, const std::string& ports) {
  const std::vector<std::string> name = split(names);
  const std::vector<std::string> address = split(addresses);
  const std::vector<std::string> port = split(ports);
  const std::size_t count = std::max(name.size(), address.size());
  if ((names.empty() ? count : name.size()) != count || (addresses.empty() ? count : address.size()) != count ||
      (port.size() != 1 && port.size() != count))
    return fail(Errc::invalid,
                "the DSN names " + std::to_string(count) + " hosts and another number of addresses or ports");
  for (std::size_t i = 0; i < count; ++i) {
    Host host;
    host.name = names.empty() ? "" : name[i];
    host.address = addresses.empty() ? "" : address[i];
    host.port = port.size() == 1 ? port[0] : port[i];
    if (host.name.empty() && host.address.empty()) host.name = kSocketDirectory;
    if (host.port.empty()) host.port = peer_ == PostgresqlPeer::pgbouncer ? kPgbouncerPort : kPort;
    hosts_.push_back(std::move(host));
  }
  return {};
}

Result<PostgresqlDsn> PostgresqlDsn::parse(const std::string& text, PostgresqlPeer peer) {
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(PQconninfoParse(text.c_str(), nullptr),
                                                                               PQconninfoFree);
  if (!options || text.find('\0') != std::string::npos)
    return fail(Errc::invalid, "the DSN is not understood (not shown, as there may be a password in it): write "
                               "postgresql://user@host:5432/database or host=... port=... dbname=... user=...");
  PostgresqlDsn dsn(peer);
  for (const PQconninfoOption* o = options.get(); o->keyword; ++o)
    if (o->val && *o->val) dsn.rest_[o->keyword] = o->val;
  if (dsn.rest_.contains("service"))
    return fail(Errc::invalid, "the DSN has service=: service files are not read; write host, port, dbname and user");
  if (peer == PostgresqlPeer::pgbouncer) dsn.rest_.try_emplace("dbname", "pgbouncer");
  for (const char* key : {"password", "sslpassword"})
    if (const auto found = dsn.rest_.find(key); found != dsn.rest_.end()) dsn.secrets_.push_back(found->second);

  const std::string names = taken(dsn.rest_, "host");
  const std::string addresses = taken(dsn.rest_, "hostaddr");
  if (const Status s = dsn.split_hosts(names, addresses, taken(dsn.rest_, "port")); !s) return s.error();
  return dsn;
}

std::vector<std::string> PostgresqlDsn::names() const {
  std::vector<std::string> names;
  for (const Host& h : hosts_)
    if (h.needs_lookup() && std::find(names.begin(), names.end(), h.name) == names.end()) names.push_back(h.name);
  return names;
}

Result<PostgresqlDsn::Parameters>
PostgresqlDsn::parameters(const std::map<std::string, Result<std::vector<std::string>>>& addresses,
                          Duration statement_timeout) const {
  std::string hosts;
  std::string hostaddrs;
  std::string ports;
  std::string separator;
  Error none = fail(Errc::io, "no host of the DSN was resolved");
  const auto add = [&](const Host& host, const std::string& address) {
    hosts += separator + host.name;
    hostaddrs += separator + address;
    ports += separator + host.port;
    separator = ",";
  };
  for (const Host& host : hosts_) {
    if (!host.needs_lookup()) {
      add(host, is_numeric_address(host.name) && host.address.empty() ? host.name : host.address);
      continue;
    }
    const auto found = addresses.find(host.name);
    if (found == addresses.end()) continue;
    if (!found->second)
      none = found->second.error();
    else
      for (const std::string& address : *found->second) add(host, address);
  }
  if (separator.empty()) return none;

  std::map<std::string, std::string> all = rest_;
  all["host"] = hosts;
  all["hostaddr"] = hostaddrs;
  all["port"] = ports;
  all["client_encoding"] = "UTF8";
  all.try_emplace("application_name", "backstop");
  all.try_emplace("gssencmode", "disable"); // getting a Kerberos ticket would block
  if (peer_ == PostgresqlPeer::pgbouncer) return Parameters(all.begin(), all.end()); // it refuses options
  // Read only, and the server gives up when we do: what is asked can never harm what is watched.
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(statement_timeout).count();
  std::string& server_options = all["options"];
  server_options += std::string(server_options.empty() ? "" : " ") + "-c statement_timeout=" + std::to_string(ms) +
                    " -c default_transaction_read_only=on";
  return Parameters(all.begin(), all.end());
}

std::string PostgresqlDsn::where() const {
  std::string text = peer_ == PostgresqlPeer::pgbouncer ? "PgBouncer" : "PostgreSQL";
  if (const auto database = rest_.find("dbname"); database != rest_.end()) text += " " + database->second;
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    const std::string& host = hosts_[i].name.empty() ? hosts_[i].address : hosts_[i].name;
    text += (i == 0 ? " at " : ", ") + (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" +
            hosts_[i].port;
  }
  return text;
}

} // namespace backstop
