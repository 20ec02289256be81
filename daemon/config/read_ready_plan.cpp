#include "daemon/config/read_parts.hpp"
#include "daemon/config/text_check.hpp"
#include <algorithm>
#include <fmt/format.h>

/// plan: {ready: NAME}: whole deployments with the commands of a folder of scripts, by blue-green or canary. A step may be
/// changed or left out by its name.
namespace backstop::config {

namespace {

using std::chrono::hours;
using std::chrono::minutes;

struct Script {
  std::string_view file;
  std::vector<std::string> arguments;
  Duration timeout;
  OnUnknown on_unknown = OnUnknown::escalate;
  OnFailure on_failure = OnFailure::abort;
  bool baseline = false;
};
struct ReadyStep {
  std::string_view name;
  std::variant<Script, BakeStep, TrafficStep> kind;
};
struct ReadyPhase {
  std::string_view name;
  bool live;
  std::vector<ReadyStep> steps;
};

// What only looks or writes down may do so twice.
constexpr OnUnknown kAgain = OnUnknown::rerun;
constexpr OnFailure kGoOn = OnFailure::proceed;

std::vector<ReadyPhase> before_production() {
  return {{"pre-deployment",
           false,
           {{"health-check", Script{"health-check.sh", {"staging"}, minutes(1), kAgain}},
            {"backup-database", Script{"backup-database.sh", {"staging"}, minutes(30), kAgain}},
            {"load-test", Script{"load-test.sh", {"staging", "--users", "100"}, minutes(30), kAgain}}}},
          {"staging",
           false,
           {{"deploy-staging", Script{"deploy.sh", {"staging", "{version}"}, minutes(10)}},
            {"smoke", Script{"smoke-test.sh", {}, minutes(10), kAgain}},
            {"verify-staging", Script{"verify-deployment.sh", {"staging"}, minutes(5), kAgain}},
            {"benchmark", Script{"benchmark.sh", {"staging"}, minutes(15), kAgain, OnFailure::abort, true}}}}};
}

ReadyPhase blue_green() {
  const std::string place = "{environment}-{side}";
  return {"production",
          true,
          {{"deploy", Script{"deploy.sh", {place, "{version}"}, minutes(10)}},
           {"verify", Script{"verify-deployment.sh", {place}, minutes(5), kAgain}},
           {"switch-traffic", TrafficStep{1}},
           {"watch", BakeStep{hours(1)}}}};
}

ReadyPhase canary() {
  return {"production",
          true,
          {{"deploy", Script{"deploy-canary.sh", {"{environment}", "{version}"}, minutes(10)}},
           {"ten-percent", TrafficStep{0.1}},
           {"watch-ten", BakeStep{minutes(15)}},
           {"fifty-percent", TrafficStep{0.5}},
           {"watch-fifty", BakeStep{minutes(15)}},
           {"all-traffic", TrafficStep{1}},
           {"watch-all", BakeStep{minutes(30)}}}};
}

/// What goes wrong in the finalisation is no reason to roll back a version that is well.
std::vector<ReadyPhase> after_production() {
  return {{"post-deployment",
           true,
           {{"health", Script{"health-check.sh", {"{environment}"}, minutes(1), kAgain}},
            {"verify-database", Script{"verify-database.sh", {"{environment}"}, minutes(10), kAgain}},
            {"check-logs", Script{"check-logs.sh", {"{environment}", "--errors"}, minutes(5), kAgain}},
            {"user-reports", BakeStep{minutes(45)}}}},
          {"finalisation",
           true,
           {{"mark-deployed", Script{"mark-deployed.sh", {"{version}"}, minutes(1), kAgain, kGoOn}},
            {"update-docs", Script{"update-deployment-doc.sh", {}, minutes(5), kAgain, kGoOn}},
            {"archive-logs", Script{"archive-deployment-logs.sh", {"{version}"}, minutes(10), kAgain, kGoOn}}}}};
}

std::vector<ReadyPhase> phases_of(std::string_view name) {
  std::vector<ReadyPhase> phases = before_production();
  phases.push_back(name == "canary" ? canary() : blue_green());
  for (ReadyPhase& phase : after_production()) phases.push_back(std::move(phase));
  return phases;
}

struct MakeStep {
  const std::string& scripts;
  Step& out;

