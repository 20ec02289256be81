#include "tests/fakes/temporary_directory.hpp"
#include "tests/integration/configured_targets.hpp"
#include "tests/integration/raw_server.hpp"
#include <csignal>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>

/// Sources of type command as configured: Debian's own plugins, and programs that do what a plugin should not.
namespace backstop {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::StartsWith;

const std::string kPlugins = "/usr/lib/nagios/plugins/"; ///< of the Debian package monitoring-plugins-basic

std::string source(const std::vector<std::string>& argv, const std::string& more = "") {
  std::string words;
  for (const std::string& word : argv) words += (words.empty() ? "\"" : ", \"") + word + "\"";
  return "{check: {type: command, argv: [" + words + "]" + more + "}}\n";
}

class RealPlugins : public testing::Test {
protected:
  void SetUp() override {
    if (std::filesystem::exists(kPlugins + "check_dummy")) return;
    std::fprintf(stderr, "NOT RUN: there are no plugins in %s (install monitoring-plugins-basic)\n", kPlugins.c_str());
    GTEST_SKIP() << "monitoring-plugins-basic is not installed";
  }
  static ConfiguredTargets::Answer read(const std::string& name, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), kPlugins + name);
    ConfiguredTargets targets(source(arguments));
    const auto answer = targets.read();
    EXPECT_TRUE(answer) << answer.error().what;
    return answer.value_or({});
  }
};

TEST_F(RealPlugins, ExitCodesAndTextOfDummy) {
  for (const int code : {0, 1, 2, 3}) {
    const auto answer = read("check_dummy", {std::to_string(code), "said so"});
    EXPECT_EQ(answer.samples.at("plugin_status"), code);
    if (code == 0)
      EXPECT_THAT(answer.note, IsEmpty());
    else
      EXPECT_THAT(answer.note, HasSubstr("said so"));
  }
}

TEST_F(RealPlugins, LoadGivesThreeValues) {
  const auto answer = read("check_load", {"-w", "9999,9999,9999", "-c", "9999,9999,9999"});
  EXPECT_EQ(answer.samples.at("plugin_status"), 0);
  EXPECT_THAT(answer.samples, AllOf(Contains(Key("plugin_perfdata{load1}")), Contains(Key("plugin_perfdata{load5}")),
                                    Contains(Key("plugin_perfdata{load15}"))));
}

TEST_F(RealPlugins, DiskGivesBytes) {
  const auto answer = read("check_disk", {"-w", "0%", "-c", "0%", "-p", "/"});
  const auto space = std::filesystem::space("/");
  const double used = answer.samples.at("plugin_perfdata{/}");
  EXPECT_GT(used, 1024.0 * 1024);
  EXPECT_LE(used, static_cast<double>(space.capacity));
}

TEST_F(RealPlugins, TcpAndHttpAgainstAServer) {
  RawServer server([](RawServer::Connection& c) {
    if (c.read_request()) c.send(http_answer(200, "ready")); // and hangs up, which check_http waits for
  });
  const std::string port = std::to_string(server.port());
  const auto tcp = read("check_tcp", {"-H", "127.0.0.1", "-p", port});
  EXPECT_EQ(tcp.samples.at("plugin_status"), 0) << tcp.note;
  EXPECT_GT(tcp.samples.at("plugin_perfdata{time}"), 0);
  const auto http = read("check_http", {"-I", "127.0.0.1", "-p", port, "-s", "ready"});
  EXPECT_EQ(http.samples.at("plugin_status"), 0) << http.note;
  EXPECT_GT(http.samples.at("plugin_perfdata{size}"), 5);
  const auto closed = read("check_tcp", {"-H", "127.0.0.1", "-p", "1"});
  EXPECT_EQ(closed.samples.at("plugin_status"), 2);
  EXPECT_THAT(closed.note, HasSubstr("refused"));
}

