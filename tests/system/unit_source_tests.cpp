#include "tests/system/systemd_world.hpp"

/// A unit of a booted systemd as a source, seen by the installed daemon as its unprivileged, hardened unit.
namespace backstop {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// The shop as a unit, beside the shop's requests. Its source's interval is so long that what comes sooner was told by
/// systemd.
class UnitSource : public SystemdWorld {
protected:
  static constexpr int kInterval_s = 20;
  static constexpr int kSoon_s = 10; ///< well below what is left of the interval after a reading

  UnitSource() {
    shop.settings.bad_share = 0; // requests never fail: the unit alone tells a bad version
    write_service(with_unit(std::to_string(kInterval_s) + "s"));
  }
  ~UnitSource() override {
    sh("systemctl stop shop-app; systemctl reset-failed shop-app; rm -f " + file_ + "; systemctl daemon-reload");
  }

  [[nodiscard]] std::string with_unit(const std::string& interval) const {
    std::string text = shop.service_file();
    insert(text, "sources:\n", "  unit: {type: systemd, unit: shop-app, interval: " + interval + "}\n");
    insert(text, "indicators:\n",
           "  up: {gauge: unit_active, source: unit}\n"
           "  failed: {gauge: unit_failed, source: unit}\n"
           "  restarts: {gauge: unit_restarts_total, source: unit}\n"
           "  failures: {gauge: unit_failures_total, source: unit}\n"
           "  watchdog_kills: {gauge: unit_watchdog_kills_total, source: unit}\n"
           "  ended_by_watchdog: {gauge: 'unit_result{result=\"watchdog\"}', source: unit}\n"
           "  restart_rate: {rate: unit_restarts_total, source: unit, window: 30s}\n");
    return text;
  }
  static void insert(std::string& text, const std::string& after, const std::string& what) {
    text.insert(text.find(after) + after.size(), what);
  }
  void write_unit(const std::string& lines) const {
    shop::write_file(file_, "[Unit]\nStartLimitIntervalSec=0\n[Service]\n" + lines);
    ASSERT_EQ(sh("systemctl daemon-reload").code, 0);
  }
  static Json service() {
    const Result<Json> status = Json::parse(ctl("status --json").out);
    const auto* services = status ? (*status)["services"].as_array() : nullptr;
    return services && !services->empty() ? services->front() : Json();
  }
  /// The newest reading as it is shown: "1", or why there is none.
  static std::string reading(const std::string& indicator) {
    const Json now = service();
    const auto* readings = now["readings"].as_array();
    for (std::size_t i = 0; readings && i < readings->size(); ++i) {
      if ((*readings)[i].text("indicator") == indicator) return (*readings)[i].text("shown");
    }
    return "";
  }
  /// Right after a read at the interval; the next one is kInterval_s away.
  void wait_for_a_reading() {
    ASSERT_TRUE(until([] { return !reading("up").empty() && reading("up") != "no_data"; }, 2 * kInterval_s))
        << ctl("status").out;
  }
  bool soon(const std::function<bool()>& done) { return until(done, kSoon_s); }

