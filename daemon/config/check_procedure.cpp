#include "daemon/config/check.hpp"
#include <fmt/format.h>
#include <map>

/// The rollback.
namespace backstop::config {

namespace {

const KnownPlaceholders kAll(kPlaceholders.begin(), kPlaceholders.end());
const KnownPlaceholders kOfService{"service", "environment"};

struct Shape {
  bool ran = false;         ///< a run step was seen
  bool ran_in_time = false; ///< ... before the first watch step
  bool watched = false;     ///< a watch step after a run step
  bool any_watch = false;
};

Shape shape_of(const std::vector<Step>& steps) {
  Shape shape;
  for (const Step& step : steps) {
    if (std::holds_alternative<RunStep>(step.kind)) {
      shape.ran = true;
      shape.ran_in_time |= !shape.any_watch;
    } else if (std::holds_alternative<WatchStep>(step.kind)) {
      shape.any_watch = true;
      shape.watched |= shape.ran;
    }
  }
  return shape;
}

/// A service that never acts needs no procedure; any other one that can undo something, and prove it. Where a plan moves
/// traffic, that goes back before the first step.
void check_shape(const Service& service, Sheet& sheet) {
  const std::string path = "procedures.rollback";
  const auto fault = [&](std::string_view what, std::string_view how) {
    sheet.fault(sheet.places.of(path), fmt::format("{}: {}", path, what), how);
  };
  if (service.mode == Mode::observe) return;
  const Shape shape = shape_of(service.rollback);
  if (moves_traffic(service.plan) && (!service.traffic || service.traffic->candidate.empty())) {
    if (!shape.any_watch)
      fault("traffic goes back, but no watch step sees whether the old version is well",
            "add {name: verify, kind: watch, good_for: 60s, timeout: 5m}");
    return;
  }
  if (service.rollback.empty())
    return fault("there is no way back", "write the steps, or mode: observe if nothing is ever to be undone");
  if (!shape.ran)
    return fault("no step runs anything, so nothing is undone", "add {name: execute, kind: run, argv: [...]}");
  if (!shape.watched)
    return fault("no watch step after the run steps: nobody would see whether the old version is well",
                 "add {name: verify, kind: watch, good_for: 60s, timeout: 5m}");
  if (!shape.ran_in_time)
    fault("the watch step stands before anything was run", "move it behind the step that rolls back");
}

void check_names(const Service& service, Sheet& sheet) {
  std::map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < service.rollback.size(); ++i) {
    const std::string& name = service.rollback[i].name;
    if (name.empty()) continue; // the reader said so
    const std::string path = fmt::format("procedures.rollback[{}].name", i);
    if (const auto [first, is_new] = seen.emplace(name, i); !is_new)
      sheet.fault(sheet.places.of(path),
                  fmt::format("{}: \"{}\" is the name of step {} too", path, name, first->second + 1),
                  "give each step a name of its own");
  }
}

void check_watch(const WatchStep& watch, const std::string& path, Sheet& sheet) {
  if (watch.good_for >= watch.timeout)
    sheet.fault(sheet.places.of(path + ".good_for"),
                path + ".good_for: it is not shorter than the timeout, so the step can never succeed",
                "make timeout longer");
}

} // namespace

void check_procedure(const Service& service, Sheet& sheet, bool read_cleanly) {
  if (service.running_version) check_argv(service.running_version->argv, kOfService, "running_version.argv", sheet);
  check_names(service, sheet);
  for (std::size_t i = 0; i < service.rollback.size(); ++i) {
    const Step& step = service.rollback[i];
    const std::string path = fmt::format("procedures.rollback[{}]", i);
    if (const auto* run = std::get_if<RunStep>(&step.kind)) {
      check_run(*run, kAll, path, sheet);
      if (run->preflight) check_argv(run->preflight->argv, kAtBegin, path + ".preflight.argv", sheet);
      warn_unknown_end(*run, "rollback", path, sheet);
      check_confinement(*run, service.deploy_lock, path, sheet);
    }
    if (const auto* watch = std::get_if<WatchStep>(&step.kind)) check_watch(*watch, path, sheet);
  }
  // A step that could not be read may be the very one that is missed here.
  if (read_cleanly) check_shape(service, sheet);
}

} // namespace backstop::config