class CommandSource : public testing::Test {
protected:
  static std::string script(const std::string& text, const std::string& more = "") {
    return source({"/bin/sh", "-c", text}, more);
  }
  static std::string error_of(const std::string& sources) {
    ConfiguredTargets targets(sources);
    const auto answer = targets.read();
    EXPECT_FALSE(answer);
    return answer ? "" : answer.error().what;
  }
  [[nodiscard]] std::string at(const std::string& name) const { return dir_.path() + "/" + name; }
  /// The pid that a script left in the file.
  [[nodiscard]] pid_t pid_in(const std::string& name) const {
    pid_t pid = 0;
    std::ifstream(at(name)) >> pid;
    return pid;
  }
  /// Lets the loop go on until it is so. The bound is there for a failing test alone.
  static bool until(ConfiguredTargets& targets, const std::function<bool()>& so) {
    for (const Time limit = targets.loop().fresh_now() + std::chrono::seconds(20);
         !so() && targets.loop().fresh_now() < limit;)
      targets.loop().run_once(std::chrono::milliseconds(10));
    return so();
  }
  /// It has ended, reaped or not.
  static bool ended(pid_t pid) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    return pid > 0 && (!std::getline(stat, line) || line.find(") Z") != std::string::npos);
  }
  TemporaryDirectory dir_;
};

TEST_F(CommandSource, ItsSurroundingsAreBare) {
  ::setenv("BACKSTOP_TEST_SECRET", "hunter2", 1);
  ConfiguredTargets targets(script("env | grep -vE '^(PATH|LC_ALL|PWD|_|SHLVL|OLDPWD)=' >" + at("env") +
                                   "; readlink /proc/self/fd/0 >" + at("stdin") + "; ls /proc/self/fd | wc -l >" +
                                   at("fds") + "; ps -o pgid= -p $$ >" + at("group") + "; echo $$ >" + at("pid") +
                                   "; echo aside >&2; echo 'OK|a=1'"));
  const auto answer = targets.read();
  ::unsetenv("BACKSTOP_TEST_SECRET");
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->samples.at("plugin_perfdata{a}"), 1);
  const auto line = [&](const std::string& name) {
    std::string text;
    std::getline(std::ifstream(at(name)) >> std::ws, text);
    return text;
  };
  EXPECT_EQ(line("env"), "") << "PATH and LC_ALL are all";
  EXPECT_EQ(line("stdin"), "/dev/null");
  EXPECT_EQ(line("fds"), "4") << "0, 1, 2, and that of the listing";
  EXPECT_EQ(line("group"), line("pid")) << "it leads a process group";
}

TEST_F(CommandSource, OneThatTakesTooLongIsKilledWithAllThatItStarted) {
  ConfiguredTargets targets(
      script("sleep 1000 & echo $! >" + at("child") + "; echo $$ >" + at("self") + "; echo partly; sleep 1000",
             ", timeout: 1s"));
  const auto answer = targets.read();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::timeout);
  EXPECT_EQ(answer.error().what, "it did not end within 1 s, and was killed");
  EXPECT_TRUE(until(targets, [&] { return ended(pid_in("self")) && ended(pid_in("child")); }));
}

TEST_F(CommandSource, WhatItLeavesBehindIsKilledAndNotWaitedFor) {
  ConfiguredTargets targets(script("sleep 1000 & echo $! >" + at("child") + "; echo 'OK|a=1'"));
  const auto answer = targets.read();
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->samples.at("plugin_perfdata{a}"), 1);
  EXPECT_TRUE(until(targets, [&] { return ended(pid_in("child")); }));
}

TEST_F(CommandSource, OddEndsAreFailedReads) {
  EXPECT_EQ(error_of(script("echo 'odd | a=1'; exit 4")), "exit code 4, 0 to 3 wanted: odd");
  EXPECT_EQ(error_of(script("kill -SEGV $$")), "it was ended by signal 11");
  EXPECT_EQ(error_of(source({at("absent")})), "cannot start " + at("absent") + ": no such file or directory");
  std::ofstream(at("plain")) << "no program\n";
  EXPECT_EQ(error_of(source({at("plain")})), "cannot start " + at("plain") + ": permission denied");
}

TEST_F(CommandSource, OutputHasALimit) {
  EXPECT_EQ(error_of(script("head -c 65537 /dev/zero")), "it printed more than 64 KiB");
  EXPECT_EQ(error_of(source({"/bin/cat", "/dev/zero"})), "it printed more than 64 KiB");
  ConfiguredTargets targets(script("echo 'OK|a=1'; head -c 65528 /dev/zero"));
  const auto answer = targets.read();
  EXPECT_TRUE(answer) << answer.error().what;
}

