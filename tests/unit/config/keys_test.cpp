#include "daemon/config/keys.hpp"
#include "tests/unit/config/helpers.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <set>

/// The reader's list of keys, docs/configuration.md, the JSON Schemas and the reader itself say the same.
namespace backstop::config::test {
namespace {

/// Section, then key, then whether it is required.
using Keys = std::map<std::string, std::map<std::string, bool>>;

Keys keys_of_reader() {
  Keys keys;
  for (const Section& section : sections())
    for (const Key& key : section.keys) keys[std::string(section.name)][std::string(key.name)] = key.required;
  return keys;
}

std::string between(const std::string& line, char quote, std::size_t from) {
  const auto open = line.find(quote, from);
  const auto close = line.find(quote, open + 1);
  return line.substr(open + 1, close - open - 1);
}

Keys keys_of_docs() {
  Keys keys;
  std::istringstream text(slurp(source_dir() / "docs/configuration.md"));
  std::string section;
  for (std::string line; std::getline(text, line);) {
    if (line.rfind("### `", 0) == 0)
      section = between(line, '`', 0);
    else if (line.rfind("#", 0) == 0)
      section.clear();
    else if (line.rfind("| `", 0) == 0 && !section.empty()) {
      const auto second_column = line.find('|', 1);
      keys[section][between(line, '`', 0)] = line.compare(second_column, 12, "| required |") == 0;
    }
  }
  return keys;
}

Keys keys_of_schemas() {
  Keys keys;
  for (const auto* file : {"backstop", "service"}) {
    const auto schema =
        nlohmann::json::parse(slurp(source_dir() / "packaging/schema" / (std::string(file) + ".schema.json")));
    for (const auto& [name, definition] : schema["$defs"].items()) {
      if (name[0] == '_') continue;
      EXPECT_EQ(definition["additionalProperties"], false) << name;
      std::string section = name;
      std::replace(section.begin(), section.end(), '_', '/');
      for (const auto& [key, value] : definition["properties"].items()) keys[section].emplace(key, false);
      for (const auto& key : definition.value("required", nlohmann::json::array())) keys[section].at(key) = true;
    }
  }
  return keys;
}

TEST(Keys, TheDocumentationDescribesEveryKeyAndNoOther) { EXPECT_EQ(keys_of_docs(), keys_of_reader()); }

TEST(Keys, TheSchemasHaveEveryKeyAndNoOther) { EXPECT_EQ(keys_of_schemas(), keys_of_reader()); }

/// A fault at the value of every key of the list shows that the reader looks at each: a key that it knows and never
/// reads would pass in silence.
struct Probe {
  std::string section;
  std::string before; ///< the file up to the mapping's first key
  std::string kind;   ///< the entry that makes it this section; left out when its own key is probed
  std::string after;
  [[nodiscard]] std::string with(std::string_view key, const std::string& value) const {
    const bool itself = kind.substr(0, kind.find(':')) == key;
    return before + (itself || kind.empty() ? "" : kind + ", ") + std::string(key) + ": " + value + after + "\n";
  }
};

std::vector<Probe> service_probes() {
  const std::string top = "service: a\nmode: observe\n";
  const std::string indicators = top + "sources: {}\nindicators: {cpu: {gauge: a_percent, source: app}";
  const std::string steps = top + "procedures: {rollback: [{";
  const std::string phase = top + "plan: [{phase: a, steps: [{";
  const std::string ready = top + "plan: {ready: canary, scripts: /a, steps: {";
  return {
      {"service", "", "", ""},
      {"bake", top + "bake: {", "", "}"},
      {"baseline", top + "baseline: {", "", "}"},
      {"judge/table", top + "judge: {", "kind: table", "}"},
      {"judge/sequential", top + "judge: {", "kind: sequential", "}"},
      {"command", top + "running_version: {", "", "}"},
      {"link", top + "running_version: {", "", "}"},
      {"detect/link", top + "detect: {", "", "}"},
      {"detect/series", top + "detect: {", "series: up", "}"},
      {"detect/restart", top + "detect: {", "", "}"},
      {"source/prometheus", top + "sources: {app: {", "type: prometheus", "}}"},
      {"source/promql", top + "sources: {app: {", "type: promql", "}}"},
      {"source/host", top + "sources: {app: {", "type: host", "}}"},
      {"source/systemd", top + "sources: {app: {", "type: systemd", "}}"},
      {"source/journal", top + "sources: {app: {", "type: journal", "}}"},
      {"source/postgresql", top + "sources: {app: {", "type: postgresql", "}}"},
      {"source/pgbouncer", top + "sources: {app: {", "type: pgbouncer", "}}"},
      {"source/mysql", top + "sources: {app: {", "type: mysql", "}}"},
      {"source/http", top + "sources: {app: {", "type: http", "}}"},
      {"source/tcp", top + "sources: {app: {", "type: tcp", "}}"},
      {"source/command", top + "sources: {app: {", "type: command", "}}"},
      {"discovery/file", top + "sources: {app: {type: prometheus, file_sd: {", "", "}}}"},
      {"discovery/file/tcp", top + "sources: {app: {type: tcp, file_sd: {", "", "}}}"},
      {"discovery/dns", top + "sources: {app: {type: prometheus, dns_sd: {", "", "}}}"},
      {"discovery/dns/tcp", top + "sources: {app: {type: tcp, dns_sd: {", "", "}}}"},
      {"target/tcp", top + "sources: {app: {type: tcp, targets: [{", "", "}]}}"},
      {"target", top + "sources: {app: {type: prometheus, targets: [{", "", "}]}}"},
      {"secret", top + "sources: {app: {type: postgresql, dsn: {", "", "}}}"},
      {"indicator/ratio", indicators + ", x: {", "ratio: {}", "}}"},
      {"ratio", indicators + ", x: {ratio: {", "", "}}}"},
      {"indicator/quantile", indicators + ", x: {", "quantile: 0.9", "}}"},
      {"indicator/gauge", indicators + ", x: {", "gauge: a", "}}"},
      {"indicator/rate", indicators + ", x: {", "rate: a", "}}"},
      {"thresholds", indicators + "}\nthresholds: {", "", "}"},
      {"row", indicators + "}\nthresholds: {rows: {cpu: {", "", "}}}"},
      {"for", indicators + "}\nthresholds: {rows: {cpu: {for: {", "", "}}}}"},
      {"criterion", indicators + "}\ncriteria: [{", "indicator: cpu", "}]"},
      {"condition", indicators + "}\ncriteria: [{all: [{", "indicator: cpu", "}]}]"},
      {"procedures", top + "procedures: {", "", "}"},
      {"step/notify", steps, "kind: notify", "}]}"},
      {"step/run", steps, "kind: run", "}]}"},
      {"step/limits", steps + "kind: run, limits: {", "", "}}]}"},
      {"step/watch", steps, "kind: watch", "}]}"},
      {"step/review", steps, "kind: review", "}]}"},
      {"traffic/haproxy", top + "traffic: {", "driver: haproxy", "}"},
      {"traffic/nginx", top + "traffic: {", "driver: nginx", "}"},
      {"traffic/command", top + "traffic: {", "driver: command", "}"},
      {"traffic/check", top + "traffic: {driver: command, check: {", "", "}}"},
      {"plan", top + "plan: {", "ready: canary", "}"},
      {"phase", top + "plan: [{", "", "}]"},
      {"plan-step/run", phase, "kind: run", "}]}]"},
      {"plan-step/notify", phase, "kind: notify", "}]}]"},
      {"plan-step/watch", phase, "kind: watch", "}]}]"},
      {"plan-step/wait", phase, "kind: wait", "}]}]"},
      {"plan-step/approve", phase, "kind: approve", "}]}]"},
      {"plan-step/traffic", phase, "kind: traffic", "}]}]"},
      {"plan-step/parallel", phase, "kind: parallel", "}]}]"},
      {"undo", phase + "kind: run, undo: {", "", "}}]}]"},
      {"ready-step/run", ready + "smoke: {", "", "}}}"},
      {"ready-step/watch", ready + "watch-ten: {", "", "}}}"},
      {"ready-step/traffic", ready + "ten-percent: {", "", "}}}"},
      {"gates", indicators + "}\ngates: {", "checklist: standard", "}"},
      {"checklist/item", indicators + "}\ngates: {checklist: [{", "indicator: cpu", "}]}"},
      {"checklist/change", indicators + "}\ngates: {checklist: standard, items: {coverage: {", "indicator: cpu", "}}}"},
      {"checklist/command", top + "gates: {checklist: [{command: {", "", "}}]}"},
      {"approval", top + "gates: {approvals: [{", "", "}]}"},
      {"freeze", top + "gates: {freeze: [{", "", "}]}"},
  };
}

std::vector<Probe> daemon_probes() {
  return {
      {"backstop", "", "", ""},
      {"control", "control: {", "", "}"},
      {"metrics", "metrics: {", "", "}"},
      {"page", "page: {", "", "}"},
      {"page-token", "page: {tokens: {ana: {", "", "}}}"},
      {"journal", "journal: {", "", "}"},
      {"recorder", "recorder: {", "", "}"},
      {"limits", "limits: {", "", "}"},
      {"deadman", "deadman: {", "", "}"},
      {"notify", "notify: {", "", "}"},
      {"route", "notify: {routes: [{", "", "}]}"},
      {"escalation", "notify: {escalate: [{", "", "}]}"},
      {"channel/webhook", "channels: {a: {", "type: webhook", "}}"},
      {"channel/command", "channels: {a: {", "type: command", "}}"},
      {"channel/slack", "channels: {a: {", "type: slack", "}}"},
      {"channel/teams", "channels: {a: {", "type: teams", "}}"},
      {"channel/pagerduty", "channels: {a: {", "type: pagerduty", "}}"},
      {"channel/opsgenie", "channels: {a: {", "type: opsgenie", "}}"},
      {"channel/email", "channels: {a: {", "type: email", "}}"},
      {"channel/alertmanager", "channels: {a: {", "type: alertmanager", "}}"},
      {"channel/statuspage", "channels: {a: {", "type: statuspage", "}}"},
      {"channel/cdevents", "channels: {a: {", "type: cdevents", "}}"},
  };
}

/// Neither text, number, list of texts nor any mapping that a key takes.
const std::string kWrong = "[[{\"!\": [[]]}]]";

bool says(const std::vector<Fault>& faults, const std::string& key) {
  for (const Fault& fault : faults)
    if (fault.what.find(key) != std::string::npos && fault.what.find("here is a list") != std::string::npos)
      return true;
  return false;
}

TEST(Keys, TheReaderLooksAtEveryKey) {
  std::set<std::string_view> seen;
  for (const Probe& probe : service_probes()) {
    seen.insert(section_named(probe.section).name);
    for (const Key& key : section_named(probe.section).keys)
      EXPECT_TRUE(says(load_service(probe.with(key.name, kWrong), "f").faults, std::string(key.name)))
          << probe.section << ": " << key.name;
  }
  for (const Probe& probe : daemon_probes()) {
    seen.insert(section_named(probe.section).name);
    for (const Key& key : section_named(probe.section).keys) {
      MemoryFiles files;
      files.texts["f"] = probe.with(key.name, kWrong);
      EXPECT_TRUE(says(load("f", files.files()).faults, std::string(key.name))) << probe.section << ": " << key.name;
    }
  }
  for (const Section& section : sections()) EXPECT_EQ(seen.count(section.name), 1U) << section.name << " is not probed";
}

TEST(Keys, TheNearestKeyIsProposedOnlyWhereItIsNear) {
  const std::vector<std::string_view> known{"timeout", "interval", "targets"};
  EXPECT_EQ(nearest("tiemout", known), "timeout");
  EXPECT_EQ(nearest("intervall", known), "interval");
  EXPECT_EQ(nearest("target", known), "targets");
  EXPECT_EQ(nearest("zebra", known), "");
  EXPECT_EQ(nearest("", known), "");
  EXPECT_EQ(edit_distance("ab", "ba", 5), 1U) << "a swap is one slip";
  EXPECT_EQ(edit_distance("kitten", "sitting", 5), 3U);
  EXPECT_EQ(edit_distance("a", std::string(1000, 'b'), 2), 3U);
}

} // namespace
} // namespace backstop::config::test
