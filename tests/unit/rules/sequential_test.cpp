// The sequential judge as part of a watch: lines from the baseline, evidence over time, what it says.
#include "rules/decision.hpp"
#include "rules/watch.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace backstop {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

Time at(double s) { return time_from_us(1'000'000'000'000) + seconds_f(s); }

WatchSpec spec_of() {
  WatchSpec spec;
  IndicatorSpec errors;
  errors.name = "error_rate";
  errors.unit = Unit::ratio;
  RatioSpec ratio;
  ratio.errors = 0;
  ratio.total = 1;
  errors.kind = ratio;
  IndicatorSpec cpu;
  cpu.name = "cpu_usage";
  cpu.unit = Unit::percent;
  GaugeSpec gauge;
  gauge.gauge = 2;
  cpu.kind = gauge;
  spec.indicators = {errors, cpu};
  spec.intervals = {seconds(5), seconds(5)};
  const auto row = [&](std::uint32_t indicator, Unit unit, double normal, double alert, double critical) {
    Row r;
    r.name = spec.indicators[indicator].name;
    r.indicator = indicator;
    r.unit = unit;
    r.normal.high = normal;
    r.normal.high_inclusive = false;
    r.alert = {alert, critical, true, true};
    r.critical.low = critical;
    r.critical.low_inclusive = false;
    r.timing.for_alert = seconds(30);
    spec.table.rows.push_back(r);
  };
  row(0, Unit::ratio, 0.01, 0.02, 0.05);
  row(1, Unit::percent, 60, 70, 85);
  spec.sequential = SequentialSpec{};
  return spec;
}

/// A service scraped every five seconds: half an hour before a deployment at 0, then what the test does.
struct Shop {
  Watch watch{spec_of()};
  double t = -1800, requests = 1000, failed = 10;
  Evaluation last;
  WatchWindow window;

  /// `restarts_every`: of its counters, before the deployment, in seconds; 0: none.
  explicit Shop(double share_before = 0.005, double cpu_before = 40, int restarts_every = 0) {
    while (t < 0) {
      step(share_before, cpu_before);
      if (restarts_every > 0 && static_cast<int>(t) % restarts_every == 0) requests = failed = 0;
    }
    watch.set_baselines(watch.freeze(at(0)));
    watch.set_lines(watch.freeze_lines());
    watch.start_clean(at(0));
    window.begun = window.finished = at(0);
    window.warm_up = seconds(180);
  }
  void step(double share, double cpu = 40, double per_second = 20) {
    t += 5;
    requests += per_second * 5;
    failed += per_second * 5 * share;
    Scrape scrape;
    scrape.t = scrape.arrived = at(t);
    scrape.samples = {{0, 0, failed, 0}, {1, 1, requests, 0}, {2, 2, cpu, 0}};
    watch.observe(scrape);
    last = watch.evaluate(at(t), t < 0 || t >= 180, t < 0);
  }
  /// When it is rolled back; -1: not within `most` seconds.
  double rolled_back(double share, double cpu, double most) {
    for (const double end = t + most; t < end;) {
      step(share, cpu);
      if (decide(last, window, at(t)).kind == DecisionKind::roll_back) return t;
    }
    return -1;
  }
};

TEST(Sequential, ABadVersionIsRolledBackOnceTheWarmUpIsOver) {
  Shop shop;
  EXPECT_EQ(shop.rolled_back(0.2, 40, 600), 185);
  const Verdict& v = shop.last.verdicts[0];
  EXPECT_EQ(v.level, Level::critical);
  ASSERT_TRUE(v.evidence);
  EXPECT_GT(*v.evidence, v.evidence_needed);
  EXPECT_THAT(v.why, HasSubstr("evidence ")) << v.why;
}

TEST(Sequential, AGoodVersionIsNot) {
  Shop shop;
  EXPECT_EQ(shop.rolled_back(0.005, 45, 7200), -1);
  EXPECT_LT(*shop.last.verdicts[0].evidence, 1);
}

TEST(Sequential, TheAlertBandAlertsAndNoMore) {
  Shop shop;
  EXPECT_EQ(shop.rolled_back(0.04, 80, 7200), -1);
  EXPECT_EQ(shop.last.verdicts[0].level, Level::alert);
  EXPECT_EQ(shop.last.verdicts[1].level, Level::alert);
}

TEST(Sequential, ABlipShorterThanSustainIsForgotten) {
  Shop shop;
  EXPECT_EQ(shop.rolled_back(0.005, 40, 300), -1);
  EXPECT_EQ(shop.rolled_back(0.5, 99, 45), -1);
  EXPECT_EQ(shop.rolled_back(0.005, 40, 600), -1);
}

TEST(Sequential, SevereActsInTheWarmUp) {
  Shop shop;
  EXPECT_EQ(shop.rolled_back(0.8, 40, 600), 20);
  EXPECT_TRUE(shop.last.verdicts[0].at_once);
}

