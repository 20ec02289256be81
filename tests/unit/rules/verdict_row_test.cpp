// What a row says of a reading, and when: bands, holes between them, timers, holes in the data, absence.
#include "tests/unit/rules/verdict_feed.hpp"

namespace backstop {
namespace {

using namespace feed;
using L = Level;

struct BandCase {
  double value;
  Level from_normal, from_alert, from_critical;
};

TEST(RowBands, EdgesAsWrittenAndHolesKeepTheLevelButNeverAboveAlert) {
  const std::vector<BandCase> cases{
      {0, L::normal, L::normal, L::normal},
      {0.0099999, L::normal, L::normal, L::normal},
      {0.01, L::normal, L::alert, L::alert},
      {0.015, L::normal, L::alert, L::alert},
      {0.0199999, L::normal, L::alert, L::alert},
      {0.02, L::alert, L::alert, L::alert},
      {0.0499999, L::alert, L::alert, L::alert},
      {0.05, L::alert, L::alert, L::alert},
      {0.0500001, L::critical, L::critical, L::critical},
      {1, L::critical, L::critical, L::critical},
  };
  for (const BandCase& c : cases) {
    const std::vector<std::pair<double, Level>> starts{
        {0, c.from_normal}, {0.03, c.from_alert}, {0.5, c.from_critical}};
    for (const auto& [first, want] : starts) {
      RowFeed judge{at_once(error_row())};
      judge(0, first);
      EXPECT_EQ(judge(1, c.value).reading_level, want) << c.value << " after " << first;
    }
  }
}

TEST(RowBands, AHoleAtTheStartIsNormal) { EXPECT_EQ(RowFeed{at_once(error_row())}(0, 0.015).level, L::normal); }

TEST(RowBands, AHoleIsLeftByTheNextReadingInABand) {
  RowFeed judge{at_once(error_row())};
  judge(0, 0.5);
  EXPECT_EQ(judge(1, 0.015).level, L::alert);
  EXPECT_EQ(judge(2, 0.015).level, L::alert) << "a hole does not wear off";
  EXPECT_EQ(judge(3, 0.005).level, L::normal);
  EXPECT_EQ(judge(4, 0.015).level, L::normal);
}

TEST(RowBands, LowerIsWorse) {
  const std::vector<std::pair<double, Level>> cases{{1, L::normal},   {0.9900001, L::normal},   {0.99, L::alert},
                                                    {0.95, L::alert}, {0.9499999, L::critical}, {0, L::critical}};
  for (const auto& [v, want] : cases) EXPECT_EQ(RowFeed{at_once(success_row())}(0, v).level, want) << v;
}

TEST(RowTimers, AtTheFirstEvaluationWithoutFor) {
  EXPECT_EQ(RowFeed{at_once(error_row())}(0, 0.06).level, L::critical);
}

TEST(RowTimers, CriticalAfterItsFor) {
  RowFeed judge{error_row()};
  judge(0, 0.06);
  EXPECT_EQ(judge.steady(0, 29, 0.06).level, L::normal);
  EXPECT_EQ(RowFeed(judge)(29.999999, 0.06).level, L::normal) << "limit - 1 us";
  EXPECT_EQ(RowFeed(judge)(30, 0.06).level, L::critical) << "limit";
  EXPECT_EQ(RowFeed(judge)(30.000001, 0.06).level, L::critical) << "limit + 1 us";
}

TEST(RowTimers, AlertAfterItsForAndCriticalReadingsCountForIt) {
  RowFeed judge{error_row()};
  judge(0, 0.06);
  judge.steady(0, 20, 0.06);
  EXPECT_EQ(judge.steady(20, 59, 0.03).level, L::normal);
  EXPECT_EQ(judge(60, 0.03).level, L::alert);
}

TEST(RowTimers, OneReadingBelowStartsTheTimerAnew) {
  RowFeed judge{error_row()};
  judge(0, 0.06);
  judge.steady(0, 20, 0.06);
  EXPECT_EQ(judge(21, 0.05).level, L::normal);
  EXPECT_EQ(judge.steady(21, 51, 0.06).level, L::normal) << "29 s since 22";
  EXPECT_EQ(judge(52, 0.06).level, L::critical);
}

TEST(RowTimers, HeldAndNeededAreTold) {
  RowFeed judge{error_row()};
  judge(0, 0.06);
  const Verdict v = judge.steady(0, 12, 0.062);
  EXPECT_EQ(v.held, sec(12));
  EXPECT_EQ(v.needed, sec(30));
  EXPECT_EQ(v.why, "6.2% (critical is > 5%) for 12s of 30s");
}

TEST(RowTimers, WhatFiredEndsWithItsCondition) {
  RowFeed judge{at_once(error_row())};
  judge(0, 0.06);
  EXPECT_EQ(judge(1, 0.05).level, L::alert);
  EXPECT_EQ(judge(2, 0.005).level, L::normal);
}

TEST(RowTimers, FromCriticalThroughAlertWithoutAPassInBetween) {
  RowFeed judge{error_row()};
  judge(0, 0.06);
  ASSERT_EQ(judge.steady(0, 30, 0.06).level, L::critical);
  EXPECT_EQ(judge(31, 0.03).level, L::alert) << "the alert's own 60 s are not over; it is no recovery all the same";
}

TEST(RowTimers, KeepFiringFor) {
  Row row = at_once(error_row());
  row.timing.keep_firing_for = sec(10);
  RowFeed judge{row};
  judge(0, 0.06);
  judge.steady(0, 5, 0.06);
  EXPECT_EQ(judge.steady(5, 14, 0.001).level, L::critical);
  EXPECT_EQ(RowFeed(judge)(14.999999, 0.001).level, L::critical) << "limit - 1 us";
  EXPECT_EQ(RowFeed(judge)(15, 0.001).level, L::normal) << "limit";
  EXPECT_EQ(RowFeed(judge)(15.000001, 0.001).level, L::normal) << "limit + 1 us";
}

TEST(RowTimers, KeepFiringForKeepsNothingThatNeverFired) {
  Row row = error_row();
  row.timing.keep_firing_for = sec(60);
  RowFeed judge{row};
  judge(0, 0.06);
  judge.steady(0, 20, 0.06);
  EXPECT_EQ(judge.steady(20, 40, 0.001).level, L::normal);
}

TEST(RowTimers, MOfN) {
  Row row = at_once(error_row());
  row.timing.m = 3;
  row.timing.n = 5;
  RowFeed judge{row};
  const std::vector<std::pair<double, Level>> story{{0.06, L::normal},   {0.001, L::normal},  {0.06, L::normal},
                                                    {0.001, L::normal},  // 2 of 4
                                                    {0.06, L::critical}, // 3 of 5
                                                    {0.001, L::normal},  // 2 of the last 5
                                                    {0.06, L::critical}, {0.06, L::critical}, {0.001, L::critical}};
  double t = 0;
  for (const auto& [v, want] : story) EXPECT_EQ(judge(t++, v).level, want) << "evaluation " << t;
}

TEST(RowTimers, MOfNBesidesFor) {
  Row row = error_row();
  row.timing.m = 2;
  row.timing.n = 3;
  RowFeed judge{row};
  judge(0, 0.06);
  for (double t = 1; t <= 30; ++t) {
    EXPECT_EQ(judge(t, static_cast<int>(t) % 3 == 2 ? 0.001 : 0.06).level, L::normal) << t;
  }
  EXPECT_EQ(judge(31, 0.06).level, L::critical) << "2 of 3 has held since 1 s";
}

TEST(RowTimers, NotArmedShowsTheReadingAndRunsNoTimer) {
  RowFeed judge{error_row()};
  judge.armed = false;
  judge(0, 0.06);
  const Verdict v = judge.steady(0, 100, 0.06);
  EXPECT_EQ(v.level, L::normal);
  EXPECT_EQ(v.reading_level, L::critical);
  judge.armed = true;
  EXPECT_EQ(judge(101, 0.06).level, L::normal);
  EXPECT_EQ(judge.steady(101, 130, 0.06).level, L::normal);
  EXPECT_EQ(judge(131, 0.06).level, L::critical) << "30 s since it is armed";
}

TEST(RowHoles, NoNewerDataNeitherAdvancesNorResets) {
  RowFeed judge{error_row()};
  judge(0, 0.06);
  judge.steady(0, 29, 0.06);
  Reading old = value(29, 0.06);
  old.t = at(45);
  EXPECT_EQ(judge(old).level, L::normal) << "time alone is no evidence";
  EXPECT_EQ(judge(old).held, sec(29));
}

TEST(RowHoles, TwoIntervalsCountWholeLongerOnesAsOneInterval) {
  struct Case {
    double hole;     ///< between two readings, interval 1 s
    double critical; ///< at that second after the second reading, for 30 s
  };
  for (const Case& c : {Case{1, 29}, Case{2, 28}, Case{2.000001, 29}, Case{10, 29}, Case{30, 29}}) {
    RowFeed judge{error_row()};
    judge(0, 0.06);
    judge(c.hole, 0.06);
    RowFeed before = judge;
    for (double t = 1; t < c.critical; ++t) {
      EXPECT_EQ(judge(c.hole + t, 0.06).level, L::normal) << c.hole << " + " << t;
      before = judge;
    }
    EXPECT_EQ(before(c.hole + c.critical - 0.000001, 0.06).level, L::normal) << c.hole;
    EXPECT_EQ(judge(c.hole + c.critical, 0.06).level, L::critical) << c.hole;
  }
}

TEST(RowHoles, LongerThanMaxGapTheTimersStartAnew) {
  RowFeed judge{error_row()}; // max_gap 30 s
  judge(0, 0.06);
  judge.steady(0, 20, 0.06);
  RowFeed at_the_limit = judge;
  at_the_limit(50, 0.06);
  EXPECT_EQ(at_the_limit.state.critical_since, at(29)) << "exactly max_gap is a hole: one interval is counted";
  judge(50.000001, 0.06);
  EXPECT_EQ(judge.state.critical_since, at(50.000001));
}

TEST(RowHoles, WhatFiredBeforeAGapIsNotClearedByTheGap) {
  RowFeed judge{error_row()};
  judge(0, 0.06);
  ASSERT_EQ(judge.steady(0, 30, 0.06).level, L::critical);
  EXPECT_EQ(judge(absent(100, Health::gap)).level, L::critical);
  EXPECT_EQ(judge(101, 0.06).level, L::critical) << "the first reading after it says critical still: nothing recovered";
  EXPECT_EQ(judge(102, 0.001).level, L::normal);
}

TEST(RowHoles, MOfNAfterAGapKeepsWhatFiredUntilItIsKnownToBeOver) {
  Row row = at_once(error_row());
  row.timing.m = 2;
  row.timing.n = 3;
  RowFeed judge{row};
  judge(0, 0.06);
  ASSERT_EQ(judge(1, 0.06).level, L::critical);
  judge(absent(100, Health::gap));
  EXPECT_EQ(judge(101, 0.06).level, L::critical) << "1 of 1: may still become 2 of 3";
  EXPECT_EQ(judge(102, 0.001).level, L::critical) << "1 of 2 likewise";
  EXPECT_EQ(judge(103, 0.001).level, L::normal) << "1 of 3";
}

TEST(RowAbsence, KeepsTheLevelWhateverItIs) {
  for (const Health health : {Health::no_data, Health::insufficient, Health::gap, Health::error}) {
    for (const auto& [v, level] : {std::pair{0.001, L::normal}, {0.03, L::alert}, {0.5, L::critical}}) {
      RowFeed judge{at_once(error_row())};
      judge(0, v);
      for (double t = 1; t <= 100; ++t) {
        const Verdict verdict = judge(absent(t, health));
        EXPECT_EQ(verdict.level, level) << name_of(health) << " " << t;
        EXPECT_EQ(verdict.health, health);
        EXPECT_EQ(verdict.why, std::string(name_of(health)) + ": connection refused");
      }
    }
  }
}

TEST(RowAbsence, FailedScrapesNeitherAdvanceNorResetUpToMaxGap) {
  RowFeed judge{error_row()};
  judge(0, 0.06);
  judge.steady(0, 20, 0.06);
  for (double t = 21; t <= 25; ++t) judge(absent(t, Health::error));
  EXPECT_EQ(judge(26, 0.06).held, sec(21)) << "the hole counts for one interval";
  EXPECT_EQ(judge.steady(26, 34, 0.06).level, L::normal);
  EXPECT_EQ(judge(35, 0.06).level, L::critical);
}

TEST(RowAbsence, AUsableReadingThatIsOldBecomesAGap) {
  RowFeed judge{error_row()};
  judge(0, 0.06);
  Reading old = value(0, 0.06);
  old.t = at(30);
  EXPECT_EQ(judge(old).health, Health::ok) << "exactly max_gap";
  old.t = at(30.000001);
  EXPECT_EQ(judge(old).health, Health::gap);
}

struct PolicyCase {
  Health health;
  OnAbsence AbsencePolicy::*member;
};
class RowPolicy : public testing::TestWithParam<PolicyCase> {};

TEST_P(RowPolicy, OnlyIfWrittenAndOnlyForItsOwnKind) {
  for (const auto& [what, level] : {std::pair{OnAbsence::alert, L::alert}, {OnAbsence::critical, L::critical}}) {
    for (const Health health : {Health::no_data, Health::insufficient, Health::gap, Health::error}) {
      Row row = at_once(error_row());
      row.absence.*GetParam().member = what;
      RowFeed judge{row};
      judge(0, 0.001);
      EXPECT_EQ(judge(absent(1, health)).level, health == GetParam().health ? level : L::normal) << name_of(health);
    }
  }
}

TEST_P(RowPolicy, AbsenceMustLastForItsForAsAReadingMust) {
  Row row = error_row();
  row.absence.*GetParam().member = OnAbsence::critical;
  RowFeed judge{row};
  judge(0, 0.001);
  EXPECT_EQ(judge(absent(1, GetParam().health)).level, L::normal);
  RowFeed other = judge;
  EXPECT_EQ(judge(absent(30.999999, GetParam().health)).level, L::normal) << "limit - 1 us";
  EXPECT_EQ(RowFeed(judge)(absent(31, GetParam().health)).level, L::critical) << "limit";
  judge(31, 0.001);
  EXPECT_EQ(judge(absent(32, GetParam().health)).level, L::normal) << "one reading between: from the start";
  other.armed = false;
  EXPECT_EQ(other(absent(40, GetParam().health)).level, L::normal) << "not while it warms up";
  other.armed = true;
  EXPECT_EQ(other(absent(41, GetParam().health)).level, L::normal) << "nor does the warm-up count";
  EXPECT_EQ(other(absent(71, GetParam().health)).level, L::critical);
}

TEST_P(RowPolicy, LowersNothing) {
  Row row = at_once(error_row());
  row.absence.*GetParam().member = OnAbsence::alert;
  RowFeed judge{row};
  judge(0, 0.5);
  EXPECT_EQ(judge(absent(1, GetParam().health)).level, L::critical);
}

TEST_P(RowPolicy, IsOverWithTheFirstReading) {
  Row row = at_once(error_row());
  row.absence.*GetParam().member = OnAbsence::critical;
  RowFeed judge{row};
  judge(0, 0.001);
  ASSERT_EQ(judge(absent(1, GetParam().health)).level, L::critical);
  EXPECT_EQ(judge(2, 0.001).level, L::normal);
}

INSTANTIATE_TEST_SUITE_P(All, RowPolicy,
                         testing::Values(PolicyCase{Health::no_data, &AbsencePolicy::no_data},
                                         PolicyCase{Health::error, &AbsencePolicy::error},
                                         PolicyCase{Health::insufficient, &AbsencePolicy::insufficient},
                                         PolicyCase{Health::gap, &AbsencePolicy::gap}),
                         [](const auto& c) { return std::string(name_of(c.param.health)); });

} // namespace
} // namespace backstop
