// The Watch: scrapes in, verdicts out; clean starts, frozen baselines, excuses, and what a restart keeps.
#include "rules/watch.hpp"
#include "tests/unit/rules/verdict_feed.hpp"

namespace backstop {
namespace {

using namespace feed;
using L = Level;

/// An error rate over 5 s and a gauge; the row of the standard table with `for` of 3 s, and a criterion of 2 x baseline.
WatchSpec spec_of() {
  WatchSpec spec;
  spec.indicators = {{"error_rate", Unit::ratio, RatioSpec{0, kErrors, kTotal, sec(5), 10}, sec(30), {}},
                     {"queue", Unit::count, GaugeSpec{0, kGauge, {}}, sec(30), {}}};
  spec.intervals = {sec(1), sec(1)};
  Row row = error_row();
  row.timing.for_alert = row.timing.for_critical = sec(3);
  spec.table.rows = {row};
  Criterion criterion = criterion_of({{1, Unit::count, {}, above(2)}}, 3);
  criterion.name = "queue grows";
  spec.table.criteria = {criterion};
  spec.baseline = {sec(60), 5};
  return spec;
}

struct Fed {
  Watch watch{spec_of()};
  double errors_so_far = 0, requests = 1000, queue = 10;
  double t = 0;
  bool armed = true, learn = false;
  Evaluation last;

