#pragma once
#include "collectors/sql_source.hpp"
#include "daemon/io/event_loop.hpp"
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace backstop {

struct SqlLimits {
  /// After a failed attempt nothing is tried for so long; each further failure doubles it, up to the second.
  Duration first_pause{std::chrono::seconds(1)};
  Duration longest_pause{std::chrono::seconds(15)};
  std::size_t most_rows = 50'000;
  std::size_t most_bytes = std::size_t{8} << 20; ///< of all cells of one answer
};

/// How long a server is let alone after so many failures in a row (1 or more).
Duration pause_after(int failures, const SqlLimits& limits);

/// What the clients of all databases do around their connection: one question at a time, its deadline, pauses after
/// failures, and answers that come from the loop. Shared with the work it posts: a `done` may destroy the client.
class SqlTurn : public std::enable_shared_from_this<SqlTurn> {
public:
  virtual ~SqlTurn() = default;
  SqlTurn(const SqlTurn&) = delete;
  SqlTurn& operator=(const SqlTurn&) = delete;

  /// As SqlSource::query.
  void ask(const std::string& sql, Duration timeout, SqlSource::Done done);
  /// For good: the question under way is given up without an answer.
  virtual void close();

protected:
  struct Question {
    std::string sql;
    Duration timeout{};
    SqlSource::Done done;
    SqlRows rows;
    std::size_t bytes = 0;
  };
  /// `where` stands for the server in error texts until it is known better.
  SqlTurn(EventLoop& l, SqlLimits bounds, std::string where);

  [[nodiscard]] virtual bool idle() const = 0; ///< a connection is there, and waits for a question
  virtual void begin() = 0;                    ///< connects, and then sends the question
  virtual void send() = 0;                     ///< sends it over the connection that is there
  virtual void drop() = 0;                     ///< lets the connection go, whatever it does
  enum class Waits { for_name, for_connection, for_answer };
  [[nodiscard]] virtual Waits waits() const = 0; ///< of a question under way

  /// Puts a row of the answer by. Errc::too_large.
  Status keep(SqlRows::Row row);
  /// The connection is no good: drops it, answers, and lets the server alone for a while.
  void give_up(const Error& error);
  /// The server answered: the rows, or an error of the question alone, which leaves the connection as it is.
  void finish_good();
  void finish(Result<SqlRows> result);

  EventLoop& loop;
  SqlLimits limits;
  std::string where;
  std::optional<Question> question;

private:
  void on_deadline();
  void answer_later(SqlSource::Done done, Result<SqlRows> result);

  std::unique_ptr<EventLoop::Timer> timer_;
  int failures_ = 0; ///< since the last answer
  Time next_try_ = Time::min();
  Error last_failure_;
};

} // namespace backstop
