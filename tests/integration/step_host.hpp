#pragma once
#include "daemon/io/child_step_runner.hpp"
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace backstop {

/// A state directory, a loop and a real runner, for tests of steps on this host.
class StepHost : public testing::Test {
protected:
  StepHost() {
    std::string pattern = std::filesystem::temp_directory_path() / "backstop-steps-XXXXXX";
    directory = ::mkdtemp(pattern.data());
    std::filesystem::permissions(directory, std::filesystem::perms(0755)); // steps of other users look inside
    loop = *EventLoop::create();
    restart();
  }
  ~StepHost() override {
    runner.reset();
    for (const int pid : to_kill) ::kill(pid, SIGKILL);
    std::filesystem::remove_all(directory);
  }

  /// A new runner over the same state, as after a restart of the daemon.
  void restart() {
    runner.reset();
    auto made = ChildStepRunner::create(*loop, directory, BACKSTOP_BIN_DIR "/backstop-step");
    ASSERT_TRUE(made) << made.error().what;
    runner = *std::move(made);
    runner->on_finished = [this](const StepKey&, const StepOutcome& outcome) { told.push_back(outcome); };
  }

  static StepCommand command(std::vector<std::string> argv) {
    StepCommand command;
    command.argv = std::move(argv);
    command.timeout = std::chrono::minutes(1);
    return command;
  }
  static StepCommand shell(const std::string& text) { return command({"/bin/sh", "-c", text}); }

  /// Turns the loop until `done`; false when that takes too long.
  bool until(const std::function<bool()>& done) {
    const Time deadline = loop->fresh_now() + std::chrono::seconds(20);
    while (!done()) {
      if (loop->fresh_now() > deadline) return false;
      loop->run_once(std::chrono::milliseconds(20));
    }
    return true;
  }
  StepOutcome next_outcome() {
    const std::size_t had = told.size();
    EXPECT_TRUE(until([&] { return told.size() > had; })) << "no outcome came";
    return told.size() > had ? told.back() : StepOutcome{};
  }
  StepOutcome run(const StepCommand& c) {
    const Status started = runner->start(key, c);
    EXPECT_TRUE(started) << started.error().what;
    return started ? next_outcome() : StepOutcome{};
  }

  [[nodiscard]] std::string file(const std::string& name) const { return directory + "/" + name; }
  [[nodiscard]] std::string content(const std::string& name) const {
    std::ifstream in(file(name));
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& name, const std::string& text, int mode = 0644) const {
    std::ofstream(file(name)) << text;
    std::filesystem::permissions(file(name), std::filesystem::perms(mode));
  }
  /// Waits for a line that a step writes to a file.
  std::string line_of(const std::string& name) {
    EXPECT_TRUE(until([&] { return content(name).find('\n') != std::string::npos; })) << name << " was not written";
    const std::string text = content(name);
    return text.substr(0, text.find('\n'));
  }
  /// The pid a step writes to a file. It is killed at the end of the test.
  int pid_of(const std::string& name) {
    const int pid = std::atoi(line_of(name).c_str());
    EXPECT_GT(pid, 1);
    if (pid > 1) to_kill.push_back(pid);
    return pid;
  }
  static bool alive(int pid) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string text((std::istreambuf_iterator<char>(stat)), {});
    const std::size_t name_end = text.rfind(") ");
    return name_end != std::string::npos && text[name_end + 2] != 'Z';
  }

  std::string directory;
  std::unique_ptr<EventLoop> loop;
  std::unique_ptr<ChildStepRunner> runner;
  std::vector<StepOutcome> told;
  std::vector<int> to_kill;
  const StepKey key{"d-1", "rollback", "3", 1};
};

} // namespace backstop
