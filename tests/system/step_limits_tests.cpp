#include "daemon/io/step_files.hpp"
#include "daemon/record.hpp"
#include "daemon/runner_protocol.hpp"
#include "tests/system/systemd_world.hpp"
#include <sys/socket.h>
#include <sys/un.h>

/// Limits and sandboxes of steps in a booted systemd: the properties of a running step's unit, what a step can do inside,
/// and what its outcome says of a kill from outside. Memory and CPU have no controllers in a test boot, so of these the
/// properties alone are shown.
namespace backstop {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kPlace = "/opt/backstop-test"; ///< no sandbox hides it

class StepLimits : public SystemdWorld {
protected:
  StepLimits() {
    sh(std::string("rm -rf ") + kPlace + " && mkdir -p " + kPlace);
    sh("systemctl start backstop-runner.socket");
  }
  ~StepLimits() override { sh(std::string("touch ") + kPlace + "/go"); }

  /// The shop's step `execute` becomes this script, with these keys beside argv; `more` are keys of the service.
  void configure(const std::string& keys, const std::string& script, const std::string& more = "") {
    shop::write_file(std::string(kPlace) + "/step", "#!/bin/sh\n" + script, 0755);
    std::string text = shop.service_file();
    const std::string before = "argv: [" + shop.dir + "/execute]";
    text.replace(text.find(before), before.size(), std::string("argv: [") + kPlace + "/step]" + keys);
    write_service(text.insert(text.find("sources:"), more));
  }
  /// Asks the runner to start it as the daemon would.
  RunnerReply start_step() {
    RunnerRequest request;
    request.key = key_ = {"D5", "rollback", "3", ++attempt_};
    request.order = {StepOrder::Act::run,
                     "shop/test",
                     sha256_hex(shop::read_text("/etc/backstop/services.d/shop.yaml")),
                     "3",
                     {{"version", "v1"}, {"previous_version", "v0"}, {"deployment", "D5"}}};
    const std::string packet = text_of(request);
    const sockaddr_un address{AF_UNIX, "/run/backstop-runner/socket"};
    const step::Fd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    std::string reply(kRunnerPacketLimit, '\0');
    ssize_t n = -1;
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
        ::send(fd.get(), packet.data(), packet.size(), MSG_NOSIGNAL) >= 0)
      n = ::recv(fd.get(), reply.data(), reply.size(), 0);
    reply.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return runner_reply(reply).value_or(RunnerReply{RunnerReply::Result::failed, "no reply"});
  }
  static StepFiles files() { return *StepFiles::open_existing("/var/lib/backstop-runner"); }
  std::string unit() const {
    const std::string directory = files().path_of(key_);
    return "backstop-step-" + directory.substr(directory.rfind('/') + 1) + ".service";
  }
  /// How the started step ended, as the daemon would find it.
  StepFiles::Found ended() {
    EXPECT_TRUE(until([&] { return !files().control(key_); }));
    return files().look(key_);
  }
  StepOutcome run(const std::string& keys, const std::string& script, const std::string& more = "") {
    configure(keys, script, more);
    const RunnerReply reply = start_step();
    EXPECT_EQ(reply.result, RunnerReply::Result::done) << reply.why;
    return ended().outcome;
  }
  /// NAME=VALUE lines of the unit of a step that waits until /opt/backstop-test/go is there.
  std::string properties_of_waiting(const std::string& keys, const std::string& names) {
    configure(keys, std::string("while [ ! -e ") + kPlace + "/go ]; do sleep 0.05; done\nulimit -n\n");
    const RunnerReply reply = start_step();
    EXPECT_EQ(reply.result, RunnerReply::Result::done) << reply.why;
    return sh("systemctl show -p " + names + " " + unit()).out;
  }
  StepOutcome let_go() {
    shop::write_file(std::string(kPlace) + "/go", "");
    return ended().outcome;
  }

  StepKey key_;
  int attempt_ = 0;
};

TEST_F(StepLimits, AreThoseOfTheStepsUnit) {
  const std::string told = properties_of_waiting(", limits: {memory: 512MiB, tasks: 100, cpu: 50%, open_files: 200}",
                                                 "MemoryMax,TasksMax,CPUQuotaPerSecUSec,LimitNOFILE,OOMPolicy");
  for (const char* line : {"MemoryMax=536870912\n", "TasksMax=100\n", "CPUQuotaPerSecUSec=500ms\n", "LimitNOFILE=200\n",
                           "OOMPolicy=continue\n"})
    EXPECT_THAT(told, HasSubstr(line));
  EXPECT_EQ(let_go().output, "200\n") << "and it sees so";
}

