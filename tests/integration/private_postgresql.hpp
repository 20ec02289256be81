#pragma once
#include "tests/fakes/temporary_directory.hpp"
#include "tests/integration/free_port.hpp"
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

namespace backstop {

/// A real PostgreSQL server of the test's own: a new cluster in a temporary directory, reached by a socket in it or by
/// 127.0.0.1. It runs as the user postgres where the test runs as root. Gone at the end. Another one can be its
/// standby.
///
/// Roles: postgres (superuser, no password asked), app (password "sesame", no rights), watcher (the same, pg_monitor).
class PrivatePostgresql {
public:
  static constexpr int kMaxConnections = 10; ///< of these 3 are for superusers

  PrivatePostgresql() : programs_(find_programs()), port_(free_port()) {
    make_cluster();
    std::ofstream(data() + "/pg_hba.conf") << "local all postgres trust\nlocal replication postgres trust\n"
                                           << "local all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n";
    configure();
    start();
    run("roles", programs_ + "/psql -q -X -v ON_ERROR_STOP=1 -h " + directory_.path() + " -p " + std::to_string(port_) +
                     " -U postgres -d postgres -c \"CREATE ROLE app LOGIN PASSWORD 'sesame'\""
                     " -c \"CREATE ROLE watcher LOGIN PASSWORD 'sesame' IN ROLE pg_monitor\"");
  }
  struct StandbyOf {
    const PrivatePostgresql& primary; ///< streamed from under the application_name "standby1"
  };
  explicit PrivatePostgresql(StandbyOf of) : programs_(find_programs()), port_(free_port()) {
    if (geteuid() == 0) run("chown", "chown postgres " + directory_.path(), false);
    run("basebackup", programs_ + "/pg_basebackup --no-sync -c fast -R -D " + data() + " -d \"" +
                          of.primary.by_socket("postgres", "application_name=standby1") + "\"");
    configure();
    start();
  }
  ~PrivatePostgresql() {
    if (running_) (void)std::system(as_server(pg_ctl("stop -m immediate") + " >/dev/null 2>&1").c_str());
  }
  PrivatePostgresql(const PrivatePostgresql&) = delete;
  PrivatePostgresql& operator=(const PrivatePostgresql&) = delete;

  void start() {
    run("start", pg_ctl("start -w -t 60 -l " + directory_.path() + "/server.log"));
    running_ = true;
  }
  void stop() {
    run("stop", pg_ctl("stop -w -m fast"));
    running_ = false;
  }
  [[nodiscard]] std::string by_socket(const std::string& user, const std::string& rest = "dbname=postgres") const {
    return "host=" + directory_.path() + " port=" + std::to_string(port_) + " user=" + user + " " + rest;
  }
  [[nodiscard]] const std::string& folder() const { return directory_.path(); } ///< of its socket
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string by_tcp(const std::string& host, const std::string& user,
                                   const std::string& password) const {
    return "postgresql://" + user + ":" + password + "@" + host + ":" + std::to_string(port_) + "/postgres";
  }

private:
  /// What is appended last counts, so a standby's own place goes before what came of its primary.
  void configure() const {
    std::ofstream(data() + "/postgresql.conf", std::ios::app)
        << "listen_addresses = '127.0.0.1'\nport = " << port_ << "\nunix_socket_directories = '" << directory_.path()
        << "'\n"
        << "max_connections = " << kMaxConnections << "\nsuperuser_reserved_connections = 3\nmax_wal_senders = 4\n"
        << "fsync = off\nshared_buffers = 1MB\nautovacuum = off\n";
  }
  [[nodiscard]] std::string data() const { return directory_.path() + "/data"; }
  [[nodiscard]] std::string pg_ctl(const std::string& what) const {
    return programs_ + "/pg_ctl -D " + data() + " " + what;
  }

  /// initdb takes seconds, and each test is a process of its own: an untouched cluster is kept beside the test programs
  /// and copied from there.
  void make_cluster() const {
    const std::string version = std::filesystem::path(programs_).parent_path().filename();
    const std::string kept = BACKSTOP_BIN_DIR "/postgresql-" + version + "-of-" + std::to_string(geteuid());
    if (geteuid() == 0) run("chown", "chown postgres " + directory_.path(), false);
    if (!std::filesystem::exists(kept)) {
      run("initdb", programs_ + "/initdb --no-sync -U postgres -A trust -E UTF8 --locale=C -D " + data());
      const std::string copy = kept + "." + std::to_string(getpid());
      run("keep", "cp -a " + data() + " " + copy, false);
      std::error_code lost_to_another_test;
      std::filesystem::rename(copy, kept, lost_to_another_test);
      if (lost_to_another_test) std::filesystem::remove_all(copy);
    } else {
      run("copy", "cp -a " + kept + " " + data(), false);
    }
  }
  static std::string find_programs() {
    std::vector<std::string> found;
    std::error_code ignored;
    for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored))
      if (std::filesystem::exists(version.path() / "bin/initdb")) found.push_back(version.path() / "bin");
    if (found.empty()) throw std::runtime_error("PostgreSQL's server is not installed: apt-get install postgresql");
    return *std::max_element(found.begin(), found.end());
  }
  static std::string as_server(const std::string& command) {
    return geteuid() == 0 ? "cd / && setpriv --reuid=postgres --regid=postgres --init-groups " + command : command;
  }
  void run(const std::string& what, const std::string& command, bool switch_user = true) const {
    const std::string output = directory_.path() + "/" + what + ".out";
    if (std::system(((switch_user ? as_server(command) : command) + " >" + output + " 2>&1 </dev/null").c_str()) == 0)
      return;
    std::ifstream file(output);
    throw std::runtime_error(what + " failed: " + command + "\n" +
                             std::string(std::istreambuf_iterator<char>(file), {}));
  }

  TemporaryDirectory directory_;
  std::string programs_;
  int port_;
  bool running_ = false;
};

} // namespace backstop
