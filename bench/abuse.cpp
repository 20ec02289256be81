/// bench_abuse ROUNDS BIN_DIR [control|targets]: when the steps of rollbacks start while backstopd is abused, beside when
/// they start in peace. The abuse: 10,000 requests/s to the socket and to /metrics; 2,000 connections that are silent,
/// slow, half open or deaf; bodies of 100 MB; then 400 targets of another service that hang, reset, flood, drip or send
/// garbage. What is shown is the daemon, not a fight for the processors of a shared host: in peace too, the daemon, its
/// steps and what measures them are scheduled as SCHED_RR, before everything else on the host and before the load. How
/// long the daemon waited for a processor nevertheless is printed, and how much load there came to be. Compared are the
/// medians with each other and the latest with each other, of the same run; a few rounds say little of the latest. Ends with 1 if either is more than
/// 100 ms later than in peace, if a round is lost, if another user is not answered, if a descriptor is not given back,
/// or more than 16 MiB.
#include "bench/programs.hpp"
#include "bench/rounds.hpp"
#include <memory>
#include <sched.h>
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

/// Delays of one phase: of the deciding scrape since it was due, of the first step since its scrape was due, and of each
/// further one since the one before began.
struct Phase {
  std::vector<double> scrape, first, further;
  double seconds = 0, ran = 0, waited = 0; ///< of the daemon: on a processor, and ready to run without one
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

/// Seconds that the daemon ran, and that it waited for a processor.
std::pair<double, double> scheduled(pid_t pid) {
  double ran = 0, waited = 0;
  std::istringstream(read_text("/proc/" + std::to_string(pid) + "/schedstat")) >> ran >> waited;
  return {ran * 1e-9, waited * 1e-9};
}

/// False, told: a round did not begin, or did not end in a rollback.
bool rounds(World& w, int count, int& number, Phase& phase, std::optional<double>& grid) {
  const double begun = wall_now();
  const auto [ran, waited] = scheduled(w.daemon);
  for (int i = 0; i < count; ++i) {
    w.target.switch_at_now(false);
    const std::string id = begin_deployment(w, "v" + std::to_string(++number) + "-bad");
    const auto wrong = [&](const char* what) {
      std::printf("round %d, %s %s: %s\n", i + 1, id.c_str(), what,
                  w.ask("GET", "/v1/deployments/" + id).dump(1).c_str());
      return false;
    };
    if (id.empty()) return wrong("does not begin");
    std::this_thread::sleep_for(milliseconds(2500 + std::uniform_int_distribution<int>(0, 999)(w.random)));
    if (!grid) grid = grid_of(w.target.scraped_at());
    w.target.switch_at_now(true);
    if (!w.until([&] { return started_at(w, id, kSteps.back()) > 0; }, milliseconds(30000)))
      return wrong("is not rolled back");
    double before = started_at(w, id, kSteps[0]);
    double scraped = 0;
    for (const double t : w.target.scraped_at()) scraped = t < before ? t : scraped;
    // Late is also what was scraped late: counted from the second of the grid in which the scrape falls.
    const double due = *grid + std::floor(scraped - *grid + 0.1);
    phase.scrape.push_back(scraped - due), phase.first.push_back(before - due);
    for (std::size_t s = 1; s < kSteps.size(); ++s)
      phase.further.push_back(started_at(w, id, kSteps[s]) - std::exchange(before, started_at(w, id, kSteps[s])));
    w.target.switch_at_now(false);
    if (!w.until([&] { return w.ask("GET", "/v1/deployments/" + id)["deployment"].flag("final"); },
                 milliseconds(30000)))
      return wrong("is not over");
  }
  phase.seconds = wall_now() - begun;
  const auto [ran_now, waited_now] = scheduled(w.daemon);
  phase.ran = ran_now - ran, phase.waited = waited_now - waited;
  return true;
}

/// A column of figures for each phase, peace first; true: in none is a step later than it may be.
bool print_delays(const char* what, std::vector<double> Phase::*delays, const std::vector<const Phase*>& phases) {
  double later_median = 0, later_most = 0;
  std::printf("%-26s", what);
  for (const Phase* p : phases) {
    const double median = quantile(p->*delays, 0.5), most = quantile(p->*delays, 1);
    std::printf("  %7.1f /%7.1f", median * 1e3, most * 1e3);
    later_median = std::max(later_median, median - quantile(phases[0]->*delays, 0.5));
    later_most = std::max(later_most, most - quantile(phases[0]->*delays, 1));
  }
  std::printf("   %+7.1f /%+7.1f\n", later_median * 1e3, later_most * 1e3);
  return later_median <= kMostLater && later_most <= kMostLater;
}

void print_share(const char* what, double Phase::*seconds, const std::vector<const Phase*>& phases) {
  std::printf("%-26s", what);
  for (const Phase* p : phases) std::printf("  %14.0f %%", p->*seconds / p->seconds * 100);
  std::printf("\n");
}

bool print_held(const char* what, const Held& before, const Held& after) {
  std::printf("%-26s  %6ld / %6ld KiB resident, %6ld / %6ld KiB anonymous, %4ld / %4ld descriptors\n", what,
              before.resident_kib, after.resident_kib, before.anonymous_kib, after.anonymous_kib, before.descriptors,
              after.descriptors);
  return after.anonymous_kib <= before.anonymous_kib + kMostMoreKib && after.descriptors <= before.descriptors;
}

class Abuse {
public:
  Abuse(int count, const std::string& bin) : count_(count), world_(settings(bin)) {
    world_.bin = bin;
    ::chmod(world_.dir.c_str(), 0755);
    world_.prepare();
    bad_ = std::make_unique<Program>(std::vector<std::string>{bin + "/bench_bad_targets"});
    write_file(world_.dir + "/services.d/bulk.yaml", bulk_service(std::atoi(bad_->line().c_str())));
    world_.before_exec = [] { return ::prctl(PR_SET_PDEATHSIG, SIGTERM) == 0; };
    world_.start();
  }
  Abuse(const Abuse&) = delete;
  Abuse& operator=(const Abuse&) = delete;
  ~Abuse() { world_.kill_daemon(SIGTERM); }

