// From one evaluation to a decision: who may act when, and how a bake window ends.
#include "rules/decision.hpp"
#include "tests/unit/rules/verdict_feed.hpp"

namespace backstop {
namespace {

using namespace feed;
using D = DecisionKind;
using L = Level;

Verdict verdict_of(std::string rule, Level level, Health health = Health::ok, Mode mode = Mode::automatic) {
  Verdict v;
  v.rule = std::move(rule);
  v.level = v.reading_level = level;
  v.health = health;
  v.mode = mode;
  v.why = "because";
  return v;
}
Verdict observed(std::string rule, Level level, Health health = Health::ok) {
  return verdict_of(std::move(rule), level, health, Mode::observe);
}

Evaluation evaluation_of(std::vector<Verdict> verdicts) {
  Evaluation e;
  e.t = at(0);
  e.level = fold_level(verdicts);
  e.verdicts = std::move(verdicts);
  return e;
}

/// Begun at 0, finished at 100, watched for 1000 s, good after 200 s.
WatchWindow window_of(Mode mode = Mode::automatic) {
  WatchWindow w;
  w.begun = at(0);
  w.finished = at(100);
  w.bake = sec(1000);
  w.good_after = sec(200);
  w.deploy_timeout = sec(50);
  w.warm_up = sec(10);
  w.mode = mode;
  return w;
}
WatchWindow deploying() {
  WatchWindow w = window_of();
  w.finished = Time{};
  return w;
}
constexpr double kInBake = 150, kGoodAt = 300, kBakeEnd = 1100, kMicro = 0.000001;

Decision decide_at(double t, std::vector<Verdict> verdicts, const WatchWindow& window = window_of()) {
  Evaluation evaluation = evaluation_of(std::move(verdicts));
  evaluation.t = at(t);
  return decide(evaluation, window, at(t));
}

TEST(DecideDeploying, NoRuleActs) {
  for (const double t : {1.0, 50.0, 5000.0}) {
    const Decision d = decide_at(t, {verdict_of("a", L::critical)}, deploying());
    EXPECT_EQ(d.kind, D::keep_watching);
    EXPECT_FALSE(d.good);
  }
}

TEST(DecideDeploying, IsDueAtTheDeployTimeoutAndNeverInThePast) {
  EXPECT_EQ(decide_at(1, {}, deploying()).next_due, at(50));
  EXPECT_EQ(decide_at(50 - kMicro, {}, deploying()).next_due, at(50));
  EXPECT_EQ(decide_at(50, {}, deploying()).next_due, kNever);
  EXPECT_EQ(decide_at(51, {}, deploying()).next_due, kNever);
}

TEST(DecideWatching, WhatWasMeasuredBeforeTheEndOfTheWarmUpBlamesNobody) {
  for (const auto& [t, kind] : {std::pair{100.0, D::keep_watching}, {110.0, D::keep_watching}, {110.5, D::roll_back}}) {
    Evaluation evaluation = evaluation_of({verdict_of("a", L::critical)});
    evaluation.t = at(t);
    EXPECT_EQ(decide(evaluation, window_of(), at(kInBake)).kind, kind) << t;
  }
}

TEST(DecideWatching, OnlyCriticalRollsBack) {
  EXPECT_EQ(decide_at(kInBake, {verdict_of("a", L::normal)}).kind, D::keep_watching);
  EXPECT_EQ(decide_at(kInBake, {verdict_of("a", L::alert)}).kind, D::keep_watching);
  const Decision d =
      decide_at(kInBake, {verdict_of("a", L::normal), verdict_of("b", L::critical), verdict_of("c", L::critical)});
  EXPECT_EQ(d.kind, D::roll_back);
  EXPECT_EQ(d.rules, (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(d.mode, Mode::automatic);
  EXPECT_EQ(d.why, "b because; c because");
}

TEST(DecideWatching, WhatWasCriticalBeforeIsNotBlamedOnIt) {
  Verdict v = verdict_of("a", L::critical);
  v.preexisting = true;
  EXPECT_EQ(decide_at(kInBake, {v}).kind, D::keep_watching);
}

TEST(DecideWatching, AbsenceAloneDecidesNothing) {
  for (const Health health : {Health::no_data, Health::insufficient, Health::gap, Health::error}) {
    EXPECT_EQ(decide_at(kInBake, {verdict_of("a", L::normal, health)}).kind, D::keep_watching);
  }
}

TEST(DecideModes, TheMostPermissiveRuleThatDecidedWithinTheStricterOfServiceAndDeployment) {
  struct Case {
    Mode first, second, window, want;
  };
  for (const Case& c : {Case{Mode::observe, Mode::automatic, Mode::automatic, Mode::automatic},
                        Case{Mode::confirm, Mode::observe, Mode::automatic, Mode::confirm},
                        Case{Mode::observe, Mode::observe, Mode::automatic, Mode::observe},
                        Case{Mode::automatic, Mode::automatic, Mode::confirm, Mode::confirm},
                        Case{Mode::automatic, Mode::automatic, Mode::observe, Mode::observe},
                        Case{Mode::observe, Mode::observe, Mode::confirm, Mode::observe}}) {
    const std::vector<Verdict> verdicts{verdict_of("a", L::critical, Health::ok, c.first),
                                        verdict_of("b", L::critical, Health::ok, c.second)};
    const Decision forth = decide_at(kInBake, verdicts, window_of(c.window));
    const Decision back = decide_at(kInBake, {verdicts[1], verdicts[0]}, window_of(c.window));
    EXPECT_EQ(forth.kind, D::roll_back);
    EXPECT_EQ(forth.mode, c.want);
    EXPECT_EQ(back.mode, c.want) << "the order of rules says nothing";
  }
}

TEST(DecideModes, ActForLimitsActingToItsTime) {
  WatchWindow w = window_of();
  w.act_for = sec(400);
  EXPECT_EQ(decide_at(500 - kMicro, {verdict_of("a", L::critical)}, w).mode, Mode::automatic);
  EXPECT_EQ(decide_at(500, {verdict_of("a", L::critical)}, w).mode, Mode::automatic);
  const Decision later = decide_at(500 + kMicro, {verdict_of("a", L::critical)}, w);
  EXPECT_EQ(later.kind, D::roll_back) << "detected all the same";
  EXPECT_EQ(later.mode, Mode::observe);
}

TEST(DecideGood, AfterItsTimeWithHealthyEnforcedRules) {
  EXPECT_FALSE(decide_at(kGoodAt - kMicro, {verdict_of("a", L::normal)}).good);
  EXPECT_TRUE(decide_at(kGoodAt, {verdict_of("a", L::normal)}).good);
  EXPECT_TRUE(decide_at(kGoodAt + kMicro, {verdict_of("a", L::alert)}).good) << "an alert is for people";
}

TEST(DecideGood, NotWhileAnEnforcedRuleIsBlindOrCritical) {
  for (const Health health : {Health::no_data, Health::insufficient, Health::gap, Health::error}) {
    EXPECT_FALSE(decide_at(kGoodAt, {verdict_of("a", L::normal), verdict_of("b", L::normal, health)}).good);
  }
  EXPECT_FALSE(decide_at(kGoodAt, {verdict_of("a", L::critical)}, window_of(Mode::confirm)).good);
}

TEST(DecideGood, ARuleThatOnlyObservesDoesNotStandInTheWay) {
  EXPECT_TRUE(decide_at(kGoodAt, {verdict_of("a", L::normal), observed("b", L::normal, Health::error)}).good);
  const Decision d = decide_at(kGoodAt, {verdict_of("a", L::normal), observed("b", L::critical)});
  EXPECT_TRUE(d.good);
  EXPECT_EQ(d.kind, D::roll_back) << "detected";
  EXPECT_EQ(d.mode, Mode::observe) << "and not enforced";
}

TEST(DecideGood, WhatWasMeasuredBeforeTheWatchIsNoEvidence) {
  Evaluation before = evaluation_of({verdict_of("a", L::normal)});
  before.t = at(100);
  EXPECT_FALSE(decide(before, window_of(), at(kGoodAt)).good);
  EXPECT_EQ(decide(before, window_of(), at(kBakeEnd)).kind, D::undecided);
}

TEST(DecideGood, ACriticalReadingThatIsNotYetLongEnoughHoldsItBack) {
  Verdict turning = verdict_of("a", L::normal);
  turning.reading_level = L::critical;
  EXPECT_FALSE(decide_at(kGoodAt, {turning}).good);
  turning.preexisting = true;
  EXPECT_FALSE(decide_at(kGoodAt, {turning}).good) << "no fault of it, but nothing to go back to";
  turning.preexisting = false;
  turning.mode = Mode::observe;
  EXPECT_TRUE(decide_at(kGoodAt, {turning}).good);
}

TEST(DecideGood, NothingMeasuredIsNotGood) { EXPECT_FALSE(decide(Evaluation{}, window_of(), at(kGoodAt)).good); }

TEST(DecideBakeEnd, HealthyIsKept) {
  EXPECT_EQ(decide_at(kBakeEnd - kMicro, {verdict_of("a", L::normal)}).kind, D::keep_watching);
  EXPECT_EQ(decide_at(kBakeEnd, {verdict_of("a", L::normal)}).kind, D::accept);
  EXPECT_EQ(decide_at(kBakeEnd, {verdict_of("a", L::alert)}).kind, D::accept);
  EXPECT_EQ(decide_at(kBakeEnd + 5000, {verdict_of("a", L::normal)}).kind, D::accept) << "the daemon was away";
}

TEST(DecideBakeEnd, ABlindEnforcedRuleIsUndecidedNeverAccepted) {
  for (const Health health : {Health::no_data, Health::insufficient, Health::gap, Health::error}) {
    const Decision d = decide_at(kBakeEnd, {verdict_of("a", L::normal), verdict_of("b", L::normal, health)});
    EXPECT_EQ(d.kind, D::undecided);
    EXPECT_NE(d.why.find("b: because"), std::string::npos) << d.why;
  }
}

TEST(DecideBakeEnd, NothingMeasuredIsUndecided) {
  EXPECT_EQ(decide(Evaluation{}, window_of(), at(kBakeEnd)).kind, D::undecided);
}

TEST(DecideBakeEnd, CriticalToTheLastIsRolledBackOrUndecidedAsTheModeSays) {
  EXPECT_EQ(decide_at(kBakeEnd, {verdict_of("a", L::critical)}).kind, D::roll_back);
  for (const Mode mode : {Mode::confirm, Mode::observe}) {
    EXPECT_EQ(decide_at(kBakeEnd - kMicro, {verdict_of("a", L::critical)}, window_of(mode)).kind, D::roll_back);
    EXPECT_EQ(decide_at(kBakeEnd, {verdict_of("a", L::critical)}, window_of(mode)).kind, D::undecided);
  }
  WatchWindow w = window_of();
  w.act_for = sec(400);
  EXPECT_EQ(decide_at(kBakeEnd, {verdict_of("a", L::critical)}, w).kind, D::undecided);
}

TEST(DecideBakeEnd, ARuleThatOnlyObservesDecidesNothing) {
  const Decision d = decide_at(kBakeEnd, {verdict_of("a", L::normal), observed("b", L::critical)});
  EXPECT_EQ(d.kind, D::accept);
  EXPECT_TRUE(d.rules.empty());
  EXPECT_EQ(decide_at(kBakeEnd, {verdict_of("a", L::normal), observed("b", L::normal, Health::no_data)}).kind,
            D::accept);
}

TEST(DecideBakeEnd, ACriticalReadingThatIsNotYetLongEnoughIsWaitedFor) {
  Verdict turning = verdict_of("a", L::alert);
  turning.reading_level = L::critical;
  EXPECT_EQ(decide_at(kBakeEnd, {turning}).kind, D::keep_watching) << "it passes, or becomes critical";
  turning.mode = Mode::observe;
  EXPECT_EQ(decide_at(kBakeEnd, {turning}).kind, D::accept);
}

TEST(DecideBakeEnd, AfterAGapItIsWatchedForAnotherWhile) {
  WatchWindow w = window_of();
  const Time end = w.bake_end();
  w.watched_from = at(kBakeEnd + 3600);
  EXPECT_EQ(w.bake_end(), w.watched_from + std::min<Duration>(w.good_after, std::chrono::minutes(10)));
  EXPECT_EQ(decide_at(kBakeEnd + 3600, {verdict_of("a", L::normal)}, w).kind, D::keep_watching);
  EXPECT_FALSE(decide_at(kBakeEnd + 3600, {verdict_of("a", L::normal)}, w).good);
  w.watched_from = w.finished;
  EXPECT_EQ(w.bake_end(), end) << "a gap long before its end moves nothing";
}

TEST(DecideBakeEnd, AnExcusedRuleIsAccepted) {
  Verdict v = verdict_of("a", L::alert);
  v.preexisting = true;
  const Decision d = decide_at(kBakeEnd, {v});
  EXPECT_EQ(d.kind, D::accept);
  EXPECT_FALSE(d.good) << "it is critical all the same, and must be no target of a rollback";
  EXPECT_NE(d.why.find("not verified good"), std::string::npos) << d.why;
}

TEST(DecideDue, TheNextTimeThatMatters) {
  const std::vector<Verdict> well{verdict_of("a", L::normal)};
  EXPECT_EQ(decide_at(100, well).next_due, at(110)) << "armed";
  EXPECT_EQ(decide_at(110, well).next_due, at(kGoodAt));
  EXPECT_EQ(decide_at(kGoodAt, well).next_due, at(kBakeEnd));
  EXPECT_EQ(decide_at(kBakeEnd, well).next_due, kNever);
  EXPECT_EQ(decide_at(kGoodAt, {verdict_of("a", L::critical)}, window_of(Mode::confirm)).next_due, at(kBakeEnd))
      << "then it becomes Undecided, samples or not";
  EXPECT_EQ(decide_at(kGoodAt, {verdict_of("a", L::normal), observed("b", L::critical)}).next_due, at(kBakeEnd));
}

TEST(DecisionNames, AsWritten) {
  EXPECT_EQ(name_of(D::keep_watching), "KeepWatching");
  EXPECT_EQ(name_of(D::accept), "Accept");
  EXPECT_EQ(name_of(D::roll_back), "RollBack");
  EXPECT_EQ(name_of(D::undecided), "Undecided");
}

TEST(Phases, NamesReadBackAndTheFinalOnesAreFinal) {
  for (int i = 0; i <= static_cast<int>(Phase::refused); ++i) {
    const auto phase = static_cast<Phase>(i);
    EXPECT_EQ(phase_named(name_of(phase)), phase);
    EXPECT_FALSE(is_final(phase) && is_judged(phase));
  }
  EXPECT_FALSE(is_final(Phase::rolling_back));
  EXPECT_TRUE(is_final(Phase::succeeded));
  EXPECT_FALSE(phase_named("watched").has_value());
  EXPECT_FALSE(is_critical(SignalKind::user_report));
  EXPECT_TRUE(is_critical(SignalKind::data_corruption));
  EXPECT_EQ(signal_named("security-incident"), SignalKind::security_incident);
}

} // namespace
} // namespace backstop
