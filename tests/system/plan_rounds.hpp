#pragma once
#include "tests/integration/run_program.hpp"
#include "tests/system/tormented_daemon.hpp"
#include "tests/system/two_side_shop.hpp"
#include <cmath>
#include <dirent.h>
#include <set>

namespace backstop::shop {

inline int lines_with(const std::string& text, const std::string& line) {
  int n = 0;
  std::istringstream in(text);
  for (std::string l; std::getline(in, l);) n += l == line;
  return n;
}

/// What came of plans, over all rounds. `told` has a line for each thing that went wrong.
struct PlanTally {
  int rounds = 0, daemons_ended = 0, steps_killed = 0, looks = 0, pauses = 0;
  int lost = 0, doubled = 0, unnamed = 0, unexplained = 0, misplaced = 0, untold = 0, audits_failed = 0;
  int asked = 0, failed_by_version = 0, requests_lost = 0;
  std::map<std::string, std::map<std::string, int>> ends; ///< kind of the round → how it ended → how often
  std::map<std::string, int> unknown;                     ///< steps whose end nobody could know → how often
  std::vector<std::string> told;
  [[nodiscard]] bool good() const {
    return rounds > 0 && asked > 0 && looks > 0 &&
           lost + doubled + unnamed + unexplained + misplaced + untold + audits_failed + requests_lost == 0;
  }
  void add(const PlanTally& o) {
    rounds += o.rounds, daemons_ended += o.daemons_ended, steps_killed += o.steps_killed, looks += o.looks;
    pauses += o.pauses, lost += o.lost, doubled += o.doubled, unnamed += o.unnamed, unexplained += o.unexplained;
    misplaced += o.misplaced, untold += o.untold, audits_failed += o.audits_failed;
    asked += o.asked, failed_by_version += o.failed_by_version, requests_lost += o.requests_lost;
    for (const auto& [kind, ends_of] : o.ends)
      for (const auto& [end, n] : ends_of) ends[kind][end] += n;
    for (const auto& [step, n] : o.unknown) unknown[step] += n;
    told.insert(told.end(), o.told.begin(), o.told.end());
  }
};

/// Versions brought out by plan one after the other, while the daemon, and in some rounds a step, is killed. The witnesses are
/// what the steps wrote down themselves, HAProxy, and the customers; not what the daemon says.
class PlanRounds : public TormentedDaemon<PlanTally> {
public:
  PlanRounds(Settings settings, std::string bin, std::string shim)
      : TormentedDaemon(std::move(settings), std::move(bin), std::move(shim), std::chrono::seconds(90)) {
    shop_.emplace(world.dir, world.bin);
    watch_by_plan(world, *shop_);
    customers_.emplace(shop_->haproxy.port());
  }
  ~PlanRounds() {
    if (world.daemon > 0) world.kill_daemon(SIGTERM);
    for (const pid_t pid : processes_with(world.dir + "/steps/")) ::kill(pid, SIGKILL);
  }

  /// Brings `version` out: `while_beginning` while `deploy begin` is asked for, `torment` once it is under way. `what` names the
  /// round in the table. False: it cannot go on.
  bool round(const std::string& version, const std::string& what, const std::function<void()>& while_beginning,
             const std::function<void()>& torment) {
    const int steps_killed = tally.steps_killed;
    const std::string id = bring_out(version, while_beginning);
    if (id.empty()) return false;
    current_ = id;
    torment();
    Json after;
    const bool ended = until([&] {
      after = deployment(id);
      if (!after["plan"]["paused"].is_null()) resume(id, after);
      return after.flag("final") && !after["plan"].is_null();
    });
    current_.clear();
    ++tally.rounds;
    ++tally.ends[what][ended ? after.text("phase") : "no end"];
    if (!ended) {
      const std::string log = read_text(world.dir + "/daemon.log");
      tell(tally.unnamed, id + " has no end; status " + world.ask("GET", "/v1/status").dump() + "\nand the log:\n" +
                              log.substr(log.size() - std::min<std::size_t>(log.size(), 6000)));
      return false;
    }
    judge(id, version.ends_with("bad"), tally.steps_killed > steps_killed);
    return go_on(after);
  }

