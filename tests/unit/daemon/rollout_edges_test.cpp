// Plans at their edges: what is known after a restart behind removed records, and what a person did meanwhile.
#include "tests/unit/daemon/rollout_world.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace backstop {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::HasSubstr;
using Script = ScriptedStepRunner::Script;

TEST(RolloutEdges, TheSideOfAVersionIsKnownWithoutTheRecordsBefore) {
  RolloutWorld w;
  w.configure([](config::Daemon& daemon) { daemon.journal_keep = hours(48); });
  ASSERT_TRUE(w.until_phase(w.roll_out("v2"), Phase::succeeded));
  w.now += hours(72);
  w.run(5);
  const std::string id = w.roll_out("v3");
  ASSERT_TRUE(w.until_at(id, "watch-some"));
  const std::size_t before = w.journal.records().size();
  constexpr Retention::Limits kAtOnce{3, Duration{}, Duration{}};
  while (*w.app->keep_journal(w.now, kAtOnce)) {
  }
  EXPECT_TRUE(w.app->keep_journal(w.now, {1'000'000, Duration{}, hours(24)}));
  ASSERT_LT(w.journal.records().size(), before) << "the story of v2 is gone";
  w.kill();
  w.start();
  EXPECT_EQ(w.deployment(id).side, "blue");
  EXPECT_EQ(w.deployment(id).traffic.share, 0.1);
  ASSERT_TRUE(w.until_phase(id, Phase::watching));
  EXPECT_THAT(w.done(), HasSubstr("route:blue:10 route:blue:100"));
  EXPECT_EQ(w.service().live_side, "blue");
}

TEST(RolloutEdges, AVersionIsNotBroughtToTheSideThatGotTheTrafficMeanwhile) {
  std::string plan = RolloutWorld::kPlan;
  plan.insert(plan.find("  sides:"), "  timeout: 3m\n");
  RolloutWorld w(RolloutWorld::with_plan(plan));
  const std::string bad = w.roll_out("v2");
  ASSERT_TRUE(w.until_phase(bad, Phase::watching));
  w.steps.script("/bin/is-routed", {Script::exits(0, seconds(100)), Script::exits(1)});
  const std::string next = w.roll_out("v3");
  w.run(1);
  ASSERT_EQ(w.phase(next), Phase::gated) << next;
  ASSERT_TRUE(w.command(RollBackNow{"shop", "customers complain"}).ok);
  ASSERT_TRUE(w.until_phase(bad, Phase::rolled_back_verified));
  ASSERT_EQ(w.phase(next), Phase::gated);
  w.run(100);
  EXPECT_EQ(w.phase(next), Phase::refused);
  EXPECT_THAT(w.deployment(next).outcome_why, HasSubstr("all traffic goes to blue meanwhile"));
}

TEST(RolloutEdges, BeforeItHasTrafficTheOldVersionIsNotHeldAgainstIt) {
  ShopConfig config = RolloutWorld::with_plan();
  config.judge = "{kind: sequential, warm_up: 15s, sustain: 10s}";
  RolloutWorld w(config);
  w.steps.script("/bin/deploy", {Script::exits(0, seconds(29))});
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.until_at(id, "deploy"));
  w.error_share_of["v1"] = 0.9;
  w.run(28);
  EXPECT_EQ(w.at(id), "deploy");
  EXPECT_EQ(w.rollbacks(), 0U);
  w.error_share_of["v1"] = 0;
  ASSERT_TRUE(w.until_at(id, "watch-some"));
  w.run(5);
  EXPECT_EQ(w.rollbacks(), 0U) << "what was gathered before is not held against it either";
  EXPECT_FALSE(w.service().quarantine.contains("v2"));
}

TEST(RolloutEdges, KilledRightAfterTheFirstTrafficNothingOlderIsHeldAgainstIt) {
  ShopConfig config = RolloutWorld::with_plan();
  config.judge = "{kind: sequential, warm_up: 15s, sustain: 10s}";
  RolloutWorld w(config);
  w.steps.script("/bin/deploy", {Script::exits(0, seconds(29))});
  w.steps.script("/bin/route", {Script::exits(0, seconds(2))});
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.until_at(id, "deploy"));
  w.error_share_of["v1"] = 0.9;
  ASSERT_TRUE(w.until_at(id, "some"));
  w.error_share_of["v1"] = 0;
  w.kill();
  w.run_dead(3);
  w.start();
  ASSERT_TRUE(w.until_at(id, "watch-some")) << w.at(id);
  w.run(5);
  EXPECT_EQ(w.rollbacks(), 0U);
}

TEST(RolloutEdges, AWatchWithoutTrafficPauses) {
  RolloutWorld w;
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.command(SkipStep{id, "some", "not needed"}).ok);
  ASSERT_TRUE(w.until([&] { return w.deployment(id).rollout->pause.has_value(); })) << w.at(id);
  EXPECT_THAT(w.told("paused"), HasSubstr("no traffic goes to the new version"));
  ASSERT_TRUE(w.command(PromotePlan{id, "the full move is watched"}).ok);
  EXPECT_TRUE(w.until_phase(id, Phase::watching));
}

