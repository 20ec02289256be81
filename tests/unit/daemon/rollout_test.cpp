// A plan carried out: what runs in which order, what is taken back, where the traffic is.
#include "tests/unit/daemon/rollout_world.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace backstop {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;
using Script = ScriptedStepRunner::Script;

constexpr const char* kWayOut = "backup test deploy:green:v2 route:green:10 route:green:100 mark:v2";
constexpr const char* kWayBack = "route:green:0 undeploy:green:v1 drop-backup prepare:v1 execute:production:v1 verify";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  if (at == std::string::npos) throw std::runtime_error("no '" + from + "' in the text");
  return text.replace(at, from.size(), to);
}

TEST(Rollout, AGoodVersionGoesThroughEveryPhaseAndIsWatchedOn) {
  RolloutWorld w;
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.until_phase(id, Phase::watching)) << id;
  EXPECT_EQ(w.done(), kWayOut);
  EXPECT_EQ(w.deployment(id).traffic.share, 1);
  EXPECT_EQ(w.service().live_side, "green");
  ASSERT_TRUE(w.until_phase(id, Phase::succeeded));
  EXPECT_TRUE(w.service().versions.at("v2").good);
  EXPECT_EQ(w.rollbacks(), 0U);
}

TEST(Rollout, TheNextVersionComesToTheSideThatHasNoTraffic) {
  RolloutWorld w;
  ASSERT_TRUE(w.until_phase(w.roll_out("v2"), Phase::succeeded));
  const std::string next = w.roll_out("v3");
  ASSERT_TRUE(w.until_phase(next, Phase::watching)) << next;
  EXPECT_THAT(w.done(), HasSubstr("deploy:blue:v3 route:blue:10 route:blue:100"));
}

TEST(Rollout, ABadVersionAtTenPercentLosesItsTrafficFirstAndIsRolledBackThen) {
  RolloutWorld w;
  const std::string id = w.roll_out("v2", 0.3);
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified)) << id << w.deployment(id).outcome_why;
  EXPECT_EQ(w.done(), std::string("backup test deploy:green:v2 route:green:10 ") + kWayBack);
  EXPECT_EQ(w.deployment(id).traffic.share, 0);
  EXPECT_EQ(w.service().live_side, "blue");
  EXPECT_EQ(w.service().version, "v1");
  EXPECT_TRUE(w.service().quarantine.contains("v2"));
}

TEST(Rollout, AVersionThatTurnsBadAfterThePlanIsTakenBackTheSameWay) {
  RolloutWorld w;
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.until_phase(id, Phase::watching));
  w.error_share_of["v2"] = 0.3;
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
  EXPECT_EQ(w.done(), std::string(kWayOut) + " " + kWayBack);
  EXPECT_EQ(w.service().live_side, "blue");
}

TEST(Rollout, AskedAfterTheTrafficWentBackTheVersionThatCustomersMeetIsTheOldOne) {
  RolloutWorld w(
      RolloutWorld::with_plan(std::string(RolloutWorld::kPlan) + "running_version: {argv: [/bin/running]}\n"));
  w.steps.script("/bin/running", {Script::exits(0, {}, "v1\n")});
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.until_phase(id, Phase::watching));
  w.error_share_of["v2"] = 0.3;
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified)) << w.deployment(id).outcome_why;
}

TEST(Rollout, AThirdVersionOnASideIsNotTouched) {
  RolloutWorld w(
      RolloutWorld::with_plan(std::string(RolloutWorld::kPlan) + "running_version: {argv: [/bin/running]}\n"));
  w.steps.script("/bin/running", {Script::exits(0, {}, "v7-by-hand\n")});
  const std::string id = w.roll_out("v2", 0.3);
  ASSERT_TRUE(w.until_phase(id, Phase::rollback_failed));
  EXPECT_THAT(w.done(), testing::Not(HasSubstr("undeploy")));
  EXPECT_EQ(w.deployment(id).traffic.share, 0);
}

TEST(Rollout, TheWatchAfterThePlanNeedsNoWarmUp) {
  ShopConfig config = RolloutWorld::with_plan();
  config.judge = "{kind: table, warm_up: 15s}";
  RolloutWorld w(config);
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.until_phase(id, Phase::watching));
  w.error_share_of["v2"] = 0.3;
  EXPECT_TRUE(w.until([&] { return w.phase(id) == Phase::rolling_back; }, 10));
}

