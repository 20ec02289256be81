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

Samples by_name(const std::vector<RawSample>& samples) {
  Samples out;
  for (const RawSample& s : samples) {
    std::string key = s.name;
    for (std::size_t i = 0; i < s.labels.size(); ++i) key += (i == 0 ? ":" : "/") + s.labels[i].second;
    EXPECT_TRUE(out.emplace(key, s.value).second) << key << " twice";
  }
  return out;
}

SqlRows::Row row(const char* database, const char* user, const char* state, const char* count) {
  return {"100", "3", "0", database, user, state, count};
}

Samples samples(std::vector<SqlRows::Row> rows) {
  const auto result = connection_samples({std::move(rows)});
  EXPECT_TRUE(result) << result.error().what;
  return result ? by_name(*result) : Samples{};
}

TEST(Connections, AreCountedInEachWay) {
  EXPECT_EQ(samples({row("shop", "web", "active", "5"), row("shop", "web", "idle", "40"),
                     row("stock", "web", "idle", "2"), row("shop", "batch", "idle in transaction", "1")}),
            (Samples{{"connections", 48},
                     {"max_connections", 100},
                     {"connections_percent", 100 * 48.0 / 97},
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
  const Samples s = samples({{"100", "3", "0", null, null, null, null}});
  EXPECT_THAT(s, AllOf(Contains(Pair("connections", 0)), Contains(Pair("connections_percent", 0)),
                       Contains(Pair("max_connections", 100)), Contains(Pair("connections_by_state:active", 0)),
                       Not(Contains(Key(HasSubstr("connections_by:"))))));
}

TEST(Connections, HiddenOnesCountAndLeaveNoStateAtZero) {
  const Samples s = samples({row("shop", "backstop", "idle", "1"), row("shop", "web", "hidden", "30")});
  EXPECT_THAT(s, AllOf(Contains(Pair("connections", 31)), Contains(Pair("connections_by_state:hidden", 30)),
                       Contains(Pair("connections_by_state:idle", 1)),
                       Contains(Pair("connections_by:shop/web/hidden", 30)),
                       Not(Contains(Key("connections_by_state:active")))));
}

TEST(Connections, PercentIsOfWhatOrdinaryRolesCanHave) {
  EXPECT_THAT(samples({{"20", "3", "7", "shop", "web", "idle", "5"}}), Contains(Pair("connections_percent", 50)));
  EXPECT_THAT(samples({{"10", "3", "7", "shop", "web", "idle", "5"}}), Not(Contains(Key("connections_percent"))));
}

TEST(Connections, AbsentNamesAreEmptyAndMeetInOneSeries) {
  EXPECT_THAT(samples({{"100", "3", "0", null, "web", "idle", "5"}, {"100", "3", "0", "", "web", "idle", "2"}}),
              AllOf(Contains(Pair("connections_by:/web/idle", 7)), Contains(Pair("connections", 7))));
}

TEST(Connections, OfVeryManyGroupsTheLargestAreKeptAndAllAreCounted) {
  std::vector<SqlRows::Row> rows;
  for (std::size_t i = 0; i < kMostGroups; ++i)
    rows.push_back(row("shop", ("user" + std::to_string(i)).c_str(), "idle", "2"));
  rows.push_back(row("shop", "a-small-one", "idle", "1"));
  rows.push_back(row("shop", "zz-the-largest", "idle", "9"));
  const Samples s = samples(rows);
  EXPECT_THAT(s, AllOf(Contains(Pair("connections", 2.0 * kMostGroups + 10)),
                       Contains(Pair("connections_by:shop/zz-the-largest/idle", 9)),
                       Not(Contains(Key("connections_by:shop/a-small-one/idle")))));
  EXPECT_EQ(std::count_if(s.begin(), s.end(), [](const auto& x) { return x.first.starts_with("connections_by:"); }),
            static_cast<std::ptrdiff_t>(kMostGroups));
}

TEST(Connections, AnotherAnswerIsAnError) {
  const std::vector<std::vector<SqlRows::Row>> wrong = {
      {},
      {{}},
      {{"100"}},
      {{"100", "3", "0", "shop", "web", "idle"}},
      {{"100", "3", "0", "shop", "web", "idle", "5", "more"}},
      {{"100", "3", "0", "shop", "web", "idle", "many"}},
      {{"100", "3", "0", "shop", "web", "idle", "-5"}},
      {{"100", "3", "0", "shop", "web", "idle", "nan"}},
      {{null, "3", "0", "shop", "web", "idle", "5"}},
      {{"100", "x", "0", "shop", "web", "idle", "5"}},
      {{"100", "3", null, "shop", "web", "idle", "5"}},
      {row("shop", "web", "idle", "5"), {"100", "3", "0", null, null, null, null}},
      {row("shop", "web", "idle", "5"), {}},
  };
  for (const auto& rows : wrong) {
    const auto result = connection_samples({rows});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::corrupt);
  }
}

} // namespace
} // namespace backstop::postgresql
