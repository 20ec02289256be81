// The verdicts of the standard suites on expositions (see docs/decisions/0010-exposition-choices.md).
#include "collectors/exposition.hpp"
#include "collectors/metrics_report.hpp"
#include "collectors/sample_store.hpp"
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace backstop {
namespace {

using nlohmann::json;

std::string shared_folder() {
  if (const char* folder = std::getenv("BACKSTOP_SHARED")) return folder;
  return BACKSTOP_SOURCE_DIR "/../shared";
}

std::string from_base64(const std::string& text) {
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  int have = 0;
  for (const char c : text) {
    const auto digit = digits.find(c);
    if (digit == std::string::npos) break;
    bits = (bits << 6U | static_cast<unsigned>(digit)) & 0xFFFFU;
    have += 6;
    if (have < 8) continue;
    have -= 8;
    out.push_back(static_cast<char>(bits >> static_cast<unsigned>(have) & 0xFFU));
  }
  return out;
}

struct Case {
  std::string id, text, why, level;
  Format format = Format::prometheus;
  bool valid = false;
  bool undisputed = false;
  long samples = -1; ///< -1: not told
};

std::vector<Case> load_cases() {
  std::ifstream file(shared_folder() + "/conformance/exposition.jsonl");
  std::vector<Case> cases;
  for (std::string line; std::getline(file, line);) {
    const json data = json::parse(line);
    Case c;
    c.id = data.at("id");
    c.text = data.contains("base64") ? from_base64(data.at("base64")) : data.at("text").get<std::string>();
    c.why = data.at("why");
    c.level = data.at("level");
    c.format = data.at("format") == "openmetrics" ? Format::openmetrics : Format::prometheus;
    c.valid = data.at("valid");
    c.samples = data.value("samples", -1L);
    bool tagged = false;
    for (const auto& feature : data.value("features", json::array()))
      tagged = tagged || feature == "native_histogram_experimental" || feature == "utf8_quoted_names";
    c.undisputed = c.level == "agreed" || (c.level == "syntax" && !tagged);
    cases.push_back(std::move(c));
  }
  return cases;
}

class ExpositionConformance : public testing::Test {
protected:
  void SetUp() override {
    cases_ = load_cases();
    if (!cases_.empty()) return;
    std::cerr << "NOT RUN: no conformance data in " << shared_folder() << "\n";
    GTEST_SKIP();
  }
  std::vector<Case> cases_;
};

TEST_F(ExpositionConformance, undisputed_cases_match) {
  std::size_t checked = 0;
  for (const Case& c : cases_) {
    if (!c.undisputed) continue;
    ++checked;
    ExpositionVisitor nobody;
    const Result<ExpositionCounts> counts = parse_exposition(c.text, c.format, {}, nobody);
    EXPECT_EQ(counts.ok(), c.valid) << c.id << " (" << c.why << "): " << (counts ? "" : counts.error().what);
    if (counts && c.samples >= 0) {
      EXPECT_EQ(counts->samples, static_cast<std::size_t>(c.samples)) << c.id;
    }
    const MetricsReport report = check_metrics(c.text, c.format);
    EXPECT_EQ(report.valid, c.valid) << c.id << " (" << c.why << "): " << report.reason;
  }
  EXPECT_EQ(checked, 326U);
}

// Where the standard implementations disagree, ours are choices; a choice must not change by accident.
TEST_F(ExpositionConformance, disputed_cases_come_out_as_written_down) {
  std::map<std::string, int> readable, valid, total;
  for (const Case& c : cases_) {
    if (c.undisputed) continue;
    const MetricsReport report = check_metrics(c.text, c.format);
    ++total[c.level];
    readable[c.level] += report.readable ? 1 : 0;
    valid[c.level] += report.valid ? 1 : 0;
  }
  EXPECT_EQ(total, (std::map<std::string, int>{{"semantic", 106}, {"contested", 47}, {"syntax", 9}}));
  EXPECT_EQ(readable, (std::map<std::string, int>{{"semantic", 99}, {"contested", 37}, {"syntax", 0}}));
  EXPECT_EQ(valid, (std::map<std::string, int>{{"semantic", 4}, {"contested", 31}, {"syntax", 0}}));
}

/// Names of all samples, with how often each occurs in distinct series of finite values.
struct NameCount : ExpositionVisitor {
  std::map<std::string, std::map<std::string, bool>, std::less<>> series;
  void on_sample(const SampleView& s) override {
    std::map<std::string, std::string> labels;
    for (const LabelView& l : s.labels)
      if (!l.value.empty()) labels.emplace(l.name, l.value);
    std::string key;
    for (const auto& [name, value] : labels) key += name + "=" + value + ";";
    series[std::string(s.name)].emplace(key, std::isfinite(s.value)); // the first of a series counts
  }
};

TEST_F(ExpositionConformance, the_scanner_finds_every_series_of_the_valid_cases) {
  std::size_t compared = 0;
  for (const Case& c : cases_) {
    NameCount names;
    if (!c.valid || !parse_exposition(c.text, c.format, {}, names)) continue;
    std::vector<CompiledSelector> selectors;
    std::vector<std::size_t> want;
    for (const auto& [name, series] : names.series) {
      if (name.find_first_of("\"\\\n") != std::string::npos) continue;
      selectors.push_back({*Selector::parse("{\"" + name + "\"}"), SeriesKind::gauge, false});
      want.push_back(static_cast<std::size_t>(
          std::count_if(series.begin(), series.end(), [](const auto& s) { return s.second; })));
    }
    SampleStore store(selectors);
    for (int round = 0; round < 2; ++round) {
      Scrape scrape;
      store.take(c.text, c.format, scrape);
      ASSERT_EQ(scrape.health, ScrapeHealth::ok) << c.id << ": " << scrape.why;
      std::vector<std::size_t> have(selectors.size());
      for (const Sample& s : scrape.samples) ++have[s.selector];
      EXPECT_EQ(have, want) << c.id;
      compared += scrape.samples.size();
    }
  }
  EXPECT_GT(compared, 4000U);
}

} // namespace
} // namespace backstop
