#include "tests/unit/report/material.hpp"
#include <gmock/gmock.h>

/// A report of a deployment in whatever situation says how it stands, in every medium.
namespace backstop::report::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string told(AppWorld& world, const std::string& id) {
  const Report report = report_on(world, id);
  const Document document = document_of(report, an_hour_ahead);
  EXPECT_THAT(html_of(document), HasSubstr("</html>\n"));
  EXPECT_TRUE(Json::parse(json_of(report).dump(2)));
  return markdown_of(document);
}

TEST(ReportSituations, TheDeploymentIsNotOutYet) {
  Shop world;
  world.begin("shop", "v2");
  world.run(5);
  EXPECT_THAT(told(world, "D1"), AllOf(HasSubstr("**under way**"), HasSubstr("deployment of v2 announced")));
}

TEST(ReportSituations, ItWasAborted) {
  Shop world;
  const std::string id = world.begin("shop", "v2").id;
  world.command(AbortDeployment{id, "the disk is full"}, "uid:1000(ana)");
  EXPECT_THAT(told(world, id), AllOf(HasSubstr("**aborted**"), HasSubstr("the disk is full"), HasSubstr("ana")));
}

TEST(ReportSituations, ItWasSuperseded) {
  Shop world;
  world.deploy("shop", "v2");
  world.run(30);
  world.deploy("shop", "v3");
  world.run(5);
  EXPECT_THAT(told(world, "D1"), HasSubstr("superseded"));
}

TEST(ReportSituations, ThePreflightRefusedIt) {
  ShopConfig config;
  config.steps.replace(config.steps.find("timeout: 30s}"), 13, "timeout: 30s, preflight: {argv: [/bin/can]}}");
  Shop world(config);
  world.steps.script("preflight/2", {ScriptedStepRunner::Script::exits(1)});
  world.begin("shop", "v2");
  world.run(2);
  ASSERT_EQ(world.phase("D1"), Phase::refused);
  EXPECT_THAT(told(world, "D1"), AllOf(HasSubstr("**refused**"), HasSubstr("Checked before"), HasSubstr("/bin/can")));
}

TEST(ReportSituations, OnlyObserved) {
  ShopConfig config;
  config.mode = "observe";
  Shop world(config);
  world.deploy_bad(12);
  const std::string text = told(world, "I1");
  EXPECT_THAT(text, AllOf(HasSubstr("did not roll back by itself (observed"),
                          HasSubstr("would roll back, and only watches"), Not(HasSubstr("What the rollback did"))));
}

TEST(ReportSituations, APersonIsAskedAndSaysNo) {
  ShopConfig config;
  config.mode = "confirm";
  Shop world(config);
  world.deploy_bad(8);
  EXPECT_THAT(told(world, "I1"), HasSubstr("waits for a person's yes or no"));
  world.command(AnswerConfirmation{"D1", "it is the network", false}, "uid:1000(ana)");
  EXPECT_THAT(told(world, "I1"), AllOf(HasSubstr("a person says no to the rollback: it is the network"),
                                       HasSubstr("| uid:1000(ana) | a person says no")));
}

TEST(ReportSituations, APersonRollsBackWhatWasKept) {
  Shop world;
  world.deploy("shop", "v2");
  world.run(70);
  ASSERT_EQ(world.phase("D1"), Phase::succeeded);
  ASSERT_TRUE(world.command(RollBackNow{"shop", "customers complain"}, "uid:1000(ana)").ok);
  world.run(30);
  ASSERT_EQ(world.phase("D1"), Phase::rolled_back_verified);
  EXPECT_THAT(told(world, "D1"), HasSubstr("**rolled back, and verified**"));
  EXPECT_THAT(told(world, "I1"),
              AllOf(HasSubstr("The rollback was ordered by uid:1000(ana): customers complain."),
                    HasSubstr("| uid:1000(ana) | the rollback to v1 begins, ordered by uid:1000(ana): customers"),
                    Not(HasSubstr("| uid:1000(ana) | v2 is quarantined"))));
}

TEST(ReportSituations, TheDaemonWasAway) {
  Shop world;
  world.deploy("shop", "v2");
  world.run(10);
  world.kill();
  world.run_dead(300);
  world.start();
  world.shops["shop/production"].error_share = 0.3;
  world.run(20);
  EXPECT_THAT(told(world, "I1"), HasSubstr("Nobody watched for "));
}

TEST(ReportSituations, TheSourceWasDown) {
  Shop world;
  world.deploy("shop", "v2");
  world.shops["shop/production"].answers = false;
  world.run(80);
  ASSERT_EQ(world.phase("D1"), Phase::undecided);
  EXPECT_THAT(told(world, "I1"),
              AllOf(HasSubstr("was left undecided"), HasSubstr("answers of sources of samples were missing")));
}

TEST(ReportSituations, TheLockWasTakenAwayByAPerson) {
  Shop world;
  world.steps.script("rollback/3", {ScriptedStepRunner::Script::exits(3)});
  world.deploy_bad(20);
  EXPECT_THAT(told(world, "I1"), HasSubstr("The service is LOCKED"));
  world.command(Unlock{"shop", "brought back by hand", "", true}, "uid:1000(ana)");
  world.run(5);
  EXPECT_THAT(told(world, "I1"), AllOf(Not(HasSubstr("The service is LOCKED")), HasSubstr("brought back by hand")));
}

} // namespace
} // namespace backstop::report::test
