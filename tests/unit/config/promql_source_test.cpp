#include "daemon/config/compile.hpp"
#include "daemon/config/show.hpp"
#include "tests/unit/config/helpers.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// Sources of type promql: their keys, how queries and indicators fit together, what is refused and what is shown.
namespace backstop::config::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string with(const std::string& source, const std::string& indicators = "{}") {
  return "service: a\nmode: observe\nindicators: " + indicators +
         "\nsources: {prom: {type: promql, url: \"http://h:9090\", " + source + "}}\n";
}
std::string query(const std::string& text) { return "queries: {q: '" + text + "'}"; }
const std::string kRate = "{r: {rate: q, source: prom}}";

TEST(PromqlSource, HasDefaults) {
  const auto outcome = load_service(with(query("up"), "{g: {gauge: q, source: prom}}"), "f");
  ASSERT_TRUE(outcome.ok()) << show_faults(outcome.faults);
  EXPECT_TRUE(outcome.warnings.empty() || show_faults(outcome.warnings).find("queries") == std::string::npos);
  const Source& source = outcome.service.sources[0];
  EXPECT_EQ(source.interval, std::chrono::seconds(15));
  EXPECT_EQ(targets_of(source), nullptr);
  const auto& promql = std::get<config::PromqlSource>(source.kind);
  EXPECT_EQ(promql.timeout, std::chrono::seconds(10));
  EXPECT_EQ(promql.query_offset, std::chrono::seconds(2));
  EXPECT_EQ(query_offset_of(source), std::chrono::seconds(2));
}

TEST(PromqlSource, WhatIsCountedAddsUpWhereItSaysItsWindow) {
  const auto outcome = load_service(with("queries: {e: 'sum(increase(e[$window]))', t: t, l: 'sum by (le) "
                                         "(increase(l_bucket[$window]))', c: 'rate(c[$window])'}",
                                         "{r: {ratio: {source: prom, errors: 'e{code=\"500\"}', total: t}}, l: "
                                         "{quantile: 0.9, source: prom, histogram: l}, "
                                         "c: {gauge: c, source: prom}}"),
                                    "f");
  ASSERT_TRUE(outcome.ok()) << show_faults(outcome.faults);
  const auto compiled = compile(outcome.service);
  ASSERT_TRUE(compiled) << compiled.error().what;
  std::string asked;
  for (const PromqlQuery& q : compiled->sources[0].queries)
    asked += q.name + " " + q.metric + (q.adds_up ? " adds up\n" : "\n");
  EXPECT_EQ(asked, "e e adds up\nt t\nl l_bucket adds up\nc c\n");
}

TEST(PromqlSource, OnlySamplesThatAreLaterThanOthersAreReadLater) {
  const std::string indicators = "{g: {gauge: q, source: prom}, h: {gauge: host_cpu_percent, source: host}}";
  const std::string text = "service: a\nmode: observe\nindicators: " + indicators +
                           "\nsources: {prom: {type: promql, url: \"http://h\", query_offset: 30s, queries: {q: up}}";
  const auto both = load_service(text + ", host: {type: host}}\n", "f");
  ASSERT_TRUE(both.ok()) << show_faults(both.faults);
  const auto compiled = compile(both.service);
  ASSERT_TRUE(compiled);
  EXPECT_EQ(compiled->indicators[0].query_offset, std::chrono::seconds(30));
  EXPECT_EQ(compiled->indicators[1].query_offset, Duration{});
  const auto alone = load_service(with("query_offset: 30s, " + query("up"), "{g: {gauge: q, source: prom}}"), "f");
  ASSERT_TRUE(alone.ok());
  EXPECT_EQ(compile(alone.service)->indicators[0].query_offset, Duration{}) << "they are judged as of their own time";
}

TEST(PromqlSource, RefusesWhatCannotWork) {
  EXPECT_THAT(faults_of(with("interval: 5s")), HasSubstr("\"queries\" is missing"));
  EXPECT_THAT(faults_of(with("queries: {}")), HasSubstr("no query"));
  EXPECT_THAT(faults_of(with("queries: {\"5xx\": up}")), HasSubstr("\"5xx\" is no name of a query"));
  EXPECT_THAT(faults_of(with("queries: {q: ''}")), HasSubstr("sources.prom.queries.q: the query is empty"));
  EXPECT_THAT(faults_of(with("queries: {q: [up]}")), HasSubstr("a single value is wanted"));
  EXPECT_THAT(faults_of(with("query_offset: 11m, " + query("up"))), HasSubstr("longer than 10m"));
  EXPECT_THAT(faults_of(with("timeout: 20s, " + query("up"))), HasSubstr("not shorter than"));
  EXPECT_THAT(faults_of(with("headers: {Authorization: x}, " + query("up"))), HasSubstr("a secret may not stand"));
  EXPECT_THAT(
      faults_of("service: a\nmode: observe\nindicators: {}\nsources: {prom: {type: promql, url: \"http://h/?a=b\", "
                "queries: {q: up}}}\n"),
      HasSubstr("it has a query of its own"));
}

TEST(PromqlSource, WantsIndicatorsToNameItsQueriesAndToUseEachInOneWay) {
  EXPECT_THAT(faults_of(with(query("up"), "{g: {gauge: p, source: prom}}")),
              AllOf(HasSubstr("indicators.g.gauge"), HasSubstr("source prom has no query \"p\"")));
  EXPECT_THAT(faults_of(with(query("c"), "{g: {gauge: q, source: prom}, r: {rate: q, source: prom}}")),
              HasSubstr("query q is used otherwise by indicators.g.gauge"));
}

TEST(PromqlSource, WantsCountsWhereSomethingIsCounted) {
  EXPECT_THAT(faults_of(with(query("sum(increase(c[5m]))"), kRate)),
              AllOf(HasSubstr("sources.prom.queries.q"), HasSubstr("no count"), HasSubstr("[$window]")));
  EXPECT_THAT(faults_of(with(query("sum(rate(c[$window]))"), kRate)), HasSubstr("a rate is no count"));
  EXPECT_EQ(faults_of(with(query("sum(increase(c[$window]))"), kRate)), "");
  EXPECT_EQ(faults_of(with(query("c"), kRate)), "");
}

TEST(PromqlSource, SaysWhichQueriesAreNotAsked) {
  const auto outcome = load_service(with("queries: {q: up, p: down}", "{g: {gauge: q, source: prom}}"), "f");
  EXPECT_THAT(show_faults(outcome.warnings), HasSubstr("sources.prom.queries.p: no indicator uses it"));
}

TEST(PromqlSource, IsShown) {
  const auto outcome =
      load_service(with("bearer: {credential: token}, headers: {X-Scope-OrgID: t}, " + query("up")), "f");
  ASSERT_TRUE(outcome.ok()) << show_faults(outcome.faults);
  EXPECT_THAT(show_service(outcome.service),
              AllOf(HasSubstr("promql, every 15s, timeout 10s, http://h:9090, at most 1000 series a query,\n"
                              "                 as of 2s ago, header X-Scope-OrgID, bearer from credential token\n"),
                    HasSubstr("    q              up\n")));
}

TEST(PromqlSource, TheExampleOfTheDocumentationIsAService) {
  const auto compiled = compile(example("prom:\n"));
  ASSERT_TRUE(compiled);
  EXPECT_EQ(compiled->sources[0].queries.size(), 4U);
}

} // namespace
} // namespace backstop::config::test
