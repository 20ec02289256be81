#include "daemon/replay/recorded_samples.hpp"
#include "tests/unit/replay/samples_text.hpp"
#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <sstream>
#include <vector>

namespace backstop::replay::test {
namespace {

const std::string kTwoSources = R"(
service: shop
bake: {for: 1h, good_after: 10m}
sources:
  app: {type: prometheus, interval: 5s, targets: [{url: "http://a/metrics"}, {url: "http://b/metrics"}]}
  host: {type: host, interval: 5s}
indicators:
  error_rate: {ratio: {source: app, errors: 'r_total{code="500"}', total: r_total}}
  memory_usage: {gauge: host_memory_percent, source: host}
thresholds: standard
procedures: {rollback: [{name: execute, kind: run, argv: [/bin/true], on_unknown: rerun}, {name: verify, kind: watch}]}
)";

Result<Recording> read(const std::string& text, const std::string& service = kTwoSources) {
  const config::Service s = service_of(service);
  return read_recording(text, "it.om", s, *config::compile(s));
}

/// "t source/target health: selector.series=value ...", a line a scrape.
std::string shown(const Result<Recording>& recording) {
  if (!recording) return recording.error().what;
  std::ostringstream out;
  for (const Scrape& scrape : recording->scrapes) {
    out << to_us(scrape.t) / 1'000'000 << " " << scrape.source << "/" << scrape.target;
    if (scrape.health == ScrapeHealth::error) out << " failed: " << scrape.why;
    for (const Sample& s : scrape.samples) out << " " << s.selector << "." << s.series << "=" << s.value;
    out << "\n";
  }
  return out.str();
}

TEST(RecordedSamples, TargetsOfProbesAreKnownByTheirNames) {
  const std::string service = "service: shop\nmode: observe\nsources: {web: {type: http, targets: [{url: "
                              "\"http://a/\"}, {url: \"http://b/\"}]}, port: {type: tcp, targets: [{address: "
                              "\"a:80\"}, {unix_socket: /run/b}]}, disk: {type: command, argv: [/bin/check]}}\n"
                              "indicators: {w: {gauge: probe_success, source: web}, p: {gauge: probe_success, source: "
                              "port}, d: {gauge: plugin_status, source: disk}}\n";
  const auto recording = read(R"(probe_success{backstop_source="web",backstop_target="http://b/"} 1 100
probe_success{backstop_source="port",backstop_target="a:80"} 0 100
probe_success{backstop_source="port",backstop_target="/run/b"} 1 100
plugin_status{backstop_source="disk",backstop_target="0"} 2 100
# EOF
)",
                              service);
  EXPECT_EQ(shown(recording), "100 0/0 failed: nothing was recorded of it\n"
                              "100 0/1 0.0=1\n"
                              "100 1/0 0.0=0\n"
                              "100 1/1 0.0=1\n"
                              "100 2/0 0.0=2\n");
}

TEST(RecordedSamples, ASeriesWithoutLabelsGoesToEachSourceThatWantsIt) {
  const auto recording = read(R"(# TYPE r counter
r_total{code="200"} 10 100
r_total{code="200"} 20 105
r_total{code="500"} 1 100
r_total{code="500"} 2 105
host_memory_percent 40 100
host_memory_percent 41 105
nobody_wants_this 1 102
# EOF
)");
  EXPECT_EQ(shown(recording), "100 0/0 0.1=1 1.0=10 1.1=1\n"
                              "100 1/0 0.0=40\n"
                              "105 0/0 0.1=2 1.0=20 1.1=2\n"
                              "105 1/0 0.0=41\n");
  EXPECT_EQ(recording->targets, (std::vector<std::uint32_t>{1, 1}));
}

TEST(RecordedSamples, LabelsSayWhichTargetASeriesCameFrom) {
  const auto recording = read(R"(r_total{backstop_source="app",backstop_target="1",code="200"} 7 100
r_total{code="200",backstop_source="app",backstop_target="http://a/metrics"} 10 100
host_memory_percent{backstop_source="host"} 40 100
# EOF
)");
  EXPECT_EQ(shown(recording), "100 0/0 1.0=10\n100 0/1 1.0=7\n100 1/0 0.0=40\n");
  EXPECT_EQ(recording->targets, (std::vector<std::uint32_t>{2, 1}));
}

TEST(RecordedSamples, TheOrderOfLinesDoesNotMatter) {
  SamplesText samples;
  samples.run(20, 0.1).nothing(3).run(5);
  std::vector<std::string> lines;
  std::istringstream in(samples.text());
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  lines.pop_back(); // # EOF stays last
  const std::string in_order = shown(read(samples.text(), ShopConfig().text()));
  std::mt19937 random(1);
  for (int round = 0; round < 20; ++round) {
    std::shuffle(lines.begin() + 1, lines.end(), random); // the first names the series that gets the first id
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    EXPECT_EQ(shown(read(text + "# EOF\n", ShopConfig().text())), in_order);
  }
}

