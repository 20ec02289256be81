#include "daemon/io/mysql_client.hpp"
#include "tests/integration/private_mariadb.hpp"
#include <gmock/gmock.h>
#include <optional>

/// The client against a real MariaDB. What servers can do wrong is in mysql_hostile_test.cpp.
namespace backstop {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr Duration kLong = 20s; ///< for failing tests alone

class Mysql : public testing::Test {
protected:
  void start(const std::string& options = "") { server_ = std::make_unique<PrivateMariadb>(options); }
  PrivateMariadb& server() { return *server_; }
  [[nodiscard]] MysqlServer by_socket(const std::string& user = "app") const {
    MysqlServer s;
    s.unix_socket = server_->socket_path();
    s.user = user;
    return s;
  }
  [[nodiscard]] MysqlServer by_tcp(const std::string& host) const {
    MysqlServer s;
    s.host = host;
    s.port = static_cast<std::uint16_t>(server_->port());
    s.user = "app";
    return s;
  }
  std::unique_ptr<MysqlClient> client(const MysqlServer& server, const std::string& password = "sesame",
                                      SqlLimits limits = {.first_pause = 1ms, .longest_pause = 1ms}) {
    return std::make_unique<MysqlClient>(
        *loop_, server, [password] { return Result<std::string>(password); }, limits);
  }
  Result<SqlRows> ask(MysqlClient& of, const std::string& sql, Duration timeout = kLong) {
    std::optional<Result<SqlRows>> answer;
    of.query(sql, timeout, [&](Result<SqlRows> r) { answer = std::move(r); });
    EXPECT_FALSE(answer) << "answered from inside query()";
    for (const Time end = loop_->fresh_now() + kLong; !answer && loop_->fresh_now() < end;) loop_->run_once(50ms);
    if (!answer) throw std::runtime_error("no answer to " + sql);
    return *answer;
  }
  /// The last cell of the first row of an answer.
  std::string cell(MysqlClient& of, const std::string& sql) {
    const auto answer = ask(of, sql);
    if (!answer) return "error: " + answer.error().what;
    return answer->rows.empty() ? "nothing" : answer->rows.front().back().value_or("NULL");
  }
  Result<SqlRows> ask_until_answered(MysqlClient& of, const std::string& sql) {
    Result<SqlRows> answer = ask(of, sql);
    for (const Time end = loop_->fresh_now() + kLong; !answer && loop_->fresh_now() < end; answer = ask(of, sql))
      loop_->run_once(20ms);
    return answer;
  }

  std::unique_ptr<EventLoop> loop_ = *EventLoop::create();
  std::unique_ptr<PrivateMariadb> server_;
};

TEST_F(Mysql, OneConnectionIsKept) {
  start();
  const auto app = client(by_socket());
  const std::string id = cell(*app, "SELECT CONNECTION_ID()");
  EXPECT_EQ(cell(*app, "SELECT CONNECTION_ID()"), id);
  EXPECT_THAT(cell(*app, "SELECT * FROM nowhere.nothing"), AllOf(HasSubstr("MySQL at /"), HasSubstr("denied")));
  EXPECT_THAT(cell(*app, "SELECT 1; SELECT 2"), HasSubstr("error in your SQL"));
  EXPECT_EQ(cell(*app, "SELECT CONNECTION_ID()"), id) << "an error of SQL is no reason to connect again";
  EXPECT_EQ(cell(*app, "SELECT NULL"), "NULL");
  EXPECT_EQ(cell(*app, "SELECT 1 FROM DUAL WHERE 0"), "nothing");
  EXPECT_EQ(cell(*app, "SELECT CONCAT('gr', UNHEX('C3BC'), 'n')"), "gr\xC3\xBCn");
  EXPECT_EQ(cell(*app, "SELECT UNHEX('FF41')"), "?A") << "what is no UTF-8 is not passed on";
}

TEST_F(Mysql, IsReachedByNameAndByAddress) {
  start();
  for (const std::string host : {"localhost", "127.0.0.1"}) {
    const auto app = client(by_tcp(host));
    EXPECT_EQ(cell(*app, "SELECT USER()").substr(0, 4), "app@") << host;
  }
}

TEST_F(Mysql, AWrongPasswordIsSaidAndNotShown) {
  start();
  const auto app = client(by_tcp("127.0.0.1"), "hunter2");
  const auto answer = ask(*app, "SELECT 1");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::unauthorized);
  EXPECT_THAT(answer.error().what, AllOf(HasSubstr("MySQL at 127.0.0.1:"), HasSubstr("refused user or password"),
                                         HasSubstr("app"), Not(HasSubstr("hunter2"))));
}

