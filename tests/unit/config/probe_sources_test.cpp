#include "daemon/config/compile.hpp"
#include "daemon/config/show.hpp"
#include "tests/unit/config/helpers.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// Sources that try the service: their keys, what is refused, what check-config prints, and the examples of
/// docs/configuration.md.
namespace backstop::config::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::string kTargets = ", targets: [{url: \"http://h/health\"}]";

template <class Kind> Kind read(const std::string& source) {
  const auto outcome = load_service(with_source(source), "f");
  EXPECT_TRUE(outcome.ok()) << show_faults(outcome.faults);
  return outcome.ok() ? std::get<Kind>(outcome.service.sources.at(0).kind) : Kind{};
}

std::string shown(const std::string& source) {
  const auto outcome = load_service(with_source(source), "f");
  EXPECT_TRUE(outcome.ok()) << show_faults(outcome.faults);
  return show_service(outcome.service);
}

TEST(HttpSource, HasDefaults) {
  const auto outcome = load_service(with_source("type: http" + kTargets), "f");
  ASSERT_TRUE(outcome.ok()) << show_faults(outcome.faults);
  EXPECT_EQ(outcome.service.sources[0].interval, std::chrono::seconds(5));
  const auto& http = std::get<HttpSource>(outcome.service.sources[0].kind);
  EXPECT_EQ(http.timeout, std::chrono::seconds(3));
  EXPECT_EQ(http.method, "GET");
  EXPECT_EQ(http.expect_status, (std::vector<StatusRange>{{200, 299}}));
  ASSERT_EQ(http.targets.size(), 1U);
  EXPECT_EQ(http.targets[0].name(), "http://h/health");
}

TEST(HttpSource, AShortIntervalShortensTheTimeout) {
  EXPECT_EQ(read<HttpSource>("type: http, interval: 1s" + kTargets).timeout, std::chrono::milliseconds(800));
  EXPECT_THAT(faults_of(with_source("type: http, timeout: 5s" + kTargets)), HasSubstr("not shorter than"));
}

TEST(HttpSource, StatusesAreOneOrSeveral) {
  const auto statuses = [](const std::string& text) {
    return read<HttpSource>("type: http, expect_status: " + text + kTargets).expect_status;
  };
  EXPECT_EQ(statuses("204"), (std::vector<StatusRange>{{204, 204}}));
  EXPECT_EQ(statuses("3xx"), (std::vector<StatusRange>{{300, 399}}));
  EXPECT_EQ(statuses("[200, 4xx]"), (std::vector<StatusRange>{{200, 200}, {400, 499}}));
  for (const std::string wrong : {"600", "99", "2x", "20x", "xx2", "OK", "[200, 1000]"})
    EXPECT_THAT(faults_of(with_source("type: http, expect_status: " + wrong + kTargets)),
                AllOf(HasSubstr("sources.web.expect_status"), HasSubstr("is no status")))
        << wrong;
}

TEST(HttpSource, RefusesWhatCannotWork) {
  EXPECT_THAT(faults_of(with_source("type: http")), HasSubstr("targets"));
  EXPECT_THAT(faults_of(with_source("type: http, targets: []")),
              HasSubstr("write [{url: \"http://HOST:PORT/health\"}]"));
  EXPECT_THAT(faults_of(with_source("type: http, method: POST" + kTargets)), HasSubstr("GET, HEAD"));
  EXPECT_THAT(faults_of(with_source("type: http, expect_body: '('" + kTargets)),
              AllOf(HasSubstr("4:"), HasSubstr("is not a regular expression"), HasSubstr("write \\Q in front")));
  EXPECT_THAT(faults_of(with_source("type: http, method: HEAD, expect_body: ok" + kTargets)),
              HasSubstr("an answer to HEAD has no body"));
  EXPECT_THAT(faults_of(with_source("type: http, cert_file: /c" + kTargets)), HasSubstr("go together"));
  EXPECT_THAT(faults_of(with_source("type: http, bearer: {file: /b}, basic: {file: /c}" + kTargets)),
              HasSubstr("exclude each other"));
}

TEST(HttpSource, SecretsStandInNoHeader) {
  EXPECT_THAT(faults_of(with_source("type: http, headers: {authorization: \"Basic hunter2\"}" + kTargets)),
              AllOf(HasSubstr("a secret may not stand"), Not(HasSubstr("hunter2"))));
  EXPECT_THAT(faults_of(with_source("type: http, headers: {X-A: \"a\\nhunter2\"}" + kTargets)),
              AllOf(HasSubstr("a line break"), Not(HasSubstr("hunter2"))));
}

TEST(HttpSource, IsShownWithoutTheValuesOfHeaders) {
  EXPECT_THAT(shown("type: http, expect_status: [200, 3xx], expect_body: ready, headers: {X-Key: hunter2}, "
                    "basic: {file: /b}, targets: [{url: \"http://h/health\", labels: {group: canary}}]"),
              AllOf(HasSubstr("http, every 5s, timeout 3s, GET, expects 200 or 3xx, body with \"ready\""),
                    HasSubstr("header X-Key"), HasSubstr("basic from file /b"),
                    HasSubstr("http://h/health group=canary"), Not(HasSubstr("hunter2"))));
}

