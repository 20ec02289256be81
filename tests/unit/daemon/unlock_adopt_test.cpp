// LOCKED after a failed rollback, and the ways out of it; what a person declares to be good.
#include "tests/unit/daemon/shop_world.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

namespace backstop {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using Script = ScriptedStepRunner::Script;

/// v2 is bad and step `program` fails: rollback_failed, LOCKED. Gives the deployment.
std::string fail_at(ShopWorld& w, const std::string& program) {
  w.steps.script(program, {Script::exits(1)});
  const std::string id = w.ship("v2", 0.3);
  w.until_phase(id, Phase::rollback_failed);
  return id;
}
ShopConfig with_retries(int retries) {
  ShopConfig config;
  const std::string plain = "argv: [/bin/prepare, \"{previous_version}\"], timeout: 30s";
  config.steps.replace(config.steps.find(plain), plain.size(), plain + ", retries: " + std::to_string(retries));
  return config;
}

TEST(Locked, AfterAFailedRollbackNothingActsAndAPersonIsPaged) {
  ShopWorld w;
  const std::string id = fail_at(w, "/bin/prepare");
  ASSERT_EQ(w.phase(id), Phase::rollback_failed);
  EXPECT_EQ(w.service().locked_by, id);
  EXPECT_THAT(w.told("rollback_failed"), HasSubstr("critical: shop/production: the rollback of v2 to v1 FAILED: step 2 "
                                                   "(prepare) failed: exit status 1"));
  EXPECT_THAT(w.told("rollback_failed"), HasSubstr("LOCKED"));
  w.run(200);
  EXPECT_EQ(w.ran("/bin/prepare"), 1);
  EXPECT_EQ(w.ran("/bin/execute"), 0);
  EXPECT_EQ(w.begin("shop", "v3").reason, "locked");
  EXPECT_EQ(w.command(RollBackNow{"shop", "again"}).reason, "locked");
}

TEST(Locked, AlsoWhenTheOldVersionIsNotGood) {
  ShopWorld w;
  w.execute_works = false; // it says 0, and v2 runs on
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_phase(id, Phase::rollback_failed));
  EXPECT_TRUE(w.locked());
  EXPECT_THAT(w.deployment(id).outcome_why, HasSubstr("verify"));
  EXPECT_EQ(w.ran("/bin/execute"), 1);
}

TEST(Locked, SurvivesARestart) {
  ShopWorld w;
  const std::string id = fail_at(w, "/bin/prepare");
  w.kill();
  w.run_dead(5);
  w.start();
  w.run(60);
  EXPECT_EQ(w.service().locked_by, id);
  EXPECT_EQ(w.ran("/bin/prepare"), 1);
}

TEST(Unlocked, PlainOnlyOpensTheServiceAgain) {
  ShopWorld w;
  const std::string id = fail_at(w, "/bin/prepare");
  ASSERT_TRUE(w.command(Unlock{"shop", "I see to it", "", false}).ok);
  EXPECT_FALSE(w.locked());
  EXPECT_FALSE(w.command(Unlock{"shop", "twice", "", false}).ok);
  w.run(100);
  EXPECT_EQ(w.phase(id), Phase::rollback_failed) << "nothing is tried again unasked";
  EXPECT_EQ(w.service().version, "v2");
  EXPECT_EQ(w.begin("shop", "v2").reason, "quarantine");
  EXPECT_EQ(w.deployment(w.begin("shop", "v3").id).previous, "v1");
}

TEST(Unlocked, RetryFromGoesOnFromThereWithAllRetriesAgain) {
  ShopWorld w(with_retries(2));
  const std::string id = fail_at(w, "/bin/prepare");
  ASSERT_EQ(w.ran("/bin/prepare"), 3);
  w.steps.script("/bin/prepare", {Script::exits(1), Script::exits(1), Script::exits(0)});
  EXPECT_EQ(w.command(Unlock{"shop", "r", "no-such", false}).reason, "not_found");
  EXPECT_TRUE(w.locked()) << "a refused unlock opens nothing";
  ASSERT_TRUE(w.command(Unlock{"shop", "disk was full", "prepare", false}).ok);
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified)) << w.deployment(id).outcome_why;
  EXPECT_EQ(w.ran("/bin/prepare"), 6);
  EXPECT_EQ(w.ran("/bin/execute"), 1);
  EXPECT_EQ(w.service().version, "v1");
  EXPECT_FALSE(w.locked());
  EXPECT_FALSE(w.app->state().incidents.at("I1").open());
}

