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

namespace backstop {

/// A real HAProxy of the test's own: one frontend, whose requests go to the backend "shop". Runtime API by a socket in a
/// temporary directory (level admin), by another one of level operator, and by a port. Gone at the end.
class PrivateHaproxy {
public:
  static constexpr const char* kProgram = "/usr/sbin/haproxy";
  static bool installed() { return access(kProgram, X_OK) == 0; }

  /// `backend`: the lines of the backend.
  explicit PrivateHaproxy(const std::string& backend) {
    std::ofstream(at("cfg"))
        << "global\n  nbthread 1\n  stats socket " << socket_path() << " mode 600 level admin\n"
        << "  stats socket " << operator_path() << " mode 600 level operator\n"
        << "  stats socket ipv4@127.0.0.1:" << api_port_ << " level admin\n"
        << "defaults\n  mode http\n  timeout connect 2s\n  timeout client 30s\n  timeout server 30s\n"
        << "frontend front\n  bind 127.0.0.1:" << port_ << "\n  default_backend shop\n"
        << "backend shop\n  balance roundrobin\n"
        << backend;
    start();
  }
  PrivateHaproxy(const PrivateHaproxy&) = delete;
  PrivateHaproxy& operator=(const PrivateHaproxy&) = delete;

  void stop() { process_.end(SIGTERM); }
  void hold() const { process_.hold(); }
  void resume() const { process_.resume(); }
  /// What the runtime API answers.
  [[nodiscard]] std::string ask(const std::string& command) const {
    RawClient client(socket_path());
    client.send(command + "\n");
    client.wait_closed(5000);
    return client.received();
  }
  /// Until the line of the answer to `command` that begins with `line` has `text` in it.
  void wait_for(const std::string& command, const std::string& line, const std::string& text) const {
    for (int i = 0; i < 500; ++i) { // the bound is there for a failing test alone
      const std::string answer = ask(command);
      const std::size_t begin = answer.find("\n" + line);
      if (begin != answer.npos && answer.substr(begin, answer.find('\n', begin + 1) - begin).find(text) != answer.npos)
        return;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    throw std::runtime_error("never " + text + ": " + line);
  }
  [[nodiscard]] std::string socket_path() const { return at("admin"); }
  [[nodiscard]] std::string operator_path() const { return at("operator"); }
  [[nodiscard]] std::string api_place() const { return "127.0.0.1:" + std::to_string(api_port_); }
  [[nodiscard]] int port() const { return port_; }

private:
  [[nodiscard]] std::string at(const std::string& name) const { return directory_.path() + "/" + name; }
  void start() {
    process_.start("root", std::string(kProgram) + " -db -f " + at("cfg"), at("out"));
    using Clock = std::chrono::steady_clock;
    for (const auto limit = Clock::now() + std::chrono::seconds(30); !answers();) {
      if (Clock::now() > limit || process_.ended()) {
        std::ifstream said(at("out"));
        throw std::runtime_error("HAProxy did not start: " + std::string(std::istreambuf_iterator<char>(said), {}));
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  [[nodiscard]] bool answers() const try {
    return ask("show info").find("Name: HAProxy") != std::string::npos;
  } catch (const std::runtime_error&) { // nobody listens yet
    return false;
  }

  TemporaryDirectory directory_;
  int port_ = free_port();
  int api_port_ = free_port();
  ServerProcess process_; ///< ends before its folder goes
};

} // namespace backstop
