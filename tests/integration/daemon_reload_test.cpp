#include "tests/integration/daemon_process.hpp"

/// Configuration of the real daemon while it runs, its start and its end.
namespace backstop {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class DaemonReload : public DaemonProcess {
protected:
  std::string hash() { return status_document().text("config_hash"); }
  void write_service(const std::string& from, const std::string& to) {
    std::string text = shop.service_file();
    const auto at = text.find(from);
    ASSERT_NE(at, std::string::npos);
    write("services.d/shop.yaml", text.replace(at, from.size(), to));
  }
  [[nodiscard]] std::string service_path() const { return shop.dir + "/services.d/shop.yaml"; }
};

TEST_F(DaemonReload, AGoodChangeIsAppliedByTheCommand) {
  ASSERT_TRUE(start());
  const std::string before = hash();
  write_service("mode: auto", "mode: observe");
  const Ran reload = ctl({"reload"});
  EXPECT_EQ(reload.code, 0) << reload.err;
  EXPECT_NE(hash(), before);
  EXPECT_THAT(log(), HasSubstr("configuration applied: shop/test"));
  const Ran again = ctl({"reload"});
  EXPECT_EQ(again.code, 0) << "nothing changed: " << again.err;
}

TEST_F(DaemonReload, AGoodChangeIsAppliedBySighup) {
  ASSERT_TRUE(start());
  const std::string before = hash();
  write("services.d/second.yaml", std::string(shop.service_file()).replace(0, 13, "service: shed"));
  ASSERT_EQ(::kill(shop.daemon, SIGHUP), 0);
  EXPECT_TRUE(until([&] { return hash() != before; }));
  EXPECT_THAT(ctl({"status"}).out, HasSubstr("shed/test"));
}

TEST_F(DaemonReload, AFaultIsToldWithItsPlaceAndTheOldOneStays) {
  ASSERT_TRUE(start());
  const std::string before = hash();
  write_service("mode: auto", "mod: auto");
  const Ran reload = ctl({"reload"});
  EXPECT_EQ(reload.code, 1);
  EXPECT_THAT(reload.err,
              StartsWith("backstopctl: the configuration: has faults; the old one stays in force (mend them "
                         "and reload)\n"));
  EXPECT_THAT(reload.err, HasSubstr(service_path() + ":3:1: unknown key \"mod\" (did you mean \"mode\"?)"));
  const Ran json = ctl({"--json", "reload"});
  EXPECT_EQ(json.code, 1);
  const Json document = Json::parse(json.out).value_or(Json());
  EXPECT_EQ(document["error"].text("code"), "config");
  EXPECT_THAT(document["faults"].dump(), HasSubstr(service_path() + ":3:1: "));
  EXPECT_EQ(hash(), before);
  EXPECT_THAT(ctl({"status"}).out,
              AllOf(HasSubstr("shop/test"),
                    HasSubstr("the configuration on disk has faults, the old one is in force:\n  " + service_path() +
                              ":3:1: unknown key"),
                    HasSubstr("mend them, then: backstopctl reload")));
  EXPECT_THAT(metrics(), HasSubstr("backstop_config_refused 1\n"));
  EXPECT_TRUE(until([&] { return pager.count("the old one stays in force: " + service_path() + ":3:1: ") > 0; }));

  write("services.d/shop.yaml", shop.service_file());
  EXPECT_EQ(ctl({"reload"}).code, 0);
  EXPECT_THAT(ctl({"status"}).out, Not(HasSubstr("faults")));
  EXPECT_THAT(metrics(), HasSubstr("backstop_config_refused 0\n"));
}

TEST_F(DaemonReload, AFaultBySighupIsLoggedAndPagedAndTheOldOneStays) {
  ASSERT_TRUE(start());
  const std::string before = hash();
  write("services.d/shop.yaml", "service: [\n");
  ASSERT_EQ(::kill(shop.daemon, SIGHUP), 0);
  EXPECT_TRUE(until([&] { return pager.count("the old one stays in force") == 1; }));
  EXPECT_TRUE(until([&] { return command_told().find("config_refused") != std::string::npos; }));
  EXPECT_THAT(log(), HasSubstr(service_path() + ":"));
  EXPECT_EQ(hash(), before);
  EXPECT_TRUE(runs());
}

TEST_F(DaemonReload, AVanishedFileIsAFaultAndNotAnEmptyConfiguration) {
  ASSERT_TRUE(start());
  const std::string before = hash();
  std::filesystem::remove(shop.dir + "/backstop.yaml");
  const Ran reload = ctl({"reload"});
  EXPECT_EQ(reload.code, 1);
  EXPECT_THAT(reload.err, HasSubstr(shop.dir + "/backstop.yaml"));
  EXPECT_THAT(reload.err, HasSubstr("No such file or directory"));
  EXPECT_EQ(hash(), before);
  EXPECT_THAT(ctl({"status"}).out, HasSubstr("shop/test"));
}

TEST_F(DaemonReload, AServiceFileThatVanishesUnderADeploymentLeavesItWatchedToItsEnd) {
  ASSERT_TRUE(start());
  ASSERT_TRUE(ready_to_deploy());
  ASSERT_EQ(ctl({"deploy", "begin", "--service", "shop", "--version", "v1-bad"}).code, 0);
  ASSERT_EQ(ctl({"deploy", "finish", "D1"}).code, 0);
  std::filesystem::remove(service_path());
  EXPECT_EQ(ctl({"reload"}).code, 0);
  EXPECT_THAT(log(), HasSubstr("shop/test is not configured any more; D1 is watched to its end"));
  const Ran next = ctl({"deploy", "begin", "--service", "shop", "--version", "v2"});
  EXPECT_EQ(next.code, 1);
  EXPECT_THAT(next.err, HasSubstr("deployment of shop/test v2: the service is not configured any more (put its file "
                                  "back, then `backstopctl reload`)"));
  write("version", "v1-bad\n");
  EXPECT_EQ(ctl({"deploy", "wait", "D1", "--timeout", "20s"}).code, 3) << "rolled back and verified";
  EXPECT_TRUE(until([&] { return ctl({"status"}).out.starts_with("no service is configured\n"); }))
      << ctl({"status"}).out;
}

TEST_F(DaemonReload, ChangesThatWantARestartAreNamed) {
  ASSERT_TRUE(start());
  std::string file = shop.daemon_file();
  file.replace(file.find("control.sock"), 12, "other.sock");
  write("backstop.yaml", file);
  EXPECT_EQ(ctl({"reload"}).code, 0);
  EXPECT_THAT(log(), HasSubstr("take effect at the next start of backstopd"));
  EXPECT_EQ(ctl({"status"}).code, 0) << "the socket in use stays";
}

using DaemonStart = DaemonReload;

TEST_F(DaemonStart, SigtermEndsItWithZeroAndNothingStaysBehind) {
  ASSERT_TRUE(start());
  ASSERT_TRUE(ready_to_deploy());
  RawClient half(socket_path()), stream(socket_path());
  half.send("POST /v1/hold HTTP/1.1\r\n");
  stream.send("GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(stream.wait_for("event stream", 10000));
  ASSERT_EQ(::kill(shop.daemon, SIGTERM), 0);
  EXPECT_TRUE(shop.until([&] { return !runs(); }, std::chrono::seconds(5))) << "open connections do not hold it up";
  EXPECT_EQ(ended, 0);
  EXPECT_FALSE(std::filesystem::exists(socket_path()));
  const Ran after = ctl({"status"});
  EXPECT_EQ(after.code, 8);
  EXPECT_THAT(after.err, HasSubstr("the daemon does not answer at " + socket_path()));
  EXPECT_THAT(after.err, HasSubstr("is backstopd running?"));
  ASSERT_TRUE(start()) << "and it starts again";
  EXPECT_EQ(service().text("version"), "v0-good");
}

TEST_F(DaemonStart, ASecondOneOnTheSameFolderIsRefusedAndDisturbsNothing) {
  ASSERT_TRUE(start());
  const std::string first = std::to_string(shop.daemon);
  const std::uint64_t records = status_document()["records"].dump().size();
  Ran second = daemon_with("backstop.yaml");
  EXPECT_EQ(second.code, 1);
  EXPECT_THAT(second.err, HasSubstr("journal.db.lock: another backstopd has this journal open (pid " + first +
                                    "); stop that one first, or give this one another journal.path"));
  std::string file = shop.daemon_file();
  file.replace(file.find("journal.db"), 10, "other.db");
  write("same-socket.yaml", file);
  second = daemon_with("same-socket.yaml");
  EXPECT_EQ(second.code, 1);
  EXPECT_THAT(second.err, HasSubstr("cannot listen on " + socket_path() +
                                    ": another process answers there (is backstopd running already?)"));
  EXPECT_EQ(ctl({"hold", "shop", "--for", "1m", "--reason", "x"}).code, 0);
  EXPECT_GE(status_document()["records"].dump().size(), records);
  EXPECT_EQ(stop(), 0);
  EXPECT_EQ(ctl({"status", "--offline", "--journal", shop.dir + "/journal.db"}).code, 0);
}

TEST_F(DaemonStart, ATakenMetricsPortIsNamed) {
  ASSERT_TRUE(start());
  const std::string port = std::to_string(metrics_port());
  std::string file = shop.daemon_file();
  file.replace(file.find("journal.db"), 10, "other.db");
  file.replace(file.find("control.sock"), 12, "other.sock");
  file.replace(file.find("127.0.0.1:0"), 11, "127.0.0.1:" + port);
  write("other.yaml", file);
  const Ran second = daemon_with("other.yaml");
  EXPECT_EQ(second.code, 1);
  EXPECT_THAT(second.err, HasSubstr("backstopd: metrics.listen: cannot listen on 127.0.0.1:" + port +
                                    ": address already in use (who: ss -ltnp)"));
}

TEST_F(DaemonStart, ItsCommandLineSaysWhatIsWrong) {
  const std::string program = shop.bin + "/backstopd";
  const Ran help = run_program({program, "--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out,
              AllOf(HasSubstr("--config"), HasSubstr("/etc/backstop/backstop.yaml"), HasSubstr("backstopctl")));
  const Ran version = run_program({program, "--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_THAT(version.out, ContainsRegex("^backstopd [0-9]+\\.[0-9]+\\.[0-9]+\n$"));
  const Ran wrong = run_program({program, "--confg", "x"});
  EXPECT_GT(wrong.code, 100);
  EXPECT_THAT(wrong.err, HasSubstr("--confg"));
  const Ran missing = daemon_with("nowhere.yaml");
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.err, HasSubstr(shop.dir + "/nowhere.yaml"));
  EXPECT_THAT(missing.err, AllOf(HasSubstr("No such file or directory"), HasSubstr("nothing was started")));
  write_service("mode: auto", "mode: autom");
  const Ran faulty = daemon_with("backstop.yaml");
  EXPECT_EQ(faulty.code, 1);
  EXPECT_THAT(faulty.err, HasSubstr(service_path() + ":3:7: "));
  EXPECT_THAT(faulty.err, HasSubstr("nothing was started"));
  EXPECT_FALSE(std::filesystem::exists(shop.dir + "/journal.db"));
  const Ran usage = ctl({"holdd"});
  EXPECT_EQ(usage.code, 2) << "of backstopctl: usage";
}

} // namespace
} // namespace backstop
