#include "daemon/config/compile.hpp"
#include "daemon/config/show.hpp"
#include "tests/unit/config/helpers.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// What a service file means: the structs, the compiled service and what check-config prints of it.
namespace backstop::config::test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Service read(const std::string& text) {
  auto outcome = load_service(text, "f");
  EXPECT_EQ(show_faults(outcome.faults), "");
  return outcome.service;
}

/// Sources and indicators for the whole standard table, nothing judged yet.
const std::string kFive = "service: shop\nmode: observe\nsources:\n"
                          "  app: {type: prometheus, targets: [{url: \"http://127.0.0.1/m\"}]}\n"
                          "  host: {type: host}\n"
                          "  db: {type: postgresql, dsn: \"host=/run/postgresql\"}\n"
                          "indicators:\n"
                          "  error_rate: {ratio: {source: app, errors: 'r{code=~\"5..\"}', total: r}}\n"
                          "  latency_p95: {quantile: 0.95, source: app, histogram: 'd{path=\"/\"}'}\n"
                          "  cpu_usage: {gauge: unit_cpu_percent, source: host}\n"
                          "  memory_usage: {gauge: unit_memory_percent, source: host}\n"
                          "  db_connections: {gauge: connections, source: db}\n";

const backstop::Row& row(const Service& service, const std::string& name) {
  for (const auto& config : service.rows)
    if (config.row.name == name) return config.row;
  ADD_FAILURE() << "no row " << name;
  static const backstop::Row none;
  return none;
}

struct Edges {
  const char* row;
  double normal_below, alert_from, alert_to;
  int for_alert, for_critical;
};

TEST(StandardTable, HasTheEdgesAndTimersAsWritten) {
  const Service service = read(kFive + "thresholds: standard\n");
  const Edges all[] = {{"error_rate", 0.01, 0.02, 0.05, 60, 30},
                       {"latency_p95", 0.2, 0.2, 0.5, 60, 30},
                       {"cpu_usage", 60, 70, 85, 120, 60},
                       {"memory_usage", 70, 75, 90, 120, 60},
                       {"db_connections", 50, 70, 80, 60, 30}};
  EXPECT_EQ(service.rows.size(), 5U);
  for (const Edges& edges : all) {
    const backstop::Row& r = row(service, edges.row);
    EXPECT_TRUE(r.higher_is_worse);
    EXPECT_EQ(r.normal, (Band{std::nullopt, edges.normal_below, true, false})) << edges.row;
    EXPECT_EQ(r.alert, (Band{edges.alert_from, edges.alert_to, true, true})) << edges.row;
    EXPECT_EQ(r.critical, (Band{edges.alert_to, std::nullopt, false, true})) << edges.row;
    EXPECT_EQ(r.timing.for_alert, seconds(edges.for_alert)) << edges.row;
    EXPECT_EQ(r.timing.for_critical, seconds(edges.for_critical)) << edges.row;
  }
}

TEST(StandardTable, ExactlyFivePercentIsAlertAndExactlyOneIsInTheHole) {
  const Service service = read(kFive + "thresholds: standard\n");
  const backstop::Row& r = row(service, "error_rate");
  EXPECT_TRUE(r.alert.contains(5.0 / 100.0));
  EXPECT_FALSE(r.critical.contains(5.0 / 100.0));
  EXPECT_TRUE(r.alert.contains(2.0 / 100.0));
  EXPECT_FALSE(r.normal.contains(1.0 / 100.0));
  EXPECT_FALSE(r.alert.contains(1.0 / 100.0));
}

TEST(StandardTable, IsReadInTheUnitOfTheIndicator) {
  std::string text = kFive + "thresholds: standard\n";
  text.replace(text.find("unit_cpu_percent"), 16, "unit_cpu_ratio");
  EXPECT_EQ(row(read(text), "cpu_usage").critical.low, 0.85);
}

