/// bench_soak MINUTES BIN_DIR: backstopd at 20 times the normal rate: does what it holds stay where it is? Slopes are
/// fitted by least squares after the first minute. Flat is: anonymous memory and descriptors grow by no more than is said
/// below. The journal grows with what is recorded, and the recorder up to its bound: both are shown and not judged. Ends
/// with 1 when it is not flat, or when a deployment does not end.
#include "bench/programs.hpp"
#include "bench/rounds.hpp"
#include <atomic>
#include <memory>
#include <sys/prctl.h>

namespace {

using namespace backstop;
using namespace backstop::bench;
using namespace backstop::shop;

// Normal is: a scrape a second, a request a second, and a deployment every five minutes, of which one in four is bad.
constexpr const char* kScrapeEvery = "100ms"; ///< beside it, 10 sources more at 1 s: 20 scrapes/s
constexpr int kMoreTargets = 10;
constexpr double kRequestsPerS = 20;
constexpr double kDeployEvery = 15;
constexpr double kSampleEvery = 5;
constexpr double kWarmUp = 60; ///< s: histories and windows fill

// What counts as flat. Beside it the daemon keeps each deployment in memory, as its records are kept for ever.
constexpr double kKibPerDeployment = 24; ///< of anonymous memory
constexpr double kKibPerMinute = 64;     ///< of anonymous memory, beyond that
constexpr double kFdsPerMinute = 0.2;

struct Sample {
  double t = 0; ///< s since the begin
  Held held;
  long journal_kib = 0, recorder_kib = 0;
  int deployments = 0;
};

long size_kib(const std::string& path) {
  long sum = 0;
  for (const char* end : {"", "-wal"}) {
    std::error_code none;
    const auto size = std::filesystem::file_size(path + end, none);
    if (!none) sum += static_cast<long>(size >> 10);
  }
  return sum;
}

/// Growth a minute: least squares over `of`, after the warm-up.
template <class Of> double slope_per_minute(const std::vector<Sample>& samples, Of of) {
  double n = 0, st = 0, sv = 0, stt = 0, stv = 0;
  for (const Sample& s : samples) {
    if (s.t < kWarmUp) continue;
    const double t = s.t / 60, v = static_cast<double>(of(s));
    n += 1, st += t, sv += v, stt += t * t, stv += t * v;
  }
  const double spread = n * stt - st * st;
  return spread > 0 ? (n * stv - st * sv) / spread : 0;
}

std::string more_sources(int port) {
  std::string targets;
  for (int i = 0; i < kMoreTargets; ++i)
    targets += (i == 0 ? "" : ", ") + std::string("{url: \"http://127.0.0.1:") + std::to_string(port) + "/" +
               std::to_string(i) + "\"}";
  return "service: bulk\nenvironment: test\nmode: observe\njudge: {kind: table, warm_up: 0s}\nsources:\n"
         "  app: {type: prometheus, interval: 1s, timeout: 800ms, targets: [" +
         targets +
         "]}\nindicators:\n  up: {gauge: bulk_up, source: app, aggregate: min}\n"
         "criteria:\n  - {name: down, indicator: up, critical: \"< 0\", for: 10s}\n";
}

/// One deployment: a good one is aborted after a while, a bad one is rolled back. False: it did not end.
bool deploy(World& w, int number) {
  const bool bad = number % 4 == 0;
  const std::string id = begin_deployment(w, "v" + std::to_string(number) + (bad ? "-bad" : "-good"));
  if (id.empty()) return false;
  if (bad) {
    w.target.switch_at_now(true);
    const bool ran = w.until([&] { return started_at(w, id, "execute") > 0; }, milliseconds(30000));
    w.target.switch_at_now(false);
    if (!ran) return false;
  } else {
    std::this_thread::sleep_for(milliseconds(2000));
    w.ask("POST", "/v1/deployments/" + id + "/abort", R"({"reason":"soak"})");
    w.ask("POST", "/v1/adopt", R"({"service":"shop","version":"v0-good","reason":"soak"})");
  }
  return w.until([&] { return w.ask("GET", "/v1/deployments/" + id)["deployment"].flag("final"); },
                 milliseconds(30000));
}

void print_row(const char* when, const Sample& s) {
  std::printf("%8s %10ld %10ld %6ld %10ld %10ld %8d\n", when, s.held.resident_kib, s.held.anonymous_kib,
              s.held.descriptors, s.journal_kib, s.recorder_kib, s.deployments);
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: bench_soak MINUTES BIN_DIR\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const std::string bin = argv[2];
  const double minutes = std::atof(argv[1]);
  Settings settings = one_second_settings(bin);
  settings.interval = kScrapeEvery, settings.timeout = "90ms", settings.min_requests = 20;
  World w(settings);
  w.bin = bin;
  w.before_exec = [] { return ::prctl(PR_SET_PDEATHSIG, SIGTERM) == 0; };
  w.prepare();
  Program targets({bin + "/bench_bad_targets"}); // good ones here
  write_file(w.dir + "/services.d/bulk.yaml", more_sources(std::atoi(targets.line().c_str())));
  w.start();
  if (!adopted(w)) {
    std::printf("backstopd did not start:\n%s\n", read_text(w.dir + "/daemon.log").c_str());
    return 1;
  }
  Program requests(
      {bin + "/bench_load", "user", w.dir + "/control.sock", "0", "360000", std::to_string(kRequestsPerS)});

  std::vector<Sample> samples;
  std::printf("%8s %10s %10s %6s %10s %10s %8s   (KiB)\n", "minute", "resident", "anonymous", "fds", "journal",
              "recorder", "deploys");
  std::atomic<int> deployments = 0;
  std::atomic<bool> over = false, stuck = false;
  std::thread deploying([&] {
    for (double next = wall_now(); !over && !stuck; next += kDeployEvery) {
      while (!over && wall_now() < next) std::this_thread::sleep_for(milliseconds(50));
      if (over) return;
      if (!deploy(w, deployments + 1)) stuck = true;
      ++deployments;
    }
  });
  const double begin = wall_now();
  for (double next = 0; next <= minutes * 60 && !stuck; next += kSampleEvery) {
    while (wall_now() - begin < next) std::this_thread::sleep_for(milliseconds(20));
    samples.push_back({wall_now() - begin, held_by(w.daemon), size_kib(w.dir + "/journal.db"),
                       size_kib(w.dir + "/recorder.db"), deployments});
    if (std::fmod(next, 60) < kSampleEvery)
      print_row(std::to_string(static_cast<int>(next / 60)).c_str(), samples.back());
  }
  over = true;
  deploying.join();
  std::printf("requests: %s\n", requests.end().c_str());
  if (stuck)
    std::printf("deployment %d did not end:\n%s\n", deployments.load(), w.ask("GET", "/v1/status").dump(1).c_str());

  const double per_minute = slope_per_minute(samples, [](const Sample& s) { return s.deployments; });
  const double anonymous = slope_per_minute(samples, [](const Sample& s) { return s.held.anonymous_kib; });
  const double resident = slope_per_minute(samples, [](const Sample& s) { return s.held.resident_kib; });
  const double fds = slope_per_minute(samples, [](const Sample& s) { return s.held.descriptors; });
  const double journal = slope_per_minute(samples, [](const Sample& s) { return s.journal_kib; });
  const double allowed = kKibPerMinute + kKibPerDeployment * per_minute;
  std::printf(
      "\na minute, after the first: resident %+.0f KiB, anonymous %+.0f KiB (flat: at most %.0f), descriptors %+.2f "
      "(flat: at most %.1f), journal %+.0f KiB, %.1f deployments\n",
      resident, anonymous, allowed, fds, kFdsPerMinute, journal, per_minute);
  const bool flat = !stuck && samples.back().t > kWarmUp && anonymous <= allowed && fds <= kFdsPerMinute;
  std::printf("%s\n", flat ? "flat" : "NOT FLAT");
  w.kill_daemon(SIGTERM);
  return flat ? 0 : 1;
}
