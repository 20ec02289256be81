#include "daemon/config/check.hpp"
#include "daemon/config/quantities.hpp"
#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <map>

/// Whether a plan can be carried out.
namespace backstop::config {

namespace {

/// Each one is a process of its own.
constexpr std::ptrdiff_t kMostAtOnce = 16;

void fault(Sheet& sheet, const std::string& path, std::string_view what, std::string_view how) {
  sheet.fault(sheet.places.of(path), fmt::format("{}: {}", path, what), how);
}

/// Names are how people speak of steps and phases: each is taken once.
struct NameCheck {
  const Plan& plan;
  Sheet& sheet;
  std::map<std::string, std::string> steps = {}; ///< name → path

  void step(const std::string& name, const std::string& path) {
    if (name.empty()) return; // the reader said so
    if (const auto [first, is_new] = steps.emplace(name, path); !is_new)
      fault(sheet, place_of(plan, path, name) + ".name",
            fmt::format("\"{}\" is the name of step {} too", name, first->second), "give each step a name of its own");
  }

  void all() {
    std::map<std::string, std::size_t> phases;
    for (std::size_t i = 0; i < plan.phases.size(); ++i) {
      const PlanPhase& phase = plan.phases[i];
      if (const auto [first, is_new] = phases.emplace(phase.name, i); !is_new && !phase.name.empty())
        fault(sheet, fmt::format("plan[{}].phase", i),
              fmt::format("\"{}\" is the name of phase {} too", phase.name, first->second + 1),
              "give each phase a name of its own");
      for (const auto& [path, name] : phase.parallels) step(name, path);
      for (const Step& s : phase.steps) step(s.name, s.path);
    }
  }
};

struct StepCheck {
  const Service& service;
  const Step& step;
  std::string path;
  const KnownPlaceholders& known;
  Sheet& sheet;
  bool had_traffic; ///< some went to the new version, and is there still

