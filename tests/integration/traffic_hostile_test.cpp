#include "tests/integration/raw_server.hpp"
#include "tests/integration/traffic_command.hpp"
#include <chrono>
#include <filesystem>
#include <gmock/gmock.h>
#include <mutex>
#include <thread>

/// backstop-traffic against what may be at the socket of a HAProxy, other than a HAProxy that is well.
namespace backstop {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
using Clock = std::chrono::steady_clock;

/// Answers each command as HAProxy 2.6 does, but for what the test changes. A connection a command.
class FakeHaproxy {
public:
  explicit FakeHaproxy(std::string path) : server_(path, [this](RawServer::Connection& c) { serve(c); }) {}

  /// Answers `command` (its beginning) with this.
  void answer(const std::string& command, const std::string& text) {
    const std::lock_guard lock(mutex_);
    answers_[command] = text;
  }
  /// The commands that were given, but for those that only look.
  std::string commands() {
    const std::lock_guard lock(mutex_);
    return commands_;
  }
  void down_for(int looks) { down_ = looks; } ///< green1
  /// "admin state" of a server.
  std::string states(int blue, int green) {
    const bool up = down_ <= 0;
    down_ = down_ - 1;
    return "1\n# be_id be_name srv_id srv_name srv_op_state srv_admin_state srv_uweight\n3 shop 1 blue1 2 0 " +
           std::to_string(blue) + "\n3 shop 2 green1 " + (up ? "2" : "0") + " 0 " + std::to_string(green) + "\n\n";
  }

private:
  void serve(RawServer::Connection& c) {
    const std::string command = c.read_some();
    const std::lock_guard lock(mutex_);
    for (const auto& [begin, text] : answers_) {
      if (!command.starts_with(begin)) continue;
      c.send(text);
      return;
    }
    if (command.starts_with("show servers state shop\n")) {
      c.send(states(blue_, green_));
    } else if (command.starts_with("show stat shop 4 -1\n")) {
      c.send("# pxname,svname,bck,\nshop,blue1,0,\nshop,green1,0,\n\n");
    } else {
      commands_ += command;
      int weight = 0;
      if (std::sscanf(command.c_str(), "set server shop/blue1 weight %d", &weight) == 1) blue_ = weight;
      if (std::sscanf(command.c_str(), "set server shop/green1 weight %d", &weight) == 1) green_ = weight;
      c.send("\n");
    }
  }
  std::mutex mutex_;
  std::map<std::string, std::string> answers_;
  std::string commands_;
  int blue_ = 256, green_ = 0;
  std::atomic<int> down_ = 0;
  RawServer server_;
};

class TrafficHostile : public testing::Test {
protected:
  [[nodiscard]] std::string path() const { return directory_.path() + "/s"; }
  [[nodiscard]] Ran set(const std::string& share, const std::vector<std::string>& more = {}) const {
    return HaproxyTraffic{path()}.set(share, more);
  }
  /// Fails, with one line that begins and goes on as it should.
  void fails(const Ran& ran, const std::string& says) const {
    EXPECT_EQ(ran.code, 1);
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, AllOf(StartsWith("backstop-traffic: " + path() + ": "), HasSubstr(says), EndsWith("\n")));
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
  }
  TemporaryDirectory directory_;
};

TEST_F(TrafficHostile, AFakeThatBehavesIsServed) {
  FakeHaproxy haproxy(path());
  const Ran ran = set("0.1");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "blue 90% (blue1 252), green 10% (green1 28)\n");
  EXPECT_EQ(haproxy.commands(), "set server shop/green1 weight 28\nset server shop/blue1 weight 252\n");
}

