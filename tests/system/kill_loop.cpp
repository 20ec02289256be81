/// kill_loop ROLLBACKS BIN_DIR SHIM: a real backstopd rolls bad versions back, again and again, while it is killed (SIGKILL) at
/// random instants and, in some rounds, its disk is full, read-only or broken, the clock is stepped by an hour, or the host
/// goes down. Every step that is not idempotent ran at most once, none was lost, every deployment ended in a named state,
/// no deadline moved, every notice arrived. Prints a table; ends with 1 if not.
#include "tests/system/rollback_rounds.hpp"
#include <cerrno>
#include <thread>

namespace {

using namespace backstop;
using namespace backstop::shop;

enum class Fault { none, disk_full, read_only, io_errors, clock_step, reboot, last = reboot };
constexpr const char* kNames[] = {"kill -9 alone", "disk full",          "read-only file system",
                                  "I/O errors",    "clock steps of 1 h", "reboot"};

struct Half {
  Tally tally;
  std::map<std::string, int> rounds; ///< by fault
  std::map<std::string, int> good;   ///< of them, ended with the previous version verified
  bool finished = false;
};

class Torment {
public:
  Torment(Rounds& rounds, unsigned seed) : rounds_(rounds), random_(seed) {}

  Fault choose() { return below(2) == 0 ? Fault::none : static_cast<Fault>(1 + below(static_cast<int>(Fault::last))); }

  void run(Fault fault) {
    for (int kills = below(3) + (fault == Fault::none ? 1 : 0); kills > 0; --kills) {
      pause(700);
      rounds_.kill();
    }
    pause(700);
    switch (fault) {
    case Fault::none: return;
    case Fault::disk_full: return break_disk(ENOSPC, 1000);
    case Fault::read_only: return break_disk(EROFS, 1000);
    case Fault::io_errors: return break_disk(EIO, 300);
    case Fault::clock_step: return step_clock();
    case Fault::reboot: return rounds_.reboot();
    }
  }

private:
  int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }
  void pause(int most_ms) {
    rounds_.look_after();
    std::this_thread::sleep_for(milliseconds(below(most_ms + 1)));
  }

  void break_disk(int error, int permille) {
    rounds_.board().error_permille = permille;
    rounds_.board().disk_error = error;
    pause(1500);
    // A daemon that starts on a broken disk must find its way as well.
    if (below(3) == 0) rounds_.kill();
    pause(700);
    rounds_.board().disk_error = 0;
  }

  void step_clock() {
    const std::int64_t hour = 3'600'000'000;
    rounds_.board().clock_shift_us = rounds_.board().clock_shift_us.load() <= 0 ? hour : -hour;
    pause(300);
    if (below(2) == 0) rounds_.kill();
  }

  Rounds& rounds_;
  std::mt19937 random_;
};

void go_through(Rounds& rounds, unsigned seed, int rollbacks, Half& half) {
  Torment torment(rounds, seed);
  for (int n = 1; n <= rollbacks; ++n) {
    const Fault fault = torment.choose();
    const int good = rounds.tally.ends["rolled_back_verified"];
    const bool on = rounds.round("v" + std::to_string(n) + "-bad", [&] { torment.run(fault); });
    const char* const name = kNames[static_cast<int>(fault)];
    ++half.rounds[name];
    half.good[name] += rounds.tally.ends["rolled_back_verified"] - good;
    if (n % 50 == 0) std::printf("... %d rollbacks\n", n), std::fflush(stdout);
    if (!on) break;
  }
  rounds.check_notices();
  half.tally = rounds.tally;
  half.finished = rounds.tally.rollbacks == rollbacks;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: kill_loop ROLLBACKS BIN_DIR SHIM\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  const int rollbacks = std::max(2, std::atoi(argv[1]));
  Settings settings;
  settings.check_execute = true;
  Rounds one(settings, argv[2], argv[3]), two(settings, argv[2], argv[3]);
  if (!one.begin() || !two.begin()) {
    std::printf("FAILED: the daemon does not come up:\n%s\n", read_text(one.world.dir + "/daemon.log").c_str());
    return 1;
  }
  const unsigned seed = std::random_device{}();
  Half a, b;
  std::thread beside([&] { go_through(two, seed + 1, rollbacks / 2, b); });
  go_through(one, seed, rollbacks - rollbacks / 2, a);
  beside.join();

  Tally all = a.tally;
  all.add(b.tally);
  std::printf("%-24s %9s %9s\n", "fault (beside kill -9)", "rollbacks", "verified");
  for (const char* name : kNames)
    std::printf("%-24s %9d %9d\n", name, a.rounds[name] + b.rounds[name], a.good[name] + b.good[name]);
  std::printf(
      "seed %u: %d rollbacks, daemons ended %d, steps lost %d, steps doubled %d, ends without a name %d, deadlines "
      "moved %d, notices missing %d\n",
      seed, all.rollbacks, all.daemons_ended, all.lost, all.doubled, all.unnamed, all.moved, all.notices_missing);
  for (const auto& [end, n] : all.ends) std::printf("  ended %s: %d\n", end.c_str(), n);
  for (const auto& [why, n] : all.failures) std::printf("  %d x %s\n", n, why.c_str());
  for (const std::string& line : all.told) std::printf("  %s\n", line.c_str());
  const bool good = a.finished && b.finished && all.good();
  if (!good) {
    std::printf("FAILED; the daemon's last words:\n");
    for (const Rounds* r : {&one, &two}) {
      const std::string log = read_text(r->world.dir + "/daemon.log");
      std::printf("%s\n", log.substr(log.size() - std::min<std::size_t>(log.size(), 3000)).c_str());
    }
  }
  return good ? 0 : 1;
}
