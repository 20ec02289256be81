#include "tests/unit/ctl/golden.hpp"
#include "tests/unit/ctl/pages_world.hpp"
#include "tests/unit/daemon/rollout_world.hpp"

/// checklist, plan show, and how status and deploy show tell of a plan.
namespace backstop::ctl::test {
namespace {

constexpr const char* kGates = R"(
gates:
  checklist:
    - {name: tests, title: All tests pass, group: Code, role: lead, command: {argv: [/bin/tests]}}
    - {name: review, title: The code was reviewed, group: Code, role: lead}
    - {name: spec, title: The specification is complete, group: Release, role: owner}
    - {name: guide, title: The user guide is ready, group: Release, role: owner}
    - {name: healthy, title: Few errors now, group: Infrastructure, role: ops, indicator: error_rate, is: "< 2%"}
  approvals: [{role: lead, title: Before the deployment}, {role: owner, title: Business sign-off}]
)";

struct Requested : RolloutWorld {
  Requested() : RolloutWorld(with_plan(std::string(kPlan) + kGates)) {
    steps.script("/bin/tests",
                 {ScriptedStepRunner::Script::exits(3, std::chrono::seconds(1), "80 ran\n3 of 80 failed\n")});
    BeginDeployment c;
    c.service = "shop";
    c.version = "v2";
    c.kind = "hotfix";
    command(RequestDeployment{c}, "uid:1000(ana)");
    run(3);
  }
  Reply sign(const std::string& role, const std::string& actor, std::vector<std::string> items, bool all = false) {
    return command(Approve{"D1", role, "", std::move(items), all, {role}}, actor);
  }
};

TEST(PlanPages, AChecklistSaysWhoHasToSignAndHow) {
  Requested world;
  world.sign("lead", "uid:1001(bob)", {"review"});
  expect_golden("checklist_open", page(world, Page::checklist, "/v1/deployments/D1/checklist"));
  expect_golden("status_requested", status(world));
}

TEST(PlanPages, AChecklistWithEverythingGivenSaysWhatComesNext) {
  Requested world;
  world.steps.script("/bin/tests", {ScriptedStepRunner::Script::exits(0, std::chrono::seconds(1), "80 passed\n")});
  ASSERT_TRUE(world.command(CheckItems{"D1"}, "uid:1000(ana)").ok);
  world.run(60);
  ASSERT_TRUE(world.sign("lead", "uid:1001(bob)", {}, true).ok);
  ASSERT_TRUE(world.sign("owner", "uid:1002(eve)", {}, true).ok);
  expect_golden("checklist_given", page(world, Page::checklist, "/v1/deployments/D1/checklist"));
}

TEST(PlanPages, WhatIsMissingStandsALineEach) {
  const Json doc = *Json::parse(
      R"({"error": {"code": "gate", "what": "deployment of shop v2", "why": "missing: a; b", "how": "give it"},
      "missing": ["review (lead): not signed", "approval of lead"]})");
  EXPECT_EQ(render_error(doc), "deployment of shop v2: 2 things are missing (give it)\n"
                               "  review (lead): not signed\n"
                               "  approval of lead");
}

TEST(PlanPages, WhileAWatchRuns) {
  RolloutWorld world;
  ASSERT_TRUE(world.until_at(world.roll_out("v2"), "watch-some"));
  world.run(3);
  expect_golden("plan_show", page(world, Page::plan, "/v1/deployments/D1"));
  expect_golden("status_plan", status(world));
}

TEST(PlanPages, PausedSaysTheWaysOn) {
  RolloutWorld world;
  ASSERT_TRUE(world.until_at(world.roll_out("v2"), "watch-some"));
  ASSERT_TRUE(world.command(PausePlan{"D1", "the shop is being filmed"}, "uid:1000(ana)").ok);
  world.run(3);
  expect_golden("deploy_show_plan_paused", page(world, Page::deployment, "/v1/deployments/D1"));
}

TEST(PlanPages, ABadVersionThatLostItsTraffic) {
  RolloutWorld world;
  ASSERT_TRUE(world.until_phase(world.roll_out("v2", 0.3), Phase::rolled_back_verified));
  expect_golden("deploy_show_plan_rolled_back", page(world, Page::deployment, "/v1/deployments/D1"));
}

} // namespace
} // namespace backstop::ctl::test
