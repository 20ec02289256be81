#pragma once
#include "daemon/json.hpp"
#include "tests/fakes/temporary_directory.hpp"
#include "tests/integration/free_port.hpp"
#include "tests/integration/raw_client.hpp"
#include "tests/integration/server_process.hpp"
#include <chrono>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>

namespace backstop {

/// A real Alertmanager of the test's own, without peers, that forgets an alert after `resolve_timeout` unless told when it
/// ends. Gone at the end.
class PrivateAlertmanager {
public:
  static bool possible() { return access("/usr/bin/prometheus-alertmanager", X_OK) == 0; }

  explicit PrivateAlertmanager(const std::string& resolve_timeout) : port_(free_port()) {
    const std::string config = directory_.path() + "/alertmanager.yml";
    std::ofstream(config) << "global: {resolve_timeout: " << resolve_timeout
                          << "}\nroute: {receiver: nobody}\nreceivers: [{name: nobody}]\n";
    process_.start("root",
                   "/usr/bin/prometheus-alertmanager --config.file=" + config + " --storage.path=" + directory_.path() +
                       "/data --web.listen-address=127.0.0.1:" + std::to_string(port_) + " --cluster.listen-address=",
                   directory_.path() + "/log");
    for (int i = 0; i < 300; ++i) { // the bound is there for a failing test alone
      if (get("/-/ready").find(" 200") != std::string::npos) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    throw std::runtime_error("Alertmanager does not come up");
  }

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  /// The alerts that are open now, as its API lists them.
  [[nodiscard]] Json::Array alerts() const {
    const std::string answer = get("/api/v2/alerts");
    const auto head = answer.find("\r\n\r\n");
    const Result<Json> body = Json::parse(head == std::string::npos ? "" : answer.substr(head + 4));
    return body && body->as_array() ? *body->as_array() : Json::Array{};
  }

private:
  [[nodiscard]] std::string get(const std::string& path) const try {
    RawClient client(port_);
    client.send("GET " + path + " HTTP/1.0\r\n\r\n");
    client.wait_closed(5000);
    return client.received();
  } catch (const std::runtime_error&) { // nobody listens yet
    return "";
  }

  TemporaryDirectory directory_;
  int port_;
  ServerProcess process_; ///< ended before its folder goes
};

} // namespace backstop
