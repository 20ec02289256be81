#include "daemon/io/mysql_client.hpp"
#include "daemon/io/mysql_connection.hpp"
#include "daemon/io/name_lookup.hpp"
#include "daemon/io/server_text.hpp"
#include <sys/epoll.h>
#include <utility>

namespace backstop {
namespace {

std::string place_of(const MysqlServer& server) {
  if (!server.unix_socket.empty()) return server.unix_socket;
  const bool bare_ipv6 = server.host.find(':') != std::string::npos;
  return (bare_ipv6 ? "[" + server.host + "]" : server.host) + ":" + std::to_string(server.port);
}

/// MariaDB gives up when we do; MySQL takes this for a comment.
std::string bounded(const std::string& sql, Duration timeout) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  return "/*M!100108 SET STATEMENT max_statement_time=" + std::to_string(ms) + "e-3 FOR */ " + sql;
}

} // namespace

struct MysqlClient::Impl final : SqlTurn {
  enum class Phase { closed, resolving, connecting, idle, asking, fetching };

  Impl(EventLoop& l, MysqlServer s, PasswordReader reader, SqlLimits bounds)
      : SqlTurn(l, bounds, "MySQL at " + place_of(s)), server(std::move(s)), password_reader(std::move(reader)) {}

  void close() override {
    lookup.reset();
    SqlTurn::close();
  }
  [[nodiscard]] bool idle() const override { return phase == Phase::idle; }

  // --- connecting ---------------------------------------------------------------------------------------------------

  void begin() override {
    Result<std::string> read = password_reader();
    if (!read) return give_up(read.error());
    password = *std::move(read);
    addresses.clear();
    next_address = 0;
    if (!server.unix_socket.empty() || is_numeric_address(server.host)) {
      addresses.push_back(server.host);
      return connect();
    }
    phase = Phase::resolving;
    // A lookup that outlived its question is waited for, so that a slow name server is not asked more and more.
    if (!lookup)
      lookup = std::make_unique<NameLookup>(loop, std::vector<std::string>{server.host},
                                            [this](NameLookup::Answers a) { on_resolved(std::move(a)); });
  }

  void on_resolved(NameLookup::Answers answers) {
    lookup.reset();
    if (phase != Phase::resolving) return;
    Result<std::vector<std::string>> found = std::move(answers.begin()->second);
    if (!found) return give_up(found.error());
    addresses = *std::move(found);
    connect();
  }

  void connect() {
    phase = Phase::connecting;
    connection = std::make_unique<MysqlConnection>(server, limits.most_bytes);
    went_on(connection->connect(addresses[next_address++], password));
  }

  void on_connected() {
    if (connection->failed()) {
      if (connection->reached() || next_address == addresses.size()) return give_up(error());
      connection.reset();
      return connect(); // the name has another address
    }
    phase = Phase::idle;
    send();
  }

  // --- asking -------------------------------------------------------------------------------------------------------

  void send() override {
    io.reset(); // which looked after the idle connection
    phase = Phase::asking;
    went_on(connection->ask(bounded(question->sql, question->timeout)));
  }

  void on_asked() {
    if (connection->failed()) return on_error();
    if (!connection->begin_rows()) return on_error();
    if (!connection->has_rows()) return on_end();
    for (const std::string& name : connection->columns()) question->rows.columns.push_back(valid_utf8(name));
    phase = Phase::fetching;
    went_on(connection->fetch());
  }

  void on_row() {
    while (!connection->failed()) {
      std::optional<SqlRows::Row> row = connection->row();
      if (!row) return on_end();
      for (auto& cell : *row)
        if (cell) cell = valid_utf8(*cell);
      if (const Status s = keep(*std::move(row)); !s) return give_up(s.error());
      if (const std::uint32_t events = connection->fetch()) return watch(events);
    }
    on_error();
  }

  void on_end() {
    rest();
    finish_good();
  }

  /// An error of the question alone leaves the connection as it is.
  void on_error() {
    const Error e = error();
    if (connection->lost()) return give_up(e);
    rest();
    finish(e.in(where));
  }

  void rest() {
    connection->end_rows();
    phase = Phase::idle;
    watch(EPOLLIN);
  }

  // --- ends ---------------------------------------------------------------------------------------------------------

  /// `events`: what a call waits for; 0: it has ended.
  void went_on(std::uint32_t events) {
    if (events != 0) return watch(events);
    switch (phase) {
    case Phase::connecting: return on_connected();
    case Phase::asking: return on_asked();
    case Phase::fetching: return on_row();
    case Phase::closed:
    case Phase::resolving:
    case Phase::idle: break;
    }
  }

  void watch(std::uint32_t events) {
    io = loop.add_io(connection->socket(), events, [this](std::uint32_t revents) {
      io.reset();                              // before the connector closes the socket, or takes another
      if (phase == Phase::idle) return drop(); // the server says something nobody asked: mostly that it goes away
      went_on(connection->go_on(revents));
    });
  }

  void drop() override {
    io.reset();
    if (connection) connection->close(phase == Phase::idle);
    connection.reset();
    phase = Phase::closed;
  }

  [[nodiscard]] Error error() const {
    const MysqlError e = connection->error();
    return meaning_of(e.number, presentable(e.text, {password}));
  }

  [[nodiscard]] Waits waits() const override {
    return phase == Phase::resolving    ? Waits::for_name
           : phase == Phase::connecting ? Waits::for_connection
                                        : Waits::for_answer;
  }

  MysqlServer server;
  PasswordReader password_reader;

  Phase phase = Phase::closed;
  std::string password;
  std::unique_ptr<NameLookup> lookup;
  std::vector<std::string> addresses; ///< of one attempt
  std::size_t next_address = 0;
  std::unique_ptr<MysqlConnection> connection;
  std::unique_ptr<EventLoop::Io> io;
};

MysqlClient::MysqlClient(EventLoop& loop, MysqlServer server, PasswordReader password, SqlLimits limits)
    : impl_(std::make_shared<Impl>(loop, std::move(server), std::move(password), limits)) {}

MysqlClient::~MysqlClient() { impl_->close(); }

void MysqlClient::query(const std::string& sql, Duration timeout, Done done) {
  impl_->ask(sql, timeout, std::move(done));
}

} // namespace backstop
