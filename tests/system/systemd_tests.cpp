#include "daemon/message_ids.hpp"
#include "daemon/runner_protocol.hpp"
#include "tests/system/systemd_world.hpp"
#include <algorithm>
#include <sys/socket.h>
#include <sys/un.h>

/// The installed units in a booted systemd: readiness, rights, steps as units, and what outlives the daemon.
namespace backstop {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST_F(SystemdWorld, IsReadyAndTellsWhatItWatches) {
  start();
  EXPECT_EQ(property("backstopd", "ActiveState"), "active");
  EXPECT_EQ(property("backstopd", "StatusText"), "watching 1 service");
  EXPECT_THAT(sh("ps -o user= -p " + property("backstopd", "MainPID")).out, HasSubstr("backstop"));
  EXPECT_THAT(ctl("status").out, HasSubstr("rollback steps run as systemd units"));
  EXPECT_EQ(sh("journalctl -u backstopd -o cat | grep -c 'control socket'").out, "1\n");
}

TEST_F(SystemdWorld, ABadVersionIsRolledBackByStepsThatAreUnitsOfTheirOwn) {
  shop::write_file(
      shop.dir + "/execute",
      shop::read_text(shop.dir + "/execute") + "echo \"executed by uid $(id -u)\"\ncat /proc/self/cgroup\n", 0755);
  start_and_adopt();
  const std::string id = deploy_bad();
  const Ran waited = ctl("deploy wait " + id + " --timeout 60s");
  ASSERT_EQ(waited.code, 3) << waited.out << waited.err << ctl("deploy show " + id).out;
  for (const char* step : {"prepare", "execute", "migrate-back", "verify-by-hand"}) EXPECT_EQ(ran(step), 1) << step;
  const std::string printed =
      sh("journalctl -o cat BACKSTOP_DEPLOYMENT=" + id + " SYSLOG_IDENTIFIER=backstop-step").out;
  EXPECT_THAT(printed, AllOf(HasSubstr("executed by uid 0"), HasSubstr("backstop-step-")));
  EXPECT_THAT(ctl("deploy show " + id + " --json").out, HasSubstr("executed by uid 0")) << "and in the record";
  EXPECT_THAT(shop::read_text(shop.dir + "/notices.log"), HasSubstr("rolled back")) << "a channel's command ran too";
  EXPECT_TRUE(until([] { return sh("systemctl list-units --no-legend 'backstop-step-*'").out.empty(); }))
      << "nothing is left of its units";
}

TEST_F(SystemdWorld, TheHostsJournalExplainsARollback) {
  ASSERT_EQ(sh("journalctl --update-catalog").code, 0);
  start_and_adopt();
  const std::string id = deploy_bad();
  ASSERT_EQ(ctl("deploy wait " + id + " --timeout 60s").code, 3);
  const std::string run = "_SYSTEMD_INVOCATION_ID=" + property("backstopd", "InvocationID"); // of this test alone
  const auto found = [&](Message message, const std::string& options) {
    const auto [name, value] = message_field(message);
    return sh("journalctl " + name + "=" + value + " BACKSTOP_DEPLOYMENT=" + id + " " + run + " " + options).out;
  };
  for (const Message message : {Message::rollback_decided, Message::rollback_started, Message::rollback_done}) {
    const std::string lines = found(message, "-o json --output-fields=MESSAGE_ID");
    EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 1) << lines;
  }
  EXPECT_THAT(found(Message::rollback_started, "-o json"),
              AllOf(HasSubstr("\"BACKSTOP_SERVICE\":\"shop/test\""), HasSubstr("\"BACKSTOP_INCIDENT\":\"I1\"")));
  EXPECT_THAT(found(Message::rollback_started, "-x -o short"),
              AllOf(HasSubstr("Subject: shop/test is being rolled back"), HasSubstr("Incident I1"),
                    HasSubstr("backstopctl deploy show " + id), HasSubstr("Documentation: man:backstopctl(1)")));
}

TEST_F(SystemdWorld, AStepOutlivesTheKilledDaemonAndItsOutcomeIsCollected) {
  slow_execute(3);
  start_and_adopt();
  const std::string id = deploy_bad();
  ASSERT_TRUE(until([&] { return ran("execute") == 1; }));
  EXPECT_EQ(sh("systemctl kill -s KILL backstopd").code, 0);
  ASSERT_TRUE(until([&] { return ctl("status").code == 0; })) << "systemd starts it again";
  EXPECT_EQ(ctl("deploy wait " + id + " --timeout 60s").code, 3);
  EXPECT_EQ(ran("execute"), 1);
}

