#include "tests/integration/daemon_process.hpp"
#include "tests/integration/live_log.hpp"
#include <algorithm>
#include <utime.h>

/// The real daemon over instances of a service that a deploy tool lists in a file: the new version's join while it is
/// deployed.
namespace backstop {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class DaemonTargets : public DaemonProcess {
protected:
  DaemonTargets() {
    ::unlink((shop.dir + "/services.d/shop.yaml").c_str());
    write("services.d/fleet.yaml", service_file());
    list({{old.port(), "control"}});
  }

  [[nodiscard]] std::string service_file() const {
    return "service: shop\nenvironment: test\nmode: auto\nbake: {for: 30s, good_after: 20s, deploy_timeout: 60s}\n"
           "baseline: {window: 60s, min_samples: 5}\n"
           "judge: {kind: sequential, warm_up: 1s, sustain: 1s, severe: 1s}\n"
           "sources:\n  app: {type: prometheus, interval: 100ms, timeout: 90ms, file_sd: {files: [" +
           shop.dir +
           "/targets.json], refresh: 1s}}\n"
           "indicators:\n  error_rate: {ratio: {source: app, errors: 'http_requests_total{code=~\"5..\"}', "
           "total: http_requests_total}, window: 1s, min_requests: 5}\n"
           "thresholds: {rows: {error_rate: {normal: \"< 1%\", alert: \"2% - 5%\", critical: \"> 5%\"}}}\n"
           "procedures:\n  rollback:\n" +
           shop.steps();
  }
  /// Instances by port and group, as something written a while ago.
  void list(const std::vector<std::pair<int, std::string>>& instances) {
    std::string text;
    for (const auto& [port, group] : instances)
      text += (text.empty() ? "[" : ",\n ") + ("{\"targets\": [\"127.0.0.1:" + std::to_string(port)) +
              "\"], \"labels\": {\"group\": \"" + group + "\"}}";
    write(".targets", text + "]\n");
    const utimbuf before{1'700'000'000 + ++lists, 1'700'000'000 + lists};
    ::utime((shop.dir + "/.targets").c_str(), &before);
    ::rename((shop.dir + "/.targets").c_str(), (shop.dir + "/targets.json").c_str());
  }
  [[nodiscard]] std::string sources() { return service()["sources"].dump(); }

  shop::Target kept{"/dev/null", shop.settings}; ///< the old version: it never fails
  RawServer old{[this](RawServer::Connection& c) {
    while (c.read_request()) {
      if (!c.send(kept.scrape())) return;
    }
  }};
  int lists = 0;
};

TEST_F(DaemonTargets, ACanaryThatJoinsIsHeldAgainstTheOthersAndRolledBack) {
  ASSERT_TRUE(start());
  ASSERT_TRUE(until([&] { return sources().find("\"up\":true") != std::string::npos; }));
  ASSERT_TRUE(ready_to_deploy());
  ASSERT_TRUE(until([&] { return kept.scraped_at().size() > 10; })); // a baseline
  ASSERT_TRUE(until([&] { return ctl({"deploy", "begin", "--service", "shop", "--version", "v1-bad"}).code == 0; }));
  const int canary = static_cast<int>(shop.server.port());
  list({{old.port(), "control"}, {canary, "canary"}});
  ASSERT_TRUE(until([&] { return shop.target.scraped_at().size() > 10; }));
  EXPECT_THAT(sources(), AllOf(HasSubstr("\"group\":\"canary\""), HasSubstr("\"group\":\"control\"")));
  write("version", "v1-bad\n");
  ASSERT_EQ(ctl({"deploy", "finish", "D1"}).code, 0);
  EXPECT_EQ(ctl({"deploy", "wait", "D1", "--timeout", "60s"}).code, 3);
  EXPECT_THAT(ctl({"explain", "D1"}).out, HasSubstr("the canary group is worse than the control group"));
  EXPECT_THAT(log(), AllOf(HasSubstr("targets of source app changed, joined: http://127.0.0.1:" +
                                     std::to_string(canary) + "/metrics")));

  const Ran again = ctl({"replay", "--deployment", "D1"});
  EXPECT_EQ(again.code, 3) << again.err;
  EXPECT_EQ(again.out, live_log(shop.dir + "/journal.db", "D1"));
}

TEST_F(DaemonTargets, WithoutAnyTheSourceIsDownAndNoDeploymentBegins) {
  write("targets.json", "[]\n");
  ASSERT_TRUE(start());
  ASSERT_TRUE(until([&] { return sources().find("no target was found") != std::string::npos; }));
  ASSERT_EQ(ctl({"adopt", "shop", "v0-good", "--reason", "the beginning"}).code, 0);
  EXPECT_EQ(ctl({"deploy", "begin", "--service", "shop", "--version", "v1"}).code, 4);
  EXPECT_THAT(ctl({"status"}).out, HasSubstr("no target was found"));
}

TEST_F(DaemonTargets, AFileThatCannotBeReadKeepsTheKnownOnesOverARestart) {
  ASSERT_TRUE(start());
  ASSERT_TRUE(until([&] { return sources().find("\"up\":true") != std::string::npos; }));
  write("targets.json", "[{\"targets\": \"oops\"}]\n");
  ASSERT_EQ(stop(), 0);
  ASSERT_TRUE(start());
  ASSERT_TRUE(until([&] { return sources().find("a list is wanted") != std::string::npos; }));
  ASSERT_TRUE(until([&] { return sources().find("\"up\":true") != std::string::npos; }));
  EXPECT_THAT(ctl({"status"}).out, HasSubstr("targets.json:1:14"));
}

} // namespace
} // namespace backstop
