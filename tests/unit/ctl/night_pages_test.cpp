#include "daemon/ctl/answers.hpp"
#include "tests/unit/ctl/golden.hpp"
#include "tests/unit/ctl/pages_world.hpp"

/// The pages for the day before the night: game days, and what status says of them.
namespace backstop::ctl::test {
namespace {

using Script = ScriptedStepRunner::Script;

ShopConfig shop() {
  ShopConfig config;
  config.extra = "running_version: {argv: [/bin/version]}\n";
  config.steps = R"(
    - {name: tell, kind: notify, severity: critical}
    - name: execute
      kind: run
      argv: [/bin/execute, "{environment}", "{previous_version}", "two words"]
      user: deployer
      check: {argv: [/bin/is-at, "{previous_version}"]}
      preflight: {argv: [/bin/still-there, "{previous_version}"]}
    - {name: verify, kind: watch, good_for: 5s, timeout: 40s}
    - {name: review, kind: review}
)";
  return config;
}

struct Night : Shops {
  Night() : Shops(shop()) {
    steps.script("/bin/version", {Script::exits(0, {}, "v2\n")});
    steps.script("/bin/is-at", {Script::exits(1)});
    deploy("shop", "v2");
    run(4);
  }
  /// `backstopctl game-day shop`.
  Said game_day() {
    Api api(*app, [] { return std::vector<std::string>{}; });
    ControlClient::Answer answer;
    api.handle({"POST", "/v1/game-day", {}, R"({"service":"shop"})", {"uid:7(ana)", true, true}}, now,
               [&answer](const ApiReply& r) {
                 answer = {r.status, r.body.dump()};
               });
    run(1);
    api.poll();
    return said_of({}, {"POST", "", Json(), Page::game_day, ""}, answer, {});
  }
};

TEST(GameDayPage, ItWouldWork) {
  Night world;
  const Said said = world.game_day();
  EXPECT_EQ(said.exit_code, kDone);
  expect_golden("game_day_works", said.out);
  expect_golden("status_game_day_works", status(world));
}

TEST(GameDayPage, ItWouldNotWork) {
  Night world;
  world.steps.script("/bin/still-there", {Script::exits(1, {}, "no image of v1 in the registry\n")});
  const Said said = world.game_day();
  EXPECT_EQ(said.exit_code, kInputError);
  expect_golden("game_day_does_not_work", said.out);
  expect_golden("status_game_day_does_not_work", status(world));
}

TEST(DeadmanLine, WhetherPingsAreTaken) {
  const auto line = [](const std::string& silent, const std::string& error, bool well) {
    const Json deadman = Json::object()
                             .set("well", well)
                             .set("last_ok", "2026-01-01T00:00:00.000Z")
                             .set("silent", silent)
                             .set("error", error);
    Json doc = Json::object().set("acts", true).set("services", Json::array()).set("deadman", deadman);
    const std::string page = render(Page::status, doc, {});
    return page.substr(page.find("dead-man"));
  };
  EXPECT_EQ(line("", "", true), "dead-man pings: the last was taken at 2026-01-01 00:00:00Z\n");
  EXPECT_EQ(line("", "answered status 503", false),
            "dead-man pings are not taken:\n  answered status 503; the last was taken at 2026-01-01 00:00:00Z\n");
  EXPECT_EQ(line("no service is watched", "", false),
            "dead-man pings are not sent:\n  no service is watched; the last was taken at 2026-01-01 00:00:00Z\n");
}

} // namespace
} // namespace backstop::ctl::test
