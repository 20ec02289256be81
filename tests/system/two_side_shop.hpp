#pragma once
#include "tests/integration/private_haproxy.hpp"
#include "tests/system/shop_world.hpp"
#include <atomic>

namespace backstop::shop {

/// A real HAProxy before two sides, each a process of its own (side_server.cpp), whose versions stand in DIR/side-blue and
/// DIR/side-green. Blue has the traffic in the beginning.
class TwoSideShop {
public:
  /// `dir`, `bin`: of the world whose daemon watches it.
  TwoSideShop(const std::string& dir, const std::string& bin) {
    write_file(dir + "/side-blue", "v0-good\n");
    write_file(dir + "/side-green", "v0-good\n");
    blue_.start("root", bin + "/side_server " + std::to_string(blue_port) + " " + dir + "/side-blue",
                dir + "/blue.log");
    green_.start("root", bin + "/side_server " + std::to_string(green_port) + " " + dir + "/side-green",
                 dir + "/green.log");
  }

  /// The share of the traffic that `side` has, as HAProxy says it; less than 0: it does not answer.
  [[nodiscard]] double share_of(const std::string& side) const try {
    const double blue = weight("blue1"), green = weight("green1");
    if (blue < 0 || green < 0 || blue + green <= 0) return -1;
    return (side == "blue" ? blue : green) / (blue + green);
  } catch (const std::runtime_error&) {
    return -1;
  }

  const int blue_port = free_port(), green_port = free_port();

private:
  /// Of a server, from "256 (initial 256)".
  [[nodiscard]] double weight(const std::string& server) const {
    const std::string text = haproxy.ask("get weight shop/" + server);
    return text.find("(initial") == std::string::npos ? -1 : std::atof(text.c_str());
  }
  static std::string server_line(const char* name, int port, int weight) {
    return std::string("  server ") + name + " 127.0.0.1:" + std::to_string(port) + " weight " +
           std::to_string(weight) + "\n";
  }
  ServerProcess blue_, green_;

public:
  PrivateHaproxy haproxy{server_line("blue1", blue_port, 256) + server_line("green1", green_port, 0)};
};

/// Customers: one request after the other at HAProxy, about a hundred a second, over a connection that is kept.
class Customers {
public:
  explicit Customers(int port) : port_(port), thread_([this] { go(); }) {}
  Customers(const Customers&) = delete;
  Customers& operator=(const Customers&) = delete;
  ~Customers() { stop(); }
  void stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] int asked() const { return asked_; }
  /// Answered with 500 by a bad version, as it does to every second one.
  [[nodiscard]] int failed_by_version() const { return failed_; }
  /// What else was not answered with 200, one line each.
  std::vector<std::string> lost() {
    const std::lock_guard lock(mutex_);
    return lost_;
  }

  /// One request: the first line and the body; "" where there was no whole answer.
  static std::pair<std::string, std::string> ask(RawClient& client) {
    client.forget_received();
    client.send("GET / HTTP/1.1\r\nHost: shop\r\n\r\n");
    for (;;) {
      const std::string& all = client.received();
      const auto head = all.find("\r\n\r\n");
      if (head != std::string::npos && all.size() > head + 4 && all.back() == '\n')
        return {all.substr(0, all.find("\r\n")), all.substr(head + 4, all.size() - head - 5)};
      if (!client.wait_for_more(5000)) return {"", all};
    }
  }

private:
  void go() {
    std::optional<RawClient> client;
    while (!stop_) {
      std::string line, body;
      try {
        if (!client) client.emplace(port_);
        std::tie(line, body) = ask(*client);
      } catch (const std::runtime_error& e) {
        body = e.what();
      }
      ++asked_;
      if (line.starts_with("HTTP/1.1 500 ") && body.ends_with("bad")) {
        ++failed_;
      } else if (!line.starts_with("HTTP/1.1 200 ")) {
        const std::lock_guard lock(mutex_);
        lost_.push_back("'" + line + "', '" + body + "'");
        client.reset();
      }
      std::this_thread::sleep_for(milliseconds(9));
    }
  }
  int port_;
  std::atomic<bool> stop_ = false;
  std::atomic<int> asked_ = 0, failed_ = 0;
  std::mutex mutex_;
  std::vector<std::string> lost_;
  std::thread thread_;
};

/// What differs from test to test.
struct PlanTimes {
  std::string first_wait;   ///< of a wait in the phase before the service is touched; empty: there is none
  std::string watch = "2s"; ///< each of both watches of the plan
  std::string bake = "3s";
};

