#include "daemon/io/child_step_runner.hpp"
#include "daemon/io/unit_step_runner.hpp"
#include "tests/fakes/scripted_step_runner.hpp"
#include "tests/integration/local_runner.hpp"
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/file.h>

/// What every StepRunner promises, asked of the real one and of the fake: what is true of the fake in the scenarios is
/// true of the host.
namespace backstop {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

struct Told {
  StepKey key;
  StepOutcome outcome;
};

/// A host with a runner that can be restarted.
class World {
public:
  virtual ~World() = default;
  virtual StepRunner& runner() = 0;
  /// The daemon is killed and comes again.
  virtual void restart() = 0;
  /// Lets time pass until `count` endings were told in all.
  virtual void wait_for(std::size_t count) = 0;
  virtual std::string lock_file() = 0;
  virtual void hold_lock() = 0;

  StepCommand exits(int status) { return does("exit " + std::to_string(status), "exits-" + std::to_string(status)); }
  StepCommand prints(const std::string& text) { return does("printf '" + text + "'", "prints-" + text); }
  /// Exits with 4, but not before let_go().
  virtual StepCommand waits() = 0;
  virtual void let_go() = 0;
  StepCommand hangs() { return does("sleep 1000", "hangs"); }
  StepCommand missing() {
    StepCommand command = does("", "missing");
    command.argv = {"/nonexistent/deploy"};
    return command;
  }
  std::vector<Told> told;

protected:
  virtual StepCommand does(const std::string& shell, const std::string& name) = 0;
  void listen() {
    runner().on_finished = [this](const StepKey& key, const StepOutcome& outcome) { told.push_back({key, outcome}); };
  }
};

class RealWorld : public World {
public:
  RealWorld() {
    std::string pattern = std::filesystem::temp_directory_path() / "backstop-steps-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    loop_ = *EventLoop::create();
  }
  ~RealWorld() override { std::filesystem::remove_all(directory_); }
  void wait_for(std::size_t count) override {
    const Time deadline = loop_->fresh_now() + std::chrono::seconds(20);
    while (told.size() < count && loop_->fresh_now() < deadline) loop_->run_once(milliseconds(50));
    ASSERT_EQ(told.size(), count);
  }
  std::string lock_file() override { return directory_ + "/lock"; }
  StepCommand waits() override {
    return does("while [ ! -e " + directory_ + "/go ]; do sleep 0.01; done; exit 4", "waits");
  }
  void let_go() override { std::ofstream(directory_ + "/go") << "go"; }
  void hold_lock() override {
    held_ = step::Fd(::open(lock_file().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_EQ(::flock(held_.get(), LOCK_EX), 0);
  }

protected:
  StepCommand does(const std::string& shell, const std::string&) override {
    StepCommand command;
    command.argv = {"/bin/sh", "-c", shell};
    command.timeout = minutes(1);
    return command;
  }

  std::string directory_;
  std::unique_ptr<EventLoop> loop_;

private:
  step::Fd held_;
};

class ChildWorld final : public RealWorld {
public:
  ChildWorld() { ChildWorld::restart(); }
  StepRunner& runner() override { return *runner_; }
  void restart() override {
    runner_.reset();
    runner_ = *ChildStepRunner::create(*loop_, directory_, BACKSTOP_BIN_DIR "/backstop-step");
    listen();
  }

private:
  std::unique_ptr<ChildStepRunner> runner_;
};

/// Tells the local runner each command before the daemon's side asks for it, and waits for what is asked and not awaited.
class Introduced final : public StepRunner {
public:
  Introduced(EventLoop& loop, LocalRunner& local, const std::string& directory)
      : local_(local), runner_(*UnitStepRunner::create(loop, directory, local.socket())) {
    runner_->on_finished = [this](const StepKey& k, const StepOutcome& o) { on_finished(k, o); };
  }
  Status start(const StepKey& key, const StepCommand& command) override {
    StepCommand ordered = command;
    ordered.order.fields = {{"deployment", "D1"}, {"version", "v1"}};
    local_.know(key, command);
    return runner_->start(key, ordered);
  }
  Seen adopt(const StepKey& key) override { return runner_->adopt(key); }
  void cancel(const StepKey& key) override { runner_->cancel(key); }
  void forget(const StepKey& key) override {
    runner_->forget(key);
    local_.wait_until_idle();
  }
  [[nodiscard]] std::string_view runs_as() const override { return runner_->runs_as(); }
  [[nodiscard]] bool confines() const override { return runner_->confines(); }

private:
  LocalRunner& local_;
  std::unique_ptr<UnitStepRunner> runner_;
};

class UnitWorld final : public RealWorld {
public:
  UnitWorld() { UnitWorld::restart(); }
  StepRunner& runner() override { return *runner_; }
  void restart() override {
    local_.wait_until_idle(); // a request that was sent is carried out, whatever becomes of who sent it
    runner_.reset();
    runner_ = std::make_unique<Introduced>(*loop_, local_, directory_);
    listen();
  }

private:
  LocalRunner local_{directory_, BACKSTOP_BIN_DIR "/backstop-step"};
  std::unique_ptr<Introduced> runner_;
};

class ScriptedWorld final : public World {
public:
  ScriptedWorld() {
    using Script = ScriptedStepRunner::Script;
    runner_.script("exits-0", {Script::exits(0)});
    runner_.script("exits-3", {Script::exits(3)});
    runner_.script("prints-0123456789", {Script::exits(0, {}, "0123456789")});
    runner_.script("waits", {Script::exits(4, milliseconds(200))});
    runner_.script("hangs", {Script::exits(0, minutes(1000))});
    runner_.script("/nonexistent/deploy",
                   {Script::ends(StepEnd::failed_to_start, "/nonexistent/deploy: no such file or directory")});
    listen();
  }
  StepRunner& runner() override { return runner_; }
  void restart() override {
    runner_.crash();
    listen();
  }
  void wait_for(std::size_t count) override {
    for (int i = 0; i < 1000 && told.size() < count; ++i) runner_.advance(now_ += milliseconds(50));
    ASSERT_EQ(told.size(), count);
  }
  std::string lock_file() override { return "/run/lock/deploy"; }
  StepCommand waits() override { return does("", "waits"); }
  void let_go() override {} // its time comes in wait_for()
  void hold_lock() override { runner_.hold_lock(lock_file()); }

protected:
  StepCommand does(const std::string&, const std::string& name) override {
    StepCommand command;
    command.argv = {name};
    command.timeout = minutes(1);
    return command;
  }

private:
  ScriptedStepRunner runner_;
  Time now_ = time_from_us(1'000'000);
};

template <class W> class StepRunnerContract : public testing::Test {
protected:
  W world;
  const StepKey key{"d-1", "rollback", "3", 1};
};
using Worlds = testing::Types<ChildWorld, UnitWorld, ScriptedWorld>;
class WorldNames {
public:
  template <class W> static std::string GetName(int) {
    return std::is_same_v<W, ChildWorld> ? "Child" : std::is_same_v<W, UnitWorld> ? "Unit" : "Scripted";
  }
};
TYPED_TEST_SUITE(StepRunnerContract, Worlds, WorldNames);

TYPED_TEST(StepRunnerContract, TellsTheExitStatus) {
  ASSERT_TRUE(this->world.runner().start(this->key, this->world.exits(3)));
  this->world.wait_for(1);
  const Told& told = this->world.told.at(0);
  EXPECT_EQ(told.key, this->key);
  EXPECT_EQ(told.outcome.end, StepEnd::exited);
  EXPECT_EQ(told.outcome.status, 3);
  EXPECT_FALSE(told.outcome.succeeded());
}

TYPED_TEST(StepRunnerContract, TellsFromTheLoopAndNeverFromStart) {
  ASSERT_TRUE(this->world.runner().start(this->key, this->world.exits(0)));
  EXPECT_TRUE(this->world.told.empty());
  this->world.wait_for(1);
  EXPECT_TRUE(this->world.told.at(0).outcome.succeeded());
}

TYPED_TEST(StepRunnerContract, KeepsTheEndOfTheOutput) {
  StepCommand command = this->world.prints("0123456789");
  command.output_limit = 4;
  ASSERT_TRUE(this->world.runner().start(this->key, command));
  this->world.wait_for(1);
  EXPECT_EQ(this->world.told.at(0).outcome.output, "6789");
  EXPECT_TRUE(this->world.told.at(0).outcome.output_cut);
}

TYPED_TEST(StepRunnerContract, RefusesASecondStartOfAKey) {
  StepRunner& runner = this->world.runner();
  ASSERT_TRUE(runner.start(this->key, this->world.exits(3)));
  EXPECT_EQ(runner.start(this->key, this->world.exits(0)).error().code, Errc::refused);
  this->world.wait_for(1);
  EXPECT_EQ(runner.start(this->key, this->world.exits(0)).error().code, Errc::refused);
  runner.forget(this->key);
  EXPECT_EQ(runner.start(this->key, this->world.exits(0)).error().code, Errc::refused);
  this->world.restart();
  EXPECT_EQ(this->world.runner().start(this->key, this->world.exits(0)).error().code, Errc::refused);
  StepKey next = this->key;
  next.attempt = 2;
  EXPECT_TRUE(this->world.runner().start(next, this->world.exits(0)));
  this->world.wait_for(2);
}

TYPED_TEST(StepRunnerContract, RefusesACommandWithoutArgumentsOrTimeoutAndLeavesNoTrace) {
  StepCommand empty = this->world.exits(0);
  empty.argv.clear();
  EXPECT_EQ(this->world.runner().start(this->key, empty).error().code, Errc::invalid);
  StepCommand endless = this->world.exits(0);
  endless.timeout = Duration::zero();
  EXPECT_EQ(this->world.runner().start(this->key, endless).error().code, Errc::invalid);
  EXPECT_EQ(this->world.runner().adopt(this->key), StepRunner::Seen::never);
  EXPECT_TRUE(this->world.runner().start(this->key, this->world.exits(0)));
  this->world.wait_for(1);
}

TYPED_TEST(StepRunnerContract, AMissingProgramIsAnOutcome) {
  ASSERT_TRUE(this->world.runner().start(this->key, this->world.missing()));
  this->world.wait_for(1);
  EXPECT_EQ(this->world.told.at(0).outcome.end, StepEnd::failed_to_start);
  EXPECT_EQ(this->world.told.at(0).outcome.detail, "/nonexistent/deploy: no such file or directory");
}

TYPED_TEST(StepRunnerContract, EndsAStepAtItsTimeout) {
  StepCommand command = this->world.hangs();
  command.timeout = milliseconds(50);
  ASSERT_TRUE(this->world.runner().start(this->key, command));
  this->world.wait_for(1);
  EXPECT_EQ(this->world.told.at(0).outcome.end, StepEnd::timed_out);
  EXPECT_GE(this->world.told.at(0).outcome.took, milliseconds(50));
}

TYPED_TEST(StepRunnerContract, CancelEndsARunningStepAndNothingElse) {
  StepRunner& runner = this->world.runner();
  runner.cancel(this->key);
  ASSERT_TRUE(runner.start(this->key, this->world.hangs()));
  runner.cancel(this->key);
  this->world.wait_for(1);
  EXPECT_EQ(this->world.told.at(0).outcome.end, StepEnd::cancelled);
  runner.cancel(this->key);
  EXPECT_EQ(runner.adopt(this->key), StepRunner::Seen::finished);
}

TYPED_TEST(StepRunnerContract, RunsNothingUnderALockThatIsHeld) {
  this->world.hold_lock();
  StepCommand command = this->world.exits(3);
  command.lock_file = this->world.lock_file();
  ASSERT_TRUE(this->world.runner().start(this->key, command));
  this->world.wait_for(1);
  EXPECT_EQ(this->world.told.at(0).outcome.end, StepEnd::locked);
}

TYPED_TEST(StepRunnerContract, HoldsTheLockForTheTimeOfTheStepAndNoLonger) {
  StepCommand first = this->world.exits(3);
  first.lock_file = this->world.lock_file();
  ASSERT_TRUE(this->world.runner().start(this->key, first));
  this->world.wait_for(1);
  StepKey next = this->key;
  next.path = "4";
  ASSERT_TRUE(this->world.runner().start(next, first));
  this->world.wait_for(2);
  EXPECT_EQ(this->world.told.at(1).outcome.end, StepEnd::exited);
}

TYPED_TEST(StepRunnerContract, AdoptsNeverForAKeyWithoutTrace) {
  EXPECT_EQ(this->world.runner().adopt(this->key), StepRunner::Seen::never);
}

TYPED_TEST(StepRunnerContract, ARunningStepSurvivesARestartAndTellsTheNextDaemon) {
  ASSERT_TRUE(this->world.runner().start(this->key, this->world.waits()));
  this->world.restart();
  EXPECT_EQ(this->world.runner().adopt(this->key), StepRunner::Seen::running);
  EXPECT_TRUE(this->world.told.empty());
  this->world.let_go();
  this->world.wait_for(1);
  EXPECT_EQ(this->world.told.at(0).outcome.status, 4);
}

TYPED_TEST(StepRunnerContract, AFinishedStepTellsAgainToWhoAdoptsIt) {
  ASSERT_TRUE(this->world.runner().start(this->key, this->world.exits(3)));
  this->world.wait_for(1);
  this->world.restart();
  EXPECT_EQ(this->world.runner().adopt(this->key), StepRunner::Seen::finished);
  EXPECT_EQ(this->world.told.size(), 1U);
  this->world.wait_for(2);
  EXPECT_EQ(this->world.told.at(1).outcome.status, 3);
}

TYPED_TEST(StepRunnerContract, AForgottenStepIsLostAndForgettingARunningOneDoesNothing) {
  StepRunner& runner = this->world.runner();
  ASSERT_TRUE(runner.start(this->key, this->world.waits()));
  runner.forget(this->key);
  EXPECT_EQ(runner.adopt(this->key), StepRunner::Seen::running);
  this->world.let_go();
  this->world.wait_for(1);
  runner.forget(this->key);
  EXPECT_EQ(runner.adopt(this->key), StepRunner::Seen::lost);
}

} // namespace
} // namespace backstop