TEST(RolloutEdges, WhereNoStepMovesTrafficTheNewVersionHasItAll) {
  std::string plan = RolloutWorld::kPlan;
  for (const char* line :
       {"      - {name: some, kind: traffic, share: 10%}\n", "      - {name: all, kind: traffic, share: 100%}\n"})
    plan.erase(plan.find(line), std::string(line).size());
  RolloutWorld w(RolloutWorld::with_plan(plan));
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.until_at(id, "watch-some"));
  w.error_share_of["v1"] = 0.3; // the world tells by traffic which version answers
  EXPECT_TRUE(w.until([&] { return w.rollbacks() == 1; }));
}

TEST(RolloutEdges, TheTrafficGoesBackToWhatRanAndThatIsSaid) {
  ShopConfig config =
      RolloutWorld::with_plan(std::string(RolloutWorld::kPlan) + "running_version: {argv: [/bin/running]}\n");
  config.steps = "\n    - {name: verify, kind: watch, good_for: 5s, timeout: 60s}\n";
  RolloutWorld w(config);
  ASSERT_TRUE(w.until_phase(w.roll_out("v2"), Phase::watching));
  w.steps.script("/bin/running", {Script::exits(0, {}, "v2\n")});
  const std::string id = w.roll_out("v3", 0.3);
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified)) << w.deployment(id).outcome_why;
  EXPECT_EQ(w.service().version, "v2") << "v1 would have been gone back to, but its side was overwritten";
  EXPECT_THAT(w.told("rolled_back"), HasSubstr("rolled back v3 to v2"));
}

TEST(RolloutEdges, ATrafficMovedByHandIsNotTakenBackByAnOldDeployment) {
  RolloutWorld w;
  ASSERT_TRUE(w.until_phase(w.roll_out("v2"), Phase::succeeded));
  ASSERT_TRUE(w.command(Adopt{"shop", "v2", "brought to blue by hand", "blue"}).ok);
  EXPECT_THAT(w.command(RollBackNow{"shop", "customers complain"}).why, HasSubstr("no deployment of it is known"));
}

TEST(RolloutEdges, ARollbackWhoseFileCannotBeReadIsNoSuccess) {
  RolloutWorld w;
  w.steps.script("/bin/test", {Script::exits(2)});
  w.steps.script("/bin/drop-backup", {Script::exits(0, seconds(20))});
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.until_phase(id, Phase::rolling_back));
  w.kill();
  w.reads_frozen_files = false;
  w.start();
  w.run(3);
  EXPECT_EQ(w.phase(id), Phase::rollback_failed);
  EXPECT_TRUE(w.locked());
}

TEST(RolloutEdges, DoneByHandBeforeTheServiceWasTouchedWhatRanRuns) {
  RolloutWorld w;
  ASSERT_TRUE(w.until_phase(w.roll_out("v2"), Phase::watching));
  w.steps.script("/bin/test", {Script::exits(2)});
  w.steps.script("/bin/drop-backup", {Script::exits(1)});
  const std::string id = w.roll_out("v3");
  ASSERT_TRUE(w.until_phase(id, Phase::rollback_failed));
  ASSERT_TRUE(w.command(Unlock{"shop", "tidied up", "", true}).ok);
  EXPECT_EQ(w.service().version, "v2");
}

TEST(RolloutEdges, WithAFixedCandidateTheOtherSideIsPutRightBeforeItGetsTheTraffic) {
  std::string plan = RolloutWorld::kPlan;
  plan.insert(plan.find("plan:"), "  candidate: green\n");
  const std::string mark = "  - phase: finalization\n";
  plan.insert(plan.find(mark),
              "      - {name: settle, kind: run, argv: [/bin/settle], timeout: 30s, undo: {argv: [/bin/unsettle]}}\n"
              "      - {name: none, kind: traffic, share: 0%}\n");
  RolloutWorld w(RolloutWorld::with_plan(plan));
  w.steps.script("/bin/settle", {Script::exits(1)});
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified)) << id << w.deployment(id).outcome_why;
  EXPECT_THAT(w.done(), HasSubstr("settle unsettle route:green:0 undeploy:green:v1"));
}

TEST(RolloutEdges, TheStepThatEndsTheMoveOfTrafficIsNotLeftOut) {
  RolloutWorld w;
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.until_at(id, "watch-some"));
  EXPECT_THAT(w.command(SkipStep{id, "all", "enough"}).why, HasSubstr("both sides would have some"));
  EXPECT_TRUE(w.command(SkipStep{id, "watch-all", "enough"}).ok);
}

