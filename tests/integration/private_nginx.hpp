#pragma once
#include "tests/fakes/temporary_directory.hpp"
#include "tests/integration/free_port.hpp"
#include "tests/integration/raw_client.hpp"
#include "tests/integration/server_process.hpp"
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace backstop {

/// A real nginx of the test's own, of one worker, whose requests go to the upstream "shop". That is for the test to write,
/// into the file upstream_path(), before start(). Gone at the end.
class PrivateNginx {
public:
  static constexpr const char* kProgram = "/usr/sbin/nginx";
  static bool installed() { return access(kProgram, X_OK) == 0; }

  PrivateNginx() {
    std::filesystem::permissions(directory_.path(), std::filesystem::perms(0755)); // its workers are another user
    std::filesystem::create_directory(at("conf.d"));
    std::ofstream(at("conf")) << "daemon off;\nworker_processes 1;\npid " << at("pid") << ";\nerror_log "
                              << at("error.log") << ";\nevents {}\nhttp {\n  access_log off;\n  client_body_temp_path "
                              << at("body") << ";\n  proxy_temp_path " << at("proxy") << ";\n  fastcgi_temp_path "
                              << at("fastcgi") << ";\n  uwsgi_temp_path " << at("uwsgi") << ";\n  scgi_temp_path "
                              << at("scgi") << ";\n  include " << at("conf.d")
                              << "/*;\n  server {\n    listen 127.0.0.1:" << port_
                              << ";\n    location / { proxy_pass http://shop; }\n  }\n}\n";
  }
  PrivateNginx(const PrivateNginx&) = delete;
  PrivateNginx& operator=(const PrivateNginx&) = delete;
  ~PrivateNginx() { stop(); } // killed it would leave its workers

  void start() {
    std::string line;
    for (const std::string& word : command({})) line += word + " ";
    process_.start("root", line, at("out"));
    using Clock = std::chrono::steady_clock;
    for (const auto limit = Clock::now() + std::chrono::seconds(30); !answers();) {
      if (Clock::now() > limit || process_.ended()) throw std::runtime_error("nginx did not start: " + said());
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  void stop() { process_.end(SIGTERM); }
  [[nodiscard]] std::vector<std::string> command(const std::vector<std::string>& more) const {
    std::vector<std::string> out{kProgram, "-e", at("error.log"), "-p", directory_.path(), "-c", at("conf")};
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }
  [[nodiscard]] std::string upstream_path() const { return at("conf.d/shop.conf"); }
  [[nodiscard]] std::string at(const std::string& name) const { return directory_.path() + "/" + name; }
  [[nodiscard]] int port() const { return port_; }
  /// The processes that answer requests, those included that only end what they had before a reload.
  [[nodiscard]] std::vector<std::string> workers() const {
    std::ifstream file(at("pid"));
    std::string pid;
    file >> pid;
    std::ifstream children("/proc/" + pid + "/task/" + pid + "/children");
    return {std::istream_iterator<std::string>(children), {}};
  }

private:
  [[nodiscard]] bool answers() const try {
    const RawClient client(port_);
    return true;
  } catch (const std::runtime_error&) { // nobody listens yet
    return false;
  }
  [[nodiscard]] std::string said() const {
    std::ifstream out(at("out")), log(at("error.log"));
    return std::string(std::istreambuf_iterator<char>(out), {}) + std::string(std::istreambuf_iterator<char>(log), {});
  }

  TemporaryDirectory directory_;
  int port_ = free_port();
  ServerProcess process_; ///< ends before its folder goes
};

} // namespace backstop