TEST_F(Mysql, AChangedPasswordIsTakenUpAtTheNextAttempt) {
  start();
  std::string password = "old";
  MysqlClient app(
      *loop_, by_socket(), [&] { return Result<std::string>(password); },
      SqlLimits{.first_pause = 0s, .longest_pause = 0s});
  EXPECT_FALSE(ask(app, "SELECT 1"));
  password = "sesame";
  EXPECT_TRUE(ask(app, "SELECT 1"));
}

TEST_F(Mysql, AFullServerIsAFindingOfItsOwn) {
  start();
  std::vector<std::unique_ptr<MysqlClient>> sessions;
  for (int i = 0; i < PrivateMariadb::kMaxConnections; ++i) {
    sessions.push_back(client(by_socket()));
    ASSERT_TRUE(ask(*sessions.back(), "SELECT 1"));
  }
  const auto late = client(by_socket());
  const auto answer = ask(*late, "SELECT 1");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::busy);
  EXPECT_THAT(answer.error().what, HasSubstr("the server has no free connection"));
  sessions.clear();
  EXPECT_TRUE(ask_until_answered(*late, "SELECT 1"));
}

TEST_F(Mysql, ARestartOfTheServerIsSurvived) {
  start();
  const auto app = client(by_socket());
  EXPECT_TRUE(ask(*app, "SELECT 1"));
  server().stop();
  const auto down = ask(*app, "SELECT 1");
  ASSERT_FALSE(down);
  EXPECT_THAT(down.error().what, HasSubstr("MySQL at /"));
  server().start();
  EXPECT_TRUE(ask_until_answered(*app, "SELECT 1"));
}

TEST_F(Mysql, AServerThatHangsIsGivenUpAtTheDeadline) {
  start();
  const auto kept = client(by_socket());
  ASSERT_TRUE(ask(*kept, "SELECT 1"));
  const auto fresh = client(by_tcp("127.0.0.1"));
  server().hold();
  const auto unanswered = ask(*kept, "SELECT 1", 100ms);
  const auto unconnected = ask(*fresh, "SELECT 1", 100ms);
  server().resume();
  ASSERT_FALSE(unanswered);
  EXPECT_EQ(unanswered.error().code, Errc::timeout);
  EXPECT_THAT(unanswered.error().what, HasSubstr("no answer within 0.1 s"));
  ASSERT_FALSE(unconnected);
  EXPECT_EQ(unconnected.error().code, Errc::timeout);
  EXPECT_TRUE(ask_until_answered(*kept, "SELECT 1"));
  EXPECT_TRUE(ask_until_answered(*fresh, "SELECT 1"));
}

TEST_F(Mysql, AnAnswerThatTakesTooLongIsGivenUpOnBothSides) {
  start();
  const auto app = client(by_socket());
  EXPECT_EQ(ask(*app, "SELECT SLEEP(3600)", 200ms).error().code, Errc::timeout);
  const auto admin = client(by_socket("root"), "");
  const auto sleepers = [&] {
    return cell(*admin, "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'app'");
  };
  for (const Time end = loop_->fresh_now() + kLong; sleepers() != "0" && loop_->fresh_now() < end;)
    loop_->run_once(20ms);
  EXPECT_EQ(sleepers(), "0");
  EXPECT_TRUE(ask_until_answered(*app, "SELECT 1"));
}

TEST_F(Mysql, AConnectionEndedByTheServerIsReplacedWithoutALostAnswer) {
  start();
  const auto app = client(by_socket());
  const std::string id = cell(*app, "SELECT CONNECTION_ID()");
  ASSERT_EQ(server().sql("KILL " + id), 0);
  for (int i = 0; i < 3; ++i) loop_->run_once(10ms); // the end is noticed without being asked for
  const std::string next = cell(*app, "SELECT CONNECTION_ID()");
  EXPECT_NE(next, id);
  EXPECT_THAT(next, Not(HasSubstr("error")));
}

