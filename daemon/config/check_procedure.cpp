#include "daemon/config/check.hpp"
#include "daemon/config/keys.hpp"
#include "daemon/config/placeholders.hpp"
#include "daemon/config/text_check.hpp"
#include <algorithm>
#include <fmt/format.h>
#include <map>

/// Procedures and the commands of a service.
namespace backstop::config {

namespace {

void check_argv(const std::vector<std::string>& argv, const std::vector<std::string_view>& allowed,
                const std::string& path, Sheet& sheet) {
  if (argv.empty()) return; // the reader said so
  const auto fault = [&](std::size_t i, std::string_view what, std::string_view how) {
    const std::string at = fmt::format("{}.argv[{}]", path, i);
    sheet.fault(sheet.places.of(at), fmt::format("{}: {}", at, what), how);
  };
  if (argv[0].empty() || argv[0].front() != '/')
    fault(0, fmt::format("\"{}\" is no absolute path", shortened(argv[0])), "no PATH is searched: write it from / on");
  for (std::size_t i = 0; i < argv.size(); ++i) {
    for (const std::string_view name : placeholders_in(argv[i])) {
      if (std::find(allowed.begin(), allowed.end(), name) != allowed.end()) continue;
      const bool elsewhere = std::find(kPlaceholders.begin(), kPlaceholders.end(), name) != kPlaceholders.end();
      fault(i,
            fmt::format("{} \"{{{}}}\"{}", elsewhere ? "the placeholder" : "unknown placeholder", shortened(name),
                        elsewhere ? " has no value yet at this point" : ""),
            elsewhere ? fmt::format("known here: {}", fmt::join(allowed, ", "))
                      : suggestion(name, allowed, "placeholders"));
    }
    if (argv[i].find('\0') != std::string::npos) fault(i, "a NUL character", "take it out");
  }
}

const std::vector<std::string_view> kAll(kPlaceholders.begin(), kPlaceholders.end());
const std::vector<std::string_view> kAtBegin{"service", "environment", "version", "previous_version", "deployment"};
const std::vector<std::string_view> kOfService{"service", "environment"};

void check_run(const RunStep& run, const std::string& path, Sheet& sheet) {
  check_argv(run.argv, kAll, path, sheet);
  if (run.check) check_argv(run.check->argv, kAll, path + ".check", sheet);
  if (run.preflight) check_argv(run.preflight->argv, kAtBegin, path + ".preflight", sheet);
  for (const auto& [name, value] : run.environment)
    if (!placeholders_in(value).empty())
      sheet.warn(sheet.places.of(path + ".env." + name),
                 fmt::format("{}.env.{}: placeholders are replaced in arguments only", path, name),
                 "the same values are in BACKSTOP_VERSION and so on");
  if (run.on_unknown == OnUnknown::verify && !run.check)
    sheet.fault(sheet.places.of(path + ".on_unknown"), path + ".on_unknown: nothing says how to verify",
                "add check: {argv: [...]}, or write rerun or escalate");
  if (!run.check && run.on_unknown == OnUnknown::escalate)
    sheet.warn(sheet.places.of(path),
               path + ": no check: if the host goes down while it runs, the rollback stops and waits for a person",
               "add check: {argv: [...]}, or on_unknown: rerun if running it twice does no harm");
}

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

/// A service that never acts needs no procedure; any other one that can undo something, and prove it.
void check_shape(const Service& service, Sheet& sheet) {
  const std::string path = "procedures.rollback";
  const auto fault = [&](std::string_view what, std::string_view how) {
    sheet.fault(sheet.places.of(path), fmt::format("{}: {}", path, what), how);
  };
  if (service.mode == Mode::observe) return;
  if (service.rollback.empty())
    return fault("there is no way back", "write the steps, or mode: observe if nothing is ever to be undone");
  const Shape shape = shape_of(service.rollback);
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

std::vector<std::string_view> placeholders_in(std::string_view text) {
  std::vector<std::string_view> names;
  for (auto open = text.find('{'); open != std::string_view::npos; open = text.find('{', open + 1)) {
    const auto close = text.find('}', open);
    if (close == std::string_view::npos) break;
    const std::string_view name = text.substr(open + 1, close - open - 1);
    if (!name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos)
      names.push_back(name);
  }
  return names;
}

void check_procedure(const Service& service, Sheet& sheet, bool read_cleanly) {
  if (service.running_version) check_argv(service.running_version->argv, kOfService, "running_version", sheet);
  check_names(service, sheet);
  for (std::size_t i = 0; i < service.rollback.size(); ++i) {
    const Step& step = service.rollback[i];
    const std::string path = fmt::format("procedures.rollback[{}]", i);
    if (const auto* run = std::get_if<RunStep>(&step.kind)) {
      check_run(*run, path, sheet);
      check_confinement(*run, service.deploy_lock, path, sheet);
    }
    if (const auto* watch = std::get_if<WatchStep>(&step.kind)) check_watch(*watch, path, sheet);
  }
  // A step that could not be read may be the very one that is missed here.
  if (read_cleanly) check_shape(service, sheet);
}

} // namespace backstop::config
