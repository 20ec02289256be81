#include "tests/integration/configured_targets.hpp"
#include "tests/integration/private_pgbouncer.hpp"
#include <gmock/gmock.h>

/// Sources of type pgbouncer as configured, against a real PgBouncer in front of a real PostgreSQL.
namespace backstop {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr Duration kLong = std::chrono::seconds(20); ///< for failing tests alone
const std::string kSesame = " password=sesame";

class PgbouncerSourceReal : public testing::Test {
protected:
  void configure(const std::string& dsn, const std::string& more = "") {
    std::ofstream(folder_.path() + "/dsn") << dsn << "\n";
    targets_.emplace("{pool: {type: pgbouncer, dsn: {file: " + folder_.path() + "/dsn}" + more + "}}\n");
  }
  void configure_as(const std::string& user, const std::string& rest = kSesame) {
    configure(pgbouncer_.by_socket(user, rest));
  }
  Result<ConfiguredTargets::Answer> read() { return targets_->read(); }
  Error error() {
    const auto answer = read();
    if (answer) throw std::runtime_error("an error was expected");
    return answer.error();
  }
  /// Reads until it is so: PgBouncer looks at its clients now and then.
  std::map<std::string, double> read_until(const std::function<bool(std::map<std::string, double>&)>& so) {
    const Time limit = targets_->loop().fresh_now() + kLong;
    for (;;) {
      auto answer = read();
      if (!answer) throw std::runtime_error(answer.error().what);
      if (so(answer->samples)) return answer->samples;
      if (targets_->loop().fresh_now() > limit)
        throw std::runtime_error("it never came to be so: " + testing::PrintToString(answer->samples));
      targets_->loop().run_once(std::chrono::milliseconds(20));
    }
  }

  PrivatePostgresql server_;
  PrivatePgbouncer pgbouncer_{server_};
  TemporaryDirectory folder_;
  std::optional<ConfiguredTargets> targets_;
};

TEST_F(PgbouncerSourceReal, AClientThatHasToWaitIsSeen) {
  configure_as("watcher");
  const auto empty = read();
  ASSERT_TRUE(empty) << empty.error().what;
  EXPECT_THAT(empty->samples, IsEmpty()) << "the console's own pool is left out";
  EXPECT_THAT(empty->note, IsEmpty());

  PostgresqlSession holder(pgbouncer_.by_socket("app", "dbname=shop" + kSesame));
  ASSERT_TRUE(holder.connected());
  holder.ask("BEGIN");
  const auto held = read_until([](auto& s) { return s["clients_active{shop,app}"] == 1; });
  EXPECT_EQ(held, (std::map<std::string, double>{{"clients_active{shop,app}", 1},
                                                 {"clients_waiting{shop,app}", 0},
                                                 {"servers_active{shop,app}", 1},
                                                 {"servers_idle{shop,app}", 0},
                                                 {"servers_used{shop,app}", 0},
                                                 {"maxwait_seconds{shop,app}", 0}}));

  PostgresqlSession waiter(pgbouncer_.by_socket("app", "dbname=shop" + kSesame));
  ASSERT_TRUE(waiter.connected());
  waiter.begin("SELECT 1");
  const double first =
      read_until([](auto& s) { return s["maxwait_seconds{shop,app}"] > 0; })["maxwait_seconds{shop,app}"];
  const auto waiting = read_until([&](auto& s) { return s["maxwait_seconds{shop,app}"] > first; });
  EXPECT_EQ(waiting.at("clients_waiting{shop,app}"), 1);
  EXPECT_EQ(waiting.at("servers_active{shop,app}"), 1);

  holder.ask("COMMIT");
  waiter.end();
  const auto over =
      read_until([](auto& s) { return s["clients_waiting{shop,app}"] == 0 && s["servers_active{shop,app}"] == 0; });
  EXPECT_EQ(over.at("maxwait_seconds{shop,app}"), 0);
  EXPECT_EQ(over.at("servers_idle{shop,app}") + over.at("servers_used{shop,app}"), 1);
}

TEST_F(PgbouncerSourceReal, AWrongPasswordIsSaidAndNotShown) {
  configure_as("watcher", "password=hunter2");
  const Error e = error();
  EXPECT_EQ(e.code, Errc::unauthorized);
  EXPECT_THAT(e.what, AllOf(HasSubstr("PgBouncer pgbouncer at "), HasSubstr("refused user or password"),
                            Not(HasSubstr("hunter2"))));
}

TEST_F(PgbouncerSourceReal, WhoMayNotAskIsTold) {
  configure_as("app");
  const Error e = error();
  EXPECT_EQ(e.code, Errc::unauthorized);
  EXPECT_THAT(e.what, HasSubstr("add it to stats_users"));
}

TEST_F(PgbouncerSourceReal, AnotherDatabaseThanTheConsoleIsSaid) {
  configure_as("watcher", "dbname=shop" + kSesame);
  EXPECT_THAT(error().what, HasSubstr("let the DSN lead to the database pgbouncer"));
  configure_as("watcher", "dbname=nowhere" + kSesame);
  EXPECT_THAT(error().what, HasSubstr("let the DSN lead to the database pgbouncer"));
  configure(server_.by_socket("watcher", "dbname=postgres" + kSesame));
  EXPECT_THAT(error().what, HasSubstr("let the DSN lead to the database pgbouncer"));
}

TEST_F(PgbouncerSourceReal, OneThatIsDownOrHangsIsAFailedSource) {
  configure(pgbouncer_.by_socket("watcher", kSesame), ", timeout: 200ms");
  ASSERT_TRUE(read());
  pgbouncer_.hold();
  const Error hung = error();
  EXPECT_EQ(hung.code, Errc::timeout);
  EXPECT_THAT(hung.what, HasSubstr("no answer within 0.2 s"));
  pgbouncer_.stop();
  configure(pgbouncer_.by_socket("watcher", kSesame));
  EXPECT_THAT(error().what, HasSubstr("PgBouncer pgbouncer at "));
}

TEST_F(PgbouncerSourceReal, ASourceForTheServerSaysThatThisIsNone) {
  std::ofstream(folder_.path() + "/dsn") << pgbouncer_.by_socket("watcher", "dbname=shop" + kSesame) << "\n";
  targets_.emplace("{pool: {type: postgresql, dsn: {file: " + folder_.path() + "/dsn}}}\n");
  EXPECT_THAT(error().what,
              HasSubstr("this is PgBouncer; let the DSN lead to the server itself, or write type: pgbouncer"));
}

} // namespace
} // namespace backstop
