#include "daemon/io/promql_pasts.hpp"
#include "tests/integration/configured_targets.hpp"
#include "tests/integration/promql_engine.hpp"
#include "tests/integration/raw_server.hpp"
#include <cmath>
#include <gmock/gmock.h>

/// Sources of type promql as configured, against the real engines.
namespace backstop {
namespace {

using namespace std::chrono_literals;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;

/// An instance of a service: one request in twenty fails, one in four takes longer than 0.1 s.
class Instance {
public:
  [[nodiscard]] int port() const { return server_.port(); }

private:
  std::string scrape() {
    ++scrapes_;
    const auto line = [this](const std::string& series, long each) {
      return series + " " + std::to_string(each * scrapes_) + "\n";
    };
    return "# TYPE http_requests_total counter\n" + line("http_requests_total{code=\"200\"}", 95) +
           line("http_requests_total{code=\"500\"}", 5) + "# TYPE latency_seconds histogram\n" +
           line("latency_seconds_bucket{le=\"0.1\"}", 75) + line("latency_seconds_bucket{le=\"+Inf\"}", 100) +
           line("latency_seconds_count", 100) + line("latency_seconds_sum", 10) + "# TYPE load gauge\nload 0.5\n";
  }
  std::atomic<long> scrapes_ = 0;
  RawServer server_{[this](RawServer::Connection& c) {
    while (c.read_request()) {
      const std::string body = scrape();
      if (!c.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: " +
                  std::to_string(body.size()) + "\r\n\r\n" + body))
        return;
    }
  }};
};

constexpr const char* kQueries =
    "      errors: 'sum(increase(http_requests_total{job=\"shop\", code=~\"5..\"}[$window]))'\n"
    "      requests: 'sum(increase(http_requests_total{job=\"shop\"}[$window]))'\n"
    "      latency: 'sum by (le) (increase(latency_seconds_bucket[$window]))'\n"
    "      counters: 'http_requests_total{code=\"500\"}'\n"
    "      load: 'max(load)'\n";
constexpr const char* kIndicators = "{error_rate: {ratio: {source: prom, errors: errors, total: requests}}, "
                                    "latency_p95: {quantile: 0.95, source: prom, histogram: latency}, "
                                    "failing: {rate: counters, source: prom}, load: {gauge: load, source: prom}}";

std::string source(const std::string& url, const std::string& queries = kQueries, const std::string& more = "") {
  return "\n  prom:\n    type: promql\n    interval: 1s\n    url: \"" + url + "\"\n" + more + "    queries:\n" +
         queries;
}

class PromqlSourceReal : public testing::TestWithParam<PromqlEngine::Kind> {
protected:
  Instance one_, two_;
  PromqlEngine engine_{GetParam(), {one_.port(), two_.port()}};
};

TEST_P(PromqlSourceReal, CountsAddUpToWhatTheInstancesCounted) {
  ConfiguredTargets targets(source(engine_.url()), kIndicators);
  std::map<std::string, double> samples;
  const auto enough = [&] {
    const auto answer = targets.read();
    EXPECT_TRUE(answer) << answer.error().what;
    if (answer) samples = answer->samples;
    // The queries of one read are answered one after the other: a scrape may become visible in between.
    const double all = samples["requests"];
    const auto of_one_moment = [all](double part, double whole) { return std::abs(part - whole) <= all * 0.001; };
    return !answer || (all > 2000 && samples.contains("load") && of_one_moment(samples["errors"], all * 0.05) &&
                       of_one_moment(samples["latency_bucket{0.1}"], samples["latency_bucket{+Inf}"] * 0.75));
  };
  for (int i = 0; i < 100 && !enough(); ++i) std::this_thread::sleep_for(200ms);
  ASSERT_GT(samples["requests"], 2000);
  EXPECT_NEAR(samples["errors"], samples["requests"] * 0.05, samples["requests"] * 0.001);
  EXPECT_NEAR(samples["latency_bucket{0.1}"], samples["latency_bucket{+Inf}"] * 0.75, samples["requests"] * 0.001);
  EXPECT_EQ(samples["load"], 0.5);
  std::vector<double> counters;
  for (const auto& [name, value] : samples)
    if (name.starts_with("counters{")) counters.push_back(value);
  EXPECT_THAT(counters, testing::SizeIs(2)) << "the instances' own counters, each by itself";
}

TEST_P(PromqlSourceReal, WhatTheEngineRefusesIsTold) {
  ConfiguredTargets targets(source(engine_.url(), "      load: 'max('\n"), "{load: {gauge: load, source: prom}}");
  const auto answer = targets.read();
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().what, HasSubstr("query load: the engine says "));
  ConfiguredTargets text(source(engine_.url(), "      load: '\"text\"'\n"), "{load: {gauge: load, source: prom}}");
  const auto said = text.read();
  if (GetParam() == PromqlEngine::Kind::prometheus) {
    ASSERT_FALSE(said);
    EXPECT_THAT(said.error().what, HasSubstr("gives a string, numbers are wanted"));
  } else {
    EXPECT_TRUE(!said || said->samples.empty()) << "it has no strings";
  }
}

