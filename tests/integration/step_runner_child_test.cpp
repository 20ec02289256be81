#include "tests/integration/step_host.hpp"
#include <fcntl.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

/// Steps as they come in the wild, run by the real runner on this host.
namespace backstop {
namespace {

using std::chrono::milliseconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

using HostileStep = StepHost;

/// A step that is cancelled when it is ready: it ends as at its timeout, at a moment that the test chooses.
class EndedStep : public StepHost {
protected:
  StepOutcome cancel_when_written(const std::string& name, const StepCommand& c) {
    EXPECT_TRUE(runner->start(key, c));
    line_of(name);
    runner->cancel(key);
    return next_outcome();
  }
};

TEST_F(EndedStep, ATimeoutSaysWhichItWas) {
  StepCommand c = command({"/bin/sleep", "1000"});
  c.timeout = milliseconds(50);
  const StepOutcome outcome = run(c);
  EXPECT_EQ(outcome.end, StepEnd::timed_out);
  EXPECT_EQ(outcome.status, SIGTERM);
  EXPECT_EQ(outcome.detail, "not done after 0.05 s; ended by SIGTERM");
}

TEST_F(EndedStep, WhatIgnoresSigtermIsKilled) {
  StepCommand c = shell("trap '' TERM; echo > " + file("ready") + "; while :; do sleep 1; done");
  c.kill_after = milliseconds(100);
  const StepOutcome outcome = cancel_when_written("ready", c);
  EXPECT_EQ(outcome.end, StepEnd::cancelled);
  EXPECT_EQ(outcome.status, SIGKILL);
  EXPECT_EQ(outcome.detail, "cancelled; ended by SIGKILL, as SIGTERM did not end it in 0.1 s");
  EXPECT_GE(outcome.took, milliseconds(100));
}

TEST_F(EndedStep, SigtermGivesTheTimeToCleanUp) {
  const StepOutcome outcome = cancel_when_written(
      "ready", shell("trap 'echo cleaned; exit 9' TERM; echo > " + file("ready") + "; while :; do sleep 0.01; done"));
  EXPECT_EQ(outcome.end, StepEnd::cancelled);
  EXPECT_EQ(outcome.status, 9);
  EXPECT_THAT(outcome.output, EndsWith("cleaned\n"));
  EXPECT_EQ(outcome.detail, "cancelled; ended by SIGTERM");
}

TEST_F(EndedStep, TheWholeProcessGroupEnds) {
  EXPECT_EQ(cancel_when_written("pid", shell("sleep 1000 & echo $! > " + file("pid") + "; wait")).end,
            StepEnd::cancelled);
  EXPECT_FALSE(alive(pid_of("pid")));
}

TEST_F(EndedStep, WhatStaysInTheGroupAfterItsLeaderWentIsKilled) {
  StepCommand c =
      shell("sh -c 'trap \"\" TERM; echo $$ > " + file("pid") + "; while :; do sleep 1; done' & sleep 1000");
  c.kill_after = milliseconds(100);
  const StepOutcome outcome = cancel_when_written("pid", c);
  EXPECT_THAT(outcome.detail, HasSubstr("ended by SIGKILL"));
  EXPECT_FALSE(alive(pid_of("pid")));
}

TEST_F(EndedStep, WhatEscapedItsGroupIsNamed) {
  const StepOutcome outcome = cancel_when_written(
      "pid", shell("setsid sh -c 'echo $$ > " + file("pid") + "; while :; do sleep 1; done' & sleep 1000"));
  const int pid = pid_of("pid");
  EXPECT_THAT(outcome.detail,
              EndsWith("left its process group and still running: pid " + std::to_string(pid) + " (sh)"));
  EXPECT_TRUE(alive(pid));
}

TEST_F(EndedStep, AFloodIsEndedToo) {
  const StepOutcome outcome =
      cancel_when_written("ready", shell("yes | head -c 1000000; echo > " + file("ready") + "; exec yes"));
  EXPECT_EQ(outcome.end, StepEnd::cancelled);
  EXPECT_EQ(outcome.output.size(), std::size_t{16} << 10);
}

TEST_F(HostileStep, AFloodOfOutputIsReadToItsEndAndTakesLittleMemory) {
  const StepOutcome outcome = run(shell("echo $PPID > " + file("supervisor") +
                                        "; head -c 100000000 /dev/zero | tr '\\0' x; grep VmHWM /proc/$PPID/status > " +
                                        file("memory") + "; echo; echo the end"));
  EXPECT_TRUE(outcome.succeeded());
  EXPECT_EQ(outcome.output.size(), std::size_t{16} << 10);
  EXPECT_TRUE(outcome.output_cut);
  EXPECT_THAT(outcome.output, StartsWith("xxxx"));
  EXPECT_THAT(outcome.output, EndsWith("x\nthe end\n"));
  EXPECT_LT(std::atol(line_of("memory").substr(std::string("VmHWM:").size()).c_str()), 16'000) << "kB";
}

TEST_F(HostileStep, OpeningStdoutAnewLosesNothing) {
  EXPECT_EQ(run(shell("echo one; echo two > /dev/stderr; echo three > /dev/stdout; echo four")).output,
            "one\ntwo\nthree\nfour\n");
}

TEST_F(HostileStep, AFloodFromTheBackgroundDoesNotDelayTheEnd) {
  const StepOutcome outcome = run(shell("yes & echo $! > " + file("pid") + "; sleep 0.1; exit 3"));
  EXPECT_EQ(outcome.status, 3);
  EXPECT_TRUE(alive(pid_of("pid")));
}

TEST_F(HostileStep, ABackgroundProcessNeitherDelaysTheEndNorDiesOfIt) {
  const StepOutcome outcome =
      run(shell("(while [ ! -e " + file("go") + " ]; do sleep 0.02; done; echo late; echo late >&2; echo wrote > " +
                file("wrote") + "; exec sleep 1000) & echo $! > " + file("pid") + "; echo done; exit 7"));
  EXPECT_EQ(outcome.end, StepEnd::exited);
  EXPECT_EQ(outcome.status, 7);
  EXPECT_EQ(outcome.output, "done\n");
  const int pid = pid_of("pid");
  EXPECT_EQ(outcome.detail, "left running: pid " + std::to_string(pid) + " (sh)");
  runner->forget(key);
  write("go", "");
  EXPECT_EQ(line_of("wrote"), "wrote");
  EXPECT_TRUE(alive(pid));
}

TEST_F(HostileStep, ADaemonThatHoldsStdoutDoesNotDelayTheEnd) {
  const StepOutcome outcome = run(shell("setsid sh -c 'echo $$ > " + file("pid") + "; exec sleep 1000' & exit 0"));
  EXPECT_TRUE(outcome.succeeded());
  EXPECT_TRUE(alive(pid_of("pid")));
  EXPECT_LT(outcome.took, std::chrono::seconds(20));
}

TEST_F(HostileStep, TheSupervisorEndsWithTheStepAndLeavesNoZombie) {
  EXPECT_TRUE(run(shell("echo $PPID > " + file("supervisor"))).succeeded());
  const std::string proc = "/proc/" + line_of("supervisor");
  EXPECT_TRUE(until([&] { return !std::filesystem::exists(proc); }));
}

TEST_F(HostileStep, TheDrainGoesWhenTheLastWriterGoes) {
  ASSERT_TRUE(
      runner->start(key, shell("sleep 1000 & echo $! > " + file("pid") + "; echo $PPID > " + file("supervisor") +
                               "; while [ ! -e " + file("go") + " ]; do sleep 0.02; done")));
  const std::string supervisor = line_of("supervisor");
  int drain = 0;
  EXPECT_TRUE(until([&] {
    std::ifstream children("/proc/" + supervisor + "/task/" + supervisor + "/children");
    for (std::string pid, name; drain == 0 && children >> pid;)
      if (std::ifstream("/proc/" + pid + "/comm") >> name; name == "backstop-drain") drain = std::stoi(pid);
    return drain != 0;
  }));
  write("go", "");
  next_outcome();
  EXPECT_TRUE(alive(drain));
  ::kill(pid_of("pid"), SIGKILL);
  EXPECT_TRUE(until([&] { return !alive(drain); }));
}

TEST_F(HostileStep, WhyAProgramCannotBeExecutedIsTold) {
  write("plain", "#!/bin/sh\n");
  write("no-shebang", "echo hello\n", 0755);
  write("no-interpreter", "#!/nonexistent/python\n", 0755);
  const std::vector<std::pair<StepCommand, std::string>> cases = {
      {command({file("plain")}), file("plain") + ": permission denied (is it executable?)"},
      {command({directory}), directory + ": permission denied (is it executable?)"},
      {command({file("no-shebang")}),
       file("no-shebang") + ": exec format error (a script needs a first line like #!/bin/sh)"},
      {command({file("no-interpreter")}),
       file("no-interpreter") + ": the interpreter named in its first line does not exist"},
      {command({"backstop-no-such-program"}), "backstop-no-such-program: not found in PATH"},
      {command({"/bin/true", std::string(200'000, 'x')}),
       "/bin/true: argument list too long (arguments and environment together)"},
  };
  StepKey k = key;
  for (const auto& [c, why] : cases) {
    ++k.attempt;
    ASSERT_TRUE(runner->start(k, c));
    const StepOutcome outcome = next_outcome();
    EXPECT_EQ(outcome.end, StepEnd::failed_to_start);
    EXPECT_EQ(outcome.detail, why);
    EXPECT_EQ(outcome.status, 0);
  }
}

TEST_F(HostileStep, AMissingDirectoryUserOrLockDirectoryIsAFailureToStart) {
  StepCommand c = shell("echo ran > " + file("ran"));
  c.directory = "/nonexistent";
  EXPECT_EQ(run(c).detail, "directory /nonexistent: no such file or directory");
  StepKey k = key;
  k.attempt = 2;
  c.directory = "/";
  c.user = "nobody-of-that-name";
  ASSERT_TRUE(runner->start(k, c));
  const StepOutcome outcome = next_outcome();
  EXPECT_EQ(outcome.end, StepEnd::failed_to_start);
  EXPECT_EQ(outcome.detail, "user nobody-of-that-name: no such user on this host");
  k.attempt = 3;
  c.user.clear();
  c.lock_file = "/nonexistent/lock";
  ASSERT_TRUE(runner->start(k, c));
  EXPECT_EQ(next_outcome().detail, "lock file /nonexistent/lock: no such file or directory");
  EXPECT_EQ(content("ran"), "");
}

TEST_F(HostileStep, BecomesTheUserAndLosesTheGroupsOfRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may become another user";
  const gid_t adm = 4;
  ASSERT_EQ(::setgroups(1, &adm), 0);
  StepCommand c =
      shell("id -un; id -Gn; echo hello > /dev/stdout; echo hello > /dev/stderr; cat /proc/self/status | grep CapEff");
  c.user = "nobody";
  const StepOutcome outcome = run(c);
  EXPECT_TRUE(outcome.succeeded()) << outcome.output;
  EXPECT_THAT(outcome.output, StartsWith("nobody\nnogroup\nhello\nhello\n"));
  EXPECT_THAT(outcome.output, HasSubstr("0000000000000000"));
}

TEST_F(HostileStep, BinaryOutputBecomesValidUtf8) {
  const StepOutcome outcome =
      run(shell("printf 'a\\377b\\300\\200c\\355\\240\\200d\\342\\202\\254e\\360\\237\\222\\251f\\303'"));
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(outcome.output,
            "a" + bad + "b" + bad + bad + "c" + bad + bad + bad + "d\xE2\x82\xAC" + "e\xF0\x9F\x92\xA9" + "f" + bad);
  EXPECT_FALSE(outcome.output_cut);
}

TEST(CleanOutput, NeverCutsACharacterNorExceedsTheLimit) {
  bool cut = false;
  EXPECT_EQ(clean_output("x\xE2\x82\xAC"
                         "abc",
                         5, cut),
            "abc");
  EXPECT_TRUE(cut);
  cut = false;
  EXPECT_EQ(clean_output("\xFF\xFF\xFF", 8, cut), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_TRUE(cut);
  cut = false;
  EXPECT_EQ(clean_output("", 8, cut), "");
  EXPECT_EQ(clean_output("abc", 0, cut), "");
  EXPECT_TRUE(cut);
}

TEST_F(HostileStep, ALongArgumentArrivesWhole) {
  const StepOutcome outcome =
      run(command({"/bin/sh", "-c", "printf %s \"$1\" | wc -c", "sh", std::string(120'000, 'y')}));
  EXPECT_EQ(outcome.output, "120000\n");
}

TEST_F(HostileStep, ArgumentsPassThroughNoShell) {
  const StepOutcome outcome = run(command({"/bin/echo", "$HOME", "`id`", "a b", "", "*"}));
  EXPECT_EQ(outcome.output, "$HOME `id` a b  *\n");
}

TEST_F(HostileStep, WhatExecveWouldMisunderstandIsRefused) {
  EXPECT_EQ(runner->start(key, command({"/bin/echo", std::string("a\0b", 3)})).error().code, Errc::invalid);
  StepCommand c = shell("true");
  c.environment["A=B"] = "c";
  EXPECT_EQ(runner->start(key, c).error().code, Errc::invalid);
  EXPECT_EQ(runner->adopt(key), StepRunner::Seen::never);
}

TEST_F(HostileStep, TheDeathBySignalIsNamed) {
  const StepOutcome outcome = run(shell("ulimit -c 0; printf unfinished; kill -SEGV $$"));
  EXPECT_EQ(outcome.end, StepEnd::signaled);
  EXPECT_EQ(outcome.status, SIGSEGV);
  EXPECT_EQ(outcome.detail, "killed by SIGSEGV");
  EXPECT_EQ(outcome.output, "unfinished");
}

TEST_F(HostileStep, GetsACleanProcess) {
  ::setenv("BACKSTOP_TEST_LEAK", "1", 1);
  const step::Fd leaked(::open("/dev/null", O_RDONLY)); // without O_CLOEXEC
  sigset_t block;
  sigset_t before;
  ::sigemptyset(&block);
  ::sigaddset(&block, SIGUSR1);
  ::sigprocmask(SIG_BLOCK, &block, &before);
  const auto pipe_before = ::signal(SIGPIPE, SIG_IGN);
  const mode_t umask_before = ::umask(077);
  StepCommand c = shell("/usr/bin/env | grep -v ^PWD=; grep -E 'SigBlk|SigIgn' /proc/self/status; umask; "
                        "readlink /proc/$$/fd/0; pwd; cut -d' ' -f5-6 /proc/$$/stat; echo $$ $$");
  c.environment = {{"ONE", "1"}, {"TWO", "a=b c"}};
  c.directory = "/usr";
  const StepOutcome outcome = run(c);
  StepKey k = key;
  k.attempt = 2;
  ASSERT_TRUE(runner->start(k, command({"/bin/ls", "/proc/self/fd"})));
  EXPECT_EQ(next_outcome().output, "0\n1\n2\n3\n") << "3 is the directory that ls reads";
  ::umask(umask_before);
  ::signal(SIGPIPE, pipe_before);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  std::vector<std::string> lines;
  std::istringstream in(outcome.output);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  ASSERT_EQ(lines.size(), 9U) << outcome.output;
  std::sort(lines.begin(), lines.begin() + 2);
  EXPECT_EQ(lines[0], "ONE=1");
  EXPECT_EQ(lines[1], "TWO=a=b c");
  EXPECT_EQ(lines[2], "SigBlk:\t0000000000000000");
  EXPECT_EQ(lines[3], "SigIgn:\t0000000000000000");
  EXPECT_EQ(lines[4], "0022");
  EXPECT_EQ(lines[5], "/dev/null");
  EXPECT_EQ(lines[6], "/usr");
  EXPECT_EQ(lines[7], lines[8]) << "its own process group and session";
}

TEST_F(HostileStep, ALockThatIsHeldNamesItsHolder) {
  const step::Fd held(::open(file("lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(::flock(held.get(), LOCK_EX), 0);
  StepCommand c = shell("echo ran > " + file("ran"));
  c.lock_file = file("lock");
  const StepOutcome outcome = run(c);
  EXPECT_EQ(outcome.end, StepEnd::locked);
  EXPECT_THAT(outcome.detail,
              StartsWith("lock file " + file("lock") + " is held by pid " + std::to_string(::getpid()) + " ("));
  EXPECT_EQ(content("ran"), "");
}

TEST_F(HostileStep, TheLockGoesWithTheStepAndNotWithWhatItLeftRunning) {
  StepCommand c =
      shell("flock -n " + file("lock") + " true && echo free || echo taken; sleep 1000 & echo $! > " + file("pid"));
  c.lock_file = file("lock");
  EXPECT_EQ(run(c).output, "taken\n");
  EXPECT_TRUE(alive(pid_of("pid")));
  const step::Fd probe(::open(file("lock").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(::flock(probe.get(), LOCK_EX | LOCK_NB), 0);
}

TEST_F(HostileStep, ADiskThatFillsUpTakesNeitherTheStepNorItsOutcome) {
  const std::string disk = file("disk");
  std::filesystem::create_directory(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=256k") != 0) GTEST_SKIP() << "cannot mount a small disk here";
  const std::shared_ptr<void> mounted(nullptr, [&](void*) { ::umount2(disk.c_str(), MNT_DETACH); });
  auto on_disk = *ChildStepRunner::create(*loop, disk, BACKSTOP_BIN_DIR "/backstop-step");
  on_disk->on_finished = runner->on_finished;
  ASSERT_TRUE(on_disk->start(
      key, shell("cat /dev/zero > " + disk + "/full; head -c 30000 /dev/zero | tr '\\0' o || exit 1; exit 5")));
  const StepOutcome outcome = next_outcome();
  EXPECT_EQ(outcome.end, StepEnd::exited);
  EXPECT_EQ(outcome.status, 5);
  EXPECT_EQ(outcome.output.size(), std::size_t{16} << 10);

  StepKey next = key;
  next.attempt = 2;
  const Status started = on_disk->start(next, shell("echo ran > " + file("ran")));
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Errc::io);
  EXPECT_THAT(started.error().what, HasSubstr("No space left on device"));
  EXPECT_EQ(on_disk->adopt(next), StepRunner::Seen::never);
  std::filesystem::remove(disk + "/full");
  EXPECT_TRUE(on_disk->start(next, shell("true"))) << "an error leaves no trace";
  next_outcome();
}

TEST_F(HostileStep, ManyStepsAtOnceAllTell) {
  for (int i = 1; i <= 20; ++i) {
    StepKey k = key;
    k.attempt = i;
    ASSERT_TRUE(runner->start(k, shell("exit 2")));
  }
  EXPECT_TRUE(until([&] { return told.size() == 20; }));
  for (const StepOutcome& outcome : told) EXPECT_EQ(outcome.status, 2);
}

TEST(StepEndNames, ReadBackAsTheyAreWritten) {
  for (const StepEnd end : {StepEnd::exited, StepEnd::signaled, StepEnd::timed_out, StepEnd::failed_to_start,
                            StepEnd::locked, StepEnd::cancelled, StepEnd::unknown})
    EXPECT_EQ(step_end_named(name_of(end)), end);
  EXPECT_EQ(step_end_named("ended"), std::nullopt);
  EXPECT_EQ((StepKey{"d-1", "rollback", "3.1", 2}).text(), "d-1/rollback/3.1/2");
}

} // namespace
} // namespace backstop
