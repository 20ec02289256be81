#pragma once
#include "tests/system/tormented_daemon.hpp"
#include <dirent.h>
#include <fcntl.h>

namespace backstop::shop {

inline int lines_that_begin(const std::string& text, const std::string& words) {
  int n = 0;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) n += line == words || line.starts_with(words + " ");
  return n;
}

/// What went wrong, over all rounds. `told` has a line for each.
struct Tally {
  int rollbacks = 0, daemons_ended = 0, lost = 0, doubled = 0, unnamed = 0, moved = 0, notices_missing = 0;
  std::map<std::string, int> ends;     ///< how rollbacks ended → how often
  std::map<std::string, int> failures; ///< why rollbacks failed → how often
  std::vector<std::string> told;
  [[nodiscard]] bool good() const { return lost + doubled + unnamed + moved + notices_missing == 0 && rollbacks > 0; }
  void add(const Tally& other) {
    rollbacks += other.rollbacks;
    daemons_ended += other.daemons_ended;
    lost += other.lost;
    doubled += other.doubled;
    unnamed += other.unnamed;
    moved += other.moved;
    notices_missing += other.notices_missing;
    for (const auto& [end, n] : other.ends) ends[end] += n;
    for (const auto& [why, n] : other.failures) failures[why] += n;
    told.insert(told.end(), other.told.begin(), other.told.end());
  }
};

/// Bad versions brought out one after the other, each of which a real daemon rolls back while it is tormented. The
/// witness is what the steps themselves wrote down (steps.log, notices.log), not what the daemon says.
class Rounds : public TormentedDaemon<Tally> {
public:
  Rounds(Settings settings, std::string bin, std::string shim)
      : TormentedDaemon(std::move(settings), std::move(bin), std::move(shim), std::chrono::seconds(60)) {}
  ~Rounds() {
    if (world.daemon > 0) world.kill_daemon(SIGTERM);
    end_steps();
  }

  /// The host goes down: the daemon and all steps end at once, and the next boot has another id.
  void reboot() {
    world.kill_daemon(SIGKILL);
    ++tally.daemons_ended;
    end_steps();
    const std::uint32_t boot = board_->boot.load() + 1;
    write_file(world.dir + "/boot-" + std::to_string(boot), "00000000-0000-4000-8000-" + boot_digits(boot) + "\n");
    board_->boot = boot;
    world.start();
  }

  /// Brings `version` out and sees its rollback through; `torment` runs once the version is out. False: it cannot go on.
  bool round(const std::string& version, const std::function<void()>& torment) {
    const std::string id = bring_out(version);
    if (id.empty()) return false;
    const Json before = deployment(id);
    torment();
    Json after;
    const bool ended = until([&] {
      after = deployment(id);
      return after.flag("final");
    });
    ++tally.rollbacks;
    ++tally.ends[ended ? after.text("phase") : "no end"];
    if (!ended) { // what it waits for is gone when the loop is over
      const std::string log = read_text(world.dir + "/daemon.log");
      tally.told.push_back(id + " has no end; status " + world.ask("GET", "/v1/status").dump() + "\nand the log:\n" +
                           log.substr(log.size() - std::min<std::size_t>(log.size(), 6000)));
    }
    if (after.text("phase") != "rolled_back_verified") failed_because(after);
    judge(id, before, after);
    return go_on(after);
  }

  /// Each incident was told of: waits for what is still being sent.
  void check_notices() {
    std::vector<std::string> missing;
    until([&] {
      const Json incidents = world.ask("GET", "/v1/incidents");
      if (!incidents["incidents"].as_array()) return false;
      const std::string told = read_text(world.dir + "/notices.log");
      missing.clear();
      for (const Json& i : *incidents["incidents"].as_array()) {
        const std::string key = i.text("id") + "/rollback_started.1/oncall";
        if (lines_that_begin(told, key) == 0) missing.push_back(key);
      }
      return missing.empty();
    });
    tally.notices_missing += static_cast<int>(missing.size());
    for (const std::string& key : missing) tally.told.push_back("notice " + key + " did not arrive");
  }

private:
  Json deployment(const std::string& id) { return world.ask("GET", "/v1/deployments/" + id)["deployment"]; }

