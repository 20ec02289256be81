#include "daemon/config/read_parts.hpp"
#include "daemon/config/text_check.hpp"
#include <algorithm>
#include <fmt/format.h>
#include <optional>

/// plan: the phases and steps by which a version gets out.
namespace backstop::config {

namespace {

void read_undo(const Mapping& step, std::optional<RunStep>& out) {
  const Node* node = step.find("undo");
  if (node == nullptr) return;
  const Mapping undo(step.sheet(), *node, "undo", step.path_of("undo"));
  if (undo.ok()) read_run_step(undo, out.emplace());
}

void read_share(const Mapping& step, double& out) {
  std::string text;
  step.text("share", text);
  if (text.empty()) return;
  Mistake mistake;
  const auto percent = parse_percent(shortened(text), mistake);
  if (!percent) return step.fault("share", mistake.what, mistake.how);
  if (*percent < 0 || *percent > 100)
    return step.fault("share", fmt::format("{} is out of range", shortened(text)), "from 0% to 100%");
  out = *percent / 100;
}

/// Makes `out` a step of the kind that is written.
void become(std::string_view kind, Step& out) {
  if (kind == "notify") out.kind.emplace<NotifyStep>().severity = "info";
  if (kind == "run") out.kind.emplace<RunStep>();
  if (kind == "watch") out.kind.emplace<BakeStep>();
  if (kind == "approve") out.kind.emplace<ApproveStep>();
  if (kind == "traffic") out.kind.emplace<TrafficStep>();
  if (kind == "wait") out.kind.emplace<WaitStep>();
}

struct ReadKeys {
  const Mapping& step;
  Step& out;

  void operator()(NotifyStep& notify) const { read_notify_step(step, notify); }
  void operator()(RunStep& run) const {
    read_run_step(step, run);
    read_undo(step, out.undo);
    read_flag(step, "irreversible", out.irreversible);
    read_flag(step, "baseline", out.baseline);
  }
  void operator()(BakeStep& bake) const { step.duration("for", bake.duration, std::chrono::seconds(1)); }
  void operator()(WaitStep& wait) const { step.duration("for", wait.duration, std::chrono::seconds(1)); }
  void operator()(ApproveStep& approve) const { step.name("role", approve.role); }
  void operator()(TrafficStep& traffic) const { read_share(step, traffic.share); }
  void operator()(WatchStep&) const {}  // of a rollback
  void operator()(ReviewStep&) const {} // of a rollback
};

/// One phase while it is read.
struct PhaseReader {
  Sheet& sheet;
  PlanPhase& out;

  void read_step(const Node& node, const std::string& at, const std::string& path, const std::string& group) {
    std::vector<std::string_view> kinds{"run", "notify"};
    if (group.empty()) kinds.insert(kinds.end(), {"watch", "traffic", "approve", "wait", "parallel"});
    const auto kind =
        type_of(sheet, node, "kind", at, kinds, group.empty() ? "step of kind" : "step in a parallel of kind");
    if (!kind) return;
    const Mapping mapping(sheet, node, "plan-step/" + *kind, at);
    if (*kind == "parallel") return read_parallel(mapping, path);
    Step& step = out.steps.emplace_back();
    step.path = path;
    step.group = group;
    mapping.name("name", step.name);
    become(*kind, step);
    read_plan_step_keys(mapping, step);
  }

  void read_parallel(const Mapping& mapping, const std::string& path) {
    mapping.name("name", out.parallels[path]);
    if (const Node* steps = mapping.find("steps")) read_steps(*steps, mapping.path_of("steps"), path, path);
  }

  void read_steps(const Node& node, const std::string& at, const std::string& before, const std::string& group) {
    const auto& items = items_of(sheet, node, at);
    for (std::size_t i = 0; i < items.size(); ++i)
      read_step(items[i], fmt::format("{}[{}]", at, i), fmt::format("{}.{}", before, i + 1), group);
  }
};

bool touches_service(const PlanPhase& phase) {
  return std::any_of(phase.steps.begin(), phase.steps.end(), [](const Step& step) {
    return std::holds_alternative<TrafficStep>(step.kind) || std::holds_alternative<BakeStep>(step.kind);
  });
}

/// The first phase that is live: what is written goes before what its steps say.
std::size_t first_live(const std::vector<PlanPhase>& phases, const std::vector<std::optional<bool>>& written) {
  const std::size_t count = phases.size();
  for (std::size_t i = 0; i < count; ++i)
    if (written[i].value_or(touches_service(phases[i]))) return i;
  for (std::size_t i = 0; i < count; ++i)
    if (!written[i]) return i;
  return count;
}

void set_live(Sheet& sheet, Plan& plan, const std::vector<std::optional<bool>>& written) {
  const std::size_t first = first_live(plan.phases, written);
  const auto fault = [&](std::size_t i, std::string_view what, std::string_view how) {
    const std::string at = fmt::format("plan[{}].live", i);
    sheet.fault(sheet.places.of(at), fmt::format("{}: {}", at, what), how);
  };
  for (std::size_t i = 0; i < plan.phases.size(); ++i) {
    plan.phases[i].live = i >= first;
    if (written[i] != false) continue;
    if (touches_service(plan.phases[i]))
      fault(i, "a traffic or watch step changes or judges the service itself",
            "leave live out, or move the step to a later phase");
    else if (i > first)
      fault(i, fmt::format("phase {} is live already", plan.phases[first].name),
            "leave it out: once live, all later phases are");
  }
  if (first == plan.phases.size() && !written.empty())
    fault(0, "no phase is live, so no failure would roll back", "leave live out of the phase that changes the service");
}

void read_phases(Sheet& sheet, const Node& node, Plan& out) {
  std::vector<std::optional<bool>> written;
  const auto& items = items_of(sheet, node, "plan");
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string at = fmt::format("plan[{}]", i);
    const Mapping mapping(sheet, items[i], "phase", at);
    PlanPhase& phase = out.phases.emplace_back();
    mapping.name("phase", phase.name);
    bool live = false;
    const std::size_t before = sheet.faults.size();
    read_flag(mapping, "live", live);
    written.push_back(mapping.has("live") && sheet.faults.size() == before ? std::optional(live) : std::nullopt);
    if (const Node* steps = mapping.find("steps"))
      PhaseReader{sheet, phase}.read_steps(*steps, at + ".steps", std::to_string(i + 1), "");
  }
  if (node.kind == Node::Kind::sequence && items.empty())
    sheet.fault(node.place, "plan: the list is empty", "write its phases, or leave plan out");
  set_live(sheet, out, written);
}

} // namespace

void read_plan_step_keys(const Mapping& step, Step& out) { std::visit(ReadKeys{step, out}, out.kind); }

void read_plan(const Mapping& service, Service& out) {
  const Node* node = service.find("plan");
  if (node == nullptr) return;
  if (node->kind == Node::Kind::mapping) return read_ready_plan(service, *node, out.plan);
  read_phases(service.sheet(), *node, out.plan);
}

} // namespace backstop::config
