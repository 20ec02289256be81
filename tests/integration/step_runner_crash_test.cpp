#include "daemon/step/files.hpp"
#include "tests/integration/raw_server.hpp"
#include "tests/integration/step_host.hpp"
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>

/// What is left of steps when the daemon, their supervisor or the host dies: each runs at most once, and its outcome is
/// told or known to be lost.
namespace backstop {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;
using Seen = StepRunner::Seen;

class CrashedStep : public StepHost {
protected:
  /// A daemon of its own starts `c`, waits for the file `when`, and is killed by SIGKILL.
  void start_in_a_daemon_that_is_killed(const StepCommand& c, const std::string& when) {
    const pid_t daemon = ::fork();
    if (daemon == 0) {
      auto own_loop = *EventLoop::create();
      auto own = *ChildStepRunner::create(*own_loop, directory, BACKSTOP_BIN_DIR "/backstop-step");
      if (!own->start(key, c)) ::_exit(1);
      while (true) own_loop->run_once(milliseconds(100));
    }
    line_of(when);
    EXPECT_EQ(::kill(daemon, SIGKILL), 0);
    int status = 0;
    ::waitpid(daemon, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status));
  }
  [[nodiscard]] std::string step_file(const char* name) const {
    return (*StepFiles::open(directory)).path_of(key) + "/" + name;
  }
  void replace_in(const std::string& path, const std::string& what, const std::string& with) const {
    std::ifstream in(path);
    std::string text((std::istreambuf_iterator<char>(in)), {});
    in.close();
    const std::size_t at = text.find(what);
    ASSERT_NE(at, text.npos);
    std::ofstream(path) << text.replace(at, what.size(), with);
  }
};

TEST_F(CrashedStep, RunsOnWhenTheDaemonIsKilledAndTellsTheNextOne) {
  start_in_a_daemon_that_is_killed(shell("echo run >> " + file("witness") + "; while [ ! -e " + file("go") +
                                         " ]; do sleep 0.02; done; echo end >> " + file("witness") +
                                         "; echo output; exit 6"),
                                   "witness");
  EXPECT_EQ(runner->adopt(key), Seen::running);
  EXPECT_EQ(runner->adopt(key), Seen::running) << "adopting twice is harmless";
  EXPECT_EQ(runner->start(key, shell("true")).error().code, Errc::refused);
  write("go", "");
  const StepOutcome outcome = next_outcome();
  EXPECT_EQ(outcome.end, StepEnd::exited);
  EXPECT_EQ(outcome.status, 6);
  EXPECT_EQ(outcome.output, "output\n");
  for (int i = 0; i < 10; ++i) loop->run_once(milliseconds(10));
  EXPECT_EQ(told.size(), 1U) << "told exactly once";
  EXPECT_EQ(content("witness"), "run\nend\n");
}

TEST_F(CrashedStep, EndsWithoutADaemonAndTellsTheNextOne) {
  start_in_a_daemon_that_is_killed(
      shell("echo run >> " + file("witness") + "; sleep 0.1; echo end > " + file("end") + "; exit 6"), "witness");
  line_of("end");
  EXPECT_TRUE(until([&] { return std::filesystem::exists(step_file(step::kOutcome)); }));
  EXPECT_NE(runner->adopt(key), Seen::never);
  EXPECT_EQ(next_outcome().status, 6);
  EXPECT_EQ(content("witness"), "run\n");
}

TEST_F(CrashedStep, ItsTimeoutHoldsWithoutADaemon) {
  StepCommand c = shell("echo $$ > " + file("pid") + "; exec sleep 1000");
  c.timeout = milliseconds(1500);
  start_in_a_daemon_that_is_killed(c, "pid");
  const int pid = pid_of("pid");
  EXPECT_TRUE(until([&] { return !alive(pid); }));
  EXPECT_NE(runner->adopt(key), Seen::never);
  EXPECT_EQ(next_outcome().end, StepEnd::timed_out);
}

