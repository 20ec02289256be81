#pragma once
#include "daemon/config/config.hpp"
#include "daemon/config/mapping.hpp"
#include "daemon/config/placeholders.hpp"
#include <string>
#include <string_view>
#include <vector>

/// What the reader cannot see in one value: whether the configuration makes sense. Faults and warnings go into the
/// sheet, at the place of the value they are about.
namespace backstop::config {

struct LoadedService {
  Service service;
  Sheet sheet;
};

void check_daemon(const Daemon& daemon, Sheet& sheet);
/// All that can be said of one service alone.
void check_service(const Service& service, Sheet& sheet);
/// What needs all files: names of channels, roles that sign, a service written twice, cycles in depends_on.
void check_together(const Daemon& daemon, std::vector<LoadedService>& services);

// parts of check_daemon
void check_channels(const Daemon& daemon, Sheet& sheet);
void check_page(const Page& page, Sheet& sheet);
// parts of check_service
/// Whether indicators and queries fit together.
void check_promql(const Service& service, Sheet& sheet);
void check_rules(const Service& service, Sheet& sheet);
void check_procedure(const Service& service, Sheet& sheet, bool read_cleanly);
void check_traffic(const Service& service, Sheet& sheet);
void check_plan(const Service& service, Sheet& sheet, bool read_cleanly);
void check_gates(const Service& service, Sheet& sheet);
/// Some step of the plan moves traffic: then that is the way back too.
bool moves_traffic(const Plan& plan);
/// Where a step of a plan stands in the file: "plan[1].steps[2].steps[0]", of a ready plan "plan.steps.NAME".
std::string place_of(const Plan& plan, std::string_view step_path, std::string_view name);

// of commands
using KnownPlaceholders = std::vector<std::string_view>;
/// When a deployment begins.
inline const KnownPlaceholders kAtBegin{"service", "environment", "version", "previous_version", "deployment"};
/// An absolute program, and placeholders that are known there. `path` is that of the list.
void check_argv(const std::vector<std::string>& argv, const KnownPlaceholders& allowed, const std::string& path,
                Sheet& sheet);
/// A command with its check, without its preflight.
void check_run(const RunStep& run, const KnownPlaceholders& allowed, const std::string& path, Sheet& sheet);
/// A warning where nobody could tell after a crash whether it was done. `procedure`: what would wait, "rollback".
void warn_unknown_end(const RunStep& run, std::string_view procedure, const std::string& path, Sheet& sheet);
/// `path` is that of the step.
void check_confinement(const RunStep& run, const std::string& deploy_lock, const std::string& path, Sheet& sheet);

} // namespace backstop::config
