#include "daemon/api.hpp"
#include "tests/unit/daemon/shop_world.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// A rollback gone through: what it says, and that it changes nothing.
namespace backstop {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Script = ScriptedStepRunner::Script;

ShopConfig shop() {
  ShopConfig config;
  config.extra = "running_version: {argv: [/bin/version]}\n";
  config.steps = R"(
    - {name: tell, kind: notify, severity: critical}
    - name: execute
      kind: run
      argv: [/bin/execute, "{environment}", "{previous_version}"]
      timeout: 30s
      user: deployer
      check: {argv: [/bin/is-at, "{previous_version}"]}
      preflight: {argv: [/bin/still-there, "{previous_version}"]}
    - {name: verify, kind: watch, good_for: 5s, timeout: 40s}
    - {name: review, kind: review}
)";
  return config;
}

/// v1 is good, v2 is watched: a rollback of it would go back to v1.
class GameDay : public ::testing::Test {
protected:
  explicit GameDay(const ShopConfig& config = shop()) : world_(config) {
    world_.steps.script("/bin/version", {Script::exits(0, {}, "v2\n")});
    world_.steps.script("/bin/is-at", {Script::exits(1)});
    id_ = world_.ship("v2");
    world_.run(4);
    before_ = world_.steps.log.size();
  }
  /// The answer to the command, when it has come; status 0: it has not.
  ApiReply hold(const std::string& body = R"({"service":"shop"})") {
    ApiReply reply;
    reply.status = 0;
    Api api(*world_.app, [] { return std::vector<std::string>{}; });
    api.handle({"POST", "/v1/game-day", {}, body, {"uid:7(ana)", true, true}}, world_.now,
               [&reply](const ApiReply& r) { reply = r; });
    for (int i = 0; i < 5 && reply.status == 0; ++i) {
      world_.run(1);
      api.poll();
    }
    return reply;
  }
  std::vector<std::string> programs() const {
    std::vector<std::string> ran;
    for (std::size_t i = before_; i < world_.steps.log.size(); ++i)
      ran.push_back(world_.steps.log[i].command.argv.front());
    std::sort(ran.begin(), ran.end());
    return ran;
  }
  ShopWorld world_;
  std::string id_;
  std::size_t before_ = 0;
};

TEST_F(GameDay, ARollbackThatWouldWork) {
  const std::size_t records = world_.journal.records().size();
  const ApiReply reply = hold();
  ASSERT_EQ(reply.status, 200);
  const Json& day = reply.body["game_day"];
  EXPECT_TRUE(day.flag("works")) << day.dump(2);
  EXPECT_EQ(day.text("version") + " to " + day.text("target"), "v2 to v1");
  EXPECT_EQ(day["steps"].as_array()->at(1)["argv"].dump(), R"(["/bin/execute","production","v1"])");
  EXPECT_EQ(day["steps"].as_array()->at(1).text("user"), "deployer");
  EXPECT_THAT(programs(), ElementsAre("/bin/is-at", "/bin/still-there", "/bin/version")) << "and nothing that acts";
  EXPECT_EQ(world_.journal.of_type("game_day_held").size(), 1U);
  EXPECT_EQ(world_.journal.records().size(), records + 1) << "one record, and no deployment, step or notice";
  EXPECT_EQ(world_.phase(id_), Phase::watching);
  EXPECT_TRUE(world_.notifier.delivered.empty());
}

TEST_F(GameDay, ItsQuestionsGetWhatTheRollbackWouldGet) {
  hold();
  for (std::size_t i = before_; i < world_.steps.log.size(); ++i) {
    const auto& environment = world_.steps.log[i].command.environment;
    EXPECT_EQ(environment.at("BACKSTOP_PREVIOUS_VERSION"), "v1");
    EXPECT_EQ(environment.at("BACKSTOP_VERSION"), "v2");
    EXPECT_EQ(environment.at("BACKSTOP_DEPLOYMENT"), id_);
    EXPECT_TRUE(world_.steps.forgotten(world_.steps.log[i].key));
  }
}

TEST_F(GameDay, APreflightThatSaysNo) {
  world_.steps.script("/bin/still-there", {Script::exits(1, {}, "no image v1\n")});
  const ApiReply reply = hold();
  EXPECT_EQ(reply.status, 200);
  EXPECT_FALSE(reply.body["game_day"].flag("works"));
  EXPECT_EQ(reply.body["game_day"].text("why"), "preflight of step 2: it could not work: exit status 1");
  EXPECT_THAT(reply.body["game_day"].dump(), HasSubstr("no image v1"));
}

TEST_F(GameDay, AnotherVersionRuns) {
  world_.steps.script("/bin/version", {Script::exits(0, {}, "v3\n")});
  EXPECT_EQ(hold().body["game_day"].text("why"),
            "the version that runs: 'v3' runs, not v2, so nothing would be undone");
}

