#include "daemon/replay/decision_log.hpp"
#include <gtest/gtest.h>

namespace backstop::replay {
namespace {

Record at_us(std::int64_t us) {
  Record record;
  record.time = time_from_us(us);
  return record;
}

Evidence some_evidence() {
  Evidence e;
  e.rule = "error_rate";
  e.indicator = "errors";
  e.level = "critical";
  e.value = 0.1;
  e.threshold = 0.05;
  e.scrapes = 7;
  e.window = seconds_f(30);
  e.why = "10% (critical is > 5%)";
  return e;
}

TEST(DecisionLog, ALevel) {
  DecisionLog log;
  EXPECT_EQ(log.line_of(at_us(1767225900'000000),
                        LevelChanged{"shop/production", "D1", "alert", "critical", some_evidence()}),
            R"({"schema":1,"t":1767225900,"kind":"level","service":"shop/production","rule":"error_rate",)"
            R"("indicator":"errors","level":"critical","value":0.1,"threshold":0.05,"baseline":null,"evidence":null,)"
            R"x("window_s":30,"samples":7,"decision":null,"why":"10% (critical is > 5%)"})x"
            "\n");
}

TEST(DecisionLog, TheTimeIsThatOfTheSamplesWhereTheRecordTellsIt) {
  DecisionLog log;
  const auto begins = [&](const Payload& payload) { return log.line_of(at_us(5'003000), payload).substr(0, 18); };
  EXPECT_EQ(begins(LevelChanged{"shop/production", "D1", "normal", "alert", some_evidence(), time_from_us(5'000000)}),
            R"({"schema":1,"t":5,)");
  DecisionMade made;
  EXPECT_EQ(begins(made), R"({"schema":1,"t":5.)");
  made.judged = time_from_us(4'000000);
  EXPECT_EQ(begins(made), R"({"schema":1,"t":4,)");
  DeploymentEnded ended{"D7", "succeeded", "so"};
  EXPECT_EQ(begins(ended), R"({"schema":1,"t":5.)");
  ended.judged = time_from_us(3'000000);
  EXPECT_EQ(begins(ended), R"({"schema":1,"t":3,)");
}

TEST(DecisionLog, AnAbsentValueIsNullAndTimesHaveNoMoreDigitsThanTheyNeed) {
  Evidence e = some_evidence();
  e.value = e.threshold = std::nullopt;
  e.baseline = 1.0 / 3;
  e.window = Duration{};
  e.why = "no data: \"x\"";
  DecisionLog log;
  EXPECT_EQ(log.line_of(at_us(1767000000'050000), LevelChanged{"shop/production", "", "normal", "alert", e}),
            R"({"schema":1,"t":1767000000.05,"kind":"level","service":"shop/production","rule":"error_rate",)"
            R"("indicator":"errors","level":"critical","value":null,"threshold":null,"baseline":0.3333333333333333,)"
            R"("evidence":null,"window_s":null,"samples":7,"decision":null,"why":"no data: \"x\""})"
            "\n");
}

TEST(DecisionLog, ARollBackIsOfTheFirstRuleThatDecided) {
  DecisionMade made;
  made.service = "shop/production";
  made.decision = "RollBack";
  made.status = "held";
  made.why = "error_rate 10%; cpu 99%";
  made.rules = {"error_rate", "cpu"};
  Evidence other = some_evidence();
  other.rule = "cpu";
  made.evidence = {other, some_evidence()};
  DecisionLog log;
  EXPECT_EQ(log.line_of(at_us(5'000000), made),
            R"({"schema":1,"t":5,"kind":"decision","service":"shop/production","rule":"error_rate",)"
            R"("indicator":"errors","level":"critical","value":0.1,"threshold":0.05,"baseline":null,"evidence":null,)"
            R"("window_s":30,"samples":7,"decision":"RollBack","why":"error_rate 10%; cpu 99%"})"
            "\n");
}

TEST(DecisionLog, ARollBackThatNoMetricDecidedHasARuleAndNoMore) {
  DecisionMade made;
  made.service = "shop/production";
  made.decision = "RollBack";
  made.why = "signal data-corruption: orders doubled";
  made.rules = {"signal:data-corruption"};
  made.evidence = {some_evidence()};
  DecisionLog log;
  EXPECT_EQ(log.line_of(at_us(5'000000), made),
            R"({"schema":1,"t":5,"kind":"decision","service":"shop/production","rule":"signal:data-corruption",)"
            R"("indicator":null,"level":null,"value":null,"threshold":null,"baseline":null,"evidence":null,)"
            R"("window_s":null,"samples":null,"decision":"RollBack","why":"signal data-corruption: orders doubled"})"
            "\n");
}

TEST(DecisionLog, TheEndOfAWatchIsADecisionAndOtherEndsAreNone) {
  DecisionLog log;
  DeploymentRequested requested;
  requested.id = "D7";
  requested.service = "shop/production";
  EXPECT_EQ(log.line_of(at_us(1), requested), "");
  const auto line = [&](const char* outcome) {
    return log.line_of(at_us(5'000000), DeploymentEnded{"D7", outcome, "so"});
  };
  const auto wanted = [](const std::string& decision) {
    return R"({"schema":1,"t":5,"kind":"decision","service":"shop/production","rule":null,"indicator":null,"level":null,)"
           R"("value":null,"threshold":null,"baseline":null,"evidence":null,"window_s":null,"samples":null,"decision":")" +
           decision + R"(","why":"so"})" + "\n";
  };
  EXPECT_EQ(line("succeeded"), wanted("Accept"));
  EXPECT_EQ(line("undecided"), wanted("Undecided"));
  for (const char* other : {"aborted", "superseded", "rolled_back_verified", "rollback_failed"})
    EXPECT_EQ(line(other), "");
}

} // namespace
} // namespace backstop::replay
