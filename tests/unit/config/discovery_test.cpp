#include "daemon/config/found_targets.hpp"
#include "daemon/config/show.hpp"
#include "tests/unit/config/helpers.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// Targets that are looked for: how that is configured, what a file of them says, and what becomes of an address.
namespace backstop::config::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

TargetList list_of(const std::string& source) {
  const auto outcome = load_service(with_source(source), "f");
  EXPECT_TRUE(outcome.ok()) << show_faults(outcome.faults);
  const TargetList* list = outcome.ok() ? targets_of(outcome.service.sources.at(0)) : nullptr;
  return list ? *list : TargetList{};
}

std::vector<std::string> addresses(const Result<std::vector<FoundAddress>>& found) {
  if (!found) return {found.error().what};
  std::vector<std::string> all;
  for (const FoundAddress& f : *found) {
    all.push_back(f.address);
    for (const auto& [name, value] : f.labels) all.back() += " " + name + "=" + value;
  }
  return all;
}

TEST(Discovery, HasDefaultsByWhatASourceAsks) {
  const TargetList metrics = list_of("type: prometheus, file_sd: {files: [/a/x.json]}, dns_sd: {names: [_m._tcp.x]}");
  EXPECT_TRUE(metrics.targets.empty());
  EXPECT_EQ(metrics.file_sd->path, "/metrics");
  EXPECT_EQ(metrics.file_sd->scheme, "http");
  EXPECT_EQ(metrics.file_sd->refresh, std::chrono::seconds(5));
  EXPECT_EQ(metrics.dns_sd->type, DnsType::srv);
  EXPECT_EQ(metrics.dns_sd->refresh, std::chrono::seconds(30));
  EXPECT_EQ(list_of("type: http, file_sd: {files: [/a/x.json]}").file_sd->path, "/");
  EXPECT_EQ(list_of("type: tcp, dns_sd: {names: [x], type: AAAA, port: 80}").dns_sd->port, 80);
}

TEST(Discovery, ASourceWantsTargetsOrAPlaceToLookForThem) {
  for (const std::string type : {"prometheus", "http", "tcp"})
    EXPECT_THAT(faults_of(with_source("type: " + type)),
                AllOf(HasSubstr("\"targets\" is missing"), HasSubstr("file_sd or dns_sd")));
}

TEST(Discovery, WhatCannotWorkIsRefused) {
  const auto faults = [](const std::string& sd) { return faults_of(with_source("type: prometheus, " + sd)); };
  EXPECT_THAT(faults("file_sd: {files: [x.json]}"), HasSubstr("files[0]: \"x.json\" is no absolute path"));
  EXPECT_THAT(faults("file_sd: {files: [\"/a/*/x.json\"]}"), HasSubstr("only its last part"));
  EXPECT_THAT(faults("file_sd: {files: []}"), HasSubstr("the list is empty"));
  EXPECT_THAT(faults("file_sd: {files: [/x], refresh: 100ms}"), HasSubstr("refresh"));
  EXPECT_THAT(faults("file_sd: {files: [/x], path: metrics}"), HasSubstr("\"metrics\" is no path"));
  EXPECT_THAT(faults("file_sd: {files: [/x], scheme: ftp}"), HasSubstr("scheme"));
  EXPECT_THAT(faults("dns_sd: {names: [x], type: A}"), HasSubstr("add port, or write type: SRV"));
  EXPECT_THAT(faults("dns_sd: {names: [x], port: 80}"), HasSubstr("an SRV record says its port itself"));
  EXPECT_THAT(faults("dns_sd: {names: [\"a b\"]}"), HasSubstr("\"a b\" is no name"));
  EXPECT_THAT(faults("dns_sd: {names: [x], server: ns}"), HasSubstr("server: \"ns\" is no address"));
  EXPECT_THAT(faults_of(with_source("type: tcp, file_sd: {files: [/x], path: /y}")), HasSubstr("path"));
}

TEST(Discovery, IsShown) {
  const auto outcome = load_service(
      with_source("type: prometheus, targets: [{url: \"http://h/m\"}], file_sd: {files: [/a/x.json, \"/b/*\"], "
                  "scheme: https, labels: {a: b}}, dns_sd: {names: [x.example], type: A, port: 9100, server: "
                  "\"127.0.0.1:8600\"}"),
      "f");
  ASSERT_TRUE(outcome.ok()) << show_faults(outcome.faults);
  EXPECT_THAT(show_service(outcome.service),
              HasSubstr("    http://h/m\n"
                        "    those in /a/x.json, /b/*, looked at every 5s, https://.../metrics, a=b\n"
                        "    those of A x.example, port 9100, name server 127.0.0.1:8600, looked at every 30s,\n"
                        "      http://.../metrics\n"));
}