TEST(StandardTable, IsOverriddenRowByRowAndKeyByKey) {
  const Service service =
      read(kFive + "thresholds:\n  use: standard\n  without: [db_connections]\n  rows:\n"
                   "    error_rate: {critical: \"> 3%\", alert: \"2% - 3%\", for: {critical: 15s}, mode: observe}\n"
                   "    latency_p95: {for: 5s, m_of_n: 3 of 5, no_data: alert, gap: critical, worsen_factor: 2}\n"
                   "    slow: {indicator: latency_p95, normal: \"< 1s\", alert: \"1-2s\", critical: \"> 2s\"}\n");
  std::vector<std::string> names;
  for (const auto& config : service.rows) names.push_back(config.row.name);
  EXPECT_THAT(names, ElementsAre("error_rate", "latency_p95", "cpu_usage", "memory_usage", "slow"));

  const backstop::Row& errors = row(service, "error_rate");
  EXPECT_EQ(errors.normal.high, 0.01) << "not overridden";
  EXPECT_EQ(errors.critical.low, 0.03);
  EXPECT_EQ(errors.timing.for_alert, seconds(60)) << "not overridden";
  EXPECT_EQ(errors.timing.for_critical, seconds(15));
  EXPECT_EQ(errors.mode, Mode::observe);

  const backstop::Row& latency = row(service, "latency_p95");
  EXPECT_EQ(latency.timing.for_alert, seconds(5));
  EXPECT_EQ(latency.timing.for_critical, seconds(5));
  EXPECT_EQ(latency.timing.m, 3);
  EXPECT_EQ(latency.timing.n, 5);
  EXPECT_EQ(latency.absence.no_data, OnAbsence::alert);
  EXPECT_EQ(latency.absence.gap, OnAbsence::critical);
  EXPECT_EQ(latency.absence.error, OnAbsence::keep);
  EXPECT_EQ(latency.worsen_factor, 2);
}

TEST(Rows, AnOpenEndDownwardsMakesLowerWorse) {
  const Service service =
      read(service_with("thresholds: {rows: {cpu: {normal: \"> 99%\", alert: \"95% - 99%\", critical: \"< 95%\"}}}\n"));
  EXPECT_FALSE(row(service, "cpu").higher_is_worse);
  EXPECT_FALSE(row(service, "cpu").critical.contains(95));
  EXPECT_TRUE(row(service, "cpu").critical.contains(94.9));
}

TEST(Rows, TheGapAllowedFollowsASlowSource) {
  const auto text = [](const std::string& interval) {
    return "service: a\nmode: observe\nsources: {app: {type: host, interval: " + interval +
           "}}\nindicators: {cpu: {gauge: a_percent, source: app}}\ncriteria: [{indicator: cpu, critical: \"> 5%\"}]\n";
  };
  EXPECT_EQ(read(text("1s")).criteria.at(0).timing.max_gap, seconds(30));
  EXPECT_EQ(read(text("10s")).criteria.at(0).timing.max_gap, seconds(30));
  EXPECT_EQ(read(text("60s")).criteria.at(0).timing.max_gap, seconds(180));
}

TEST(Criteria, BothFormsGiveConditions) {
  const Service service =
      read(kFive + "criteria:\n"
                   "  - {indicator: error_rate, critical: \"> 5%\", baseline: \"> 3x baseline\", for: 15s}\n"
                   "  - {indicator: latency_p95, critical: \"> 2x baseline\"}\n"
                   "  - {name: slow and busy, all: [{indicator: latency_p95, critical: \"> 300ms\"}, {indicator: "
                   "cpu_usage, critical: \">= 80%\"}], mode: confirm}\n");
  ASSERT_EQ(service.criteria.size(), 3U);
  const auto& first = service.criteria[0];
  EXPECT_EQ(first.name, "error_rate > 5% and > 3x baseline");
  EXPECT_EQ(first.all.at(0).condition.limit, (Limit{Op::greater, 0.05}));
  EXPECT_EQ(first.all.at(0).condition.of_baseline, (Limit{Op::greater, 3}));
  EXPECT_EQ(first.timing.for_critical, seconds(15));
  const auto& second = service.criteria[1];
  EXPECT_FALSE(second.all.at(0).condition.limit);
  EXPECT_EQ(second.all.at(0).condition.of_baseline, (Limit{Op::greater, 2}));
  EXPECT_EQ(second.timing.for_critical, seconds(30)) << "never on a single reading unless written";
  const auto& third = service.criteria[2];
  EXPECT_EQ(third.name, "slow and busy");
  EXPECT_EQ(third.all.size(), 2U);
  EXPECT_EQ(third.all[1].condition.limit, (Limit{Op::greater_equal, 80}));
  EXPECT_EQ(third.mode, Mode::confirm);
}