  /// The deployment that is under way came to its end, as far as the daemon answers.
  bool over() { return deployment(current_).flag("final"); }

  /// Where the daemon knows where the traffic is while it goes on, HAProxy says the same.
  void look_at_traffic() {
    if (current_.empty()) return;
    const double before = shop_->share_of("green");
    const Json traffic = deployment(current_)["traffic"];
    if (before < 0 || traffic.is_null() || !traffic.flag("known")) return;
    if (shop_->share_of("green") != before) return; // it was being moved
    ++tally.looks;
    const double share = traffic.text("side") == "green" ? before : 1 - before;
    if (std::abs(share - number(traffic["share"])) > 0.001)
      tell(tally.misplaced, current_ + ": HAProxy gives the new side " + std::to_string(share) +
                                ", and backstop says " + traffic.dump());
  }

  /// Supervisors of our steps that run now, with the folder of their step: "D7.plan.2.3.1-...".
  [[nodiscard]] std::map<pid_t, std::string> supervisors() const {
    std::map<pid_t, std::string> found;
    const std::string steps = world.dir + "/steps/";
    for (const pid_t pid : processes_with(steps)) {
      const std::string words = read_text("/proc/" + std::to_string(pid) + "/cmdline");
      if (words.find("backstop-step") == std::string::npos) continue;
      std::string folder = words.substr(words.find(steps) + steps.size());
      folder.resize(std::min(folder.find('\0'), folder.size()));
      found[pid] = folder;
    }
    return found;
  }
  /// Ends a step and its supervisor at once, so that nobody can tell how it ended. False: it was over already.
  bool kill_step(pid_t supervisor, const std::string& folder) {
    if (!is_supervisor(supervisor, folder)) return false;
    ::kill(supervisor, SIGSTOP); // it must not tell how its command ended
    for (const pid_t pid : children_of(supervisor)) ::kill(-pid, SIGKILL), ::kill(pid, SIGKILL);
    return kill_supervisor(supervisor, folder);
  }
  /// Ends the supervisor alone. False: it was over already.
  bool kill_supervisor(pid_t supervisor, const std::string& folder) {
    if (!is_supervisor(supervisor, folder) || ::kill(supervisor, SIGKILL) != 0) return false;
    ++tally.steps_killed;
    return true;
  }

  void check_customers() {
    customers_->stop();
    tally.asked = customers_->asked();
    tally.failed_by_version = customers_->failed_by_version();
    for (const std::string& what : customers_->lost()) tell(tally.requests_lost, "a request was lost: " + what);
  }

private:
  static double number(const Json& json) {
    double value = -1;
    return json.as_number(value) ? value : -1;
  }
  void tell(int& count, const std::string& what) {
    ++count;
    tally.told.push_back(what);
    std::printf("  !! %s\n", what.c_str());
    std::fflush(stdout);
  }
  Json deployment(const std::string& id) { return world.ask("GET", "/v1/deployments/" + id)["deployment"]; }
  Json service() {
    const Json status = world.ask("GET", "/v1/status");
    return status["services"].as_array() && !status["services"].as_array()->empty()
               ? status["services"].as_array()->front()
               : Json();
  }
  Ran ctl(std::vector<std::string> words) const {
    words.insert(words.begin(), {world.bin + "/backstopctl", "--socket", world.dir + "/control.sock"});
    return run_program(words);
  }

  /// The id of the deployment of `version`, begun: over whatever happens to the daemon meanwhile.
  std::string bring_out(const std::string& version, const std::function<void()>& while_beginning) {
    std::string id, refused;
    std::thread first(
        [&] { world.ask("POST", "/v1/deployments", R"({"service":"shop","version":")" + version + R"("})"); });
    while_beginning();
    first.join();
    until([&] {
      const Json list = world.ask("GET", "/v1/deployments")["deployments"];
      for (const Json& d : list.as_array() ? *list.as_array() : std::vector<Json>{}) {
        if (d.text("version") != version) continue;
        d.text("phase") == "refused" ? refused = d.text("why") : id = d.text("id");
      }
      if (id.empty() && list.as_array()) // refused, unanswered, or begun: the next look tells
        refused = world.ask("POST", "/v1/deployments", R"({"service":"shop","version":")" + version + R"("})").dump();
      return !id.empty();
    });
    if (id.empty()) tell(tally.unnamed, version + " could not be brought out: " + refused);
    return id;
  }