TEST_F(CrashedStep, AnAdoptedStepCanBeCancelled) {
  start_in_a_daemon_that_is_killed(shell("echo $$ > " + file("pid") + "; exec sleep 1000"), "pid");
  EXPECT_EQ(runner->adopt(key), Seen::running);
  runner->cancel(key);
  EXPECT_EQ(next_outcome().end, StepEnd::cancelled);
  EXPECT_FALSE(alive(pid_of("pid")));
}

TEST_F(CrashedStep, IsUnknownWhenItsSupervisorIsKilledAndIsLeftAlone) {
  ASSERT_TRUE(runner->start(
      key, shell("echo $PPID > " + file("supervisor") + "; echo $$ > " + file("pid") + "; while [ ! -e " + file("go") +
                 " ]; do sleep 0.02; done; echo output; echo wrote > " + file("wrote") + "; exec sleep 1000")));
  const int pid = pid_of("pid");
  // The supervisor notes the pid while the command runs already.
  ASSERT_TRUE(until([&] { return std::filesystem::file_size(step_file(step::kStarted)) > 0; }));
  ::kill(pid_of("supervisor"), SIGKILL);
  const StepOutcome outcome = next_outcome();
  EXPECT_EQ(outcome.end, StepEnd::unknown);
  EXPECT_EQ(outcome.detail, "its supervisor died; the command itself, pid " + std::to_string(pid) +
                                ", may still run, unless it was killed as well");
  write("go", "");
  EXPECT_EQ(line_of("wrote"), "wrote") << "writing to stdout must not kill it";
  EXPECT_TRUE(alive(pid));
  EXPECT_EQ(runner->adopt(key), Seen::lost);
  restart();
  EXPECT_EQ(runner->adopt(key), Seen::lost);
  EXPECT_EQ(runner->start(key, shell("true")).error().code, Errc::refused);
}

/// Else it would wait for its server, and move the traffic after all had been taken back.
TEST_F(CrashedStep, AMoveOfTrafficEndsWithItsSupervisor) {
  const RawServer proxy(file("api"), [](RawServer::Connection& connection) { connection.hold(); });
  ASSERT_TRUE(runner->start(
      key, command({"backstop-traffic", "haproxy", "--socket", file("api"), "--backend", "shop", "--side", "blue=blue1",
                    "--side", "green=green1", "--to", "green", "--share", "0.1", "--timeout", "60"})));
  ASSERT_TRUE(until([&] { return proxy.connections() > 0; }));
  ASSERT_TRUE(until([&] { return std::filesystem::file_size(step_file(step::kStarted)) > 0; }));
  std::ifstream started(step_file(step::kStarted));
  int pid = 0, supervisor = 0;
  started >> pid;
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string word;
  for (int i = 0; i < 3; ++i) stat >> word; // pid, (backstop-traffi), state
  stat >> supervisor;
  ASSERT_GT(supervisor, 1);
  ::kill(supervisor, SIGKILL);
  EXPECT_EQ(next_outcome().end, StepEnd::unknown);
  EXPECT_TRUE(until([&] { return !alive(pid); }));
}

TEST_F(CrashedStep, SigtermToTheSupervisorCancelsIt) {
  ASSERT_TRUE(runner->start(key, shell("echo $PPID > " + file("supervisor") + "; exec sleep 1000")));
  ::kill(std::atoi(line_of("supervisor").c_str()), SIGTERM);
  const StepOutcome outcome = next_outcome();
  EXPECT_EQ(outcome.end, StepEnd::cancelled);
  EXPECT_EQ(outcome.detail,
            "cancelled, as its supervisor got SIGTERM from pid " + std::to_string(::getpid()) + "; ended by SIGTERM");
}

