/// plan_kills ROUNDS BIN_DIR SHIM [SEED]: a real backstopd brings versions out by plan behind a real HAProxy, good ones, bad ones and
/// ones that turn bad, while it is killed (SIGKILL): at random, right before or after an append to its journal or an act,
/// and around moves of traffic. In some rounds a step is killed with its supervisor, so that nobody can tell how it ended. Every
/// deployment ended in a named state, and in the one it had to where no step was killed; HAProxy's weights are what the daemon says;
/// no step that may not run twice did, none was lost; the journal's chain is whole; no customer's request failed but those that a
/// bad version answered. Prints a table; ends with 1 if not, with 77 where there is no HAProxy.
#include "tests/system/plan_rounds.hpp"

namespace {

using namespace backstop;
using namespace backstop::shop;

class Torment {
public:
  Torment(PlanRounds& rounds, unsigned seed) : rounds_(rounds), random_(seed) {}

  bool chance(int percent) { return below(100) < percent; }

  void while_beginning() {
    if (chance(30)) die_at_an_instant(100);
    if (!chance(20)) return;
    pause(150);
    rounds_.kill();
    ++kills[kAtRandom];
  }

  /// One to four kills of the daemon, and where `steps` says so one or two of steps.
  void run(bool steps) {
    int of_steps = steps ? 1 + below(2) : 0;
    for (int of_daemon = 1 + below(4); of_daemon + of_steps > 0;) {
      if (below(of_daemon + 3 * of_steps) < 3 * of_steps) {
        --of_steps;
        kill_a_step();
      } else {
        --of_daemon;
        kill_the_daemon();
      }
    }
  }

  std::map<std::string, int> kills; ///< where → how often

private:
  int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }
  void pause(int most_ms) {
    const auto until = Clock::now() + milliseconds(below(most_ms + 1));
    do {
      rounds_.look_after();
      rounds_.look_at_traffic();
      std::this_thread::sleep_for(std::min(milliseconds(40), std::chrono::duration_cast<milliseconds>(
                                                                 std::max(Clock::duration{}, until - Clock::now()))));
    } while (Clock::now() < until);
  }