  /// What the person on call does with a plan that could not tell how the version is.
  void resume(const std::string& id, const Json& d) {
    if (world.ask("POST", "/v1/deployments/" + id + "/resume", R"({"reason":"the loop goes on"})")["error"].is_null()) {
      ++tally.pauses;
      std::printf("  %s was paused: %s\n", id.c_str(), d["plan"]["paused"].text("why").c_str());
    }
  }

  /// Holds what was written down, HAProxy and the customers' view against what the daemon says.
  void judge(const std::string& id, bool bad, bool step_killed) {
    Result<Json> shown = Error{Errc::io, ""};
    until([&] {
      const Ran ran = ctl({"deploy", "show", id, "--json"});
      if (ran.code == 0) shown = Json::parse(ran.out);
      return ran.code == 0;
    });
    const Json d = shown ? (*shown)["deployment"].is_null() ? *shown : (*shown)["deployment"] : Json();
    const std::string phase = d.text("phase"), witness = read_text(world.dir + "/steps.log");
    const auto ran = [&](const std::string& name) { return lines_with(witness, id + " " + name); };

    // A named end, the one that it must have; another one only where a step was killed, and then it says so.
    const std::string wanted = bad ? "rolled_back_verified" : "succeeded";
    if (phase != wanted) {
      const std::set<std::string> allowed{"rolled_back_verified", "rollback_failed", "aborted"};
      const std::string unknown = steps_of_unknown_end(d);
      if (!allowed.contains(phase)) tell(tally.unnamed, id + " ended as '" + phase + "': " + d.text("why"));
      if (!step_killed || unknown.empty())
        tell(tally.unexplained,
             id + " ended as " + phase + " and not " + wanted + ": " + d.text("why") + " " + d.text("cause"));
      else
        ++tally.unknown[unknown + " -> " + phase];
    }
    const bool half_undone = phase == "aborted" && d.text("why").find("NOT everything") != std::string::npos;
    if (phase == "rollback_failed" && !service().flag("locked"))
      tell(tally.untold, id + " failed to roll back, and the service is not LOCKED");
    if (phase == "rollback_failed" || half_undone) judge_page(id, d);

    // Steps.
    for (const char* name : {"prepare", "unprepare", "deployed", "undeployed", "mark", "look-by-hand"})
      if (ran(name) > 1) tell(tally.doubled, id + ": " + name + " ran " + std::to_string(ran(name)) + " times");
    std::vector<std::string> needed;
    if (phase == "succeeded") needed = {"prepare", "deployed", "mark"};
    if (phase == "rolled_back_verified") needed = {"look-by-hand"};
    if (phase == "rolled_back_verified" && ran("deployed") > 0) needed.emplace_back("undeployed");
    for (const std::string& name : needed)
      if (ran(name) == 0) tell(tally.lost, id + " " + phase + ": " + name + " never ran");
    if (phase == "succeeded" && ran("unprepare") + ran("undeploy") + ran("look-by-hand") > 0)
      tell(tally.doubled, id + " succeeded, and something was taken back");
    const Json phases = d["plan"]["phases"];
    for (const Json& p : phases.as_array() ? *phases.as_array() : std::vector<Json>{})
      for (const Json& step : p["steps"].as_array() ? *p["steps"].as_array() : std::vector<Json>{}) {
        const std::string name = step.text("name");
        const bool writes = name == "prepare" || name == "mark" || name == "deploy";
        if (writes && step.text("status") == "done" && ran(name == "deploy" ? "deployed" : name) == 0)
          tell(tally.lost, id + ": " + name + " is said to be done");
      }

    // Traffic.
    const Json traffic = d["traffic"];
    const std::string side = traffic.text("side");
    const double share = shop_->share_of(side);
    if (!traffic.flag("known") || share != number(traffic["share"]) || share != (phase == "succeeded" ? 1 : 0))
      tell(tally.misplaced, id + " " + phase + ": HAProxy gives " + side + " " + std::to_string(share) +
                                ", backstop says " + traffic.dump());
    RawClient client(shop_->haproxy.port());
    const std::string runs = phase == "succeeded" ? d.text("version") : d.text("previous");
    for (int i = 0; i < 10; ++i) {
      const auto [line, body] = Customers::ask(client);
      if (body != runs) return tell(tally.misplaced, id + " " + phase + ": a customer met '" + body + "', not " + runs);
    }

    const Ran audit = ctl({"audit", "verify", world.dir + "/journal.db"});
    if (audit.code != 0) tell(tally.audits_failed, id + ": audit verify: " + audit.out + audit.err);
  }

