#pragma once
#include "daemon/ctl/redact.hpp"
#include "rules/result.hpp"
#include <string>
#include <vector>

/// What `debug-bundle` puts together. Every text passes through the Redactor.
namespace backstop::ctl {

struct BundleSources {
  std::string config;
  std::string socket;   ///< empty: the one of the configuration
  std::string journal;  ///< empty: the one of the configuration
  bool programs = true; ///< ask systemctl and journalctl
};

struct BundleFile {
  std::string name; ///< "proc/meminfo"
  std::string text;
};

struct Bundle {
  std::vector<BundleFile> files;
  std::vector<std::string> missing; ///< "status.json: the daemon does not answer: ..."
};

Bundle collect_bundle(const BundleSources& sources);

/// The parts of the host: /proc, units, log. Not redacted yet.
void collect_host(Bundle& bundle, const std::string& daemon_pid, bool programs);

/// All files of `bundle` in `file` (a .tar.gz of mode 0600), or, where there is no tar, in a folder named like it. Gives
/// what was made. Errc::invalid where it is there already.
Result<std::string> write_bundle(const Bundle& bundle, const std::string& file);

} // namespace backstop::ctl
