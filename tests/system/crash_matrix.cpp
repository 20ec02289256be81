/// crash_matrix BIN_DIR SHIM: one rollback of seven steps for each instant of a deployment at which the daemon appends to its
/// journal or acts: the real backstopd ends itself (SIGKILL) right before or right after it, and is started again. Prints a
/// table; ends with 1 unless every step ran once, each rollback ended verified, and every notice arrived.
#include "tests/system/rollback_rounds.hpp"
#include <algorithm>
#include <thread>

namespace {

using namespace backstop;
using namespace backstop::shop;

constexpr std::uint64_t kNever = ~std::uint64_t{0};

/// "before sync of journal.db-wal" → "before: sync of the journal". One line of the table.
std::string kind_of(const std::string& instant) {
  const auto blank = instant.find(' ');
  std::string side = instant.substr(0, blank), act = instant.substr(blank + 1);
  const auto path = act.rfind(' ');
  const std::string of = act.substr(path + 1);
  act.resize(path);
  if (of.starts_with("journal.db")) return act + " the journal, right " + side;
  const auto slash = of.find('/', 6);
  return act + (slash == std::string::npos ? " a step" : " a step's file") + ", right " + side;
}

struct Half {
  Tally tally;
  std::map<std::string, int> kinds;
  int unreached = 0;
  bool finished = false;
};

Settings quick() {
  Settings s;
  s.interval = "100ms";
  s.timeout = "90ms";
  s.window = "300ms";
  s.for_critical = "0s";
  s.good_for = "100ms";
  s.check_execute = true;
  return s;
}

/// The instants of one deployment, counted where nothing goes wrong: the most of three.
std::uint64_t count_instants(Rounds& rounds) {
  std::uint64_t most = 0;
  for (int i = 0; i < 3; ++i) {
    rounds.board().instants = 0;
    if (!rounds.round("v" + std::to_string(i) + "-counted-bad", [] {})) return 0;
    most = std::max(most, rounds.board().instants.load());
  }
  return most;
}

/// Every second instant, beginning at `first`.
void go_through(Rounds& rounds, std::uint64_t first, std::uint64_t last, Half& half) {
  for (std::uint64_t n = first; n <= last; n += 2) {
    rounds.last_death.clear();
    rounds.board().instants = 0;
    rounds.board().die_at = n;
    const bool on = rounds.round("v" + std::to_string(n) + "-bad", [] {});
    rounds.board().die_at = kNever;
    rounds.last_death.empty() ? ++half.unreached : ++half.kinds[kind_of(rounds.last_death)];
    if (!on) break;
  }
  rounds.check_notices();
  half.tally = rounds.tally;
  half.finished = true;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: crash_matrix BIN_DIR SHIM\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  Rounds one(quick(), argv[1], argv[2]), two(quick(), argv[1], argv[2]);
  if (!one.begin() || !two.begin()) {
    std::printf("FAILED: the daemon does not come up:\n%s\n", read_text(one.world.dir + "/daemon.log").c_str());
    return 1;
  }
  const std::uint64_t last = count_instants(one);
  Half odd, even;
  std::thread beside([&] { go_through(two, 2, last, even); });
  go_through(one, 1, last, odd);
  beside.join();

  Tally all = odd.tally;
  all.add(even.tally);
  std::map<std::string, int> kinds = odd.kinds;
  for (const auto& [kind, n] : even.kinds) kinds[kind] += n;
  std::printf("%-52s %s\n", "SIGKILL at", "times");
  int kills = 0;
  for (const auto& [kind, n] : kinds) {
    std::printf("%-52s %5d\n", kind.c_str(), n);
    kills += n;
  }
  std::printf("%llu instants counted, %d kills, %d not reached again, %d rollbacks; steps lost %d, doubled %d, ends "
              "without a name %d, deadlines moved %d, notices missing %d\n",
              static_cast<unsigned long long>(last), kills, odd.unreached + even.unreached, all.rollbacks, all.lost,
              all.doubled, all.unnamed, all.moved, all.notices_missing);
  for (const auto& [end, n] : all.ends) std::printf("  ended %s: %d\n", end.c_str(), n);
  for (const auto& [why, n] : all.failures) std::printf("  %d x %s\n", n, why.c_str());
  for (const std::string& line : all.told) std::printf("  %s\n", line.c_str());
  // The daemon alone was killed: nothing is unknown, so every rollback must have come to its good end.
  const bool verified = all.ends["rolled_back_verified"] == all.rollbacks;
  const bool good = last > 0 && kills > 0 && odd.finished && even.finished && all.good() && verified;
  if (!good) std::printf("FAILED\n");
  return good ? 0 : 1;
}
