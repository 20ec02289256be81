#include "collectors/postgresql.hpp"
#include <gmock/gmock.h>
#include <map>

namespace backstop::postgresql {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Key;
using testing::Not;
using testing::Pair;

using Samples = std::map<std::string, double>;
constexpr std::nullopt_t null = std::nullopt;

using Rows = std::vector<SqlRows::Row>;

const SqlRows::Row kLimits{"limits", "100", "3", "0", "web", null};

SqlRows::Row sessions(const char* database, const char* user, const char* state, const char* count,
                      const char* oldest = "0") {
  return {"sessions", database, user, state, count, oldest};
}
SqlRows::Row standby(const char* name, const char* seconds, const char* bytes) {
  return {"standby",
          name,
          "streaming",
          seconds ? std::optional<std::string>(seconds) : null,
          bytes ? std::optional<std::string>(bytes) : null,
          null};
}

SamplesAnswer answer(Rows rows, SqlRows::Row limits = kLimits) {
  rows.push_back(std::move(limits));
  auto result = read_answer({std::move(rows)});
  EXPECT_TRUE(result) << result.error().what;
  return result ? *result : SamplesAnswer{};
}
Samples samples(Rows rows, SqlRows::Row limits = kLimits) {
  Samples out;
  for (const RawSample& s : answer(std::move(rows), std::move(limits)).samples) {
    std::string key = s.name;
    for (std::size_t i = 0; i < s.labels.size(); ++i) key += (i == 0 ? ":" : "/") + s.labels[i].second;
    EXPECT_TRUE(out.emplace(key, s.value).second) << key << " twice";
  }
  return out;
}

TEST(Connections, AreCountedInEachWay) {
  EXPECT_EQ(samples({sessions("shop", "web", "active", "5"), sessions("shop", "web", "idle", "40"),
                     sessions("stock", "web", "idle", "2"), sessions("shop", "batch", "idle in transaction", "1")}),
            (Samples{{"connections", 48},
                     {"max_connections", 100},
                     {"connections_percent", 100 * 48.0 / 97},
                     {"longest_transaction_seconds", 0},
                     {"standbys", 0},
                     {"connections_by_state:active", 5},
                     {"connections_by_state:idle", 42},
                     {"connections_by_state:idle in transaction", 1},
                     {"connections_by_state:idle in transaction (aborted)", 0},
                     {"connections_by:shop/web/active", 5},
                     {"connections_by:shop/web/idle", 40},
                     {"connections_by:stock/web/idle", 2},
                     {"connections_by:shop/batch/idle in transaction", 1}}));
}

TEST(Connections, WithoutAnyOtherTheCountIsZero) {
  const Samples s = samples({});
  EXPECT_THAT(s, AllOf(Contains(Pair("connections", 0)), Contains(Pair("connections_percent", 0)),
                       Contains(Pair("max_connections", 100)), Contains(Pair("connections_by_state:active", 0)),
                       Not(Contains(Key(HasSubstr("connections_by:"))))));
}

TEST(Connections, HiddenOnesCountAndLeaveNoStateAtZero) {
  const Samples s = samples({sessions("shop", "backstop", "idle", "1"), sessions("shop", "web", "hidden", "30")});
  EXPECT_THAT(s, AllOf(Contains(Pair("connections", 31)), Contains(Pair("connections_by_state:hidden", 30)),
                       Contains(Pair("connections_by_state:idle", 1)),
                       Contains(Pair("connections_by:shop/web/hidden", 30)),
                       Not(Contains(Key("connections_by_state:active")))));
}

TEST(Connections, PercentIsOfWhatOrdinaryRolesCanHave) {
  EXPECT_THAT(samples({sessions("shop", "web", "idle", "5")}, {"limits", "20", "3", "7", "web", null}),
              Contains(Pair("connections_percent", 50)));
  EXPECT_THAT(samples({sessions("shop", "web", "idle", "5")}, {"limits", "10", "3", "7", "web", null}),
              Not(Contains(Key("connections_percent"))));
}

TEST(Connections, AbsentNamesAreEmptyAndMeetInOneSeries) {
  EXPECT_THAT(samples({{"sessions", null, "web", "idle", "5", "0"}, sessions("", "web", "idle", "2")}),
              AllOf(Contains(Pair("connections_by:/web/idle", 7)), Contains(Pair("connections", 7))));
}

TEST(Connections, OfVeryManyGroupsTheLargestAreKeptAndAllAreCounted) {
  Rows rows;
  for (std::size_t i = 0; i < kMostGroups; ++i)
    rows.push_back(sessions("shop", ("user" + std::to_string(i)).c_str(), "idle", "2"));
  rows.push_back(sessions("shop", "a-small-one", "idle", "1"));
  rows.push_back(sessions("shop", "zz-the-largest", "idle", "9"));
  const Samples s = samples(rows);
  EXPECT_THAT(s, AllOf(Contains(Pair("connections", 2.0 * kMostGroups + 10)),
                       Contains(Pair("connections_by:shop/zz-the-largest/idle", 9)),
                       Not(Contains(Key("connections_by:shop/a-small-one/idle")))));
  EXPECT_EQ(std::count_if(s.begin(), s.end(), [](const auto& x) { return x.first.starts_with("connections_by:"); }),
            static_cast<std::ptrdiff_t>(kMostGroups));
}

TEST(Transactions, TheOldestOfAllIsGiven) {
  EXPECT_THAT(
      samples({sessions("shop", "web", "active", "5", "12.5"),
               sessions("shop", "web", "idle in transaction", "1", "3600.25"), sessions("shop", "web", "idle", "40")}),
      Contains(Pair("longest_transaction_seconds", 3600.25)));
}

TEST(Transactions, WhatARoleCannotSeeIsLeftOutAndSaid) {
  const Rows rows{sessions("shop", "web", "idle in transaction", "1", "5"), sessions("shop", "ana", "hidden", "3")};
  EXPECT_THAT(samples(rows), Not(Contains(Key("longest_transaction_seconds"))));
  EXPECT_EQ(answer(rows).note,
            "the longest transaction cannot be seen by this role; let a superuser GRANT pg_monitor TO web");
}

TEST(Transactions, SessionsThatAreNotTrackedHideTheirs) {
  const Rows rows{sessions("shop", "web", "disabled", "1")};
  EXPECT_THAT(samples(rows), Not(Contains(Key("longest_transaction_seconds"))));
  EXPECT_THAT(answer(rows).note, HasSubstr("track_activities is off"));
}

TEST(Replication, OfEachStandbyHowFarItIsBehind) {
  const Rows rows{standby("a", "0.25", "1024"), standby("b", "30", "9000000")};
  EXPECT_THAT(samples(rows),
              AllOf(Contains(Pair("standbys", 2)), Contains(Pair("replay_lag_seconds:a", 0.25)),
                    Contains(Pair("replay_lag_bytes:a", 1024)), Contains(Pair("replay_lag_seconds:b", 30)),
                    Contains(Pair("replay_lag_bytes:b", 9000000)), Not(Contains(Key("replication_lag_seconds")))));
  EXPECT_EQ(answer(rows).note, "");
}

TEST(Replication, NoMeasureIsZeroOnlyWhereAllIsReplayed) {
  EXPECT_THAT(samples({standby("a", nullptr, "0")}), Contains(Pair("replay_lag_seconds:a", 0)));
  EXPECT_THAT(samples({standby("a", nullptr, "1")}),
              AllOf(Contains(Pair("replay_lag_bytes:a", 1)), Not(Contains(Key("replay_lag_seconds:a")))));
}

TEST(Replication, OfSeveralWithOneNameTheLastCounts) {
  EXPECT_THAT(samples({standby("a", "2", "10"), standby("a", "1", "50"), standby("a", nullptr, "0")}),
              AllOf(Contains(Pair("standbys", 3)), Contains(Pair("replay_lag_seconds:a", 2)),
                    Contains(Pair("replay_lag_bytes:a", 50))));
  for (const Rows& rows : {Rows{standby("a", nullptr, "7"), standby("a", "1", "5")},
                           Rows{standby("a", "1", "5"), standby("a", nullptr, "7")}})
    EXPECT_THAT(samples(rows), Not(Contains(Key("replay_lag_seconds:a")))) << "one of them is not measured";
}

TEST(Replication, WhatReplaysNothingIsNoStandby) {
  EXPECT_THAT(samples({standby("pg_basebackup", nullptr, nullptr)}),
              AllOf(Contains(Pair("standbys", 0)), Not(Contains(Key(HasSubstr("replay_lag"))))));
}

TEST(Replication, WhatARoleCannotSeeIsLeftOutAndSaid) {
  Rows rows{{"standby", "a", null, null, null, null}};
  EXPECT_THAT(samples(rows), AllOf(Not(Contains(Key("standbys"))), Contains(Pair("longest_transaction_seconds", 0))));
  EXPECT_EQ(answer(rows).note, "the replay lag cannot be seen by this role; let a superuser GRANT pg_monitor TO web");
  rows.push_back(sessions("shop", "ana", "hidden", "3"));
  EXPECT_THAT(answer(rows).note, HasSubstr("the longest transaction and the replay lag cannot be seen"));
}

TEST(Replication, AStandbyIsBehindOnlyWhereThereIsSomethingToReplay) {
  const auto own = [](const char* streams, std::optional<std::string> all, std::optional<std::string> since) {
    return samples({{"recovery", streams, std::move(all), std::move(since), null, null}});
  };
  EXPECT_THAT(own("true", "true", "86400"), Contains(Pair("replication_lag_seconds", 0)));
  EXPECT_THAT(own("true", "true", null), Contains(Pair("replication_lag_seconds", 0)));
  EXPECT_THAT(own("true", "false", "12.5"), Contains(Pair("replication_lag_seconds", 12.5)));
  EXPECT_THAT(own("false", "true", "60"), Contains(Pair("replication_lag_seconds", 60))) << "its primary is gone";
  EXPECT_THAT(own("false", null, "60"), Contains(Pair("replication_lag_seconds", 60)));
  EXPECT_THAT(own("true", "false", null), Not(Contains(Key("replication_lag_seconds"))));
}

TEST(Answer, AnotherOneIsAnError) {
  const std::vector<Rows> wrong = {
      {},
      {{}},
      {{"100"}},
      {sessions("shop", "web", "idle", "5")},
      {{"limits", "100", "3", "0", "web"}},
      {{"limits", "100", "3", "0", "web", null, null}},
      {{"limits", null, "3", "0", "web", null}},
      {{"limits", "100", "x", "0", "web", null}},
      {{"limits", "100", "3", null, "web", null}},
      {{null, "100", "3", "0", "web", null}},
      {kLimits, {"something", null, null, null, null, null}},
      {kLimits, {}},
      {kLimits, sessions("shop", "web", "idle", "many")},
      {kLimits, sessions("shop", "web", "idle", "-5")},
      {kLimits, sessions("shop", "web", "idle", "nan")},
      {kLimits, {"sessions", "shop", "web", "idle", null, "0"}},
      {kLimits, sessions("shop", "web", "idle", "5", "old")},
      {kLimits, standby("a", "1", "-1")},
      {kLimits, standby("a", "soon", "1")},
      {kLimits, {"recovery", "true", "false", "-1", null, null}},
  };
  for (const Rows& rows : wrong) {
    const auto result = read_answer({rows});
    ASSERT_FALSE(result) << testing::PrintToString(rows);
    EXPECT_EQ(result.error().code, Errc::corrupt);
  }
}

} // namespace
} // namespace backstop::postgresql
