#include "tests/unit/report/material.hpp"

/// Whole reports, as people get them.
namespace backstop::report::test {
namespace {

TEST(ReportGolden, AnIncidentThatWasRolledBack) {
  Shop world;
  world.deploy_bad(8);
  world.command(Acknowledge{"I1", "looking into it", {}}, "uid:1001(ben)");
  world.mend(40);
  ASSERT_EQ(world.phase("D1"), Phase::rolled_back_verified);
  const Report report = report_on(world, "I1");
  expect_golden("incident_rolled_back.md", markdown_of(document_of(report, an_hour_ahead)));
  expect_golden("incident_rolled_back.html", html_of(document_of(report, an_hour_ahead)));
  expect_golden("incident_rolled_back.json", json_of(report).dump(2) + "\n");
  expect_golden("log_rolled_back.md", markdown_of(document_of(report_on(world, "D1"), an_hour_ahead)));
}

TEST(ReportGolden, AnIncidentWhoseRollbackFailed) {
  Shop world;
  world.steps.script("rollback/3", {ScriptedStepRunner::Script::exits(3)});
  world.notifier.failing = true;
  world.deploy_bad(20);
  ASSERT_EQ(world.phase("D1"), Phase::rollback_failed);
  expect_golden("incident_rollback_failed.md", markdown_of(document_of(report_on(world, "I1"), at_utc)));
}

TEST(ReportGolden, AnIncidentWithoutSamples) {
  Shop world;
  world.deploy_bad(8);
  world.mend(40);
  expect_golden("incident_without_samples.md", markdown_of(document_of(report_on(world, "I1", false), at_utc)));
}

TEST(ReportGolden, ADeploymentThatWasKept) {
  Shop world;
  world.deploy("shop", "v2");
  world.run(70);
  ASSERT_EQ(world.phase("D1"), Phase::succeeded);
  const Report report = report_on(world, "D1");
  expect_golden("log_kept.md", markdown_of(document_of(report, an_hour_ahead)));
  expect_golden("log_kept.html", html_of(document_of(report, an_hour_ahead)));
  expect_golden("log_kept.json", json_of(report).dump(2) + "\n");
}

TEST(ReportGolden, TheSameMaterialGivesTheSameBytes) {
  Shop world;
  world.deploy_bad(8);
  world.mend(40);
  EXPECT_EQ(html_of(document_of(report_on(world, "I1"), at_utc)), html_of(document_of(report_on(world, "I1"), at_utc)));
}

} // namespace
} // namespace backstop::report::test