TEST_P(PromqlSourceReal, TooManySeriesAreNotTaken) {
  ConfiguredTargets targets(source(engine_.url(), "      load: '{__name__!=\"\"}'\n", "    max_series: 3\n"),
                            "{load: {gauge: load, source: prom}}");
  Result<ConfiguredTargets::Answer> answer;
  for (int i = 0; i < 100 && (answer = targets.read()); ++i) std::this_thread::sleep_for(100ms);
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().what, HasSubstr("more than 3 series: aggregate them"));
}

TEST_P(PromqlSourceReal, ThePastIsToldAsItWouldHaveBeenRead) {
  ConfiguredTargets targets(source(engine_.url()), kIndicators);
  EventLoop& loop = targets.loop();
  PromqlPasts pasts(targets.fetcher(), secret_reader(), [&] { return loop.fresh_now(); });
  ASSERT_TRUE(pasts.has_past(targets.watch()));
  std::vector<Scrape> scrapes;
  for (int i = 0; i < 100 && scrapes.size() < 4; ++i) {
    std::optional<Result<std::vector<Scrape>>> got;
    const Time now = loop.fresh_now();
    ASSERT_TRUE(pasts.read(targets.watch(), now - 60s, now,
                           [&](Result<std::vector<Scrape>> past, Time) { got = std::move(past); }));
    while (!got) loop.run_once(100ms);
    ASSERT_TRUE(*got) << got->error().what;
    scrapes = **got;
    if (scrapes.size() < 4) std::this_thread::sleep_for(200ms);
  }
  ASSERT_GE(scrapes.size(), 4U);
  Watch watch({targets.watch().compiled.indicators,
               std::vector<Duration>(targets.watch().compiled.indicators.size(), 1s),
               {},
               {60s, 1},
               {},
               {}});
  watch.learn_past(scrapes);
  const std::vector<Baseline> learned = watch.freeze(scrapes.back().t);
  EXPECT_TRUE(learned[0].usable) << learned[0].why;
  EXPECT_NEAR(learned[0].value, 0.05, 0.001);
  EXPECT_TRUE(learned[1].usable) << learned[1].why;
  EXPECT_NEAR(learned[3].value, 0.5, 1e-9);
}

INSTANTIATE_TEST_SUITE_P(Engines, PromqlSourceReal,
                         testing::Values(PromqlEngine::Kind::prometheus, PromqlEngine::Kind::victoria_metrics),
                         [](const auto& engine) {
                           return engine.param == PromqlEngine::Kind::prometheus ? "Prometheus" : "VictoriaMetrics";
                         });

TEST(PromqlSource, AnEngineThatIsNotThereIsAFailedRead) {
  ConfiguredTargets targets(source("http://127.0.0.1:1", "      load: 'max(load)'\n"),
                            "{load: {gauge: load, source: prom}}");
  const auto answer = targets.read();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::io);
}

} // namespace
} // namespace backstop
