#pragma once
#include "bench/process.hpp"
#include "tests/integration/free_port.hpp"
#include <memory>
#include <optional>

/// Many targets on loopback, and what watches them: ours, and its peers, each set up to read the same.
namespace backstop::bench {

/// The scraped side, a program of its own on the core of the load.
class Fleet {
public:
  Fleet(const std::string& bin, int targets, int series, int slow_ms = 0)
      : targets_({bin + "/bench_fleet_targets", std::to_string(targets), std::to_string(series), dir + "/ports",
                  dir + "/arrivals", std::to_string(slow_ms)},
                 cores().load, dir + "/targets.log") {
    for (int i = 0; i < 500 && shop::read_text(dir + "/ports").empty(); ++i) sleep_s(0.02);
    std::istringstream in(shop::read_text(dir + "/ports"));
    for (std::string port; in >> port;) ports.push_back(port);
    if (ports.empty()) throw std::runtime_error("the targets do not start: " + targets_.said());
  }

  /// When each target was asked, in s; ends the targets.
  std::vector<std::pair<std::size_t, double>> arrivals() {
    targets_.end();
    std::istringstream in(shop::read_text(dir + "/arrivals"));
    std::vector<std::pair<std::size_t, double>> all;
    std::pair<std::size_t, double> one;
    while (in >> one.first >> one.second) all.push_back(one);
    return all;
  }
  [[nodiscard]] double cpu() const { return targets_.cpu(); }

private:
  TemporaryDirectory directory_;

public:
  std::string dir = directory_.path();
  std::vector<std::string> ports;

private:
  Pinned targets_;
};

/// backstopd with a service file for each target of `fleet`, whose row of error_rate is judged at each scrape.
class FleetDaemon {
public:
  FleetDaemon(const std::string& bin, Fleet& fleet) : dir_(fleet.dir) {
    ::mkdir((dir_ + "/services.d").c_str(), 0755);
    shop::write_file(dir_ + "/backstop.yaml",
                     "control: {socket: " + dir_ +
                         "/control.sock}\nmetrics: {listen: \"127.0.0.1:" + std::to_string(metrics_port_) +
                         "\"}\njournal: {path: " + dir_ + "/journal.db}\nrecorder: {path: " + dir_ +
                         "/recorder.db}\nservices: " + dir_ + "/services.d/*.yaml\n");
    for (std::size_t i = 0; i < fleet.ports.size(); ++i)
      shop::write_file(dir_ + "/services.d/" + name(i) + ".yaml", service(name(i), fleet.ports[i]));
    daemon_ =
        std::make_unique<Pinned>(std::vector<std::string>{bin + "/backstopd", "--config", dir_ + "/backstop.yaml"},
                                 cores().measured, dir_ + "/daemon.log");
  }