  /// The id of the deployment of `version`, begun and finished: over whatever happens to the daemon meanwhile.
  std::string bring_out(const std::string& version) {
    std::string id;
    until([&] {
      const Json list = world.ask("GET", "/v1/deployments")["deployments"];
      for (const Json& d : list.as_array() ? *list.as_array() : std::vector<Json>{}) {
        if (d.text("version") == version && d.text("phase") != "refused") id = d.text("id");
      }
      if (id.empty() && list.as_array()) // refused, unanswered, or begun: the next look tells
        id = world.ask("POST", "/v1/deployments", R"({"service":"shop","version":")" + version + R"("})").text("id");
      return !id.empty();
    });
    write_file(world.dir + "/version", version + "\n");
    const bool finished = until([&] {
      world.ask("POST", "/v1/deployments/" + id + "/finish", "{}");
      return !deployment(id)["finished"].is_null();
    });
    if (!finished)
      tally.told.push_back(version + " could not be brought out: " + world.ask("GET", "/v1/status").dump());
    return finished ? id : "";
  }

  /// Holds what the steps wrote down against what the daemon says of them.
  void judge(const std::string& id, const Json& before, const Json& after) {
    const std::string phase = after.text("phase");
    const std::string witness = read_text(world.dir + "/steps.log");
    const auto tell = [&](int& count, const std::string& what) {
      ++count;
      tally.told.push_back(id + ", " + (last_death.empty() ? "" : "ended " + last_death + ", ") + what);
    };
    if (phase != "rolled_back_verified" && phase != "rollback_failed") tell(tally.unnamed, "ended as '" + phase + "'");
    // It may take longer where nobody watched for a while, and says so; see docs/reliability.md.
    const bool later = !after["watched_from"].is_null() && after.text("bake_end") > before.text("bake_end");
    if (!later && after.text("bake_end") != before.text("bake_end"))
      tell(tally.moved, "bake_end went from " + before.text("bake_end") + " to " + after.text("bake_end"));
    for (const Json& step : after["steps"].as_array() ? *after["steps"].as_array() : std::vector<Json>{}) {
      const std::string name = step.text("name");
      if (!is_script(name)) continue;
      // `execute` may begin anew where its check says that it is not done: what counts is what it did.
      const int ran = lines_that_begin(witness, id + " " + (name == "execute" ? "executed" : name));
      if (ran > 1) tell(tally.doubled, "step " + name + " ran " + std::to_string(ran) + " times");
      if (ran == 0 && step.text("status") == "done") tell(tally.lost, "step " + name + " is said to be done");
    }
    if (phase != "rolled_back_verified") return;
    for (const char* name : {"prepare", "executed", "migrate-back", "verify-by-hand"}) {
      if (lines_that_begin(witness, id + " " + name) == 0) tell(tally.lost, std::string(name) + " never ran");
    }
  }

  /// Why a rollback failed → how often.
  void failed_because(const Json& deployment) {
    std::string why = deployment.text("phase") + ", " + deployment.text("why");
    const std::string folder = world.dir + "/";
    for (auto at = why.find(folder); at != std::string::npos; at = why.find(folder)) why.replace(at, folder.size(), "");
    ++tally.failures[last_death.empty() ? why : "ended " + last_death + ": " + why];
  }

  static bool is_script(const std::string& name) {
    return name == "prepare" || name == "execute" || name == "migrate-back" || name == "verify-by-hand";
  }

  /// After a rollback that failed (the host went down in a step): what the person on call does.
  bool go_on(const Json& ended) {
    if (ended.text("phase") == "rolled_back_verified") return true;
    write_file(world.dir + "/version", "v0-good\n");
    return until([&] {
      world.ask("POST", "/v1/unlock", R"({"service":"shop","done_by_hand":true,"reason":"the loop goes on"})");
      const Json status = world.ask("GET", "/v1/status");
      const Json* const services = &status["services"];
      return services->as_array() && !services->as_array()->empty() && !services->as_array()->front().flag("locked");
    });
  }

  static std::string boot_digits(std::uint32_t boot) {
    char text[16];
    std::snprintf(text, sizeof text, "%012u", boot);
    return text;
  }

  /// Ends what runs of our steps: the supervisors and scripts, known by our own folder in their command line.
  void end_steps() {
    DIR* const all = ::opendir("/proc");
    while (const dirent* const entry = all ? ::readdir(all) : nullptr) {
      const pid_t pid = std::atoi(entry->d_name);
      if (pid <= 0 || pid == ::getpid() || pid == world.daemon) continue;
      if (read_text("/proc/" + std::string(entry->d_name) + "/cmdline").find(world.dir + "/") != std::string::npos)
        ::kill(pid, SIGKILL);
    }
    if (all) ::closedir(all);
  }
};

} // namespace backstop::shop
