#include "daemon/config/yaml.hpp"
#include "tests/unit/config/helpers.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace backstop::config::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> texts_of(const std::vector<Fault>& faults) {
  std::vector<std::string> texts;
  for (const Fault& fault : faults) texts.push_back(text_of(fault));
  return texts;
}

MemoryFiles two_services(const std::string& first, const std::string& second) {
  MemoryFiles files;
  files.texts["/etc/main.yaml"] =
      "services: /etc/s/*.yaml\nchannels: {oncall: {type: webhook, url: {credential: u}}}\n";
  files.texts["/etc/s/a.yaml"] = first;
  files.texts["/etc/s/b.yaml"] = second;
  return files;
}

const std::string kCriteria = "criteria: [{indicator: cpu, critical: \"> 90%\"}]\n";

TEST(Load, ReadsTheMainFileAndItsServicesInOrderOfName) {
  const auto outcome =
      load("/etc/main.yaml", two_services(service_with(kCriteria, "shop"), service_with(kCriteria, "cart")).files());
  EXPECT_THAT(texts_of(outcome.faults), ElementsAre());
  ASSERT_EQ(outcome.config.services.size(), 2U);
  EXPECT_EQ(outcome.config.services[0]->key(), "shop/production");
  EXPECT_EQ(outcome.config.services[0]->file, "/etc/s/a.yaml");
  EXPECT_EQ(outcome.config.services[1]->key(), "cart/production");
}

TEST(Load, ThePackagedExamplesHaveNeitherFaultsNorWarnings) {
  MemoryFiles files;
  files.texts["/etc/main.yaml"] = slurp(source_dir() / "packaging/examples/backstop.yaml");
  files.texts["/etc/backstop/services.d/checkout.yaml"] =
      slurp(source_dir() / "packaging/examples/services.d/checkout.yaml");
  const auto outcome = load("/etc/main.yaml", files.files());
  EXPECT_THAT(texts_of(outcome.faults), ElementsAre());
  EXPECT_THAT(texts_of(outcome.warnings), ElementsAre());
  ASSERT_EQ(outcome.config.services.size(), 1U);
  EXPECT_EQ(outcome.config.services[0]->rows.size(), 5U);
  EXPECT_EQ(outcome.config.services[0]->rollback.size(), 6U);
}

TEST(Load, TheKeysOfTheMainFileAreRead) {
  MemoryFiles files;
  files.texts["/etc/main.yaml"] =
      "control: {socket: /run/x.sock, observers: see, operators: act}\nmetrics: {listen: none}\n"
      "journal: {path: /j.db, keep: 100d}\nrecorder: {path: /r.db, keep: 2d, max_size: 3 GiB}\n"
      "limits: {concurrent_rollbacks: 2, rollbacks: 5 per 12h}\nservices: none/*.yaml\n"
      "deadman: {url: {credential: deadman-url}, every: 30s}\n"
      "channels:\n  a: {type: webhook, url: \"https://h/x\", timeout: 3s}\n"
      "  b: {type: webhook, url: {file: /secret}}\n  c: {type: command, argv: [/bin/tell, me]}\n";
  const auto outcome = load("/etc/main.yaml", files.files());
  EXPECT_THAT(texts_of(outcome.faults), ElementsAre());
  const Daemon& daemon = outcome.config.daemon;
  EXPECT_EQ(daemon.control.socket, "/run/x.sock");
  EXPECT_EQ(daemon.control.observers, "see");
  EXPECT_EQ(daemon.control.operators, "act");
  EXPECT_EQ(daemon.metrics_listen, "");
  EXPECT_EQ(daemon.journal_path, "/j.db");
  EXPECT_EQ(daemon.journal_keep, std::chrono::hours(2400));
  EXPECT_EQ(daemon.recorder_path, "/r.db");
  EXPECT_EQ(daemon.recorder_keep, std::chrono::hours(48));
  EXPECT_EQ(daemon.recorder_max_size, std::uint64_t{3} << 30);
  EXPECT_EQ(daemon.limits.concurrent_rollbacks, 2);
  EXPECT_EQ(daemon.limits.rollbacks.count, 5);
  EXPECT_EQ(daemon.limits.rollbacks.window, std::chrono::hours(12));
  ASSERT_TRUE(daemon.deadman);
  EXPECT_EQ(daemon.deadman->url.credential, "deadman-url");
  EXPECT_EQ(daemon.deadman->every, std::chrono::seconds(30));
  ASSERT_EQ(daemon.channels.size(), 3U);
  EXPECT_EQ(daemon.channels[0].url.inline_value, "https://h/x");
  EXPECT_EQ(daemon.channels[0].timeout, std::chrono::seconds(3));
  EXPECT_EQ(daemon.channels[1].url.file, "/secret");
  EXPECT_EQ(daemon.channels[2].type, ChannelType::command);
  EXPECT_THAT(daemon.channels[2].argv, ElementsAre("/bin/tell", "me"));
}