  /// Every service has a version that is known as good, so that a baseline is learned; false: the daemon does not answer.
  bool adopt(std::size_t services) {
    for (std::size_t i = 0; i < services; ++i) {
      bool adopted = false;
      for (int tries = 0; tries < 200 && !adopted && daemon_->runs(); ++tries) {
        const auto answer =
            ControlClient(dir_ + "/control.sock")
                .request("POST", "/v1/adopt", R"({"service":")" + name(i) + R"(","version":"v1","reason":"bench"})",
                         std::chrono::seconds(5));
        adopted = answer && answer->status < 300;
        if (!adopted) sleep_s(0.05);
      }
      if (!adopted) return false;
    }
    return true;
  }
  [[nodiscard]] std::string metrics() const {
    const int fd = connect_to(std::to_string(metrics_port_), 0);
    if (fd < 0) return "";
    const std::string request = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    (void)::send(fd, request.data(), request.size(), MSG_NOSIGNAL);
    std::string answer;
    char buffer[65536];
    for (ssize_t n = 0; (n = ::recv(fd, buffer, sizeof buffer, 0)) > 0;)
      answer.append(buffer, static_cast<std::size_t>(n));
    ::close(fd);
    return answer;
  }
  Pinned& process() { return *daemon_; }

private:
  static std::string name(std::size_t i) { return "s" + std::to_string(i); }
  static std::string service(const std::string& name, const std::string& port) {
    return "service: " + name +
           "\nsources:\n  app: {type: prometheus, interval: 1s, timeout: 950ms, targets: [{url: \"http://127.0.0.1:" +
           port +
           "/metrics\"}]}\nindicators:\n  error_rate: {ratio: {source: app, errors: "
           "'http_requests_total{code=~\"5..\"}', "
           "total: http_requests_total}, window: 30s, min_requests: 50}\n"
           "thresholds: {use: standard, rows: {error_rate: {}}}\n"
           "procedures: {rollback: [{name: execute, kind: run, argv: [/bin/true]}, {name: verify, kind: watch}]}\n";
  }
  std::string dir_;
  int metrics_port_ = free_port();
  std::unique_ptr<Pinned> daemon_;
};

/// The scrape configuration that all peers read.
inline std::string scrape_config(const Fleet& fleet) {
  std::string targets;
  for (const std::string& port : fleet.ports) targets += (targets.empty() ? "'" : ", '") + ("127.0.0.1:" + port) + "'";
  return "scrape_configs:\n  - job_name: fleet\n    static_configs: [{targets: [" + targets + "]}]\n";
}
constexpr const char* kScrapeEverySecond =
    "global: {scrape_interval: 1s, scrape_timeout: 950ms, evaluation_interval: 1s}\n";

/// The rule of the peers: one for all targets, judged each second over the window that ours has; what a person would write.
inline std::string rule(const char* kind) {
  return std::string("groups:\n- name: errors\n  interval: 1s\n  rules:\n  - ") + kind +
         ": ErrorRate\n    expr: 'sum by (instance) (rate(http_requests_total{code=~\"5..\"}[30s])) / sum by "
         "(instance) "
         "(rate(http_requests_total[30s]))" +
         (std::string(kind) == "alert" ? " > 0.05" : "") + "'\n";
}

using Processes = std::vector<std::unique_ptr<Pinned>>;

inline Processes start_reader(const std::string& bin, const Fleet& fleet, const char* what) {
  Processes all;
  all.push_back(
      std::make_unique<Pinned>(std::vector<std::string>{bin + "/bench_fleet_reader", fleet.dir + "/ports", what},
                               cores().measured, fleet.dir + "/reader.log"));
  return all;
}

inline Processes start_prometheus(const Fleet& fleet, bool with_rule) {
  shop::write_file(fleet.dir + "/rules.yml", rule("alert"));
  shop::write_file(fleet.dir + "/prometheus.yml",
                   std::string(kScrapeEverySecond) +
                       (with_rule ? "rule_files: ['" + fleet.dir + "/rules.yml']\n" : "") + scrape_config(fleet));
  Processes all;
  all.push_back(std::make_unique<Pinned>(
      std::vector<std::string>{"/usr/bin/prometheus", "--config.file=" + fleet.dir + "/prometheus.yml",
                               "--storage.tsdb.path=" + fleet.dir + "/tsdb",
                               "--web.listen-address=127.0.0.1:" + std::to_string(free_port())},
      cores().measured, fleet.dir + "/prometheus.log"));
  return all;
}

/// `with_rule`: with vmalert beside it, which asks it and writes the results back.
inline Processes start_victoria(const Fleet& fleet, bool with_rule) {
  const std::string address = "127.0.0.1:" + std::to_string(free_port());
  shop::write_file(fleet.dir + "/scrape.yml",
                   "global: {scrape_interval: 1s, scrape_timeout: 950ms}\n" + scrape_config(fleet));
  Processes all;
  all.push_back(std::make_unique<Pinned>(
      std::vector<std::string>{"/usr/bin/victoria-metrics", "-promscrape.config=" + fleet.dir + "/scrape.yml",
                               "-storageDataPath=" + fleet.dir + "/vm", "-httpListenAddr=" + address},
      cores().measured, fleet.dir + "/victoria.log"));
  if (!with_rule) return all;
  shop::write_file(fleet.dir + "/record.yml", rule("record"));
  sleep_s(1);
  all.push_back(std::make_unique<Pinned>(
      std::vector<std::string>{"/usr/bin/vmalert", "-rule=" + fleet.dir + "/record.yml",
                               "-datasource.url=http://" + address, "-remoteWrite.url=http://" + address,
                               "-evaluationInterval=1s", "-httpListenAddr=127.0.0.1:" + std::to_string(free_port())},
      cores().measured, fleet.dir + "/vmalert.log"));
  return all;
}

/// It cannot do without somebody to push to: the targets take it and forget it.
inline Processes start_vmagent(const Fleet& fleet) {
  shop::write_file(fleet.dir + "/scrape.yml",
                   "global: {scrape_interval: 1s, scrape_timeout: 950ms}\n" + scrape_config(fleet));
  Processes all;
  all.push_back(std::make_unique<Pinned>(
      std::vector<std::string>{"/usr/bin/vmagent", "-promscrape.config=" + fleet.dir + "/scrape.yml",
                               "-remoteWrite.tmpDataPath=" + fleet.dir + "/vmagent",
                               "-remoteWrite.url=http://127.0.0.1:" + fleet.ports.front() + "/write",
                               "-httpListenAddr=127.0.0.1:" + std::to_string(free_port())},
      cores().measured, fleet.dir + "/vmagent.log"));
  return all;
}

/// What some processes took together, each by its own account in /proc.
struct Taken {
  double cpu = 0;                     ///< share of a core
  double resident = 0, anonymous = 0; ///< MiB
};

inline Taken measure(const std::vector<const Pinned*>& processes, double seconds) {
  using SteadyClock = std::chrono::steady_clock;
  const auto cpu = [&] {
    double sum = 0;
    for (const Pinned* p : processes) sum += p->cpu();
    return sum;
  };
  const double before = cpu();
  const auto begin = SteadyClock::now();
  sleep_s(seconds);
  Taken taken;
  taken.cpu = (cpu() - before) / std::chrono::duration<double>(SteadyClock::now() - begin).count();
  for (const Pinned* p : processes) {
    if (!p->runs()) throw std::runtime_error("it ended by itself: " + p->said());
    taken.resident += mib(p->held().resident_kib);
    taken.anonymous += mib(p->held().anonymous_kib);
  }
  return taken;
}
inline Taken measure(const Processes& processes, double seconds) {
  std::vector<const Pinned*> all;
  for (const auto& p : processes) all.push_back(p.get());
  return measure(all, seconds);
}

} // namespace backstop::bench
