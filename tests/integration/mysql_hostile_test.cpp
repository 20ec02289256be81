#include "daemon/io/mysql_client.hpp"
#include "tests/integration/raw_server.hpp"
#include <gmock/gmock.h>

/// What servers that speak MySQL's protocol can do to the client.
namespace backstop {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

constexpr Duration kLong = 20s; ///< for failing tests alone
constexpr Duration kShort = 100ms;

std::string packet(int number, const std::string& body) {
  const auto byte = [](std::size_t n) { return static_cast<char>(n & 0xFF); };
  return std::string{byte(body.size()), byte(body.size() >> 8), byte(body.size() >> 16), static_cast<char>(number)} +
         body;
}
std::string zeros(std::size_t n) { return std::string(n, '\0'); }
/// Protocol 10, with the capabilities of a server of today; TLS among them.
std::string greeting() {
  return packet(0, "\x0A" + std::string("5.5.5-10.11.0") + zeros(1) + "\x07" + zeros(3) + "abcdefgh" + zeros(1) +
                       "\xFE\xFF" + "\x21" + std::string("\x02\0", 2) + "\xEF\x81" + "\x15" + zeros(10) +
                       "ijklmnopqrst" + zeros(1) + "mysql_native_password" + zeros(1));
}
std::string ok(int number) { return packet(number, zeros(3) + std::string("\x02\0", 2) + zeros(2)); }
std::string refusal(int number, unsigned code, const std::string& text) {
  return packet(number,
                std::string("\xFF") + static_cast<char>(code & 0xFF) + static_cast<char>(code >> 8) + "#HY000" + text);
}

class HostileMysql : public testing::Test {
protected:
  void connect(const RawServer& server, const std::string& ca_file = "",
               SqlLimits limits = {.first_pause = 0s, .longest_pause = 0s}) {
    MysqlServer place;
    place.host = "127.0.0.1";
    place.port = static_cast<std::uint16_t>(server.port());
    place.user = "u";
    place.ca_file = ca_file;
    client_ = std::make_unique<MysqlClient>(
        *loop_, place, [] { return Result<std::string>("hunter2"); }, limits);
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
  std::unique_ptr<MysqlClient> client_;
};

TEST_F(HostileMysql, AServerThatSaysNothingIsGivenUpAtTheDeadline) {
  RawServer server([](RawServer::Connection& c) { c.hold(); });
  connect(server);
  const Error e = error_of(kShort);
  EXPECT_EQ(e.code, Errc::timeout);
  EXPECT_THAT(e.what, AllOf(HasSubstr("MySQL at 127.0.0.1:"), HasSubstr("no connection within 0.1 s")));
}

TEST_F(HostileMysql, AServerThatStopsHalfWayIsGivenUpAtTheDeadline) {
  for (const std::string& said : {greeting().substr(0, 10), greeting(), greeting() + ok(2)}) {
    RawServer server([&](RawServer::Connection& c) {
      c.send(said);
      c.hold();
    });
    connect(server);
    EXPECT_EQ(error_of(kShort).code, Errc::timeout) << said.size();
  }
}

TEST_F(HostileMysql, AHandshakeOfTlsThatNeverComesDoesNotHoldUpTheLoop) {
  for (const std::string& more : {std::string(), std::string("\x16\x03\x03", 3)}) {
    RawServer server([&](RawServer::Connection& c) {
      c.send(greeting());
      c.wait(-1);
      c.send(more);
      c.hold(); // for ever, so that a client that blocks never ends
    });
    connect(server, "/etc/ssl/certs/ca-certificates.crt");
    int others = 0;
    const auto timer = loop_->add_timer([&] { ++others; });
    timer->arm(loop_->fresh_now() + 20ms);
    EXPECT_EQ(error_of(kShort).code, Errc::timeout);
    EXPECT_EQ(others, 1) << "what is due meanwhile is done";
    client_.reset();
  }
}

TEST_F(HostileMysql, ATlsHandshakeThatIsNoneIsAnError) {
  RawServer server([](RawServer::Connection& c) {
    c.send(greeting() + "HTTP/1.1 400 Bad Request\r\n\r\n");
    c.wait(-1);
  });
  connect(server, "/etc/ssl/certs/ca-certificates.crt");
  EXPECT_EQ(error_of().code, Errc::io);
}

TEST_F(HostileMysql, GarbageIsAnError) {
  for (const std::string& garbage :
       {std::string("HTTP/1.1 400 Bad Request\r\n\r\n"), std::string(5000, '\xFF'), zeros(9), packet(0, ""),
        packet(0, "\x09old"), packet(0, "\x0A"), greeting().substr(0, 40), greeting() + packet(9, "??"),
        greeting() + ok(2) + packet(1, "\x01") + packet(2, "short"), greeting() + ok(2) + packet(1, "\xFD")}) {
    RawServer server([&](RawServer::Connection& c) {
      c.send(garbage);
      c.wait(-1);
    });
    connect(server);
    const Error e = error_of(1s);
    EXPECT_THAT(e.code, AnyOf(Errc::io, Errc::timeout, Errc::too_large, Errc::unauthorized)) << e.what;
  }
}

TEST_F(HostileMysql, ThePasswordIsNotGivenAwayToWhoAsksForIt) {
  for (const std::string method : {"mysql_clear_password", "dialog", "mysql_old_password"}) {
    std::string heard;
    {
      RawServer server([&](RawServer::Connection& c) {
        c.send(greeting());
        heard += c.read_some();
        c.send(packet(2, "\xFE" + method + zeros(1) + "Password: "));
        heard += c.read_some();
      });
      connect(server);
      const Error e = error_of();
      EXPECT_EQ(e.code, Errc::unauthorized) << method << ": " << e.what;
    }
    EXPECT_THAT(heard, AllOf(HasSubstr("mysql_native_password"), Not(HasSubstr("hunter2")))) << method;
  }
}

TEST_F(HostileMysql, NoFileIsGivenToWhoAsksForIt) {
  std::string heard;
  {
    RawServer server([&](RawServer::Connection& c) {
      c.send(greeting());
      c.read_some();
      c.send(ok(2));
      c.read_some();
      c.send(packet(1, "\xFB/etc/hostname"));
      heard = c.read_some();
    });
    connect(server);
    (void)error_of(1s);
    client_.reset();
  }
  EXPECT_LE(heard.size(), 9U) << "at most the end of a file, and a farewell: " << heard;
}

TEST_F(HostileMysql, WhatTheServerSaysIsUnderstoodByItsNumber) {
  const std::pair<unsigned, Errc> all[] = {
      {1040, Errc::busy}, {1045, Errc::unauthorized}, {1129, Errc::unauthorized}, {1053, Errc::busy}, {9999, Errc::io}};
  for (const auto& [number, code] : all) {
    RawServer server([&, code_of = number](RawServer::Connection& c) {
      c.send(refusal(0, code_of, "hunter2 ist zu \xFF\n viel"));
      c.wait(-1);
    });
    connect(server);
    const Error e = error_of();
    EXPECT_EQ(e.code, code) << number;
    EXPECT_THAT(e.what, HasSubstr("*** ist zu ? viel"));
  }
}

TEST_F(HostileMysql, AfterAFailureTheServerIsLeftAloneForAWhile) {
  RawServer server([](RawServer::Connection&) {});
  connect(server, "", {.first_pause = std::chrono::hours(1), .longest_pause = std::chrono::hours(1)});
  const Error first = error_of();
  const Error second = error_of();
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(second.code, first.code);
  EXPECT_THAT(second.what, AllOf(HasSubstr(first.what), HasSubstr("next try in 3.6e+03 s")));
}

TEST_F(HostileMysql, WhereNobodyIsIsSaid) {
  const auto at = [&](MysqlServer place) {
    client_ = std::make_unique<MysqlClient>(
        *loop_, std::move(place), [] { return Result<std::string>("hunter2"); },
        SqlLimits{.first_pause = 0s, .longest_pause = 0s});
    return error_of(2s);
  };
  MysqlServer place;
  place.unix_socket = "/nowhere/at/all";
  EXPECT_THAT(at(place).what, HasSubstr("MySQL at /nowhere/at/all"));
  place.unix_socket.clear();
  place.host = "::1";
  place.port = 1;
  EXPECT_THAT(at(place).what, HasSubstr("MySQL at [::1]:1"));
  place.host = "no-such-host.invalid";
  EXPECT_THAT(at(place).what, HasSubstr("no-such-host.invalid"));
  (void)error_of(2s); // the lookup may still be going on: it is joined
}

TEST_F(HostileMysql, APasswordThatCannotBeReadIsAnError) {
  client_ = std::make_unique<MysqlClient>(
      *loop_, MysqlServer{}, [] { return Result<std::string>(fail(Errc::io, "credential db: no such file")); });
  EXPECT_THAT(error_of().what, HasSubstr("credential db"));
}

} // namespace
} // namespace backstop
