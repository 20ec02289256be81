/// bench_step_start ROUNDS BUILD_DIR: from the decision to start a step to the first instruction of its command, and to the
/// moment when its outcome is known. As a child process and as a unit, in turn. Only inside tests/system/boot-systemd.
#include "daemon/io/child_step_runner.hpp"
#include "daemon/io/unit_step_runner.hpp"
#include "daemon/record.hpp"
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sys/stat.h>
#include <time.h>

namespace {

using namespace backstop;

/// ms
double now() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
}

double quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<std::size_t>(q * static_cast<double>(values.size())))];
}

struct Way {
  const char* name;
  StepRunner* runner;
  StepCommand command;
  std::vector<double> to_main, to_outcome;
};

/// The shop's file, whose steps 1, 2 and 3 are the same command in the three sandboxes.
std::string service_file(const std::string& stamp) {
  std::string text = "service: bench\nsources: {app: {type: prometheus, targets: [{url: \"http://127.0.0.1:1/m\"}]}}\n"
                     "indicators: {error_rate: {ratio: {source: app, errors: 'r{code=\"500\"}', total: r}}}\n"
                     "thresholds: {use: standard}\nprocedures:\n  rollback:\n";
  for (const char* sandbox : {"none", "standard", "strict"})
    text += std::string("    - {name: ") + sandbox + ", kind: run, on_unknown: rerun, sandbox: " + sandbox +
            ", argv: [" + stamp + "]}\n";
  return text + "    - {name: verify, kind: watch}\n";
}

/// Installs what was built, and has its runner wait on its socket. False: it cannot be.
bool install(const std::string& build, const std::string& service) {
  ::mkdir("/etc/backstop", 0755), ::mkdir("/etc/backstop/services.d", 0755);
  std::ofstream("/etc/backstop/backstop.yaml") << "metrics: {listen: \"127.0.0.1:0\"}\n";
  std::ofstream("/etc/backstop/services.d/bench.yaml") << service;
  const std::string commands = "cmake --install '" + build +
                               "' --prefix /usr >/dev/null && systemd-sysusers && "
                               "systemd-tmpfiles --create && systemctl daemon-reload && "
                               "systemctl start backstop-runner.socket && mkdir -p /var/lib/backstop-bench";
  return std::system(commands.c_str()) == 0; // NOLINT(cert-env33-c): our own words
}

bool measure(EventLoop& loop, Way& way, int round) {
  const StepKey key{"D" + std::to_string(round), "rollback", way.command.order.step, 1};
  bool ended = false;
  StepOutcome outcome;
  way.runner->on_finished = [&](const StepKey&, const StepOutcome& told) { ended = true, outcome = told; };
  const double began = now();
  const Status started = way.runner->start(key, way.command);
  while (started && !ended && now() - began < 30'000) loop.run_once(std::chrono::milliseconds(100));
  const double known = now();
  if (!started || !outcome.succeeded()) {
    std::printf("%s did not run: %s%s\n", way.name, started ? "" : started.error().what.c_str(),
                outcome.detail.c_str());
    return false;
  }
  if (round == 0) return true; // warms up: pages, the bus, the files of systemd
  way.to_main.push_back(std::atof(outcome.output.c_str()) - began);
  way.to_outcome.push_back(known - began);
  return true;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 3 || std::atoi(argv[1]) < 1) {
    std::fprintf(stderr, "usage: bench_step_start ROUNDS BUILD_DIR\n");
    return 2;
  }
  const std::string build = argv[2];
  const std::string service = service_file(build + "/bin/bench_stamp");
  if (!install(build, service)) return 1;
  auto loop = *EventLoop::create();
  auto children = ChildStepRunner::create(*loop, "/var/lib/backstop-bench", "/usr/libexec/backstop/backstop-step");
  auto units = UnitStepRunner::create(*loop, "/var/lib/backstop-runner", "/run/backstop-runner/socket");
  if (!children || !units) {
    std::printf("%s\n", (children ? units.error() : children.error()).what.c_str());
    return 1;
  }
  StepCommand command;
  command.argv = {build + "/bin/bench_stamp"};
  command.timeout = std::chrono::seconds(10);
  const auto step = [&](const char* path) {
    StepCommand c = command;
    c.order = {StepOrder::Act::run,
               "bench/production",
               sha256_hex(service),
               path,
               {{"version", "v1"}, {"previous_version", "v0"}, {"deployment", "D1"}}};
    return c;
  };
  std::vector<Way> ways{{"child process", children->get(), command, {}, {}},
                        {"unit, sandbox: none", units->get(), step("1"), {}, {}},
                        {"unit, sandbox: standard", units->get(), step("2"), {}, {}},
                        {"unit, sandbox: strict", units->get(), step("3"), {}, {}}};
  for (int round = 0; round <= std::atoi(argv[1]); ++round) {
    for (Way& way : ways) {
      if (!measure(*loop, way, round)) return 1;
    }
  }
  std::printf("start of a step, %zu rounds in turn, ms\n%-26s %18s %18s %24s\n", ways[0].to_main.size(), "",
              "to main()  p95", "outcome known  p95", "times a child process");
  const double child = quantile(ways[0].to_outcome, 0.5);
  for (const Way& way : ways)
    std::printf("%-26s %12.2f %5.1f %12.2f %5.1f %24.1f\n", way.name, quantile(way.to_main, 0.5),
                quantile(way.to_main, 0.95), quantile(way.to_outcome, 0.5), quantile(way.to_outcome, 0.95),
                quantile(way.to_outcome, 0.5) / child);
  return 0;
}