TEST_F(CrashedStep, WhenTheDaemonDiedBeforeTheStartItIsStartedAsTheFirstTime) {
  const StepFiles files = *StepFiles::open(directory);
  const StepCommand command = shell("echo run >> " + file("witness"));
  ASSERT_TRUE(files.claim(key, command));
  EXPECT_EQ(runner->adopt(key), Seen::never);
  ASSERT_TRUE(runner->start(key, command));
  EXPECT_EQ(next_outcome().end, StepEnd::exited);
  EXPECT_EQ(content("witness"), "run\n");
  EXPECT_EQ(runner->start(key, command).error().code, Errc::refused);
}

TEST_F(CrashedStep, AnEmptyDirectoryOfAStepMeansThatNothingWasRun) {
  const StepFiles files = *StepFiles::open(directory);
  std::filesystem::create_directory(files.path_of(key));
  EXPECT_EQ(runner->adopt(key), Seen::never);
  EXPECT_TRUE(runner->start(key, shell("true")));
  EXPECT_EQ(next_outcome().end, StepEnd::exited);
}

TEST_F(CrashedStep, WhatAFailedStartCouldNotTakeBackStandsInNobodysWay) {
  std::filesystem::create_directory((*StepFiles::open(directory)).path_of(key)); // of a start on a disk that fails
  ASSERT_TRUE(runner->start(key, shell("exit 6")));
  EXPECT_EQ(next_outcome().status, 6);
  EXPECT_EQ(runner->start(key, shell("exit 6")).error().code, Errc::refused);
}

TEST_F(CrashedStep, ACommandThatWasNotWrittenToItsEndMeansThatNothingWasRun) {
  std::filesystem::create_directory(step_file(""));
  std::ofstream(step_file(step::kCommandTmp)) << "key 5:D1/ro";
  EXPECT_EQ(runner->adopt(key), Seen::never);
  EXPECT_TRUE(runner->start(key, shell("exit 3")));
  EXPECT_EQ(next_outcome().status, 3);
}

TEST_F(CrashedStep, IsLostWhenTheHostWentDown) {
  const StepFiles files = *StepFiles::open(directory);
  ASSERT_TRUE(files.claim(key, shell("true")));
  replace_in(step_file(step::kCommand), "boot 36:", "boot 1:x\nold 36:");
  EXPECT_EQ(runner->adopt(key), Seen::lost);
  EXPECT_EQ(files.look(key).outcome.detail, "the host went down while it ran");
}

TEST_F(CrashedStep, AFinishedStepOfAnEarlierBootStillTells) {
  EXPECT_EQ(run(shell("exit 3")).status, 3);
  replace_in(step_file(step::kCommand), "boot 36:", "boot 1:x\nold 36:");
  restart();
  EXPECT_EQ(runner->adopt(key), Seen::finished);
  EXPECT_EQ(next_outcome().status, 3);
}

TEST_F(CrashedStep, ADamagedOutcomeIsLostAndSaysSo) {
  EXPECT_EQ(run(shell("exit 3")).status, 3);
  std::filesystem::resize_file(step_file(step::kOutcome), 20);
  EXPECT_EQ(runner->adopt(key), Seen::lost);
  EXPECT_THAT((*StepFiles::open(directory)).look(key).outcome.detail, HasSubstr("is damaged"));
}

TEST_F(CrashedStep, TheDirectoryOfAnotherKeyIsNeverTakenForIts) {
  EXPECT_EQ(run(shell("exit 3")).status, 3);
  replace_in(step_file(step::kCommand), "d-1/rollback", "d-2/rollback");
  EXPECT_EQ(runner->adopt(key), Seen::lost);
  EXPECT_EQ(runner->start(key, shell("true")).error().code, Errc::refused);
}