/// Makes `world` (prepared, not started) watch `shop`, with a plan: preparation before the service is touched, then deploy, 20%,
/// a watch, all of the traffic, a watch, and a mark. Each step appends its name to DIR/steps.log as it begins; deploy and
/// its undo also "deployed" and "undeployed" once they did it.
inline void watch_by_plan(const World& world, const TwoSideShop& shop, const PlanTimes& times = {}) {
  const std::string& dir = world.dir;
  const auto script = [&](const std::string& name, const std::string& body) {
    write_file(dir + "/" + name,
               "#!/bin/sh\nset -eu\ncd " + dir + "\nlog() { echo \"$BACKSTOP_DEPLOYMENT $1\" >>steps.log; }\n" + body,
               0755);
  };
  const auto plain = [&](const std::string& name) { script(name, "log " + name + "\nsleep 0.1\n"); };
  const auto brings = [&](const std::string& name, const std::string& version) {
    script(name, "log " + name + "\nsleep 0.1\necho \"$" + version +
                     "\" >new-$BACKSTOP_SIDE\nmv new-$BACKSTOP_SIDE side-$BACKSTOP_SIDE\nlog " + name +
                     "ed\nsleep 0.02\n");
  };
  for (const char* name : {"prepare", "unprepare", "mark", "look-by-hand"}) plain(name);
  brings("deploy", "BACKSTOP_VERSION");
  brings("undeploy", "BACKSTOP_PREVIOUS_VERSION");
  script("is-at", "[ \"$(cat side-$BACKSTOP_SIDE)\" = \"$1\" ]\n");
  script("running", "exec curl -sS --noproxy '*' --max-time 3 http://127.0.0.1:" + std::to_string(shop.haproxy.port()) +
                        "/\n"); // as customers meet it
  const auto argv = [&](const std::string& name, const std::string& more = "") {
    return "argv: [" + dir + "/" + name + more + "], timeout: 10s";
  };
  const auto check = [&](const std::string& version) {
    return "check: {argv: [" + dir + "/is-at, \"{" + version + "}\"], timeout: 5s}";
  };
  const std::string wait =
      times.first_wait.empty() ? "" : "      - {name: settle, kind: wait, for: " + times.first_wait + "}\n";
  const std::string source =
      R"(  app:
    type: prometheus
    interval: )" +
      world.settings.interval + "\n    timeout: " + world.settings.timeout +
      "\n    targets:\n      - {url: \"http://127.0.0.1:" + std::to_string(shop.blue_port) +
      "/metrics\", labels: {side: blue}}\n      - {url: \"http://127.0.0.1:" + std::to_string(shop.green_port) +
      "/metrics\", labels: {side: green}}\n";
  write_file(dir + "/services.d/shop.yaml",
             "service: shop\nenvironment: test\nmode: auto\nbake: {for: " + times.bake +
                 ", good_after: 1s, deploy_timeout: 60s}\nbaseline: {window: 60s, min_samples: 5}\n"
                 "judge: {kind: table, warm_up: 0s}\nrunning_version: {argv: [" +
                 dir +
                 "/running], timeout: 5s}\n"
                 "traffic:\n  driver: haproxy\n  socket: " +
                 shop.haproxy.socket_path() +
                 "\n  backend: shop\n  sides: {blue: [blue1], green: [green1]}\n  timeout: 10s\nplan:\n"
                 "  - phase: preparation\n    steps:\n"
                 "      - {name: prepare, kind: run, " +
                 argv("prepare") + ", undo: {" + argv("unprepare") + "}}\n" + wait +
                 "  - phase: production\n    live: true\n    steps:\n"
                 "      - {name: deploy, kind: run, " +
                 argv("deploy") + ", " + check("version") + ", undo: {" + argv("undeploy") + ", " +
                 check("previous_version") +
                 "}}\n"
                 "      - {name: look, kind: run, " +
                 argv("is-at", ", \"{version}\"") +
                 ", on_unknown: rerun}\n"
                 "      - {name: some, kind: traffic, share: 20%}\n"
                 "      - {name: watch-some, kind: watch, for: " +
                 times.watch +
                 "}\n"
                 "      - {name: all, kind: traffic, share: 100%}\n"
                 "      - {name: watch-all, kind: watch, for: " +
                 times.watch +
                 "}\n"
                 "  - phase: finalization\n    steps:\n"
                 "      - {name: mark, kind: run, " +
                 argv("mark") +
                 "}\n"
                 "procedures:\n  rollback:\n    - {name: tell, kind: notify, severity: critical}\n"
                 "    - {name: look-by-hand, kind: run, " +
                 argv("look-by-hand") +
                 "}\n"
                 "    - {name: verify, kind: watch, good_for: " +
                 world.settings.good_for +
                 ", timeout: 30s}\n"
                 "    - {name: review, kind: review}\n"
                 "sources:\n" +
                 source +
                 "indicators:\n  error_rate: {ratio: {source: app, errors: 'http_requests_total{code=~\"5..\"}', "
                 "total: http_requests_total}, window: " +
                 world.settings.window + ", min_requests: " + std::to_string(world.settings.min_requests) +
                 "}\nthresholds: {use: standard, rows: {error_rate: {for: {alert: 0s, critical: " +
                 world.settings.for_critical + "}}}}\n");
}

} // namespace backstop::shop