TEST(Sequential, SevereActsWhileDeploying) {
  Shop shop;
  shop.window.finished = Time{};
  EXPECT_EQ(shop.rolled_back(0.2, 40, 160), -1) << "what is not severe waits for the end of deploying";
  EXPECT_NE(shop.rolled_back(0.9, 40, 60), -1);
}

TEST(Sequential, WhatWasBadBeforeMovesTheLine) {
  Shop shop(0.08);
  EXPECT_EQ(shop.rolled_back(0.08, 40, 3600), -1) << "no worse than before";
  EXPECT_THAT(shop.last.verdicts[0].why, HasSubstr("for what was normal before"));
  EXPECT_NE(shop.rolled_back(0.3, 40, 600), -1);
}

TEST(Sequential, CpuBeyondItsLine) {
  Shop shop;
  EXPECT_EQ(shop.rolled_back(0.005, 50, 300), -1);
  const double began = shop.t;
  const double end = shop.rolled_back(0.005, 96, 300);
  EXPECT_GT(end - began, 40);
  EXPECT_LT(end - began, 70);
}

TEST(Sequential, ARestartAtAnyInstantChangesNoDecision) {
  for (int cut = 1; cut < 40; ++cut) {
    Shop whole, cut_off;
    double t_whole = -1, t_cut = -1;
    for (int i = 0; i < 45; ++i) {
      for (Shop* shop : {&whole, &cut_off}) {
        shop->step(0.2);
        double& when = shop == &whole ? t_whole : t_cut;
        if (when < 0 && decide(shop->last, shop->window, at(shop->t)).kind == DecisionKind::roll_back) when = shop->t;
      }
      if (i != cut) continue;
      Watch again(spec_of());
      const std::vector<EvidenceLine> frozen = Shop().watch.freeze_lines(); // as in the record of the deployment
      again.set_lines(frozen);
      ASSERT_TRUE(again.restore(cut_off.watch.save(), at(cut_off.t)));
      cut_off.watch = std::move(again);
    }
    EXPECT_LE(std::abs(t_whole - t_cut), 5) << "the first scrape after a restart knows no increase; cut at " << cut;
  }
}

TEST(Sequential, ACrashLoopActsInTheWarmUp) {
  Shop shop;
  double decided = -1;
  for (int restart = 0; restart < 6 && decided < 0; ++restart) {
    for (int i = 0; i < 6; ++i) shop.step(0.005);
    shop.requests = shop.failed = 0; // its counters begin anew
    shop.step(0.005);
    if (decide(shop.last, shop.window, at(shop.t)).kind == DecisionKind::roll_back) decided = shop.t;
  }
  EXPECT_EQ(decided, 4 * 35) << "at the fourth restart";
  EXPECT_THAT(shop.last.verdicts[0].why, HasSubstr("crash loop: 4 restarts of one target in 300s"));
}

