#include "collectors/postgresql.hpp"
#include "daemon/io/postgresql_client.hpp"
#include "tests/integration/postgresql_session.hpp"
#include "tests/integration/private_postgresql.hpp"
#include <gmock/gmock.h>
#include <map>

namespace backstop {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Key;
using testing::Not;
using testing::Pair;

constexpr Duration kLong = 20s; ///< for failing tests alone

class Postgresql : public testing::Test {
protected:
  static void SetUpTestSuite() {
    try {
      server_ = new PrivatePostgresql;
    } catch (const std::exception& e) {
      ADD_FAILURE() << e.what();
    }
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }
  void SetUp() override {
    ASSERT_NE(server_, nullptr) << "there is no server to test with";
    loop_ = *EventLoop::create();
  }
  static PrivatePostgresql& server() { return *server_; }

  void connect_as(const std::string& dsn, SqlLimits limits = {.first_pause = 1ms, .longest_pause = 1ms}) {
    client_ = std::make_unique<PostgresqlClient>(
        *loop_, [dsn] { return Result<std::string>(dsn); }, limits);
  }
  Result<SqlRows> ask(const std::string& sql, Duration timeout = kLong) {
    std::optional<Result<SqlRows>> answer;
    client_->query(sql, timeout, [&](Result<SqlRows> r) { answer = std::move(r); });
    EXPECT_FALSE(answer) << "answered from inside query()";
    run_until([&] { return answer.has_value(); });
    if (!answer) throw std::runtime_error("no answer to " + sql);
    return *answer;
  }
  /// The one cell of an answer.
  std::string cell(const std::string& sql) {
    const auto answer = ask(sql);
    return answer ? answer->rows.at(0).at(0).value_or("NULL") : "error: " + answer.error().what;
  }
  void run_until(const std::function<bool()>& enough) {
    for (const Time end = loop_->fresh_now() + kLong; !enough() && loop_->fresh_now() < end;) loop_->run_once(50ms);
  }
  /// Asks until there is an answer: the server may still be going up or down, and the client may pause.
  Result<SqlRows> ask_until_answered(const std::string& sql) {
    Result<SqlRows> answer = ask(sql);
    for (const Time end = loop_->fresh_now() + kLong; !answer && loop_->fresh_now() < end; answer = ask(sql))
      loop_->run_once(20ms);
    return answer;
  }
  std::map<std::string, double> samples() {
    const auto answer = ask(std::string(postgresql::kQuestion));
    if (!answer) throw std::runtime_error(answer.error().what);
    std::map<std::string, double> out;
    const auto samples = postgresql::read_answer(*answer);
    if (!samples) throw std::runtime_error(samples.error().what);
    for (const RawSample& s : samples->samples) {
      std::string key = s.name;
      for (const auto& [label, value] : s.labels) key += ":" + value;
      out[key] = s.value;
    }
    return out;
  }
  /// Sessions of earlier tests end a moment after their clients.
  void wait_for_no_other_sessions() {
    const auto others = [&] { return samples()["connections"]; };
    for (const Time end = loop_->fresh_now() + kLong; others() > 0 && loop_->fresh_now() < end;) loop_->run_once(20ms);
    ASSERT_EQ(others(), 0);
  }

