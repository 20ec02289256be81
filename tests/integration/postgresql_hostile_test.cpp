#include "daemon/io/postgresql_client.hpp"
#include "tests/integration/raw_server.hpp"
#include <gmock/gmock.h>

namespace backstop {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

constexpr Duration kLong = 20s; ///< for failing tests alone
constexpr Duration kShort = 100ms;

std::string length_of(std::size_t n) {
  return {static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8), static_cast<char>(n)};
}
/// One message of the server in PostgreSQL's protocol 3.
std::string message(char type, const std::string& body) { return type + length_of(body.size() + 4) + body; }
std::string fatal(const std::string& sqlstate, const std::string& text) {
  return message('E', std::string("SFATAL\0", 7) + "C" + sqlstate + std::string(1, '\0') + "M" + text +
                          std::string(2, '\0'));
}
/// All a client waits for before its first question.
std::string welcome() { return message('R', length_of(0)) + message('Z', "I"); }

class HostilePostgresql : public testing::Test {
protected:
  void connect(const std::string& dsn, SqlLimits limits = {.first_pause = 0s, .longest_pause = 0s}) {
    client_ = std::make_unique<PostgresqlClient>(
        *loop_, [dsn] { return Result<std::string>(dsn); }, limits);
  }
  void connect(const RawServer& server, SqlLimits limits = {.first_pause = 0s, .longest_pause = 0s}) {
    connect("postgresql://u:hunter2@127.0.0.1:" + std::to_string(server.port()) + "/x?sslmode=disable", limits);
  }
  Error error_of(Duration timeout = kLong) {
    std::optional<Result<SqlRows>> answer;
    client_->query("SELECT 1", timeout, [&](Result<SqlRows> r) { answer = std::move(r); });
    for (const Time end = loop_->fresh_now() + kLong; !answer && loop_->fresh_now() < end;) loop_->run_once(50ms);
    if (!answer || *answer) throw std::runtime_error("an error was expected");
    EXPECT_THAT(answer->error().what, Not(HasSubstr("hunter2")));
    return answer->error();
  }
  std::unique_ptr<EventLoop> loop_ = *EventLoop::create();
  std::unique_ptr<PostgresqlClient> client_;
};

TEST_F(HostilePostgresql, AServerThatSaysNothingIsGivenUpAtTheDeadline) {
  RawServer server([](RawServer::Connection& c) { c.hold(); });
  connect(server);
  const Error e = error_of(kShort);
  EXPECT_EQ(e.code, Errc::timeout);
  EXPECT_THAT(e.what, AllOf(HasSubstr("PostgreSQL x at 127.0.0.1:"), HasSubstr("no connection within 0.1 s")));
}

TEST_F(HostilePostgresql, AServerThatStopsHalfWayIsGivenUpAtTheDeadline) {
  RawServer server([](RawServer::Connection& c) {
    c.send(message('R', length_of(0)).substr(0, 5));
    c.hold();
  });
  connect(server);
  EXPECT_EQ(error_of(kShort).code, Errc::timeout);
}

TEST_F(HostilePostgresql, AServerThatNeverAnswersTheQuestionIsGivenUpAtTheDeadline) {
  RawServer server([](RawServer::Connection& c) {
    c.send(welcome());
    c.hold();
  });
  connect(server);
  const Error e = error_of(kShort);
  EXPECT_EQ(e.code, Errc::timeout);
  EXPECT_THAT(e.what, HasSubstr("no answer within 0.1 s"));
}

TEST_F(HostilePostgresql, GarbageIsAnError) {
  for (const std::string& garbage : {std::string("HTTP/1.1 400 Bad Request\r\n\r\n"), std::string(5000, '\xFF'),
                                     std::string(9, '\0'), message('R', length_of(99)), message('X', "??"),
                                     welcome() + "HTTP/1.1 200 OK\r\n\r\n", welcome() + message('D', "\xFF\xFF")}) {
    RawServer server([&](RawServer::Connection& c) {
      c.send(garbage);
      c.wait(-1);
    });
    connect(server);
    EXPECT_THAT(error_of(1s).code, AnyOf(Errc::io, Errc::timeout)) << garbage.substr(0, 20);
  }
}

