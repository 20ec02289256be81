#include "tests/unit/ruletest/suite_text.hpp"
#include <gtest/gtest.h>

namespace backstop::ruletest::test {
namespace {

constexpr const char* kPassed = "1 test, all passed\n";

std::string outcome(const OneTest& test, const ShopConfig& config = {}) { return outcome_of(test.text(), config); }

TEST(RuleTest, ALevel) {
  EXPECT_EQ(outcome({.expect = "{at: 119s, level: {error_rate: normal}}"}), kPassed);
  EXPECT_EQ(outcome({.expect = "{by: 130s, level: {error_rate: critical}}"}), kPassed);
  EXPECT_EQ(outcome({.expect = "{at: 119s, level: {error_rate: alert}}"}), "");
  EXPECT_EQ(outcome({.expect = "{by: 119s, level: {error_rate: critical}}"}), "");
}

TEST(RuleTest, ALevelAfterTheRollbackIsNone) {
  EXPECT_EQ(outcome({.expect = "{at: 150s, level: {error_rate: critical}}"}), "");
}

TEST(RuleTest, ADecision) {
  EXPECT_EQ(outcome({.expect = "{by: 130s, decision: RollBack, rules: [error_rate]}"}), kPassed);
  EXPECT_EQ(outcome({.expect = "{at: 150s, decision: RollBack}"}), kPassed) << "it stays";
  EXPECT_EQ(outcome({.expect = "{at: 101s, decision: KeepWatching}"}), kPassed);
  EXPECT_EQ(outcome({.expect = "{by: 120s, decision: RollBack}"}), "");
  EXPECT_EQ(outcome({.expect = "{at: 150s, decision: KeepWatching}"}), "");
  EXPECT_EQ(outcome({.expect = "{by: 150s, decision: RollBack, status: held}"}), "");
  EXPECT_EQ(outcome({.expect = "{at: 90s, decision: KeepWatching}\n      - {never: Accept}"}), "");
}

TEST(RuleTest, Never) {
  EXPECT_EQ(outcome({.failed = "0x159", .expect = "{never: RollBack}"}), kPassed);
  EXPECT_EQ(outcome({.expect = "{never: RollBack}"}), "");
}

TEST(RuleTest, TheEndOfAWatch) {
  const OneTest good{.ok = "0+100x300", .failed = "0x300", .expect = "{by: 170s, decision: Accept}"};
  EXPECT_EQ(outcome(good), kPassed);
  const OneTest blind{.ok = "0+100x130 stale", .failed = "0x130 stale", .expect = "{by: 170s, decision: Undecided}"};
  EXPECT_EQ(outcome(blind), kPassed);
}

TEST(RuleTest, ANotice) {
  EXPECT_EQ(outcome({.expect = "{by: 130s, notice: rolling back v2}"}), kPassed);
  EXPECT_EQ(outcome({.expect = "{by: 130s, notice: kept}"}), "");
  EXPECT_EQ(outcome({.expect = "{by: 110s, notice: rolling back}"}), "");
}

TEST(RuleTest, AHoldKeepsFromActing) {
  const std::string events = "{at: 100s, begin: v2}, {at: 100s, finish: true}, {at: 105s, hold: 10m}";
  EXPECT_EQ(outcome({.events = events, .expect = "{by: 130s, decision: RollBack, status: held}"}), kPassed);
  EXPECT_EQ(outcome({.events = events, .expect = "{at: 150s, level: {error_rate: critical}}"}), kPassed);
}

TEST(RuleTest, ARestartChangesNoDecision) {
  const std::string events = "{at: 100s, begin: v2}, {at: 100s, finish: true}, {at: 122s, restart: true}";
  EXPECT_EQ(outcome({.events = events, .expect = "{by: 135s, decision: RollBack, rules: [error_rate]}"}), kPassed);
}

TEST(RuleTest, AFailedScrapeIsNotAnAbsentSeries) {
  // All series absent in good scrapes: no data. Failed scrapes: an error.
  const OneTest absent{
      .ok = "0+100x119 _x40", .failed = "0x119 _x40", .expect = "{at: 150s, level: {error_rate: alert}}"};
  const OneTest failed{
      .ok = "0+100x119 failx40", .failed = "0x159", .expect = "{at: 150s, level: {error_rate: alert}}"};
  EXPECT_EQ(outcome(absent), "");
  EXPECT_EQ(outcome(failed), "");
}

TEST(RuleTest, ARefusedEventSaysWhich) {
  EXPECT_EQ(outcome({.events = "{at: 100s, begin: v2}, {at: 110s, adopt: v9}", .expect = "{never: Accept}"}), "");
}

TEST(RuleTest, TheJsonHasTheSame) {
  const std::vector<Report> reports{run_suite(suite_of(OneTest{.expect = "{by: 120s, decision: RollBack}"}.text()))};
  const Json json = json_of(reports);
  EXPECT_FALSE(json.flag("passed"));
  EXPECT_EQ(json.integer("failed"), 1);
  ASSERT_TRUE(json["results"].as_array() && json["results"].as_array()->size() == 1);
  const Json& result = json["results"].as_array()->front();
  EXPECT_EQ(result.text("name"), "a fifth fails");
  ASSERT_TRUE(result["failures"].as_array() && result["failures"].as_array()->size() == 1);
  const Json& failure = result["failures"].as_array()->front();
  EXPECT_EQ(failure.integer("line"), 9);
  EXPECT_EQ(failure.text("expected"), "RollBack by 2m");
  ASSERT_TRUE(failure["evidence"].as_array() && !failure["evidence"].as_array()->empty());
  EXPECT_EQ(failure["evidence"].as_array()->front().text("rule"), "error_rate");
}

} // namespace
} // namespace backstop::ruletest::test
