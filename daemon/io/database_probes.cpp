#include "daemon/io/database_probes.hpp"
#include "collectors/mysql.hpp"
#include "collectors/pgbouncer.hpp"
#include "collectors/postgresql.hpp"
#include "collectors/sql_probe.hpp"
#include "daemon/io/mysql_client.hpp"
#include "daemon/io/postgresql_client.hpp"

namespace backstop {
namespace {

std::unique_ptr<Probe> probe_of(const config::PostgresqlSource& source, EventLoop& loop,
                                const ReadSecret& read_secret) {
  auto client = std::make_unique<PostgresqlClient>(loop, [read_secret, dsn = source.dsn] { return read_secret(dsn); });
  return std::make_unique<SqlProbe>(std::move(client), std::string(postgresql::kQuestion), postgresql::read_answer,
                                    source.timeout);
}

std::unique_ptr<Probe> probe_of(const config::PgbouncerSource& source, EventLoop& loop, const ReadSecret& read_secret) {
  auto client = std::make_unique<PostgresqlClient>(
      loop, [read_secret, dsn = source.dsn] { return read_secret(dsn); }, SqlLimits{}, PostgresqlPeer::pgbouncer);
  return std::make_unique<SqlProbe>(std::move(client), std::string(pgbouncer::kQuestion), pgbouncer::read_answer,
                                    source.timeout);
}

std::unique_ptr<Probe> probe_of(const config::MysqlSource& source, EventLoop& loop, const ReadSecret& read_secret) {
  MysqlServer server{source.host,    source.port,      source.unix_socket, source.user,
                     source.ca_file, source.cert_file, source.key_file};
  auto client = std::make_unique<MysqlClient>(loop, std::move(server), [read_secret, password = source.password] {
    return password.empty() ? Result<std::string>("") : read_secret(password);
  });
  return std::make_unique<SqlProbe>(std::move(client), std::string(mysql::kQuestion), mysql::read_answer,
                                    source.timeout);
}

} // namespace

std::unique_ptr<Probe> database_probe(const config::Source& source, EventLoop& loop, const ReadSecret& read_secret) {
  if (const auto* postgresql = std::get_if<config::PostgresqlSource>(&source.kind))
    return probe_of(*postgresql, loop, read_secret);
  if (const auto* pgbouncer = std::get_if<config::PgbouncerSource>(&source.kind))
    return probe_of(*pgbouncer, loop, read_secret);
  if (const auto* mysql = std::get_if<config::MysqlSource>(&source.kind)) return probe_of(*mysql, loop, read_secret);
  return nullptr;
}

} // namespace backstop
