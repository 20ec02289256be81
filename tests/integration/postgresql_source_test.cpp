#include "tests/integration/configured_targets.hpp"
#include "tests/integration/postgresql_session.hpp"
#include "tests/integration/private_postgresql.hpp"
#include <gmock/gmock.h>

/// Sources of type postgresql as configured, against real servers: transactions and replication. Connections are in
/// postgresql_test.cpp.
namespace backstop {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr Duration kLong = std::chrono::seconds(20); ///< for failing tests alone

/// A service with the source; the DSN is a file, as it has a password.
class Source {
public:
  explicit Source(const std::string& dsn) {
    std::ofstream(directory_.path() + "/dsn") << dsn << "\n";
    targets_.emplace("{db: {type: postgresql, dsn: {file: " + directory_.path() + "/dsn}}}\n");
  }
  ConfiguredTargets::Answer read() {
    const auto answer = targets_->read();
    if (!answer) throw std::runtime_error(answer.error().what);
    return *answer;
  }
  /// Reads until it is so: what one server does to another takes a moment.
  ConfiguredTargets::Answer read_until(const std::function<bool(std::map<std::string, double>&)>& so) {
    const Time limit = targets_->loop().fresh_now() + kLong;
    for (;;) {
      ConfiguredTargets::Answer answer = read();
      if (so(answer.samples)) return answer;
      if (targets_->loop().fresh_now() > limit)
        throw std::runtime_error("it never came to be so: " + testing::PrintToString(answer.samples));
      targets_->loop().run_once(std::chrono::milliseconds(20));
    }
  }

private:
  TemporaryDirectory directory_;
  std::optional<ConfiguredTargets> targets_;
};

const std::string kSesame = "dbname=postgres password=sesame";

TEST(PostgresqlSourceReal, TheOldestOpenTransactionIsMeasured) {
  const PrivatePostgresql server;
  Source source(server.by_socket("watcher", kSesame));
  EXPECT_EQ(source.read().samples.at("longest_transaction_seconds"), 0) << "our own does not count";

  PostgresqlSession admin(server.by_socket("postgres"));
  PostgresqlSession holder(server.by_socket("app", kSesame));
  holder.ask("BEGIN");
  PostgresqlSession later(server.by_socket("app", kSesame));
  later.ask("BEGIN");
  const auto age = [&] {
    return std::stod(admin.ask("SELECT extract(epoch FROM max(clock_timestamp() - xact_start)) FROM pg_stat_activity "
                               "WHERE state = 'idle in transaction'"));
  };
  const double before = age();
  const auto open = source.read();
  const double after = age();
  EXPECT_THAT(open.note, IsEmpty());
  EXPECT_GE(open.samples.at("longest_transaction_seconds"), before);
  EXPECT_LE(open.samples.at("longest_transaction_seconds"), after);

  holder.ask("COMMIT");
  later.ask("ROLLBACK");
  EXPECT_EQ(source.read().samples.at("longest_transaction_seconds"), 0);
}

TEST(PostgresqlSourceReal, WhatTheRoleMayNotSeeIsLeftOutAndSaid) {
  const PrivatePostgresql server;
  Source source(server.by_socket("app", kSesame));
  EXPECT_EQ(source.read().samples.count("longest_transaction_seconds"), 1U) << "there is nobody who could hide";
  {
    PostgresqlSession other(server.by_socket("watcher", kSesame));
    other.ask("BEGIN");
    const auto hidden = source.read();
    EXPECT_EQ(hidden.samples.count("longest_transaction_seconds"), 0U);
    EXPECT_EQ(hidden.samples.at("connections"), 1);
    EXPECT_EQ(hidden.note,
              "the longest transaction cannot be seen by this role; let a superuser GRANT pg_monitor TO app");
  }
  PostgresqlSession admin(server.by_socket("postgres"));
  admin.ask("ALTER ROLE watcher SET track_activities = off");
  PostgresqlSession untracked(server.by_socket("watcher", kSesame));
  untracked.ask("BEGIN");
  admin.ask("GRANT pg_monitor TO app");
  const auto off = source.read();
  EXPECT_EQ(off.samples.count("longest_transaction_seconds"), 0U);
  EXPECT_THAT(off.note, HasSubstr("track_activities is off"));
}

TEST(PostgresqlSourceReal, AStandbyIsFollowedFromBothSides) {
  PrivatePostgresql primary;
  const PrivatePostgresql standby(PrivatePostgresql::StandbyOf{primary});
  Source from_primary(primary.by_socket("watcher", kSesame));
  Source from_standby(standby.by_socket("watcher", kSesame));
  PostgresqlSession writer(primary.by_socket("postgres"));
  PostgresqlSession admin(standby.by_socket("postgres"));

  const auto level = from_primary.read_until([](auto& s) {
    return s["standbys"] == 1 && s.contains("replay_lag_bytes{standby1}") && s["replay_lag_bytes{standby1}"] == 0;
  });
  EXPECT_EQ(level.samples.count("replication_lag_seconds"), 0U) << "it is no standby itself";
  EXPECT_THAT(level.note, IsEmpty());
  EXPECT_EQ(
      from_standby.read_until([](auto& s) { return s.contains("replication_lag_seconds"); }).samples.at("standbys"), 0);

  writer.ask("CREATE TABLE written (i int)"); // until a transaction is replayed, its age is not known
  from_standby.read_until([&](auto&) { return admin.ask("SELECT to_regclass('written') IS NOT NULL") == "t"; });
  from_standby.read_until([](auto& s) { return s["replication_lag_seconds"] == 0; });
  admin.ask("SELECT pg_wal_replay_pause()");
  // It is a request; until it is heeded, what comes is still replayed.
  from_standby.read_until([&](auto&) { return admin.ask("SELECT pg_get_wal_replay_pause_state()") == "paused"; });
  writer.ask("INSERT INTO written SELECT generate_series(1, 1000)");
  from_primary.read_until([](auto& s) { return s["replay_lag_bytes{standby1}"] > 0; });
  from_standby.read_until([](auto& s) { return s["replication_lag_seconds"] > 0; });
  const auto longer = from_primary.read_until([](auto& s) { return s["replay_lag_seconds{standby1}"] > 0; });
  EXPECT_EQ(longer.samples.at("standbys"), 1);

  Source blind(primary.by_socket("app", kSesame));
  const auto unseen = blind.read();
  EXPECT_EQ(unseen.samples.count("standbys") + unseen.samples.count("replay_lag_bytes{standby1}"), 0U);
  EXPECT_THAT(unseen.note, HasSubstr("the replay lag cannot be seen by this role"));

  admin.ask("SELECT pg_wal_replay_resume()");
  from_standby.read_until([](auto& s) { return s["replication_lag_seconds"] == 0; });
  from_primary.read_until([](auto& s) { return s["replay_lag_bytes{standby1}"] == 0; });

  primary.stop();
  from_standby.read_until([](auto& s) { return s["replication_lag_seconds"] > 0; }); // it cannot know that it is level
}

} // namespace
} // namespace backstop
