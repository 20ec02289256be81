/// A real Prometheus, with the example configuration and the alerts of the package, reads a real daemon that brings out a good
/// version and a bad one by plan behind a real HAProxy. Whatever dashboards and alerts ask for is there then.
#include "tests/integration/daemon_process.hpp"
#include "tests/monitoring/dashboards.hpp"
#include "tests/monitoring/private_prometheus.hpp"
#include "tests/system/two_side_shop.hpp"
#include <cstdlib>
#include <optional>
#include <regex>

namespace backstop::monitoring {
namespace {

using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  if (at == std::string::npos) throw std::runtime_error("no '" + from + "'");
  return text.replace(at, from.size(), to);
}
std::string package_file(const std::string& name) { return std::string(BACKSTOP_SOURCE_DIR "/packaging/") + name; }

/// As Grafana asks it.
std::string filled_in(std::string expr) {
  for (const auto& [variable, value] :
       {std::pair{"$instance", ".*"}, {"$service", "shop/test"}, {"$__rate_interval", "5s"}, {"$__range", "1m"}})
    for (auto at = expr.find(variable); at != std::string::npos; at = expr.find(variable, at))
      expr.replace(at, std::string(variable).size(), value);
  return expr;
}

class Monitoring : public DaemonProcess {
protected:
  void SetUp() override {
    if (!PrivatePrometheus::installed() || !PrivateHaproxy::installed())
      GTEST_SKIP() << "NO PROMETHEUS OR NO HAPROXY: dashboards and alerts were NOT tried on a real daemon";
  }
  /// The daemon of the tests of plans, with an indicator of each unit, a target that shows one thing that cannot be true, a channel
  /// that takes nothing, and a dead-man ping.
  void start_all() {
    sides.emplace(shop.dir, shop.bin);
    shop.settings.window = "1s";
    shop::watch_by_plan(shop, *sides, {"", "1s", "20s"});
    const std::string file = shop.dir + "/services.d/shop.yaml";
    std::string text = slurp(file);
    std::string indicators, rows; // one of each unit
    for (const auto& [metric, unit] :
         {std::pair{"seconds", "s"}, {"percent", "%"}, {"bytes", "B"}, {"jobs", ""}, {"ratio", "%"}, {"broken", ""}}) {
      const std::string name = std::string("spare_") + metric;
      indicators += "  " + name + ": {gauge: " + name + ", source: spare}\n";
      rows += name + ": {mode: observe, normal: \"< 90" + unit + "\", alert: \"90" + unit + " - 95" + unit +
              "\", critical: \"> 95" + unit + "\"}, ";
    }
    text = with(text, "indicators:\n",
                "  spare: {type: prometheus, interval: 200ms, timeout: 190ms, targets: [{url: \"" + spare.url() +
                    "\"}]}\nindicators:\n" + indicators);
    text = with(text, "rows: {", "rows: {" + rows);
    shop::write_file(file, text);
    const std::string daemon = slurp(shop.dir + "/backstop.yaml");
    shop::write_file(shop.dir + "/backstop.yaml",
                     with(daemon, "channels: {",
                          "deadman: {url: \"" + spare.url() +
                              "\", every: 1s}\nchannels: {stuck: {type: webhook, url: \"http://127.0.0.1:1/\"}, "));
    ASSERT_TRUE(start()) << log();
    std::string config = slurp(package_file("prometheus/prometheus.yml"));
    config = with(config, "scrape_interval: 15s", "scrape_interval: 500ms");
    config = with(config, "evaluation_interval: 15s", "evaluation_interval: 500ms");
    config = with(config, "/usr/share/backstop/prometheus/alerts.yml", package_file("prometheus/alerts.yml"));
    config = with(config, "127.0.0.1:9477", "127.0.0.1:" + std::to_string(metrics_port()));
    prometheus.emplace(config);
    began = now();
    customers.emplace(sides->haproxy.port());
    ASSERT_TRUE(until([&] {
      return metrics().find("backstop_reading{service=\"shop/test\",indicator=\"error_rate\"}") != std::string::npos;
    }));
    ASSERT_TRUE(ready_to_deploy());
  }
  static double now() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  }
  std::string begin(const std::string& version, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"deploy", "begin", "--service", "shop", "--version", version};
    words.insert(words.end(), more.begin(), more.end());
    const Ran begun = ctl(words);
    EXPECT_EQ(begun.code, 0) << begun.err;
    return begun.out.substr(0, begun.out.find('\n'));
  }
  bool until_seen(const std::string& expr) {
    return until([&] { return !prometheus->range(expr, began, now()).empty(); });
  }
  /// The first has all of the traffic when it turns bad, and is rolled back. The second is bad at once: a person is asked
  /// whether to roll it back, and says yes.
  void deploy_both() {
    const std::string turns = begin("v1-good");
    ASSERT_TRUE(
        until([&] { return shop.ask("GET", "/v1/deployments/" + turns)["deployment"].text("phase") == "watching"; }));
    shop::write_file(shop.dir + "/side-green", "v1-turned-bad\n");
    ASSERT_EQ(ctl({"deploy", "wait", turns, "--until", "bake", "--timeout", "60s"}).code, 3);
    ASSERT_TRUE(until_seen("backstop_deployment_timestamp_seconds{event=\"ended\"}")); // gone with the next one
    const std::string bad = begin("v2-bad", {"--mode", "confirm"});
    ASSERT_TRUE(until_seen("backstop_rollback_pending{status=\"awaiting_confirmation\"} == 1"));
    ASSERT_TRUE(until_seen("backstop_plan_waits{reason=\"paused\"} == 1"));
    ASSERT_EQ(ctl({"confirm", bad, "--reason", "it is bad"}).code, 0);
    ASSERT_EQ(ctl({"deploy", "wait", bad, "--timeout", "60s"}).code, 3);
  }

  RawServer spare{[](RawServer::Connection& c) {
    while (c.read_request())
      if (!c.send(http_answer(200, "spare_seconds 0.2\nspare_percent 40\nspare_bytes 50\nspare_jobs 7\nspare_ratio "
                                   "0.4\nspare_broken NaN\n")))
        return;
  }};
  std::optional<shop::TwoSideShop> sides;
  std::optional<PrivatePrometheus> prometheus;
  std::optional<shop::Customers> customers;
  double began = 0;
};

