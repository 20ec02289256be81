#pragma once
#include "tests/integration/postgresql_session.hpp"
#include "tests/integration/private_postgresql.hpp"
#include "tests/integration/server_process.hpp"
#include <chrono>
#include <thread>

namespace backstop {

/// A real PgBouncer of the test's own in front of a PrivatePostgresql, whose database postgres it calls shop, reached
/// by a socket in a temporary directory. A pool is one connection large and lent for a transaction. Gone at the end.
///
/// Users: app and watcher, with the passwords of PrivatePostgresql; watcher is one of stats_users.
class PrivatePgbouncer {
public:
  explicit PrivatePgbouncer(const PrivatePostgresql& server) : port_(free_port()) {
    std::ofstream(at("users")) << "\"app\" \"sesame\"\n\"watcher\" \"sesame\"\n";
    std::ofstream(at("ini")) << "[databases]\nshop = host=" << server.folder() << " port=" << server.port()
                             << " dbname=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = " << port_
                             << "\nunix_socket_dir = " << folder_.path()
                             << "\nauth_type = scram-sha-256\nauth_file = " << at("users")
                             << "\nstats_users = watcher\npool_mode = transaction\n"
                             << "default_pool_size = 1\n";
    if (geteuid() == 0 && std::system(("chown postgres " + folder_.path() + " " + at("users")).c_str()) != 0)
      throw std::runtime_error("chown failed");
    process_.start("postgres", "/usr/sbin/pgbouncer " + at("ini"), at("out"));
    using Clock = std::chrono::steady_clock;
    const auto limit = Clock::now() + std::chrono::seconds(60);
    while (!PostgresqlSession(by_socket("watcher", "dbname=pgbouncer password=sesame")).connected()) {
      if (Clock::now() > limit || process_.ended()) {
        std::ifstream said(at("out"));
        throw std::runtime_error("PgBouncer (apt-get install pgbouncer) did not start: " +
                                 std::string(std::istreambuf_iterator<char>(said), {}));
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  PrivatePgbouncer(const PrivatePgbouncer&) = delete;
  PrivatePgbouncer& operator=(const PrivatePgbouncer&) = delete;

  void stop() { process_.end(SIGTERM); }
  void hold() const { process_.hold(); }
  [[nodiscard]] std::string by_socket(const std::string& user, const std::string& rest) const {
    return "host=" + folder_.path() + " port=" + std::to_string(port_) + " user=" + user + " " + rest;
  }

private:
  [[nodiscard]] std::string at(const std::string& name) const { return folder_.path() + "/" + name; }

  TemporaryDirectory folder_;
  int port_;
  ServerProcess process_; ///< ends before its folder goes
};

} // namespace backstop
