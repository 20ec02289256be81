#include "daemon/config/read.hpp"
#include "daemon/config/show.hpp"
#include "daemon/ctl/actions.hpp"
#include "daemon/ctl/answers.hpp"
#include "daemon/ctl/layout.hpp"
#include "daemon/io/files.hpp"
#include "daemon/procedures.hpp"
#include "daemon/rollout.hpp"
#include "daemon/step_order.hpp"
#include "daemon/words.hpp"

/// Plans of service files: shown, and gone through without doing anything.
namespace backstop::ctl {
namespace {

std::string quoted(const std::vector<std::string>& argv) {
  std::string text;
  for (const std::string& word : argv) {
    const bool plain = !word.empty() && word.find_first_of(" \t\n'\"\\$`*?[](){}<>|&;") == std::string::npos;
    text += (text.empty() ? "" : " ") + (plain ? word : "'" + word + "'");
  }
  return text;
}

struct DryRun {
  const config::Service& service;
  std::string version, previous;

  [[nodiscard]] std::string command(const std::string& path, StepOrder::Act act = StepOrder::Act::run) const {
    StepOrder order{act, service.key(), service.hash, path, {{"version", version}, {"previous_version", previous}}};
    order.fields["deployment"] = "D1";
    if (const std::string side = candidate_side(service, ""); !side.empty()) order.fields["side"] = side;
    const Result<StepCommand> command = command_for(service, order);
    return command ? quoted(command->argv) : command.error().what;
  }
  [[nodiscard]] std::string what(const config::Step& step) const {
    if (const auto* bake = std::get_if<config::BakeStep>(&step.kind))
      return "watch for " + short_duration(to_seconds(bake->duration)) + "; critical: roll back; not to be told: pause";
    if (const auto* wait = std::get_if<config::WaitStep>(&step.kind))
      return "wait for " + short_duration(to_seconds(wait->duration));
    if (const auto* approve = std::get_if<config::ApproveStep>(&step.kind))
      return "wait for a signature of " + approve->role;
    if (const auto* notify = std::get_if<config::NotifyStep>(&step.kind))
      return "tell " + (notify->to.empty() ? "everybody" : join(notify->to)) + " (" + notify->severity + ")";
    if (std::holds_alternative<config::WatchStep>(step.kind)) return "watch the old version until it is good";
    if (std::holds_alternative<config::ReviewStep>(step.kind)) return "open a review";
    return command(step.path);
  }
};

std::string go_through(const DryRun& dry, bool commands) {
  std::string out;
  for (const config::PlanPhase& phase : dry.service.plan.phases) {
    out += phase.name + (phase.live ? "  (live: a failure is a rollback)\n" : "\n");
    std::vector<std::vector<std::string>> rows;
    for (const config::Step& step : phase.steps) {
      const auto* run = std::get_if<config::RunStep>(&step.kind);
      const auto* moves = std::get_if<config::TrafficStep>(&step.kind);
      std::string text = commands         ? dry.what(step)
                         : run != nullptr ? "run"
                         : moves          ? show(moves->share, Unit::ratio) + " of the traffic to the new version"
                                          : dry.what(step);
      if (run != nullptr && run->on_failure == config::OnFailure::proceed)
        text += "  (when it fails, the plan goes on)";
      if (step.irreversible) text += "  (irreversible: from here on a person confirms a rollback)";
      rows.push_back(
          {step.path, step.name + (step.group.empty() ? "" : " (beside the others of " + step.group + ")"), text});
      if (commands && step.undo) rows.push_back({"", "taken back by", dry.command(step.path + kUndoSuffix)});
    }
    out += table(rows, "  ");
  }
  if (!commands) return out;
  out += "and back, from the last step on\n";
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> undo;
  if (moves_traffic(dry.service)) undo.emplace_back(kTrafficBack);
  for (auto phase = dry.service.plan.phases.rbegin(); phase != dry.service.plan.phases.rend(); ++phase)
    for (auto step = phase->steps.rbegin(); step != phase->steps.rend(); ++step)
      if (step->undo) undo.push_back(step->path + kUndoSuffix);
  for (const StepPlan& step : rollback_plan_of(dry.service, undo, false)) {
    const config::Step* configured = config::step_at(dry.service, step.path);
    const bool asks = step.path == kAssess;
    rows.push_back({step.path, step.name,
                    asks         ? std::string("ask which version runs")
                    : configured ? dry.what(*configured)
                                 : dry.command(step.path)});
  }
  return out + table(rows, "  ");
}

} // namespace

Said run_look_at_plan(const Invocation&, const LookAtPlan& look) {
  const Result<std::string> text = read_file(look.file, std::size_t{1} << 20);
  if (!text) return {kInputError, "", complaint(text.error().what)};
  const config::ServiceOutcome outcome = config::load_service(*text, look.file);
  Said said{outcome.ok() ? kDone : kInputError, "",
            config::show_faults(outcome.faults) + config::show_faults(outcome.warnings, "warning: ")};
  if (!outcome.ok()) return said;
  if (outcome.service.plan.empty())
    return {kInputError, "", complaint(look.file + ": there is no plan in it (write plan: with its phases)")};
  if (look.what == LookAtPlan::What::lint) {
    said.out = outcome.warnings.empty() ? "nothing is wrong with the plan\n" : "";
    return said;
  }
  said.err.clear();
  const DryRun dry{outcome.service, look.version, look.previous};
  said.out = go_through(dry, look.what == LookAtPlan::What::dry_run);
  return said;
}

} // namespace backstop::ctl