/// One run for all that is asked of it: it is what takes the time.
TEST_F(Monitoring, AllThatDashboardsAndAlertsAskForIsThereInADeployment) {
  ASSERT_NO_FATAL_FAILURE(start_all());
  ASSERT_NO_FATAL_FAILURE(deploy_both());
  for (const Dashboard& dashboard : dashboards()) {
    for (const Query& query : dashboard.queries()) {
      EXPECT_TRUE(until_seen(filled_in(query.expr))) << query.where << " never shows anything: " << query.expr;
      for (const std::string& label : labels_in(query.legend))
        for (const auto& one : prometheus->range(filled_in(query.expr), began, now()))
          EXPECT_TRUE(one.at("metric").contains(label)) << query.where << " has no label " << label;
    }
  }

  // Prometheus takes each alert; what it names is there. That they fire, promtool shows (alerts_test.yml).
  int alerts = 0;
  const nlohmann::json groups = prometheus->api("rules").at("groups");
  for (const auto& group : groups)
    for (const auto& rule : group.at("rules")) {
      const std::string name = rule.at("name"), expr = rule.at("query");
      const auto& labels = rule.at("labels");
      const auto& says = rule.at("annotations");
      ++alerts;
      EXPECT_EQ(rule.at("health"), "ok") << name;
      EXPECT_THAT((std::vector<std::string>{"critical", "alert", "info"}), Contains(labels.at("severity"))) << name;
      EXPECT_GT(says.at("description").get<std::string>().size(), 40U) << name;
      const bool of_one = expr.find("absent(") == std::string::npos;
      EXPECT_THAT(says.at("summary").get<std::string>(), HasSubstr(of_one ? "$labels.instance" : "Prometheus")) << name;
      for (const std::string& metric : metrics_in(expr)) {
        const std::string any = "{__name__=~\"" + metric + "(_bucket|_count)?\"}";
        EXPECT_TRUE(until_seen(any)) << name << ": nobody exposes " << metric;
      }
    }
  EXPECT_GE(alerts, 15);
  // In all this nothing was so wrong that somebody would have to be told by another way: a question that is answered is not.
  EXPECT_THAT(prometheus->range("ALERTS{alertstate=\"firing\"}", began, now()).dump(), testing::StrEq("[]"));

  // What the daemon exposes is documented, and named as Prometheus wants it.
  const std::string page = metrics(), body = page.substr(page.find("\r\n\r\n") + 4);
  write("metrics", body);
  const Ran checked = run_program({"/bin/sh", "-c", "exec promtool check metrics <" + shop.dir + "/metrics"});
  EXPECT_EQ(checked.code, 0) << checked.out << checked.err;
  EXPECT_THAT(checked.err + checked.out, IsEmpty());
  const std::regex type("# TYPE (backstop_[a-z_]+) ");
  std::set<std::string> exposed;
  for (std::sregex_iterator it(body.begin(), body.end(), type); it != std::sregex_iterator(); ++it)
    exposed.insert((*it)[1]);
  EXPECT_GT(exposed.size(), 30U);
  for (const std::string& name : exposed) EXPECT_THAT(documented_metrics(), Contains(name));
  if (const char* keep =
          std::getenv("BACKSTOP_KEEP_PROMETHEUS")) { // to look at dashboards by hand, see docs/monitoring.md
    std::printf("%s %f %f\n", prometheus->url().c_str(), began, now());
    std::fflush(stdout);
    std::this_thread::sleep_for(std::chrono::seconds(std::atoi(keep)));
  }
}

} // namespace
} // namespace backstop::monitoring