  /// `n` seconds with this share of errors.
  Evaluation& run(int n, double share) {
    for (int i = 0; i < n; ++i) {
      t += 1;
      requests += 100;
      errors_so_far += 100 * share;
      watch.observe(scrape(t, 0, {errors({{0, errors_so_far}}), total({{1, requests}}), gauge({{2, queue}})}));
      last = watch.evaluate(at(t), armed, learn);
    }
    return last;
  }
  [[nodiscard]] const Verdict& row() const { return last.verdicts[0]; }
  [[nodiscard]] const Verdict& criterion() const { return last.verdicts[1]; }
};

TEST(Watch, RowsComeFirstThenCriteriaAndTheWorstCounts) {
  Fed f;
  f.run(10, 0);
  ASSERT_EQ(f.last.verdicts.size(), 2U);
  EXPECT_EQ(f.row().rule, "error_rate");
  EXPECT_EQ(f.criterion().rule, "queue grows");
  EXPECT_EQ(f.last.level, L::normal);
  f.run(10, 0.5);
  EXPECT_EQ(f.row().level, L::critical);
  EXPECT_EQ(f.last.level, L::critical);
}

TEST(Watch, BeforeTheFirstScrapeNothingIsKnown) {
  Fed f;
  const Evaluation e = f.watch.evaluate(at(0), true, true);
  for (const Verdict& v : e.verdicts) {
    EXPECT_EQ(v.health, Health::no_data);
    EXPECT_EQ(v.level, L::normal);
  }
}

TEST(Watch, TheSameScrapesGiveTheSameVerdicts) {
  Fed a, b;
  for (Fed* f : {&a, &b}) {
    f->run(20, 0);
    f->run(7, 0.3);
    f->run(2, 0.01);
  }
  ASSERT_EQ(a.last.verdicts.size(), b.last.verdicts.size());
  for (std::size_t i = 0; i < a.last.verdicts.size(); ++i) EXPECT_EQ(a.last.verdicts[i].why, b.last.verdicts[i].why);
  EXPECT_EQ(a.watch.save(), b.watch.save());
}

TEST(Watch, ACleanStartForgetsTheTimersAndTheOldWindow) {
  Fed f;
  f.run(20, 0.5);
  ASSERT_EQ(f.row().level, L::critical);
  f.watch.start_clean(at(f.t));
  EXPECT_EQ(f.watch.evaluate(at(f.t), true, false).verdicts[0].level, L::normal);
  EXPECT_EQ(f.run(10, 0).verdicts[0].reading.value, 0) << "no error of before counts";
}

TEST(Watch, WhatIsLearnedBecomesTheBaseline) {
  Fed f;
  f.learn = true;
  f.run(20, 0.01);
  const std::vector<Baseline> frozen = f.watch.freeze(at(f.t));
  ASSERT_EQ(frozen.size(), 2U);
  EXPECT_TRUE(frozen[0].usable);
  EXPECT_NEAR(frozen[0].value, 0.01, 0.0001);
  EXPECT_EQ(frozen[1].value, 10);
  f.watch.forget_history();
  EXPECT_EQ(f.watch.freeze(at(f.t))[0].why, "nothing measured");
}

TEST(Watch, WhatIsNotLearnedDoesNot) {
  Fed f;
  f.run(20, 0.01);
  EXPECT_EQ(f.watch.freeze(at(f.t))[0].why, "nothing measured");
}

TEST(Watch, CriteriaCompareWithTheFrozenBaselineNotWithAFloatingOne) {
  Fed f;
  f.learn = true;
  f.run(20, 0);
  f.watch.set_baselines(f.watch.freeze(at(f.t)));
  f.queue = 20;
  f.run(20, 0);
  EXPECT_EQ(f.criterion().level, L::normal) << "2 x exactly";
  f.queue = 21;
  f.run(3, 0);
  EXPECT_EQ(f.criterion().level, L::normal);
  f.run(30, 0);
  EXPECT_EQ(f.criterion().level, L::critical) << "what it learns meanwhile changes nothing";
}

TEST(Watch, ExcusesWhatIsCriticalNowAndNamesIt) {
  Fed f;
  EXPECT_TRUE(f.watch.excuse_preexisting().empty());
  f.run(20, 0.1);
  EXPECT_EQ(f.watch.excuse_preexisting(), std::vector<std::string>{"error_rate"});
  f.watch.start_clean(at(f.t));
  f.run(20, 0.1);
  EXPECT_EQ(f.row().level, L::alert);
  EXPECT_TRUE(f.row().preexisting);
  f.run(20, 0.2);
  EXPECT_EQ(f.row().level, L::critical);
  EXPECT_FALSE(f.row().preexisting);
}

TEST(Watch, AnExcuseIsOfTheValueNowNotOfOneThatCannotBeRead) {
  Fed f;
  f.run(20, 0.1);
  f.watch.observe(failed(f.t + 40, 0, "connection refused"));
  f.last = f.watch.evaluate(at(f.t + 40), true, false);
  ASSERT_NE(f.row().health, Health::ok);
  f.watch.excuse_preexisting();
  ASSERT_TRUE(f.watch.rules()[0].value_at_begin.has_value());
  EXPECT_NEAR(*f.watch.rules()[0].value_at_begin, 0.1, 1e-9)
      << "the last one that was read; else any error is a worsening";
}

TEST(Watch, ARestartMovesNoDeadline) {
  for (const int before : {1, 2, 3, 4, 5, 6, 7}) {
    Fed whole;
    whole.run(20, 0);
    Fed cut;
    cut.run(20, 0);
    whole.run(before, 0.5);
    cut.run(before, 0.5);
    Watch again(spec_of());
    ASSERT_TRUE(again.restore(cut.watch.save(), at(cut.t)));
    EXPECT_EQ(again.rules(), cut.watch.rules());
    EXPECT_EQ(again.evaluated(), cut.watch.evaluated()) << "so that what nobody watched since is known";
    EXPECT_EQ(again.rules()[0].critical_since, whole.watch.rules()[0].critical_since) << before;
    EXPECT_EQ(again.rules()[0].level, whole.watch.rules()[0].level) << before;
  }
}

TEST(Watch, AStateFromAfterNowIsRefusedAndSoNothingIsBlind) {
  Fed f;
  f.run(20, 0.5);
  Watch again(spec_of());
  EXPECT_FALSE(again.restore(f.watch.save(), at(f.t - 3600))) << "the clock was set back over a reboot";
  EXPECT_EQ(again.rules()[0], RuleState{});
}

TEST(Watch, ALongPauseIsOneOfManyScrapes) {
  WatchSpec spec = spec_of();
  EXPECT_EQ(Watch(spec).longest_pause(), sec(30));
  for (Duration& interval : spec.intervals) interval = sec(60);
  EXPECT_EQ(Watch(spec).longest_pause(), sec(300));
}

TEST(Watch, AStateOfOtherRulesIsRefusedWhole) {
  Fed f;
  f.run(20, 0.5);
  WatchState state = f.watch.save();
  state.rules.pop_back();
  Watch again(spec_of());
  EXPECT_FALSE(again.restore(state, at(f.t)));
  EXPECT_EQ(again.rules()[0], RuleState{});
}

} // namespace
} // namespace backstop