  void kill_the_daemon() {
    const int how = below(10);
    const bool moves = how >= 3 && how < 6 && !wait_for_step(true).second.empty();
    if (how >= 6) return wait_for_death();
    moves ? std::this_thread::sleep_for(std::chrono::microseconds(below(25'000))) : pause(1500);
    rounds_.kill();
    ++kills[moves ? "during or right after a move of traffic" : kAtRandom];
  }

  /// One of the next `most` instants right before or right after an append to the journal or an act (see fault_shim.cpp).
  void die_at_an_instant(int most) {
    rounds_.board().die_at = rounds_.board().instants + 1 + static_cast<std::uint64_t>(below(most));
  }
  void wait_for_death() {
    const int before = rounds_.tally.daemons_ended;
    die_at_an_instant(40);
    for (const auto until = Clock::now() + kMostPatience; Clock::now() < until && !rounds_.over();) {
      pause(20);
      if (rounds_.tally.daemons_ended == before) continue;
      ++kills["right before or after an append or an act"];
      break;
    }
    rounds_.board().die_at = 0;
  }

  void kill_a_step() {
    const auto [pid, folder] = wait_for_step(chance(40));
    if (folder.empty()) return;
    const bool moves = moves_traffic(folder); // that takes a few milliseconds
    std::this_thread::sleep_for(std::chrono::microseconds(below(moves ? 4'000 : 60'000)));
    // A command of the user's own lives on without its supervisor, and nobody says then what it still did.
    const bool alone = moves && chance(50);
    if (alone ? rounds_.kill_supervisor(pid, folder) : rounds_.kill_step(pid, folder))
      ++kills[alone   ? "of the supervisor of backstop-traffic"
              : moves ? "of backstop-traffic and its supervisor"
                      : "of a step and its supervisor"];
  }

  /// The next step that runs; one that moves traffic where `moves`.
  std::pair<pid_t, std::string> wait_for_step(bool moves) {
    for (const auto until = Clock::now() + kMostPatience; Clock::now() < until && !rounds_.over();) {
      rounds_.look_after();
      const auto next_look = Clock::now() + milliseconds(100);
      while (Clock::now() < next_look) {
        for (const auto& step : rounds_.supervisors()) {
          if (!moves || moves_traffic(step.second)) return step;
        }
        std::this_thread::sleep_for(std::chrono::microseconds(500));
      }
    }
    return {};
  }

  static bool moves_traffic(const std::string& folder) {
    return folder.find("plan.2.3") != folder.npos || folder.find("plan.2.5") != folder.npos ||
           folder.find("rollback.traffic") != folder.npos;
  }

  static constexpr const char* kAtRandom = "at random";
  static constexpr std::chrono::seconds kMostPatience{6};
  PlanRounds& rounds_;
  std::mt19937 random_;
};

struct Half {
  std::map<std::string, int> kills;
  bool finished = false;
};

void go_through(PlanRounds& rounds, unsigned seed, int count, Half& half) {
  Torment torment(rounds, seed);
  int n = 0;
  for (bool on = true; n < count && on;) {
    ++n;
    const std::string kind = n % 2 == 1 ? "good" : n % 4 == 2 ? "bad" : "late-bad";
    const bool steps = torment.chance(33);
    on = rounds.round(
        "v" + std::to_string(n) + "-" + kind, kind + (steps ? ", a step killed too" : ""),
        [&] { torment.while_beginning(); }, [&] { torment.run(steps); });
    if (n % 10 == 0) std::printf("... %d rounds\n", n), std::fflush(stdout);
  }
  rounds.check_customers();
  half.kills = torment.kills;
  half.finished = rounds.tally.rounds == count;
}

Settings quick() {
  Settings s;
  s.window = "1s";
  return s;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 4 && argc != 5) {
    std::fprintf(stderr, "usage: plan_kills ROUNDS BIN_DIR SHIM [SEED]\n");
    return 2;
  }
  if (!PrivateHaproxy::installed()) {
    std::printf("NOT RUN: there is no %s (apt-get install haproxy): plans under kill -9 were NOT tested\n",
                PrivateHaproxy::kProgram);
    return 77;
  }
  std::signal(SIGPIPE, SIG_IGN);
  const int count = std::max(2, std::atoi(argv[1]));
  const unsigned seed = argc == 5 ? static_cast<unsigned>(std::strtoul(argv[4], nullptr, 10)) : std::random_device{}();
  PlanRounds one(quick(), argv[2], argv[3]), two(quick(), argv[2], argv[3]);
  if (!one.begin() || !two.begin()) {
    std::printf("FAILED: the daemon does not come up:\n%s\n", read_text(one.world.dir + "/daemon.log").c_str());
    return 1;
  }
  const auto started = Clock::now();
  Half a, b;
  std::thread beside([&] { go_through(two, seed + 1, count / 2, b); });
  go_through(one, seed, count - count / 2, a);
  beside.join();

  PlanTally all = one.tally;
  all.add(two.tally);
  for (const auto& [where, n] : b.kills) a.kills[where] += n;
  std::printf("%-46s %6s\n", "SIGKILL", "times");
  for (const auto& [where, n] : a.kills) std::printf("%-46s %6d\n", where.c_str(), n);
  std::printf("%-46s %6s\n", "version, and how it ended", "rounds");
  for (const auto& [kind, ends] : all.ends)
    for (const auto& [end, n] : ends) std::printf("%-46s %6d\n", (kind + ": " + end).c_str(), n);
  for (const auto& [step, n] : all.unknown) std::printf("  nobody could know how it ended: %s: %d\n", step.c_str(), n);
  std::printf(
      "seed %u: %d rounds in %lld s, daemons ended %d, steps killed %d; steps lost %d, doubled %d, ends without a "
      "name %d, ends without a reason %d, traffic elsewhere %d (%d looks on the way), failures untold %d, audits "
      "failed %d, paused for want of data %d; %d requests, of which bad versions failed %d, lost %d\n",
      seed, all.rounds,
      static_cast<long long>(std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - started).count()),
      all.daemons_ended, all.steps_killed, all.lost, all.doubled, all.unnamed, all.unexplained, all.misplaced,
      all.looks, all.untold, all.audits_failed, all.pauses, all.asked, all.failed_by_version, all.requests_lost);
  for (const std::string& line : all.told) std::printf("  %s\n", line.c_str());
  const bool good = a.finished && b.finished && all.good();
  if (!good) {
    std::printf("FAILED; the daemons' last words:\n");
    for (const PlanRounds* r : {&one, &two}) {
      const std::string log = read_text(r->world.dir + "/daemon.log");
      std::printf("%s\n", log.substr(log.size() - std::min<std::size_t>(log.size(), 3000)).c_str());
    }
  }
  return good ? 0 : 1;
}
