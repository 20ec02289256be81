#pragma once
#include "bench/process.hpp"
#include "tests/integration/free_port.hpp"
#include "tests/integration/raw_server.hpp"
#include <array>
#include <functional>
#include <memory>
#include <spawn.h>

extern char** environ;

/// What people would have run a script when a service fails, set up as fast as it goes.
namespace backstop::bench {

/// The lines that a stamp program wrote into `dir`/steps.log: when it began, oldest first.
inline std::vector<double> stamps_in(const std::string& dir) {
  std::vector<double> times;
  std::istringstream in(shop::read_text(dir + "/steps.log"));
  std::string who, step;
  for (double t = 0; in >> who >> step >> t;) times.push_back(t);
  return times;
}

/// Prometheus scraping and judging once a second, with the share of errors over 2 s and over 5 s, `for: 0s`; Alertmanager
/// that waits for nothing; a webhook that starts the script at once.
class PrometheusChain {
public:
  static constexpr std::array<const char*, 2> windows{"2s", "5s"};

  PrometheusChain(std::string dir, int service_port, std::string stamp)
      : dir_(std::move(dir)), service_port_(service_port), stamp_(std::move(stamp)) {
    for (const char* window : windows) ::mkdir(log_dir(window).c_str(), 0755);
    const std::string hook = "http://127.0.0.1:" + std::to_string(hook_.port()) + "/";
    shop::write_file(dir_ + "/alertmanager.yml",
                     "route:\n  receiver: w2s\n  group_by: [alertname]\n  group_wait: 0s\n  group_interval: 1s\n"
                     "  repeat_interval: 1h\n  routes: [{receiver: w5s, matchers: ['alertname=\"w5s\"']}]\n"
                     "receivers:\n  - {name: w2s, webhook_configs: [{url: '" +
                         hook + "w2s', max_alerts: 0}]}\n  - {name: w5s, webhook_configs: [{url: '" + hook +
                         "w5s', max_alerts: 0}]}\n");
    alertmanager_ = std::make_unique<Pinned>(
        std::vector<std::string>{"/usr/bin/prometheus-alertmanager", "--config.file=" + dir_ + "/alertmanager.yml",
                                 "--storage.path=" + dir_ + "/alertmanager", "--cluster.listen-address=",
                                 "--web.listen-address=127.0.0.1:" + std::to_string(alertmanager_port_)},
        -1, dir_ + "/alertmanager.log");
  }

  /// Anew, under another name, so that scrapes and judgements lie otherwise to each other: within one run they do not move.
  void restart_prometheus(int turn) {
    prometheus_.reset();
    std::string rules = "groups:\n- name: errors" + std::to_string(turn) + "\n  interval: 1s\n  rules:\n";
    for (const std::string window : windows)
      rules += "  - alert: w" + window + "\n    for: 0s\n    expr: 'sum(rate(http_requests_total{code=\"500\"}[" +
               window + "])) / sum(rate(http_requests_total[" + window + "])) > 0.05'\n";
    shop::write_file(dir_ + "/rules" + std::to_string(turn) + ".yml", rules);
    shop::write_file(
        dir_ + "/prometheus.yml",
        "global: {scrape_interval: 1s, scrape_timeout: 800ms, evaluation_interval: 1s, external_labels: {turn: '" +
            std::to_string(turn) + "'}}\nrule_files: ['" + dir_ + "/rules" + std::to_string(turn) +
            ".yml']\nalerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:" +
            std::to_string(alertmanager_port_) +
            "']}]}]}\nscrape_configs: [{job_name: shop, static_configs: [{targets: ['127.0.0.1:" +
            std::to_string(service_port_) + "']}]}]\n");
    prometheus_ = std::make_unique<Pinned>(
        std::vector<std::string>{"/usr/bin/prometheus", "--config.file=" + dir_ + "/prometheus.yml",
                                 "--storage.tsdb.path=" + dir_ + "/tsdb" + std::to_string(turn),
                                 "--web.listen-address=127.0.0.1:" + std::to_string(free_port())},
        -1, dir_ + "/prometheus.log");
  }

