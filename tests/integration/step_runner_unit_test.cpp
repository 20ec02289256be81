#include "daemon/io/unit_step_runner.hpp"
#include "tests/fakes/temporary_directory.hpp"
#include "tests/integration/local_runner.hpp"
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// Steps that another process starts: what is known, and what is never done twice, when one of the two dies in between.
/// What every runner of steps promises is in step_runner_contract_test.cpp.
namespace backstop {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

class UnitSteps : public testing::Test {
protected:
  UnitSteps() { restart(); }
  /// The daemon is killed and comes again.
  void restart() {
    runner_.reset();
    runner_ = *UnitStepRunner::create(*loop_, directory_.path(), local_.socket());
    runner_->on_finished = [this](const StepKey&, const StepOutcome& outcome) { told_.push_back(outcome); };
  }
  /// A step that writes a line into a file each time it runs.
  StepCommand command() {
    StepCommand command;
    command.argv = {"/bin/sh", "-c", "echo ran >>" + directory_.path() + "/log; sleep 0.2"};
    command.timeout = std::chrono::minutes(1);
    command.order.fields = {{"deployment", "D1"}, {"version", "v1"}};
    local_.know(key_, command);
    return command;
  }
  int ran() const {
    std::ifstream log(directory_.path() + "/log");
    int lines = 0;
    for (std::string line; std::getline(log, line);) ++lines;
    return lines;
  }
  StepOutcome outcome() {
    const Time deadline = loop_->fresh_now() + std::chrono::seconds(20);
    while (told_.empty() && loop_->fresh_now() < deadline) loop_->run_once(milliseconds(20));
    EXPECT_EQ(told_.size(), 1U);
    return told_.empty() ? StepOutcome{} : told_.front();
  }

  TemporaryDirectory directory_;
  std::unique_ptr<EventLoop> loop_ = *EventLoop::create();
  LocalRunner local_{directory_.path(), BACKSTOP_BIN_DIR "/backstop-step"};
  std::unique_ptr<UnitStepRunner> runner_;
  std::vector<StepOutcome> told_;
  const StepKey key_{"D1", "rollback", "3", 1};
};

TEST_F(UnitSteps, ARequestWhoseDaemonDiedRunsOnceThoughTheNextOneAsksAgain) {
  ASSERT_TRUE(runner_->start(key_, command()));
  restart();
  const StepRunner::Seen seen = runner_->adopt(key_);
  if (seen == StepRunner::Seen::never) {
    const Status started = runner_->start(key_, command());
    if (!started) { // the first request was taken in between
      EXPECT_EQ(started.error().code, Errc::refused) << started.error().what;
      EXPECT_EQ(runner_->adopt(key_), StepRunner::Seen::running);
    }
  }
  EXPECT_EQ(outcome().end, StepEnd::exited);
  EXPECT_EQ(ran(), 1);
}

TEST_F(UnitSteps, ARunnerThatDiesBeforeItStartsAStepRanNothing) {
  local_.die_instead_of_answering(false);
  ASSERT_TRUE(runner_->start(key_, command()));
  const StepOutcome told = outcome();
  EXPECT_EQ(told.end, StepEnd::failed_to_start);
  EXPECT_THAT(told.detail, HasSubstr("backstop-runner"));
  EXPECT_EQ(ran(), 0);
}

TEST_F(UnitSteps, ARunnerThatDiesAfterItStartedAStepLosesNoOutcome) {
  local_.die_instead_of_answering(true);
  ASSERT_TRUE(runner_->start(key_, command()));
  EXPECT_EQ(outcome().end, StepEnd::exited);
  EXPECT_EQ(ran(), 1);
}

TEST_F(UnitSteps, ACancelWhileItIsBeingStartedIsNotLost) {
  ASSERT_TRUE(runner_->start(key_, command()));
  runner_->cancel(key_);
  EXPECT_EQ(outcome().end, StepEnd::cancelled);
}

TEST_F(UnitSteps, AClaimThatNobodyStartedIsUnknownNotFailed) {
  ASSERT_TRUE(StepFiles::open_existing(directory_.path())->claim(key_, command())); // a runner that died right here
  EXPECT_EQ(runner_->adopt(key_), StepRunner::Seen::running) << "it may be starting";
  EXPECT_EQ(outcome().end, StepEnd::unknown);
}

TEST_F(UnitSteps, WithoutARunnerTheErrorSaysWhereToLook) {
  auto made = UnitStepRunner::create(*loop_, directory_.path(), directory_.path() + "/nowhere");
  const Status started = (*made)->start(key_, command());
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().what, HasSubstr("systemctl status backstop-runner.socket"));
}

} // namespace
} // namespace backstop
