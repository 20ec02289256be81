#include "daemon/config/read_parts.hpp"
#include <algorithm>
#include <fmt/format.h>

/// The top of a service file, and what is neither sources, rules nor procedures.
namespace backstop::config {

namespace {

void read_bake(const Mapping& service, Bake& out) {
  const Node* node = service.find("bake");
  if (node == nullptr) return;
  const Mapping bake(service.sheet(), *node, "bake", "bake");
  bake.duration("for", out.duration);
  bake.duration("good_after", out.good_after);
  bake.duration("deploy_timeout", out.deploy_timeout);
  bake.duration("act_for", out.act_for);
  bake.word<bool>("on_deploy_timeout", out.rollback_on_deploy_timeout, {{"alert", false}, {"rollback", true}});
}

void read_baseline(const Mapping& service, BaselineSpec& out) {
  const Node* node = service.find("baseline");
  if (node == nullptr) return;
  const Mapping baseline(service.sheet(), *node, "baseline", "baseline");
  baseline.duration("window", out.window, std::chrono::minutes(1));
  baseline.integer("min_samples", out.min_samples, {1, 1'000'000});
}

void read_judge(const Mapping& service, Judge& out) {
  const Node* node = service.find("judge");
  if (node == nullptr) return;
  const auto kind = type_of(service.sheet(), *node, "kind", "judge", {"sequential", "table"}, "judge of kind");
  if (!kind) return;
  const Mapping judge(service.sheet(), *node, "judge/" + *kind, "judge");
  if (*kind == "table") {
    out.kind = JudgeKind::table;
    out.warm_up = kTableWarmUp;
  } else {
    judge.duration("sustain", out.sequential.sustain, std::chrono::seconds(1));
    judge.duration("severe", out.sequential.severe, std::chrono::seconds(1));
    judge.word<Learn>("learn", out.learn, {{"off", Learn::off}, {"propose", Learn::propose}, {"use", Learn::use}});
  }
  judge.duration("warm_up", out.warm_up, Duration{});
}

/// {argv: [...]} asks a program, {link: PATH} looks at a symbolic link.
void read_running_version(const Mapping& service, Service& out) {
  const Node* node = service.find("running_version");
  if (node == nullptr) return;
  const auto is_link = [](const Entry& entry) { return entry.key.text == "link"; };
  if (std::none_of(node->entries.begin(), node->entries.end(), is_link)) {
    read_command(service, "running_version", out.running_version);
    return;
  }
  const Mapping link(service.sheet(), *node, "link", service.path_of("running_version"));
  if (link.ok()) link.file("link", out.running_version_link);
}

void read_detect(const Mapping& service, Service& out) {
  const Node* node = service.find("detect");
  if (node == nullptr) return;
  const std::string path = service.path_of("detect");
  const auto has = [&](std::string_view key) {
    return std::any_of(node->entries.begin(), node->entries.end(),
                       [&](const Entry& entry) { return entry.key.text == key; });
  };
  if (has("series")) {
    const Mapping detect(service.sheet(), *node, "detect/series", path);
    auto& series = out.detect.emplace<DetectSeries>();
    detect.name("source", series.source);
    detect.text("series", series.series.text);
    detect.text("label", series.label);
  } else if (has("restart_of")) {
    const Mapping detect(service.sheet(), *node, "detect/restart", path);
    detect.name("restart_of", out.detect.emplace<DetectRestart>().source);
  } else {
    const Mapping detect(service.sheet(), *node, "detect/link", path);
    if (detect.ok()) detect.file("link", out.detect.emplace<DetectLink>().link);
  }
}

} // namespace

void read_service(Sheet& sheet, const Node& root, Service& out) {
  const Mapping service(sheet, root, "service", "");
  if (!service.ok()) return;
  service.name("service", out.service);
  service.name("environment", out.environment);
  read_mode(service, out.mode);
  read_bake(service, out.bake);
  read_baseline(service, out.baseline);
  read_judge(service, out.judge);
  read_running_version(service, out);
  read_detect(service, out);
  service.file("deploy_lock", out.deploy_lock);
  service.names("depends_on", out.depends_on);
  service.duration("confirm_timeout", out.confirm_timeout, std::chrono::seconds(1));
  read_sources(service, out);
  read_indicators(service, out);
  read_thresholds(service, out);
  read_criteria(service, out);
  read_procedures(service, out);
  read_traffic(service, out);
  read_plan(service, out);
  read_gates(service, out);
}

} // namespace backstop::config
