#pragma once
#include "tests/fakes/temporary_directory.hpp"
#include "tests/integration/free_port.hpp"
#include "tests/integration/raw_client.hpp"
#include "tests/integration/server_process.hpp"
#include <chrono>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <thread>

namespace backstop::monitoring {

/// A real Prometheus of the test's own, with a configuration as a user writes it. Gone at the end.
class PrivatePrometheus {
public:
  static constexpr const char* kProgram = "/usr/bin/prometheus";
  static bool installed() { return access(kProgram, X_OK) == 0; }

  explicit PrivatePrometheus(const std::string& configuration) {
    std::ofstream(directory_.path() + "/prometheus.yml") << configuration;
    process_.start("root",
                   std::string(kProgram) + " --config.file=" + directory_.path() +
                       "/prometheus.yml --storage.tsdb.path=" + directory_.path() +
                       "/data --web.listen-address=127.0.0.1:" + std::to_string(port_),
                   directory_.path() + "/log");
    for (int i = 0; i < 300; ++i) { // the bound is there for a failing test alone
      try {
        if (get("/-/ready").find(" 200 ") != std::string::npos) return;
      } catch (const std::runtime_error&) { // nobody listens yet
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    std::ifstream said(directory_.path() + "/log");
    throw std::runtime_error("Prometheus does not come up:\n" + std::string(std::istreambuf_iterator<char>(said), {}));
  }

  /// The `data` of what the HTTP API answers; an error of a query is thrown.
  [[nodiscard]] nlohmann::json api(const std::string& path, const std::string& parameters = "") const {
    const std::string answer = get("/api/v1/" + path + (parameters.empty() ? "" : "?" + parameters));
    const auto body = answer.find("\r\n\r\n");
    const nlohmann::json json = nlohmann::json::parse(body == std::string::npos ? "" : answer.substr(body + 4));
    if (json.at("status") != "success") throw std::runtime_error(json.dump());
    return json.at("data");
  }
  /// Series of `expr` over the whole time since `from` (Unix time), a point each second: those that have one.
  [[nodiscard]] nlohmann::json range(const std::string& expr, double from, double to) const {
    return api("query_range",
               "step=1&start=" + std::to_string(from) + "&end=" + std::to_string(to) + "&query=" + escaped(expr))
        .at("result");
  }
  static std::string escaped(const std::string& text) {
    std::string out;
    for (const unsigned char c : text) {
      char hex[4];
      std::snprintf(hex, sizeof hex, "%%%02X", c);
      out += hex;
    }
    return out;
  }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

private:
  [[nodiscard]] std::string get(const std::string& path) const {
    RawClient client(port_);
    client.send("GET " + path + " HTTP/1.0\r\n\r\n");
    client.wait_closed(20000);
    return client.received();
  }
  TemporaryDirectory directory_;
  int port_ = free_port();
  ServerProcess process_; ///< ended before its folder goes
};

} // namespace backstop::monitoring