TEST(Rollout, AFailureBeforeTheServiceIsTouchedTakesBackWhatWasDoneAndBlamesNoVersion) {
  RolloutWorld w;
  w.steps.script("/bin/test", {Script::exits(2, {}, "1 of 80 failed")});
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.until_phase(id, Phase::aborted)) << name_of(w.phase(id));
  EXPECT_EQ(w.done(), "backup test drop-backup");
  EXPECT_EQ(w.service().version, "v1");
  EXPECT_FALSE(w.service().quarantine.contains("v2"));
  EXPECT_THAT(w.deployment(id).outcome_why, HasSubstr("step 1.2 (test) failed: exit status 2"));
  w.steps.script("/bin/test", {Script::exits(0)});
  const std::string again = w.roll_out("v2");
  EXPECT_TRUE(w.until_phase(again, Phase::watching)) << again;
}

TEST(Rollout, AFailedStepOnTheServiceItselfIsRolledBack) {
  RolloutWorld w;
  w.steps.script("/bin/deploy", {Script::exits(1)});
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified)) << name_of(w.phase(id));
  EXPECT_EQ(w.done(),
            "backup test deploy:green:v2 undeploy:green:v1 drop-backup prepare:v1 execute:production:v1 verify")
      << "no traffic was moved, so none is moved back";
}

TEST(Rollout, WhereTheDaemonMayNotActAFailedPlanWaitsForAPerson) {
  ShopConfig config = RolloutWorld::with_plan();
  config.mode = "observe";
  RolloutWorld w(config);
  const std::string id = w.roll_out("v2", 0.3);
  ASSERT_TRUE(w.until([&] { return w.deployment(id).rollout->pause.has_value(); }));
  w.run(60);
  EXPECT_EQ(w.phase(id), Phase::deploying);
  EXPECT_EQ(w.at(id), "watch-some");
  EXPECT_EQ(w.deployment(id).traffic.share, 0.1);
  EXPECT_THAT(w.told("decision."), HasSubstr("NOT rolled back"));
}

TEST(Rollout, AnIrreversibleStepLetsAPersonDecide) {
  RolloutWorld w(RolloutWorld::with_plan(replaced(RolloutWorld::kPlan,
                                                  ", undo: {argv: [/bin/undeploy, \"{side}\", \"{previous_version}\"]}",
                                                  ", irreversible: true")));
  const std::string id = w.roll_out("v2", 0.3);
  ASSERT_TRUE(w.until([&] { return w.deployment(id).confirmation.has_value(); }));
  w.run(20);
  EXPECT_EQ(w.rollbacks(), 0U);
  EXPECT_EQ(w.deployment(id).traffic.share, 0.1) << "no more of it either";
  ASSERT_TRUE(w.command(AnswerConfirmation{id, "yes", true}).ok);
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
  EXPECT_THAT(w.done(), HasSubstr("route:green:0 drop-backup prepare:v1 execute:production:v1"));
}

TEST(Rollout, PausedNothingElseBeginsAndWhatRunsComesToItsEnd) {
  RolloutWorld w;
  w.steps.script("/bin/test", {Script::exits(0, seconds(5))});
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.until_at(id, "test"));
  ASSERT_TRUE(w.command(PausePlan{id, "lunch"}).ok);
  w.run(20);
  EXPECT_EQ(w.done(), "backup test");
  EXPECT_FALSE(w.command(PausePlan{id, "again"}).ok);
  ASSERT_TRUE(w.command(ResumePlan{id, ""}).ok);
  EXPECT_TRUE(w.until_phase(id, Phase::watching));
}

TEST(Rollout, HeldTheServiceGetsNoOtherStepBeforeTheHoldEnds) {
  RolloutWorld w;
  w.steps.script("/bin/test", {Script::exits(0, seconds(5))});
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.until_at(id, "test"));
  ASSERT_TRUE(w.command(Hold{"shop", seconds(20), "the database moves"}).ok);
  w.run(15);
  EXPECT_EQ(w.done(), "backup test");
  EXPECT_TRUE(w.until_phase(id, Phase::watching)) << "it goes on by itself";
}

TEST(Rollout, APersonEndsAWatchEarlyOrLeavesAStepOut) {
  RolloutWorld w;
  const std::string id = w.roll_out("v2");
  EXPECT_FALSE(w.command(PromotePlan{id, "hurry"}).ok) << "nothing waits";
  ASSERT_TRUE(w.until_at(id, "watch-some"));
  w.run(1);
  ASSERT_TRUE(w.command(PromotePlan{id, "seen enough"}).ok);
  ASSERT_TRUE(w.command(SkipStep{id, "mark", "later"}).ok);
  w.run(3);
  EXPECT_EQ(w.at(id), "watch-all");
  ASSERT_TRUE(w.until_phase(id, Phase::watching));
  EXPECT_EQ(w.done(), "backup test deploy:green:v2 route:green:10 route:green:100");
}