TEST_F(SystemdWorld, AStopLeavesTheRunningStepAlone) {
  slow_execute(3);
  start_and_adopt();
  const std::string id = deploy_bad();
  ASSERT_TRUE(until([&] { return ran("execute") == 1; }));
  EXPECT_EQ(sh("systemctl stop backstopd.socket backstopd.service").code, 0);
  EXPECT_THAT(sh("systemctl list-units --no-legend 'backstop-step-*'").out, HasSubstr("running"));
  ASSERT_TRUE(until([&] { return shop::read_text(shop.dir + "/version") == "v0-good\n"; }));
  start();
  EXPECT_EQ(ctl("deploy wait " + id + " --timeout 60s").code, 3);
  EXPECT_EQ(ran("execute"), 1);
}

TEST_F(SystemdWorld, ReloadTakesWhatIsGoodAndRefusesWhatIsNot) {
  start_and_adopt();
  std::string text = shop.service_file();
  text.replace(text.find("mode: auto"), 10, "mode: observe");
  write_service(text);
  EXPECT_EQ(sh("systemctl reload backstopd").code, 0);
  EXPECT_THAT(ctl("status").out, HasSubstr("mode observe"));
  write_service("service: shop\nnonsense: 1\n");
  EXPECT_NE(sh("systemctl reload backstopd").code, 0);
  EXPECT_EQ(property("backstopd", "ActiveState"), "active");
  EXPECT_THAT(ctl("status").out, AllOf(HasSubstr("mode observe"), HasSubstr("shop.yaml:2:1")));
}

TEST_F(SystemdWorld, WhoAsksIsSeenFromWithinTheHardenedUnit) {
  start();
  const std::string as_nobody = "setpriv --reuid nobody --regid nogroup ";
  const Ran refused = sh(as_nobody + "--clear-groups backstopctl status");
  EXPECT_EQ(refused.code, 4);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("nobody"), HasSubstr("backstop-observers")));
  EXPECT_EQ(sh(as_nobody + "--groups backstop-observers backstopctl status").code, 0);
  EXPECT_EQ(sh(as_nobody + "--groups backstop-observers backstopctl hold shop --for 1m --reason x").code, 4);
  EXPECT_EQ(sh(as_nobody + "--groups backstop-operators backstopctl hold shop --for 1m --reason x").code, 0);
  EXPECT_THAT(ctl("status").out, HasSubstr("(nobody)"));
}

TEST_F(SystemdWorld, AFileThatOthersCanWriteIsNoBasisForARollback) {
  ::chmod("/etc/backstop/services.d/shop.yaml", 0666);
  start();
  ASSERT_TRUE(until([] { return ctl("adopt shop v0-good --reason first").code == 0; }));
  Ran begun;
  ASSERT_TRUE(until([&] {
    begun = ctl("deploy begin --service shop --version v1");
    return begun.err.find("its rollback cannot run") != std::string::npos;
  })) << begun.err;
  EXPECT_THAT(begun.err, AllOf(HasSubstr("chmod go-w /etc/backstop/services.d/shop.yaml")));
}

/// Somebody who took over the daemon: its user, its groups, and whatever may be said on the runner's socket.
class RunnerTakenOver : public SystemdWorld {
protected:
  /// The reply to one packet, sent by `user`; empty where there is none.
  static std::string say(const std::string& packet, const char* user = "backstop") {
    int ends[2];
    if (::pipe(ends) != 0) return "no pipe";
    const pid_t child = ::fork();
    if (child == 0) {
      const passwd* entry = ::getpwnam(user);
      if (!entry || ::initgroups(user, entry->pw_gid) != 0 || ::setgid(entry->pw_gid) != 0 ||
          ::setuid(entry->pw_uid) != 0)
        ::_exit(1);
      sockaddr_un address{AF_UNIX, "/run/backstop-runner/socket"};
      const int fd = ::socket(AF_UNIX, SOCK_SEQPACKET, 0);
      char reply[65536];
      ssize_t n = -1;
      if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
          ::send(fd, packet.data(), packet.size(), MSG_NOSIGNAL) >= 0)
        n = ::recv(fd, reply, sizeof reply, 0);
      else
        n = std::snprintf(reply, sizeof reply, "%s", std::strerror(errno));
      if (n > 0 && ::write(ends[1], reply, static_cast<std::size_t>(n)) < 0) ::_exit(1);
      ::_exit(0);
    }
    ::close(ends[1]);
    std::string text;
    char buffer[4096];
    for (ssize_t n = 0; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<std::size_t>(n));
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    return text;
  }
  RunnerRequest request() {
    RunnerRequest r;
    r.key = {"D77", "rollback", "3", ++attempt_};
    r.order = {
        StepOrder::Act::run,
        "shop/test",
        hash_of_service(),
        "3",
        {{"version", "v1"}, {"previous_version", "v0"}, {"deployment", "D77"}, {"incident", ""}, {"reason", ""}}};
    return r;
  }
  static std::string hash_of_service() { return sh("sha256sum /etc/backstop/services.d/shop.yaml").out.substr(0, 64); }
  int attempt_ = 0;
};