TEST_F(CommandSource, OnlySoManyRunAtOnceAndTheOthersWait) {
  constexpr int kMore = 4;
  constexpr int kAll = static_cast<int>(ChildPlugins::kMostAtOnce) + kMore;
  auto loop = *EventLoop::create();
  ChildPlugins plugins(*loop);
  int done = 0, good = 0;
  for (int i = 0; i < kAll; ++i) {
    // Each says that it runs, and goes on once it may.
    plugins.start({{"/bin/sh", "-c",
                    "touch " + at("r") + std::to_string(i) + "; until [ -e " + at("go") +
                        " ]; do read -t 1 x </dev/null; sleep 0.01; done; echo fine"},
                   std::chrono::seconds(20)},
                  [&](const Result<PluginEnd>& end) {
                    ++done;
                    good += end.ok() && end->output == "fine\n" ? 1 : 0;
                  });
  }
  const auto begun = [&] {
    int n = 0;
    for (int i = 0; i < kAll; ++i) n += std::filesystem::exists(at("r") + std::to_string(i)) ? 1 : 0;
    return n;
  };
  const Time limit = loop->fresh_now() + std::chrono::seconds(20); // for a failing test alone
  while (begun() < static_cast<int>(ChildPlugins::kMostAtOnce) && loop->fresh_now() < limit)
    loop->run_once(std::chrono::milliseconds(10));
  EXPECT_EQ(begun(), static_cast<int>(ChildPlugins::kMostAtOnce));
  EXPECT_EQ(done, 0);
  std::ofstream(at("go")) << "";
  while (done < kAll && loop->fresh_now() < limit) loop->run_once(std::chrono::milliseconds(100));
  EXPECT_EQ(good, kAll);
}

TEST_F(CommandSource, WhoseTurnDoesNotComeInTimeIsTold) {
  auto loop = *EventLoop::create();
  ChildPlugins plugins(*loop);
  for (std::size_t i = 0; i < ChildPlugins::kMostAtOnce; ++i)
    plugins.start({{"/bin/sleep", "1000"}, std::chrono::seconds(1000)}, [](const Result<PluginEnd>&) {});
  std::optional<Result<PluginEnd>> last;
  plugins.start({{"/bin/true"}, std::chrono::milliseconds(200)}, [&](Result<PluginEnd> end) { last = std::move(end); });
  const Time limit = loop->fresh_now() + std::chrono::seconds(20); // for a failing test alone
  while (!last && loop->fresh_now() < limit) loop->run_once(std::chrono::milliseconds(100));
  ASSERT_TRUE(last && !*last);
  EXPECT_EQ(last->error().code, Errc::busy);
  EXPECT_THAT(last->error().what, StartsWith("its turn did not come within 200 ms"));
}

TEST_F(CommandSource, OneThatIsGivenUpEndsAndIsNeverTold) {
  auto loop = *EventLoop::create();
  ChildPlugins plugins(*loop);
  const auto id =
      plugins.start({{"/bin/sh", "-c", "echo $$ >" + at("self") + "; sleep 1000"}, std::chrono::seconds(1000)},
                    [](const Result<PluginEnd>&) { ADD_FAILURE() << "it was given up"; });
  const Time limit = loop->fresh_now() + std::chrono::seconds(20); // for a failing test alone
  while (pid_in("self") == 0 && loop->fresh_now() < limit) loop->run_once(std::chrono::milliseconds(10));
  plugins.cancel(id);
  while (!ended(pid_in("self")) && loop->fresh_now() < limit) loop->run_once(std::chrono::milliseconds(10));
  EXPECT_TRUE(ended(pid_in("self")));
  bool another = false;
  plugins.start({{"/bin/true"}, std::chrono::seconds(20)}, [&](const Result<PluginEnd>&) { another = true; });
  while (!another && loop->fresh_now() < limit) loop->run_once(std::chrono::milliseconds(10));
  EXPECT_TRUE(another);
}

} // namespace
} // namespace backstop
