#include "tests/unit/ruletest/suite_text.hpp"
#include <gtest/gtest.h>

namespace backstop::ruletest::test {
namespace {

constexpr const char* kPassed = "1 test, all passed\n";

std::string outcome(const OneTest& test, const ShopConfig& config = {}) { return outcome_of(test.text(), config); }

TEST(RuleTest, ALevel) {
  EXPECT_EQ(outcome({.expect = "{at: 119s, level: {error_rate: normal}}"}), kPassed);
  EXPECT_EQ(outcome({.expect = "{by: 130s, level: {error_rate: critical}}"}), kPassed);
  EXPECT_EQ(outcome({.expect = "{at: 119s, level: {error_rate: alert}}"}),
            "t/shop_test.yaml:9:9: a fifth fails\n"
            "  expected: error_rate alert at 119s\n"
            "  got:      normal: 0% (normal is < 1%)\n"
            "  evidence: error_rate: value 0%, threshold 2% - 5%, baseline none; held for 0s of 2s; 500 requests, 5 "
            "scrapes in 5s\n"
            "1 test, 1 failed\n");
  EXPECT_EQ(outcome({.expect = "{by: 119s, level: {error_rate: critical}}"}),
            "t/shop_test.yaml:9:9: a fifth fails\n"
            "  expected: error_rate critical by 119s\n"
            "  got:      normal: 0% (normal is < 1%)\n"
            "  evidence: error_rate: value 0%, threshold 2% - 5%, baseline none; held for 0s of 2s; 500 requests, 5 "
            "scrapes in 5s\n"
            "1 test, 1 failed\n");
}

TEST(RuleTest, ALevelAfterTheRollbackIsNone) {
  EXPECT_EQ(outcome({.expect = "{at: 150s, level: {error_rate: critical}}"}),
            "t/shop_test.yaml:9:9: a fifth fails\n"
            "  expected: error_rate critical at 2m30s\n"
            "  got:      nothing was judged then: a rollback had begun at 2m4s\n"
            "1 test, 1 failed\n");
}

TEST(RuleTest, ADecision) {
  EXPECT_EQ(outcome({.expect = "{by: 130s, decision: RollBack, rules: [error_rate]}"}), kPassed);
  EXPECT_EQ(outcome({.expect = "{at: 150s, decision: RollBack}"}), kPassed) << "it stays";
  EXPECT_EQ(outcome({.expect = "{at: 101s, decision: KeepWatching}"}), kPassed);
  EXPECT_EQ(outcome({.expect = "{by: 120s, decision: RollBack}"}),
            "t/shop_test.yaml:9:9: a fifth fails\n"
            "  expected: RollBack by 2m\n"
            "  got:      KeepWatching since 100s: v2 was begun\n"
            "  evidence: error_rate: value 4%, threshold 2% - 5%, baseline none; held for 0s of 2s; 500 requests, 5 "
            "scrapes in 5s\n"
            "1 test, 1 failed\n");
  EXPECT_EQ(outcome({.expect = "{at: 150s, decision: KeepWatching}"}),
            "t/shop_test.yaml:9:9: a fifth fails\n"
            "  expected: KeepWatching at 2m30s\n"
            "  got:      RollBack at 2m4s by error_rate: error_rate 20% (critical is > 5%) for 3s\n"
            "  evidence: error_rate: value 20%, threshold > 5%, baseline none; held for 3s of 3s; 500 requests, 5 "
            "scrapes in 5s\n"
            "1 test, 1 failed\n");
  EXPECT_EQ(outcome({.expect = "{by: 150s, decision: RollBack, status: held}"}),
            "t/shop_test.yaml:9:9: a fifth fails\n"
            "  expected: RollBack (held) by 2m30s\n"
            "  got:      RollBack at 2m4s by error_rate: error_rate 20% (critical is > 5%) for 3s\n"
            "  evidence: error_rate: value 20%, threshold > 5%, baseline none; held for 3s of 3s; 500 requests, 5 "
            "scrapes in 5s\n"
            "1 test, 1 failed\n");
  EXPECT_EQ(outcome({.expect = "{at: 90s, decision: KeepWatching}\n      - {never: Accept}"}),
            "t/shop_test.yaml:9:9: a fifth fails\n"
            "  expected: KeepWatching at 90s\n"
            "  got:      nothing was decided yet; only later KeepWatching since 100s: v2 was begun\n"
            "  evidence: error_rate: value 0%, threshold 2% - 5%, baseline none; held for 0s of 2s; 500 requests, 5 "
            "scrapes in 5s\n"
            "1 test, 1 failed\n");
}

TEST(RuleTest, Never) {
  EXPECT_EQ(outcome({.failed = "0x159", .expect = "{never: RollBack}"}), kPassed);
  EXPECT_EQ(outcome({.expect = "{never: RollBack}"}),
            "t/shop_test.yaml:9:9: a fifth fails\n"
            "  expected: never RollBack\n"
            "  got:      RollBack at 2m4s by error_rate: error_rate 20% (critical is > 5%) for 3s\n"
            "  evidence: error_rate: value 20%, threshold > 5%, baseline none; held for 3s of 3s; 500 requests, 5 "
            "scrapes in 5s\n"
            "1 test, 1 failed\n");
}

TEST(RuleTest, TheEndOfAWatch) {
  const OneTest good{.ok = "0+100x300", .failed = "0x300", .expect = "{by: 170s, decision: Accept}"};
  EXPECT_EQ(outcome(good), kPassed);
  const OneTest blind{.ok = "0+100x130 stale", .failed = "0x130 stale", .expect = "{by: 170s, decision: Undecided}"};
  EXPECT_EQ(outcome(blind), kPassed);
}

TEST(RuleTest, ANotice) {
  EXPECT_EQ(outcome({.expect = "{by: 130s, notice: rolling back v2}"}), kPassed);
  EXPECT_EQ(outcome({.expect = "{by: 130s, notice: kept}"}),
            "t/shop_test.yaml:9:9: a fifth fails\n"
            "  expected: a notice with \"kept\" by 2m10s\n"
            "  got:      \"shop/production: rolling back v2 to previous because error_rate 20% (critical is > 5%) for "
            "3s\" at 2m4s\n"
            "1 test, 1 failed\n");
  EXPECT_EQ(outcome({.expect = "{by: 110s, notice: rolling back}"}),
            "t/shop_test.yaml:9:9: a fifth fails\n"
            "  expected: a notice with \"rolling back\" by 110s\n"
            "  got:      no notice at all\n"
            "1 test, 1 failed\n");
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
  EXPECT_EQ(
      outcome(absent),
      "t/shop_test.yaml:9:9: a fifth fails\n"
      "  expected: error_rate alert at 2m30s\n"
      "  got:      normal: gap: no data for 31s (stale after 5s)\n"
      "  evidence: error_rate: value none, threshold 2% - 5%, baseline none; held for 0s of 2s; 0 scrapes; health gap\n"
      "1 test, 1 failed\n");
  EXPECT_EQ(outcome(failed), "t/shop_test.yaml:9:9: a fifth fails\n"
                             "  expected: error_rate alert at 2m30s\n"
                             "  got:      normal: error: failed in the test\n"
                             "  evidence: error_rate: value none, threshold 2% - 5%, baseline none; held for 0s of 2s; "
                             "0 scrapes; health error\n"
                             "1 test, 1 failed\n");
}

TEST(RuleTest, ARefusedEventSaysWhich) {
  EXPECT_EQ(outcome({.events = "{at: 100s, begin: v2}, {at: 110s, adopt: v9}", .expect = "{never: Accept}"}),
            "t/shop_test.yaml:7:37: a fifth fails: at 110s: adopt of v9: D1 is under way (adopt is for a version that "
            "runs without a deployment; use `backstopctl accept` for this one)\n"
            "1 test, 1 failed\n");
  EXPECT_EQ(outcome({.events = "{at: 100s, begin: v2}, {at: 110s, signal: sabotage}", .expect = "{never: Accept}"}),
            "t/shop_test.yaml:7:37: a fifth fails: at 110s: signal 'sabotage': is not known (use "
            "critical-functionality, data-corruption, security-incident, compliance-violation or user-report)\n"
            "1 test, 1 failed\n");
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