  void operator()(const Script& script) const {
    RunStep& run = out.kind.emplace<RunStep>();
    run.argv = {fmt::format("{}/{}", scripts, script.file)};
    run.argv.insert(run.argv.end(), script.arguments.begin(), script.arguments.end());
    run.timeout = script.timeout;
    run.on_unknown = script.on_unknown;
    run.on_failure = script.on_failure;
    out.baseline = script.baseline;
  }
  void operator()(const BakeStep& bake) const { out.kind = bake; }
  void operator()(const TrafficStep& traffic) const { out.kind = traffic; }
};

/// The mapping `plan` while it is read.
struct Reader {
  const Mapping& plan;
  std::string scripts = {};
  std::string health_url = {};
  std::map<std::string_view, const Node*> changes = {};

  void read_changes(const std::vector<ReadyPhase>& phases) {
    const Node* node = plan.find("steps");
    if (node == nullptr) return;
    std::vector<std::string_view> known;
    for (const ReadyPhase& phase : phases)
      for (const ReadyStep& step : phase.steps) known.push_back(step.name);
    for (const Entry* entry : named_entries(plan.sheet(), *node, plan.path_of("steps"))) {
      if (std::find(known.begin(), known.end(), entry->key.text) == known.end())
        plan.sheet().fault(entry->key.place,
                           fmt::format("{}: there is no step \"{}\"", plan.path_of("steps"), entry->key.text),
                           suggestion(entry->key.text, known, "steps"));
      changes.emplace(entry->key.text, &entry->value);
    }
  }

  void change(const Node& node, Step& out) const {
    const std::string path = fmt::format("{}.{}", plan.path_of("steps"), out.name);
    if (node.kind == Node::Kind::scalar)
      return plan.sheet().fault(node.place, fmt::format("{}: \"{}\" is not known", path, shortened(node.text)),
                                "write off to leave the step out, or {key: value} of what is to be changed");
    auto* run = std::get_if<RunStep>(&out.kind);
    const std::string_view kind = run ? "run" : std::holds_alternative<BakeStep>(out.kind) ? "watch" : "traffic";
    const Mapping mapping(plan.sheet(), node, fmt::format("ready-step/{}", kind), path);
    const OnUnknown usual = run ? run->on_unknown : OnUnknown::escalate;
    read_plan_step_keys(mapping, out);
    if (run && !mapping.has("check") && !mapping.has("on_unknown")) run->on_unknown = usual;
  }

  /// False: it is left out.
  bool make(const ReadyStep& ready, Step& out) const {
    const auto found = changes.find(ready.name);
    const bool changed = found != changes.end();
    if (changed && found->second->kind == Node::Kind::scalar && found->second->text == "off") return false;
    out.name = ready.name;
    std::visit(MakeStep{scripts, out}, ready.kind);
    if (ready.name == "health" && !health_url.empty())
      std::get<RunStep>(out.kind).argv = {"/usr/bin/curl", "-fsS", "--max-time", "10", health_url};
    if (changed) change(*found->second, out);
    return true;
  }
};

} // namespace

void read_ready_plan(const Mapping& service, const Node& node, Plan& out) {
  const Mapping plan(service.sheet(), node, "plan", service.path_of("plan"));
  if (!plan.has("ready")) return; // the mapping said so
  plan.word<std::string>("ready", out.ready, {{"blue-green", "blue-green"}, {"canary", "canary"}});
  if (out.ready.empty()) return;
  Reader reader{plan};
  plan.file("scripts", reader.scripts);
  while (reader.scripts.ends_with('/')) reader.scripts.pop_back();
  plan.text("health_url", reader.health_url);
  if (!reader.health_url.empty()) check_url(plan, "health_url", reader.health_url);
  const std::vector<ReadyPhase> phases = phases_of(out.ready);
  reader.read_changes(phases);
  for (const ReadyPhase& ready : phases) {
    PlanPhase phase{.name = std::string(ready.name), .live = ready.live, .steps = {}};
    for (const ReadyStep& step : ready.steps) {
      Step made;
      made.path = fmt::format("{}.{}", out.phases.size() + 1, phase.steps.size() + 1);
      if (reader.make(step, made)) phase.steps.push_back(std::move(made));
    }
    if (!phase.steps.empty()) out.phases.push_back(std::move(phase));
  }
}

} // namespace backstop::config
