#include "daemon/ctl/outcome.hpp"
#include "tests/unit/ctl/golden.hpp"
#include "tests/unit/ctl/pages_world.hpp"
#include <gmock/gmock.h>

/// How `deploy wait` ends, and what it says while it waits, for deployments as the daemon tells of them.
namespace backstop::ctl::test {
namespace {

Json document(AppWorld& world, const std::string& id = "D1") {
  return printable(answer(world, "/v1/deployments/" + id).body);
}
Outcome outcome(AppWorld& world, const std::string& id = "D1", bool whole_bake = false) {
  return outcome_of(document(world, id), whole_bake, {});
}
std::string line(AppWorld& world) { return progress_line(document(world), {}); }

void expect_outcome(const std::string& name, const Outcome& end) {
  const bool whole = !end.text.empty() && end.text.back() == '\n';
  expect_golden(name, "exit code " + std::to_string(end.exit_code) + "\n" + end.text + (whole ? "" : "\n"), 120);
}

void expect_waiting(AppWorld& world, bool whole_bake = false) {
  const Outcome now = outcome(world, "D1", whole_bake);
  EXPECT_EQ(now.exit_code, -1) << now.text;
}

TEST(WaitOutcome, Kept) {
  Shops world;
  world.deploy("shop", "v2");
  world.run(10);
  expect_waiting(world);
  EXPECT_EQ(line(world), "D1 watching v2, good in 10s, watched for 50s more; normal; error_rate 0%, limit 2% - 5%");
  world.run(12);
  EXPECT_EQ(outcome(world).exit_code, kDone);
  expect_outcome("wait_verified_good", outcome(world));
  expect_waiting(world, true);
  world.run(60);
  EXPECT_EQ(outcome(world, "D1", true).exit_code, kDone);
  expect_outcome("wait_kept", outcome(world));
}

TEST(WaitOutcome, RolledBack) {
  Shops world;
  world.steps.script("rollback/3", {ScriptedStepRunner::Script::exits(0, std::chrono::seconds(5))});
  world.deploy_bad(8);
  expect_waiting(world);
  EXPECT_EQ(line(world), "D1 rolling back v2 to v1, step 3 execute; CRITICAL; error_rate 30%, limit > 5% (CRITICAL for "
                         "5s)");
  world.shops[kShop].error_share = 0;
  world.run(40);
  EXPECT_EQ(outcome(world).exit_code, kRolledBack);
  expect_outcome("wait_rolled_back", outcome(world));
  EXPECT_EQ(outcome(world, "D2").exit_code, kDone);
  expect_outcome("wait_for_the_rollback_itself", outcome(world, "D2"));
}

TEST(WaitOutcome, ARuleThatHasJustBecomeCriticalIsSaidToBeSo) {
  Shops world;
  world.deploy_bad(8);
  Json doc = document(world);
  Json service = doc["service"];
  Json rule = (*service["rules"].as_array())[0];
  rule.set("reading_level", "critical").set("held_s", 0.0);
  service.set("rules", Json::array().push(rule));
  EXPECT_THAT(progress_line(doc.set("service", service), {}), testing::EndsWith("limit > 5% (CRITICAL)"));
}

TEST(WaitOutcome, RollbackFailed) {
  Shops world;
  world.steps.script("rollback/3", {ScriptedStepRunner::Script::exits(3)});
  world.deploy_bad(12);
  EXPECT_EQ(outcome(world).exit_code, kRollbackFailed);
  expect_outcome("wait_rollback_failed", outcome(world));
  EXPECT_EQ(outcome(world, "D2").exit_code, kRollbackFailed);
}

TEST(WaitOutcome, Undecided) {
  Shops world;
  world.deploy("shop", "v2");
  world.shops[kShop].answers = false;
  world.run(70);
  EXPECT_EQ(outcome(world).exit_code, kUndecided);
  expect_outcome("wait_undecided", outcome(world));
}

TEST(WaitOutcome, HeldNeedsAPersonAtOnce) {
  Shops world;
  world.command(Hold{"shop", std::chrono::minutes(30), "looking at the database"});
  world.deploy("shop", "v2");
  world.run(5);
  expect_waiting(world); // nothing was held back yet
  EXPECT_NE(line(world).find(", HELD; normal"), std::string::npos) << line(world);
  world.shops[kShop].error_share = 0.3;
  world.run(8);
  EXPECT_EQ(outcome(world).exit_code, kUndecided);
  expect_outcome("wait_held", outcome(world));
  world.command(Unhold{"shop"});
  expect_waiting(world);
  world.run(2);
  EXPECT_EQ(world.phase("D1"), Phase::rolling_back);
  expect_waiting(world);
}

TEST(WaitOutcome, HeldAndGoneByItselfIsWaitedFor) {
  Shops world;
  world.command(Hold{"shop", std::chrono::minutes(30), "x"});
  world.deploy_bad(8);
  EXPECT_EQ(outcome(world).exit_code, kUndecided);
  world.shops[kShop].error_share = 0;
  world.run(10);
  expect_waiting(world);
}

TEST(WaitOutcome, ConfirmationNeedsAPersonAtOnce) {
  ShopConfig config;
  config.mode = "confirm";
  Shops world(config);
  world.deploy_bad(8);
  EXPECT_EQ(outcome(world).exit_code, kUndecided);
  expect_outcome("wait_confirm", outcome(world));
  world.command(AnswerConfirmation{"D1", "it is the load test", false});
  expect_waiting(world);
  world.run(2);
  expect_waiting(world); // a person has answered: it goes on to the end of the bake
  EXPECT_NE(line(world).find("NOT rolled back: declined"), std::string::npos) << line(world);
  world.run(60);
  EXPECT_EQ(outcome(world).exit_code, kUndecided);
}

TEST(WaitOutcome, ConfirmedGoesOn) {
  ShopConfig config;
  config.mode = "confirm";
  Shops world(config);
  world.deploy_bad(8);
  world.command(AnswerConfirmation{"D1", "yes", true});
  expect_waiting(world);
  world.shops[kShop].error_share = 0;
  world.run(30);
  EXPECT_EQ(outcome(world).exit_code, kRolledBack);
}

TEST(WaitOutcome, BlockedNeedsAPersonAtOnce) {
  Shops world;
  world.begin("shop", "v2", [](BeginDeployment& c) { c.mode = "auto"; });
  world.command(FinishDeployment{"D1"});
  world.shops[kShop].error_share = 0.3;
  Json doc = document(world);
  Json deployment = doc["deployment"];
  deployment.set("decision", "RollBack")
      .set("decision_status", "blocked:it points to a shared dependency: orders-db")
      .set("decision_why", "error_rate 30% (critical is > 5%) for 3s");
  Json service = doc["service"];
  service.set("deployment", deployment);
  doc.set("deployment", deployment).set("service", service);
  EXPECT_EQ(outcome_of(doc, false, {}).exit_code, kUndecided);
  expect_outcome("wait_blocked", outcome_of(doc, false, {}));
}

TEST(WaitOutcome, WaitingForASlotGoesOnByItself) {
  const Json deployment = Json::object()
                              .set("id", "D1")
                              .set("phase", "watching")
                              .set("version", "v2")
                              .set("decision", "RollBack")
                              .set("decision_status", "waiting:1 rollback under way");
  const Json doc = Json::object().set("deployment", deployment);
  EXPECT_EQ(outcome_of(doc, false, {}).exit_code, -1);
  EXPECT_NE(progress_line(doc, {}).find("NOT rolled back: waiting"), std::string::npos);
}

TEST(WaitOutcome, AbortedSupersededRefused) {
  Shops world;
  world.deploy("shop", "v2");
  world.command(AbortDeployment{"D1", "wrong branch"});
  EXPECT_EQ(outcome(world).exit_code, kSuperseded);
  expect_outcome("wait_aborted", outcome(world));
  world.deploy("shop", "v3");
  world.run(3);
  world.deploy("shop", "v4");
  EXPECT_EQ(outcome(world, "D2").exit_code, kSuperseded);
  expect_outcome("wait_superseded", outcome(world, "D2"));
  const Json refused =
      Json::object().set("deployment", Json::object().set("id", "D9").set("phase", "refused").set("why", "no package"));
  EXPECT_EQ(outcome_of(refused, false, {}).exit_code, kRefused);
}

TEST(ProgressLine, IsCutToTheTerminal) {
  Shops world;
  world.deploy_bad(4);
  const Style narrow{true, 40};
  const std::string text = progress_line(document(world), narrow);
  EXPECT_EQ(columns_of(text), 40U) << text;
  EXPECT_EQ(text.find('\n'), std::string::npos) << text;
}

} // namespace
} // namespace backstop::ctl::test
