/// bench_detection ROUNDS BIN_DIR: from the moment the service starts failing to the first instruction of `execute`.
#include "bench/rounds.hpp"
#include <cstdio>
#include <sys/resource.h>
#include <time.h>

namespace {

using namespace backstop;
using namespace backstop::shop;
using namespace backstop::bench;

double cpu_seconds(pid_t pid) {
  std::string stat = read_text("/proc/" + std::to_string(pid) + "/stat");
  std::istringstream in(stat.substr(stat.rfind(')') + 2));
  std::string word;
  double ticks = 0;
  for (int field = 3; in >> word && field <= 15; ++field) {
    if (field >= 14) ticks += std::atof(word.c_str());
  }
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

struct Round {
  double to_execute = 0;   ///< failing → first instruction
  double after_sample = 0; ///< deciding sample arrived → first instruction
};

double epoch_of(const Json& iso) { // "2026-01-31T10:00:00.123Z"
  tm t{};
  const std::string text = iso.as_string() ? *iso.as_string() : "";
  const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &t);
  return rest ? static_cast<double>(::timegm(&t)) + std::atof(rest) : 0;
}

bool run_round(World& w, int round, std::vector<Round>& rounds) {
  const std::string id = begin_deployment(w, "v" + std::to_string(round) + "-bad");
  if (id.empty()) return false;
  // Any instant between two scrapes is as likely as another.
  std::this_thread::sleep_for(milliseconds(2500 + std::uniform_int_distribution<int>(0, 999)(w.random)));
  const double failing = wall_now();
  w.target.switch_at_now(true);
  const bool ran = w.until([&] { return read_text(w.dir + "/steps.log").find(id + " execute ") != std::string::npos; },
                           milliseconds(30000));
  if (!ran) return false;
  const double first = started_at(w, id, "execute");
  w.target.switch_at_now(false);
  w.until([&] { return w.ask("GET", "/v1/deployments/" + id)["deployment"].flag("final"); }, milliseconds(30000));
  if (std::getenv("BENCH_TIMELINE")) {
    const Json shown = w.ask("GET", "/v1/deployments/" + id);
    for (const Json& e : *shown["deployment"]["timeline"].as_array())
      std::printf("    %s %s\n", e.text("at").c_str(), e.text("text").c_str());
    std::printf("    first instruction %.3f\n", first);
  }
  const double arrived = epoch_of(w.ask("GET", "/v1/explain/" + id)["decision"]["sample_arrived"]);
  rounds.push_back({first - failing, first - arrived});
  return true;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: bench_detection ROUNDS BIN_DIR\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  Settings settings = one_second_settings(argv[2]);
  World w(settings);
  w.bin = argv[2];
  w.prepare();
  w.start();
  if (!adopted(w)) return 1;
  std::this_thread::sleep_for(std::chrono::seconds(5));
  const double cpu_before = cpu_seconds(w.daemon);
  std::this_thread::sleep_for(std::chrono::seconds(20));
  const double idle = (cpu_seconds(w.daemon) - cpu_before) / 20;
  std::vector<Round> rounds;
  for (int i = 1; i <= std::atoi(argv[1]); ++i) {
    if (!run_round(w, i, rounds)) {
      std::printf("round %d did not end in a rollback:\n%s\n", i, w.ask("GET", "/v1/status").dump(1).c_str());
      w.kill_daemon(SIGTERM);
      return 1;
    }
    std::printf("%d: %.3f s, of it %.1f ms after the deciding sample\n", i, rounds.back().to_execute,
                rounds.back().after_sample * 1e3);
    std::fflush(stdout);
  }
  std::vector<double> total, after;
  for (const Round& r : rounds) total.push_back(r.to_execute), after.push_back(r.after_sample);
  std::printf("\nfailing service -> first instruction of execute, %zu rounds, 200 requests/s, errors 0.5 %% -> 20 %%, "
              "line 5 %%, scrape 1 s, window 1 s, for 0s\n",
              rounds.size());
  std::printf("%-34s %8s %8s %8s\n", "", "median", "p95", "most");
  std::printf("%-34s %7.3fs %7.3fs %7.3fs\n", "measured", quantile(total, 0.5), quantile(total, 0.95),
              quantile(total, 1));
  std::printf("%-34s %7.3fs %8s %7.3fs\n", "theory (phi n + k - 1/2) T", 0.731, "", 1.231);
  std::printf("%-34s %6.1fms %6.1fms %6.1fms\n", "after the deciding sample arrived", quantile(after, 0.5) * 1e3,
              quantile(after, 0.95) * 1e3, quantile(after, 1) * 1e3);
  std::printf("memory: resident %.1f MiB, anonymous %.1f MiB; idle CPU at 1 s: %.2f %% of a core\n",
              static_cast<double>(kib(w.daemon, "smaps_rollup", "Rss:")) / 1024.0,
              static_cast<double>(kib(w.daemon, "smaps_rollup", "Anonymous:")) / 1024.0, idle * 100);
  w.kill_daemon(SIGTERM);
  return 0;
}
