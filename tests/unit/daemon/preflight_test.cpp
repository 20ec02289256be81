// What is asked before a deployment begins, and before anything is undone.
#include "tests/unit/daemon/shop_world.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace backstop {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using Script = ScriptedStepRunner::Script;

/// Its step execute asks /bin/there whether it could work.
ShopConfig with_preflight() {
  ShopConfig config;
  const std::string check = "check: {argv: [/bin/is-at";
  config.steps.replace(config.steps.find(check), check.size(), "preflight: {argv: [/bin/there]}, " + check);
  return config;
}
ShopConfig with(const std::string& extra) {
  ShopConfig config;
  config.extra = extra;
  return config;
}

TEST(Preflight, ADeploymentWhoseRollbackIsImpossibleIsRefusedAndTouchesNothing) {
  ShopWorld w(with_preflight());
  w.steps.script("/bin/there", {Script::exits(3)});
  const std::string id = w.begin("shop", "v2").id;
  w.run(2);
  EXPECT_EQ(w.phase(id), Phase::refused);
  EXPECT_THAT(w.deployment(id).outcome_why, HasSubstr("the rollback would be impossible: preflight of step 3"));
  EXPECT_EQ(w.service().version, "v1");
  EXPECT_FALSE(w.command(FinishDeployment{id}).ok);
  w.steps.script("/bin/there", {Script::exits(0)});
  EXPECT_TRUE(w.begin("shop", "v2").ok) << "mended, it may be tried again";
}

TEST(Preflight, AnIrreversibleDeploymentGoesOnAndAsksAPersonBeforeARollback) {
  ShopWorld w(with_preflight());
  w.steps.script("/bin/there", {Script::exits(3)});
  const std::string id = w.begin("shop", "v2", [](BeginDeployment& c) { c.irreversible = true; }).id;
  w.run(2);
  ASSERT_EQ(w.phase(id), Phase::deploying);
  w.running = "v2";
  w.error_share_of["v2"] = 0.3;
  w.command(FinishDeployment{id});
  ASSERT_TRUE(w.until_status(id, "awaiting_confirmation"));
  w.run(20);
  EXPECT_EQ(w.rollbacks(), 0U);
}

TEST(Preflight, ARollbackThatBeganWhileTheNextWasCheckedIsNotCutOff) {
  ShopWorld w(with_preflight());
  const std::string bad = w.ship("v2", 0.3);
  w.steps.script("/bin/there", {Script::exits(0, seconds(9))});
  w.steps.script("/bin/prepare", {Script::exits(0, seconds(20))});
  const std::string next = w.begin("shop", "v3").id;
  ASSERT_EQ(w.phase(next), Phase::gated);
  ASSERT_TRUE(w.until([&] { return w.phase(bad) == Phase::rolling_back; }));
  ASSERT_TRUE(w.until([&] { return w.phase(next) != Phase::gated; }));
  EXPECT_EQ(w.phase(next), Phase::refused);
  EXPECT_THAT(w.deployment(next).outcome_why, HasSubstr(bad + " is being rolled back"));
  EXPECT_TRUE(w.until_phase(bad, Phase::rolled_back_verified));
  EXPECT_EQ(w.ran("/bin/execute"), 1);
}

TEST(Assess, AnotherVersionThanTheJudgedOneStopsItAndPages) {
  ShopWorld w(with("running_version: {argv: [/bin/version]}\n"));
  w.steps.script("/bin/version", {Script::exits(0, {}, "v9\n")});
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_phase(id, Phase::rollback_failed));
  EXPECT_EQ(w.ran("/bin/prepare"), 0);
  EXPECT_EQ(w.ran("/bin/execute"), 0);
  EXPECT_TRUE(w.locked());
  EXPECT_THAT(w.told("rollback_failed"), HasSubstr("'v9' runs, not v2, which was judged; nothing was undone"));
}

TEST(Assess, ALinkSaysWhichVersionRuns) {
  for (const auto& [target, end] : {std::pair{"releases/v2", Phase::rolled_back_verified},
                                    {"releases/v9", Phase::rollback_failed},
                                    {"", Phase::rollback_failed}}) {
    ShopWorld w(with("running_version: {link: /srv/shop/current}\n"));
    if (*target) w.links["/srv/shop/current"] = target;
    const std::string id = w.ship("v2", 0.3);
    ASSERT_TRUE(w.until([&] { return is_final(w.phase(id)); }));
    EXPECT_EQ(w.phase(id), end) << target;
    EXPECT_EQ(w.ran("/bin/execute"), end == Phase::rollback_failed ? 0 : 1) << target;
  }
}

TEST(Assess, SomebodyElseWhoIsDeployingIsNotDisturbed) {
  ShopWorld w(with("deploy_lock: /run/lock/shop\n"));
  const std::string id = w.ship("v2", 0.3);
  w.steps.hold_lock("/run/lock/shop");
  ASSERT_TRUE(w.until_phase(id, Phase::rollback_failed));
  EXPECT_EQ(w.ran("/bin/execute"), 0);
  EXPECT_TRUE(w.locked());
  EXPECT_THAT(w.told("rollback_failed"), HasSubstr("lock"));
}

} // namespace
} // namespace backstop
