#include "tests/unit/report/material.hpp"
#include <gmock/gmock.h>

/// What reports say is what happened.
namespace backstop::report::test {
namespace {

using testing::Contains;
using testing::HasSubstr;

Duration seconds(double s) { return seconds_f(s); }

TEST(Report, TheTimesThatWereMeasured) {
  Shop world;
  world.deploy_bad(8);
  const Time decided = world.app->state().decisions.at("E1").at;
  world.command(Acknowledge{"I1", "on it", {}}, "uid:1001(ben)");
  const Time acknowledged = world.now;
  world.mend(40);
  const Report report = report_on(world, "I1");
  const Story& s = report.story;
  EXPECT_EQ(s.decision()->at, decided);
  ASSERT_FALSE(report.suspects.empty());
  EXPECT_EQ(report.figures.first_sign, s.finished + seconds(1)) << "the first scrape of v2 had errors";
  EXPECT_EQ(report.figures.to_decide, decided - (s.finished + seconds(1)));
  EXPECT_EQ(report.figures.to_acknowledge, acknowledged - s.incidents[0].opened);
  ASSERT_NE(s.restored(), Time{});
  EXPECT_EQ(report.figures.to_restore, s.restored() - s.rollback_began);
  EXPECT_EQ(report.figures.to_verify, s.ended - s.restored());
  EXPECT_EQ(report.figures.exposed, s.restored() - s.finished);
  EXPECT_EQ(report.figures.commands, 3U);
  EXPECT_EQ(report.figures.failed, 0U);
  EXPECT_EQ(report.figures.delivered, report.figures.notices);
}

TEST(Report, AReviewThatIsClosedStandsInItAndIsAskedForNoMore) {
  Shop world;
  world.deploy_bad(8);
  world.mend(40);
  const auto page = [&] { return markdown_of(document_of(report_on(world, "I1"), at_utc)); };
  EXPECT_THAT(page(), HasSubstr("Write the root cause"));
  world.now += std::chrono::hours(20); // a good night's sleep
  ASSERT_TRUE(world.command(CloseReview{"I1", "a slow query", "an index"}, "uid:1001(ben)").ok);
  EXPECT_THAT(page(), testing::AllOf(HasSubstr("a slow query"), HasSubstr("an index"), HasSubstr("ben"),
                                     testing::Not(HasSubstr("Write the root cause"))));
}

TEST(Report, RequestsAreCountedWhileTheVersionHadTheTraffic) {
  Shop world;
  world.deploy_bad(8);
  world.mend(40);
  const Report report = report_on(world, "I1");
  ASSERT_EQ(report.courses.requests.size(), 1U);
  const Requests& requests = report.courses.requests[0];
  EXPECT_NEAR(requests.bad / requests.all, 0.3, 0.001);
  const double exposed = to_seconds(*report.figures.exposed);
  EXPECT_NEAR(requests.all, 100 * exposed, 110) << "100 a second";
}

TEST(Report, OfALongWatchNothingIsLost) {
  ShopConfig config;
  config.bake = "for: 24h, good_after: 2h, deploy_timeout: 30s";
  Shop world(config);
  world.deploy("shop", "v2");
  world.run(6 * 3600); // readings are taken farther apart than a window is long
  world.shops["shop/production"].error_share = 0.3;
  world.run(8);
  world.mend(40);
  const Report report = report_on(world, "I1");
  const Requests& requests = report.courses.requests.at(0);
  EXPECT_NEAR(requests.all, 100 * to_seconds(*report.figures.exposed), 200);
  EXPECT_NEAR(requests.bad, 150, 60) << "five seconds of it";
  ASSERT_EQ(report.suspects.size(), 1U);
  EXPECT_FALSE(report.suspects[0].from_records);
  EXPECT_LT(*report.figures.to_decide, seconds(10));
  const Document review = document_of(report, at_utc);
  EXPECT_EQ(html_of(review).find("deployment begins</li>"), std::string::npos) << "six hours before the picture";
}

TEST(Report, TheFirstToMoveComesFirst) {
  ShopConfig config;
  Shop world(config);
  world.deploy_bad(8);
  const Report report = report_on(world, "I1");
  ASSERT_EQ(report.suspects.size(), 1U);
  EXPECT_EQ(report.suspects[0].name, "error_rate");
  EXPECT_TRUE(report.suspects[0].decided);
  EXPECT_FALSE(report.suspects[0].from_records);
  EXPECT_EQ(report.suspects[0].level, "critical");
  EXPECT_NEAR(*report.suspects[0].worst, 0.3, 0.001);
}

TEST(Report, WithoutSamplesTheOnsetIsThatOfTheRecords) {
  Shop world;
  world.deploy_bad(8);
  world.mend(40);
  const Report report = report_on(world, "I1", false);
  EXPECT_THAT(report.courses.missing, HasSubstr("nothing was recorded"));
  ASSERT_EQ(report.suspects.size(), 1U);
  EXPECT_TRUE(report.suspects[0].from_records);
  const LevelStory& level = report.story.levels[0];
  EXPECT_EQ(report.suspects[0].onset, level.change.judged - level.change.evidence.held);
}

TEST(Report, AQuietDeploymentHasNoSuspects) {
  Shop world;
  world.deploy("shop", "v2");
  world.run(70);
  const Report report = report_on(world, "D1");
  EXPECT_TRUE(report.suspects.empty());
  EXPECT_EQ(report.figures.first_sign, Time{});
  EXPECT_EQ(report.figures.to_decide, std::nullopt);
}

TEST(Report, ASignalIsASuspect) {
  Shop world;
  world.deploy("shop", "v2");
  world.run(5);
  world.command(RaiseSignal{"shop", "data-corruption", "two orders without a customer"}, "uid:1000(ana)");
  world.run(20);
  const Report report = report_on(world, "I1");
  ASSERT_FALSE(report.suspects.empty());
  EXPECT_EQ(report.suspects[0].name, "data-corruption");
  EXPECT_EQ(report.suspects[0].said, "two orders without a customer");
  EXPECT_THAT(report.story.acts.back().did, HasSubstr("data-corruption"));
  EXPECT_EQ(report.story.acts.back().who, "uid:1000(ana)");
}

TEST(Report, WhatDidNotGoWellIsSaid) {
  Shop world;
  world.steps.script("rollback/3", {ScriptedStepRunner::Script::exits(3)});
  world.deploy_bad(20);
  const Report report = report_on(world, "I1");
  EXPECT_THAT(report.judgement.badly, Contains(HasSubstr("The rollback failed: ")));
  EXPECT_THAT(report.judgement.badly, Contains("No person has taken the incident so far."));
  EXPECT_EQ(report.story.restored(), Time{}) << "nobody knows that the version before runs";
}

TEST(Report, TheRollbackItselfIsTheReportOfWhatItUndid) {
  Shop world;
  world.deploy_bad(8);
  world.mend(40);
  EXPECT_EQ(report_on(world, "D2").story.deployment, "D1");
}

TEST(Report, RecordsComeInPages) {
  Shop world;
  world.deploy("shop", "v2");
  for (int i = 0; i < 250; ++i) {
    world.command(Hold{"shop", std::chrono::minutes(5), "round " + std::to_string(i)});
    world.command(Unhold{"shop"});
  }
  world.run(70);
  const Material material = material_of(world, "D1");
  std::uint64_t last = 0;
  int holds = 0;
  for (const Record& record : material.records) {
    EXPECT_GT(record.seq, last);
    last = record.seq;
    holds += record.type == "hold_set" ? 1 : 0;
  }
  EXPECT_EQ(holds, 250);
  EXPECT_EQ(material.records.back().type, "notice_ended");
}

TEST(Report, AnotherDeploymentIsNotInIt) {
  Shop world;
  world.deploy_bad(8);
  world.mend(40);
  world.deploy("shop", "v3");
  world.run(70);
  for (const Record& record : material_of(world, "I1").records)
    EXPECT_EQ(record.payload.dump().find("D3"), std::string::npos);
  for (const Record& record : material_of(world, "D3").records)
    EXPECT_EQ(record.payload.dump().find("I1"), std::string::npos);
  EXPECT_EQ(report_on(world, "D3").story.outcome, "succeeded");
}

TEST(Report, RecordsOfANewerProgramAreNamed) {
  Shop world;
  world.deploy_bad(8);
  Material material = material_of(world, "I1");
  material.records[3].type = "of_the_future";
  const Result<Report> report = report_of(material, frozen);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::newer);
  EXPECT_THAT(report.error().what, HasSubstr("record " + std::to_string(material.records[3].seq)));
}

TEST(Report, AFrozenConfigurationThatDoesNotReadIsSaid) {
  Shop world;
  world.deploy_bad(8);
  const auto unreadable = [](const std::string&, const std::string&) -> Result<config::Service> {
    return fail(Errc::invalid, "line 3: unknown key");
  };
  const Result<Report> report = report_of(material_of(world, "I1"), unreadable);
  ASSERT_TRUE(report);
  EXPECT_THAT(report->courses.missing, HasSubstr("line 3: unknown key"));
  EXPECT_THAT(markdown_of(document_of(*report, at_utc)), HasSubstr("There are no pictures: "));
}

} // namespace
} // namespace backstop::report::test