  static PrivatePostgresql* server_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<PostgresqlClient> client_;
};
PrivatePostgresql* Postgresql::server_ = nullptr;

TEST_F(Postgresql, ConnectionsOfOthersAreCountedWithTheirStates) {
  connect_as(server().by_socket("watcher", "dbname=postgres password=sesame"));
  wait_for_no_other_sessions();
  EXPECT_THAT(samples(), AllOf(Contains(Pair("connections", 0)), Contains(Pair("connections_percent", 0)),
                               Contains(Pair("connections_by_state:idle", 0))));
  PostgresqlSession one(server().by_socket("postgres"));
  PostgresqlSession two(server().by_socket("app", "dbname=postgres password=sesame"));
  two.ask("BEGIN");
  const auto c = samples();
  EXPECT_THAT(c, AllOf(Contains(Pair("connections", 2)),
                       Contains(Pair("max_connections", PrivatePostgresql::kMaxConnections)),
                       Contains(Pair("connections_percent", testing::DoubleNear(100 * 2.0 / 7, 1e-9))),
                       Contains(Pair("connections_by_state:idle", 1)),
                       Contains(Pair("connections_by_state:idle in transaction", 1)),
                       Contains(Pair("connections_by:postgres:app:idle in transaction", 1))));
}

TEST_F(Postgresql, ARoleWithoutRightsCountsWhatItCannotSee) {
  connect_as(server().by_socket("app", "dbname=postgres password=sesame"));
  wait_for_no_other_sessions();
  PostgresqlSession other(server().by_socket("watcher", "dbname=postgres password=sesame"));
  PostgresqlSession own(server().by_socket("app", "dbname=postgres password=sesame"));
  const auto c = samples();
  EXPECT_THAT(c,
              AllOf(Contains(Pair("connections", 2)), Contains(Pair("connections_by_state:hidden", 1)),
                    Contains(Pair("connections_by_state:idle", 1)), Not(Contains(Key("connections_by_state:active")))));
}

TEST_F(Postgresql, OneNamedReadOnlyConnectionIsKept) {
  connect_as(server().by_socket("postgres"));
  const std::string pid = cell("SELECT pg_backend_pid()");
  EXPECT_EQ(cell("SELECT pg_backend_pid()"), pid);
  EXPECT_EQ(cell("SELECT current_setting('application_name')"), "backstop");
  EXPECT_EQ(cell("SELECT current_setting('statement_timeout')"), "20s");
  EXPECT_THAT(cell("CREATE TABLE t (i int)"), HasSubstr("read-only"));
  EXPECT_EQ(cell("SELECT pg_backend_pid()"), pid) << "an error of SQL is no reason to connect again";
  EXPECT_THAT(cell("SELECT 1; SELECT 2"), HasSubstr("multiple commands"));
  EXPECT_EQ(cell("SELECT NULL"), "NULL");
  EXPECT_TRUE(ask("SELECT 1 WHERE false")->rows.empty());
}

TEST_F(Postgresql, IsReachedByNameOverTcp) {
  connect_as(server().by_tcp("localhost", "app", "sesame"));
  EXPECT_EQ(cell("SELECT current_user"), "app");
  connect_as(server().by_tcp("127.0.0.1", "app", "sesame"));
  EXPECT_EQ(cell("SELECT inet_client_addr()"), "127.0.0.1");
}

TEST_F(Postgresql, AWrongPasswordIsSaidAndNotShown) {
  connect_as(server().by_tcp("127.0.0.1", "app", "hunter2"));
  const auto answer = ask("SELECT 1");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::unauthorized);
  EXPECT_THAT(answer.error().what, AllOf(HasSubstr("PostgreSQL postgres at 127.0.0.1:"), HasSubstr("mend the DSN"),
                                         Not(HasSubstr("hunter2"))));
}

TEST_F(Postgresql, AMissingPasswordIsSaid) {
  connect_as(server().by_socket("app"));
  const auto answer = ask("SELECT 1");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::unauthorized);
  EXPECT_THAT(answer.error().what, HasSubstr("asks for a password"));
}

TEST_F(Postgresql, AMissingDatabaseIsSaid) {
  connect_as(server().by_socket("postgres", "dbname=nowhere"));
  const auto answer = ask("SELECT 1");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::not_found);
  EXPECT_THAT(answer.error().what, AllOf(HasSubstr("no such database"), HasSubstr("nowhere")));
}

TEST_F(Postgresql, AChangedPasswordIsTakenUpAtTheNextAttempt) {
  std::string dsn = server().by_socket("app", "dbname=postgres password=old");
  client_ = std::make_unique<PostgresqlClient>(
      *loop_, [&dsn] { return Result<std::string>(dsn); }, SqlLimits{.first_pause = 0s, .longest_pause = 0s});
  EXPECT_FALSE(ask("SELECT 1"));
  dsn = server().by_socket("app", "dbname=postgres password=sesame");
  EXPECT_TRUE(ask("SELECT 1"));
}

TEST_F(Postgresql, AnAnswerMakesThePauseShortAgain) {
  std::string dsn = server().by_socket("postgres", "dbname=nowhere");
  client_ = std::make_unique<PostgresqlClient>(
      *loop_, [&dsn] { return Result<std::string>(dsn); },
      SqlLimits{.first_pause = 20ms, .longest_pause = std::chrono::hours(1)});
  for (int failures = 0; failures < 3;) {
    if (ask("SELECT 1").error().what.find("next try") == std::string::npos)
      ++failures;
    else
      loop_->run_once(5ms);
  }
  dsn = server().by_socket("postgres");
  ASSERT_TRUE(ask_until_answered("SELECT 1"));
  ASSERT_FALSE(ask("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(10)"));
  const Result<SqlRows> next = ask("SELECT 1"); // either the 20 ms are over already, or there are at most so many left
  if (next) return;
  const std::string& why = next.error().what;
  const std::size_t at = why.find("next try in ");
  ASSERT_NE(at, std::string::npos) << why;
  EXPECT_LE(std::stod(why.substr(at + 12)), 0.02);
}