TEST(Sources, TimeoutsLeaveRoomForTheNextAttempt) {
  const Service service = read("service: a\nmode: observe\nindicators: {}\nsources:\n"
                               "  a: {type: prometheus, interval: 500ms, targets: [{url: \"http://h/m\"}]}\n"
                               "  b: {type: prometheus, targets: [{url: \"http://h/m\", unix_socket: /run/x, labels: "
                               "{group: canary}}], bearer: {file: /t}, max_bytes: 1 MiB, max_series: 10}\n"
                               "  c: {type: postgresql, interval: 1s, dsn: {credential: d}}\n"
                               "  d: {type: postgresql, dsn: {credential: d}}\n");
  EXPECT_EQ(std::get<PrometheusSource>(service.sources[0].kind).timeout, milliseconds(400));
  const auto& b = std::get<PrometheusSource>(service.sources[1].kind);
  EXPECT_EQ(b.timeout, milliseconds(800));
  EXPECT_EQ(b.targets.at(0).unix_socket, "/run/x");
  EXPECT_EQ(b.targets.at(0).labels.at("group"), "canary");
  EXPECT_EQ(b.bearer.file, "/t");
  EXPECT_EQ(b.max_bytes, std::uint64_t{1} << 20);
  EXPECT_EQ(b.max_series, 10U);
  EXPECT_EQ(std::get<PostgresqlSource>(service.sources[2].kind).timeout, milliseconds(800));
  EXPECT_EQ(service.sources[3].interval, seconds(5));
  EXPECT_EQ(std::get<PostgresqlSource>(service.sources[3].kind).timeout, seconds(3));
}

TEST(Procedures, StepsAreReadWithTheirPathsAndDefaults) {
  const Service service = read(service_with(
      "procedures:\n  rollback:\n"
      "    - {name: tell, kind: notify, to: [a, b]}\n"
      "    - {name: prepare, kind: run, argv: [/x, 5, true], on_unknown: rerun, on_failure: continue, retries: 2, "
      "retry_delay: 0, user: deploy, env: {A: 1}}\n"
      "    - {name: execute, kind: run, argv: [/x], check: {argv: [/c], timeout: 3s}, preflight: {argv: [/p]}}\n"
      "    - {name: plain, kind: run, argv: [/x]}\n"
      "    - {name: verify, kind: watch, good_for: 90s, timeout: 2m}\n"
      "    - {name: review, kind: review}\n"));
  ASSERT_EQ(service.rollback.size(), 6U);
  EXPECT_EQ(service.rollback[5].path, "6");
  EXPECT_THAT(std::get<NotifyStep>(service.rollback[0].kind).to, ElementsAre("a", "b"));
  const auto& prepare = std::get<RunStep>(service.rollback[1].kind);
  EXPECT_THAT(prepare.argv, ElementsAre("/x", "5", "true"));
  EXPECT_EQ(prepare.on_unknown, OnUnknown::rerun);
  EXPECT_EQ(prepare.on_failure, OnFailure::proceed);
  EXPECT_EQ(prepare.retries, 2);
  EXPECT_EQ(prepare.retry_delay, seconds(0));
  EXPECT_EQ(prepare.user, "deploy");
  EXPECT_EQ(prepare.environment.at("A"), "1");
  const auto& execute = std::get<RunStep>(service.rollback[2].kind);
  EXPECT_EQ(execute.on_unknown, OnUnknown::verify);
  EXPECT_EQ(execute.check->timeout, seconds(3));
  EXPECT_THAT(execute.preflight->argv, ElementsAre("/p"));
  EXPECT_EQ(std::get<RunStep>(service.rollback[3].kind).on_unknown, OnUnknown::escalate)
      << "nobody can verify without a check";
  EXPECT_EQ(std::get<WatchStep>(service.rollback[4].kind).good_for, seconds(90));
  EXPECT_EQ(std::get<ReviewStep>(service.rollback[5].kind).due, hours(24));
}

