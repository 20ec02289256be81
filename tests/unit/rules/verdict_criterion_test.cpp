// Criteria: AND of conditions, factors of a baseline, what was so before the deployment; and the folding of all verdicts.
#include "tests/unit/rules/verdict_feed.hpp"
#include <algorithm>

namespace backstop {
namespace {

using namespace feed;
using L = Level;

Condition limit_of(Limit limit) { return {0, Unit::seconds, limit, {}}; }
Condition factor_of(double factor) { return {0, Unit::seconds, {}, above(factor)}; }

TEST(CriterionLimits, TheEdgeIsNotCritical) {
  for (const auto& [v, want] : {std::pair{0.4999999, L::normal}, {0.5, L::normal}, {0.5000001, L::critical}}) {
    EXPECT_EQ((CriterionFeed{criterion_of({limit_of(above(0.5))})}(0, v).level), want) << v;
  }
}

TEST(CriterionLimits, FirstEvaluationOrAfterItsFor) {
  CriterionFeed judge{criterion_of({limit_of(above(0.5))}, 15)};
  judge(0, 0.6);
  for (double t = 1; t < 15; ++t) EXPECT_EQ(judge(t, 0.6).level, L::normal);
  EXPECT_EQ(CriterionFeed(judge)(14.999999, 0.6).level, L::normal);
  EXPECT_EQ(judge(15, 0.6).level, L::critical);
}

TEST(CriterionLimits, AllConditionsMustHold) {
  const std::vector<std::vector<double>> both{{0.6, 0.9}, {0.6, 0.1}, {0.1, 0.9}, {0.1, 0.1}};
  for (const auto& v : both) {
    CriterionFeed judge{criterion_of({limit_of(above(0.5)), limit_of(above(0.8))})};
    const Level want = v == both.front() ? L::critical : L::normal;
    EXPECT_EQ(judge({value(0, v[0]), value(0, v[1])}).level, want) << v[0] << " " << v[1];
  }
}

TEST(CriterionLimits, LowerIsWorse) {
  EXPECT_EQ((CriterionFeed{criterion_of({limit_of(below(0.95))})}(0, 0.95).level), L::normal);
  EXPECT_EQ((CriterionFeed{criterion_of({limit_of(below(0.95))})}(0, 0.94).level), L::critical);
}

TEST(CriterionLimits, OneAbsentConditionStopsTheTimerAndClearsNothing) {
  CriterionFeed judge{criterion_of({limit_of(above(0.5)), limit_of(above(0.8))}, 10)};
  for (double t = 0; t <= 5; ++t) judge({value(t, 0.6), value(t, 0.9)});
  const Verdict v = judge({value(6, 0.6), absent(6, Health::error)});
  EXPECT_EQ(v.health, Health::error);
  EXPECT_EQ(v.level, L::normal);
  EXPECT_EQ(judge({value(7, 0.6), value(7, 0.9)}).held, sec(7)) << "up to two intervals count whole";
  for (double t = 8; t <= 10; ++t) judge({value(t, 0.6), value(t, 0.9)});
  ASSERT_EQ(judge.state.level, L::critical);
  EXPECT_EQ(judge({absent(11, Health::no_data), value(11, 0.1)}).level, L::critical);
}

TEST(CriterionBaseline, AFactorOfIt) {
  for (const auto& [v, want] : {std::pair{0.3999999, L::normal}, {0.4, L::normal}, {0.4000001, L::critical}}) {
    CriterionFeed judge{criterion_of({factor_of(2)}), {usable(0.2)}};
    const Verdict verdict = judge(0, v);
    EXPECT_EQ(verdict.level, want) << v;
    EXPECT_EQ(verdict.limit, "> 2x baseline (400ms)");
    EXPECT_EQ(verdict.threshold, 0.4);
    EXPECT_EQ(verdict.baseline, 0.2);
  }
}

TEST(CriterionBaseline, LimitAndFactorMustBothHold) {
  const Condition both{0, Unit::ratio, above(0.05), above(3)};
  struct Case {
    double baseline, value;
    Level want;
  };
  for (const Case& c : {Case{0.005, 0.06, L::critical}, Case{0.03, 0.06, L::normal}, Case{0.005, 0.04, L::normal}}) {
    CriterionFeed judge{criterion_of({both}), {usable(c.baseline)}};
    EXPECT_EQ(judge(0, c.value).level, c.want) << c.baseline << " " << c.value;
  }
}

TEST(CriterionBaseline, AloneAndNotUsableIsNeverCriticalAndSaysSo) {
  for (const char* why : {"zero", "12 readings, 60 wanted", "nothing measured"}) {
    CriterionFeed judge{criterion_of({factor_of(2)}), {unusable(why)}};
    const Verdict v = judge(0, 1000);
    EXPECT_EQ(v.level, L::normal);
    EXPECT_EQ(v.health, Health::ok);
    EXPECT_EQ(v.why, std::string("not judged: its baseline is not usable (") + why + ")");
  }
  CriterionFeed judge{criterion_of({factor_of(2)})};
  EXPECT_EQ(judge(0, 1000).why, "not judged: there is no baseline without a deployment");
}

TEST(CriterionBaseline, NotUsableLeavesTheAbsoluteLimitAndSaysSo) {
  CriterionFeed judge{criterion_of({{0, Unit::ratio, above(0.05), above(3)}}), {unusable("zero")}};
  const Verdict v = judge(0, 0.06);
  EXPECT_EQ(v.level, L::critical);
  EXPECT_EQ(v.limit, "> 5%");
  EXPECT_NE(v.why.find("its baseline is not usable (zero)"), std::string::npos) << v.why;
  EXPECT_EQ(judge(1, 0.05).level, L::normal);
}

TEST(CriterionBaseline, AConditionWithoutAUsableBaselineIsLeftOutOfTheAnd) {
  CriterionFeed judge{criterion_of({factor_of(2), limit_of(above(0.5))}), {unusable("zero"), usable(0.1)}};
  EXPECT_EQ(judge({value(0, 1), value(0, 0.6)}).level, L::critical);
  EXPECT_EQ(judge({value(1, 1), value(1, 0.4)}).level, L::normal);
}

TEST(CriterionBaseline, ABecomingUnusableDoesNotDivide) {
  CriterionFeed judge{criterion_of({factor_of(2)}), {unusable("zero")}};
  const Verdict v = judge(0, 0);
  EXPECT_EQ(v.threshold, 0);
  EXPECT_FALSE(v.baseline.has_value());
}

// A condition that held before the deployment. Watch::excuse_preexisting() sets value_at_begin.
TEST(Preexisting, ARowIsExcusedUntilItIsWorseByItsFactor) {
  for (const auto& [v, want] : {std::pair{0.1, L::alert}, {0.15, L::alert}, {0.1500001, L::critical}}) {
    RowFeed judge{at_once(error_row())};
    judge.state.value_at_begin = 0.1;
    const Verdict verdict = judge(0, v);
    EXPECT_EQ(verdict.level, want) << v;
    EXPECT_EQ(verdict.preexisting, want != L::critical) << v;
  }
}

TEST(Preexisting, WorseMustLastForItsFor) {
  RowFeed judge{error_row()};
  judge.state.value_at_begin = 0.1;
  judge(0, 0.1);
  judge.steady(0, 100, 0.1);
  judge(101, 0.2);
  EXPECT_EQ(judge.steady(101, 130, 0.2).level, L::alert);
  EXPECT_EQ(judge(131, 0.2).level, L::critical);
}

TEST(Preexisting, ALowerIsWorseRowIsWorseBelow) {
  for (const auto& [v, want] : {std::pair{0.9, L::alert}, {0.6, L::alert}, {0.5999999, L::critical}}) {
    RowFeed judge{at_once(success_row())};
    judge.state.value_at_begin = 0.9;
    EXPECT_EQ(judge(0, v).level, want) << v;
  }
}

TEST(Preexisting, OnceRecoveredTheExcuseIsGone) {
  RowFeed judge{at_once(error_row())};
  judge.state.value_at_begin = 0.1;
  judge(0, 0.1);
  EXPECT_EQ(judge(1, 0.03).level, L::alert);
  EXPECT_EQ(judge(2, 0.1).level, L::alert) << "the alert band is no recovery";
  judge(3, 0.001);
  EXPECT_FALSE(judge.state.value_at_begin.has_value());
  const Verdict v = judge(4, 0.1);
  EXPECT_EQ(v.level, L::critical);
  EXPECT_FALSE(v.preexisting);
}

TEST(Preexisting, ARestartOfTheServiceWhileDeployingIsNoRecovery) {
  RowFeed judge{at_once(error_row())};
  judge.state.value_at_begin = 0.1;
  judge.armed = false;
  judge(0, 0);
  judge.armed = true;
  EXPECT_EQ(judge(1, 0.1).level, L::alert);
}

TEST(Preexisting, AbsenceIsNoRecovery) {
  RowFeed judge{at_once(error_row())};
  judge.state.value_at_begin = 0.1;
  judge(0, 0.1);
  judge(absent(1, Health::no_data));
  EXPECT_EQ(judge(2, 0.1).level, L::alert);
}

TEST(Preexisting, ACriterionStaysNormalWhileExcused) {
  CriterionFeed judge{criterion_of({limit_of(above(0.5))})};
  judge.state.value_at_begin = 1;
  const Verdict v = judge(0, 1);
  EXPECT_EQ(v.level, L::normal);
  EXPECT_TRUE(v.preexisting);
  EXPECT_NE(v.why.find("it held before the deployment"), std::string::npos) << v.why;
  EXPECT_EQ(judge(1, 1.5).level, L::normal);
  EXPECT_EQ(judge(2, 1.5000001).level, L::critical);
}

TEST(Folding, TheWorstInWhateverOrder) {
  std::vector<Verdict> verdicts(3);
  EXPECT_EQ(fold_level({}), L::normal);
  EXPECT_EQ(fold_level(verdicts), L::normal);
  verdicts[0].level = L::critical;
  verdicts[1].level = L::alert;
  std::vector<int> order{0, 1, 2};
  do {
    std::vector<Verdict> shuffled;
    for (const int i : order) shuffled.push_back(verdicts[static_cast<std::size_t>(i)]);
    EXPECT_EQ(fold_level(shuffled), L::critical);
  } while (std::next_permutation(order.begin(), order.end()));
  verdicts[0].level = L::normal;
  EXPECT_EQ(fold_level(verdicts), L::alert);
  verdicts[2].level = L::critical;
  verdicts[2].mode = Mode::observe;
  EXPECT_EQ(fold_level(verdicts), L::critical) << "shown, whether it may act or not";
}

} // namespace
} // namespace backstop