TEST_F(StepLimits, AStepThatAsksForNothingIsHeldToNothing) {
  const std::string told =
      properties_of_waiting("", "MemoryMax,CPUQuotaPerSecUSec,ProtectSystem,ProtectHome,PrivateTmp,"
                                "NoNewPrivileges");
  for (const char* line : {"MemoryMax=infinity\n", "CPUQuotaPerSecUSec=infinity\n", "ProtectSystem=no\n",
                           "ProtectHome=no\n", "PrivateTmp=no\n", "NoNewPrivileges=no\n"})
    EXPECT_THAT(told, HasSubstr(line));
  EXPECT_TRUE(let_go().succeeded());
}

/// Prints a line "yes WHAT" or "no WHAT".
std::string attempt(const std::string& what, const std::string& command) {
  return "if " + command + " 2>/dev/null >/dev/null; then echo yes " + what + "; else echo no " + what + "; fi\n";
}

TEST_F(StepLimits, AStandardSandboxKeepsTheSystemAsItIs) {
  const StepOutcome outcome =
      run(", sandbox: standard", attempt("etc", "touch /etc/backstop/x") + attempt("usr", "touch /usr/x") +
                                     attempt("home", "touch /home/x") + attempt("var", "touch /var/lib/x") +
                                     attempt("tmp", "touch /tmp/seen-outside") + "grep NoNewPrivs /proc/self/status\n");
  EXPECT_TRUE(outcome.succeeded()) << outcome.detail;
  EXPECT_EQ(outcome.output, "no etc\nno usr\nno home\nyes var\nyes tmp\nNoNewPrivs:\t1\n");
  EXPECT_NE(sh("test -e /tmp/seen-outside").code, 0) << "its /tmp is its own";
}

TEST_F(StepLimits, AStrictSandboxWritesOnlyWhatIsNamed) {
  const std::string place(kPlace);
  sh("mkdir -p " + place + "/data /home/secret; rm -f /run/lock/backstop-test");
  const StepOutcome outcome = run(
      ", sandbox: strict, writable: [" + place + "/data]",
      attempt("etc", "touch /etc/x") + attempt("var", "touch /var/lib/x") + attempt("beside", "touch " + place + "/x") +
          attempt("data", "touch " + place + "/data/x") + attempt("tmp", "touch /tmp/x") +
          attempt("secret", "ls /home/secret") + attempt("mount", "mount -t tmpfs t /mnt") +
          attempt("namespace", "unshare --mount true") + attempt("device", "test -e /dev/tty0 -o -e /dev/kmsg"),
      "deploy_lock: /run/lock/backstop-test\n");
  EXPECT_TRUE(outcome.succeeded()) << outcome.detail;
  EXPECT_EQ(outcome.output,
            "no etc\nno var\nno beside\nyes data\nyes tmp\nno secret\nno mount\nno namespace\nno device\n");
  EXPECT_EQ(sh("test -e " + place + "/data/x").code, 0);
  EXPECT_EQ(sh("test -e /run/lock/backstop-test").code, 0) << "its lock is the one that all see";
}

TEST_F(StepLimits, AStrictSandboxIsMadeOfTheDocumentedProperties) {
  const std::string told = properties_of_waiting(
      ", sandbox: strict",
      "ProtectSystem,ProtectHome,PrivateTmp,PrivateDevices,NoNewPrivileges,ProtectKernelTunables,"
      "ProtectKernelModules,ProtectKernelLogs,ProtectControlGroups,ProtectClock,ProtectHostname,"
      "RestrictSUIDSGID,RestrictRealtime,LockPersonality,RestrictNamespaces,"
      "RestrictAddressFamilies,SystemCallArchitectures,CapabilityBoundingSet,SystemCallErrorNumber");
  for (const char* name :
       {"PrivateTmp", "PrivateDevices", "NoNewPrivileges", "ProtectKernelTunables", "ProtectKernelModules",
        "ProtectKernelLogs", "ProtectControlGroups", "ProtectClock", "ProtectHostname", "RestrictSUIDSGID",
        "RestrictRealtime", "LockPersonality", "RestrictNamespaces", "ProtectHome"})
    EXPECT_THAT(told, HasSubstr(std::string(name) + "=yes\n"));
  EXPECT_THAT(told, AllOf(HasSubstr("ProtectSystem=strict\n"), HasSubstr("SystemCallArchitectures=native\n"),
                          HasSubstr("SystemCallErrorNumber=1\n"), HasSubstr("AF_NETLINK"), Not(HasSubstr("AF_PACKET")),
                          HasSubstr("cap_setuid"), Not(HasSubstr("cap_sys_"))));
  EXPECT_TRUE(let_go().succeeded());
}