TEST(Sequential, AFleetThatIsRolledOutOneAfterAnotherIsNoCrashLoop) {
  WatchSpec spec = spec_of();
  spec.indicators[0].many_processes = true;
  Watch fleet(std::move(spec));
  Evaluation last;
  std::vector<double> counted(20, 50'000); // requests of each process
  for (double t = 0; t < 600; t += 5) {
    for (double& requests : counted) requests += 50;
    if (t >= 300 && t < 300 + 5 * 20) counted[static_cast<std::size_t>(t - 300) / 5] = 10;
    Scrape scrape;
    scrape.t = scrape.arrived = at(t);
    for (std::uint32_t i = 0; i < counted.size(); ++i) scrape.samples.push_back({1, i, counted[i], 0});
    fleet.observe(scrape);
    last = fleet.evaluate(at(t), true, false);
    EXPECT_NE(last.verdicts[0].level, Level::critical) << t << ": " << last.verdicts[0].why;
  }
  EXPECT_GT(last.readings[0].requests, 5000);
}

TEST(Sequential, AServiceThatRestartedByItselfBeforeIsNotBlamedForIt) {
  Shop shop(0.005, 40, 60);
  for (int i = 0; i < 400; ++i) {
    shop.step(0.005);
    if (i % 12 == 0) shop.requests = shop.failed = 0;
    EXPECT_EQ(decide(shop.last, shop.window, at(shop.t)).kind, DecisionKind::keep_watching);
  }
}

TEST(Sequential, TooLittleTrafficIsUndecidedAndSaysHowMuchItTakes) {
  for (const double per_second : {0.02, 5.}) {
    Shop shop;
    shop.window.bake = shop.window.good_after = seconds(3600);
    while (shop.t < 3600) shop.step(0, 40, per_second);
    const Decision decision = decide(shop.last, shop.window, at(3600));
    EXPECT_EQ(decision.good, per_second > 1);
    EXPECT_EQ(decision.kind, per_second > 1 ? DecisionKind::accept : DecisionKind::undecided);
    if (per_second > 1) continue;
    EXPECT_THAT(decision.why,
                HasSubstr("too little traffic to decide: error_rate: 68 requests, and it takes about 364 to "
                          "tell twice the critical share from it"));
  }
}

/// A service whose targets 0 (canary) and 1, 2 (control) answer one after the other.
struct Fleet {
  static WatchSpec spec() {
    WatchSpec s = spec_of();
    s.indicators[0].canary = {0};
    s.indicators[0].control = {1, 2};
    return s;
  }
  Watch watch{spec()};
  double t = 0, requests[3] = {1000, 1000, 1000}, failed[3] = {};
  Evaluation last;
  WatchWindow window;
  Fleet() {
    window.begun = window.finished = at(0);
    window.warm_up = seconds(180);
    watch.set_lines(watch.freeze_lines());
  }
  /// When it is rolled back; -1: not within `most` seconds.
  double rolled_back(double canary, double control, double most) {
    for (const double end = t + most; t < end;) {
      t += 5;
      for (std::uint32_t target = 0; target < 3; ++target) {
        requests[target] += 50;
        failed[target] += 50 * (target == 0 ? canary : control);
        Scrape scrape;
        scrape.t = scrape.arrived = at(t + target * 0.5);
        scrape.target = target;
        scrape.samples = {{0, 10 * target, failed[target], 0}, {1, 10 * target + 1, requests[target], 0}};
        if (target == 0) scrape.samples.push_back({2, 2, 40, 0});
        watch.observe(scrape);
        last = watch.evaluate(scrape.t, t >= 180, false);
        if (decide(last, window, scrape.t).kind == DecisionKind::roll_back) return t;
      }
    }
    return -1;
  }
};

TEST(Sequential, ACanaryIsHeldAgainstItsControlGroup) {
  EXPECT_EQ(Fleet().rolled_back(0.2, 0.005, 600), 180);
  Fleet both;
  EXPECT_EQ(both.rolled_back(0.2, 0.2, 3600), -1) << "what befalls both is not the canary's fault";
  EXPECT_THAT(both.last.verdicts[0].why, HasSubstr("the canary group is not shown to be worse than the control group"));
  Fleet severe;
  EXPECT_EQ(severe.rolled_back(0.9, 0.9, 170), -1) << "nor where most requests of both fail";
  EXPECT_NE(severe.rolled_back(0.9, 0.005, 170), -1);
  Fleet hidden;
  EXPECT_NE(hidden.rolled_back(0.12, 0.001, 600), -1) << "though of all requests less than 5 % fail";
}

TEST(Sequential, FactsOfTheHostCountAtOnceButNotWhileDeploying) {
  WatchSpec spec = spec_of();
  spec.facts = {false, true};
  spec.table.rows[1].timing.for_critical = Duration{};
  for (const bool finished : {true, false}) {
    Watch watch(spec);
    WatchWindow window;
    window.begun = at(0);
    if (finished) window.finished = at(2);
    window.warm_up = seconds(180);
    const auto decided = [&](double t, double value) {
      Scrape scrape;
      scrape.t = scrape.arrived = at(t);
      scrape.samples = {{2, 2, value, 0}};
      watch.observe(scrape);
      return decide(watch.evaluate(at(t), false, false, finished ? at(2) : kNever), window, at(t)).kind;
    };
    EXPECT_EQ(decided(1, 99), DecisionKind::keep_watching) << "it is of the time before `deploy finish`";
    EXPECT_EQ(decided(5, 40), DecisionKind::keep_watching);
    EXPECT_EQ(decided(10, 99), finished ? DecisionKind::roll_back : DecisionKind::keep_watching);
  }
}

TEST(Sequential, WithoutABaselineTheTableAloneDrawsTheLines) {
  Watch watch(spec_of());
  const std::vector<EvidenceLine> lines = watch.freeze_lines();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].kind, EvidenceLine::Kind::share);
  EXPECT_DOUBLE_EQ(lines[0].share.share, 0.05);
  EXPECT_DOUBLE_EQ(lines[1].gauge.line, 85);
}

TEST(Sequential, ACriterionOnABaselineThatIsNotThereIsNotJudged) {
  WatchSpec spec = spec_of();
  spec.table.criteria.push_back({"worse", {{0, Unit::ratio, {}, Limit{Op::greater, 3}}}, {}, {}, {}, 1.5});
  Watch watch(spec);
  const Evaluation e = watch.evaluate(at(0), true, false);
  EXPECT_FALSE(e.verdicts[2].evidence);
  EXPECT_THAT(e.verdicts[2].why, HasSubstr("no baseline"));
}

} // namespace
} // namespace backstop