TEST_F(GameDay, ACheckMaySayEitherButMustAnswer) {
  world_.steps.script("/bin/is-at", {Script::exits(0)});
  EXPECT_TRUE(hold().body["game_day"].flag("works"));
  world_.steps.script("/bin/is-at", {Script::ends(StepEnd::failed_to_start, "no such file")});
  EXPECT_THAT(hold().body["game_day"].text("why"), HasSubstr("check of step 2: no answer: could not be started"));
}

TEST_F(GameDay, AQuestionThatCannotBeAskedIsAnAnswer) {
  world_.steps.fail_next_start(fail(Errc::io, "no space left"));
  const ApiReply reply = hold();
  EXPECT_EQ(reply.status, 200);
  EXPECT_THAT(reply.body["game_day"].text("why"), HasSubstr("no space left"));
}

TEST_F(GameDay, ALockedServiceWouldNotBeRolledBack) {
  world_.steps.script("/bin/execute", {Script::exits(1)});
  world_.execute_works = false;
  world_.command(RollBackNow{"shop", "try"});
  ASSERT_TRUE(world_.until([&] { return world_.locked(); }));
  EXPECT_THAT(hold().body["game_day"].text("why"), HasSubstr("the service is LOCKED"));
}

TEST_F(GameDay, NotWhileItIsRolledBack) {
  world_.steps.script("/bin/execute", {Script::exits(0, std::chrono::seconds(20))});
  world_.command(RollBackNow{"shop", "try"});
  const ApiReply reply = hold();
  EXPECT_EQ(reply.status, 409);
  EXPECT_THAT(reply.body["error"].text("why"), HasSubstr("is being rolled back"));
  EXPECT_TRUE(world_.journal.of_type("game_day_held").empty());
}

TEST_F(GameDay, NobodyMayHoldTwoAtOnce) {
  world_.steps.script("/bin/still-there", {Script::exits(0, std::chrono::seconds(3))});
  EXPECT_TRUE(world_.command(HoldGameDay{"shop"}).ok);
  EXPECT_EQ(world_.command(HoldGameDay{"shop"}).reason, "conflict");
  world_.run(5);
  EXPECT_TRUE(world_.command(HoldGameDay{"shop"}).ok);
}

TEST_F(GameDay, StatusShowsTheLastOneAlsoAfterARestart) {
  world_.steps.script("/bin/still-there", {Script::exits(1)});
  hold();
  world_.kill();
  world_.start();
  const auto& day = world_.service().game_day;
  ASSERT_TRUE(day);
  EXPECT_FALSE(day->works);
  EXPECT_EQ(day->by, "uid:7(ana)");
  EXPECT_THAT(day->why, HasSubstr("preflight of step 2"));
}

TEST_F(GameDay, OneThatARestartCutsOffIsForgotten) {
  world_.steps.script("/bin/still-there", {Script::exits(0, std::chrono::seconds(3))});
  EXPECT_TRUE(world_.command(HoldGameDay{"shop"}).ok);
  world_.kill();
  world_.start();
  world_.run(5);
  EXPECT_TRUE(world_.journal.of_type("game_day_held").empty());
  EXPECT_EQ(world_.phase(id_), Phase::watching);
}

TEST_F(GameDay, ChannelsAreTriedWhenAskedFor) {
  EXPECT_TRUE(hold(R"({"service":"shop","channels":true})").body["game_day"].flag("works"));
  ASSERT_EQ(world_.notifier.delivered.size(), 1U);
  EXPECT_THAT(world_.notifier.delivered[0].title, HasSubstr("this is a test of the channel oncall"));
  world_.notifier.failing = true;
  EXPECT_EQ(hold(R"({"service":"shop","channels":true})").body["game_day"].text("why"),
            "channel oncall: not reached: refused by the test");
}

TEST_F(GameDay, ThoseWhoMayOnlySeeMayNotHoldOne) {
  Api api(*world_.app, [] { return std::vector<std::string>{}; });
  ApiReply reply;
  api.handle({"POST", "/v1/game-day", {}, R"({"service":"shop"})", {"uid:8(eve)", true, false}}, world_.now,
             [&reply](const ApiReply& r) { reply = r; });
  EXPECT_EQ(reply.status, 403);
  EXPECT_THAT(programs(), IsEmpty());
}

TEST(GameDayAlone, WithoutAGoodVersionBeforeThereIsNothingToGoBackTo) {
  ShopWorld world(shop());
  const std::size_t before = world.steps.log.size();
  EXPECT_TRUE(world.command(HoldGameDay{"shop"}).ok);
  const auto& day = world.service().game_day;
  ASSERT_TRUE(day);
  EXPECT_FALSE(day->works);
  EXPECT_EQ(day->why, "there is no known good version to go back to");
  EXPECT_EQ(world.steps.log.size(), before);
}

TEST(GameDayAlone, WithoutAPreflightNothingIsProved) {
  ShopWorld world;
  world.ship("v2");
  world.command(HoldGameDay{"shop"});
  world.run(2);
  ASSERT_TRUE(world.service().game_day);
  EXPECT_EQ(world.service().game_day->why, "no step has a preflight, so nothing proves that v1 is still there");
}

} // namespace
} // namespace backstop