TEST_F(HostilePostgresql, NoTlsAfterItWasPromisedIsAnError) {
  std::atomic<bool> hold = true;
  RawServer server([&](RawServer::Connection& c) {
    c.wait(-1);
    c.send("S" + std::string(100, 'x'));
    if (hold) c.hold();
  });
  connect("postgresql://u:hunter2@127.0.0.1:" + std::to_string(server.port()) + "/x?sslmode=require");
  EXPECT_EQ(error_of(kShort).code, Errc::timeout);
  hold = false;
  EXPECT_EQ(error_of().code, Errc::io);
}

TEST_F(HostilePostgresql, AServerThatHangsUpIsAnError) {
  RawServer server([](RawServer::Connection&) {});
  connect(server);
  EXPECT_EQ(error_of().code, Errc::io);
}

TEST_F(HostilePostgresql, APasswordToldBackIsNotShown) {
  RawServer server([](RawServer::Connection& c) {
    c.wait(-1);
    c.send(fatal("28P01", "the password hunter2 of u is wrong"));
  });
  connect(server);
  const Error e = error_of();
  EXPECT_EQ(e.code, Errc::unauthorized);
  EXPECT_THAT(e.what, HasSubstr("the password *** of u is wrong"));
}

TEST_F(HostilePostgresql, WhatTheServerSaysInAnyLanguageIsUnderstood) {
  RawServer server([](RawServer::Connection& c) {
    c.wait(-1);
    c.send(fatal("53300", "zu viele\xFF Verbindungen"));
  });
  connect(server);
  const Error e = error_of();
  EXPECT_EQ(e.code, Errc::busy);
  EXPECT_THAT(e.what, AllOf(HasSubstr("the server has no free connection"), HasSubstr("zu viele? Verbindungen")));
}

TEST_F(HostilePostgresql, PgBouncerIsToldFromAServer) {
  RawServer server([](RawServer::Connection& c) {
    c.wait(-1);
    c.send(fatal("08P01", "unsupported startup parameter: options"));
  });
  connect(server);
  EXPECT_THAT(error_of().what, HasSubstr("let the DSN lead to the server itself"));
}

TEST_F(HostilePostgresql, AfterAFailureTheServerIsLeftAloneForAWhile) {
  RawServer server([](RawServer::Connection&) {});
  connect(server, {.first_pause = std::chrono::hours(1), .longest_pause = std::chrono::hours(1)});
  const Error first = error_of();
  EXPECT_EQ(server.connections(), 1);
  const Error second = error_of();
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(second.code, first.code);
  EXPECT_THAT(second.what, AllOf(HasSubstr(first.what), HasSubstr("next try in 3.6e+03 s")));
}

TEST(SqlPause, DoublesUpToItsLimit) {
  const SqlLimits limits{.first_pause = 1s, .longest_pause = 15s};
  EXPECT_EQ(pause_after(1, limits), 1s);
  EXPECT_EQ(pause_after(2, limits), 2s);
  EXPECT_EQ(pause_after(4, limits), 8s);
  EXPECT_EQ(pause_after(5, limits), 15s);
  EXPECT_EQ(pause_after(1'000'000'000, limits), 15s);
}

TEST(SqlPause, CanBeNone) { EXPECT_EQ(pause_after(3, {.first_pause = 0s, .longest_pause = 0s}), 0s); }

TEST_F(HostilePostgresql, NobodyListeningIsAnError) {
  connect("host=/nowhere/at/all password=hunter2 dbname=x");
  const Error e = error_of();
  EXPECT_EQ(e.code, Errc::io);
  EXPECT_THAT(e.what, HasSubstr("/nowhere/at/all"));
}

TEST_F(HostilePostgresql, ANameThatIsNoneIsAnErrorWithinTheDeadline) {
  connect("postgresql://u:hunter2@no-such-host.invalid/x");
  const Error e = error_of(2s);
  EXPECT_THAT(e.code, AnyOf(Errc::not_found, Errc::io, Errc::timeout));
  EXPECT_THAT(e.what, HasSubstr("no-such-host.invalid"));
  (void)error_of(2s); // the lookup may still be going on: it is joined
}

TEST_F(HostilePostgresql, AnUnreadableDsnIsAnError) {
  connect("password=hunter2 oops");
  EXPECT_EQ(error_of().code, Errc::invalid);
  client_ = std::make_unique<PostgresqlClient>(
      *loop_, [] { return Result<std::string>(fail(Errc::io, "credential db: no such file")); });
  const Error e = error_of();
  EXPECT_EQ(e.code, Errc::io);
  EXPECT_THAT(e.what, HasSubstr("credential db"));
}

} // namespace
} // namespace backstop
