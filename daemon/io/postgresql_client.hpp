#pragma once
#include "collectors/sql_source.hpp"
#include "daemon/io/postgresql_dsn.hpp"
#include "daemon/io/sql_turn.hpp"
#include <functional>
#include <memory>
#include <string>

namespace backstop {

/// Asks one PostgreSQL server over one connection that is kept, by libpq on the loop and never blocking it. Connects at
/// the first question, and again at the next one after the connection was lost. Each question has a deadline; where it
/// passes, the connection is dropped (and the server ends the statement by itself: statement_timeout). After a failure
/// questions are answered with that failure until the pause is over.
///
/// Sessions are named "backstop" and read only. The DSN must lead to the server itself (PgBouncer refuses the options),
/// or with PostgresqlPeer::pgbouncer to the admin console of a PgBouncer, which is asked in the simple protocol. Error
/// texts say which server, and never have a password in them. The loop must outlive the client. Destroying it gives up
/// the question under way (no `done`); that is safe inside a `done`.
class PostgresqlClient final : public SqlSource {
public:
  /// Gives the DSN; asked before each attempt to connect, so that a changed password is taken up. Its error is passed on.
  using DsnReader = std::function<Result<std::string>()>;

  PostgresqlClient(EventLoop& loop, DsnReader dsn, SqlLimits limits = {}, PostgresqlPeer peer = PostgresqlPeer::server);
  ~PostgresqlClient() override;
  PostgresqlClient(const PostgresqlClient&) = delete;
  PostgresqlClient& operator=(const PostgresqlClient&) = delete;

  void query(const std::string& sql, Duration timeout, Done done) override;

private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// Whether `text` can be understood as a DSN; Errc::invalid without showing it.
Status check_postgresql_dsn(const std::string& text);

} // namespace backstop
