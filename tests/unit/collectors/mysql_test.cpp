#include "collectors/mysql.hpp"
#include <gmock/gmock.h>
#include <map>

namespace backstop::mysql {
namespace {

using Rows = std::vector<SqlRows::Row>;
using Samples = std::map<std::string, double>;

Samples samples(const char* connected, const char* running, const char* most) {
  const auto answer = read_answer({{{"THREADS_CONNECTED", connected}, // as MariaDB writes it
                                    {"Threads_running", running},     // as MySQL does
                                    {"max_connections", most}}});
  EXPECT_TRUE(answer) << answer.error().what;
  Samples out;
  if (answer)
    for (const RawSample& s : answer->samples) out[s.name] = s.value;
  return out;
}

TEST(MysqlConnections, AreCountedWithoutOurOwn) {
  EXPECT_EQ(
      samples("76", "4", "150"),
      (Samples{
          {"threads_connected", 75}, {"threads_running", 3}, {"max_connections", 150}, {"connections_percent", 50}}));
}

TEST(MysqlConnections, AreNeverLessThanNone) {
  EXPECT_EQ(
      samples("0", "0", "10"),
      (Samples{{"threads_connected", 0}, {"threads_running", 0}, {"max_connections", 10}, {"connections_percent", 0}}));
}

TEST(MysqlConnections, OneMoreThanTheMostIsTheOneKeptForASuper) {
  EXPECT_EQ(samples("12", "1", "10").at("connections_percent"), 110);
}

TEST(MysqlConnections, AnotherAnswerIsAnError) {
  const SqlRows::Row connected{"threads_connected", "5"};
  const SqlRows::Row running{"threads_running", "1"};
  const SqlRows::Row most{"max_connections", "10"};
  const std::vector<Rows> wrong = {{},
                                   {{}},
                                   {connected, running},
                                   {connected, most},
                                   {running, most},
                                   {connected, running, {"max_connections"}},
                                   {connected, running, {"max_connections", "10", "x"}},
                                   {connected, running, {"max_connections", std::nullopt}},
                                   {connected, running, {"max_connections", "-1"}},
                                   {connected, running, most, {std::nullopt, "many"}}};
  for (const Rows& rows : wrong) {
    const auto answer = read_answer({rows});
    ASSERT_FALSE(answer) << testing::PrintToString(rows);
    EXPECT_EQ(answer.error().code, Errc::corrupt);
  }
}

} // namespace
} // namespace backstop::mysql
