#include "tests/unit/ctl/screen_world.hpp"
#include <algorithm>
#include <gmock/gmock.h>

/// What keys do, what is asked of the daemon, and that nothing from outside steers the terminal.
namespace backstop::ctl::test {
namespace {

using screen::Key;
using screen::Session;
using testing::HasSubstr;
using testing::Not;

/// U+202E: what follows is written from right to left.
const std::string kTurns{'\xE2', '\x80', '\xAE'};

std::string last_line_but_keys(const Desk& desk) {
  const std::string all = desk.picture();
  const std::size_t keys = all.rfind('\n', all.size() - 2);
  const std::size_t line = all.rfind('\n', keys - 1);
  return all.substr(line + 1, keys - line - 1);
}

std::vector<std::string> posts(const Desk& desk) {
  std::vector<std::string> out;
  for (const auto& question : desk.asked)
    if (question.request.method == "POST") out.push_back(question.request.path + " " + question.request.body.dump());
  return out;
}

TEST(ScreenKeys, AcknowledgeAsksForACommentAndTakesTheIncident) {
  Shops world;
  Desk desk(world);
  world.deploy_bad(0);
  desk.run(8);
  desk.type("a");
  EXPECT_THAT(last_line_but_keys(desk), HasSubstr("acknowledge I1: what do you know or do?"));
  desk.enter("");
  EXPECT_TRUE(posts(desk).empty()) << "an empty comment is none";
  EXPECT_THAT(desk.picture(), HasSubstr("may not be empty"));
  desk.enter("on it");
  EXPECT_THAT(posts(desk), testing::ElementsAre(R"(/v1/incidents/I1/ack {"comment":"on it"})"));
  EXPECT_THAT(last_line_but_keys(desk), HasSubstr("I1 is acknowledged"));
  desk.run(1);
  EXPECT_THAT(desk.picture(), HasSubstr("I1 acknowledged by ana: on it"));
}

TEST(ScreenKeys, RollbackWantsTheWord) {
  Shops world;
  Desk desk(world);
  world.deploy("shop", "v2");
  desk.run(3);
  desk.type("r");
  EXPECT_THAT(last_line_but_keys(desk), HasSubstr("roll shop/production back to v1 now? To do it type rollback:"));
  desk.enter("y");
  EXPECT_THAT(last_line_but_keys(desk), HasSubstr("nothing was done: the word is rollback"));
  EXPECT_TRUE(posts(desk).empty());
  desk.type("r");
  desk.enter("rollback");
  EXPECT_TRUE(posts(desk).empty()) << "why is not said yet";
  desk.enter("customers call");
  EXPECT_THAT(posts(desk),
              testing::ElementsAre(R"(/v1/rollback {"service":"shop/production","reason":"customers call"})"));
  EXPECT_EQ(world.phase("D1"), Phase::rolling_back);
}

TEST(ScreenKeys, HoldAsksHowLongAndWhy) {
  Shops world;
  Desk desk(world);
  desk.run(2);
  desk.type("h");
  desk.enter("30");
  EXPECT_THAT(desk.picture(), HasSubstr("unit")) << "a number without a unit will not do, and why is said";
  desk.enter("m");
  desk.enter("the network is worked on");
  EXPECT_THAT(posts(desk),
              testing::ElementsAre(
                  R"(/v1/hold {"service":"shop/production","for_s":1800.0,"reason":"the network is worked on"})"));
  desk.run(1);
  EXPECT_THAT(desk.picture(), HasSubstr("HELD: until "));
}

TEST(ScreenKeys, ConfirmAndDeclineOnlyWhereARollbackWaits) {
  ShopConfig config;
  config.mode = "confirm";
  Shops world(config);
  Desk desk(world);
  desk.run(2);
  desk.type("c");
  EXPECT_THAT(last_line_but_keys(desk), HasSubstr("no rollback waits for an answer"));
  world.deploy_bad(0);
  desk.run(10);
  desk.type("d");
  desk.enter("a false alarm");
  EXPECT_THAT(posts(desk), testing::ElementsAre(R"(/v1/deployments/D1/decline {"reason":"a false alarm"})"));
}

TEST(ScreenKeys, ARefusalIsSaidWithTheWayOut) {
  Shops world;
  Desk desk(world);
  world.steps.script("rollback/3", {ScriptedStepRunner::Script::exits(3, {}, "")});
  world.deploy_bad(0);
  desk.run(12);
  ASSERT_EQ(world.phase("D1"), Phase::rollback_failed);
  desk.type("r");
  desk.enter("rollback");
  desk.enter("once more");
  const std::string picture = desk.picture();
  EXPECT_THAT(picture, HasSubstr("✗ rollback of shop/production"));
  EXPECT_THAT(picture, HasSubstr("unlock"));
}

TEST(ScreenKeys, EscapeLeavesAQuestionAndQQuits) {
  Shops world;
  Desk desk(world);
  desk.run(1);
  desk.type("rq");
  EXPECT_FALSE(desk.session.end()) << "in a question q is a letter";
  desk.press(Key::Kind::escape);
  EXPECT_THAT(last_line_but_keys(desk), HasSubstr("nothing was done"));
  desk.type("q");
  ASSERT_TRUE(desk.session.end());
  EXPECT_EQ(desk.session.end()->exit_code, kDone);
}

TEST(ScreenKeys, InputIsCharactersNotBytes) {
  screen::Prompt prompt = screen::Prompt::acknowledge("I1");
  prompt.type("gr");
  prompt.type("\xC3\xBC");
  prompt.erase();
  EXPECT_EQ(prompt.asking().input, "gr");
  prompt.clear();
  EXPECT_EQ(prompt.asking().input, "");
}

TEST(ScreenKeys, AnAnswerThatNeverCameIsNotTakenForARefusal) {
  Shops world;
  Desk desk(world);
  desk.run(1);
  desk.session.on_answer(Session::Subject::action, fail(Errc::timeout, "no answer within 30s"), desk.moment());
  EXPECT_THAT(desk.picture(), HasSubstr("whether it was done is not known"));
}

TEST(ScreenChoice, FollowsTheWorstUntilAPersonChooses) {
  ShopConfig shop, other;
  other.name = "other";
  AppWorld world({other.text(), shop.text()});
  world.start();
  world.run(8);
  world.adopt("shop", "v1");
  world.adopt("other", "v1");
  world.run(10);
  Desk desk(world);
  desk.run(1);
  EXPECT_EQ(desk.session.view(desk.moment()).service()->name, "other/production");
  world.deploy("shop", "v2");
  world.shops[kShop].error_share = 0.3;
  desk.run(8);
  EXPECT_EQ(desk.session.view(desk.moment()).service()->name, "shop/production");
  desk.press(Key::Kind::up);
  desk.run(5);
  EXPECT_EQ(desk.session.view(desk.moment()).service()->name, "other/production");
  desk.type("j");
  EXPECT_EQ(desk.session.view(desk.moment()).service()->name, "shop/production");
}

TEST(ScreenQuestions, ReadingsAreAskedFromTheNewestOn) {
  Shops world;
  Desk desk(world);
  desk.run(3);
  std::vector<std::string> paths;
  for (const auto& question : desk.asked)
    if (question.subject == Session::Subject::readings) paths.push_back(question.request.path);
  ASSERT_GE(paths.size(), 2U);
  EXPECT_EQ(paths[0], "/v1/readings/shop/production");
  EXPECT_THAT(paths[1], testing::StartsWith("/v1/readings/shop/production?from_us="));
}

TEST(ScreenQuestions, OneOfEachAtATime) {
  Shops world;
  Desk desk(world);
  EXPECT_EQ(desk.session.due(desk.moment()).size(), 1U);
  world.run(10);
  EXPECT_TRUE(desk.session.due(desk.moment()).empty()) << "the first was not answered yet";
  EXPECT_THAT(desk.picture(), HasSubstr("no answer yet"));
}

TEST(ScreenQuestions, ARefusedStatusEndsIt) {
  Shops world;
  Desk desk(world, "nosuch");
  desk.look();
  ASSERT_TRUE(desk.session.end());
  EXPECT_EQ(desk.session.end()->exit_code, kInputError);
  EXPECT_THAT(desk.session.end()->err, HasSubstr("nosuch"));
}

TEST(ScreenQuestions, TooManyQuestionsAreWaitedOut) {
  Shops world;
  Desk desk(world);
  desk.session.on_answer(Session::Subject::status, ControlClient::Answer{429, "too many requests: at most 50"},
                         desk.moment());
  EXPECT_FALSE(desk.session.end());
  EXPECT_THAT(desk.picture(), HasSubstr("too many requests"));
}

TEST(ScreenSession, WhatEndedLongAgoIsShownNoMore) {
  Shops world;
  Desk desk(world);
  world.deploy_bad(0);
  desk.run(8);
  world.shops[kShop].error_share = 0;
  desk.run(30);
  ASSERT_EQ(world.phase("D1"), Phase::rolled_back_verified);
  EXPECT_THAT(desk.picture(), HasSubstr("last: D1 v2, rolled back, verified"));
  world.run(600);
  desk.look();
  EXPECT_THAT(desk.picture(), HasSubstr("no deployment under way"));
  EXPECT_THAT(desk.picture(), Not(HasSubstr("3 execute")));
  desk.type("e");
  desk.look();
  EXPECT_THAT(desk.picture(), HasSubstr("E1 RollBack")) << "why it was is said nevertheless";
}

TEST(ScreenHistory, OutlivesARestartOfTheDaemon) {
  screen::History history;
  const auto answer = [](const std::string& t, const std::string& values) {
    return *Json::parse(R"({"t_us":)" + t + R"(,"indicators":[{"name":"e","values":)" + values + "}]}");
  };
  history.take(answer("[1000000,2000000]", "[0.5,null]"));
  history.take(answer("[]", "[]"));
  history.take(answer("[2000000,3000000]", "[9,0.7]"));
  const screen::Course course = history.course("e", time_from_us(2'500'000));
  ASSERT_EQ(course.values.size(), 3U);
  EXPECT_EQ(course.values[0], 0.5);
  EXPECT_EQ(course.values[1], std::nullopt);
  EXPECT_EQ(course.values[2], 0.7);
  EXPECT_EQ(course.begun, 2U);
  EXPECT_EQ(course.every_s, 1);
  EXPECT_EQ(history.course("e", time_from_us(500'000)).begun, std::nullopt) << "it began before all of this";
}

TEST(ScreenText, NothingFromOutsideSteersTheTerminal) {
  Shops world;
  const std::string hostile = "\033]0;owned\007 \033[2J\xC2\x9B"
                              "31m\r\b\xFF" +
                              kTurns + " wide \xE5\xAE\xBD\n";
  world.steps.script("rollback/3", {ScriptedStepRunner::Script::exits(3, {}, hostile)});
  Desk desk(world);
  world.deploy_bad(0);
  desk.run(12);
  desk.session.on_key({Key::Kind::text, kTurns});
  for (const screen::Capabilities& capabilities : {kUtf8, kAscii}) {
    const std::string picture = desk.picture({120, 40}, capabilities);
    EXPECT_THAT(picture, HasSubstr("?]0;owned"));
    for (const char c : picture) {
      const auto byte = static_cast<unsigned char>(c);
      EXPECT_TRUE(byte == '\n' || (byte >= 0x20 && byte != 0x7F && (capabilities.utf8 || byte < 0x80))) << int{byte};
    }
    EXPECT_THAT(picture, Not(HasSubstr("\xC2\x9B")));
    EXPECT_THAT(picture, Not(HasSubstr(kTurns)));
  }
}

TEST(ScreenText, ColumnsAreCounted) {
  using screen::columns_of;
  using screen::glyphs_of;
  EXPECT_EQ(columns_of(glyphs_of("a\xC3\xA4", true)), 2);
  EXPECT_EQ(columns_of(glyphs_of("\xE5\xAE\xBD", true)), 2) << "wide";
  EXPECT_EQ(columns_of(glyphs_of("\xE5\xAE\xBD", false)), 1) << "one question mark";
  EXPECT_EQ(columns_of(glyphs_of("e\xCC\x81", true)), 1) << "combines";
  EXPECT_EQ(columns_of(glyphs_of("\xE5\xAE", true)), 2) << "broken: each byte is shown";
}

TEST(ScreenText, FoldsBetweenWordsAndBreaksWhatIsTooWide) {
  const auto texts = [](const std::vector<screen::Line>& lines) {
    std::vector<std::string> out;
    for (const screen::Line& line : lines) {
      out.emplace_back();
      for (const screen::Span& span : line) out.back() += span.text;
    }
    return out;
  };
  EXPECT_THAT(texts(screen::folded({{"one two three"}}, 8, 2, true)), testing::ElementsAre("one two", "  three"));
  EXPECT_THAT(texts(screen::folded({{"abcdefghij"}}, 4, 0, true)), testing::ElementsAre("abcd", "efgh", "ij"));
  EXPECT_THAT(texts(screen::folded({{""}}, 4, 0, true)), testing::ElementsAre(""));
}

/// Whatever the size: no cell is left out, nothing is put beside the grid.
TEST(ScreenLayout, FitsEverySize) {
  Shops world;
  world.steps.script("rollback/3", {ScriptedStepRunner::Script::exits(3, {}, "cannot start v1: disk full\n")});
  Desk desk(world);
  world.deploy_bad(0);
  desk.run(12);
  for (const char* keys : {"", "h", "\033?"}) {
    for (const char* c = keys; *c; ++c) *c == '\033' ? desk.press(Key::Kind::escape) : desk.type(std::string(1, *c));
    desk.look();
    for (const int width : {1, 2, 3, 7, 12, 20, 39, 59, 60, 80, 119, 130}) {
      for (const int height : {1, 2, 3, 4, 6, 9, 12, 24, 50}) {
        const screen::Grid grid = desk.grid({width, height});
        ASSERT_EQ(grid.size(), (screen::Size{width, height}));
        for (int row = 0; row < height; ++row) {
          int columns = 0;
          for (int column = 0; column < width; ++column)
            columns += screen::columns_of(screen::glyphs_of(grid.at(row, column).text, true));
          ASSERT_EQ(columns, width) << width << "x" << height << " row " << row;
        }
      }
    }
  }
}

} // namespace
} // namespace backstop::ctl::test
