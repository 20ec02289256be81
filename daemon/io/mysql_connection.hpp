#pragma once
#include "collectors/sql_source.hpp"
#include "daemon/io/mysql_client.hpp"
#include "daemon/io/side_stack.hpp"
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct st_mysql;
struct st_mysql_res;

namespace backstop {

/// What the connector or the server says of a failed call. The text may have anything in it.
struct MysqlError {
  unsigned number = 0;
  std::string text;
};

/// What the codes of server and connector mean for us.
Error meaning_of(unsigned number, const std::string& text);

/// One connection of the MariaDB connector, by its non-blocking calls. Each call gives the epoll events of socket()
/// that it waits for, to be told to go_on(); 0: it has ended, and failed() says how. No call is made while one waits.
///
/// What is amiss with these calls is mended here: over TLS the connector makes its handshake blocking all the same.
/// That is made on a stack of its own, whose waits come back here; and a certificate is compared with the name although
/// the address alone is given (a name would be resolved blocking).
class MysqlConnection {
public:
  MysqlConnection(const MysqlServer& server, std::size_t most_bytes);
  ~MysqlConnection();
  MysqlConnection(const MysqlConnection&) = delete;
  MysqlConnection& operator=(const MysqlConnection&) = delete;

  std::uint32_t connect(const std::string& address, const std::string& password);
  std::uint32_t ask(const std::string& sql);
  /// After a question: whether its rows, or that there are none, can be had.
  bool begin_rows();
  [[nodiscard]] bool has_rows() const { return result_ != nullptr; }
  [[nodiscard]] std::vector<std::string> columns() const; ///< while there are rows
  std::uint32_t fetch();
  /// What was fetched; nothing at the end.
  [[nodiscard]] std::optional<SqlRows::Row> row() const;
  void end_rows(); ///< at their end alone

  std::uint32_t go_on(std::uint32_t happened);
  [[nodiscard]] int socket() const;
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool reached() const; ///< somebody took the connection
  [[nodiscard]] bool lost() const;    ///< the failure is the end of the connection
  [[nodiscard]] MysqlError error() const;

  /// Ends it at once, whatever it waits for. `politely`: the server is told; only while nothing is under way.
  void close(bool politely);

private:
  enum class Call { none, connect, ask, fetch };
  void set_options(std::size_t most_bytes);
  std::uint32_t make(Call call);
  std::uint32_t made(bool ended);
  int start();
  int proceed(int ready);
  void prepare_handshake();
  void cut() const;

  MysqlServer server_;
  std::unique_ptr<SideStack> stack_; ///< for TLS alone
  st_mysql* mysql_;
  st_mysql_res* result_ = nullptr;
  Call call_ = Call::none;
  int status_ = 0; ///< what the call waits for, in the connector's words
  bool failed_ = false;
  bool reached_ = false;

  std::string host_; ///< what the connector looks at: the address to connect to, and then the name for the certificate
  std::string password_, sql_;
  st_mysql* connected_ = nullptr;
  int refused_ = 0;
  char** row_ = nullptr;
};

} // namespace backstop
