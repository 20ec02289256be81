#include "daemon/config/read.hpp"
#include "daemon/io/event_loop.hpp"
#include "daemon/io/files.hpp"
#include "daemon/io/runtime.hpp"
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>

namespace {

constexpr const char* kVersion = BACKSTOP_VERSION;

struct Arguments {
  std::string config = "/etc/backstop/backstop.yaml";
  std::string step_supervisor;
  std::string runner_socket = "/run/backstop-runner/socket";
  std::string runner_state = "/var/lib/backstop-runner";
};

/// backstop-step lies beside backstopd when built, in libexec when packaged.
std::string default_supervisor() {
  std::error_code ignored;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
  for (const auto& candidate : {self / "backstop-step", self.parent_path() / "libexec/backstop/backstop-step"}) {
    if (::access(candidate.c_str(), X_OK) == 0) return candidate.string();
  }
  return "/usr/libexec/backstop/backstop-step";
}

int run(const Arguments& arguments) {
  using namespace backstop;
  config::LoadOutcome loaded = config::load(arguments.config, config_files());
  for (const config::Fault& fault : loaded.faults) std::fprintf(stderr, "%s\n", config::text_of(fault).c_str());
  if (!loaded.ok()) {
    std::fprintf(stderr, "backstopd: the configuration has %zu fault%s; nothing was started\n", loaded.faults.size(),
                 loaded.faults.size() == 1 ? "" : "s");
    return 1;
  }
  for (const config::Fault& w : std::exchange(loaded.warnings, {}))
    std::fprintf(stderr, "warning: %s\n", config::text_of(w).c_str());
  block_signals();
  Runtime::Options options{arguments.config, kVersion,
                           arguments.step_supervisor.empty() ? default_supervisor() : arguments.step_supervisor,
                           arguments.runner_socket, arguments.runner_state};
  Result<std::unique_ptr<Runtime>> runtime = Runtime::create(std::move(loaded.config), options);
  if (!runtime) {
    std::fprintf(stderr, "backstopd: %s\n", runtime.error().what.c_str());
    return 1;
  }
  return (*runtime)->run();
}

} // namespace

int main(int argc, char** argv) {
  // Large answers are given back to the system when they are read. Left alone, glibc raises this limit with the first one
  // to up to 32 MiB, and a round of floods from bad targets stays in the heap.
  constexpr int own_mapping_from = 128 << 10;
  mallopt(M_MMAP_THRESHOLD, own_mapping_from);
  CLI::App app{
      "backstopd stands behind every deployment on this host: it watches the new version, and rolls back when a "
      "critical limit is crossed.\nTalk to it with backstopctl.",
      "backstopd"};
  Arguments arguments;
  app.add_option("--config", arguments.config, "Configuration file")->capture_default_str();
  app.add_option("--step-supervisor", arguments.step_supervisor,
                 "Path of backstop-step (default: found beside backstopd)");
  app.add_option("--runner-socket", arguments.runner_socket,
                 "Socket of backstop-runner; where it is there, steps run as systemd units")
      ->capture_default_str();
  app.add_option("--runner-state", arguments.runner_state, "State directory of backstop-runner")->capture_default_str();
  app.set_version_flag("--version", std::string("backstopd ") + kVersion);
  CLI11_PARSE(app, argc, argv);
  try {
    return run(arguments);
  } catch (const std::exception& e) {
    // A bug: end, so that the service manager starts us again and recovery goes on from the records.
    std::fprintf(stderr, "backstopd: unexpected: %s\n", e.what());
    return 70;
  }
}
