#pragma once
#include "daemon/io/control_client.hpp"
#include "daemon/json.hpp"
#include "tests/fakes/temporary_directory.hpp"
#include "tests/integration/raw_server.hpp"
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <sstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

/// A made-up service with a real backstopd beside it, for the kill loop and the benches: loopback only, in a folder of its
/// own, ended by pid.
namespace backstop::shop {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

inline void write_file(const std::string& path, const std::string& text, mode_t mode = 0644) {
  std::ofstream(path) << text;
  ::chmod(path.c_str(), mode);
}
inline std::string read_text(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

struct Settings {
  std::string interval = "100ms", timeout = "90ms", window = "500ms", for_critical = "100ms", good_for = "300ms";
  int min_requests = 5;
  double good_share = 0, bad_share = 1.0 / 3; ///< of requests that fail
  bool many_steps = true;                     ///< else: execute and verify alone
  bool check_execute = false;                 ///< `execute` has a check, so it may begin anew after its end is unknown
  bool link = false; ///< the version is looked up in a link (DIR/current), not asked of a script
  std::string stamp; ///< a program that runs instead of the scripts, with DIR and the step's name as arguments
  std::vector<std::string> stamped = {"execute"}; ///< the steps that it runs as
  std::string observers;                          ///< group that may see; empty: the default
  std::string state;                              ///< folder of journal and recorder; empty: DIR
  std::string more_channels;                      ///< beside `oncall`, as they stand in the YAML: ", hook: {...}"
  std::string more_keys;                          ///< of backstop.yaml, whole lines
};

/// The service: 200 requests a second; `bad_share` of them fails while the version that runs ends with "bad".
class Target {
public:
  Target(std::string version_file, const Settings& settings)
      : version_file_(std::move(version_file)), settings_(settings) {}
  /// From this instant on requests fail (or no more), whatever the version file says; without a call the file decides.
  void switch_at_now(bool bad) {
    const std::lock_guard lock(mutex_);
    count();
    forced_ = bad;
  }
  /// When its metrics were asked for, on the wall clock, oldest first.
  std::vector<double> scraped_at() {
    const std::lock_guard lock(mutex_);
    return scraped_at_;
  }
  std::string scrape() {
    const std::lock_guard lock(mutex_);
    count();
    scraped_at_.push_back(std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count());
    char body[256];
    const int n =
        std::snprintf(body, sizeof body,
                      "http_requests_total{code=\"200\"} %.0f\nhttp_requests_total{code=\"500\"} %.0f\n", ok_, failed_);
    return "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: " + std::to_string(n) +
           "\r\n\r\n" + body;
  }

private:
  void count() {
    const auto now = Clock::now();
    const double requests = 200 * std::chrono::duration<double>(now - last_).count();
    last_ = now;
    const bool bad = forced_ ? *forced_ : read_text(version_file_).find("bad") != std::string::npos;
    const double share = bad ? settings_.bad_share : settings_.good_share;
    ok_ += requests * (1 - share);
    failed_ += requests * share;
  }
  std::string version_file_;
  const Settings& settings_;
  std::mutex mutex_;
  std::optional<bool> forced_;
  Clock::time_point last_ = Clock::now();
  double ok_ = 1000, failed_ = 0;
  std::vector<double> scraped_at_;
};

struct World {
  explicit World(Settings wanted = {}) : settings(std::move(wanted)) {}
  Settings settings;
  TemporaryDirectory directory;
  std::string dir = directory.path();
  std::string bin;
  Target target{dir + "/version", settings};
  RawServer server{[this](RawServer::Connection& c) {
    while (c.read_request()) {
      if (!c.send(target.scrape())) return;
    }
  }};
  pid_t daemon = -1;
  std::function<bool()> before_exec; ///< in the child that becomes the daemon; false: it does not
  std::mt19937 random{std::random_device{}()};

  void prepare() {
    ::mkdir((dir + "/services.d").c_str(), 0755);
    write_file(dir + "/version", "v0-good\n");
    const auto script = [&](const char* name, const std::string& body) {
      write_file(dir + "/" + name,
                 "#!/bin/sh\nt=$(date +%s.%N); echo \"$BACKSTOP_DEPLOYMENT " + std::string(name) + " $t\" >>" + dir +
                     "/steps.log\n" + body,
                 0755);
    };
    script("prepare", "sleep 0.02\n");
    script("execute", "sleep 0.05\necho \"$BACKSTOP_DEPLOYMENT executed\" >>" + dir +
                          "/steps.log\necho \"$BACKSTOP_PREVIOUS_VERSION\" >" + dir + "/version\nsleep 0.02\n");
    script("migrate-back", "sleep 0.02\n");
    script("verify-by-hand", "sleep 0.02\n");
    write_file(dir + "/is-back", "#!/bin/sh\n[ \"$(cat " + dir + "/version)\" = \"$BACKSTOP_PREVIOUS_VERSION\" ]\n",
               0755);
    write_file(dir + "/running", "#!/bin/sh\ncat " + dir + "/version\n", 0755);
    write_file(dir + "/notify",
               "#!/bin/sh\necho \"$BACKSTOP_NOTICE_KEY $BACKSTOP_NOTICE_TITLE\" >>" + dir + "/notices.log\n", 0755);
    write_file(dir + "/backstop.yaml", daemon_file());
    write_file(dir + "/services.d/shop.yaml", service_file());
  }

  [[nodiscard]] std::string daemon_file() const {
    const std::string state = settings.state.empty() ? dir : settings.state;
    const std::string observers = settings.observers.empty() ? "" : ", observers: " + settings.observers;
    return "control: {socket: " + dir + "/control.sock" + observers +
           "}\nmetrics: {listen: \"127.0.0.1:0\"}\njournal: {path: " + state +
           "/journal.db}\nrecorder: {path: " + state +
           "/recorder.db}\nlimits: {concurrent_rollbacks: 1, rollbacks: 100000 per 24h}\nchannels: {oncall: {type: "
           "command, argv: [" +
           dir + "/notify]}" + settings.more_channels + "}\nservices: " + dir + "/services.d/*.yaml\n" +
           settings.more_keys;
  }
  [[nodiscard]] std::string service_file() const {
    return "service: shop\nenvironment: test\nmode: auto\nbake: {for: 60s, good_after: 30s, deploy_timeout: "
           "60s}\nbaseline: {window: 60s, min_samples: 5}\njudge: {kind: table, warm_up: 0s}\n"
           "running_version: " +
           (settings.link ? "{link: " + dir + "/current}" : "{argv: [" + dir + "/running], timeout: 5s}") +
           "\n"
           "sources:\n  app: {type: prometheus, interval: " +
           settings.interval + ", timeout: " + settings.timeout +
           ", targets: [{url: \"http://127.0.0.1:" + std::to_string(server.port()) +
           "/metrics\"}]}\n"
           "indicators:\n  error_rate: {ratio: {source: app, errors: 'http_requests_total{code=~\"5..\"}', "
           "total: http_requests_total}, window: " +
           settings.window + ", min_requests: " + std::to_string(settings.min_requests) +
           "}\n"
           "thresholds: {use: standard, rows: {error_rate: {for: {alert: 0s, critical: " +
           settings.for_critical +
           "}}}}\n"
           "procedures:\n  rollback:\n" +
           steps();
  }

  [[nodiscard]] std::string steps() const {
    const auto run = [&](const std::string& name, const std::string& more = "") {
      return "    - {name: " + name + ", kind: run, argv: [" + dir + "/" + name + "], timeout: 10s" + more + "}\n";
    };
    const std::string watch = "    - {name: verify, kind: watch, good_for: " + settings.good_for + ", timeout: 30s}\n";
    if (!settings.stamp.empty()) {
      std::string all;
      for (const std::string& name : settings.stamped)
        all += "    - {name: " + name + ", kind: run, argv: [" + settings.stamp + ", " + dir + ", " + name +
               "], timeout: 10s}\n";
      return all + watch;
    }
    const std::string check = settings.check_execute ? ", check: {argv: [" + dir + "/is-back], timeout: 5s}" : "";
    if (!settings.many_steps) return run("execute", check) + watch;
    return "    - {name: tell, kind: notify, severity: critical}\n" + run("prepare") + run("execute", check) +
           run("migrate-back") + watch + run("verify-by-hand") + "    - {name: review, kind: review}\n";
  }

  void start() {
    daemon = ::fork();
    if (daemon != 0) return;
    std::FILE* log = std::freopen((dir + "/daemon.log").c_str(), "a", stderr);
    if (!log || (before_exec && !before_exec())) ::_exit(126);
    ::execl((bin + "/backstopd").c_str(), "backstopd", "--config", (dir + "/backstop.yaml").c_str(), nullptr);
    ::_exit(127);
  }
  /// How the daemon ended, as waitpid says it.
  int kill_daemon(int signal) {
    int status = 0;
    ::kill(daemon, signal);
    ::waitpid(daemon, &status, 0);
    daemon = -1;
    return status;
  }
  /// The answer's document; null while the daemon does not answer.
  Json ask(const std::string& method, const std::string& path, const std::string& body = "") {
    const auto answer = ControlClient(dir + "/control.sock").request(method, path, body, std::chrono::seconds(5));
    if (!answer) return {};
    Result<Json> json = Json::parse(answer->body);
    return json ? *json : Json();
  }
  bool until(const std::function<bool()>& done, milliseconds most) {
    const auto deadline = Clock::now() + most;
    while (!done()) {
      if (Clock::now() > deadline) return false;
      std::this_thread::sleep_for(milliseconds(20));
    }
    return true;
  }
};

} // namespace backstop::shop
