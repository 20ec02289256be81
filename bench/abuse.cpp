/// bench_abuse ROUNDS BIN_DIR: when the steps of rollbacks start while backstopd is abused, beside when they start in
/// peace. The abuse: 10,000 requests/s to the socket and to /metrics; 2,000 connections that are silent, slow, half open
/// or deaf; bodies of 100 MB; then 400 targets of another service that hang, reset, flood, drip or send garbage. The load
/// runs at nice 10: what is shown is the daemon, not a fight for the processors. Ends with 1 if the latest step starts
/// more than 100 ms later than the latest in peace, if a descriptor is not given back, or more than 16 MiB.
#include "bench/programs.hpp"
#include "bench/rounds.hpp"
#include <memory>
#include <sys/prctl.h>

namespace {

using namespace backstop;
using namespace backstop::bench;
using namespace backstop::shop;

constexpr int kTargets = 400;
constexpr double kMostLater = 0.1;      ///< s that the latest step may start later than the latest in peace
constexpr long kMostMoreKib = 16 << 10; ///< that the daemon may hold afterwards beyond what it held before
constexpr int kObserver = 64000;        ///< uids that are nobody's; their group may see
const std::vector<std::string> kSteps = {"prepare", "execute", "settle"};

/// Delays of one phase: of the first step since its scrape was due, and of each further one since the one before began.
struct Phase {
  std::vector<double> first, further;
};

/// Another service whose targets go bad together.
std::string bulk_service(int port) {
  std::string targets;
  const std::vector<std::string> ways = {"hang", "reset", "flood", "garbage", "nonsense", "drip"};
  for (int i = 0; i < kTargets; ++i)
    targets += (i == 0 ? "" : ", ") + std::string("{url: \"http://127.0.0.1:") + std::to_string(port) + "/" +
               ways[static_cast<std::size_t>(i) % ways.size()] + "/" + std::to_string(i) + "\"}";
  return "service: bulk\nenvironment: test\nmode: observe\njudge: {kind: table, warm_up: 0s}\nsources:\n"
         "  app: {type: prometheus, interval: 2s, timeout: 1500ms, targets: [" +
         targets +
         "]}\nindicators:\n  up: {gauge: bulk_up, source: app, aggregate: min}\n"
         "criteria:\n  - {name: down, indicator: up, critical: \"< 0\", for: 10s}\n";
}

/// Where in a second the shop is scraped, when nothing is in the way.
double grid_of(const std::vector<double>& times) {
  std::vector<double> offsets;
  for (const double t : times) offsets.push_back(std::fmod(t - times.front() + 0.5, 1) - 0.5);
  return times.front() + quantile(offsets, 0.5);
}

bool rounds(World& w, int count, int& number, Phase& phase, std::optional<double>& grid) {
  for (int i = 0; i < count; ++i) {
    w.target.switch_at_now(false);
    const std::string id = begin_deployment(w, "v" + std::to_string(++number) + "-bad");
    if (id.empty()) return false;
    const auto wrong = [&](const char* what) {
      std::printf("%s %s: %s\n", id.c_str(), what, w.ask("GET", "/v1/deployments/" + id).dump(1).c_str());
      return false;
    };
    std::this_thread::sleep_for(milliseconds(2500 + std::uniform_int_distribution<int>(0, 999)(w.random)));
    if (!grid) grid = grid_of(w.target.scraped_at());
    w.target.switch_at_now(true);
    if (!w.until([&] { return started_at(w, id, kSteps.back()) > 0; }, milliseconds(30000)))
      return wrong("is not rolled back");
    double before = started_at(w, id, kSteps[0]);
    double scraped = 0;
    for (const double t : w.target.scraped_at()) scraped = t < before ? t : scraped;
    // Late is also what was scraped late: counted from the second of the grid in which the scrape falls.
    phase.first.push_back(before - (*grid + std::floor(scraped - *grid + 0.1)));
    for (std::size_t s = 1; s < kSteps.size(); ++s)
      phase.further.push_back(started_at(w, id, kSteps[s]) - std::exchange(before, started_at(w, id, kSteps[s])));
    w.target.switch_at_now(false);
    if (!w.until([&] { return w.ask("GET", "/v1/deployments/" + id)["deployment"].flag("final"); },
                 milliseconds(30000)))
      return false;
  }
  return true;
}

bool print_delays(const char* what, const std::vector<double>& quiet, const std::vector<double>& control,
                  const std::vector<double>& targets) {
  std::printf("%-26s", what);
  for (const auto* delays : {&quiet, &control, &targets})
    std::printf("  %7.1f /%7.1f", quantile(*delays, 0.5) * 1e3, quantile(*delays, 1) * 1e3);
  const double later = std::max(quantile(control, 1), quantile(targets, 1)) - quantile(quiet, 1);
  std::printf("   %+.1f\n", later * 1e3);
  return later <= kMostLater;
}

bool print_held(const char* what, const Held& before, const Held& after) {
  std::printf("%-26s  %6ld / %6ld KiB resident, %6ld / %6ld KiB anonymous, %4ld / %4ld descriptors\n", what,
              before.resident_kib, after.resident_kib, before.anonymous_kib, after.anonymous_kib, before.descriptors,
              after.descriptors);
  return after.anonymous_kib <= before.anonymous_kib + kMostMoreKib && after.descriptors <= before.descriptors;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 3 || ::geteuid() != 0) {
    std::fprintf(stderr, "usage: bench_abuse ROUNDS BIN_DIR, as root: those who abuse it are other users\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  const std::string bin = argv[2];
  const int count = std::atoi(argv[1]);
  Settings settings = one_second_settings(bin);
  settings.stamped = kSteps;
  settings.observers = "nogroup";
  World w(settings);
  ::chmod(w.dir.c_str(), 0755);
  w.bin = bin;
  w.prepare();
  Program bad({bin + "/bench_bad_targets"});
  write_file(w.dir + "/services.d/bulk.yaml", bulk_service(std::atoi(bad.line().c_str())));
  w.before_exec = [] { return ::prctl(PR_SET_PDEATHSIG, SIGTERM) == 0; };
  w.start();
  if (!adopted(w)) {
    std::printf("backstopd did not start:\n%s\n", read_text(w.dir + "/daemon.log").c_str());
    return 1;
  }
  const std::string log = read_text(w.dir + "/daemon.log"), mark = "metrics on port ";
  const std::string port = std::to_string(std::atoi(log.c_str() + log.find(mark) + mark.size()));
  const std::string socket = w.dir + "/control.sock";
  std::this_thread::sleep_for(std::chrono::seconds(5));

  int number = 0;
  std::optional<double> grid;
  Phase quiet, control, targets;
  const auto failed = [&](const char* when) {
    std::printf("a round %s did not begin, or did not end in a rollback\n", when);
    w.kill_daemon(SIGTERM);
    return 1;
  };
  if (!rounds(w, count, number, quiet, grid)) return failed("in peace");
  const Held before = held_by(w.daemon);

  std::vector<std::pair<const char*, std::unique_ptr<Program>>> load;
  const auto add = [&](const char* what, int uid, std::vector<std::string> words) {
    words.insert(words.begin(), bin + "/bench_load");
    words.insert(words.begin() + 3, {std::to_string(uid), "3600"});
    load.emplace_back(what, std::make_unique<Program>(words));
  };
  add("flood of the socket", kObserver, {"flood", socket, "10000"});
  add("flood of /metrics", kObserver + 1, {"flood", port, "10000", "/metrics"});
  add("crowd", kObserver + 2, {"crowd", socket, "2000"});
  add("bodies of 100 MB", kObserver + 3, {"bodies", socket, "16"});
  add("another observer", kObserver + 4, {"user", socket, "5"});
  add("root", 0, {"user", socket, "5"});
  std::this_thread::sleep_for(std::chrono::seconds(2));
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const bool under_control = rounds(w, count, number, control, grid);
  const Held during = held_by(w.daemon);
  std::printf("while the control socket and /metrics are abused:\n");
  for (auto& [what, program] : load) std::printf("  %-22s %s\n", what, program->end().c_str());
  load.clear();
  if (!under_control) return failed("under load");
  std::this_thread::sleep_for(std::chrono::seconds(15)); // the half-open ones are cut after 10 s
  const Held after_control = held_by(w.daemon);

  bad.tell("b");
  std::this_thread::sleep_for(std::chrono::seconds(4));
  if (!rounds(w, count, number, targets, grid)) return failed("beside bad targets");
  const Held bad_held = held_by(w.daemon);
  bad.tell("g");
  std::this_thread::sleep_for(std::chrono::seconds(10));
  const Held after_targets = held_by(w.daemon);

  std::printf("\n%d rollbacks each, ms, median / most%19s %17s %17s   later at most\n", count, "in peace",
              "control abused", "400 bad targets");
  bool good = print_delays("scrape due -> first step", quiet.first, control.first, targets.first);
  good = print_delays("step -> next step", quiet.further, control.further, targets.further) && good;
  std::printf("\nbefore / while or after it:\n");
  (void)print_held("control abused", before, during);
  good = print_held("15 s later", before, after_control) && good;
  (void)print_held("400 bad targets", before, bad_held);
  good = print_held("10 s later", before, after_targets) && good;
  std::printf("\n%s: at most 100 ms later, 16 MiB more, no descriptor more\n", good ? "holds" : "DOES NOT HOLD");
  w.kill_daemon(SIGTERM);
  return good ? 0 : 1;
}