TEST_F(StepLimits, AnotherUsersStepInAStrictSandboxIsStillEndedAtItsTimeout) {
  configure(", sandbox: strict, user: nobody", "id -un\ntrap '' TERM\nwhile :; do sleep 0.1; done\n");
  std::string text = shop::read_text("/etc/backstop/services.d/shop.yaml");
  const std::size_t at = text.find("timeout: 10s", text.find("user: nobody"));
  write_service(text.replace(at, 12, "timeout: 300ms"));
  ASSERT_EQ(start_step().result, RunnerReply::Result::done);
  const StepOutcome outcome = ended().outcome;
  EXPECT_EQ(outcome.end, StepEnd::timed_out) << outcome.detail;
  EXPECT_THAT(outcome.detail, AllOf(HasSubstr("ended by SIGKILL"), Not(HasSubstr("does not die"))));
  EXPECT_EQ(outcome.output, "nobody\n");
}

TEST_F(StepLimits, AWritablePathThatIsMissingIsNamed) {
  configure(", sandbox: strict, writable: [/srv/missing]", "true\n");
  const RunnerReply reply = start_step();
  EXPECT_EQ(reply.result, RunnerReply::Result::failed);
  EXPECT_THAT(reply.why, AllOf(HasSubstr("/srv/missing"), HasSubstr("No such file")));
  EXPECT_EQ(files().look(key_).seen, StepRunner::Seen::never) << "the key is free for another attempt";
}

/// The kernel's counts come from a folder that the step writes itself: a real want of memory cannot be had in a test boot.
class CountsOfTheKernel : public StepLimits {
protected:
  CountsOfTheKernel() {
    sh("mkdir -p /opt/backstop-test/cgroup /run/systemd/system/backstop-step-.service.d");
    shop::write_file("/run/systemd/system/backstop-step-.service.d/counts.conf",
                     "[Service]\nBindPaths=/opt/backstop-test/cgroup:/sys/fs/cgroup\n");
    sh("systemctl daemon-reload");
  }
  ~CountsOfTheKernel() override { sh("rm -r /run/systemd/system/backstop-step-.service.d; systemctl daemon-reload"); }
  static std::string counts(const std::string& events) {
    return "own=/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup)\nmkdir -p $own\nprintf '" + events +
           "' >$own/memory.events\necho 536870912 >$own/memory.max\n";
  }
};

TEST_F(CountsOfTheKernel, TellThatACommandWasKilledForWantOfMemory) {
  const StepOutcome outcome = run("", counts("oom 1\\noom_kill 1\\n") + "kill -KILL $$\n");
  EXPECT_EQ(outcome.end, StepEnd::signaled);
  EXPECT_EQ(outcome.detail, "killed by the kernel: out of memory (limit 512 MiB)");
}

TEST_F(CountsOfTheKernel, TellThatAProcessBelowTheCommandWasKilled) {
  const StepOutcome outcome = run("", counts("oom 0\\noom_kill 2\\n") + "exit 137\n");
  EXPECT_EQ(outcome.status, 137);
  EXPECT_EQ(outcome.detail,
            "the kernel killed a process of it: out of memory, the host's or that of a slice around it");
}

TEST_F(CountsOfTheKernel, WithoutAKillAreNotToldOf) {
  EXPECT_EQ(run("", counts("oom 1\\noom_kill 0\\n") + "kill -KILL $$\n").detail, "killed by SIGKILL");
  EXPECT_EQ(run("", counts("oom 1\\noom_kill 0\\n")).detail, "");
}

TEST_F(SystemdWorld, AStepWhoseUnitIsKilledAsAWholeIsUnknown) {
  slow_execute(60);
  start_and_adopt();
  const std::string id = deploy_bad();
  ASSERT_TRUE(until([&] { return ran("execute") == 1; }));
  EXPECT_EQ(sh("systemctl kill -s KILL --kill-who=all 'backstop-step-*'").code, 0);
  EXPECT_EQ(ctl("deploy wait " + id + " --timeout 60s").code, 5) << "nobody can say what it did: a person must look";
  EXPECT_THAT(ctl("deploy show " + id + " --json").out,
              AllOf(HasSubstr("how it ended is unknown (its supervisor died; the command itself, pid "),
                    HasSubstr(", may still run, unless it was killed as well)")));
  EXPECT_THAT(ctl("status").out, HasSubstr("LOCKED"));
  EXPECT_EQ(ran("execute"), 1);
}

} // namespace
} // namespace backstop