TEST(Load, AKeyIsSentInClearToThisHostAlone) {
  const auto faults = [](const std::string& url) {
    MemoryFiles files;
    files.texts["/etc/main.yaml"] =
        "services: none/*.yaml\nchannels: {am: {type: alertmanager, bearer: {credential: t}, url: \"" + url + "\"}}\n";
    return texts_of(load("/etc/main.yaml", files.files()).faults);
  };
  for (const char* here : {"http://127.0.0.1:9093", "http://localhost/am", "http://[::1]:9093", "https://am.example"})
    EXPECT_THAT(faults(here), ElementsAre()) << here;
  for (const char* elsewhere : {"http://am.example", "http://127.0.0.1.am.example", "http://localhost.am.example:9093",
                                "http://[::1].am.example", "http://[::2]:9093"})
    EXPECT_THAT(faults(elsewhere), ElementsAre(HasSubstr("the key would be sent in clear"))) << elsewhere;
}

TEST(Load, WhoIsToldIsRead) {
  MemoryFiles files;
  files.texts["/etc/main.yaml"] =
      "services: none/*.yaml\nchannels: {pager: {type: command, argv: [/bin/p]}, chat: {type: command, argv: "
      "[/bin/c]}}\n"
      "notify:\n  roles: {DevOps: [pager, chat]}\n  group_wait: 20s\n  repeat_interval: 0s\n"
      "  routes: [{severity: [critical], service: [shop*], environment: [production], deployment: [hotfix], to: "
      "[DevOps]}, "
      "{to: [nobody]}]\n"
      "  escalate: [{after: 5m, to: [chat]}, {after: 1h, to: [DevOps]}]\n  texts: {kept: \"{service} stays: "
      "{title}\"}\n";
  const auto outcome = load("/etc/main.yaml", files.files());
  EXPECT_THAT(texts_of(outcome.faults), ElementsAre());
  const Notify& notify = outcome.config.daemon.notify;
  EXPECT_THAT(notify.roles.at("DevOps"), ElementsAre("pager", "chat"));
  ASSERT_EQ(notify.routes.size(), 2U);
  EXPECT_THAT(notify.routes[0].severities, ElementsAre("critical"));
  EXPECT_THAT(notify.routes[0].services, ElementsAre("shop*"));
  EXPECT_THAT(notify.routes[0].environments, ElementsAre("production"));
  EXPECT_THAT(notify.routes[0].deployments, ElementsAre("hotfix"));
  EXPECT_THAT(notify.routes[0].to, ElementsAre("DevOps"));
  EXPECT_THAT(notify.routes[1].to, ElementsAre());
  EXPECT_EQ(notify.group_wait, std::chrono::seconds(20));
  EXPECT_EQ(notify.repeat_interval, Duration{});
  ASSERT_EQ(notify.escalate.size(), 2U);
  EXPECT_EQ(notify.escalate[1].after, std::chrono::hours(1));
  EXPECT_EQ(notify.texts.at("kept"), "{service} stays: {title}");
}