TEST(Unlocked, RetryFromALaterStepRunsNoEarlierOne) {
  ShopWorld w;
  const std::string id = fail_at(w, "/bin/prepare");
  ASSERT_TRUE(w.command(Unlock{"shop", "prepared by hand", "3", false}).ok);
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
  EXPECT_EQ(w.ran("/bin/prepare"), 1);
  EXPECT_EQ(w.ran("/bin/execute"), 1);
}

TEST(Unlocked, ARetryThatFailsLocksAndPagesAgain) {
  ShopWorld w;
  const std::string id = fail_at(w, "/bin/prepare");
  ASSERT_TRUE(w.command(Unlock{"shop", "again", "prepare", false}).ok);
  ASSERT_TRUE(w.until_phase(id, Phase::rollback_failed));
  w.run(5);
  EXPECT_TRUE(w.locked());
  EXPECT_EQ(w.ran("/bin/prepare"), 2);
  std::set<std::string> keys;
  for (const Notice& n : w.notifier.delivered)
    if (n.key.find("rollback_failed") != std::string::npos) keys.insert(n.key);
  EXPECT_EQ(keys.size(), 2U) << "a second failure is news: the same key would be dropped as a duplicate";
}

TEST(Unlocked, DoneByHandBelievesThePerson) {
  ShopWorld w;
  const std::string id = fail_at(w, "/bin/execute");
  w.running = "v1";
  ASSERT_TRUE(w.command(Unlock{"shop", "switched the link", "", true}, "uid:7(ann)").ok);
  EXPECT_EQ(w.service().version, "v1");
  EXPECT_EQ(w.phase(id), Phase::rollback_failed);
  EXPECT_THAT(w.app->state().incidents.at("I1").how_resolved, HasSubstr("uid:7(ann), done by hand: switched the link"));
  EXPECT_TRUE(w.begin("shop", "v3").ok);
}

TEST(Unlocked, DoneByHandOfAWatchedDeploymentEndsIt) {
  config::Limits limits;
  limits.rollbacks.count = 1;
  ShopWorld w({}, limits);
  ASSERT_TRUE(w.until_phase(w.ship("v2", 0.3), Phase::rolled_back_verified));
  const std::string id = w.ship("v3", 0.3);
  ASSERT_TRUE(w.until([&] { return w.locked(); })) << "the loop guard";
  w.running = "v1";
  ASSERT_TRUE(w.command(Unlock{"shop", "switched the link", "", true}).ok);
  w.run(5);
  EXPECT_EQ(w.phase(id), Phase::aborted) << "v3 does not run any more: nothing is left to watch";
  EXPECT_EQ(w.service().version, "v1");
  EXPECT_FALSE(w.locked());
}

TEST(Adopted, IsTheFirstTargetOfAFreshHost) {
  AppWorld w({ShopConfig{}.text()});
  w.start();
  w.run(8);
  EXPECT_EQ(w.begin("shop", "v2").reason, "no_target");
  EXPECT_EQ(w.begin("shop", "v2", [](BeginDeployment& c) { c.previous = "v1"; }).reason, "no_target");
  ASSERT_TRUE(w.adopt("shop", "v1").ok);
  const Reply begun = w.begin("shop", "v2");
  ASSERT_TRUE(begun.ok) << begun.why;
  EXPECT_EQ(w.deployment(begun.id).previous, "v1");
  EXPECT_EQ(w.adopt("shop", "v2").reason, "conflict") << "while it is being deployed";
}

} // namespace
} // namespace backstop
