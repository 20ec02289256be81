#include "tests/integration/daemon_process.hpp"
#include "tests/integration/small_disk.hpp"
#include <atomic>

/// Dead-man pings of the real daemon: heard while it could do its work, silent while it could not.
namespace backstop {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// The outside service: counts the pings that it hears at its secret path.
class Listener {
public:
  [[nodiscard]] std::string url() const { return server_.url() + "/planted-ping"; }
  [[nodiscard]] int heard() const { return heard_; }
  std::atomic<int> status = 200; ///< what it answers

private:
  std::atomic<int> heard_ = 0;
  RawServer server_{[this](RawServer::Connection& c) {
    while (const auto request = c.read_request()) {
      if (request->find("/planted-ping ") != std::string::npos) ++heard_;
      if (!c.send(http_answer(status, "ok"))) return;
    }
  }};
};

class DaemonDeadman : public DaemonProcess {
protected:
  void configure() {
    write("backstop.yaml", shop.daemon_file() + "deadman: {url: \"" + outside.url() + "\", every: 1s}\n");
  }
  /// More pings than before are heard.
  bool hears_more(int more = 2) {
    const int before = outside.heard();
    return until([&] { return outside.heard() >= before + more; });
  }
  /// The daemon has come by its next pings, as its scrapes of the shop show, and none was heard.
  bool is_silent() {
    const int before = outside.heard();
    const std::size_t scrapes = shop.target.scraped_at().size();
    EXPECT_TRUE(until([&] { return shop.target.scraped_at().size() >= scrapes + 25; })); // every 100 ms
    return outside.heard() == before;
  }
  Json deadman() { return status_document()["deadman"]; }

  Listener outside;
};

TEST_F(DaemonDeadman, PingsArriveAndTheirAddressIsInNoLog) {
  configure();
  ASSERT_TRUE(start());
  EXPECT_TRUE(hears_more());
  EXPECT_TRUE(
      until([&] { return ctl({"status"}).out.find("dead-man pings: the last was taken at ") != std::string::npos; }));
  EXPECT_THAT(metrics(), HasSubstr("backstop_deadman_ok 1\n"));
  EXPECT_THAT(log(), Not(HasSubstr("planted-ping"))) << "whoever has the URL could keep the outside service silent";
  ASSERT_EQ(stop(), 0);
  const int heard = outside.heard();
  ASSERT_TRUE(start());
  EXPECT_TRUE(until([&] { return outside.heard() > heard; })) << "and from the next start on";
}

TEST_F(DaemonDeadman, ARefusedPingIsSaid) {
  outside.status = 503;
  configure();
  ASSERT_TRUE(start());
  EXPECT_TRUE(hears_more()) << "it is tried again";
  EXPECT_TRUE(until([&] { return !deadman().text("error").empty(); }));
  EXPECT_THAT(ctl({"status"}).out, AllOf(HasSubstr("dead-man pings are not taken"), HasSubstr("answered status 503"),
                                         HasSubstr("none was taken yet"), Not(HasSubstr("planted-ping"))));
  EXPECT_THAT(metrics(), HasSubstr("backstop_deadman_ok 0\n"));
  outside.status = 200;
  EXPECT_TRUE(until([&] { return deadman().flag("well"); }));
}

TEST_F(DaemonDeadman, TheyStopWhileTheJournalCannotBeWritten) {
  const std::string state = shop.dir + "/state";
  ASSERT_EQ(::mkdir(state.c_str(), 0755), 0);
  const auto disk = SmallDisk::mount(state, "size=12m");
  if (!disk) GTEST_SKIP() << "NOT PERMITTED HERE: a mount namespace of our own; this was NOT tested";
  shop.settings.state = state;
  shop.before_exec = [&] { return disk->enter(); };
  configure();
  ASSERT_TRUE(start());
  ASSERT_TRUE(ready_to_deploy());
  EXPECT_TRUE(hears_more());

  std::vector<std::unique_ptr<Hog>> hogs; // until its reserve is used up too
  const std::string body = R"({"service":"shop","for_s":600,"reason":")" + std::string(4000, '.') + "\"}";
  ASSERT_TRUE(until([&] {
    hogs.push_back(std::make_unique<Hog>(disk->outside() + "/hog" + std::to_string(hogs.size())));
    const auto answer = ask("POST", "/v1/hold", body);
    return answer && answer->status == 503;
  }));
  EXPECT_TRUE(until([&] { return !deadman().text("silent").empty(); }));
  EXPECT_TRUE(is_silent());
  EXPECT_THAT(ctl({"status"}).out, AllOf(HasSubstr("dead-man pings are not sent"), HasSubstr("no space left")));
  hogs.clear();
  EXPECT_TRUE(hears_more()) << "there is room again";
  EXPECT_TRUE(deadman().flag("well"));
}

} // namespace
} // namespace backstop