  bool in_peace() {
    if (!adopted(world_)) {
      std::printf("backstopd did not start:\n%s\n", read_text(world_.dir + "/daemon.log").c_str());
      return false;
    }
    std::this_thread::sleep_for(std::chrono::seconds(5));
    if (!run("in peace", quiet_)) return false;
    before_ = held_by(world_.daemon);
    return true;
  }
  bool beside_bad_clients() {
    const std::string log = read_text(world_.dir + "/daemon.log"), mark = "metrics on port ";
    const std::string port = std::to_string(std::atoi(log.c_str() + log.find(mark) + mark.size()));
    const std::string socket = world_.dir + "/control.sock";
    std::vector<std::pair<const char*, std::unique_ptr<Program>>> load;
    const auto add = [&](const char* what, int uid, std::vector<std::string> words) {
      words.insert(words.begin(), world_.bin + "/bench_load");
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
    const bool good = run("while control socket and /metrics are abused", control_);
    during_ = held_by(world_.daemon);
    std::printf("while the control socket and /metrics are abused:\n");
    for (auto& [what, program] : load) {
      const std::string told = program->end();
      std::printf("  %-22s %s\n", what, told.c_str());
      const bool unanswered = told.find(" 0:") != std::string::npos || told.find(" -1:") != std::string::npos;
      others_answered_ = others_answered_ && !unanswered;
    }
    if (!good) return false;
    std::this_thread::sleep_for(std::chrono::seconds(15)); // the half-open ones are cut after 10 s
    after_control_ = held_by(world_.daemon);
    return true;
  }
  bool beside_bad_targets() {
    bad_->tell("b");
    std::this_thread::sleep_for(std::chrono::seconds(4));
    if (!run("beside 400 bad targets", targets_)) return false;
    beside_targets_ = held_by(world_.daemon);
    bad_->tell("g");
    std::this_thread::sleep_for(std::chrono::seconds(10));
    after_targets_ = held_by(world_.daemon);
    return true;
  }

  /// True: everything holds.
  [[nodiscard]] bool print() const {
    std::vector<const Phase*> phases = {&quiet_};
    std::printf("\n%d rollbacks each, ms, median / most%19s", count_, "in peace");
    if (control_.seconds > 0) phases.push_back(&control_), std::printf(" %17s", "control abused");
    if (targets_.seconds > 0) phases.push_back(&targets_), std::printf(" %17s", "400 bad targets");
    std::printf("      later at most\n");
    (void)print_delays("scrape due -> scraped", &Phase::scrape, phases);
    bool good = print_delays("scrape due -> first step", &Phase::first, phases);
    good = print_delays("step -> next step", &Phase::further, phases) && good;
    print_share("the daemon ran", &Phase::ran, phases);
    print_share("waited for a processor", &Phase::waited, phases);
    std::printf("\nbefore / while or after it:\n");
    if (control_.seconds > 0) {
      (void)print_held("control abused", before_, during_);
      good = print_held("15 s later", before_, after_control_) && good;
    }
    if (targets_.seconds > 0) {
      (void)print_held("400 bad targets", before_, beside_targets_);
      good = print_held("10 s later", before_, after_targets_) && good;
    }
    good = good && others_answered_;
    std::printf("\n%s: at most 100 ms later, all others answered, 16 MiB more, no descriptor more\n",
                good ? "holds" : "DOES NOT HOLD");
    return good;
  }

private:
  static Settings settings(const std::string& bin) {
    Settings s = one_second_settings(bin);
    s.stamped = kSteps;
    s.observers = "nogroup";
    return s;
  }
  bool run(const char* when, Phase& phase) {
    const bool good = rounds(world_, count_, number_, phase, grid_);
    if (!good) std::printf("a round %s did not begin, or did not end in a rollback\n", when);
    return good;
  }

  int count_, number_ = 0;
  World world_;
  std::unique_ptr<Program> bad_;
  std::optional<double> grid_;
  Phase quiet_, control_, targets_;
  Held before_, during_, after_control_, beside_targets_, after_targets_;
  bool others_answered_ = true;
};

} // namespace

int main(int argc, char** argv) {
  const std::string part = argc == 4 ? argv[3] : "";
  if (argc < 3 || argc > 4 || ::geteuid() != 0 || (argc == 4 && part != "control" && part != "targets")) {
    std::fprintf(stderr, "usage: bench_abuse ROUNDS BIN_DIR [control|targets], as root: those who abuse it are other "
                         "users\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const sched_param first{1};
  if (::sched_setscheduler(0, SCHED_RR, &first) != 0)
    std::printf("SCHED_RR is not allowed here: the rest of the host is in the figures\n");
  Abuse abuse(std::atoi(argv[1]), argv[2]);
  if (!abuse.in_peace()) return 1;
  if (part != "targets" && !abuse.beside_bad_clients()) return 1;
  if (part != "control" && !abuse.beside_bad_targets()) return 1;
  return abuse.print() ? 0 : 1;
}