  std::string file_ = "/run/systemd/system/shop-app.service";
};

TEST_F(UnitSource, AUnitThatIsStoppedIsSeenWithoutWaitingForTheInterval) {
  write_unit("ExecStart=/bin/sleep infinity\n");
  sh("systemctl start shop-app");
  start();
  wait_for_a_reading();
  EXPECT_EQ(reading("up"), "1");
  sh("systemctl stop shop-app");
  EXPECT_TRUE(soon([] { return reading("up") == "0"; })) << reading("up");
  EXPECT_EQ(reading("failed"), "0");
  EXPECT_EQ(reading("failures"), "0") << "a stop is no failure";
  sh("systemctl start shop-app");
  EXPECT_TRUE(soon([] { return reading("up") == "1"; })) << reading("up");
}

TEST_F(UnitSource, ACrashLoopIsCountedAsItGoes) {
  write_unit("ExecStart=/bin/sh -c 'sleep 0.1; exit 3'\nRestart=always\nRestartSec=100ms\n");
  start();
  wait_for_a_reading();
  EXPECT_EQ(reading("up"), "0");
  sh("systemctl start --no-block shop-app");
  EXPECT_TRUE(soon([] { return std::atoi(reading("restarts").c_str()) >= 3; })) << reading("restarts");
  EXPECT_GE(std::atoi(reading("failures").c_str()), 3);
  EXPECT_TRUE(soon([] { return std::atof(reading("restart_rate").c_str()) > 0; })) << reading("restart_rate");
  sh("systemctl stop shop-app");
}

TEST_F(UnitSource, AWatchdogKillIsCounted) {
  write_unit("ExecStart=/bin/sleep infinity\nWatchdogSec=300ms\n");
  start();
  wait_for_a_reading();
  sh("systemctl start --no-block shop-app");
  EXPECT_TRUE(soon([] { return reading("watchdog_kills") == "1"; })) << reading("watchdog_kills");
  EXPECT_TRUE(soon([] { return reading("failed") == "1"; })) << reading("failed");
  EXPECT_EQ(reading("ended_by_watchdog"), "1");
  EXPECT_EQ(reading("failures"), "1");
}

TEST_F(UnitSource, AUnitThatIsNotThereIsAFailedSource) {
  start();
  EXPECT_TRUE(
      until([] { return ctl("status").out.find("systemd knows no unit shop-app.service") != std::string::npos; },
            2 * kInterval_s))
      << ctl("status").out;
}

TEST_F(UnitSource, ABadVersionThatCrashesAgainAndAgainIsRolledBack) {
  shop::write_file(shop.dir + "/app",
                   "#!/bin/sh\ngrep -q bad " + shop.dir + "/version && { sleep 0.1; exit 1; }\nexec sleep infinity\n",
                   0755);
  write_unit("ExecStart=" + shop.dir + "/app\nRestart=always\nRestartSec=100ms\n");
  sh("systemctl start shop-app");
  shop::write_file(shop.dir + "/execute", shop::read_text(shop.dir + "/execute") + "systemctl restart shop-app\n",
                   0755);
  std::string text = with_unit("1s");
  text += "criteria:\n  - {name: crashes, indicator: restart_rate, critical: \"> 0.1\", for: 0s}\n";
  write_service(text);
  start_and_adopt();
  ASSERT_TRUE(until([] { return reading("up") == "1"; }));
  const std::string id = deploy_bad();
  sh("systemctl restart --no-block shop-app");
  const Ran waited = ctl("deploy wait " + id + " --timeout 60s");
  ASSERT_EQ(waited.code, 3) << waited.out << waited.err << ctl("deploy show " + id).out;
  EXPECT_EQ(ran("execute"), 1);
  EXPECT_THAT(ctl("deploy show " + id).out, HasSubstr("crashes"));
  EXPECT_EQ(property("shop-app", "ActiveState"), "active") << "the version before runs again";
}

/// Nobody calls backstopctl: a link is set and the unit started anew, as a deploy script of old does.
TEST_F(UnitSource, AStartWithAnotherVersionIsADeploymentThatIsRolledBackWhenItIsBad) {
  shop.settings.bad_share = 1.0 / 3;
  shop.settings.link = true;
  const std::string link = "/var/lib/shop-app-current"; // the daemon has a /tmp of its own
  sh("ln -sfn v0-good " + link);
  shop::write_file(shop.dir + "/execute",
                   shop::read_text(shop.dir + "/execute") + "ln -sfn \"$BACKSTOP_PREVIOUS_VERSION\" " + link +
                       "\nsystemctl restart shop-app\n",
                   0755);
  write_unit("ExecStart=/bin/sleep infinity\n");
  sh("systemctl start shop-app");
  std::string text = with_unit("1s") + "detect: {restart_of: unit}\n";
  text.replace(text.find(shop.dir + "/current"), shop.dir.size() + 8, link);
  write_service(text);
  start_and_adopt();
  ASSERT_TRUE(until([] { return reading("up") == "1"; }));

  const auto begun = [] { return ctl("deploy list").out.find("no deployments") == std::string::npos; };
  sh("systemctl restart shop-app"); // the version that runs already: nothing begins
  ASSERT_FALSE(until(begun, 3));
  sh("ln -sfn v1-bad " + link); // a link alone is not running yet
  ASSERT_FALSE(until(begun, 3));
  shop::write_file(shop.dir + "/version", "v1-bad\n");
  sh("systemctl restart shop-app");
  EXPECT_TRUE(until([] { return ctl("deploy list").out.find("rolled back, verified") != std::string::npos; }, 30))
      << ctl("deploy list").out << ctl("status").out;
  EXPECT_EQ(ran("execute"), 1);
  EXPECT_THAT(ctl("deploy list").out, AllOf(HasSubstr("v1-bad"), Not(HasSubstr("D3")))) << "it, and its rollback";
  sh("rm -f " + link);
}

} // namespace
} // namespace backstop