TEST(Rollout, AFailedStepIsTriedAgainByResumeOrLeftOut) {
  ShopConfig config = RolloutWorld::with_plan();
  config.mode = "confirm";
  RolloutWorld w(config);
  w.steps.script("/bin/deploy", {Script::exits(1), Script::exits(1), Script::exits(0)});
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.until([&] { return w.deployment(id).confirmation.has_value(); }));
  EXPECT_TRUE(w.deployment(id).rollout->pause.has_value());
  ASSERT_TRUE(w.command(ResumePlan{id, "the mirror is back"}).ok);
  ASSERT_TRUE(w.until([&] { return w.deployment(id).confirmation.has_value(); })) << "it failed again";
  const std::string incident = w.deployment(id).incident;
  ASSERT_TRUE(w.command(SkipStep{id, "", "done by hand"}).ok);
  EXPECT_FALSE(w.deployment(id).confirmation.has_value()) << "the question was about that step";
  EXPECT_FALSE(w.app->state().incidents.at(incident).open());
  ASSERT_TRUE(w.until_phase(id, Phase::watching));
  EXPECT_EQ(w.ran("/bin/deploy"), 2);
}

TEST(Rollout, AbortTakesTheTrafficBackFirstAndQuarantinesNothing) {
  RolloutWorld w;
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.until_at(id, "watch-some"));
  w.run(1);
  ASSERT_TRUE(w.command(AbortDeployment{id, "wrong day"}).ok);
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified)) << name_of(w.phase(id));
  EXPECT_THAT(w.done(), HasSubstr(kWayBack));
  EXPECT_FALSE(w.service().quarantine.contains("v2"));
}

TEST(Rollout, AStepThatRunsIsEndedBeforeItsRollbackBegins) {
  RolloutWorld w;
  w.steps.script("/bin/deploy", {Script::exits(0, seconds(25))});
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.until_at(id, "deploy"));
  w.run(2);
  ASSERT_TRUE(w.command(AbortDeployment{id, "wrong day"}).ok);
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
  EXPECT_EQ(progress_of(w.deployment(id), kPlan, "2.1")->why, "cancelled (cancelled; ended by SIGTERM)");
  EXPECT_EQ(w.ran("/bin/route"), 0);
}

TEST(Rollout, ABlindWatchPausesAndIsWatchedOnceMoreWhenResumed) {
  RolloutWorld w;
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.until_at(id, "watch-some"));
  w.shops[ShopWorld::kShop].answers = false;
  ASSERT_TRUE(w.until([&] { return w.deployment(id).rollout->pause.has_value(); }));
  EXPECT_EQ(w.deployment(id).traffic.share, 0.1);
  EXPECT_THAT(w.told("paused"), HasSubstr("without usable data"));
  w.shops[ShopWorld::kShop].answers = true;
  ASSERT_TRUE(w.command(ResumePlan{id, "mended"}).ok);
  ASSERT_TRUE(w.until_phase(id, Phase::watching));
  EXPECT_EQ(progress_of(w.deployment(id), kPlan, "2.3")->attempt, 2);
}

TEST(Rollout, ItDoesNotBeginWhereTheTrafficIsNotWhereItIsThoughtToBe) {
  RolloutWorld w;
  w.steps.script("/bin/is-routed", {Script::exits(1, {}, "green has 50 %")});
  const std::string id = w.roll_out("v2");
  w.run(2);
  EXPECT_EQ(w.phase(id), Phase::refused);
  EXPECT_THAT(w.deployment(id).outcome_why, HasSubstr("not all traffic goes to blue"));
  EXPECT_THAT(w.deployment(id).outcome_why, HasSubstr("green has 50 %"));
}

TEST(Rollout, TrafficThatCannotBeTakenBackLocksTheServiceAndSaysSo) {
  RolloutWorld w;
  w.steps.script("rollback/traffic", {Script::exits(1, {}, "no such socket")});
  w.steps.script("/bin/is-routed", {Script::exits(0), Script::exits(1)});
  const std::string id = w.roll_out("v2", 0.3);
  ASSERT_TRUE(w.until_phase(id, Phase::rollback_failed));
  EXPECT_TRUE(w.locked());
  EXPECT_FALSE(w.deployment(id).traffic.known);
  EXPECT_THAT(w.told("rollback_failed"), HasSubstr("traffic"));
  EXPECT_THAT(w.command(Unlock{"shop", "go on", "verify", false}).why,
              HasSubstr("the traffic does not all go back to blue yet"));
  w.steps.script("rollback/traffic", {Script::exits(0)});
  ASSERT_TRUE(w.command(Unlock{"shop", "the socket is back", "traffic", false}).ok);
  EXPECT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
  EXPECT_EQ(w.service().live_side, "blue");
}