TEST(RecordedSamples, AttemptsSayWhatFailed) {
  const auto recording = read(R"(backstop_scrape{source="app",target="0"} 1 100
backstop_scrape{source="app",target="0",why="connection refused"} 0 105
backstop_scrape{source="app",target="0"} 1 110
backstop_scrape{source="host"} 1 100
backstop_scrape{source="host"} 0 105
backstop_scrape{source="host"} 1 110
r_total{code="200",backstop_source="app"} 10 100
r_total{code="200",backstop_source="app"} 20 105
host_memory_percent{backstop_source="host"} 40 100
# EOF
)");
  EXPECT_EQ(shown(recording), "100 0/0 1.0=10\n"
                              "100 1/0 0.0=40\n"
                              "105 0/0 failed: connection refused\n"
                              "105 1/0 failed: failed when it was recorded\n"
                              "110 0/0\n"
                              "110 1/0\n");
}

TEST(RecordedSamples, WhatNobodyTellsOfFails) {
  const auto recording = read("r_total{code=\"200\",backstop_source=\"app\",backstop_target=\"1\"} 1 100\n"
                              "r_total{code=\"200\",backstop_source=\"app\",backstop_target=\"1\"} 1 105\n# EOF\n");
  const std::string nothing = " failed: nothing was recorded of it\n";
  EXPECT_EQ(shown(recording), "100 0/0" + nothing + "100 0/1 1.0=1\n" + "100 1/0" + nothing + "105 0/0" + nothing +
                                  "105 0/1 1.0=1\n" + "105 1/0" + nothing);
}

TEST(RecordedSamples, ImpossibleValuesAreLeftOutAndCounted) {
  const auto recording = read(R"(r_total{code="200"} 10 100
r_total{code="404"} -3 100
r_total{code="200"} NaN 105
r_total{code="500"} 1 105
r_total{code="500"} 1 105
host_memory_percent +Inf 105
# EOF
)");
  EXPECT_EQ(shown(recording), "100 0/0 1.0=10\n"
                              "105 0/0 0.2=1 1.2=1\n"
                              "105 1/0\n");
  EXPECT_EQ(recording->dropped.of(DropReason::negative_counter), 1U);
  EXPECT_EQ(recording->dropped.of(DropReason::nan), 1U);
  EXPECT_EQ(recording->dropped.of(DropReason::infinite), 1U);
  EXPECT_EQ(recording->dropped.of(DropReason::duplicate), 1U);
  EXPECT_EQ(recording->dropped.total(), 4U);
}

TEST(RecordedSamples, FractionsOfSecondsAreKept) {
  const auto recording =
      read("r_total{code=\"200\"} 1 1767225600.123456\nhost_memory_percent 1 1767225600.123456\n# EOF\n");
  ASSERT_TRUE(recording) << recording.error().what;
  EXPECT_EQ(to_us(recording->scrapes.front().t), 1767225600123456);
}

TEST(RecordedSamples, FaultsSayWhereWhatAndHow) {
  const std::string good = "r_total{code=\"200\"} 1 100\n";
  EXPECT_EQ(shown(read(good + "r_total{code=\"200\"} 2\n# EOF\n")),
            "it.om:2: the sample has no timestamp (recorded samples are lines like `up 1 1767225600.5`, in seconds)");
  EXPECT_EQ(shown(read(good)), "it.om:1:1: the text must end with \"# EOF\": it may be cut off here");
  EXPECT_EQ(shown(read(good + "this is none\n# EOF\n")).substr(0, 8), "it.om:2:");
  EXPECT_EQ(shown(read(good + "x 1 1e300\n# EOF\n")),
            "it.om:2: the timestamp is out of range (it is in seconds since 1970)");
  EXPECT_EQ(shown(read("x{backstop_source=\"ap\"} 1 100\n# EOF\n")),
            "it.om:1: there is no source \"ap\" in shop.yaml (did you mean \"app\"?)");
  EXPECT_EQ(
      shown(read("x{backstop_source=\"app\",backstop_target=\"2\"} 1 100\n# EOF\n")),
      "it.om:1: there is no target \"2\" of source app in shop.yaml (it has 2 targets; name it as in that file, or "
      "by its place from 0)");
  EXPECT_EQ(shown(read("x{backstop_target=\"1\"} 1 100\n# EOF\n")),
            "it.om:1: the label backstop_target needs the label backstop_source beside it");
  EXPECT_EQ(shown(read("requests_total 1 100\ncpu 1 100\n# EOF\n")),
            "it.om: no series of it is wanted by shop/production: it has cpu, requests_total, and wanted are "
            "r_total{code=\"500\"}, r_total, host_memory_percent (change the selectors in shop.yaml, or the names)");
  EXPECT_EQ(shown(read("# EOF\n")).substr(0, 71),
            "it.om: no series of it is wanted by shop/production: it has nothing, an");
}

} // namespace
} // namespace backstop::replay::test