  /// A person was paged, and the page says that not all is well.
  void judge_page(const std::string& id, const Json& d) {
    const std::string key = d.text("incident") + "/rollback_failed";
    const bool paged = until(
        [&] {
          std::istringstream in(read_text(world.dir + "/notices.log"));
          for (std::string line; std::getline(in, line);)
            if (line.starts_with(key) && (line.find("FAILED") != line.npos || line.find("NOT everything") != line.npos))
              return true;
          return false;
        },
        std::chrono::seconds(20));
    if (!paged) tell(tally.untold, id + " " + d.text("phase") + ", and nobody was paged");
  }

  /// "deploy, look-by-hand of the rollback": the steps of which nobody knows how they ended, or that were ended by SIGKILL.
  static std::string steps_of_unknown_end(const Json& d) {
    std::string names;
    const auto look = [&](const Json& steps, const char* of) {
      for (const Json& step : steps.as_array() ? *steps.as_array() : std::vector<Json>{}) {
        const std::string why = step.text("why");
        if (why.find("unknown") != std::string::npos || why.find("signal 9") != std::string::npos)
          names += (names.empty() ? "" : ", ") + step.text("name") + of;
      }
    };
    const Json phases = d["plan"]["phases"];
    for (const Json& p : phases.as_array() ? *phases.as_array() : std::vector<Json>{}) look(p["steps"], "");
    look(d["steps"], " of the rollback");
    return names;
  }

  /// After a rollback that failed, what the person on call does: the old version runs on both sides.
  bool go_on(const Json& ended) {
    if (ended.text("phase") != "rollback_failed") return true;
    write_file(world.dir + "/side-" + ended["traffic"].text("side"), ended.text("previous") + "\n");
    return until([&] {
      world.ask("POST", "/v1/unlock", R"({"service":"shop","done_by_hand":true,"reason":"the loop goes on"})");
      const Json s = service();
      return !s.is_null() && !s.flag("locked");
    });
  }

  [[nodiscard]] bool is_supervisor(pid_t pid, const std::string& folder) const {
    const auto running = supervisors();
    const auto found = running.find(pid);
    return found != running.end() && found->second == folder;
  }
  static std::vector<pid_t> processes_with(const std::string& words) {
    std::vector<pid_t> found;
    DIR* const all = ::opendir("/proc");
    while (const dirent* const entry = all ? ::readdir(all) : nullptr) {
      const pid_t pid = std::atoi(entry->d_name);
      if (pid > 0 && pid != ::getpid() &&
          read_text("/proc/" + std::string(entry->d_name) + "/cmdline").find(words) != std::string::npos)
        found.push_back(pid);
    }
    if (all) ::closedir(all);
    return found;
  }
  static std::vector<pid_t> children_of(pid_t parent) {
    std::vector<pid_t> found;
    const std::string pid = std::to_string(parent);
    std::istringstream in(read_text("/proc/" + pid + "/task/" + pid + "/children"));
    for (pid_t child = 0; in >> child;) found.push_back(child);
    return found;
  }

  std::string current_;
  std::optional<TwoSideShop> shop_;
  std::optional<Customers> customers_;
};

} // namespace backstop::shop