TEST_F(TrafficHostile, NobodyThere) {
  fails(set("0.1"), "no such file or directory (does HAProxy run, with `stats socket " + path() + " level admin`");
  const int left = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path().copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(bind(left, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  close(left);
  fails(set("0.1"), "connection refused (nobody listens there: does HAProxy run?)");
}

TEST_F(TrafficHostile, NoRightToTheSocket) {
  if (geteuid() != 0) GTEST_SKIP() << "NEEDS ROOT to become another user; this was NOT tested";
  FakeHaproxy haproxy(path());
  std::filesystem::permissions(directory_.path(), std::filesystem::perms(0755));
  std::filesystem::permissions(path(), std::filesystem::perms(0600));
  fails(run_program(HaproxyTraffic{path()}.command("0.1", {}), [] { return setuid(65534) == 0; }),
        "permission denied (run as a user that may use it");
}

TEST_F(TrafficHostile, NoAnswerInTime) {
  RawServer server(path(), [](RawServer::Connection& c) { c.hold(); });
  const auto start = Clock::now();
  fails(set("0.1", {"--timeout", "0.3"}), "no answer within 0.3s (does HAProxy hang, or is `stats maxconn` reached?)");
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(10));
}

TEST_F(TrafficHostile, AnAnswerThatComesByBytesForEver) {
  RawServer server(path(), [](RawServer::Connection& c) {
    c.read_some();
    while (c.send("x") && c.wait(20)) {
    }
  });
  fails(set("0.1", {"--timeout", "0.3"}), "no answer within 0.3s");
}

TEST_F(TrafficHostile, AQueueThatIsFull) {
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path().copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(listener, 0), 0);
  const int waiting = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(connect(waiting, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  fails(set("0.1", {"--timeout", "0.3"}), "no answer within 0.3s");
  close(waiting);
  close(listener);
}

TEST_F(TrafficHostile, AnAnswerThatIsCutOff) {
  FakeHaproxy haproxy(path());
  const std::string whole = haproxy.states(256, 0);
  for (const std::size_t size : {std::size_t{0}, std::size_t{2}, whole.size() / 2, whole.size() - 1}) {
    haproxy.answer("show servers state", whole.substr(0, size));
    fails(set("0.1"), "the answer was cut off after " + std::to_string(size) + " bytes");
  }
  EXPECT_EQ(haproxy.commands(), "");
}

TEST_F(TrafficHostile, AnAnswerWithoutEnd) {
  FakeHaproxy haproxy(path());
  haproxy.answer("show servers state", std::string(5'000'000, 'x'));
  fails(set("0.1"), "the answer does not end");
}

TEST_F(TrafficHostile, Garbage) {
  FakeHaproxy haproxy(path());
  for (const char* text : {"HTTP/1.1 400 Bad request\r\nConnection: close\r\n\n\n", "1\nwhatever\n\n", "\n"}) {
    haproxy.answer("show servers state", text);
    fails(set("0.1"), "backend shop: ");
  }
  EXPECT_EQ(haproxy.commands(), "");
}

TEST_F(TrafficHostile, ARightThatIsMissingIsSaidBeforeAnythingIsSet) {
  FakeHaproxy haproxy(path());
  haproxy.answer("set server", "Permission denied\n\n");
  fails(set("0.1"), "backend shop: green1: permission denied by HAProxy (`stats socket ... level admin` is needed)");
}

TEST_F(TrafficHostile, WhatWasLeftHalfWayIsSaid) {
  FakeHaproxy haproxy(path());
  haproxy.answer("set server shop/blue1", "No such server.\n\n");
  fails(set("0.1"), "backend shop: blue1: HAProxy says: \"No such server.\"; 1 of 2 weights were set (run it again)");
}

TEST_F(TrafficHostile, WhatIsSetIsReadBack) {
  FakeHaproxy haproxy(path());
  haproxy.answer("set server shop/blue1", "\n");
  fails(set("0.1"), "blue1 has weight 256, not 252, right after it was set");
}

TEST_F(TrafficHostile, AServerThatComesUpIsWaitedFor) {
  FakeHaproxy haproxy(path());
  haproxy.down_for(3);
  const Ran ran = set("0.1");
  EXPECT_EQ(ran.code, 0) << ran.err;
  haproxy.down_for(1'000'000);
  fails(set("0.5", {"--timeout", "0.4"}), "backend shop: waited 0.4s: green1 of green is DOWN");
}

} // namespace
} // namespace backstop
