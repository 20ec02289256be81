#include "tests/unit/ctl/golden.hpp"
#include "tests/unit/ctl/pages_world.hpp"

/// deploy show|list, incident show|list, explain, quarantine list, and the offline pages' source.
namespace backstop::ctl::test {
namespace {

/// D1 rolled back and verified, D3 kept; one incident.
struct Told : Shops {
  Told() {
    deploy_bad(8);
    shops[kShop].error_share = 0;
    run(30);
    deploy("shop", "v3");
    run(70);
  }
};

TEST(DeploymentPages, ShowWhileItIsWatched) {
  Shops world;
  world.begin("shop", "v2", [](BeginDeployment& c) {
    c.kind = "hotfix";
    c.components = {"api", "worker"};
    c.mode = "confirm";
  });
  world.command(FinishDeployment{"D1"});
  world.run(5);
  expect_golden("deploy_show_watching", page(world, Page::deployment, "/v1/deployments/D1"));
}

TEST(DeploymentPages, ShowRolledBack) {
  Told world;
  expect_golden("deploy_show_rolled_back", page(world, Page::deployment, "/v1/deployments/D1"));
  expect_golden("deploy_show_the_rollback_itself", page(world, Page::deployment, "/v1/deployments/D2"));
  expect_golden("deploy_show_kept", page(world, Page::deployment, "/v1/deployments/D3"));
}

TEST(DeploymentPages, List) {
  Told world;
  expect_golden("deploy_list", page(world, Page::deployments, "/v1/deployments"));
}

TEST(DeploymentPages, ListsOfNothing) {
  AppWorld world({});
  world.start();
  EXPECT_EQ(page(world, Page::deployments, "/v1/deployments"), "no deployments\n");
  EXPECT_EQ(page(world, Page::incidents, "/v1/incidents"), "no incidents\n");
  EXPECT_EQ(page(world, Page::quarantine, "/v1/quarantine"), "nothing is quarantined\n");
}

TEST(DeploymentPages, ATimelineOverMidnightSaysTheDay) {
  Json entries = Json::array();
  for (const char* at : {"2026-01-01T23:59:59.000Z", "2026-01-02T00:00:01.000Z"})
    entries.push(Json::object().set("at", at).set("actor", "uid:1000(ana)").set("text", "something"));
  const Json doc = Json::object().set("deployment", Json::object().set("id", "D1").set("timeline", std::move(entries)));
  const std::string text = render(Page::deployment, doc, {});
  EXPECT_NE(text.find("timeline (UTC, 2026-01-01):\n"
                      "  23:59:59.000  something  [uid:1000(ana)]\n"
                      "  2026-01-02\n"
                      "  00:00:01.000  something"),
            std::string::npos)
      << text;
}

TEST(DeploymentPages, WhatAFailedStepPrintedStandsAtItsEnd) {
  std::string output;
  for (int line = 1; line <= 20; ++line) output += "line " + std::to_string(line) + "\n";
  const Json step =
      Json::object().set("path", "3").set("name", "execute").set("status", "failed").set("output", output);
  const Json doc = Json::object().set("deployment", Json::object().set("steps", Json::array().push(step)));
  const std::string text = render(Page::deployment, doc, {});
  EXPECT_EQ(text.find("line 12\n"), std::string::npos) << "more than the last eight lines: " << text;
  EXPECT_NE(text.find("    | line 13\n"), std::string::npos) << text;
  EXPECT_NE(text.find("    | line 20\n"), std::string::npos) << text;
}

TEST(IncidentPages, AllOfThem) {
  Told world;
  expect_golden("incident_list", page(world, Page::incidents, "/v1/incidents"));
  expect_golden("incident_show", page(world, Page::incident, "/v1/incidents/I1"));
  expect_golden("explain", page(world, Page::explanation, "/v1/explain/I1"));
  expect_golden("explain_no_decision", page(world, Page::explanation, "/v1/explain/D3"));
  expect_golden("quarantine_list", page(world, Page::quarantine, "/v1/quarantine"));
}

/// The lines about what would have turned a decision.
std::string nearest_lines(AppWorld& world, const std::string& nearest) {
  Json document = answer(world, "/v1/explain/I1").body;
  document.set("nearest", *Json::parse(nearest));
  const std::string text = render(Page::explanation, printable(document), {});
  const std::size_t begin = text.find("configuration ");
  return text.substr(text.find('\n', begin) + 1, text.find("\n\n", begin) - text.find('\n', begin));
}

TEST(Explanation, SaysWhatWouldHaveTurnedIt) {
  Told world;
  EXPECT_EQ(
      nearest_lines(world, R"({"rolls_back": true, "until": "2026-01-01T00:10:24.000Z", "replays": 25, "changes": [
      {"setting": "error_rate critical", "from": "> 5%", "to": "> 31%"}], "in_vain": ["judge.warm_up up to 32s"]})"),
      "  it would not have been rolled back with one of\n"
      "    error_rate critical  > 5%  to > 31%\n"
      "    and not with judge.warm_up up to 32s\n"
      "    (replayed 25 times over the samples until 00:10:24.000, as if it had gone on)\n");
  EXPECT_EQ(nearest_lines(world, R"({"rolls_back": false, "until": "2026-01-01T00:10:24.000Z", "replays": 9,
      "changes": [], "in_vain": []})"),
            "  no change of one setting would have turned it\n"
            "    (replayed 9 times over the samples until 00:10:24.000)\n");
  EXPECT_EQ(nearest_lines(world, R"({"why": "nothing is kept"})"),
            "  what would have turned it cannot be told: nothing is kept\n");
}

TEST(IncidentPages, OpenSaysHowToTakeIt) {
  Shops world;
  world.command(Hold{"shop", std::chrono::minutes(30), "x"});
  world.deploy_bad(8);
  const std::string open = page(world, Page::incident, "/v1/incidents/I1");
  EXPECT_NE(open.find("nobody is on it yet: backstopctl ack I1 --comment ...\n"), std::string::npos) << open;
  world.command(Acknowledge{"I1", "on it", std::chrono::hours(1)}, "uid:1000(ana)");
  const std::string taken = page(world, Page::incident, "/v1/incidents/I1");
  EXPECT_NE(taken.find("acknowledged by uid:1000(ana) until 2026-01-01 01:00:26Z: on it\n"), std::string::npos)
      << taken;
}

TEST(BegunPage, OnlyTheIdIsTheAnswer) {
  Shops world;
  world.shops[kShop].error_share = 0.3;
  world.run(8);
  world.begin("shop", "v2");
  const Json doc =
      Json::object().set("id", "D1").set("deployment", answer(world, "/v1/deployments/D1").body["deployment"]);
  EXPECT_EQ(render(Page::begun, doc, {}), "D1\n");
  expect_golden("deploy_begin_warnings", render_warnings(Page::begun, doc), 120);
}

TEST(Printable, NothingSteersTheTerminal) {
  const Json bad = Json::object().set("a", "red \033[31m, back \r, bell \a, del \x7f, csi \xC2\x9B"
                                           "31m, caf\xC3\xA9\n");
  EXPECT_EQ(printable(bad).text("a"), "red ?[31m, back ?, bell ?, del ?, csi ?31m, caf\xC3\xA9\n");
}

} // namespace
} // namespace backstop::ctl::test