TEST(HttpSource, GroupsOfTargetsAreFound) {
  const auto outcome =
      load_service("service: a\nmode: observe\nindicators: {e: {ratio: {source: web, errors: probe_failures_total, "
                   "total: probe_attempts_total}}}\nsources: {web: {type: http, targets: [{url: \"http://a/\", labels: "
                   "{group: control}}, {url: \"http://b/\", labels: {group: canary}}]}}\n",
                   "f");
  ASSERT_TRUE(outcome.ok()) << show_faults(outcome.faults);
  const auto compiled = compile(outcome.service);
  ASSERT_TRUE(compiled) << compiled.error().what;
  EXPECT_EQ(compiled->indicators.at(0).canary, std::vector<std::uint32_t>{1});
  EXPECT_EQ(compiled->indicators.at(0).control, std::vector<std::uint32_t>{0});
}

TEST(HttpSource, TheExampleOfTheDocumentationIsAService) {
  const Service service = example("page: {type: http");
  EXPECT_EQ(service.indicators.size(), 3U);
  EXPECT_TRUE(std::holds_alternative<HttpSource>(service.sources.at(0).kind));
}

TEST(TcpSource, HasDefaults) {
  const auto outcome =
      load_service(with_source("type: tcp, targets: [{address: \"db:5432\"}, {unix_socket: /run/x}]"), "f");
  ASSERT_TRUE(outcome.ok()) << show_faults(outcome.faults);
  const Source& source = outcome.service.sources[0];
  EXPECT_EQ(source.interval, std::chrono::seconds(5));
  EXPECT_EQ(std::get<TcpSource>(source.kind).timeout, std::chrono::seconds(3));
  const TargetList* list = targets_of(source);
  ASSERT_TRUE(list && list->targets.size() == 2);
  EXPECT_EQ(list->targets[0].name(), "db:5432");
  EXPECT_EQ(list->targets[1].name(), "/run/x");
}

TEST(TcpSource, WantsOnePlaceATarget) {
  for (const std::string wrong : {"{}", "{labels: {a: b}}", "{address: \"h:1\", unix_socket: /run/x}"})
    EXPECT_THAT(faults_of(with_source("type: tcp, targets: [" + wrong + "]")),
                AllOf(HasSubstr("targets[0]"), HasSubstr("exactly one of address and unix_socket")))
        << wrong;
  for (const std::string wrong :
       {"h", "h:", ":80", "h:0", "h:65536", "h:80x", "::1:80", "[::1]", "[]:80", "a b:80", "u@h:80", "http://h:80"})
    EXPECT_THAT(faults_of(with_source("type: tcp, targets: [{address: \"" + wrong + "\"}]")),
                HasSubstr("is no address"))
        << wrong;
  for (const std::string right : {"h:80", "127.0.0.1:65535", "[::1]:1", "a-b.c_d:443"})
    EXPECT_EQ(faults_of(with_source("type: tcp, targets: [{address: \"" + right + "\"}]")), "") << right;
  EXPECT_THAT(faults_of(with_source("type: tcp, timeout: 5s, targets: [{address: \"h:1\"}]")),
              HasSubstr("not shorter than"));
}

TEST(TcpSource, IsShown) {
  EXPECT_THAT(shown("type: tcp, targets: [{address: \"h:80\", labels: {group: canary}}, {unix_socket: /run/x}]"),
              AllOf(HasSubstr("tcp, every 5s, timeout 3s\n    h:80 group=canary\n    /run/x\n")));
}

TEST(TcpSource, TheExampleOfTheDocumentationIsAService) {
  EXPECT_TRUE(std::holds_alternative<TcpSource>(example("port: {type: tcp").sources.at(0).kind));
}

TEST(CommandSource, HasDefaults) {
  const auto outcome = load_service(with_source("type: command, argv: [/bin/check, -w, 5]"), "f");
  ASSERT_TRUE(outcome.ok()) << show_faults(outcome.faults);
  EXPECT_EQ(outcome.service.sources[0].interval, std::chrono::seconds(30));
  const auto& command = std::get<CommandSource>(outcome.service.sources[0].kind);
  EXPECT_EQ(command.timeout, std::chrono::seconds(10));
  EXPECT_EQ(command.argv, (std::vector<std::string>{"/bin/check", "-w", "5"}));
  EXPECT_EQ(read<CommandSource>("type: command, interval: 5s, argv: [/x]").timeout, std::chrono::seconds(4));
  EXPECT_EQ(targets_of(outcome.service.sources[0]), nullptr);
}

TEST(CommandSource, RefusesWhatCannotWork) {
  EXPECT_THAT(faults_of(with_source("type: command")), HasSubstr("\"argv\" is missing"));
  EXPECT_THAT(faults_of(with_source("type: command, argv: []")), HasSubstr("the list is empty"));
  EXPECT_THAT(faults_of(with_source("type: command, argv: [check_load]")),
              AllOf(HasSubstr("sources.web.argv[0]"), HasSubstr("\"check_load\" is no absolute path")));
  EXPECT_THAT(faults_of(with_source("type: command, argv: [\"\"]")), HasSubstr("no absolute path"));
  EXPECT_THAT(faults_of(with_source("type: command, argv: [/x], timeout: 30s")), HasSubstr("not shorter than"));
}

TEST(CommandSource, IsShown) {
  EXPECT_THAT(shown("type: command, argv: [/bin/check, \"a b\"]"),
              HasSubstr("command, every 30s, timeout 10s, /bin/check 'a b'"));
}

TEST(CommandSource, TheExampleOfTheDocumentationIsAService) {
  EXPECT_TRUE(std::holds_alternative<CommandSource>(example("disk: {type: command").sources.at(0).kind));
}

} // namespace
} // namespace backstop::config::test