TEST(Service, TheRestOfTheKeysAreRead) {
  const Service service = read(service_with("environment: staging\nbake: {for: 3h, good_after: 1h, act_for: 2h, "
                                            "deploy_timeout: 10m, on_deploy_timeout: rollback}\n"
                                            "baseline: {window: 1h, min_samples: 5}\njudge: {kind: table, warm_up: "
                                            "0}\nrunning_version: {argv: [/v], timeout: 2s}\n"
                                            "deploy_lock: /run/lock/x\ndepends_on: [db]\nconfirm_timeout: 1h\n"));
  EXPECT_EQ(service.key(), "checkout/staging");
  EXPECT_EQ(service.mode, Mode::observe);
  EXPECT_EQ(service.bake.duration, hours(3));
  EXPECT_EQ(service.bake.good_after, hours(1));
  EXPECT_EQ(service.bake.act_for, Duration{hours(2)});
  EXPECT_EQ(service.bake.deploy_timeout, minutes(10));
  EXPECT_TRUE(service.bake.rollback_on_deploy_timeout);
  EXPECT_EQ(service.baseline.window, hours(1));
  EXPECT_EQ(service.baseline.min_samples, 5U);
  EXPECT_EQ(service.judge.warm_up, seconds(0));
  EXPECT_EQ(service.running_version->timeout, seconds(2));
  EXPECT_EQ(service.deploy_lock, "/run/lock/x");
  EXPECT_THAT(service.depends_on, ElementsAre("db"));
  EXPECT_EQ(service.confirm_timeout, hours(1));
}

TEST(Service, ASequentialJudgeHasItsOwnDefaults) {
  const Judge judge = read(service_with("judge: {kind: sequential, sustain: 50s}\n")).judge;
  EXPECT_EQ(judge.kind, JudgeKind::sequential);
  EXPECT_EQ(judge.warm_up, seconds(180));
  EXPECT_EQ(judge.sequential.sustain, seconds(50));
  EXPECT_EQ(judge.sequential.severe, seconds(20));
}

TEST(Service, AnchorsMayShareValues) {
  const Service service =
      read("service: a\nmode: observe\nsources: {app: {type: host}}\n"
           "indicators: {cpu: {gauge: &g a_percent, source: app}, more: {gauge: *g, source: app}}\n");
  EXPECT_EQ(std::get<Gauge>(service.indicators.at(1).kind).gauge.text, "a_percent");
}

TEST(Compile, ResolvesNamesAndAsksForEachSelectorOnce) {
  const Service service = read(kFive + "  errors_again: {rate: 'r{code=~\"5..\"}', source: app}\nthresholds: standard\n"
                                       "criteria: [{all: [{indicator: cpu_usage, critical: \"> 80%\"}, {indicator: "
                                       "error_rate, critical: \"> 2x baseline\"}]}]\n");
  const auto compiled = compile(service);
  ASSERT_TRUE(compiled) << compiled.error().what;
  ASSERT_EQ(compiled->sources.size(), 3U);
  std::vector<std::string> texts;
  for (const CompiledSelector& selector : compiled->sources[0].selectors) texts.push_back(selector.selector.text());
  EXPECT_THAT(texts, ElementsAre("r{code=~\"5..\"}", "r", "d_bucket{path=\"/\"}"));
  EXPECT_TRUE(compiled->sources[0].selectors[2].buckets);
  EXPECT_EQ(compiled->sources[0].selectors[2].selector.name(), "d_bucket");
  EXPECT_EQ(compiled->sources[0].selectors[0].kind, SeriesKind::counter);
  EXPECT_EQ(compiled->sources[1].selectors.at(0).kind, SeriesKind::gauge);

  const auto& ratio = std::get<RatioSpec>(compiled->indicators.at(0).kind);
  EXPECT_EQ(ratio.errors, 0U);
  EXPECT_EQ(ratio.total, 1U);
  EXPECT_EQ(std::get<QuantileSpec>(compiled->indicators.at(1).kind).buckets, 2U);
  EXPECT_EQ(std::get<GaugeSpec>(compiled->indicators.at(4).kind).source, 2U);
  EXPECT_EQ(std::get<RateSpec>(compiled->indicators.at(5).kind).counter, 0U) << "shared with the ratio";
  EXPECT_EQ(compiled->indicators.at(0).unit, Unit::ratio);
  EXPECT_EQ(compiled->indicators.at(2).unit, Unit::percent);
  EXPECT_EQ(compiled->indicators.at(0).stale_after, seconds(5)) << "3 intervals of 1 s would be too few";
  EXPECT_EQ(compiled->indicators.at(4).stale_after, seconds(15));

  EXPECT_EQ(compiled->table.rows.at(4).indicator, 4U);
  const Criterion& criterion = compiled->table.criteria.at(0);
  EXPECT_EQ(criterion.conditions.at(0).indicator, 2U);
  EXPECT_EQ(criterion.conditions.at(1).indicator, 0U);
}

