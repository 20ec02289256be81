#include "collectors/pgbouncer.hpp"
#include <gmock/gmock.h>
#include <map>

namespace backstop::pgbouncer {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Pair;

using Samples = std::map<std::string, double>;

SqlRows pools(std::vector<SqlRows::Row> rows) {
  return {std::move(rows),
          {"database", "user", "cl_active", "cl_waiting", "sv_active", "sv_idle", "sv_used", "sv_tested", "maxwait",
           "maxwait_us", "pool_mode"}};
}
SqlRows::Row pool(const char* database, const char* user, const char* waiting = "0", const char* maxwait = "0",
                  const char* us = "0") {
  return {database, user, "5", waiting, "4", "3", "2", "1", maxwait, us, "transaction"};
}

Samples samples(const SqlRows& answer) {
  const auto read = read_answer(answer);
  EXPECT_TRUE(read) << read.error().what;
  Samples out;
  if (read)
    for (const RawSample& s : read->samples) {
      std::string key = s.name;
      for (const auto& [label, value] : s.labels) key += "/" + label + "=" + value;
      EXPECT_TRUE(out.emplace(key, s.value).second) << key << " twice";
    }
  return out;
}

TEST(Pools, EachIsGivenByDatabaseAndUser) {
  EXPECT_EQ(samples(pools({pool("shop", "web", "7", "2", "500000")})),
            (Samples{{"clients_active/database=shop/user=web", 5},
                     {"clients_waiting/database=shop/user=web", 7},
                     {"servers_active/database=shop/user=web", 4},
                     {"servers_idle/database=shop/user=web", 3},
                     {"servers_used/database=shop/user=web", 2},
                     {"maxwait_seconds/database=shop/user=web", 2.5}}));
  EXPECT_EQ(samples(pools({pool("shop", "web"), pool("shop", "batch"), pool("stock", "web")})).size(), 18U);
}

TEST(Pools, TheConsoleIsNone) { EXPECT_EQ(samples(pools({pool("pgbouncer", "pgbouncer")})), Samples{}); }

TEST(Pools, ColumnsAreFoundByTheirNames) {
  EXPECT_THAT(samples({{{"2", "1", "shop", "0", "0", "web", "0", "250000", "0", "9"}},
                       {"cl_waiting", "cl_active", "database", "maxwait", "sv_used", "user", "sv_idle", "maxwait_us",
                        "sv_active", "cl_cancel_req"}}),
              AllOf(Contains(Pair("clients_waiting/database=shop/user=web", 2)),
                    Contains(Pair("clients_active/database=shop/user=web", 1)),
                    Contains(Pair("maxwait_seconds/database=shop/user=web", 0.25))));
}

TEST(Pools, VeryManyAreRefused) {
  std::vector<SqlRows::Row> rows{pool("pgbouncer", "pgbouncer")};
  for (std::size_t i = 0; i < kMostPools; ++i) rows.push_back(pool("shop", ("user" + std::to_string(i)).c_str()));
  EXPECT_EQ(samples(pools(rows)).size(), 6 * kMostPools);
  rows.push_back(pool("shop", "one more"));
  EXPECT_EQ(read_answer(pools(rows)).error().code, Errc::too_large);
}

TEST(Pools, AnotherAnswerIsAnError) {
  SqlRows no_maxwait = pools({pool("shop", "web")});
  no_maxwait.columns[8] = "wait";
  SqlRows no_user = pools({pool("shop", "web")});
  no_user.columns[1] = "role";
  const SqlRows wrong[] = {{},
                           {{pool("shop", "web")}},
                           {{{"shop"}}, {"name"}},
                           pools({{"shop", "web"}}),
                           pools({{}}),
                           pools({pool("shop", "web", "many")}),
                           pools({pool("shop", "web", "-1")}),
                           pools({pool("shop", "web", "0", "nan")}),
                           pools({pool("shop", "web", "0", "0", "")}),
                           no_maxwait,
                           no_user};
  for (const SqlRows& answer : wrong) {
    const auto read = read_answer(answer);
    ASSERT_FALSE(read) << testing::PrintToString(answer.rows);
    EXPECT_EQ(read.error().code, Errc::corrupt);
  }
}

} // namespace
} // namespace backstop::pgbouncer
