#include "tests/unit/daemon/rollout_world.hpp"
#include "tests/unit/report/material.hpp"
#include <gmock/gmock.h>

/// Reports of deployments by plan and with gates.
namespace backstop::report::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kGates = R"(
gates:
  checklist:
    - {name: review, title: The code was reviewed, group: Code, role: lead}
    - {name: tests, title: All tests pass, group: Code, role: lead, command: {argv: [/bin/tests]}}
  approvals: [{role: lead, title: Before the deployment}, {role: owner, title: Business sign-off}]
  monitoring: false
)";

std::string told(AppWorld& world, const std::string& id) {
  return markdown_of(document_of(report_on(world, id), at_utc));
}
std::string section(const std::string& text, const std::string& heading) {
  const std::size_t begin = text.find("## " + heading + "\n");
  return begin == std::string::npos ? "" : text.substr(begin, text.find("\n## ", begin + 1) - begin);
}

TEST(PlanReports, ABadVersionHadTrafficThoughItsPlanWasNeverDone) {
  RolloutWorld w;
  const std::string id = w.roll_out("v2", 0.3);
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
  const Report report = report_on(w, id);
  EXPECT_EQ(report.story.finished, Time{});
  ASSERT_TRUE(report.figures.exposed.has_value());
  ASSERT_FALSE(report.courses.requests.empty());
  EXPECT_GT(report.courses.requests.front().bad, 0) << "requests failed while it had a tenth of the traffic";
  EXPECT_THAT(told(w, id), AllOf(HasSubstr("v2 had the traffic for"), HasSubstr("watch-some: ended by the rollback"),
                                 Not(HasSubstr("no end is recorded"))));
}

TEST(PlanReports, TheEndOfThePlanIsNotTheBeginOfTheTraffic) {
  RolloutWorld w;
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.until_phase(id, Phase::succeeded));
  const Report report = report_on(w, id);
  EXPECT_LT(report.story.exposed, report.story.finished);
  EXPECT_THAT(told(w, id), AllOf(HasSubstr("every step of the plan is done"), Not(HasSubstr("the watch begins"))));
}

TEST(PlanReports, TheSignOffNamesEachRoleOnceAndNotWhatWasLookedAt) {
  RolloutWorld w(RolloutWorld::with_plan(std::string(RolloutWorld::kPlan) + kGates));
  BeginDeployment c;
  c.service = "shop";
  c.version = "v2";
  ASSERT_TRUE(w.command(RequestDeployment{c}, "uid:1000(ana)").ok);
  w.run(3);
  BeginDeployment begin;
  begin.id = "D1";
  EXPECT_EQ(w.command(begin, "uid:1000(ana)").reason, "gate");
  ASSERT_TRUE(w.command(Approve{"D1", "lead", "", {}, true, {"lead"}}, "uid:1001(bob)").ok);
  ASSERT_TRUE(w.command(Approve{"D1", "owner", "go", {}, true, {"owner"}}, "uid:1002(eve)").ok);
  ASSERT_TRUE(w.command(begin, "uid:1000(ana)").ok);
  ASSERT_TRUE(w.until_phase("D1", Phase::succeeded));
  const std::string text = told(w, "D1");
  EXPECT_THAT(section(text, "Sign-off"), AllOf(HasSubstr("| uid:1001(bob) | approved as lead |"),
                                               HasSubstr("| uid:1002(eve) | approved as owner: go |"),
                                               Not(HasSubstr("may not begin yet")), Not(HasSubstr("signed for"))));
  EXPECT_THAT(section(text, "Timeline"), AllOf(HasSubstr("may not begin yet"), HasSubstr("lead signed for review")));
}

} // namespace
} // namespace backstop::report::test
