#include "tests/integration/daemon_process.hpp"
#include "tests/integration/private_postgresql.hpp"

/// A secret of every kind that a configuration can name, given to a real daemon, used, refused by servers and sent into
/// the void: it stands in no file that the daemon writes and in nothing that it says.
namespace backstop {
namespace {

using testing::HasSubstr;

class DaemonSecrets : public DaemonProcess {
protected:
  static constexpr const char* kPlanted = "planted-";

  DaemonSecrets() {
    // Where services listen that refuse, and where nobody does.
    const std::string refusing = "http://127.0.0.1:" + std::to_string(refuser_.port());
    const std::string nobody = "127.0.0.1", port = "1";
    std::string sources =
        "  refused: {type: prometheus, interval: 500ms, bearer: " + secret("bearer") + ", targets: [{url: \"" +
        refusing + "/metrics\"}]}\n" +
        "  page: {type: http, interval: 500ms, basic: " + secret("basic", "user:planted-basic") +
        ", headers: {X-Api: planted-header}, targets: [{url: \"" + refusing + "/health\"}]}\n" +
        "  prom: {type: promql, interval: 500ms, query_offset: 0s, bearer: " + secret("promql") + ", url: \"" +
        refusing + "\", queries: {up: up}}\n" + "  wrong: {type: postgresql, interval: 500ms, dsn: " +
        secret("postgresql", database_.by_tcp("127.0.0.1", "app", "planted-postgresql")) + "}\n" +
        "  pool: {type: pgbouncer, interval: 500ms, dsn: " +
        secret("pgbouncer", "postgresql://stats:planted-pgbouncer@" + nobody + ":" + port + "/pgbouncer") + "}\n" +
        "  mysql: {type: mysql, interval: 500ms, host: " + nobody + ", port: " + port +
        ", password: " + secret("mysql") + "}\n";
    std::string indicators = "  refused: {gauge: up, source: refused}\n  page: {gauge: probe_success, source: page}\n"
                             "  prom: {gauge: up, source: prom}\n  wrong: {gauge: connections, source: wrong}\n"
                             "  pool: {gauge: clients_waiting, source: pool}\n"
                             "  mysql: {gauge: threads_connected, source: mysql}\n";
    std::string text = shop.service_file();
    text.insert(text.find("sources:\n") + 9, sources);
    text.insert(text.find("indicators:\n") + 12, indicators);
    write("services.d/shop.yaml", text);
    std::string daemon = shop.daemon_file();
    daemon.insert(daemon.find("channels: {") + 11,
                  "hidden: {type: webhook, url: " + secret("webhook", refusing + "/hooks/planted-webhook") +
                      ", secret: " + secret("signing") + "}, pager: {type: pagerduty, url: \"" + refusing +
                      "\", routing_key: " + secret("routing") + "}, og: {type: opsgenie, url: \"" + refusing +
                      "\", api_key: " + secret("opsgenie") + "}, mail: {type: email, server: \"" + nobody + ":" + port +
                      "\", user: me, password: " + secret("password") + ", from: a@b.c, to: [d@e.f]}, ");
    daemon += "deadman: {url: " + secret("deadman", refusing + "/ping/planted-deadman") + ", every: 1s}\n";
    write("backstop.yaml", daemon);
  }

  /// A reference to a file with `value` in it, "planted-NAME" where none is given.
  std::string secret(const std::string& name, const std::string& value = "") {
    const std::string path = secrets_.path() + "/" + name;
    std::ofstream(path) << (value.empty() ? kPlanted + name : value) << "\n";
    return "{file: " + path + "}";
  }
  [[nodiscard]] std::string came() {
    const std::lock_guard lock(mutex_);
    return came_;
  }

  PrivatePostgresql database_;
  TemporaryDirectory secrets_; ///< not in the daemon's folder: that is searched
  std::mutex mutex_;
  std::string came_;
  RawServer refuser_{[this](RawServer::Connection& c) {
    while (const auto request = c.read_request()) {
      {
        const std::lock_guard lock(mutex_);
        came_ += *request + "\n";
      }
      if (!c.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")) return;
    }
  }};
};

TEST_F(DaemonSecrets, StandInNothingThatTheDaemonWritesOrSays) {
  ASSERT_TRUE(start()) << log();
  ASSERT_TRUE(ready_to_deploy());
  for (const char* used : {"Bearer planted-bearer", "Bearer planted-promql", "/ping/planted-deadman"})
    ASSERT_TRUE(until([&] { return came().find(used) != std::string::npos; })) << used << " was never used";
  const auto source_says = [&](const std::string& what) {
    return until([&] { return service()["sources"].dump().find(what) != std::string::npos; });
  };
  EXPECT_TRUE(source_says("password authentication failed")) << service()["sources"].dump();

  const std::vector<std::string> begin = {"deploy", "begin", "--service", "shop", "--version", "v1-bad"};
  ASSERT_TRUE(until([&] { return ctl(begin).code == 0; })) << ctl(begin).err;
  write("version", "v1-bad\n");
  ASSERT_EQ(ctl({"deploy", "finish", "D1"}).code, 0);
  ASSERT_EQ(ctl({"deploy", "wait", "D1", "--timeout", "60s"}).code, 3);
  for (const char* used :
       {"/hooks/planted-webhook", "\"routing_key\":\"planted-routing\"", "GenieKey planted-opsgenie"})
    ASSERT_TRUE(until([&] { return came().find(used) != std::string::npos; })) << used << " was never used";

  const std::string config = shop.dir + "/backstop.yaml";
  std::string said;
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"status"},
                                             {"status", "--json"},
                                             {"explain", "D1"},
                                             {"explain", "D1", "--json"},
                                             {"deploy", "show", "D1", "--json"},
                                             {"incident", "show", "I1", "--json"},
                                             {"export", "D1"},
                                             {"replay", "--deployment", "D1"},
                                             {"notify", "test", "hidden"},
                                             {"notify", "test", "pager"},
                                             {"notify", "test", "og"},
                                             {"notify", "test", "mail"},
                                             {"check-config", config}}) {
    const Ran ran = ctl(words);
    EXPECT_NE(ran.out, "") << words[0] << ": " << ran.err;
    said += ran.out + ran.err;
  }
  said += metrics() + command_told() + log();
  // A header's value is no secret by reference, and is written where its file is: in the frozen copy of it alone.
  for (std::size_t at = 0; (at = said.find(kPlanted, at)) != std::string::npos; ++at)
    EXPECT_EQ(said.substr(at, 14), "planted-header") << said.substr(at > 200 ? at - 200 : 0, 300);

  EXPECT_EQ(stop(), 0);
  const Ran in_files = run_program(
      {"/bin/grep", "-raoE",
       "planted-(bearer|basic|promql|postgresql|pgbouncer|mysql|webhook|deadman|signing|routing|opsgenie|password)",
       shop.dir});
  EXPECT_EQ(in_files.out, "");
}

} // namespace
} // namespace backstop
