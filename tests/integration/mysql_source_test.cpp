#include "tests/integration/configured_targets.hpp"
#include "tests/integration/private_mariadb.hpp"
#include <gmock/gmock.h>

/// Sources of type mysql as configured, against a real MariaDB.
namespace backstop {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class MysqlSourceReal : public testing::Test {
protected:
  [[nodiscard]] std::string source(const std::string& rest) const {
    return "{db: {type: mysql, timeout: 2s, unix_socket: " + server_.socket_path() + rest + "}}\n";
  }
  [[nodiscard]] std::string with_password(const std::string& password) const {
    std::ofstream(directory_.path() + "/password") << password << "\n";
    return source(", user: app, password: {file: " + directory_.path() + "/password}");
  }
  /// Reads until it is so: of others the server counts for a moment what they have just ended. What was read at last
  /// where it never is.
  static std::string read_until(ConfiguredTargets& targets, const std::map<std::string, double>& so) {
    const Time limit = targets.loop().fresh_now() + std::chrono::seconds(20); // for a failing test alone
    for (;;) {
      const auto answer = targets.read();
      if (!answer) return answer.error().what;
      if (answer->samples == so) return "";
      if (targets.loop().fresh_now() > limit) return testing::PrintToString(answer->samples);
      targets.loop().run_once(std::chrono::milliseconds(20));
    }
  }
  PrivateMariadb server_;
  TemporaryDirectory directory_;
};

TEST_F(MysqlSourceReal, ConnectionsOfOthersAreCounted) {
  const auto counted = [](double others, double most) {
    return std::map<std::string, double>{{"threads_connected", others},
                                         {"threads_running", 0},
                                         {"max_connections", most},
                                         {"connections_percent", 100 * others / most}};
  };
  ConfiguredTargets ours(with_password("sesame"));
  EXPECT_EQ(read_until(ours, counted(0, PrivateMariadb::kMaxConnections)), "");
  ConfiguredTargets another(source(", user: root"));
  ASSERT_TRUE(another.read());
  EXPECT_EQ(read_until(ours, counted(1, PrivateMariadb::kMaxConnections)), "");
  ASSERT_EQ(server_.sql("SET GLOBAL max_connections = 20"), 0);
  EXPECT_EQ(read_until(ours, counted(1, 20)), "");
}

TEST_F(MysqlSourceReal, AWrongPasswordIsAFailedSourceThatDoesNotShowIt) {
  ConfiguredTargets targets(with_password("hunter2"));
  const auto answer = targets.read();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::unauthorized);
  EXPECT_THAT(answer.error().what, AllOf(HasSubstr("refused user or password"), Not(HasSubstr("hunter2"))));
}

TEST_F(MysqlSourceReal, AServerThatIsDownIsAFailedSource) {
  ConfiguredTargets targets(with_password("sesame"));
  server_.stop();
  const auto answer = targets.read();
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().what, HasSubstr("MySQL at " + server_.socket_path()));
}

} // namespace
} // namespace backstop