TEST(Compile, AGaugeAndACounterOfOneSelectorAreTwo) {
  const auto compiled = compile(read("service: a\nmode: observe\nsources: {app: {type: host}}\n"
                                     "indicators: {a: {gauge: x, source: app}, b: {rate: x, source: app}}\n"));
  ASSERT_TRUE(compiled);
  EXPECT_EQ(compiled->sources[0].selectors.size(), 2U);
}

TEST(Compile, AHandMadeServiceThatRefersToNothingIsAnError) {
  Service service = read(kFive + "thresholds: standard\n");
  Service other = service;
  other.sources.clear();
  EXPECT_THAT(compile(other).error().what, HasSubstr("error_rate: there is no source \"app\""));
  other = service;
  other.indicators.clear();
  EXPECT_THAT(compile(other).error().what, HasSubstr("row error_rate: there is no indicator"));
  other = service;
  std::get<Ratio>(other.indicators[0].kind).errors.text = "r{";
  EXPECT_THAT(compile(other).error().what, HasSubstr("indicator error_rate: \"r{\""));
}

TEST(Show, PrintsTheExampleAsInTheGoldenFile) {
  const auto outcome =
      load_service(slurp(source_dir() / "packaging/examples/services.d/checkout.yaml"), "checkout.yaml");
  EXPECT_EQ(show_service(outcome.service), slurp(source_dir() / "tests/golden/config/show_checkout.txt"));
}

TEST(Show, StaysWithinAHundredColumns) {
  std::istringstream text(slurp(source_dir() / "tests/golden/config/show_checkout.txt"));
  for (std::string line; std::getline(text, line);) EXPECT_LE(line.size(), 100U) << line;
}

TEST(Show, SecretsAreNamedNeverShown) {
  EXPECT_EQ(show_secret({"oncall-url", "", ""}), "credential oncall-url");
  EXPECT_EQ(show_secret({"", "/etc/x", ""}), "file /etc/x");
  EXPECT_EQ(show_secret({"", "", "https://hooks.example.org/T0/hunter2?k=hunter2"}),
            "this file, host hooks.example.org");
  EXPECT_EQ(show_secret({"", "", "https://ana:hunter2@hooks.example.org"}), "this file, host hooks.example.org");
  EXPECT_EQ(show_secret({"", "", "host=/run options=hunter2"}), "this file");
  EXPECT_EQ(show_secret({}), "none");
  const Service service =
      read(service_with("procedures: {rollback: [{name: a, kind: run, argv: [/x], env: {TOKEN: hunter2}}]}\n"));
  EXPECT_THAT(show_service(service), HasSubstr("sets TOKEN"));
  EXPECT_THAT(show_service(service), Not(HasSubstr("hunter2")));
}

TEST(Show, NamesWhatIsNotUsual) {
  const std::string text =
      show_service(read(kFive + "thresholds: {rows: {error_rate: {normal: \"<= 1%\", alert: \"2-5%\", critical: \"> "
                                "5%\", for: 0, m_of_n: 3 of 5, keep_firing_for: 90s, "
                                "no_data: alert, mode: confirm}}}\n"));
  EXPECT_THAT(text, HasSubstr("error_rate     normal <= 1%  alert >= 2% and <= 5%  critical > 5%  for 0s/evidence"));
  EXPECT_THAT(text, HasSubstr("keeps firing for 90s, 3 of 5 evaluations"));
  EXPECT_THAT(text, HasSubstr("no_data: alert,\n                 mode confirm"));
}

} // namespace
} // namespace backstop::config::test