TEST(Load, FaultsOfWhoIsToldSayWhatIsMeant) {
  const auto faults = [](const std::string& notify) {
    MemoryFiles files;
    files.texts["/etc/main.yaml"] =
        "services: none/*.yaml\nchannels: {pager: {type: command, argv: [/bin/p]}}\nnotify: {" + notify + "}\n";
    std::string all;
    for (const std::string& text : texts_of(load("/etc/main.yaml", files.files()).faults)) all += text + "\n";
    return all;
  };
  EXPECT_THAT(faults("roles: {A: [page]}"), HasSubstr("there is no channel \"page\""));
  EXPECT_THAT(faults("roles: {pager: [pager]}"), HasSubstr("a channel has this name"));
  EXPECT_THAT(faults("roles: {nobody: [pager]}"), HasSubstr("\"nobody\" means nobody"));
  EXPECT_THAT(faults("routes: [{severity: [urgent], to: [pager]}]"), HasSubstr("severity[0]: there is no \"urgent\""));
  EXPECT_THAT(faults("routes: [{to: [pagr]}]"), HasSubstr("there is no channel or role \"pagr\""));
  EXPECT_THAT(faults("routes: [{severity: [critical]}]"), HasSubstr("\"to\""));
  EXPECT_THAT(faults("escalate: [{after: 5m, to: [nobody]}]"), HasSubstr("there is no channel or role \"nobody\""));
  EXPECT_THAT(faults("escalate: [{after: 5m, to: [pager]}, {after: 5m, to: [pager]}]"), HasSubstr("no later"));
  EXPECT_THAT(faults("texts: {roled_back: x}"), HasSubstr("no notice is of \"roled_back\""));
  EXPECT_THAT(faults("texts: {kept: \"{servce}\"}"), HasSubstr("nothing is called {servce}"));
  EXPECT_THAT(faults("texts: {kept: \"\"}"), HasSubstr("the text is empty"));
}

TEST(Load, FindsTheFaultsOfAllFilesAtOnce) {
  auto files = two_services(service_with("zebra: 1\n"), "service: [\n");
  files.texts["/etc/main.yaml"] += "horse: 2\n";
  const auto outcome = load("/etc/main.yaml", files.files());
  EXPECT_THAT(texts_of(outcome.faults), ElementsAre(HasSubstr("/etc/main.yaml:3:1: unknown key \"horse\""),
                                                    HasSubstr("/etc/s/a.yaml:5:1: unknown key \"zebra\""),
                                                    HasSubstr("/etc/s/b.yaml:2:1: no YAML")));
}

TEST(Load, AMissingMainFileIsTheOnlyFault) {
  const auto outcome = load("/etc/main.yaml", MemoryFiles{}.files());
  EXPECT_THAT(texts_of(outcome.faults), ElementsAre("/etc/main.yaml: cannot be read: no such file"));
}

TEST(Load, AServiceFileThatCannotBeReadIsAFault) {
  const auto memory = two_services(service_with(kCriteria), "");
  auto files = memory.files();
  files.read = [read = files.read](const std::string& path) -> Result<std::string> {
    if (path == "/etc/s/b.yaml") return fail(Errc::io, "permission denied");
    return read(path);
  };
  EXPECT_THAT(texts_of(load("/etc/main.yaml", files).faults),
              ElementsAre("/etc/s/b.yaml: cannot be read: permission denied"));
}

TEST(Load, AFolderThatCannotBeListedIsAFault) {
  const auto memory = two_services(service_with(kCriteria), service_with(kCriteria));
  auto files = memory.files();
  files.glob = [](const std::string&) -> Result<std::vector<std::string>> {
    return fail(Errc::io, "permission denied");
  };
  EXPECT_THAT(texts_of(load("/etc/main.yaml", files).faults),
              ElementsAre("/etc/main.yaml:1:11: services: /etc/s/*.yaml: permission denied"));
}

TEST(Load, ARelativePatternCountsFromTheFolderOfTheMainFile) {
  std::string asked;
  auto memory = two_services(service_with(kCriteria), service_with(kCriteria));
  memory.texts["/etc/main.yaml"] = "services: s/*.yaml\n";
  auto files = memory.files();
  files.glob = [&](const std::string& pattern) -> Result<std::vector<std::string>> {
    asked = pattern;
    return std::vector<std::string>{"/etc/s/a.yaml", "/etc/s/a.yaml"};
  };
  const auto outcome = load("/etc/main.yaml", files);
  EXPECT_EQ(asked, "/etc/s/*.yaml");
  EXPECT_EQ(outcome.config.services.size(), 1U) << "a file named twice is read once";
}

TEST(Load, AServiceMayStandInOneFileOnly) {
  const auto outcome = load("/etc/main.yaml", two_services(service_with(kCriteria), service_with(kCriteria)).files());
  EXPECT_THAT(
      texts_of(outcome.faults),
      ElementsAre("/etc/s/b.yaml:1:10: service checkout/production is written twice (the other is in /etc/s/a.yaml)"));
  const auto other =
      load("/etc/main.yaml",
           two_services(service_with(kCriteria), service_with(kCriteria + "environment: staging\n")).files());
  EXPECT_TRUE(other.ok());
}

