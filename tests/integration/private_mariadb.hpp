#pragma once
#include "tests/fakes/temporary_directory.hpp"
#include "tests/integration/free_port.hpp"
#include "tests/integration/server_process.hpp"
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>

namespace backstop {

/// A real MariaDB server of the test's own: a new data folder in a temporary directory, reached by a socket in it or by
/// 127.0.0.1. It runs as the user mysql where the test runs as root. Gone at the end.
///
/// Users: root (all rights, no password, by the socket alone), app (password "sesame", no rights, from anywhere).
class PrivateMariadb {
public:
  static constexpr int kMaxConnections = 10; ///< and one more for a SUPER

  /// `options`: more of the server's, "--name=value ...".
  explicit PrivateMariadb(std::string options = "") : port_(free_port()), options_(std::move(options)) {
    make_data();
    start();
    if (sql("CREATE USER app@'%' IDENTIFIED BY 'sesame'; CREATE USER app@localhost IDENTIFIED BY 'sesame'") != 0)
      fail_with("users");
  }
  PrivateMariadb(const PrivateMariadb&) = delete;
  PrivateMariadb& operator=(const PrivateMariadb&) = delete;

  void start() {
    server_.start("mysql",
                  "/usr/sbin/mariadbd --no-defaults " + common() + " --socket=" + socket_path() +
                      " --port=" + std::to_string(port_) + " --bind-address=127.0.0.1 --pid-file=" + at("pid") +
                      " --max-connections=" + std::to_string(kMaxConnections) + " " + options_,
                  at("server.out"));
    using Clock = std::chrono::steady_clock;
    for (const auto limit = Clock::now() + std::chrono::seconds(60); sql("SELECT 1") != 0;) {
      if (Clock::now() > limit || server_.ended()) fail_with("server");
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  void stop() { server_.end(SIGTERM); }
  void hold() const { server_.hold(); }
  void resume() const { server_.resume(); }

  /// By the server's own client, as root.
  int sql(const std::string& text) const {
    return std::system(("mariadb --no-defaults -uroot -S " + socket_path() + " -e \"" + text + "\" >" + at("sql.out") +
                        " 2>&1 </dev/null")
                           .c_str());
  }
  [[nodiscard]] std::string socket_path() const { return at("s"); }
  [[nodiscard]] int port() const { return port_; }

private:
  [[nodiscard]] std::string at(const std::string& name) const { return directory_.path() + "/" + name; }
  /// Without InnoDB it is small, and starts at once: what is looked at has nothing to do with tables.
  [[nodiscard]] std::string common() const {
    return "--datadir=" + at("data") + " --tmpdir=" + directory_.path() + // another server's must not be cleaned away
           " --skip-innodb --default-storage-engine=Aria --aria-log-file-size=8M --performance-schema=OFF";
  }
  /// Made once, kept beside the test programs, and copied from there: it takes seconds, and each test is a process.
  void make_data() const {
    const std::string kept = BACKSTOP_BIN_DIR "/mariadb-of-" + std::to_string(geteuid());
    if (geteuid() == 0) run("chown", "chown mysql " + directory_.path());
    if (std::filesystem::exists(kept)) return run("copy", "cp -a " + kept + " " + at("data"));
    run("install", ServerProcess::as("mysql", "mariadb-install-db --no-defaults " + common() +
                                                  " --auth-root-authentication-method=normal --skip-test-db"));
    const std::string copy = kept + "." + std::to_string(getpid());
    run("keep", "cp -a " + at("data") + " " + copy);
    std::error_code lost_to_another_test;
    std::filesystem::rename(copy, kept, lost_to_another_test);
    if (lost_to_another_test) std::filesystem::remove_all(copy);
  }
  void run(const std::string& what, const std::string& command) const {
    if (std::system(("(cd / && " + command + ") >" + at(what + ".out") + " 2>&1 </dev/null").c_str()) != 0)
      fail_with(what);
  }
  [[noreturn]] void fail_with(const std::string& what) const {
    std::string said;
    for (const std::string& name : {what, std::string("server"), std::string("sql")}) {
      std::ifstream file(at(name + ".out"));
      said += std::string(std::istreambuf_iterator<char>(file), {});
    }
    throw std::runtime_error("MariaDB (apt-get install mariadb-server): " + what + " failed\n" + said);
  }

  TemporaryDirectory directory_;
  int port_;
  std::string options_;
  ServerProcess server_; ///< ends before its folder goes
};

} // namespace backstop
