#include "tests/unit/ruletest/suite_text.hpp"
#include <gtest/gtest.h>

namespace backstop::ruletest::test {
namespace {

/// Faults alone, a line each.
std::string faults_in(const std::string& text) {
  std::string out;
  for (const config::Fault& fault : suite_of(text).faults) out += config::text_of(fault) + "\n";
  return out;
}
std::string faults(const OneTest& test) { return faults_in(test.text()); }

TEST(RuleTestFile, AGoodOneHasNoFault) { EXPECT_EQ(faults({.expect = "{never: RollBack}"}), ""); }

TEST(RuleTestFile, UnknownKeysAreRefusedWithTheNearest) {
  EXPECT_EQ(faults_in("service: shop.yaml\ntest: []\n"),
            "t/shop_test.yaml:1:1: the file: \"tests\" is missing (write tests: [{name: ..., series: {...}, events: "
            "[...], expect: [...]}])\n"
            "t/shop_test.yaml:2:1: the file: unknown key \"test\" (did you mean \"tests\"?)\n");
  EXPECT_EQ(faults({.expect = "{at: 110s, levle: {error_rate: normal}}"}),
            "t/shop_test.yaml:9:20: an expectation: unknown key \"levle\" (did you mean \"level\"?)\n");
  EXPECT_EQ(faults({.events = "{at: 100s, begn: v2}", .expect = "{never: RollBack}"}),
            "t/shop_test.yaml:7:25: an event: unknown key \"begn\" (did you mean \"begin\"?)\n");
}

TEST(RuleTestFile, AFaultInTheValuesHasItsColumn) {
  EXPECT_EQ(faults({.failed = "0x119 20*40", .expect = "{never: RollBack}"}),
            "t/shop_test.yaml:6:31: \"20*40\": it is not understood (write a value (5), a+bxN (0+20x40), axN (5x40), "
            "+bxN, _xN, stale or failxN)\n");
}

TEST(RuleTestFile, UnknownNamesAreRefused) {
  EXPECT_EQ(faults({.expect = "{at: 110s, level: {error_rat: normal}}"}),
            "t/shop_test.yaml:9:28: there is no rule \"error_rat\" (did you mean \"error_rate\"?)\n");
  EXPECT_EQ(faults({.expect = "{at: 110s, level: {error_rate: severe}}"}),
            "t/shop_test.yaml:9:40: \"severe\" is no level (known levels: normal, alert, critical)\n");
  EXPECT_EQ(faults({.expect = "{by: 110s, decision: Rollback}"}),
            "t/shop_test.yaml:9:30: decision: \"Rollback\" is unknown (did you mean \"RollBack\"?)\n");
  EXPECT_EQ(faults({.expect = "{by: 110s, decision: RollBack, rules: [latency]}"}),
            "t/shop_test.yaml:9:48: there is no rule \"latency\" (known rules: error_rate)\n");
  EXPECT_EQ(
      faults_in("service: other.yaml\ntests: [{}]\n"),
      "t/shop_test.yaml:1:10: service: t/other.yaml: no such file (the path is seen from the folder of this file)\n");
}

TEST(RuleTestFile, ASeriesThatNoRuleReadsIsAMistake) {
  EXPECT_EQ(
      faults_in("service: shop.yaml\ntests:\n  - {name: a, series: {requests: 1x100}, events: [{at: 5s, begin: v2}],"
                " expect: [{never: RollBack}]}\n"),
      "t/shop_test.yaml:3:24: no rule of t/shop.yaml reads the series requests (it reads r{code=~\"5..\"}, r)\n");
  EXPECT_EQ(
      faults_in("service: shop.yaml\ntests:\n  - {name: a, series: {'r{code=': 1x100}, events: [{at: 5s, begin: v2}],"
                " expect: [{never: RollBack}]}\n"),
      "t/shop_test.yaml:3:24: \"r{code=\" is no series: expected '\"' before a label value (write it as in /metrics: "
      "name{label=\"value\"})\n");
}

TEST(RuleTestFile, ASeriesThatEndsBeforeTheLastExpectationIsAnError) {
  EXPECT_EQ(faults({.failed = "0x119", .expect = "{by: 150s, decision: RollBack}"}),
            "t/shop_test.yaml:6:7: the samples of r{code=\"500\"} end at 119s, the last expectation is at 2m30s (make "
            "the series longer, or end it with stale)\n");
  EXPECT_EQ(faults({.failed = "0x119", .expect = "{never: RollBack}"}),
            "t/shop_test.yaml:6:7: the samples of r{code=\"500\"} end at 119s, the last expectation is at 2m39s (make "
            "the series longer, or end it with stale)\n")
      << "never looks at all there is";
  EXPECT_EQ(faults({.failed = "0x119 stale", .expect = "{never: RollBack}"}), "");
}

TEST(RuleTestFile, TimesMustMakeSense) {
  EXPECT_EQ(faults({.ok = "_x5 0+100x159", .failed = "_x5 0x159", .expect = "{at: 2s, level: {error_rate: normal}}"}),
            "t/shop_test.yaml:7:14: the event at 100s is after the last expectation (that is at 2s; expect something "
            "of it, or leave it out)\n"
            "t/shop_test.yaml:7:37: the event at 100s is after the last expectation (that is at 2s; expect something "
            "of it, or leave it out)\n"
            "t/shop_test.yaml:9:9: nothing can be expected at 2s (the first sample is at 5s)\n");
  EXPECT_EQ(faults({.events = "{at: 0s, begin: v2}", .expect = "{at: 110s, decision: KeepWatching}"}),
            "t/shop_test.yaml:7:14: the event at 0s is not after the first sample (the first sample is at 0s, and the "
            "baseline comes from what is before the deployment)\n");
  EXPECT_EQ(faults({.expect = "{at: 50s, level: {error_rate: normal}}"}),
            "t/shop_test.yaml:7:14: the event at 100s is after the last expectation (that is at 50s; expect something "
            "of it, or leave it out)\n"
            "t/shop_test.yaml:7:37: the event at 100s is after the last expectation (that is at 50s; expect something "
            "of it, or leave it out)\n");
  EXPECT_EQ(faults({.expect = "{at: 110s, by: 120s, decision: RollBack}"}),
            "t/shop_test.yaml:9:9: it says more than one time (write at: 33m (it holds then), by: 33m (it has happened "
            "until then), or never: RollBack)\n");
  EXPECT_EQ(faults({.expect = "{decision: RollBack}"}),
            "t/shop_test.yaml:9:9: it does not say when (write at: 33m (it holds then), by: 33m (it has happened until "
            "then), or never: RollBack)\n");
}

TEST(RuleTestFile, AnEventIsOneThing) {
  EXPECT_EQ(faults({.events = "{at: 100s, begin: v2, finish: true}", .expect = "{never: RollBack}"}),
            "t/shop_test.yaml:7:14: \"begin\" and \"finish\" in one event (an event is one of begin: VERSION, finish: "
            "true, hold: 10m, signal: KIND, restart: true, abort: true, unhold: true, accept: true, adopt: VERSION)\n");
  EXPECT_EQ(
      faults({.events = "{at: 100s, finish: true}", .expect = "{never: RollBack}"}),
      "t/shop_test.yaml:7:13: events: no deployment begins (write {at: 30m, begin: v2} and {at: 30m, finish: true})\n");
  EXPECT_EQ(
      faults({.events = "{at: 100s, begin: v2}, {at: 101s, hold: long}", .expect = "{never: RollBack}"}),
      "t/shop_test.yaml:7:54: hold: \"long\" is no duration (write a duration such as 30s, 1m30s, 24h or 250ms)\n");
}

TEST(RuleTestFile, FaultsOfTheServiceFileAreItsOwn) {
  ShopConfig config;
  config.mode = "automatic";
  EXPECT_EQ(outcome_of(OneTest{.expect = "{never: RollBack}"}.text(), config),
            "t/shop.yaml:2:7: mode: \"automatic\" is not known (one of: observe, confirm, auto)\n"
            "0 tests; 1 file with faults, not run\n");
}

} // namespace
} // namespace backstop::ruletest::test