TEST(Load, ANameInAListIsNotEmpty) {
  const auto said = load_service(service_with(kCriteria + "depends_on: [redis, \"\"]\n", "a"), "a.yaml").faults;
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].what, "depends_on: a name in the list is empty");
}

TEST(Load, CyclesInDependsOnAreRefusedAndSpelledOut) {
  auto files = two_services(service_with(kCriteria + "depends_on: [postgres, b]\n", "a"),
                            service_with(kCriteria + "depends_on: [c/production]\n", "b"));
  files.texts["/etc/s/c.yaml"] = service_with(kCriteria + "depends_on: [redis, a]\n", "c");
  files.texts["/etc/s/d.yaml"] = service_with(kCriteria + "depends_on: [d]\n", "d");
  files.texts["/etc/s/e.yaml"] = service_with(kCriteria + "depends_on: [a, b, c]\n", "e");
  const auto outcome = load("/etc/main.yaml", files.files());
  EXPECT_THAT(
      texts_of(outcome.faults),
      ElementsAre("/etc/s/c.yaml:6:21: depends_on[1]: a cycle: a/production -> b/production -> c/production -> "
                  "a/production (take one of these out)",
                  "/etc/s/d.yaml:6:14: depends_on[0]: a cycle: d/production -> d/production (take one of these out)"));
}

TEST(Load, AChainOfDependenciesIsNoCycle) {
  auto files = two_services(service_with(kCriteria + "depends_on: [b, c]\n", "a"),
                            service_with(kCriteria + "depends_on: [c]\n", "b"));
  files.texts["/etc/s/c.yaml"] = service_with(kCriteria + "environment: staging\ndepends_on: [a]\n", "c");
  EXPECT_TRUE(load("/etc/main.yaml", files.files()).ok());
}

TEST(Load, ChannelsOfNotifyStepsMustExist) {
  const std::string steps = "procedures: {rollback: [{name: tell, kind: notify, to: [oncall, oncal]}]}\n";
  const auto outcome =
      load("/etc/main.yaml", two_services(service_with(kCriteria + steps, "a"), service_with(kCriteria, "b")).files());
  EXPECT_THAT(texts_of(outcome.faults), ElementsAre("/etc/s/a.yaml:6:65: procedures.rollback[0].to[1]: there is no "
                                                    "channel or role \"oncal\" (did you mean \"oncall\"?)"));
}

TEST(Load, HashesOfTheFilesAndOfAllOfThemChangeWithAnyByte) {
  const auto before =
      load("/etc/main.yaml", two_services(service_with(kCriteria, "a"), service_with(kCriteria, "b")).files());
  const auto after =
      load("/etc/main.yaml",
           two_services(service_with(kCriteria, "a"), service_with(kCriteria + "# and a comment\n", "b")).files());
  EXPECT_EQ(before.config.services[0]->hash, "length " + std::to_string(service_with(kCriteria, "a").size()));
  EXPECT_EQ(before.config.services[0]->hash, after.config.services[0]->hash);
  EXPECT_NE(before.config.services[1]->hash, after.config.services[1]->hash);
}

TEST(Load, ATooLargeFileIsRefusedUnread) {
  const std::string text = "service: a\n# " + std::string(kMaxFileBytes, 'x') + "\n";
  EXPECT_THAT(faults_of(text), HasSubstr("bytes long, at most 1048576 are read"));
}

TEST(Load, BeyondTwoHundredFaultsTheRestIsNotListed) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += "key" + std::to_string(i) + ": 1\n";
  const auto outcome = load_service(text, "f");
  EXPECT_EQ(outcome.faults.size(), 201U);
  EXPECT_EQ(text_of(outcome.faults.front()), "f: more than 200 faults, the others are not listed");
}

TEST(Load, AMessageStaysShortWhateverTheFileHolds) {
  const std::string text = service_with("mode2: " + std::string(5000, 'y') + "\n" + std::string(1000, 'z') +
                                        ": 1\nbake: {for: " + std::string(5000, '9') + "s}\n");
  const auto outcome = load_service(text, "f");
  EXPECT_EQ(outcome.faults.size(), 3U);
  for (const Fault& fault : outcome.faults) EXPECT_LT(text_of(fault).size(), 500U);
}

} // namespace
} // namespace backstop::config::test
