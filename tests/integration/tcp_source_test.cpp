#include "tests/fakes/temporary_directory.hpp"
#include "tests/integration/configured_targets.hpp"
#include "tests/integration/raw_server.hpp"
#include <gmock/gmock.h>
#include <netinet/in.h>

/// Sources of type tcp as configured, against real sockets.
namespace backstop {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::string source(const std::string& target, const std::string& more = "") {
  return "{port: {type: tcp, targets: [{" + target + "}]" + more + "}}\n";
}

/// A socket that is bound and whose queue is full: who connects waits. Linux drops what does not fit.
class FullListener {
public:
  FullListener() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (bind(fd_, any, size) != 0 || listen(fd_, 0) != 0 || getsockname(fd_, any, &size) != 0)
      throw std::runtime_error("no listener");
    port_ = ntohs(address.sin_port);
    for (int& client : clients_) {
      client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      (void)connect(client, any, size);
    }
  }
  FullListener(const FullListener&) = delete;
  FullListener& operator=(const FullListener&) = delete;
  ~FullListener() {
    for (const int client : clients_) close(client);
    close(fd_);
  }
  [[nodiscard]] int port() const { return port_; }

private:
  int fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int clients_[4]{};
  int port_ = 0;
};

TEST(TcpSourceReal, AnOpenPortIsASuccessAndTheConnectionIsClosed) {
  std::atomic<int> left = 0;
  RawServer server([&](RawServer::Connection& c) {
    EXPECT_FALSE(c.read_request()) << "nothing is sent";
    ++left;
  });
  ConfiguredTargets targets(source("address: \"127.0.0.1:" + std::to_string(server.port()) + "\""));
  for (int i = 1; i <= 3; ++i) {
    const auto answer = targets.read();
    ASSERT_TRUE(answer) << answer.error().what;
    EXPECT_THAT(answer->note, IsEmpty());
    EXPECT_EQ(answer->samples.at("probe_success"), 1);
    EXPECT_EQ(answer->samples.at("probe_attempts_total"), i);
    EXPECT_GT(answer->samples.at("probe_duration_seconds"), 0);
    EXPECT_EQ(answer->samples.size(), 4U);
  }
  // The bound is there for a failing test alone.
  for (const Time limit = targets.loop().fresh_now() + std::chrono::seconds(20);
       left < 3 && targets.loop().fresh_now() < limit;)
    targets.loop().run_once(std::chrono::milliseconds(10));
  EXPECT_EQ(left, 3) << "the server saw every connection end while the probe lives";
}

TEST(TcpSourceReal, AClosedPortCountsAgainstTheService) {
  ConfiguredTargets targets(source("address: \"127.0.0.1:1\""));
  const auto answer = targets.read();
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->samples, (std::map<std::string, double>{
                                 {"probe_success", 0}, {"probe_attempts_total", 1}, {"probe_failures_total", 1}}));
  EXPECT_EQ(answer->note, "127.0.0.1:1: connection refused");
}

TEST(TcpSourceReal, NoConnectionInTimeCountsAgainstTheService) {
  const FullListener full;
  const std::string place = "127.0.0.1:" + std::to_string(full.port());
  ConfiguredTargets targets(source("address: \"" + place + "\"", ", timeout: 200ms"));
  const auto answer = targets.read();
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->samples.at("probe_failures_total"), 1);
  EXPECT_EQ(answer->note, place + ": no connection within 200 ms");
}

TEST(TcpSourceReal, SocketsOfTheFileSystemAreTried) {
  const TemporaryDirectory dir;
  const std::string path = dir.path() + "/s.sock";
  ConfiguredTargets targets(source("unix_socket: " + path));
  const auto absent = targets.read();
  ASSERT_TRUE(absent) << absent.error().what;
  EXPECT_EQ(absent->samples.at("probe_success"), 0);
  EXPECT_EQ(absent->note, path + ": no such file or directory");
  const RawServer server(path, [](RawServer::Connection& c) { c.hold(); });
  const auto there = targets.read();
  ASSERT_TRUE(there) << there.error().what;
  EXPECT_EQ(there->samples.at("probe_success"), 1) << there->note;
  EXPECT_EQ(there->samples.at("probe_attempts_total"), 2);
}

TEST(TcpSourceReal, ANameThatIsNotResolvedTellsNothing) {
  ConfiguredTargets targets(source("address: \"no-such-host.invalid:80\""));
  const auto answer = targets.read();
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().what, HasSubstr("no-such-host.invalid:80: no such host"));
}

} // namespace
} // namespace backstop
