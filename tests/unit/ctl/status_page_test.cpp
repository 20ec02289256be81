#include "tests/unit/ctl/golden.hpp"
#include "tests/unit/ctl/pages_world.hpp"

/// `backstopctl status` in every situation that somebody may find at night.
namespace backstop::ctl::test {
namespace {

TEST(StatusPage, NothingConfigured) {
  AppWorld world({});
  world.start();
  expect_golden("status_nothing_configured", status(world));
}

TEST(StatusPage, NothingMeasuredYet) {
  AppWorld world({ShopConfig().text()});
  world.start();
  expect_golden("status_not_measured_yet", status(world));
}

TEST(StatusPage, VersionUnknown) {
  AppWorld world({ShopConfig().text()});
  world.start();
  world.run(8);
  expect_golden("status_version_unknown", status(world));
}

TEST(StatusPage, NoDeployment) {
  Shops world;
  expect_golden("status_no_deployment", status(world));
}

TEST(StatusPage, Deploying) {
  Shops world;
  world.begin("shop", "v2");
  world.run(2);
  expect_golden("status_deploying", status(world));
}

TEST(StatusPage, Watching) {
  Shops world;
  world.deploy("shop", "v2");
  world.run(1);
  expect_golden("status_warming_up", status(world));
  world.run(7);
  expect_golden("status_watching", status(world));
  world.run(20);
  expect_golden("status_verified_good", status(world));
}

TEST(StatusPage, LearnedTimes) {
  for (const bool used : {false, true}) {
    ShopConfig config;
    config.bake = "for: 120s, good_after: 45s, deploy_timeout: 30s";
    config.judge = std::string("{kind: sequential, warm_up: 40s, sustain: 60s, learn: ") + (used ? "use}" : "propose}");
    Shops world(config);
    for (int n = 0; n < 8; ++n) {
      world.deploy("shop", "good" + std::to_string(n));
      world.run(46);
    }
    expect_golden(used ? "status_learned_for_next" : "status_learned_proposed", status(world));
    world.deploy("shop", "next");
    world.run(3);
    if (used) expect_golden("status_learned_used", status(world));
  }
}

TEST(StatusPage, CriticalNotForLongEnough) {
  Shops world;
  world.deploy_bad(4);
  ASSERT_EQ(world.phase("D1"), Phase::watching);
  expect_golden("status_getting_critical", status(world));
}

TEST(StatusPage, RollingBack) {
  Shops world;
  world.steps.script("rollback/3", {ScriptedStepRunner::Script::exits(0, std::chrono::seconds(20))});
  world.deploy_bad(9);
  ASSERT_EQ(world.phase("D1"), Phase::rolling_back);
  expect_golden("status_rolling_back", status(world));
}

TEST(StatusPage, VerifyingTheOldVersion) {
  Shops world;
  world.deploy_bad(8);
  world.shops[kShop].error_share = 0;
  world.run(4);
  ASSERT_EQ(world.phase("D1"), Phase::rolling_back);
  expect_golden("status_verifying", status(world));
}

TEST(StatusPage, RolledBack) {
  Shops world;
  world.deploy_bad(8);
  world.shops[kShop].error_share = 0;
  world.run(30);
  ASSERT_EQ(world.phase("D1"), Phase::rolled_back_verified);
  expect_golden("status_rolled_back", status(world));
}

TEST(StatusPage, WaitingForConfirmation) {
  ShopConfig config;
  config.mode = "confirm";
  Shops world(config);
  world.deploy_bad(10);
  expect_golden("status_confirm", status(world));
}

TEST(StatusPage, Held) {
  Shops world;
  world.command(Hold{"shop", std::chrono::minutes(30), "looking at the database"});
  expect_golden("status_held_idle", status(world));
  world.deploy_bad(10);
  expect_golden("status_held", status(world));
}

TEST(StatusPage, HeldWithAllOthers) {
  Shops world;
  world.command(Hold{"*", std::chrono::minutes(30), "maintenance of the network"});
  EXPECT_NE(status(world).find("backstopctl unhold --all"), std::string::npos) << status(world);
}

TEST(StatusPage, LockedAfterAFailedRollback) {
  Shops world;
  world.steps.script("rollback/3",
                     {ScriptedStepRunner::Script::exits(3, {}, "stopping v2\ncannot start v1: disk full\n")});
  world.deploy_bad(12);
  ASSERT_EQ(world.phase("D1"), Phase::rollback_failed);
  expect_golden("status_locked", status(world));
  expect_golden("deploy_show_rollback_failed", page(world, Page::deployment, "/v1/deployments/D1"));
}

TEST(StatusPage, LockedByTheLoopGuard) {
  config::Limits limits;
  limits.rollbacks.count = 1;
  Shops world({}, limits);
  world.deploy_bad(8);
  world.shops[kShop].error_share = 0;
  world.run(30);
  world.deploy("shop", "v3");
  world.shops[kShop].error_share = 0.3;
  world.run(10);
  expect_golden("status_locked_loop_guard", status(world));
}

TEST(StatusPage, Blind) {
  Shops world;
  world.shops[kShop].answers = false;
  world.run(10);
  expect_golden("status_blind", status(world));
}

TEST(StatusPage, CriticalBeforeTheDeployment) {
  Shops world;
  world.shops[kShop].error_share = 0.3;
  world.run(8);
  world.deploy("shop", "v2");
  world.run(8);
  ASSERT_EQ(world.phase("D1"), Phase::watching) << page(world, Page::deployment, "/v1/deployments/D1");
  expect_golden("status_preexisting", status(world));
}

TEST(StatusPage, ObservingOnly) {
  Shops world;
  world.faulty->fail_at(world.faulty->appends() + 1, 10'000);
  world.deploy_bad(10);
  expect_golden("status_observing_only", status(world));
}

TEST(StatusPage, AReloadThatWasRefused) {
  Shops world;
  world.app->on_config_refused({"/etc/backstop/services.d/shop.yaml:3:1: unknown key 'mod' (did you mean mode?)"},
                               world.now);
  expect_golden("status_config_refused", status(world));
}

TEST(StatusPage, LimitsThatAreNotEnforced) {
  ShopConfig config;
  config.steps.insert(config.steps.find("timeout: 30s, check"), "limits: {memory: 1 GiB}, sandbox: standard, ");
  Shops world(config);
  expect_golden("status_unconfined", status(world));
}

TEST(StatusPage, ASourceThatLacksAPart) {
  Shops world;
  Scrape scrape;
  scrape.t = scrape.arrived = world.now;
  scrape.note = "unit shop.service does not run: no unit_* samples";
  world.app->on_scrape(kShop, scrape, world.now);
  expect_golden("status_source_lacks_a_part", status(world));
}

TEST(StatusPage, NoticesThatDoNotGoOut) {
  Shops world;
  world.notifier.failing = true;
  world.deploy_bad(8);
  world.shops[kShop].error_share = 0;
  world.run(30);
  expect_golden("status_undelivered", status(world));
}

} // namespace
} // namespace backstop::ctl::test
