#include "daemon/config/read.hpp"
#include "daemon/deadman.hpp"
#include "daemon/replay/memory_journal.hpp"
#include "daemon/telemetry.hpp"
#include "tests/fakes/memory_recorder.hpp"
#include "tests/fakes/scripted_fetcher.hpp"
#include "tests/fakes/scripted_step_runner.hpp"
#include "tests/unit/daemon/rollout_world.hpp"
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <set>
#include <sstream>

/// docs/metrics.md lists every metric that the daemon exposes and no other, each with its type and labels.
namespace backstop {
namespace {

/// "gauge service,indicator", by the metric's name.
using Metrics = std::map<std::string, std::string>;

std::string describe(const std::string& type, const std::set<std::string>& labels) {
  std::string text = type + " ";
  for (const std::string& label : labels) text += label + ",";
  return text;
}

std::string trimmed(std::string text) {
  std::erase_if(text, [](char c) { return c == ' ' || c == '`'; });
  return text;
}

Metrics metrics_of_docs() {
  std::ifstream page(std::string(BACKSTOP_SOURCE_DIR) + "/docs/metrics.md");
  Metrics metrics;
  for (std::string line; std::getline(page, line);) {
    if (line.rfind("| `", 0) != 0) continue;
    std::istringstream cells(line.substr(1));
    std::string name, type, labels;
    std::getline(cells, name, '|'), std::getline(cells, type, '|'), std::getline(cells, labels, '|');
    std::set<std::string> names;
    std::istringstream list(labels);
    for (std::string label; std::getline(list, label, ',');) {
      if (!trimmed(label).empty()) names.insert(trimmed(label));
    }
    metrics[trimmed(name)] = describe(trimmed(type), names);
  }
  return metrics;
}

/// Names of the labels in `{a="x",b="y"}`; the values of this test hold no quotes, commas or braces.
std::set<std::string> labels_of(const std::string& line) {
  std::set<std::string> names;
  const auto open = line.find('{');
  if (open == std::string::npos) return names;
  std::istringstream list(line.substr(open + 1, line.find('}') - open - 1));
  for (std::string label; std::getline(list, label, ',');) names.insert(label.substr(0, label.find('=')));
  names.erase("le");
  return names;
}

Metrics metrics_of_exposition(const std::string& text) {
  Metrics metrics;
  std::istringstream lines(text);
  std::string name, type;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("# TYPE ", 0) == 0) {
      std::istringstream words(line.substr(7));
      words >> name >> type;
    } else if (line[0] != '#') {
      metrics[name] = describe(type, labels_of(line));
    }
  }
  return metrics;
}

/// What is made of the state alone: a plan at work, a decision that waits, a notice that nobody takes, a review that is due.
Metrics metrics_of_state() {
  RolloutWorld plan;
  plan.until_at(plan.roll_out("v2"), "watch-some");
  ShopConfig asks;
  asks.mode = "confirm";
  ShopWorld pending(asks);
  pending.notifier.failing = true;
  pending.until_status(pending.ship("v2", 0.3), "awaiting_confirmation");
  ShopWorld back;
  back.error_share_of["v1"] = 0.01; // what is zero is no baseline
  back.run(60);
  back.until_phase(back.ship("v2", 0.3), Phase::rolled_back_verified);
  Metrics all;
  for (const AppWorld* world :
       {static_cast<AppWorld*>(&plan), static_cast<AppWorld*>(&pending), static_cast<AppWorld*>(&back)})
    all.merge(metrics_of_exposition(Telemetry("1").expose(*world->app, world->now)));
  return all;
}

class SilentNotifier final : public Notifier {
  void send(const Notice&, Done) override {}
};

/// A watched service of which something of every kind has happened.
class Busy {
public:
  Busy() {
    app.resume(at(0), "1", Duration{});
    app.deadman = &deadman;
    deadman.configure(config::Deadman{});
    Scrape scrape;
    scrape.t = scrape.arrived = at(1);
    scrape.samples = {{0, 0, 42.0, 0}};
    app.on_scrape("shop/production", scrape, at(1));
    telemetry.on_scrape(*app.watches().at("shop/production"), scrape);
    telemetry.samples_dropped("nan", 1);
    telemetry.journal_commit(Duration{1});
    telemetry.loop_lag(Duration{1});
    roll_back();
  }
  std::string expose() { return telemetry.expose(app, at(5)); }

private:
  static Time at(int seconds) { return Time{std::chrono::seconds(1000 + seconds)}; }
  static config::Config configuration() {
    config::Config config;
    const config::ServiceOutcome shop =
        config::load_service("service: shop\nmode: observe\nsources: {host: {type: host}}\nindicators: {cpu: {gauge: "
                             "host_cpu_percent, source: host}}\n"
                             "thresholds: {rows: {cpu: {normal: '< 50%', alert: '50% - 80%', critical: '> 80%'}}}\n",
                             "shop.yaml");
    EXPECT_TRUE(shop.ok());
    config.services.push_back(std::make_shared<const config::Service>(shop.service));
    return config;
  }
  void roll_back() {
    DeploymentState d;
    d.id = "D1";
    d.service = "shop/production";
    d.finished = at(1);
    d.ended = at(4);
    d.rollback = ProcedureState{};
    State state;
    state.deployments["D1"] = d;
    IncidentState incident;
    incident.deployment = "D1";
    incident.opened = at(2);
    state.incidents["I1"] = incident;
    Record record;
    record.time = at(3);
    const auto happened = [&](const Payload& payload) { telemetry.on_record(payload, state, record.time); };
    DecisionMade made;
    made.deployment = "D1";
    made.service = d.service;
    made.decision = "RollBack";
    made.status = "enforced";
    made.rules = {"cpu"};
    made.sample_arrived = at(2);
    happened(made);
    happened(StepIntended{"D1", "rollback", "1", "execute", "run", 1, {}});
    StepEnded ended;
    ended.deployment = "D1";
    ended.procedure = "rollback";
    ended.path = "1";
    ended.end = "exited";
    happened(ended);
    happened(DeploymentEnded{"D1", "rolled_back_verified", ""});
    happened(NoticeEnded{"I1/rolled_back/oncall", "", true, 1});
  }

  MemoryJournal journal;
  MemoryRecorder recorder;
  ScriptedStepRunner steps;
  SilentNotifier notifier;
  SilentLog log;
  App app{configuration(), App::Seams{journal, recorder, steps, notifier, log, {}},
          [](const std::string&, const std::string&) -> Result<config::Service> { return fail(Errc::invalid, "none"); },
          "boot"};
  ScriptedFetcher fetcher;
  Deadman deadman{fetcher, [](const config::Secret&) -> Result<std::string> { return std::string(); }, log};
  Telemetry telemetry{"1"};
};

TEST(MetricsDoc, ListsEveryMetricWithItsTypeAndLabelsAndNoOther) {
  Metrics exposed = metrics_of_exposition(Busy().expose());
  exposed.merge(metrics_of_state());
  EXPECT_EQ(metrics_of_docs(), exposed);
}

} // namespace
} // namespace backstop
