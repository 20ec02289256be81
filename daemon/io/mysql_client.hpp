#pragma once
#include "collectors/sql_source.hpp"
#include "daemon/io/sql_turn.hpp"
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace backstop {

/// Where a MySQL or MariaDB server is, and as whom to come.
struct MysqlServer {
  std::string host; ///< a name or an address; used where `unix_socket` is empty
  std::uint16_t port = 3306;
  std::string unix_socket;
  std::string user;
  std::string ca_file; ///< not empty: TLS alone, with a certificate of these roots that has the name in `host`
  std::string cert_file, key_file;
};

/// Asks one MySQL or MariaDB server over one connection that is kept, by the MariaDB connector on the loop and never
/// blocking it. Connects at the first question, and again at the next one after the connection was lost. Each question
/// has a deadline; where it passes, the connection is dropped (and MariaDB ends the statement by itself:
/// max_statement_time). After a failure questions are answered with that failure until the pause is over.
///
/// The password is never sent in clear without TLS, whatever the server asks for, and no file is given to a server that
/// asks for one (LOAD DATA LOCAL). Error texts say which server, and never have the password in them. The loop must
/// outlive the client. Destroying it gives up the question under way (no `done`); that is safe inside a `done`.
class MysqlClient final : public SqlSource {
public:
  /// Gives the password, "" for none; asked before each attempt to connect, so that a changed one is taken up. Its
  /// error is passed on.
  using PasswordReader = std::function<Result<std::string>()>;

  MysqlClient(EventLoop& loop, MysqlServer server, PasswordReader password, SqlLimits limits = {});
  ~MysqlClient() override;
  MysqlClient(const MysqlClient&) = delete;
  MysqlClient& operator=(const MysqlClient&) = delete;

  void query(const std::string& sql, Duration timeout, Done done) override;

private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

} // namespace backstop