TEST(RolloutEdges, WhatCannotBeTakenBackBeforeTheServiceIsTouchedLocksItUntilItIs) {
  RolloutWorld w;
  w.steps.script("/bin/test", {Script::exits(2)});
  w.steps.script("/bin/drop-backup", {Script::exits(1, {}, "disk is full")});
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.until_phase(id, Phase::rollback_failed)) << name_of(w.phase(id));
  EXPECT_TRUE(w.locked());
  EXPECT_EQ(w.service().version, "v1");
  EXPECT_FALSE(w.service().quarantine.contains("v2"));
  EXPECT_THAT(w.told("rollback_failed"), HasSubstr("NOT everything that it had begun is undone"));
  w.steps.script("/bin/drop-backup", {Script::exits(0)});
  ASSERT_TRUE(w.command(Unlock{"shop", "made room", "1.1.undo", false}).ok);
  ASSERT_TRUE(w.until_phase(id, Phase::aborted)) << name_of(w.phase(id));
  EXPECT_FALSE(w.locked());
  EXPECT_EQ(w.service().version, "v1");
}

TEST(RolloutEdges, StoppedBeforeTheServiceIsTouchedWhatRanRunsOn) {
  RolloutWorld w;
  ASSERT_TRUE(w.until_phase(w.roll_out("v2"), Phase::watching));
  w.steps.script("/bin/test", {Script::exits(2)});
  const std::string id = w.roll_out("v3");
  ASSERT_TRUE(w.until_phase(id, Phase::aborted));
  EXPECT_EQ(w.service().version, "v2") << "and not v1, which a rollback would have gone back to";
  EXPECT_EQ(w.service().live_side, "green");
}

TEST(RolloutEdges, APersonSaysWhereTheTrafficIs) {
  RolloutWorld w;
  EXPECT_THAT(w.command(Adopt{"shop", "v1", "moved by hand", "red"}).why, HasSubstr("no side of the traffic"));
  ASSERT_TRUE(w.command(Adopt{"shop", "v1", "moved by hand", "green"}).ok);
  w.run(12);
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.until_phase(id, Phase::watching)) << id;
  EXPECT_THAT(w.done(), HasSubstr("deploy:blue:v2 route:blue:10"));
}

TEST(RolloutEdges, AVersionThatGotNoTrafficIsNotAskedFor) {
  RolloutWorld w(
      RolloutWorld::with_plan(std::string(RolloutWorld::kPlan) + "running_version: {argv: [/bin/running]}\n"));
  w.steps.script("/bin/running", {Script::exits(0, {}, "v0, left over on green\n")});
  w.steps.script("/bin/deploy", {Script::exits(1)});
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified)) << w.deployment(id).outcome_why;
  EXPECT_EQ(w.ran("/bin/running"), 0);
}

TEST(RolloutEdges, APersonSignsForOneRoleAlsoInThePlan) {
  std::string plan = RolloutWorld::kPlan;
  const std::string move = "      - {name: some,";
  plan.insert(plan.find(move), "      - {name: go, kind: approve, role: owner}\n"
                               "      - {name: safe, kind: approve, role: security}\n");
  RolloutWorld w(RolloutWorld::with_plan(plan + "gates: {monitoring: false, approvals: [{role: owner}]}\n"));
  const Reply begun = w.begin("shop", "v2", [](BeginDeployment& c) { c.override_reason = "the shop is down"; });
  ASSERT_TRUE(begun.ok) << begun.why;
  ASSERT_TRUE(w.until_at(begun.id, "go"));
  w.run(1);
  ASSERT_TRUE(w.command(Approve{begun.id, "owner", "", {}, false, {"*"}}, "uid:8(bob)").ok);
  ASSERT_TRUE(w.until_at(begun.id, "safe"));
  w.run(1);
  EXPECT_THAT(w.command(Approve{begun.id, "security", "", {}, false, {"*"}}, "uid:8(bob)").why,
              HasSubstr("signed as owner already"));
  EXPECT_TRUE(w.command(Approve{begun.id, "security", "", {}, false, {"*"}}, "uid:9(eve)").ok);
}

TEST(RolloutEdges, AFileThatCannotBeReadAnyMoreIsToldAndNothingIsGuessed) {
  RolloutWorld w;
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.until_at(id, "watch-some"));
  w.kill();
  w.reads_frozen_files = false;
  w.start();
  w.run(30);
  EXPECT_THAT(w.told("unreadable"), HasSubstr("cannot be read any more"));
  EXPECT_EQ(w.phase(id), Phase::deploying);
  EXPECT_THAT(w.command(FinishDeployment{id}).why, HasSubstr("cannot be read"));
  EXPECT_THAT(w.begin("shop", "v3").why, HasSubstr("nobody knows where its traffic is to go"));
  ASSERT_TRUE(w.command(AbortDeployment{id, "looked at it"}).ok);
  EXPECT_THAT(w.deployment(id).outcome_why, HasSubstr("traffic may go to green still"));
}

} // namespace
} // namespace backstop
