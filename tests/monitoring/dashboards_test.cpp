/// The dashboards against the facts of Grafana's dashboard model, as far as they can be looked at without a Grafana; and against
/// what backstop itself says: its words, its colours, its commands.
#include "rules/deployment.hpp"
#include "tests/integration/run_program.hpp"
#include "tests/monitoring/dashboards.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <regex>
#include <sstream>

namespace backstop::monitoring {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;

/// Calls `look` with each object below `value`, and with the key that it stands under.
void each_object(const json& value, const std::string& key,
                 const std::function<void(const std::string&, const json&)>& look) {
  if (value.is_object()) {
    look(key, value);
    for (const auto& [name, member] : value.items()) each_object(member, name, look);
  } else if (value.is_array()) {
    for (const json& member : value) each_object(member, key, look);
  }
}

/// Of reports; and of messages, which are read on light and dark alike, as lines in a picture are.
std::set<std::string> colours_of_backstop() {
  std::set<std::string> all;
  const std::string style =
      slurp(BACKSTOP_SOURCE_DIR "/daemon/report/style.hpp") + slurp(BACKSTOP_SOURCE_DIR "/daemon/channels/slack.cpp");
  const std::regex colour("#[0-9a-f]{6}");
  for (std::sregex_iterator it(style.begin(), style.end(), colour); it != std::sregex_iterator(); ++it)
    all.insert(it->str());
  return all;
}

class Dashboards : public testing::TestWithParam<std::string> {
protected:
  Dashboards() {
    for (Dashboard& d : dashboards())
      if (d.file == GetParam()) dashboard = std::move(d);
  }
  [[nodiscard]] const json& panels() const { return dashboard.json.at("panels"); }
  Dashboard dashboard;
};

TEST_P(Dashboards, HasWhatGrafanaWantsOfAny) {
  const json& d = dashboard.json;
  EXPECT_TRUE(std::regex_match(d.at("uid").get<std::string>(), std::regex("[a-zA-Z0-9_-]{1,40}")));
  EXPECT_EQ(d.at("uid").get<std::string>() + ".json", dashboard.file);
  EXPECT_FALSE(d.contains("id")) << "an id is that of one Grafana alone";
  EXPECT_GE(d.at("schemaVersion").get<int>(), 36) << "from there on a data source is an object";
  EXPECT_THAT(d.at("tags").get<std::vector<std::string>>(), Contains("backstop"));
  EXPECT_FALSE(d.at("title").get<std::string>().empty());
  EXPECT_FALSE(d.contains("__inputs")) << "the data source is a variable, nothing is asked for at the import";
}

TEST_P(Dashboards, NamesNoDataSourceOfOneGrafana) {
  int seen = 0;
  each_object(dashboard.json, "", [&](const std::string& key, const json& value) {
    if (key != "datasource") return;
    ++seen;
    if (value.at("type") == "grafana") return;
    EXPECT_EQ(value.at("type"), "prometheus");
    EXPECT_EQ(value.at("uid"), "${datasource}");
  });
  EXPECT_GT(seen, 20);
  const json& first = dashboard.json.at("templating").at("list").at(0);
  EXPECT_EQ(first.at("name"), "datasource");
  EXPECT_EQ(first.at("type"), "datasource");
  EXPECT_EQ(first.at("query"), "prometheus");
}

TEST_P(Dashboards, PanelsHaveIdsOfTheirOwnAndLieBesideEachOther) {
  std::set<int> ids;
  std::map<std::pair<int, int>, std::string> taken;
  for (const json& panel : panels()) {
    const std::string title = panel.at("title");
    EXPECT_TRUE(ids.insert(panel.at("id").get<int>()).second) << title;
    EXPECT_GT(panel.at("id").get<int>(), 0);
    const json& at = panel.at("gridPos");
    const int x = at.at("x"), y = at.at("y"), w = at.at("w"), h = at.at("h");
    EXPECT_TRUE(x >= 0 && y >= 0 && w > 0 && h > 0 && x + w <= 24) << title;
    for (int i = x; i < x + w; ++i)
      for (int j = y; j < y + h; ++j) {
        const auto [it, free] = taken.try_emplace({i, j}, title);
        ASSERT_TRUE(free) << title << " lies over " << it->second;
      }
  }
  const int bottom = std::prev(taken.end())->first.second;
  for (int j = 0; j <= bottom; ++j)
    for (int i = 0; i < 24; ++i) EXPECT_TRUE(taken.contains({i, j})) << "a hole at " << i << ", " << j;
}

TEST_P(Dashboards, PanelsSayWhatTheyShowAndInWhichUnit) {
  static const std::set<std::string> kTypes{"stat", "table", "timeseries", "state-timeline", "bargauge", "row"};
  static const std::set<std::string> kUnits{"none",  "short",     "percent",   "percentunit",  "s",
                                            "bytes", "prefix:✗ ", "prefix:▲ ", "dateTimeAsIso"};
  std::set<std::string> titles;
  for (const json& panel : panels()) {
    const std::string title = panel.at("title"), type = panel.at("type");
    EXPECT_TRUE(kTypes.contains(type)) << title << ": " << type;
    EXPECT_TRUE(titles.insert(title).second) << title;
    if (type == "row") {
      EXPECT_EQ(panel.at("collapsed"), false);
      EXPECT_EQ(panel.at("gridPos").at("w"), 24);
      EXPECT_TRUE(panel.at("panels").empty()) << "an open row holds no panels";
      continue;
    }
    EXPECT_FALSE(panel.at("description").get<std::string>().empty()) << title;
    const json& defaults = panel.at("fieldConfig").at("defaults");
    EXPECT_TRUE(kUnits.contains(defaults.at("unit").get<std::string>())) << title << ": " << defaults.at("unit");
    std::set<std::string> refs;
    ASSERT_FALSE(panel.at("targets").empty()) << title;
    for (const json& target : panel.at("targets")) {
      EXPECT_TRUE(refs.insert(target.at("refId").get<std::string>()).second) << title;
      EXPECT_NE(target.at("instant"), target.at("range")) << title;
      EXPECT_EQ(target.at("format") == "table", type == "table") << title;
    }
  }
}

TEST_P(Dashboards, UseTheVariablesThatThereAre) {
  static const std::set<std::string> kOfGrafana{"__rate_interval", "__range", "__url_time_range", "__data"};
  std::set<std::string> known, used;
  for (const json& variable : dashboard.json.at("templating").at("list")) known.insert(variable.at("name"));
  for (const std::string& name : variables_in(dashboard.json.dump())) {
    if (kOfGrafana.contains(name)) continue;
    used.insert(name);
  }
  EXPECT_EQ(used, known);
}

TEST_P(Dashboards, OverridesAreOfColumnsThatThereAre) {
  for (const json& panel : panels()) {
    if (panel.at("type") != "table") continue;
    std::set<std::string> columns;
    for (const json& t : panel.at("transformations"))
      if (t.at("id") == "organize")
        for (const auto& [from, to] : t.at("options").at("renameByName").items()) columns.insert(to.get<std::string>());
    for (const json& o : panel.at("fieldConfig").at("overrides"))
      EXPECT_THAT(columns, Contains(o.at("matcher").at("options").get<std::string>())) << panel.at("title");
  }
}

/// Never by colour alone: each coloured word begins with a sign, and each colour is one that backstop has elsewhere.
TEST_P(Dashboards, ColoursAreBackstopsOwnAndRepeatWhatASignSays) {
  const std::set<std::string> colours = colours_of_backstop();
  const std::regex hex("\"(#[0-9a-fA-F]{6})\"");
  const std::string text = dashboard.json.dump();
  for (std::sregex_iterator it(text.begin(), text.end(), hex); it != std::sregex_iterator(); ++it)
    EXPECT_TRUE(colours.contains((*it)[1])) << (*it)[1] << " is no colour of backstop";
  const std::regex sign("(●|▲|✗|✓|▶|○|-) .+");
  int seen = 0;
  each_object(dashboard.json, "", [&](const std::string&, const json& value) {
    if (value.value("type", json()) != "value" || !value.contains("options")) return;
    for (const auto& [number, shown] : value.at("options").items()) {
      ++seen;
      EXPECT_TRUE(std::regex_match(shown.at("text").get<std::string>(), sign)) << shown;
    }
  });
  EXPECT_GT(seen, 20);
  for (const json& panel : panels()) { // what is no word has a sign before the number
    if (panel.at("type") != "stat" || panel.at("options").at("colorMode") == "none") continue;
    const json& defaults = panel.at("fieldConfig").at("defaults");
    const json& mappings = defaults.at("mappings");
    const bool words = !mappings.empty() && mappings.at(0).at("options").size() > 1;
    EXPECT_TRUE(words || defaults.at("unit").get<std::string>().starts_with("prefix:") || defaults.at("unit") == "s")
        << panel.at("title");
  }
}

TEST_P(Dashboards, LevelsAndPhasesAreBackstopsOwn) {
  int levels = 0, phases = 0;
  const std::regex state("([0-9]+) \\* backstop_deployment_state\\{[^}]*state=\"([a-z_]+)\"\\}");
  for (const json& panel : panels()) {
    for (const json& target : panel.value("targets", json::array())) {
      const std::string expr = target.at("expr");
      const std::string shown = panel.dump();
      if (expr.find("backstop_level") != std::string::npos) {
        ++levels;
        for (const char* word : {"● normal", "▲ alert", "✗ critical"}) EXPECT_THAT(shown, HasSubstr(word));
      }
      int codes = 0;
      for (std::sregex_iterator it(expr.begin(), expr.end(), state); it != std::sregex_iterator(); ++it, ++codes) {
        EXPECT_TRUE(phase_named((*it)[2].str()).has_value()) << (*it)[2];
        EXPECT_EQ(std::stoi((*it)[1]), static_cast<int>(*phase_named((*it)[2].str())) + 1);
      }
      if (codes == 0) continue;
      ++phases;
      EXPECT_EQ(codes, static_cast<int>(Phase::refused) + 1) << "each phase has a code";
    }
  }
  EXPECT_GE(levels, 2);
  EXPECT_GE(phases, 2);
}

TEST_P(Dashboards, NameMetricsThatAreDocumented) {
  const std::set<std::string> known = documented_metrics();
  int seen = 0;
  for (const Query& query : dashboard.queries())
    for (const std::string& name : metrics_in(query.expr)) {
      ++seen;
      EXPECT_THAT(known, Contains(name)) << query.where;
    }
  EXPECT_GT(seen, 20);
}

/// The first row: is anything wrong now?
TEST_P(Dashboards, TheFirstRowIsTilesThatAreReadAtOnce) {
  int tiles = 0;
  for (const json& panel : panels()) {
    if (panel.at("gridPos").at("y") != 0) continue;
    EXPECT_EQ(panel.at("type"), "stat") << panel.at("title");
    for (const json& target : panel.at("targets")) EXPECT_EQ(target.at("instant"), true) << panel.at("title");
    ++tiles;
  }
  EXPECT_EQ(tiles, 8);
}

std::string file_of(const testing::TestParamInfo<std::string>& info) {
  return info.param.find("fleet") != std::string::npos ? "Fleet" : "Service";
}
INSTANTIATE_TEST_SUITE_P(Grafana, Dashboards, testing::Values("backstop-fleet.json", "backstop-service.json"), file_of);

TEST(DashboardFiles, AreTheTwoThatAreLookedAtAndLeadToEachOther) {
  std::map<std::string, std::string> uids;
  for (const Dashboard& d : dashboards()) uids[d.file] = d.json.at("uid");
  ASSERT_EQ(uids.size(), 2U);
  const std::regex link("/d/([a-z-]+)[?]");
  int links = 0;
  for (const Dashboard& d : dashboards()) {
    const std::string text = d.json.dump();
    for (std::sregex_iterator it(text.begin(), text.end(), link); it != std::sregex_iterator(); ++it, ++links)
      EXPECT_EQ(uids[(*it)[1].str() + ".json"], (*it)[1].str());
  }
  EXPECT_GE(links, 1);
}

/// The commands that the help of `words` lists: none below one that has no more.
std::set<std::string> commands_of(std::vector<std::string> words) {
  words.insert(words.begin(), BACKSTOP_BIN_DIR "/backstopctl");
  words.emplace_back("--help");
  std::istringstream help(run_program(words).out);
  std::set<std::string> commands;
  bool list = false;
  for (std::string line; std::getline(help, line);) {
    if (!line.empty() && line.back() == ':') list = line != "Options:" && line != "Positionals:";
    if (list && line.starts_with("  ") && line[2] != ' ' && line[2] != '-')
      commands.insert(line.substr(2, line.find(' ', 2) - 2));
  }
  return commands;
}

/// What a tired person is told to type.
TEST(MonitoringTexts, NameCommandsThatThereAre) {
  std::string text = slurp(BACKSTOP_SOURCE_DIR "/packaging/prometheus/alerts.yml");
  for (const Dashboard& d : dashboards()) text += d.json.dump();
  text = std::regex_replace(text, std::regex("\\n *(# )?"), " ");
  std::set<std::string> seen;
  const std::set<std::string> first = commands_of({});
  const std::regex named("backstopctl ([a-z][a-z-]+)( [a-z][a-z-]+)?");
  for (std::sregex_iterator it(text.begin(), text.end(), named); it != std::sregex_iterator(); ++it) {
    if (!seen.insert(it->str()).second) continue;
    EXPECT_THAT(first, Contains((*it)[1].str())) << it->str();
    const std::set<std::string> second = commands_of({(*it)[1]});
    EXPECT_TRUE(second.empty() || second.contains((*it)[2].str().substr((*it)[2].matched))) << it->str();
  }
  EXPECT_GE(seen.size(), 10U);
}

} // namespace
} // namespace backstop::monitoring