TEST(TargetGroups, AreReadFromJsonAndFromYaml) {
  EXPECT_THAT(addresses(parse_target_groups(
                  R"([{"targets": ["10.0.0.1:80", "[::1]:81"], "labels": {"group": "canary", "n": 1}},
                      {"targets": ["http:\/\/h\/x"]}])",
                  "f.json")),
              ElementsAre("10.0.0.1:80 group=canary n=1", "[::1]:81 group=canary n=1", "http://h/x"));
  EXPECT_THAT(
      addresses(parse_target_groups("# of the shop\n- targets:\n  - h:80\n  labels:\n    env: test\n", "f.yaml")),
      ElementsAre("h:80 env=test"));
  EXPECT_THAT(addresses(parse_target_groups("[]", "f")), ElementsAre());
  EXPECT_THAT(addresses(parse_target_groups("- targets:\n- targets: []\n", "f")), ElementsAre());
}

TEST(TargetGroups, OfWhatStandsTwiceTheFirstCounts) {
  EXPECT_THAT(addresses(parse_target_groups("- {targets: [h:1], labels: {a: x}}\n- {targets: [h:1, h:2]}\n", "f")),
              ElementsAre("h:1 a=x", "h:2"));
}

TEST(TargetGroups, AFaultSaysWhereItIsAndHowToMendIt) {
  const auto fault = [](const std::string& text) { return addresses(parse_target_groups(text, "/t.yaml")).at(0); };
  EXPECT_THAT(fault("targets: [h:1]"),
              HasSubstr("/t.yaml:1:1: a list of groups is wanted (write - targets: [\"HOST:PORT\"])"));
  EXPECT_THAT(fault("- h:1\n"), HasSubstr("/t.yaml:1:3: a group is a mapping"));
  EXPECT_THAT(fault("- {labels: {a: b}}\n"), HasSubstr("a group without targets"));
  EXPECT_THAT(fault("- targets: h:1\n"), HasSubstr("targets: a list is wanted"));
  EXPECT_THAT(fault("- targets: [h:1, h]\n"), HasSubstr("/t.yaml:1:18: \"h\" is no target (write HOST:PORT"));
  EXPECT_THAT(fault("- {targets: [h:1], label: {}}\n"), HasSubstr("there is no key \"label\""));
  EXPECT_THAT(fault("- {targets: [h:1], labels: {1a: b}}\n"), HasSubstr("\"1a\" is no name of a label"));
  EXPECT_THAT(fault("- {targets: [h:1], labels: {a: [b]}}\n"), HasSubstr("label a: a text is wanted"));
  EXPECT_THAT(fault("- targets: [h:1\n"), HasSubstr("/t.yaml:"));
  EXPECT_THAT(fault(""), HasSubstr("/t.yaml"));
  const std::string secret = fault("- targets: [\"http://user:pass@h/\"]\n");
  EXPECT_THAT(secret, HasSubstr("a user or password may not stand in a target"));
  EXPECT_EQ(secret.find("pass@"), std::string::npos);
  std::string many = "- targets: [";
  for (int i = 1; i <= 1001; ++i) many += "h:" + std::to_string(i) + ", ";
  EXPECT_THAT(fault(many + "]\n"), HasSubstr("/t.yaml: more than 1000 targets"));
}

TEST(FoundTarget, BecomesAUrlOrAnAddress) {
  Discovery discovery;
  discovery.path = "/metrics";
  discovery.labels = {{"env", "test"}, {"group", "control"}};
  EXPECT_EQ(target_at({"h:80", {}}, discovery, false).url, "http://h:80/metrics");
  EXPECT_EQ(target_at({"h:80", {}}, discovery, true).address, "h:80");
  EXPECT_EQ(target_at({"https://h/x", {}}, discovery, false).url, "https://h/x");
  EXPECT_EQ(target_at({"https://h/x", {}}, discovery, true).address, "h:443");
  EXPECT_EQ(target_at({"http://[::1]:81/x?y", {}}, discovery, true).address, "[::1]:81");
  const TargetConfig target = target_at({"h:80",
                                         {{"group", "canary"},
                                          {"__scheme__", "https"},
                                          {"__metrics_path__", "stats"},
                                          {"__param_module", "a b&c"},
                                          {"__meta_x", "y"}}},
                                        discovery, false);
  EXPECT_EQ(target.url, "https://h:80/stats?module=a%20b%26c");
  EXPECT_THAT(target.labels, ElementsAre(Pair("env", "test"), Pair("group", "canary")));
}

} // namespace
} // namespace backstop::config::test
