#include "tests/integration/daemon_process.hpp"
#include "tests/integration/live_log.hpp"
#include "tests/integration/private_postgresql.hpp"

/// The sequential judge in the real daemon, over a service of two targets, the host, and PostgreSQL: what it decides live is
/// decided again, byte for byte, by a replay of what it kept.
namespace backstop {
namespace {

using testing::HasSubstr;
using testing::Not;

class DaemonSequential : public DaemonProcess {
protected:
  DaemonSequential() { write("services.d/shop.yaml", service_file()); }

  /// The CPU of the host is a row that changes its level with whatever else runs on it, and never decides.
  [[nodiscard]] std::string service_file() const {
    const auto url = [](const RawServer& server) {
      return "{url: \"http://127.0.0.1:" + std::to_string(server.port()) + "/metrics\"}";
    };
    return "service: shop\nenvironment: test\nmode: auto\nbake: {for: 5s, good_after: 3s, deploy_timeout: 60s}\n"
           "baseline: {window: 60s, min_samples: 5}\n"
           "judge: {kind: sequential, warm_up: 1s, sustain: 1s, severe: 1s}\n"
           "sources:\n"
           "  app: {type: prometheus, interval: 100ms, timeout: 90ms, targets: [" +
           url(shop.server) + ", " + url(second_server) +
           "]}\n"
           "  host: {type: host, interval: 130ms}\n"
           "  db: {type: postgresql, interval: 170ms, dsn: \"" +
           database.by_socket("postgres") +
           "\"}\n"
           "indicators:\n"
           "  error_rate: {ratio: {source: app, errors: 'http_requests_total{code=~\"5..\"}', total: "
           "http_requests_total}, window: 500ms}\n"
           "  cpu_usage: {gauge: host_cpu_percent, source: host}\n"
           "  memory_usage: {gauge: host_memory_percent, source: host}\n"
           "  db_connections: {gauge: connections, source: db}\n"
           "thresholds:\n  use: standard\n  rows:\n"
           "    cpu_usage: {normal: \"< 30%\", alert: \"30% - 1000%\", critical: \"> 1000%\", for: {alert: 0s}}\n"
           "    memory_usage: {normal: \"< 98%\", alert: \"98% - 99.9%\", critical: \"> 99.9%\"}\n"
           "procedures:\n  rollback:\n" +
           shop.steps();
  }
  /// The deployment D1 of this version, to where it is rolled back or verified good; after enough of the version before
  /// to have baselines.
  [[nodiscard]] int deployed(const std::string& version) {
    if (!start() || !ready_to_deploy()) return -1;
    const std::size_t before = shop.target.scraped_at().size();
    if (!until([&] { return shop.target.scraped_at().size() > before + 30; })) return -1;
    const std::vector<std::string> begin = {"deploy", "begin", "--service", "shop", "--version", version};
    if (!until([&] { return ctl(begin).code == 0; })) return -1;
    write("version", version + "\n");
    if (ctl({"deploy", "finish", "D1"}).code != 0) return -1;
    return ctl({"deploy", "wait", "D1", "--timeout", "60s"}).code;
  }
  [[nodiscard]] std::string live() const { return live_log(shop.dir + "/journal.db", "D1"); }
  /// The exported samples, replayed by the configured file; the events and the end as the journal tells them.
  [[nodiscard]] Ran replayed_from_files() const {
    const std::string samples = shop.dir + "/d1.om", file = shop.dir + "/services.d/shop.yaml";
    EXPECT_EQ(ctl({"export", "D1", "--output", samples}).code, 0);
    const auto journal = SqliteJournal::open_read_only(shop.dir + "/journal.db");
    EXPECT_TRUE(journal.ok());
    std::string events, end;
    const Status read = (*journal)->read(0, [&](const Record& record) -> Status {
      if (record.subject != "D1") return {};
      char t[32];
      std::snprintf(t, sizeof t, "%.6f", to_seconds(record.time.time_since_epoch()));
      const std::string at = "{\"t\":" + std::string(t) + ",\"event\":";
      if (record.type == DeploymentBegun::kType)
        events += at + R"("begin","version":"v1","previous":"v0-good"})" + "\n";
      if (record.type == DeploymentFinished::kType) events += at + "\"finish\"}\n";
      if (record.type == DeploymentEnded::kType) end = t; // the last sample is a moment older
      return {};
    });
    EXPECT_TRUE(read.ok());
    write("d1.jsonl", events);
    return ctl({"replay", "--config", file, "--samples", samples, "--events", shop.dir + "/d1.jsonl", "--end", end});
  }

  PrivatePostgresql database;
  shop::Target second{shop.dir + "/version", shop.settings};
  RawServer second_server{[this](RawServer::Connection& c) {
    while (c.read_request()) {
      if (!c.send(second.scrape())) return;
    }
  }};
};

TEST_F(DaemonSequential, ARollBackIsReplayedByteForByte) {
  ASSERT_EQ(deployed("v1-bad"), 3);
  const Ran again = ctl({"replay", "--deployment", "D1"});
  EXPECT_EQ(again.code, 3) << again.err;
  EXPECT_EQ(again.out, live());
  EXPECT_THAT(again.out, HasSubstr("\"rule\":\"error_rate\""));
  EXPECT_THAT(again.out, HasSubstr("\"decision\":\"RollBack\""));

  const Ran from_files = replayed_from_files();
  EXPECT_EQ(from_files.code, 3) << from_files.err;
  EXPECT_THAT(from_files.out, HasSubstr("\"decision\":\"RollBack\""));
}

TEST_F(DaemonSequential, OneThatIsKeptIsReplayedByteForByte) {
  ASSERT_EQ(deployed("v1"), 0);
  ASSERT_TRUE(until([&] { return live().find("\"Accept\"") != std::string::npos; }));
  const Ran again = ctl({"replay", "--deployment", "D1"});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(again.out, live());
  EXPECT_THAT(again.out, HasSubstr("\"decision\":\"Accept\""));
  EXPECT_THAT(again.out, Not(HasSubstr("\"decision\":\"RollBack\"")));

  const Ran from_files = replayed_from_files();
  EXPECT_EQ(from_files.code, 0) << from_files.err;
  EXPECT_THAT(from_files.out, HasSubstr("\"decision\":\"Accept\""));
}

} // namespace
} // namespace backstop
