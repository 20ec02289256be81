#include "daemon/ctl/invocation.hpp"
#include "tests/unit/ctl/golden.hpp"
#include <variant>

/// Every command that the program promises: what it asks of the daemon.
namespace backstop::ctl::test {
namespace {

std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  std::istringstream in(line);
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}
Parsed parse(const std::string& line, const Environment& environment = {}) {
  return parse_arguments(words_of(line), environment);
}
template <class What> What what_of(const std::string& line) {
  const Parsed parsed = parse(line);
  EXPECT_TRUE(parsed.invocation) << line << ": " << parsed.said.err;
  if (!parsed.invocation || !std::holds_alternative<What>(parsed.invocation->what)) {
    ADD_FAILURE() << line << " is something else";
    return {};
  }
  return std::get<What>(parsed.invocation->what);
}

struct Asked {
  const char* line;
  const char* request; ///< METHOD PATH BODY
};

TEST(Arguments, StatusWatchIsAScreenOfAllServicesOrOne) {
  EXPECT_EQ(what_of<WatchStatus>("status --watch").service, "");
  EXPECT_EQ(what_of<WatchStatus>("status shop -w").service, "shop");
  EXPECT_EQ(parse("status --watch --offline").said.exit_code, kUsage);
}

class Commands : public testing::TestWithParam<Asked> {};

TEST_P(Commands, AskThisOfTheDaemon) {
  const Call call = what_of<Call>(GetParam().line);
  const std::string body = call.method == "POST" ? " " + call.body.dump() : "";
  EXPECT_EQ(call.method + " " + call.path + body, GetParam().request) << GetParam().line;
}

INSTANTIATE_TEST_SUITE_P(
    Ctl, Commands,
    testing::Values(
        Asked{"deploy begin --service shop --version v2", R"(POST /v1/deployments {"service":"shop","version":"v2"})"},
        Asked{"deploy begin --service shop --environment staging --version v2 --previous v1 --type hotfix "
              "--components api,worker --irreversible --mode confirm",
              R"(POST /v1/deployments {"service":"shop","version":"v2","environment":"staging","previous":"v1",)"
              R"("type":"hotfix","mode":"confirm","irreversible":true,"components":["api","worker"]})"},
        Asked{"deploy finish D1", "POST /v1/deployments/D1/finish {}"},
        Asked{"deploy abort D1 --reason wrong", R"(POST /v1/deployments/D1/abort {"reason":"wrong"})"},
        Asked{"deploy list", "GET /v1/deployments"}, Asked{"deploy show D1", "GET /v1/deployments/D1"},
        Asked{"status", "GET /v1/status"}, Asked{"status shop", "GET /v1/status?service=shop"},
        Asked{"status shop/production", "GET /v1/status?service=shop%2Fproduction"},
        Asked{"incident list", "GET /v1/incidents"}, Asked{"incident show I1", "GET /v1/incidents/I1"},
        Asked{"ack I1 --comment mine --for 1h", R"(POST /v1/incidents/I1/ack {"comment":"mine","for_s":3600.0})"},
        Asked{"hold shop --for 30m --reason r", R"(POST /v1/hold {"service":"shop","for_s":1800.0,"reason":"r"})"},
        Asked{"hold --all --for 30m --reason r", R"(POST /v1/hold {"all":true,"for_s":1800.0,"reason":"r"})"},
        Asked{"game-day shop", R"(POST /v1/game-day {"service":"shop"})"},
        Asked{"game-day shop --channels", R"(POST /v1/game-day {"service":"shop","channels":true})"},
        Asked{"unhold shop", R"(POST /v1/unhold {"service":"shop"})"},
        Asked{"unhold --all", R"(POST /v1/unhold {"all":true})"},
        Asked{"rollback shop --reason r", R"(POST /v1/rollback {"service":"shop","reason":"r"})"},
        Asked{"accept shop --reason r", R"(POST /v1/accept {"service":"shop","reason":"r"})"},
        Asked{"confirm D1 --reason r", R"(POST /v1/deployments/D1/confirm {"reason":"r"})"},
        Asked{"decline D1 --reason r", R"(POST /v1/deployments/D1/decline {"reason":"r"})"},
        Asked{"signal shop data-corruption --evidence e",
              R"(POST /v1/signal {"service":"shop","kind":"data-corruption","evidence":"e"})"},
        Asked{"unlock shop --reason r", R"(POST /v1/unlock {"service":"shop","reason":"r"})"},
        Asked{"unlock shop --reason r --retry-from 3",
              R"(POST /v1/unlock {"service":"shop","reason":"r","retry_from":"3"})"},
        Asked{"unlock shop --reason r --done-by-hand",
              R"(POST /v1/unlock {"service":"shop","reason":"r","done_by_hand":true})"},
        Asked{"adopt shop v1 --reason r", R"(POST /v1/adopt {"service":"shop","reason":"r","version":"v1"})"},
        Asked{"quarantine list", "GET /v1/quarantine"},
        Asked{"quarantine release v2 --service shop --reason r",
              R"(POST /v1/quarantine/release {"service":"shop","version":"v2","reason":"r"})"},
        Asked{"explain E1", "GET /v1/explain/E1"}, Asked{"reload", "POST /v1/reload {}"},
        Asked{"deploy show ../quarantine", "GET /v1/deployments/..%2Fquarantine"}));

TEST(Arguments, EverySignalIsTaken) {
  for (const char* kind :
       {"critical-functionality", "data-corruption", "security-incident", "compliance-violation", "user-report"})
    EXPECT_EQ(what_of<Call>(std::string("signal shop --evidence e ") + kind).body.text("kind"), kind);
}

TEST(Arguments, Wait) {
  const Wait plain = what_of<Wait>("deploy wait D1");
  EXPECT_EQ(plain.id, "D1");
  EXPECT_FALSE(plain.whole_bake);
  EXPECT_EQ(plain.timeout, Duration{});
  const Wait full = what_of<Wait>("deploy wait D1 --until bake --timeout 1m30s");
  EXPECT_TRUE(full.whole_bake);
  EXPECT_EQ(full.timeout, std::chrono::seconds(90));
  EXPECT_FALSE(what_of<Wait>("deploy wait D1 --until good").whole_bake);
}

TEST(Arguments, OfflineReadsTheJournal) {
  const Offline status = what_of<Offline>("status shop --offline");
  EXPECT_EQ(status.page, Page::status);
  EXPECT_EQ(status.id, "shop");
  EXPECT_EQ(status.journal, "/var/lib/backstop/journal.db");
  EXPECT_EQ(what_of<Offline>("incident list --offline --journal j.db").journal, "j.db");
  EXPECT_EQ(what_of<Offline>("incident show I2 --offline").id, "I2");
}

TEST(Arguments, CheckConfig) {
  EXPECT_EQ(what_of<CheckConfig>("check-config").main_file, "/etc/backstop/backstop.yaml");
  const CheckConfig some = what_of<CheckConfig>("check-config a.yaml b.yaml");
  EXPECT_EQ(some.main_file, "");
  EXPECT_EQ(some.service_files, (std::vector<std::string>{"a.yaml", "b.yaml"}));
  EXPECT_EQ(what_of<CheckConfig>("check-config x/backstop.yaml").main_file, "x/backstop.yaml");
}

TEST(Arguments, CheckMetrics) {
  EXPECT_EQ(what_of<CheckMetrics>("check-metrics").file, "");
  EXPECT_FALSE(what_of<CheckMetrics>("check-metrics m.txt").openmetrics);
  EXPECT_EQ(what_of<CheckMetrics>("check-metrics m.txt").file, "m.txt");
  EXPECT_TRUE(what_of<CheckMetrics>("check-metrics --format openmetrics").openmetrics);
}

TEST(Arguments, GlobalOptionsMayStandAnywhere) {
  for (const char* line : {"--socket s --json --no-color status", "status --socket s --json --no-color",
                           "deploy list --json --no-color --socket s"}) {
    const Parsed parsed = parse(line);
    ASSERT_TRUE(parsed.invocation) << line;
    EXPECT_EQ(parsed.invocation->socket, "s") << line;
    EXPECT_TRUE(parsed.invocation->json) << line;
    EXPECT_FALSE(parsed.invocation->color) << line;
  }
}

TEST(Arguments, TheEnvironmentCountsLessThanAnOption) {
  EXPECT_EQ(parse("status").invocation->socket, "/run/backstop/control.sock");
  EXPECT_EQ(parse("status", {"/tmp/x.sock", true}).invocation->socket, "/tmp/x.sock");
  EXPECT_EQ(parse("status --socket y", {"/tmp/x.sock", true}).invocation->socket, "y");
  EXPECT_FALSE(parse("status", {"", false}).invocation->color);
}

struct Wrong {
  const char* line;
  const char* says; ///< after "backstopctl: "
};
class WrongLines : public testing::TestWithParam<Wrong> {};

TEST_P(WrongLines, AreUsageErrorsThatSayHowToMend) {
  const Parsed parsed = parse(GetParam().line);
  EXPECT_FALSE(parsed.invocation);
  EXPECT_EQ(parsed.said.exit_code, kUsage);
  EXPECT_EQ(parsed.said.out, "");
  EXPECT_EQ(parsed.said.err, "backstopctl: " + std::string(GetParam().says) + "\n");
}

INSTANTIATE_TEST_SUITE_P(
    Ctl, WrongLines,
    testing::Values(
        Wrong{"", "a command is missing (see: backstopctl --help)"},
        Wrong{"stauts", "'stauts' is not a command (did you mean \"status\"?)"},
        Wrong{"xyzzy", "'xyzzy' is not a command (see: backstopctl --help)"},
        Wrong{"wait D1", "'wait' is not a command (did you mean \"deploy wait\"?)"},
        Wrong{"deploy", "deploy: a command is missing, one of request, begin, finish, abort, list, show, wait, pause, "
                        "resume, promote, skip (see: "
                        "backstopctl deploy --help)"},
        Wrong{"deploy fnish D1", "deploy: 'fnish' is not a command (did you mean \"finish\"?)"},
        Wrong{"deploy begin --service shop --verison v2",
              "deploy begin: '--verison' is not an option (did you mean \"--version\"?)"},
        Wrong{"status --jsn", "status: '--jsn' is not an option (did you mean \"--json\"?)"},
        Wrong{"deploy begin --service shop",
              "deploy begin: --version is required (see: backstopctl deploy begin --help)"},
        Wrong{"deploy begin --service shop --version",
              "deploy begin: --version needs a value (see: backstopctl deploy begin --help)"},
        Wrong{"deploy begin --service shop --version v2 --type featur",
              "deploy begin: --type: 'featur' is not known; did you mean \"feature\"? (see: backstopctl deploy begin "
              "--help)"},
        Wrong{"deploy wait D1 --timeout 30", "deploy wait: --timeout: \"30\" has no unit; write 30s for seconds (see: "
                                             "backstopctl deploy wait --help)"},
        Wrong{"deploy show", "deploy show: ID is required (see: backstopctl deploy show --help)"},
        Wrong{"deploy show D1 D2", "deploy show: 'D2' is one word too many (see: backstopctl deploy show --help)"},
        Wrong{"hold --for 3m --reason r", "hold: SERVICE or --all is required (see: backstopctl hold --help)"},
        Wrong{"rollback shop", "rollback: --reason is required (see: backstopctl rollback --help)"},
        Wrong{"unlock shop --reason r --retry-from 2 --done-by-hand",
              "unlock: --retry-from excludes --done-by-hand (see: backstopctl unlock --help)"},
        Wrong{"test-rules", "test-rules: FILES is required (see: backstopctl test-rules --help)"},
        Wrong{"replay",
              "replay: --deployment, or --config and --samples, is required (see: backstopctl replay --help)"},
        Wrong{"replay --config c --deploy-at 1", "replay: --samples is required (see: backstopctl replay --help)"},
        Wrong{"replay --deployment D1 --samples s",
              "replay: --deployment excludes --samples (see: backstopctl replay --help)"},
        Wrong{"export D1 --format csv",
              "export: --format: 'csv' is not known; known words: openmetrics (see: backstopctl export --help)"},
        Wrong{"replay --config c --samples s",
              "replay: --deploy-at or --events is required (see: backstopctl replay --help)"},
        Wrong{
            "replay --config c --samples s --deploy-at 3pm",
            "replay: --deploy-at: '3pm' is no time; write seconds since 1970, for example 1767225600 (see: backstopctl "
            "replay --help)"},
        Wrong{"replay --config c --samples s --deploy-at 1 --events e",
              "replay: --deploy-at excludes --events (see: backstopctl replay --help)"},
        Wrong{"--socket", "--socket needs a value (see: backstopctl --help)"}));

TEST(Help, OfTheProgramAndOfEveryCommand) {
  const Parsed help = parse("--help");
  EXPECT_FALSE(help.invocation);
  EXPECT_EQ(help.said.exit_code, kDone);
  expect_golden("help", help.said.out);
  std::string all;
  for (const char* line :
       {"deploy",         "deploy begin",  "deploy finish", "deploy abort",   "deploy list",     "deploy show",
        "deploy wait",    "status",        "incident",      "incident list",  "incident show",   "explain",
        "report",         "release-notes", "stats",         "audit",          "audit verify",    "ack",
        "hold",           "unhold",        "rollback",      "accept",         "confirm",         "decline",
        "signal",         "unlock",        "adopt",         "quarantine",     "quarantine list", "quarantine release",
        "check-config",   "check-metrics", "reload",        "replay",         "export",          "test-rules",
        "deploy request", "deploy pause",  "deploy resume", "deploy promote", "deploy skip",     "checklist",
        "approve",        "revoke",        "plan",          "plan show",      "plan lint",       "plan dry-run"}) {
    const Parsed one = parse(std::string(line) + " --help");
    EXPECT_EQ(one.said.exit_code, kDone) << line;
    all += "$ backstopctl " + std::string(line) + " --help\n" + one.said.out + "\n";
  }
  expect_golden("help_of_commands", all);
}

TEST(Help, Version) { EXPECT_EQ(parse("--version").said.out, std::string("backstopctl ") + BACKSTOP_VERSION + "\n"); }

TEST(Arguments, Reports) {
  const Report plain = what_of<Report>("report I1");
  EXPECT_EQ(plain.id, "I1");
  EXPECT_EQ(plain.format, Report::Format::markdown);
  EXPECT_FALSE(plain.from.offline);
  const Report html = what_of<Report>("report D7 --format html --out d7.html --offline --journal j.db --recorder r.db");
  EXPECT_EQ(html.format, Report::Format::html);
  EXPECT_EQ(html.file, "d7.html");
  EXPECT_TRUE(html.from.offline);
  EXPECT_EQ(html.from.journal + html.from.recorder, "j.dbr.db");
  EXPECT_EQ(what_of<Report>("--json report D7").format, Report::Format::json);
  EXPECT_FALSE(plain.confirmation);
  EXPECT_TRUE(what_of<Report>("report D7 --confirmation").confirmation);
  for (const char* words : {"report D7 --confirmation --format json", "--json report D7 --confirmation"})
    EXPECT_EQ(parse(words).said.exit_code, kUsage) << words;
  EXPECT_EQ(parse("report D7 --format pdf").said.exit_code, kUsage);
  EXPECT_EQ(parse("report").said.exit_code, kUsage);
}

TEST(Arguments, ReleaseNotes) {
  const ReleaseNotes plain = what_of<ReleaseNotes>("release-notes D7");
  EXPECT_EQ(plain.id + plain.git + plain.fragments + plain.file, "D7");
  EXPECT_FALSE(plain.html);
  const ReleaseNotes all = what_of<ReleaseNotes>("release-notes D7 --git /srv/shop:v1..v2 --fragments CHANGELOG.md "
                                                 "--format html --out n.html --offline --journal j.db");
  EXPECT_EQ(all.git, "/srv/shop:v1..v2");
  EXPECT_EQ(all.fragments, "CHANGELOG.md");
  EXPECT_TRUE(all.html);
  EXPECT_EQ(all.file, "n.html");
  EXPECT_TRUE(all.from.offline);
  EXPECT_EQ(all.from.journal, "j.db");
  for (const char* words : {"release-notes", "release-notes D7 --format json", "--json release-notes D7"})
    EXPECT_EQ(parse(words).said.exit_code, kUsage) << words;
}

TEST(Arguments, Stats) {
  EXPECT_EQ(what_of<Stats>("stats").days, 30);
  const Stats stats = what_of<Stats>("stats shop --days 90 --offline --journal j.db");
  EXPECT_EQ(stats.service, "shop");
  EXPECT_EQ(stats.days, 90);
  EXPECT_TRUE(stats.offline);
  for (const char* days : {"0", "x", "-1", "99999999999"})
    EXPECT_EQ(parse(std::string("stats --days ") + days).said.exit_code, kUsage) << days;
}

TEST(Arguments, AuditVerify) {
  const std::string anchor = "7:" + std::string(64, 'a');
  EXPECT_EQ(what_of<AuditVerify>("audit verify").path, "/var/lib/backstop/journal.db");
  EXPECT_EQ(what_of<AuditVerify>("audit verify j.db --anchor " + anchor).anchor, anchor);
  const Parsed wrong = parse("audit verify --anchor 7:abc");
  EXPECT_EQ(wrong.said.exit_code, kUsage);
  EXPECT_NE(wrong.said.err.find("64 hexadecimal digits"), std::string::npos) << wrong.said.err;
}

TEST(Arguments, TestRules) {
  EXPECT_EQ(what_of<TestRules>("test-rules a_test.yaml b_test.yaml").files,
            (std::vector<std::string>{"a_test.yaml", "b_test.yaml"}));
}

TEST(Arguments, Replay) {
  const Replay at = what_of<Replay>("replay --config c.yaml --samples s.om --deploy-at 1767225600.25 --end 1767229200");
  EXPECT_EQ(at.config, "c.yaml");
  EXPECT_EQ(at.samples, "s.om");
  EXPECT_EQ(at.deploy_at, time_from_us(1767225600'250000));
  EXPECT_EQ(at.end, time_from_us(1767229200'000000));
  EXPECT_FALSE(at.go_on);
  const Replay events = what_of<Replay>("replay --config c.yaml --samples s.om --events e.jsonl --continue");
  EXPECT_EQ(events.events, "e.jsonl");
  EXPECT_FALSE(events.deploy_at || events.end);
  EXPECT_TRUE(events.go_on);
}

TEST(Arguments, ReplayOfADeploymentAndExport) {
  const Replay past = what_of<Replay>("replay --deployment D7");
  EXPECT_EQ(past.deployment, "D7");
  EXPECT_EQ(past.config, "");
  EXPECT_EQ(what_of<Replay>("replay --deployment D7 --config o.yaml --continue").config, "o.yaml");
  EXPECT_EQ(what_of<Export>("export D7").id, "D7");
  EXPECT_EQ(what_of<Export>("export D7 --format openmetrics --output d7.om").file, "d7.om");
}

TEST(Arguments, OfTheJournalAndTheBundle) {
  EXPECT_EQ(what_of<JournalCheck>("journal check").path, "/var/lib/backstop/journal.db");
  EXPECT_EQ(what_of<JournalCheck>("journal check /j").path, "/j");
  EXPECT_EQ(what_of<JournalRestore>("journal restore /j").path, "/j");
  EXPECT_EQ(what_of<DebugBundle>("debug-bundle").file, "");
  const DebugBundle bundle = what_of<DebugBundle>("debug-bundle out.tar.gz --config /c.yaml");
  EXPECT_EQ(bundle.file, "out.tar.gz");
  EXPECT_EQ(bundle.config, "/c.yaml");
}

} // namespace
} // namespace backstop::ctl::test
