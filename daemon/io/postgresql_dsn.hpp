#pragma once
#include "rules/result.hpp"
#include "rules/time.hpp"
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace backstop {

/// Whom a DSN leads to: the admin console of a PgBouncer has a protocol, and manners, of its own.
enum class PostgresqlPeer { server, pgbouncer };

/// A PostgreSQL DSN taken apart, so that names can be resolved by others than libpq (which would block), and so that the
/// password is known where texts must be cleared of it.
class PostgresqlDsn {
public:
  using Parameters = std::vector<std::pair<std::string, std::string>>;

  /// "postgresql://user@host:5432/database" or "host=... dbname=...". Without a host: the server's socket in
  /// /var/run/postgresql. To PgBouncer: port 6432 and its database pgbouncer. Errc::invalid; the text of the DSN is
  /// never in the error, as there may be a password in it.
  static Result<PostgresqlDsn> parse(const std::string& text, PostgresqlPeer peer = PostgresqlPeer::server);

  /// The hosts that must be resolved before connecting. Sockets and addresses need not.
  [[nodiscard]] std::vector<std::string> names() const;

  /// What to give libpq: each host with each of its addresses; hosts without one are left out. Errc::io when none is left.
  [[nodiscard]] Result<Parameters> parameters(const std::map<std::string, Result<std::vector<std::string>>>& addresses,
                                              Duration statement_timeout) const;

  /// Which database of which server, for people: "PostgreSQL shop at db.example:5432". Nothing secret.
  [[nodiscard]] std::string where() const;
  [[nodiscard]] const std::vector<std::string>& secrets() const { return secrets_; }

private:
  explicit PostgresqlDsn(PostgresqlPeer peer) : peer_(peer) {}
  struct Host {
    std::string name;    ///< a name, an address, or the directory of a socket
    std::string address; ///< hostaddr=, if given
    std::string port;
    [[nodiscard]] bool needs_lookup() const;
  };
  Status split_hosts(const std::string& names, const std::string& addresses, const std::string& ports);

  PostgresqlPeer peer_;
  std::vector<Host> hosts_;
  std::map<std::string, std::string> rest_; ///< all but host, hostaddr and port
  std::vector<std::string> secrets_;
};

/// The SQLSTATE in an error text of PQERRORS_VERBOSE ("FATAL:  53300: sorry, ..."); empty: there is none.
std::string sqlstate_in(std::string_view text);

} // namespace backstop
