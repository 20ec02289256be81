/// kill_loop KILLS BIN_DIR: a real backstopd rolls bad versions back, again and again, while it is killed (SIGKILL) at random
/// instants and started again. What the steps themselves wrote down is the witness: every step that is not idempotent ran
/// once, none was lost, every deployment ended in a named state, every notice arrived. Prints a table; ends with 1 if not.
#include "tests/system/shop_world.hpp"
#include <cstdio>
#include <functional>
#include <map>

namespace {

using namespace backstop;
using namespace backstop::shop;

struct Tally {
  int kills = 0, rollbacks = 0, lost = 0, doubled = 0, unnamed = 0, notices_missing = 0;
  std::map<std::string, int> ends;
};

int count(const std::string& text, const std::string& line) {
  int n = 0;
  std::istringstream in(text);
  for (std::string each; std::getline(in, each);) n += each == line || each.starts_with(line + " ");
  return n;
}

bool one_rollback(World& w, Tally& tally, int round) {
  const std::string version = "v" + std::to_string(round) + "-bad";
  std::string id;
  const bool begun = w.until(
      [&] {
        const Json reply = w.ask("POST", "/v1/deployments", R"({"service":"shop","version":")" + version + R"("})");
        id = reply.text("id");
        return !id.empty();
      },
      milliseconds(20000));
  if (!begun) {
    std::printf("no deployment could be begun: %s\n", w.ask("GET", "/v1/status").dump().c_str());
    return false;
  }
  write_file(w.dir + "/version", version + "\n");
  w.ask("POST", "/v1/deployments/" + id + "/finish", "{}");
  std::string phase;
  const auto ended = [&] {
    const Json reply = w.ask("GET", "/v1/deployments/" + id);
    phase = reply["deployment"].text("phase");
    return reply["deployment"].flag("final");
  };
  const auto deadline = Clock::now() + std::chrono::seconds(60);
  for (int kills = std::uniform_int_distribution<int>(1, 4)(w.random); kills > 0; --kills) {
    std::this_thread::sleep_for(milliseconds(std::uniform_int_distribution<int>(0, 700)(w.random)));
    w.kill_daemon(SIGKILL);
    ++tally.kills;
    w.start();
  }
  while (!ended() && Clock::now() < deadline) std::this_thread::sleep_for(milliseconds(30));
  ++tally.rollbacks;
  ++tally.ends[phase.empty() ? "no answer" : phase];
  if (phase != "rolled_back_verified" && phase != "rollback_failed") ++tally.unnamed;
  const std::string steps = read_text(w.dir + "/steps.log");
  for (const char* step : {"prepare", "execute", "migrate-back"}) {
    const int ran = count(steps, id + " " + step);
    tally.doubled += ran > 1 ? 1 : 0;
    tally.lost += ran == 0 ? 1 : 0;
    if (ran != 1) std::printf("%s: step %s ran %d times\n", id.c_str(), step, ran);
  }
  if (phase == "rolled_back_verified") tally.lost += count(steps, id + " verify") == 0 ? 1 : 0;
  if (phase != "rolled_back_verified") {
    w.ask("POST", "/v1/unlock", R"({"service":"shop","done_by_hand":true,"reason":"the loop goes on"})");
    write_file(w.dir + "/version", "v0-good\n");
  }
  return !phase.empty();
}

int check_notices(World& w) {
  const Json incidents = w.ask("GET", "/v1/incidents");
  int missing = 0;
  w.until(
      [&] {
        const std::string told = read_text(w.dir + "/notices.log");
        missing = 0;
        for (const Json& i : *incidents["incidents"].as_array()) {
          missing += count(told, i.text("id") + "/rollback_started.1/oncall") == 0 ? 1 : 0;
        }
        return missing == 0;
      },
      milliseconds(20000));
  return missing;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: kill_loop KILLS BIN_DIR\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  const int wanted = std::atoi(argv[1]);
  World w;
  w.bin = argv[2];
  w.prepare();
  w.start();
  Tally tally;
  const bool up = w.until(
      [&] {
        return !w.ask("POST", "/v1/adopt", R"({"service":"shop","version":"v0-good","reason":"the beginning"})")
                    .is_null();
      },
      milliseconds(20000));
  bool going = up;
  for (int round = 1; going && tally.kills < wanted; ++round) {
    going = one_rollback(w, tally, round);
    if (round % 10 == 0) std::printf("... %d kills, %d rollbacks\n", tally.kills, tally.rollbacks), std::fflush(stdout);
  }
  tally.notices_missing = going ? check_notices(w) : -1;
  w.kill_daemon(SIGTERM);
  std::printf(
      "kill -9: %d, rollbacks: %d, steps lost: %d, steps doubled: %d, ends without a name: %d, notices missing: %d\n",
      tally.kills, tally.rollbacks, tally.lost, tally.doubled, tally.unnamed, tally.notices_missing);
  for (const auto& [phase, n] : tally.ends) std::printf("  ended %s: %d\n", phase.c_str(), n);
  const bool good = going && tally.lost == 0 && tally.doubled == 0 && tally.unnamed == 0 && tally.notices_missing == 0;
  if (!good)
    std::printf("FAILED; the daemon's last words:\n%s\n",
                read_text(w.dir + "/daemon.log")
                    .substr(std::max<std::size_t>(3000, read_text(w.dir + "/daemon.log").size()) - 3000)
                    .c_str());
  return good ? 0 : 1;
}
