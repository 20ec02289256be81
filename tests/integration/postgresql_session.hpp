#pragma once
#include <memory>
#include <postgresql/libpq-fe.h>
#include <stdexcept>
#include <string>

namespace backstop {

/// A client of the server that is not ours: blocking, as applications are.
class PostgresqlSession {
public:
  explicit PostgresqlSession(const std::string& dsn) : connection_(PQconnectdb(dsn.c_str()), PQfinish) {}
  [[nodiscard]] bool connected() const { return PQstatus(connection_.get()) == CONNECTION_OK; }
  std::string ask(const std::string& sql) {
    const std::unique_ptr<PGresult, void (*)(PGresult*)> result(PQexec(connection_.get(), sql.c_str()), PQclear);
    if (PQresultStatus(result.get()) == PGRES_COMMAND_OK) return "";
    if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) throw std::runtime_error(PQresultErrorMessage(result.get()));
    return PQntuples(result.get()) == 0 ? "" : PQgetvalue(result.get(), 0, 0);
  }

private:
  std::unique_ptr<PGconn, void (*)(PGconn*)> connection_;
};

} // namespace backstop