TEST_F(RunnerTakenOver, CanStartAConfiguredStepOnce) {
  start();
  const RunnerRequest r = request();
  EXPECT_THAT(say(text_of(r)), HasSubstr("\"done\""));
  ASSERT_TRUE(until([&] { return ran("execute") == 1; }));
  EXPECT_THAT(say(text_of(r)), HasSubstr("\"refused\""));
  EXPECT_EQ(ran("execute"), 1);
}

TEST_F(RunnerTakenOver, AStepIsStartedWhileTheDaemonRestarts) {
  start();
  const std::string before = property("backstopd", "InvocationID");
  EXPECT_EQ(sh("systemctl restart --no-block backstopd").code, 0);
  EXPECT_THAT(say(text_of(request())), HasSubstr("\"done\""));
  EXPECT_TRUE(until([&] { return ctl("status").code == 0 && property("backstopd", "InvocationID") != before; }));
  EXPECT_TRUE(until([&] { return ran("execute") == 1; }));
  EXPECT_EQ(sh("systemctl list-jobs --no-legend").out, "") << "neither waits for the other";
}

TEST_F(RunnerTakenOver, CanStartNothingElse) {
  start();
  const auto refused = [&](const std::function<void(RunnerRequest&)>& change) {
    RunnerRequest r = request();
    change(r);
    return say(text_of(r));
  };
  const auto failed = HasSubstr("\"failed\"");
  EXPECT_THAT(refused([](RunnerRequest& r) { r.order.step = "1"; }), failed) << "a step that is no command";
  EXPECT_THAT(refused([](RunnerRequest& r) { r.order.step = "99"; }), failed);
  EXPECT_THAT(refused([](RunnerRequest& r) { r.order.service = "other/test"; }), failed);
  EXPECT_THAT(refused([](RunnerRequest& r) { r.order.config_hash = std::string(64, 'a'); }), failed);
  EXPECT_THAT(refused([](RunnerRequest& r) { r.order.config_hash = "../../../../tmp/x"; }), failed);
  EXPECT_THAT(refused([](RunnerRequest& r) { r.order.fields["previous_version"] = "--rm -rf"; }), failed);
  EXPECT_THAT(refused([](RunnerRequest& r) { r.order.fields["LD_PRELOAD"] = "/tmp/x.so"; }), failed);
  EXPECT_THAT(say("{\"do\":\"start\",\"argv\":[\"/bin/sh\"]}"), failed);
  EXPECT_THAT(say(std::string(200'000, 'x')), Not(HasSubstr("\"done\"")));
  EXPECT_THAT(say("\xff\xfe garbage"), failed);
  EXPECT_EQ(ran("execute"), 0);
  EXPECT_THAT(say(text_of(request())), HasSubstr("\"done\"")) << "and the runner still answers";
}

TEST_F(RunnerTakenOver, NobodyElseIsHeard) {
  start();
  EXPECT_THAT(say(text_of(request()), "nobody"), HasSubstr("Permission denied"));
  ::chmod("/run/backstop-runner/socket", 0666);
  EXPECT_THAT(say(text_of(request()), "nobody"), HasSubstr("may not speak to backstop-runner"));
  EXPECT_EQ(ran("execute"), 0);
}

TEST_F(RunnerTakenOver, TheDaemonCannotWriteWhereTheRunnerReads) {
  start();
  for (const char* path : {"/etc/backstop", "/etc/backstop/services.d", "/var/lib/backstop-runner",
                           "/var/lib/backstop-runner/steps", "/var/lib/backstop-runner/configs"}) {
    EXPECT_NE(sh(std::string("setpriv --reuid backstop --regid backstop --init-groups touch ") + path + "/x").code, 0)
        << path;
  }
}

} // namespace
} // namespace backstop