TEST_F(Mysql, AnAnswerTooLargeIsRefused) {
  start();
  const auto few = client(by_socket(), "sesame", {.first_pause = 1ms, .longest_pause = 1ms, .most_rows = 10});
  EXPECT_EQ(ask(*few, "SELECT 1 FROM information_schema.collations LIMIT 10")->rows.size(), 10U);
  EXPECT_EQ(ask(*few, "SELECT 1 FROM information_schema.collations LIMIT 11").error().code, Errc::too_large);
  const auto small = client(by_socket(), "sesame", {.first_pause = 1ms, .longest_pause = 1ms, .most_bytes = 10'000});
  EXPECT_TRUE(ask_until_answered(*small, "SELECT REPEAT('x', 5000)"));
  EXPECT_FALSE(ask(*small, "SELECT REPEAT('x', 5000), REPEAT('x', 5001)"));
}

TEST_F(Mysql, OneQuestionAtATimeAndItMayBeDestroyedInAnAnswer) {
  start();
  auto app = client(by_socket());
  std::optional<Result<SqlRows>> first, second, last;
  const auto until = [&](const auto& done) {
    for (const Time end = loop_->fresh_now() + kLong; !done() && loop_->fresh_now() < end;) loop_->run_once(50ms);
    return done();
  };
  server().hold(); // else it may have answered before the second question
  app->query("SELECT 1", kLong, [&](Result<SqlRows> r) { first = std::move(r); });
  app->query("SELECT 2", kLong, [&](Result<SqlRows> r) { second = std::move(r); });
  server().resume();
  ASSERT_TRUE(until([&] { return first && second; }));
  EXPECT_TRUE(*first);
  ASSERT_FALSE(*second);
  EXPECT_EQ(second->error().code, Errc::busy);
  app->query("SELECT 3", kLong, [&](Result<SqlRows> r) {
    last = std::move(r);
    app.reset();
  });
  ASSERT_TRUE(until([&] { return last.has_value(); }));
  EXPECT_TRUE(*last);
}

TEST_F(Mysql, OverTlsTheCertificateIsComparedWithTheName) {
  const TemporaryDirectory keys;
  const auto make = [&](const std::string& name) {
    return std::system(("cd " + keys.path() +
                        " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 "
                        "-nodes -days 2 -subj /CN=test -addext subjectAltName=DNS:localhost -keyout " +
                        name + ".key -out " + name + ".pem 2>/dev/null && chmod 644 *.key && chmod 755 .")
                           .c_str());
  };
  ASSERT_EQ(make("server") + make("other"), 0);
  start("--ssl-cert=" + keys.path() + "/server.pem --ssl-key=" + keys.path() + "/server.key");
  MysqlServer place = by_tcp("localhost");
  place.ca_file = keys.path() + "/server.pem";
  {
    const auto app = client(place);
    EXPECT_THAT(cell(*app, "SHOW STATUS LIKE 'Ssl_version'"), HasSubstr("TLSv1."));
    const auto rows = ask(*app, "SELECT * FROM information_schema.collations");
    ASSERT_TRUE(rows) << rows.error().what;
    EXPECT_GT(rows->rows.size(), 100U);
  }
  place.host = "127.0.0.1"; // which is not in the certificate
  const auto misnamed = client(place);
  EXPECT_THAT(cell(*misnamed, "SELECT 1"), HasSubstr("error: MySQL at 127.0.0.1:"));
  place.host = "localhost";
  place.ca_file = keys.path() + "/other.pem";
  const auto distrusting = client(place);
  EXPECT_THAT(cell(*distrusting, "SELECT 1"), AllOf(HasSubstr("error: "), HasSubstr("certificate")));
  place.ca_file = keys.path() + "/none.pem";
  const auto rootless = client(place);
  EXPECT_THAT(cell(*rootless, "SELECT 1"), HasSubstr("error: "));
}

TEST_F(Mysql, WhereTlsIsWantedAServerWithoutItIsRefused) {
  start("--skip-ssl");
  MysqlServer place = by_tcp("127.0.0.1");
  place.ca_file = "/etc/ssl/certs/ca-certificates.crt";
  const auto app = client(place);
  EXPECT_THAT(cell(*app, "SELECT 1"), HasSubstr("server does not support it"));
}

} // namespace
} // namespace backstop
