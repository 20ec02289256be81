#include "tests/integration/daemon_process.hpp"
#include "tests/integration/live_log.hpp"
#include "tests/integration/promql_engine.hpp"

/// The real daemon over a service that it never scrapes itself: it asks a real Prometheus.
namespace backstop {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class DaemonPromql : public DaemonProcess {
protected:
  DaemonPromql() { write("services.d/shop.yaml", service_file()); }

  [[nodiscard]] std::string service_file() const {
    return "service: shop\nenvironment: test\nmode: auto\nbake: {for: 30s, good_after: 20s, deploy_timeout: 60s}\n"
           "baseline: {window: 60s, min_samples: 8}\n"
           "judge: {kind: sequential, warm_up: 1s, sustain: 1s, severe: 1s}\n"
           "sources:\n  prom:\n    type: promql\n    interval: 500ms\n    query_offset: 400ms\n    url: \"" +
           engine.url() +
           "\"\n    queries:\n"
           "      errors: 'http_requests_total{job=\"shop\", code=~\"5..\"}'\n"
           "      requests: 'sum(increase(http_requests_total{job=\"shop\"}[$window]))'\n"
           "      failed: 'sum(increase(http_requests_total{job=\"shop\", code=~\"5..\"}[$window]))'\n"
           "      all: 'http_requests_total{job=\"shop\"}'\n"
           "indicators:\n"
           "  error_rate: {ratio: {source: prom, errors: errors, total: all}, window: 2s}\n"
           "  counted: {ratio: {source: prom, errors: failed, total: requests}, window: 2s}\n"
           "thresholds:\n  rows:\n"
           "    error_rate: {normal: \"< 1%\", alert: \"2% - 5%\", critical: \"> 5%\"}\n"
           "    counted: {normal: \"< 1%\", alert: \"2% - 5%\", critical: \"> 5%\", mode: observe}\n"
           "procedures:\n  rollback:\n" +
           shop.steps();
  }
  PromqlEngine engine{PromqlEngine::Kind::prometheus, {static_cast<int>(shop.server.port())}};
};

TEST_F(DaemonPromql, HasABaselineAtOnceAndRollsBackWhatFails) {
  // What Prometheus saw while no daemon ran.
  ASSERT_TRUE(until([&] { return shop.target.scraped_at().size() > 40; }));
  ASSERT_TRUE(start());
  ASSERT_TRUE(ready_to_deploy());
  ASSERT_TRUE(until([&] { return service()["sources"].dump().find("\"up\":true") != std::string::npos; }));
  const std::vector<std::string> begin = {"deploy", "begin", "--service", "shop", "--version", "v1-bad"};
  ASSERT_TRUE(until([&] { return ctl(begin).code == 0; }));
  ASSERT_TRUE(until([&] { return !shop.ask("GET", "/v1/deployments/D1")["deployment"]["begun"].is_null(); }));
  const Json deployment = shop.ask("GET", "/v1/deployments/D1")["deployment"];
  for (const Json& baseline : *deployment["baselines"].as_array()) {
    EXPECT_GE(baseline.integer("readings"), 8) << baseline.dump();
    EXPECT_TRUE(baseline.flag("usable") || baseline.text("why") == "zero") << baseline.dump();
  }
  write("version", "v1-bad\n");
  ASSERT_EQ(ctl({"deploy", "finish", "D1"}).code, 0);
  EXPECT_EQ(ctl({"deploy", "wait", "D1", "--timeout", "60s"}).code, 3);
  EXPECT_THAT(ctl({"explain", "D1"}).out,
              AllOf(HasSubstr("prom was asked requests = sum(increase(http_requests_total{job=\"shop\"}[500ms]))"),
                    HasSubstr("rolled back, verified")));
  const Ran again = ctl({"replay", "--deployment", "D1"});
  EXPECT_EQ(again.code, 3) << again.err;
  EXPECT_EQ(again.out, live_log(shop.dir + "/journal.db", "D1"));
}

} // namespace
} // namespace backstop