TEST_F(Postgresql, AFullServerIsAFindingOfItsOwn) {
  connect_as(server().by_socket("app", "dbname=postgres password=sesame"));
  std::vector<std::unique_ptr<PostgresqlSession>> sessions;
  do
    sessions.push_back(
        std::make_unique<PostgresqlSession>(server().by_socket("app", "dbname=postgres password=sesame")));
  while (sessions.back()->connected());
  const auto refused = ask("SELECT 1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::busy);
  EXPECT_THAT(refused.error().what, HasSubstr("the server has no free connection"));
  sessions.clear();
  EXPECT_TRUE(ask_until_answered("SELECT 1"));
}

TEST_F(Postgresql, ASessionEndedByTheServerIsReplacedWithoutALostAnswer) {
  connect_as(server().by_socket("app", "dbname=postgres password=sesame"));
  const std::string pid = cell("SELECT pg_backend_pid()");
  PostgresqlSession admin(server().by_socket("postgres"));
  ASSERT_EQ(admin.ask("SELECT pg_terminate_backend(" + pid + ", 10000)"), "t");
  for (int i = 0; i < 3; ++i) loop_->run_once(10ms); // the end of the old connection is noticed without being asked for
  const std::string next = cell("SELECT pg_backend_pid()");
  EXPECT_NE(next, pid);
  EXPECT_THAT(next, Not(HasSubstr("error")));
}

TEST_F(Postgresql, ASessionEndedInMidAnswerIsAnErrorAndTheNextOneWorks) {
  connect_as(server().by_socket("postgres"));
  const auto answer = ask("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(10)");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::io);
  EXPECT_THAT(answer.error().what, HasSubstr("the server ended the connection"));
  EXPECT_TRUE(ask_until_answered("SELECT 1"));
}

TEST_F(Postgresql, ARestartOfTheServerIsSurvived) {
  connect_as(server().by_socket("app", "dbname=postgres password=sesame"));
  EXPECT_TRUE(ask("SELECT 1"));
  server().stop();
  const auto down = ask("SELECT 1");
  ASSERT_FALSE(down);
  EXPECT_EQ(down.error().code, Errc::io);
  EXPECT_THAT(down.error().what, HasSubstr("PostgreSQL postgres at"));
  server().start();
  EXPECT_TRUE(ask_until_answered("SELECT 1"));
}

TEST_F(Postgresql, AnAnswerThatTakesTooLongIsGivenUpOnBothSides) {
  connect_as(server().by_socket("app", "dbname=postgres password=sesame"));
  const auto answer = ask("SELECT pg_sleep(3600)", 200ms);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::timeout);
  PostgresqlSession admin(server().by_socket("postgres"));
  const auto sleepers = [&] {
    return admin.ask("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(3600%'");
  };
  run_until([&] { return sleepers() == "0"; });
  EXPECT_EQ(sleepers(), "0");
  EXPECT_TRUE(ask_until_answered("SELECT 1"));
}

TEST_F(Postgresql, AnAnswerTooLargeIsRefused) {
  const std::string dsn = server().by_socket("app", "dbname=postgres password=sesame");
  connect_as(dsn, {.first_pause = 1ms, .longest_pause = 1ms, .most_rows = 10});
  EXPECT_EQ(ask("SELECT generate_series(1, 10)")->rows.size(), 10U);
  EXPECT_EQ(ask("SELECT generate_series(1, 11)").error().code, Errc::too_large);
  connect_as(dsn, {.first_pause = 1ms, .longest_pause = 1ms, .most_bytes = 1000});
  EXPECT_TRUE(ask("SELECT repeat('x', 1000)"));
  EXPECT_EQ(ask("SELECT repeat('x', 1001)").error().code, Errc::too_large);
}

TEST_F(Postgresql, OneQuestionAtATime) {
  connect_as(server().by_socket("postgres"));
  std::optional<Result<SqlRows>> first;
  std::optional<Result<SqlRows>> second;
  client_->query("SELECT 1", kLong, [&](Result<SqlRows> r) { first = std::move(r); });
  client_->query("SELECT 2", kLong, [&](Result<SqlRows> r) { second = std::move(r); });
  run_until([&] { return first && second; });
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(*first);
  ASSERT_FALSE(*second);
  EXPECT_EQ(second->error().code, Errc::busy);
}

TEST_F(Postgresql, ItMayBeDestroyedInAnAnswer) {
  connect_as(server().by_socket("postgres"));
  bool answered = false;
  client_->query("SELECT 1", kLong, [&](Result<SqlRows>) {
    client_.reset();
    answered = true;
  });
  run_until([&] { return answered; });
  EXPECT_TRUE(answered);
}

TEST_F(Postgresql, DestroyedItAnswersNoMore) {
  connect_as(server().by_tcp("localhost", "app", "sesame"));
  bool answered = false;
  client_->query("SELECT 1", kLong, [&](Result<SqlRows>) { answered = true; });
  client_.reset(); // while the name is looked up
  for (int i = 0; i < 3; ++i) loop_->run_once(10ms);
  EXPECT_FALSE(answered);
}

} // namespace
} // namespace backstop