TEST(Rollout, StepsBesideEachOtherRunAtTheSameTime) {
  RolloutWorld w(RolloutWorld::with_plan(
      replaced(RolloutWorld::kPlan, "- {name: test, kind: run, argv: [/bin/test], timeout: 30s}",
               "- {name: tests, kind: parallel, steps: [{name: unit, kind: run, argv: [/bin/unit]}, {name: load, kind: "
               "run, argv: [/bin/load]}]}")));
  w.steps.script("/bin/unit", {Script::exits(1, seconds(3))});
  w.steps.script("/bin/load", {Script::exits(0, seconds(9))});
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.until_at(id, "unit"));
  w.run(1);
  EXPECT_EQ(w.steps.running(), 2U);
  w.run(4);
  EXPECT_EQ(w.phase(id), Phase::deploying) << "what runs beside it comes to its end";
  ASSERT_TRUE(w.until_phase(id, Phase::aborted));
}

TEST(Rollout, WhatABenchmarkMeasuresIsTheBaselineWhereThePastGaveNone) {
  RolloutWorld w(
      RolloutWorld::with_plan(replaced(RolloutWorld::kPlan, "{name: test, kind: run, argv: [/bin/test], timeout: 30s}",
                                       "{name: benchmark, kind: run, argv: [/bin/test], baseline: true}")));
  w.steps.script("/bin/test", {Script::exits(0, {}, "warming up\nerror_rate 0.4%\nother 3\nerror_rate: nonsense\n")});
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.until_at(id, "watch-some"));
  const FrozenBaseline& baseline = w.deployment(id).baselines.at(0);
  EXPECT_TRUE(baseline.usable) << "nothing failed before, and zero is no baseline";
  EXPECT_EQ(baseline.value, 0.004);
  EXPECT_EQ(baseline.why, "measured by step 1.2 (benchmark)");
  EXPECT_EQ(w.app->watches().at(ShopWorld::kShop)->watch.baselines().at(0).value, 0.004);
}

TEST(Rollout, AStepWaitsForASignature) {
  RolloutWorld w(
      RolloutWorld::with_plan(replaced(RolloutWorld::kPlan, "- {name: some, kind: traffic, share: 10%}",
                                       "- {name: go, kind: approve, role: owner}\n      - {name: some, kind: "
                                       "traffic, share: 10%}")));
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.until_at(id, "go"));
  w.run(30);
  EXPECT_EQ(w.at(id), "go");
  EXPECT_THAT(w.told("approval_asked"), HasSubstr("waits at go for owner"));
  EXPECT_EQ(w.command(Approve{id, "owner", "", {}, false, {"security"}}, "uid:7(eve)").reason, "unauthorized");
  EXPECT_EQ(w.command(Approve{id, "security", "", {}, false, {"security"}}, "uid:7(eve)").reason, "conflict");
  EXPECT_EQ(w.command(SkipStep{id, "", "nobody is here"}).reason, "unauthorized");
  ASSERT_TRUE(w.command(Approve{id, "owner", "fine", {}, false, {"owner"}}, "uid:8(bob)").ok);
  ASSERT_TRUE(w.until_phase(id, Phase::watching));
  EXPECT_EQ(w.deployment(id).rollout->signed_by.at("2.2"), "uid:8(bob)");
}

TEST(Rollout, ARestartInAnyPhaseGoesOnWhereItWas) {
  for (const char* step : {"backup", "test", "deploy", "some", "watch-some", "all", "watch-all", "mark"}) {
    RolloutWorld w;
    for (const char* program : {"/bin/backup", "/bin/test", "/bin/deploy", "/bin/route", "/bin/mark"})
      w.steps.script(program, {Script::exits(0, seconds(3))});
    const std::string id = w.roll_out("v2");
    ASSERT_TRUE(w.until_at(id, step)) << step;
    w.run(1);
    w.kill();
    w.run_dead(1);
    w.start();
    ASSERT_TRUE(w.until_phase(id, Phase::watching)) << step << ": " << w.at(id);
    EXPECT_EQ(w.done(), kWayOut) << step;
    EXPECT_TRUE(w.steps.refused.empty()) << step;
  }
}

TEST(Rollout, APlanIsNotFinishedByHandNorOvertaken) {
  RolloutWorld w;
  const std::string id = w.roll_out("v2");
  EXPECT_THAT(w.command(FinishDeployment{id}).why, HasSubstr("plan"));
  EXPECT_THAT(w.begin("shop", "v3").why, HasSubstr("the plan of " + id + " is under way"));
}

} // namespace
} // namespace backstop
