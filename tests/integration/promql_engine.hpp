#pragma once
#include "tests/fakes/temporary_directory.hpp"
#include "tests/integration/free_port.hpp"
#include "tests/integration/raw_client.hpp"
#include "tests/integration/server_process.hpp"
#include <chrono>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace backstop {

/// A real engine of PromQL of the test's own, which scrapes the given ports of 127.0.0.1 five times a second, as job
/// "shop". Gone at the end.
class PromqlEngine {
public:
  enum class Kind { prometheus, victoria_metrics };

  PromqlEngine(Kind kind, const std::vector<int>& ports) : port_(free_port()) {
    const std::string config = directory_.path() + "/scrape.yml", listen = "127.0.0.1:" + std::to_string(port_);
    std::string targets;
    for (const int port : ports)
      targets += (targets.empty() ? "" : ", ") + ("'127.0.0.1:" + std::to_string(port)) + "'";
    std::ofstream(config) << "global: {scrape_interval: 200ms, scrape_timeout: 200ms}\n"
                          << "scrape_configs:\n  - job_name: shop\n    static_configs: [{targets: [" << targets
                          << "]}]\n";
    const std::string data = directory_.path() + "/data";
    if (kind == Kind::prometheus) {
      start("/usr/bin/prometheus --config.file=" + config + " --storage.tsdb.path=" + data +
            " --web.listen-address=" + listen);
      await("/-/ready");
    } else {
      start("/usr/bin/victoria-metrics -promscrape.config=" + config + " -storageDataPath=" + data +
            " -httpListenAddr=" + listen + " -search.latencyOffset=1s"); // else ranges end half a minute ago
      await("/health");
    }
  }

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

private:
  [[nodiscard]] std::string log() const { return directory_.path() + "/log"; }
  void start(const std::string& command) { process_.start("root", command, log()); }
  void await(const std::string& path) const {
    for (int i = 0; i < 300; ++i) { // the bound is there for a failing test alone
      if (answers(path)) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    std::ifstream said(log());
    throw std::runtime_error("the engine does not come up:\n" + std::string(std::istreambuf_iterator<char>(said), {}));
  }
  [[nodiscard]] bool answers(const std::string& path) const try {
    RawClient client(port_);
    client.send("GET " + path + " HTTP/1.0\r\n\r\n");
    return client.wait_for(" 200", 1000);
  } catch (const std::runtime_error&) { // nobody listens yet
    return false;
  }

  TemporaryDirectory directory_;
  int port_;
  ServerProcess process_; ///< ended before its folder goes
};

} // namespace backstop
