#include "daemon/config/quantities.hpp"
#include "daemon/config/show_parts.hpp"
#include <fmt/format.h>

namespace backstop::config {

namespace {

void show_step(const Step& step, int indent, Lines& out) {
  std::vector<std::string> words = words_of(step);
  if (step.irreversible) words.push_back("irreversible");
  if (step.baseline) words.push_back("sets baselines");
  out.entry(indent, fmt::format("{} {}", step.path, step.name), words);
  if (step.undo) {
    std::vector<std::string> undo = words_of(*step.undo);
    undo[0] = "undone by: " + undo[0];
    out.line(indent + 2, undo);
  }
}

void show_phase(const PlanPhase& phase, std::size_t number, Lines& out) {
  out.line(2, {fmt::format("{} {}{}", number, phase.name, phase.live ? " (live)" : "")});
  std::string_view group;
  for (const Step& step : phase.steps) {
    const auto parallel = phase.parallels.find(step.group);
    if (parallel != phase.parallels.end() && group != step.group)
      out.entry(4, fmt::format("{} {}", step.group, parallel->second), {"at the same time"});
    group = step.group;
    show_step(step, step.group.empty() ? 4 : 6, out);
  }
}

std::string show_item(const ChecklistItem& item, const Service& service) {
  struct Words {
    const Service& service;
    std::string operator()(const SignOff&) const { return "signed off"; }
    std::string operator()(const CommandItem& command) const {
      return "run " + show_command({command.run.argv, command.run.timeout});
    }
    std::string operator()(const IndicatorItem& item) const {
      for (const Indicator& indicator : service.indicators)
        if (indicator.name == item.indicator) return item.indicator + " " + show(item.limit, unit_of(indicator));
      return item.indicator;
    }
    std::string operator()(const ProbeItem& probe) const { return "every target of " + probe.source + " answers"; }
  };
  return std::visit(Words{service}, item.kind);
}

} // namespace

void show_traffic(const Traffic& traffic, Lines& out) {
  std::vector<std::string> words;
  switch (traffic.driver) {
  case Traffic::Driver::haproxy: words = {"haproxy", "socket " + traffic.socket, "backend " + traffic.backend}; break;
  case Traffic::Driver::nginx:
    words = {"nginx", "file " + traffic.file, "upstream " + traffic.upstream, "test " + show_argv(traffic.test),
             "reload " + show_argv(traffic.reload)};
    break;
  case Traffic::Driver::command:
    words = {"command " + show_argv(traffic.argv),
             traffic.checked.empty() ? "no check" : "check " + show_argv(traffic.checked)};
    break;
  }
  for (const Side& side : traffic.sides)
    words.push_back(
        fmt::format("{}{}{}", side.name, side.servers.empty() ? "" : " is ", fmt::join(side.servers, " and ")));
  words.push_back(traffic.candidate.empty() ? "new versions come to the side without traffic"
                                            : "new versions come to " + traffic.candidate);
  words.push_back("timeout " + show_duration(traffic.timeout));
  out.entry(0, "traffic", words);
}

void show_plan(const Plan& plan, Lines& out) {
  out.line(0, {plan.ready.empty() ? "plan" : fmt::format("plan (ready: {})", plan.ready)});
  for (std::size_t i = 0; i < plan.phases.size(); ++i) show_phase(plan.phases[i], i + 1, out);
}

void show_gates(const Service& service, Lines& out) {
  const Gates& gates = *service.gates;
  std::vector<std::string> words{gates.ordered ? "approvals in this order" : "approvals in any order"};
  words.push_back(gates.four_eyes ? "never by who requested it" : "also by who requested it");
  words.push_back(gates.one_role_per_person ? "one role a person" : "several roles a person");
  words.push_back(gates.monitoring ? "monitoring must be active" : "monitoring is not looked at");
  out.entry(0, "gates", words);
  for (const ApprovalRole& approval : gates.approvals) out.entry(2, "approval", {approval.role, approval.title});
  std::string_view group;
  for (const ChecklistItem& item : gates.checklist) {
    if (item.group != group) out.line(2, {item.group.empty() ? "checklist" : item.group});
    group = item.group;
    out.entry(4, item.name, {item.title, item.role, show_item(item, service)});
  }
  for (const Calendar& window : gates.windows) out.entry(2, "window", {window.text()});
  for (const Freeze& freeze : gates.freezes) {
    std::vector<std::string> days{freeze.from == freeze.to ? freeze.from : freeze.from + " to " + freeze.to};
    if (!freeze.why.empty()) days.push_back(freeze.why);
    out.entry(2, "freeze", days);
  }
}

} // namespace backstop::config