TEST_F(CrashedStep, KeysThatLookAlikeAsFileNamesAreDifferent) {
  const StepFiles files = *StepFiles::open(directory);
  const StepKey a{"d.1", "rollback", "3", 1};
  const StepKey b{"d/1", "rollback", "3", 1};
  EXPECT_NE(files.path_of(a), files.path_of(b));
  EXPECT_THAT(files.path_of(key), StartsWith(directory + "/steps/d-1.rollback.3.1-"));
  EXPECT_LT(
      std::filesystem::path(files.path_of({std::string(5000, 'd'), "rollback", "3", 1})).filename().string().size(),
      255U);
}

TEST_F(CrashedStep, ForgettingLeavesOnlyATombstone) {
  EXPECT_TRUE(run(shell("true")).succeeded());
  runner->forget(key);
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator((*StepFiles::open(directory)).path_of(key)))
    left.push_back(entry.path().filename());
  EXPECT_EQ(left, std::vector<std::string>{step::kForgotten});
}

TEST_F(CrashedStep, PurgeRemovesWhatIsOldAndDead) {
  EXPECT_TRUE(run(shell("true")).succeeded());
  runner->forget(key);
  StepKey running = key;
  running.attempt = 2;
  ASSERT_TRUE(runner->start(running, shell("sleep 1000")));
  StepKey young = key;
  young.attempt = 3;
  ASSERT_TRUE(runner->start(young, shell("true")));
  next_outcome();
  const StepFiles files = *StepFiles::open(directory);
  for (const StepKey& k : {key, running}) {
    const timespec times[2] = {{1000, 0}, {1000, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, files.path_of(k).c_str(), times, 0), 0);
  }
  EXPECT_EQ(runner->purge(time_from_us(1'000'000'000)), 0U);
  EXPECT_EQ(runner->purge(time_from_us(1'000'000'001)), 1U);
  EXPECT_EQ(runner->adopt(key), Seen::never);
  EXPECT_EQ(runner->adopt(running), Seen::running);
  EXPECT_EQ(runner->adopt(young), Seen::finished);
  runner->cancel(running);
  EXPECT_TRUE(until([&] { return told.size() == 4; }));
}

TEST_F(CrashedStep, AMissingSupervisorIsNoticedBeforeItIsNeeded) {
  const auto made = ChildStepRunner::create(*loop, directory, "/nonexistent/backstop-step");
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().what, StartsWith("/nonexistent/backstop-step: No such file or directory"));
}

TEST_F(CrashedStep, ASupervisorThatCannotBeStartedLeavesTheKeyFree) {
  std::filesystem::copy_file(BACKSTOP_BIN_DIR "/backstop-step", file("backstop-step"));
  auto own = *ChildStepRunner::create(*loop, directory, file("backstop-step"));
  own->on_finished = runner->on_finished;
  std::filesystem::rename(file("backstop-step"), file("away"));
  EXPECT_EQ(own->start(key, shell("true")).error().code, Errc::io);
  EXPECT_EQ(own->adopt(key), Seen::never);
  std::filesystem::rename(file("away"), file("backstop-step"));
  EXPECT_TRUE(own->start(key, shell("true")));
  EXPECT_TRUE(next_outcome().succeeded());
}

TEST(StepFields, AreReadBackOnlyWhole) {
  std::string text;
  step::put(text, "argv", "a b:c\n");
  step::put(text, "argv", "");
  step::put_end(text);
  step::Fields fields;
  ASSERT_TRUE(step::parse(text, fields));
  EXPECT_EQ(fields, (step::Fields{{"argv", "a b:c\n"}, {"argv", ""}}));
  for (std::size_t size = 0; size < text.size(); ++size) {
    step::Fields none;
    EXPECT_FALSE(step::parse(std::string_view(text).substr(0, size), none)) << size;
  }
  step::Fields none;
  EXPECT_FALSE(step::parse(text + "x", none));
  EXPECT_FALSE(step::parse("argv 99999999999999999999999:a\nend 0:\n", none));
  EXPECT_FALSE(step::parse("argv -1:a\nend 0:\n", none));
}

} // namespace
} // namespace backstop
