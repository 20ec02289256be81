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
  /// Asks without waiting for the answer.
  void begin(const std::string& sql) {
    if (PQsendQuery(connection_.get(), sql.c_str()) == 0) throw std::runtime_error(PQerrorMessage(connection_.get()));
  }
  /// Waits for it.
  void end() {
    while (PGresult* const result = PQgetResult(connection_.get())) PQclear(result);
  }

private:
  std::unique_ptr<PGconn, void (*)(PGconn*)> connection_;
};

} // namespace backstop
