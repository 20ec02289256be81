#include "daemon/ctl/bundle.hpp"
#include "daemon/ctl/program.hpp"
#include "daemon/io/files.hpp"
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <system_error>

namespace backstop::ctl {
namespace {

constexpr Duration kProgram = std::chrono::seconds(20);
constexpr std::size_t kProcBytes = std::size_t{1} << 20;

void add_file(Bundle& bundle, const std::string& name, const std::string& path) {
  if (Result<std::string> text = read_file(path, kProcBytes))
    bundle.files.push_back({name, *std::move(text)});
  else
    bundle.missing.push_back(name + ": " + text.error().what);
}

void add_output(Bundle& bundle, const std::string& name, const std::vector<std::string>& argv) {
  if (Result<std::string> text = output_of(argv, kProgram))
    bundle.files.push_back({name, *std::move(text)});
  else
    bundle.missing.push_back(name + ": " + text.error().what);
}

void add_process(Bundle& bundle, const std::string& pid) {
  const bool is_pid =
      !pid.empty() && std::all_of(pid.begin(), pid.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  std::string name = is_pid ? read_file("/proc/" + pid + "/comm", 64).value_or("") : "";
  if (name != "backstopd\n") return bundle.missing.push_back("daemon/: no backstopd runs on this journal");
  // Never its environment.
  for (const char* file : {"status", "limits", "io", "cgroup", "oom_score"})
    add_file(bundle, std::string("daemon/") + file, "/proc/" + pid + "/" + file);
  std::error_code error;
  std::size_t open = 0;
  for (auto it = std::filesystem::directory_iterator("/proc/" + pid + "/fd", error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error))
    ++open;
  if (error)
    bundle.missing.push_back("daemon/fds: " + error.message());
  else
    bundle.files.push_back({"daemon/fds", std::to_string(open) + " open\n"});
}

} // namespace

void collect_host(Bundle& bundle, const std::string& daemon_pid, bool programs) {
  for (const char* file :
       {"version", "meminfo", "loadavg", "uptime", "stat", "mounts", "pressure/cpu", "pressure/memory", "pressure/io"})
    add_file(bundle, std::string("proc/") + file, std::string("/proc/") + file);
  add_file(bundle, "os-release", "/etc/os-release");
  add_process(bundle, daemon_pid);
  if (!programs) return;
  // Named properties alone: Environment= may hold secrets.
  add_output(bundle, "units.txt",
             {"systemctl", "show", "--no-pager",
              "--property=Id,LoadState,ActiveState,SubState,Result,NRestarts,StatusText,ExecMainStartTimestamp,"
              "ExecMainExitTimestamp,ExecMainCode,ExecMainStatus,MainPID,MemoryCurrent,MemoryPeak,TasksCurrent,"
              "CPUUsageNSec,UnitFileState,FragmentPath,DropInPaths,WatchdogTimestamp",
              "backstopd.service", "backstopd.socket", "backstop-runner.service", "backstop-runner.socket",
              "backstop-step-*.service"});
  add_output(bundle, "log.txt",
             {"journalctl", "--no-pager", "--lines=1000", "--output=short-iso", "--unit=backstopd.service",
              "--unit=backstop-runner.service", "--unit=backstop-step-*.service"});
}

} // namespace backstop::ctl
