#include "tests/unit/ctl/screen_world.hpp"
#include "tests/unit/daemon/rollout_world.hpp"

/// The screen in the situations in which somebody looks at it, at the sizes that terminals have.
namespace backstop::ctl::test {
namespace {

using screen::Key;

TEST(ScreenPictures, Baking) {
  Shops world;
  Desk desk(world);
  desk.run(12);
  world.deploy("shop", "v2");
  desk.run(8);
  expect_picture("baking_80x24", desk.picture());
  expect_picture("baking_120x40", desk.picture({120, 40}));
  expect_picture("baking_40x12", desk.picture({40, 12}));
  expect_picture("baking_ascii", desk.picture({80, 24}, kAscii));
  expect_picture("baking_tones", tones_of(desk.grid()));
}

TEST(ScreenPictures, AtRest) {
  Shops world;
  Desk desk(world);
  desk.run(12);
  expect_picture("rest", desk.picture());
}

TEST(ScreenPictures, BeyondALimitNotForLongEnough) {
  Shops world;
  Desk desk(world);
  desk.run(12);
  world.deploy("shop", "v2");
  desk.run(4);
  world.shops[kShop].error_share = 0.3;
  desk.run(2);
  expect_picture("getting_critical", desk.picture());
  expect_picture("getting_critical_120x40", desk.picture({120, 40}));
}

TEST(ScreenPictures, RollingBack) {
  Shops world;
  world.steps.script("rollback/2", {ScriptedStepRunner::Script::exits(0, {}, "v1 is there\n")});
  world.steps.script("rollback/3", {ScriptedStepRunner::Script::exits(0, std::chrono::seconds(20))});
  Desk desk(world);
  desk.run(12);
  world.deploy_bad(0);
  desk.run(9);
  ASSERT_EQ(world.phase("D1"), Phase::rolling_back);
  expect_picture("rolling_back", desk.picture());
  expect_picture("rolling_back_40x12", desk.picture({40, 12}));
  expect_picture("rolling_back_ascii", desk.picture({80, 24}, kAscii));
  expect_picture("rolling_back_tones", tones_of(desk.grid()));
}

TEST(ScreenPictures, RolledBackStaysToBeSeen) {
  Shops world;
  Desk desk(world);
  desk.run(12);
  world.deploy_bad(0);
  desk.run(8);
  world.shops[kShop].error_share = 0;
  desk.run(30);
  ASSERT_EQ(world.phase("D1"), Phase::rolled_back_verified);
  expect_picture("rolled_back", desk.picture());
  desk.press(Key::Kind::enter);
  desk.look();
  expect_picture("details", desk.picture({80, 60}));
  desk.press(Key::Kind::end);
  desk.session.limit_scroll(screen::lay_out(desk.session.view(desk.moment()), {80, 24}, kUtf8).most_scroll);
  expect_picture("details_end", desk.picture());
  desk.type("e");
  desk.look();
  expect_picture("explanation", desk.picture());
}

TEST(ScreenPictures, Locked) {
  Shops world;
  world.steps.script("rollback/3",
                     {ScriptedStepRunner::Script::exits(3, {}, "stopping v2\ncannot start v1: disk full\n")});
  Desk desk(world);
  desk.run(12);
  world.deploy_bad(0);
  desk.run(12);
  ASSERT_EQ(world.phase("D1"), Phase::rollback_failed);
  expect_picture("locked", desk.picture());
  Desk later(world); // which has seen nothing of it
  later.look();
  expect_picture("locked_seen_later", later.picture());
}

TEST(ScreenPictures, WaitingForConfirmation) {
  ShopConfig config;
  config.mode = "confirm";
  Shops world(config);
  Desk desk(world);
  world.deploy_bad(0);
  desk.run(10);
  expect_picture("confirm", desk.picture());
  desk.type("c");
  desk.type("yes, roll it back; ");
  expect_picture("confirm_asks", desk.picture());
}

TEST(ScreenPictures, Held) {
  Shops world;
  world.command(Hold{"shop", std::chrono::minutes(30), "looking at the database"}, "uid:1000(ana)");
  Desk desk(world);
  world.deploy_bad(0);
  desk.run(10);
  expect_picture("held", desk.picture());
}

TEST(ScreenPictures, Blind) {
  Shops world;
  Desk desk(world);
  desk.run(6);
  world.shops[kShop].answers = false;
  desk.run(10);
  expect_picture("blind", desk.picture());
}

TEST(ScreenPictures, APlan) {
  RolloutWorld world;
  Desk desk(world);
  desk.look();
  ASSERT_TRUE(world.until_at(world.roll_out("v2"), "watch-some"));
  world.run(3);
  desk.look();
  expect_picture("plan", desk.picture());
  ASSERT_TRUE(world.command(PausePlan{"D1", "the shop is being filmed"}, "uid:1000(ana)").ok);
  world.run(3);
  desk.look();
  expect_picture("plan_paused", desk.picture());
}

TEST(ScreenPictures, NobodyAnswersAnyMore) {
  Shops world;
  Desk desk(world);
  desk.run(12);
  world.run(2);
  for (const auto& question : desk.session.due(desk.moment()))
    desk.session.on_answer(question.subject, fail(Errc::io, "the daemon does not answer at /run/x.sock: refused"),
                           desk.moment());
  world.run(5);
  expect_picture("no_answer", desk.picture());
  desk.look();
  EXPECT_EQ(desk.picture().find("no answer"), std::string::npos) << "it answers again";
}

TEST(ScreenPictures, ManyServices) {
  std::vector<std::string> services;
  for (const char* name : {"accounts", "basket", "checkout", "delivery", "emails", "fraud", "gifts", "help", "invoices",
                           "jobs", "kiosk", "login"}) {
    ShopConfig config;
    config.name = name;
    services.push_back(config.text());
  }
  AppWorld world(services);
  world.start();
  world.run(8);
  for (const char* name : {"fraud", "jobs"}) world.adopt(name, "v1");
  world.run(10);
  Desk desk(world);
  desk.look();
  world.deploy("jobs", "v2");
  desk.run(2);
  world.deploy("fraud", "v2");
  world.shops["fraud/production"].error_share = 0.3;
  desk.run(8);
  expect_picture("many_services", desk.picture());
}

TEST(ScreenPictures, Help) {
  Shops world;
  Desk desk(world);
  desk.look();
  desk.type("?");
  expect_picture("help", desk.picture());
  expect_picture("help_ascii", desk.picture({80, 40}, kAscii));
}

TEST(ScreenPictures, ObservingOnlyStandsAboveAll) {
  Shops world;
  Desk desk(world);
  desk.run(3);
  world.faulty->fail_at(world.faulty->appends() + 1, 10'000);
  world.deploy_bad(0);
  desk.run(10);
  expect_picture("observing_only", desk.picture());
}

} // namespace
} // namespace backstop::ctl::test
