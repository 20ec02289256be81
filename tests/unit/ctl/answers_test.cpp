#include "daemon/ctl/answers.hpp"
#include "tests/unit/ctl/golden.hpp"
#include "tests/unit/ctl/pages_world.hpp"
#include <chrono>

/// What scripts rely on: exit codes, and what stands on which stream.
namespace backstop::ctl::test {
namespace {

using std::chrono::seconds;
using Answer = Result<ControlClient::Answer>;

Answer http(int status, const Json& body) { return ControlClient::Answer{status, body.dump()}; }
Answer refused(int status, const std::string& code) {
  return http(status, api_error(status, code, "deployment of shop/production v2", "why not", "how to mend").body);
}
Answer down() { return fail(Errc::io, "the daemon does not answer on /run/x.sock: no such file"); }

Said said(const Answer& answer, bool json = false, Page page = Page::done) {
  Invocation invocation;
  invocation.json = json;
  return said_of(invocation, Call{"POST", "/v1/x", Json::object(), page, "it is done"}, answer, {});
}

TEST(ExitCodes, OfEveryStatusOfTheControlApi) {
  for (const auto& [status, code] : {std::pair{200, kDone},
                                     {400, kInputError},
                                     {403, kRefused},
                                     {404, kInputError},
                                     {405, kInputError},
                                     {409, kRefused},
                                     {413, kInputError},
                                     {422, kInputError},
                                     {500, kInputError},
                                     {503, kRefused}})
    EXPECT_EQ(exit_code_of(status), code) << status;
}

TEST(ExitCodes, AreTheDocumentedNumbers) {
  const std::vector<int> codes{kDone,           kInputError, kUsage,   kRolledBack,  kRefused,
                               kRollbackFailed, kUndecided,  kTimeout, kUnreachable, kSuperseded};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(codes[static_cast<std::size_t>(i)], i);
  const std::string page = slurp(source_dir() + "/docs/operations.md");
  for (int i = 0; i < 10; ++i) EXPECT_NE(page.find("\n| " + std::to_string(i) + " | "), std::string::npos) << i;
}

TEST(ExitCodes, OfADaemonThatIsNotThere) {
  EXPECT_EQ(said(down()).exit_code, kUnreachable);
  EXPECT_EQ(said(fail(Errc::timeout, "no answer within 120s")).exit_code, kTimeout);
  EXPECT_EQ(said(ControlClient::Answer{200, "<html>"}).exit_code, kUnreachable);
}

TEST(Answers, DoneGoesToStandardOutput) {
  const Said done = said(http(200, Json::object().set("ok", true)));
  EXPECT_EQ(done.exit_code, kDone);
  EXPECT_EQ(done.out, "it is done\n");
  EXPECT_EQ(done.err, "");
}

TEST(Answers, ANoteStandsInPlaceOfDone) {
  EXPECT_EQ(said(http(200, Json::object().set("note", "recorded; nothing is watched"))).out,
            "recorded; nothing is watched\n");
}

TEST(Answers, ErrorsGoToStandardErrorAndSayHowToMend) {
  const Said no = said(refused(409, "quarantine"));
  EXPECT_EQ(no.exit_code, kRefused);
  EXPECT_EQ(no.out, "");
  EXPECT_EQ(no.err, "backstopctl: deployment of shop/production v2: why not (how to mend)\n");
}

TEST(Answers, ARefusalInPlainTextIsPassedOn) {
  const Said full = said(ControlClient::Answer{503, "too many connections\nmore"});
  EXPECT_EQ(full.exit_code, kUnreachable);
  EXPECT_EQ(full.err,
            "backstopctl: the daemon refused the request: too many connections (status 503; try again, or end "
            "other clients)\n");
  const Said often = said(ControlClient::Answer{429, "too many requests: at most 50 a second from one user\n"});
  EXPECT_EQ(often.exit_code, kUnreachable);
  EXPECT_EQ(often.err, "backstopctl: the daemon refused the request: too many requests: at most 50 a second from one "
                       "user (status 429; try again, or end other clients)\n");
  EXPECT_EQ(said(ControlClient::Answer{413, "larger than 64 KiB\x1b[2J"}).exit_code, kInputError);
  EXPECT_EQ(said(ControlClient::Answer{413, "\x1b[2J"}).err.find('\x1b'), std::string::npos);
}

TEST(Answers, FaultsOfTheConfigurationAreListed) {
  Json body = api_error(422, "config", "reload", "2 faults", "").body;
  body.set("faults", Json::array().push("a.yaml:1:2: x").push("a.yaml:3:4: y"));
  EXPECT_EQ(said(http(422, body)).err, "backstopctl: reload: 2 faults\n  a.yaml:1:2: x\n  a.yaml:3:4: y\n");
}

TEST(Answers, JsonIsTheDocumentOfSuccessAndOfRefusalAlike) {
  EXPECT_EQ(said(http(200, Json::object().set("ok", true)), true).out, "{\n  \"ok\": true\n}\n");
  const Said no = said(refused(409, "blind"), true);
  EXPECT_EQ(no.exit_code, kRefused);
  EXPECT_EQ(no.err, "");
  const Result<Json> document = Json::parse(no.out);
  ASSERT_TRUE(document);
  EXPECT_EQ((*document)["error"].text("code"), "blind");
}

TEST(Answers, BeginPutsTheIdAloneOnStandardOutput) {
  Shops world;
  world.shops[kShop].error_share = 0.3;
  world.run(8);
  world.begin("shop", "v2");
  Json body = Json::object().set("id", "D1").set("deployment", answer(world, "/v1/deployments/D1").body["deployment"]);
  const Said begun = said(http(200, body), false, Page::begun);
  EXPECT_EQ(begun.exit_code, kDone);
  EXPECT_EQ(begun.out, "D1\n");
  EXPECT_EQ(begun.err.rfind("WARNING: critical already before this deployment", 0), 0U) << begun.err;
}

/// `deploy wait D1` fed by hand.
struct Waiting {
  explicit Waiting(bool live = false, Duration timeout = {}, bool json = false) : wait{"D1", false, timeout} {
    invocation.json = json;
    following.emplace(invocation, wait, Style{}, live);
  }
  Following::Step at(int second, const Answer& a) { return following->on_answer(a, seconds(second)); }
  Invocation invocation;
  Wait wait;
  std::optional<Following> following;
};

Answer watching(const std::string& level = "normal") {
  const Json d = Json::object().set("id", "D1").set("version", "v2").set("phase", "watching");
  return http(200, Json::object()
                       .set("deployment", d)
                       .set("service", Json::object().set("deployment", d).set("level", level).set("armed", true)));
}
Answer ended(const std::string& phase) {
  return http(200, Json::object().set("deployment", Json::object()
                                                        .set("id", "D1")
                                                        .set("service", "shop/production")
                                                        .set("version", "v2")
                                                        .set("phase", phase)
                                                        .set("why", "so it is")));
}

TEST(Following, EndsWithTheCodeOfTheOutcome) {
  for (const auto& [phase, code] : {std::pair<const char*, int>{"succeeded", kDone},
                                    {"rolled_back_verified", kRolledBack},
                                    {"rollback_failed", kRollbackFailed},
                                    {"undecided", kUndecided},
                                    {"superseded", kSuperseded},
                                    {"aborted", kSuperseded},
                                    {"refused", kRefused}}) {
    Waiting w;
    EXPECT_EQ(w.at(0, ended(phase)).exit_code, code) << phase;
  }
  Waiting unknown;
  EXPECT_EQ(unknown.at(0, refused(404, "not_found")).exit_code, kInputError);
}

TEST(Following, SaysALineOnlyWhenSomethingChanges) {
  Waiting w;
  EXPECT_EQ(w.at(0, watching()).out, "D1 watching v2; normal\n");
  EXPECT_EQ(w.at(1, watching()).out, "");
  EXPECT_EQ(w.at(2, watching("critical")).out, "D1 watching v2; CRITICAL\n");
  EXPECT_EQ(w.at(3, ended("succeeded")).out, "D1: shop/production v2 is kept: so it is\n");
}

TEST(Following, IsNeverSilentForLongInAPipe) {
  Waiting w;
  w.at(0, watching());
  EXPECT_EQ(w.at(59, watching()).out, "");
  EXPECT_EQ(w.at(60, watching()).out, "D1 watching v2; normal\n");
  EXPECT_EQ(w.at(61, watching()).out, "");
}

TEST(Following, SaysThatTheDaemonAnswersAgain) {
  Waiting w;
  w.at(0, watching());
  w.at(1, down());
  EXPECT_EQ(w.at(2, watching()).out, "D1 watching v2; normal\n");
}

TEST(Following, DrawsOverItsLineOnATerminalAndClearsItAtTheEnd) {
  Waiting w(true);
  EXPECT_EQ(w.at(0, watching()).out, "\r\033[KD1 watching v2; normal");
  EXPECT_EQ(w.at(1, ended("succeeded")).out, "\r\033[KD1: shop/production v2 is kept: so it is\n");
}

TEST(Following, BridgesARestartAndGivesUpAfterHalfAMinute) {
  Waiting w;
  w.at(0, watching());
  const auto first = w.at(10, down());
  EXPECT_FALSE(first.exit_code);
  EXPECT_NE(first.err.find("waiting up to 30s"), std::string::npos) << first.err;
  EXPECT_EQ(w.at(11, down()).err, "") << "said once";
  EXPECT_FALSE(w.at(20, watching()).exit_code);
  EXPECT_NE(w.at(21, down()).err, "") << "the next one is said again";
  EXPECT_FALSE(w.at(50, down()).exit_code);
  const auto gone = w.at(51, down());
  EXPECT_EQ(gone.exit_code, kUnreachable);
  EXPECT_EQ(gone.err, "backstopctl: the daemon does not answer on /run/x.sock: no such file\n");
}

TEST(Following, TimesOutAndSaysThatItGoesOn) {
  Waiting w(false, seconds(60));
  EXPECT_FALSE(w.at(59, watching()).exit_code);
  const auto late = w.at(60, watching());
  EXPECT_EQ(late.exit_code, kTimeout);
  EXPECT_EQ(late.err, "backstopctl: D1 is not decided yet; it goes on without this command\n");
}

TEST(Following, AnOutcomeAtTheLastMomentCountsMoreThanTheTimeout) {
  Waiting w(false, seconds(60));
  EXPECT_EQ(w.at(60, ended("succeeded")).exit_code, kDone);
}

TEST(Following, JsonIsTheDeploymentAloneAtTheEnd) {
  Waiting w(true, {}, true);
  EXPECT_EQ(w.at(0, watching()).out, "");
  const Result<Json> document = Json::parse(w.at(1, ended("aborted")).out);
  ASSERT_TRUE(document);
  EXPECT_EQ(document->text("phase"), "aborted");
}

} // namespace
} // namespace backstop::ctl::test
