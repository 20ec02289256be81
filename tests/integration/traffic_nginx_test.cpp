#include "tests/integration/private_nginx.hpp"
#include "tests/integration/traffic_command.hpp"
#include "tests/integration/two_sides.hpp"
#include <csignal>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/stat.h>

/// backstop-traffic with a real nginx, and two real servers behind it that count.
namespace backstop {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string read(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

class TrafficNginx : public testing::Test {
protected:
  void SetUp() override {
    if (!PrivateNginx::installed()) GTEST_SKIP() << "NOT RUN: there is no nginx (Debian package nginx)";
  }
  using Words = std::vector<std::string>;
  /// `test` and `reload`: other commands than nginx's own.
  [[nodiscard]] Words command(const std::string& share, const Words& test, const Words& reload,
                              const Words& more) const {
    Words out = traffic_command("nginx", share,
                                {"--file", nginx_.upstream_path(), "--upstream", "shop", "--side",
                                 "blue=" + sides_.address(TwoSides::blue), "--side",
                                 "green=" + sides_.address(TwoSides::green)});
    for (const std::string& word : test.empty() ? nginx_.command({"-t"}) : test)
      out.insert(out.end(), {"--test", word});
    for (const std::string& word : reload.empty() ? nginx_.command({"-s", "reload"}) : reload)
      out.insert(out.end(), {"--reload", word});
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }
  [[nodiscard]] Ran set(const std::string& share, const Words& more = {}) const {
    return run_program(command(share, {}, {}, more));
  }
  [[nodiscard]] Ran check(const std::string& share) const { return set(share, {"--check"}); }
  /// With what nginx is started: all of it on blue.
  void start() {
    is(run_program(command("0", {}, {"/bin/true"}, {})), "blue 100%, green 0%");
    nginx_.start();
  }
  std::pair<int, int> counted(int requests = 1000) {
    sides_.forget();
    EXPECT_EQ(ask_many(nginx_.port(), requests), requests);
    return {sides_.asked(TwoSides::blue), sides_.asked(TwoSides::green)};
  }
  /// Sets it, and waits until only a process that was started since answers: nginx takes its time.
  void put_in_force(const std::string& share, const std::string& shares) const {
    const Words before = nginx_.workers();
    is(set(share), shares);
    for (int i = 0; i < 1000; ++i) { // the bound is there for a failing test alone
      if (const Words now = nginx_.workers(); now.size() == 1 && now != before) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ADD_FAILURE() << "nginx did not reload";
  }
  /// Killed when its reload, a script of ours that begins with `first`, has begun.
  void killed_in_reload(const std::string& share, const std::string& first) const {
    const std::string reached = nginx_.at("reached-" + share);
    const Words words = command(share, {}, {"/bin/sh", "-c", first + " touch " + reached + "; exec sleep 2"}, {});
    const pid_t child = fork();
    if (child == 0) {
      std::vector<char*> argv;
      for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
      argv.push_back(nullptr);
      execv(argv[0], argv.data());
      _exit(127);
    }
    while (!std::filesystem::exists(reached)) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  void is(const Ran& ran, const std::string& shares) const {
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(ran.out, shares + " (" + nginx_.upstream_path() + ", reloaded)\n");
  }
  static void is_not(const Ran& ran, const std::string& says) {
    EXPECT_EQ(ran.code, 1) << ran.out;
    EXPECT_THAT(ran.err, HasSubstr(says));
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
  }
  [[nodiscard]] std::string file() const { return read(nginx_.upstream_path()); }

  TwoSides sides_;
  PrivateNginx nginx_;
};

TEST_F(TrafficNginx, AShareIsGivenAndTakenBack) {
  is_not(check("0"), "there is no such file (it is made when traffic is set first)");
  start();
  is(check("0"), "blue 100%, green 0%");
  EXPECT_EQ(counted(), std::pair(1000, 0));

  is_not(check("0.1"), "not blue 90%, green 10%: it says blue 100%, green 0%");
  put_in_force("0.1", "blue 90%, green 10%");
  is(check("0.1"), "blue 90%, green 10%");
  const auto [blue, green] = counted();
  EXPECT_NEAR(green, 100, 1) << "round robin is exact";
  EXPECT_EQ(blue + green, 1000);
  put_in_force("1", "blue 0%, green 100%");
  EXPECT_EQ(counted(), std::pair(0, 1000));
  put_in_force("0", "blue 100%, green 0%");
  EXPECT_EQ(counted(), std::pair(1000, 0));
}

TEST_F(TrafficNginx, OptionsOfTheUsersOwnAreKept) {
  std::ofstream(nginx_.at("conf.d/shop.conf.options")) << "least_conn;\n";
  std::string conf = read(nginx_.at("conf"));
  conf.replace(conf.find("conf.d/*;"), 9, "conf.d/*.conf;"); // as Debian's: options are no file of their own
  std::ofstream(nginx_.at("conf")) << conf;
  start();
  std::ofstream(nginx_.at("conf.d/shop.conf.options")) << "no_such_option;\n";
  is_not(set("0.1"), "unknown directive \"no_such_option\"");
}

TEST_F(TrafficNginx, OwnerAndModeAreKept) {
  start();
  ::chmod(nginx_.upstream_path().c_str(), 0640);
  const bool others = geteuid() == 0 && ::chown(nginx_.upstream_path().c_str(), 1, 2) == 0;
  is(set("0.1"), "blue 90%, green 10%");
  struct stat now {};
  ASSERT_EQ(::stat(nginx_.upstream_path().c_str(), &now), 0);
  EXPECT_EQ(now.st_mode & 07777, 0640U);
  if (others) {
    EXPECT_EQ(now.st_uid, 1U);
    EXPECT_EQ(now.st_gid, 2U);
  }
}

TEST_F(TrafficNginx, WhatNginxDoesNotTakeIsPutBackAndSaidInItsWords) {
  start();
  const std::string before = file();
  std::ofstream(nginx_.at("conf.d/other.conf")) << "upstream shop {\n  server 127.0.0.1:1;\n}\n";
  is_not(set("0.1"), "duplicate upstream \"shop\"");
  is_not(set("0.1"), "; the file is as it was");
  EXPECT_EQ(file(), before);
  std::filesystem::remove(nginx_.at("conf.d/other.conf"));
  is(check("0"), "blue 100%, green 0%");
}

TEST_F(TrafficNginx, WhereItsFirstFileIsNotTakenNoneIsLeft) {
  is_not(run_program(command("0.1", {"/bin/false"}, {}, {})), "/bin/false: exit code 1; the file is as it was");
  EXPECT_FALSE(std::filesystem::exists(nginx_.upstream_path()));
}

TEST_F(TrafficNginx, AReloadThatFailsIsNoSuccess) {
  start();
  const std::string before = file();
  nginx_.stop();
  is_not(set("0.1"), "; the file is as it was (does nginx run?)");
  EXPECT_EQ(file(), before);
  is_not(check("0"), "says so, but a reload of nginx did not follow (run it without --check)");
  is_not(run_program(command("0.1", {}, {"/bin/sh", "-c", "kill -9 $$"}, {})), "ended by signal 9");
  is_not(run_program(command("0.1", {}, {"/nonexistent/nginx"}, {})),
         "/nonexistent/nginx: cannot be run: no such file");
  is_not(run_program(command("0.1", {}, {"/bin/sleep", "60"}, {"--timeout", "0.3"})),
         "/bin/sleep 60: not done within 0.3s");
}

/// Killed after the file is written, and before nginx is told: --check knows, and the next run tells nginx.
TEST_F(TrafficNginx, KilledBetweenTheFileAndTheReload) {
  start();
  killed_in_reload("1", "");
  EXPECT_THAT(file(), StartsWith("# Written by backstop: blue 0%, green 100%."));
  is_not(check("1"), "says so, but a reload of nginx did not follow");
  is_not(check("0"), "it says blue 0%, green 100%");
  EXPECT_EQ(counted(), std::pair(1000, 0)) << "nginx does not know yet";
  put_in_force("1", "blue 0%, green 100%");
  EXPECT_EQ(counted(), std::pair(0, 1000));
}

/// nginx has what the first one told it, the file is that of the second, which is what was noted as loaded before both.
TEST_F(TrafficNginx, KilledTwice) {
  start();
  std::string really;
  for (const std::string& word : nginx_.command({"-s", "reload"})) really += word + " ";
  killed_in_reload("1", really + ";");
  killed_in_reload("0", "");
  EXPECT_THAT(file(), StartsWith("# Written by backstop: blue 100%, green 0%."));
  is_not(check("0"), "says so, but a reload of nginx did not follow");
}

TEST_F(TrafficNginx, AFileOfSomebodyElseIsLeftAlone) {
  std::ofstream(nginx_.upstream_path()) << "upstream shop { server 127.0.0.1:1; }\n";
  is_not(set("0.1"), "was not written by backstop, and would be overwritten");
  is_not(check("0.1"), "it says nothing of backstop's");
  EXPECT_EQ(file(), "upstream shop { server 127.0.0.1:1; }\n");
}

TEST_F(TrafficNginx, AFileThatWasEditedIsNotSo) {
  start();
  std::string edited = file();
  edited.replace(edited.find("weight=256"), 10, "weight=255");
  std::ofstream(nginx_.upstream_path()) << edited;
  is_not(check("0"), "it says so, of other servers");
  is(set("0"), "blue 100%, green 0%");
}

TEST_F(TrafficNginx, TwoAtOnceAreNotPossible) {
  start();
  const int folder = open(nginx_.at("conf.d").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_EQ(flock(folder, LOCK_EX), 0);
  is_not(set("0.1"), "another backstop-traffic is writing it");
  is(check("0"), "blue 100%, green 0%");
  close(folder);
}

TEST_F(TrafficNginx, NoFolderIsSaid) {
  Words words = command("0.1", {}, {}, {});
  *std::find(words.begin(), words.end(), nginx_.upstream_path()) = "/nonexistent/shop.conf";
  is_not(run_program(words), "/nonexistent: no such file or directory (see --file)");
}

/// The shares change back and forth while requests come: none is lost.
TEST_F(TrafficNginx, NoRequestIsLostWhileItReloads) {
  start();
  std::atomic<bool> enough = false;
  std::thread shares([&] {
    for (const char* share : {"0.1", "0.5", "1", "0"}) {
      const Ran ran = set(share);
      EXPECT_EQ(ran.code, 0) << ran.err;
    }
    enough = true;
  });
  int asked = 0;
  while (!enough) { // a connection each, as a reload ends those that are kept
    EXPECT_EQ(ask_many(nginx_.port(), 1), 1);
    ++asked;
  }
  shares.join();
  EXPECT_GT(asked, 10);
}

} // namespace
} // namespace backstop
