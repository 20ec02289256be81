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
  EXPECT_EQ(faults_in("service: shop.yaml\ntest: []\n"), "");
  EXPECT_EQ(faults({.expect = "{at: 110s, levle: {error_rate: normal}}"}), "");
  EXPECT_EQ(faults({.events = "{at: 100s, begn: v2}", .expect = "{never: RollBack}"}), "");
}

TEST(RuleTestFile, AFaultInTheValuesHasItsColumn) {
  EXPECT_EQ(faults({.failed = "0x119 20*40", .expect = "{never: RollBack}"}), "");
}

TEST(RuleTestFile, UnknownNamesAreRefused) {
  EXPECT_EQ(faults({.expect = "{at: 110s, level: {error_rat: normal}}"}), "");
  EXPECT_EQ(faults({.expect = "{at: 110s, level: {error_rate: severe}}"}), "");
  EXPECT_EQ(faults({.expect = "{by: 110s, decision: Rollback}"}), "");
  EXPECT_EQ(faults({.expect = "{by: 110s, decision: RollBack, rules: [latency]}"}), "");
  EXPECT_EQ(faults_in("service: other.yaml\ntests: [{}]\n"), "");
}

TEST(RuleTestFile, ASeriesThatNoRuleReadsIsAMistake) {
  EXPECT_EQ(faults_in("service: shop.yaml\ntests:\n  - {name: a, series: {requests: 1x100}, events: [{at: 5s, begin: v2}],"
                   " expect: [{never: RollBack}]}\n"),
            "");
  EXPECT_EQ(
      faults_in("service: shop.yaml\ntests:\n  - {name: a, series: {'r{code=': 1x100}, events: [{at: 5s, begin: v2}],"
             " expect: [{never: RollBack}]}\n"),
      "");
}

TEST(RuleTestFile, ASeriesThatEndsBeforeTheLastExpectationIsAnError) {
  EXPECT_EQ(faults({.failed = "0x119", .expect = "{by: 150s, decision: RollBack}"}), "");
  EXPECT_EQ(faults({.failed = "0x119", .expect = "{never: RollBack}"}), "") << "never looks at all there is";
  EXPECT_EQ(faults({.failed = "0x119 stale", .expect = "{never: RollBack}"}), "");
}

TEST(RuleTestFile, TimesMustMakeSense) {
  EXPECT_EQ(faults({.ok = "_x5 0+100x159", .failed = "_x5 0x159", .expect = "{at: 2s, level: {error_rate: normal}}"}),
            "");
  EXPECT_EQ(faults({.events = "{at: 0s, begin: v2}", .expect = "{at: 110s, decision: KeepWatching}"}), "");
  EXPECT_EQ(faults({.expect = "{at: 50s, level: {error_rate: normal}}"}), "");
  EXPECT_EQ(faults({.expect = "{at: 110s, by: 120s, decision: RollBack}"}), "");
  EXPECT_EQ(faults({.expect = "{decision: RollBack}"}), "");
}

TEST(RuleTestFile, AnEventIsOneThing) {
  EXPECT_EQ(faults({.events = "{at: 100s, begin: v2, finish: true}", .expect = "{never: RollBack}"}), "");
  EXPECT_EQ(faults({.events = "{at: 100s, finish: true}", .expect = "{never: RollBack}"}), "");
  EXPECT_EQ(faults({.events = "{at: 100s, begin: v2}, {at: 101s, signal: sabotage}", .expect = "{never: RollBack}"}),
            "");
}

TEST(RuleTestFile, FaultsOfTheServiceFileAreItsOwn) {
  ShopConfig config;
  config.mode = "automatic";
  EXPECT_EQ(outcome_of(OneTest{.expect = "{never: RollBack}"}.text(), config), "");
}

} // namespace
} // namespace backstop::ruletest::test