  void operator()(const RunStep& run) const {
    if (had_traffic && !step.undo && !step.irreversible && service.traffic && !service.traffic->candidate.empty())
      fault(sheet, path, "it changes the side that all traffic goes back to, should it fail, and nothing takes it back",
            "add undo: {argv: [...]}");
    check_run(run, known, path, sheet);
    check_confinement(run, service.deploy_lock, path, sheet);
    if (step.irreversible) warn_unknown_end(run, "plan", path, sheet);
    if (step.irreversible && step.undo)
      fault(sheet, path + ".undo", "the step is irreversible, so nothing takes it back", "keep undo or irreversible");
    if (!step.undo) return;
    check_run(*step.undo, known, path + ".undo", sheet);
    check_confinement(*step.undo, service.deploy_lock, path + ".undo", sheet);
  }
  void operator()(const BakeStep& bake) const {
    const Duration warm_up = service.judge.warm_up;
    if (bake.duration.count() > 0 && bake.duration < warm_up)
      fault(sheet, path + ".for",
            fmt::format("{} is shorter than the warm-up of {}: most rules could not act in it",
                        show_duration(bake.duration), show_duration(warm_up)),
            "make it longer, or judge.warm_up shorter");
  }
  void operator()(const TrafficStep&) const {}
  void operator()(const NotifyStep&) const {}
  void operator()(const ApproveStep&) const {}
  void operator()(const WaitStep&) const {}
  void operator()(const WatchStep&) const {}  // of a rollback
  void operator()(const ReviewStep&) const {} // of a rollback
};

void check_shape(const Plan& plan, Sheet& sheet) {
  for (std::size_t i = 0; i < plan.phases.size(); ++i) {
    const PlanPhase& phase = plan.phases[i];
    if (phase.steps.empty())
      fault(sheet, fmt::format("plan[{}].steps", i), "no step", "write one, or leave the phase out");
    for (const auto& [path, name] : phase.parallels) {
      const auto count = std::count_if(phase.steps.begin(), phase.steps.end(),
                                       [&group = path](const Step& step) { return step.group == group; });
      if (count < 2)
        fault(sheet, place_of(plan, path, name), "a parallel of fewer than two steps", "write the step without it");
      if (count > kMostAtOnce)
        fault(sheet, place_of(plan, path, name), fmt::format("{} steps at once, at most {} are", count, kMostAtOnce),
              "make several of it");
    }
  }
}

/// Where the traffic must be when the plan is done, so that the next version can come.
double share_at_end(const Service& service) { return service.traffic && !service.traffic->candidate.empty() ? 0 : 1; }

/// That traffic can be moved, where it is when the plan is done, and that nothing is watched before there is any.
void check_moves(const Service& service, Sheet& sheet) {
  std::vector<const Step*> moves;
  for (const PlanPhase& phase : service.plan.phases)
    for (const Step& step : phase.steps) {
      if (std::holds_alternative<TrafficStep>(step.kind)) moves.push_back(&step);
      if (std::holds_alternative<BakeStep>(step.kind) && moves.empty() && moves_traffic(service.plan))
        fault(sheet, place_of(service.plan, step.path, step.name),
              "no traffic goes to the new version yet, so the old one would be watched",
              "move it behind the first traffic step; what can be told without traffic is a run step");
    }
  if (moves.empty()) return;
  if (std::get<TrafficStep>(moves.front()->kind).share <= 0 && sheet.faults.empty())
    fault(sheet, place_of(service.plan, moves.front()->path, moves.front()->name) + ".share",
          "0% before the new version had any traffic moves nothing", "leave it out, or give it a share");
  if (!sheet.places.has("traffic")) // one that could not be read is there
    return fault(sheet, place_of(service.plan, moves.front()->path, moves.front()->name),
                 "nothing says how traffic is moved", "add traffic: {driver: haproxy, ...}, see docs/plans.md");
  const double share = std::get<TrafficStep>(moves.back()->kind).share;
  if (share == share_at_end(service) || !sheet.faults.empty()) return; // what could not be read may be a later one
  const std::string path = place_of(service.plan, moves.back()->path, moves.back()->name) + ".share";
  if (share_at_end(service) == 0)
    return fault(
        sheet, path,
        fmt::format("when the plan is done, {} of the traffic goes to {}, which the next version is to come to",
                    show(share, Unit::ratio), service.traffic->candidate),
        "bring the version to the other side by a run step, then add a traffic step of 0%; or leave "
        "traffic.candidate out: then the sides take turns");
  fault(sheet, path,
        fmt::format("when the plan is done, {} of the traffic goes to the new version, the rest to the old",
                    show(share, Unit::ratio)),
        "add a traffic step of 100%");
}

} // namespace

bool moves_traffic(const Plan& plan) {
  return std::any_of(plan.phases.begin(), plan.phases.end(), [](const PlanPhase& phase) {
    return std::any_of(phase.steps.begin(), phase.steps.end(),
                       [](const Step& step) { return std::holds_alternative<TrafficStep>(step.kind); });
  });
}

std::string place_of(const Plan& plan, std::string_view step_path, std::string_view name) {
  if (!plan.ready.empty()) return fmt::format("plan.steps.{}", name);
  std::string out = "plan";
  for (const char *at = step_path.data(), *end = at + step_path.size(); at < end; ++at) { // behind each number its dot
    std::size_t number = 0;
    at = std::from_chars(at, end, number).ptr;
    out += fmt::format("{}[{}]", out.size() > 4 ? ".steps" : "", number - 1);
  }
  return out;
}

void check_plan(const Service& service, Sheet& sheet, bool read_cleanly) {
  const Plan& plan = service.plan;
  if (plan.empty()) return;
  NameCheck{plan, sheet}.all();
  KnownPlaceholders known = kAtBegin;
  if (service.traffic) known.insert(known.end(), kTrafficPlaceholders.begin(), kTrafficPlaceholders.begin() + 2);
  bool had_traffic = false;
  for (const PlanPhase& phase : plan.phases)
    for (const Step& step : phase.steps) {
      std::visit(StepCheck{service, step, place_of(plan, step.path, step.name), known, sheet, had_traffic}, step.kind);
      if (const auto* move = std::get_if<TrafficStep>(&step.kind)) had_traffic = move->share > 0;
    }
  check_moves(service, sheet);
  if (!read_cleanly) return; // a step that could not be read may be the very one that is missed
  check_shape(plan, sheet);
  if (service.mode == Mode::observe)
    sheet.warn(sheet.places.of("plan"),
               "plan: in mode observe nothing is rolled back: what goes wrong in a live phase only pauses the plan",
               "write mode: auto or confirm");
}

} // namespace backstop::config