  [[nodiscard]] std::string log_dir(const std::string& window) const { return dir_ + "/w" + window; }
  /// Told of the end of the last alert: another one would be told at once.
  [[nodiscard]] bool quiet() {
    const std::lock_guard lock(mutex_);
    return firing_[0] == 0 && firing_[1] == 0;
  }

private:
  void told(RawServer::Connection& c) {
    while (const auto request = c.read_request()) {
      const std::size_t w = request->find("POST /w2s ") == 0 ? 0 : 1;
      const bool fires = request->find("\"status\":\"firing\"") != std::string::npos;
      if (fires) run_script(log_dir(windows[w]));
      {
        const std::lock_guard lock(mutex_);
        firing_[w] = fires ? 1 : 0;
      }
      if (!c.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) return;
    }
  }
  void run_script(const std::string& dir) const {
    std::string program = stamp_, where = dir, step = "execute", id = "BACKSTOP_DEPLOYMENT=alert";
    std::array<char*, 4> argv{program.data(), where.data(), step.data(), nullptr};
    std::array<char*, 2> environment{id.data(), nullptr};
    pid_t pid = -1;
    if (::posix_spawn(&pid, program.c_str(), nullptr, nullptr, argv.data(), environment.data()) == 0)
      ::waitpid(pid, nullptr, 0);
  }

  std::string dir_;
  int service_port_;
  std::string stamp_;
  int alertmanager_port_ = free_port();
  std::mutex mutex_;
  std::array<int, 2> firing_{};
  RawServer hook_{[this](RawServer::Connection& c) { told(c); }};
  std::unique_ptr<Pinned> alertmanager_, prometheus_;
};

/// Monit with cycles of a second: a script asks the service for its counters, and fails where the share of errors since
/// the last cycle is over the line.
class Monit {
public:
  Monit(std::string dir, int service_port, const std::string& stamp) : dir_(std::move(dir)) {
    ::mkdir(log_dir().c_str(), 0755);
    shop::write_file(
        dir_ + "/share",
        "#!/bin/sh\ncurl -s -m 0.8 http://127.0.0.1:" + std::to_string(service_port) + "/metrics >" + dir_ +
            "/now || exit 0\n[ -f " + dir_ + "/before ] || cp " + dir_ + "/now " + dir_ +
            "/before\nawk 'FNR==1{f++} /200/{ok[f]=$2} /500/{bad[f]=$2} END{b=bad[2]-bad[1]; a=b+ok[2]-ok[1]; "
            "exit a>0 && b/a>0.05}' " +
            dir_ + "/before " + dir_ + "/now\nr=$?\nmv " + dir_ + "/now " + dir_ + "/before\nexit $r\n",
        0755);
    shop::write_file(dir_ + "/hook",
                     "#!/bin/sh\nBACKSTOP_DEPLOYMENT=monit exec " + stamp + " " + log_dir() + " execute\n", 0755);
    shop::write_file(dir_ + "/monitrc",
                     "set daemon 1\nset log " + dir_ + "/monit.log\nset pidfile " + dir_ + "/monit.pid\nset idfile " +
                         dir_ + "/monit.id\nset statefile " + dir_ + "/monit.state\ncheck program share with path " +
                         dir_ + "/share timeout 1 seconds\n  if status != 0 then exec " + dir_ + "/hook\n",
                     0600);
    monit_ = std::make_unique<Pinned>(std::vector<std::string>{"/usr/bin/monit", "-I", "-c", dir_ + "/monitrc"}, -1,
                                      dir_ + "/monit.out");
  }
  [[nodiscard]] std::string log_dir() const { return dir_ + "/monit"; }

private:
  std::string dir_;
  std::unique_ptr<Pinned> monit_;
};

} // namespace backstop::bench
