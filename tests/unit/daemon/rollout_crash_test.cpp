// kill -9 at every append and at every act of a plan: it ends in the same state as if nobody had been killed, nothing ran twice,
// and the traffic is where the records say.
#include "tests/unit/daemon/kill_everywhere.hpp"
#include "tests/unit/daemon/rollout_world.hpp"
#include <gtest/gtest.h>
#include <map>

namespace backstop {
namespace {

using Script = ScriptedStepRunner::Script;

/// What a version is like, and how its plan ends.
struct Story {
  double bad = 0; ///< of its requests
  bool tests_fail = false;
  int takes = 0; ///< seconds of each step
  Phase end = Phase::succeeded;
  std::map<std::string, int> runs; ///< programs, and how often each must have run
  double share = 1;                ///< of the traffic that is on the new version in the end
};

const Story kGood{0, false, 0, Phase::succeeded, {{"/bin/deploy", 1}, {"/bin/mark", 1}, {"/bin/execute", 0}}, 1};
const Story kBad{0.3,
                 false,
                 0,
                 Phase::rolled_back_verified,
                 {{"/bin/deploy", 1}, {"/bin/undeploy", 1}, {"/bin/execute", 1}, {"/bin/mark", 0}},
                 0};
const Story kStopped{
    0, true, 0, Phase::aborted, {{"/bin/backup", 1}, {"/bin/drop-backup", 1}, {"/bin/deploy", 0}, {"/bin/execute", 0}},
    0};

/// Where /bin/route sent the traffic last, by the log of what ran.
double routed(const AppWorld& w) {
  double share = 0;
  for (const auto& run : w.steps.log)
    if (run.command.argv.front() == "/bin/route") share = std::stod(run.command.argv.at(2)) / 100;
  return share;
}

void drive(AppWorld& w, const Story& story) {
  if (!w.app->state().service(ShopWorld::kShop)) {
    w.run(8);
    w.adopt("shop", "v1");
  }
  if (!w.app->state().deployment("D1")) {
    w.run(10);
    w.begin("shop", "v2");
  }
  w.run_until(
      [&] {
        w.shops[ShopWorld::kShop].error_share = routed(w) > 0 ? story.bad : 0;
        return is_final(w.phase("D1")) && w.app->state().outbox.empty();
      },
      400);
}

void expect_whole(AppWorld& w, const Story& story, const std::string& where) {
  ASSERT_TRUE(w.app->state().deployment("D1")) << where;
  EXPECT_EQ(name_of(w.phase("D1")), name_of(story.end)) << where << ": " << w.deployment("D1").outcome_why;
  for (const auto& [program, times] : story.runs) EXPECT_EQ(w.ran(program), times) << where << ": " << program;
  EXPECT_EQ(routed(w), story.share) << where;
  EXPECT_EQ(w.deployment("D1").traffic.share, story.share) << where;
  EXPECT_TRUE(w.deployment("D1").traffic.known) << where;
  EXPECT_FALSE(w.deployment("D1").rollout->pause) << where;
}

void prepare(AppWorld& w, const Story& story) {
  for (const char* program : {"/bin/backup", "/bin/deploy", "/bin/route", "/bin/mark", "/bin/undeploy"})
    w.steps.script(program, {Script::exits(0, std::chrono::seconds(story.takes))});
  if (story.tests_fail) w.steps.script("/bin/test", {Script::exits(1)});
}

void kill_everywhere(const Story& story) {
  backstop::kill_everywhere({RolloutWorld::with_plan().text(), [&](AppWorld& w) { prepare(w, story); },
                             [&](AppWorld& w) { drive(w, story); },
                             [&](AppWorld& w, const std::string& where) { expect_whole(w, story, where); }});
}

Story slow(Story story) {
  story.takes = 2;
  return story;
}

TEST(RolloutCrashProof, AGoodVersion) { kill_everywhere(kGood); }
TEST(RolloutCrashProof, AGoodVersionWhoseStepsTakeTime) { kill_everywhere(slow(kGood)); }
TEST(RolloutCrashProof, ABadVersion) { kill_everywhere(kBad); }
TEST(RolloutCrashProof, ABadVersionWhoseStepsTakeTime) { kill_everywhere(slow(kBad)); }
TEST(RolloutCrashProof, OneThatStopsBeforeTheService) { kill_everywhere(kStopped); }

TEST(RolloutCrashProof, AMoveOfTrafficThatARebootCutOffIsAskedForAndDoneAgain) {
  AppWorld w({RolloutWorld::with_plan().text()});
  w.steps.script("/bin/route", {Script::exits(0, std::chrono::seconds(20)), Script::exits(0)});
  w.steps.script("/bin/is-routed", {Script::exits(0), Script::exits(1), Script::exits(0)});
  w.start();
  w.run(8);
  w.adopt("shop", "v1");
  w.run(10);
  w.begin("shop", "v2");
  w.run_until([&] { return !w.deployment("D1").traffic.known; }, 60);
  ASSERT_FALSE(w.deployment("D1").traffic.known);
  w.kill();
  w.steps.lose({"D1", "plan", "2.2", 1});
  w.run_dead(60);
  w.start("boot-2");
  w.run_until([&] { return w.phase("D1") == Phase::watching; }, 200);
  EXPECT_EQ(name_of(w.phase("D1")), "watching") << w.deployment("D1").rollout->progress.why;
  EXPECT_EQ(w.ran("/bin/route"), 3) << "ten percent, again, and all";
}

} // namespace
} // namespace backstop
