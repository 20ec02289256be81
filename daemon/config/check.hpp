#pragma once
#include "daemon/config/config.hpp"
#include "daemon/config/mapping.hpp"
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
/// What needs all files: channel names, a service written twice, cycles in depends_on.
void check_together(const Daemon& daemon, std::vector<LoadedService>& services);

// a part of check_daemon
void check_channels(const Daemon& daemon, Sheet& sheet);
// parts of check_service
/// Whether indicators and queries fit together.
void check_promql(const Service& service, Sheet& sheet);
void check_rules(const Service& service, Sheet& sheet);
void check_procedure(const Service& service, Sheet& sheet, bool read_cleanly);
/// `path` is that of the step.
void check_confinement(const RunStep& run, const std::string& deploy_lock, const std::string& path, Sheet& sheet);

} // namespace backstop::config
