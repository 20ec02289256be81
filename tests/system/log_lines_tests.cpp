#include "tests/system/systemd_world.hpp"

/// The log lines of a unit as a source, read from a real journald by the installed daemon as its unprivileged, hardened
/// unit.
namespace backstop {
namespace {

class LogLinesSource : public SystemdWorld {
protected:
  LogLinesSource() {
    std::string text = shop.service_file();
    insert(text, "sources:\n", "  log: {type: journal, unit: shop-log, interval: 1s}\n");
    insert(text, "indicators:\n",
           "  errors: {gauge: 'log_lines_total{priority=\"err\"}', source: log}\n"
           "  infos: {gauge: 'log_lines_total{priority=\"info\"}', source: log}\n");
    write_service(text);
  }
  ~LogLinesSource() override { sh("systemctl stop shop-log; systemctl reset-failed shop-log"); }

  static void insert(std::string& text, const std::string& after, const std::string& what) {
    text.insert(text.find(after) + after.size(), what);
  }
  /// Runs a unit of that name that prints `lines`, to its end.
  static void print(const std::string& unit, const std::string& lines) {
    ASSERT_EQ(sh("systemd-run --quiet --wait --collect --unit " + unit + " printf '" + lines + "'").code, 0);
  }
  static std::string reading(const std::string& indicator) {
    const Result<Json> status = Json::parse(ctl("status --json").out);
    const auto* services = status ? (*status)["services"].as_array() : nullptr;
    if (!services || services->empty()) return "";
    for (const Json& r : *services->front()["readings"].as_array())
      if (r.text("indicator") == indicator) return r.text("shown");
    return "";
  }
};

TEST_F(LogLinesSource, CountsWhatTheUnitSaysFromNowOn) {
  print("shop-log", "<3>before the daemon\\n");
  start();
  ASSERT_TRUE(until([] { return reading("errors") == "0"; }, 20)) << ctl("status").out;
  print("shop-log", "<3>bad\\n<3>bad\\nfine\\n");
  print("shop-other", "<3>of another unit\\n");
  EXPECT_TRUE(until([] { return reading("errors") == "2"; }, 20)) << ctl("status").out;
  EXPECT_EQ(reading("infos"), "1");

  sh("journalctl --rotate");
  print("shop-log", "<3>after a rotation\\n");
  EXPECT_TRUE(until([] { return reading("errors") == "3"; }, 20)) << ctl("status").out;
}

} // namespace
} // namespace backstop
