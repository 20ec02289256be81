#include "daemon/io/shutdown_delay.hpp"
#include "tests/fakes/app_world.hpp"
#include "tests/integration/fake_logind.hpp"
#include "tests/integration/private_bus.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// The delay lock and the news of a shutdown over a real bus, from a made-up logind, and where there is none.
namespace backstop {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ShutdownDelayTest : public testing::Test {
protected:
  void SetUp() override {
    if (!PrivateBus::possible()) GTEST_SKIP() << "NOT RUN: there is no dbus-daemon";
  }
  void start_logind() { logind_ = std::make_unique<FakeLogind>(loop_->raw(), bus_.address()); }
  void listen() {
    delay_ = std::make_unique<ShutdownDelay>(
        *loop_, log_, [this](bool coming) { told_.push_back(coming); }, bus_.address());
  }
  [[nodiscard]] bool until(const std::function<bool()>& done) {
    const Time end = loop_->fresh_now() + Duration(20s);
    while (!done() && loop_->fresh_now() < end) loop_->run_once(50ms);
    return done();
  }
  /// Everything that is under way now is over: a later question was answered.
  void settle() {
    for (int i = 0; i < 20; ++i) loop_->run_once(10ms);
  }

  PrivateBus bus_;
  std::unique_ptr<EventLoop> loop_ = *EventLoop::create();
  std::unique_ptr<FakeLogind> logind_;
  SilentLog log_;
  std::vector<bool> told_;
  std::unique_ptr<ShutdownDelay> delay_;
};

TEST_F(ShutdownDelayTest, TheLockIsHeldForAsLongAsItIsWanted) {
  bus_.start();
  start_logind();
  listen();
  delay_->want("D7 rolls back shop/production");
  ASSERT_TRUE(until([&] { return delay_->held(); }));
  delay_->want("D7 rolls back shop/production");
  delay_->want("D8 rolls back shop/staging");
  settle();
  EXPECT_THAT(logind_->asked, ElementsAre("shutdown/backstop/D7 rolls back shop/production/delay")) << "asked once";
  EXPECT_EQ(logind_->locks(), 1);
  delay_->want("");
  EXPECT_FALSE(delay_->held());
  EXPECT_TRUE(until([&] { return logind_->locks() == 0; }));
  delay_->want("D9 rolls back shop/production");
  ASSERT_TRUE(until([&] { return delay_->held(); }));
  EXPECT_EQ(logind_->locks(), 1);
}

TEST_F(ShutdownDelayTest, ALockThatComesWhenItIsNotWantedAnyMoreIsLetGo) {
  bus_.start();
  start_logind();
  listen();
  delay_->want("D7 rolls back shop/production");
  ASSERT_TRUE(until([&] { return !logind_->asked.empty(); }));
  delay_->want("");
  EXPECT_TRUE(until([&] { return logind_->locks() == 0; }));
  settle();
  EXPECT_FALSE(delay_->held());
}

TEST_F(ShutdownDelayTest, AShutdownIsToldOnceAndThatItIsCalledOff) {
  bus_.start();
  start_logind();
  listen();
  ASSERT_TRUE(until([&] { return told_.size() == 1; })) << "that there is none: one may have been called off";
  logind_->tell(true);
  logind_->tell(true);
  ASSERT_TRUE(until([&] { return told_.size() == 2; }));
  logind_->tell(false);
  ASSERT_TRUE(until([&] { return told_.size() == 3; }));
  EXPECT_THAT(told_, ElementsAre(false, true, false));
}

TEST_F(ShutdownDelayTest, AShutdownThatBeganBeforeTheDaemonIsToldToo) {
  bus_.start();
  start_logind();
  logind_->coming = true;
  listen();
  ASSERT_TRUE(until([&] { return !told_.empty(); }));
  EXPECT_THAT(told_, ElementsAre(true));
}

TEST_F(ShutdownDelayTest, ALockThatWasRefusedDuringAShutdownIsAskedForWhenThatIsCalledOff) {
  bus_.start();
  start_logind();
  listen();
  logind_->tell(true);
  ASSERT_TRUE(until([&] { return !told_.empty() && told_.back(); }));
  logind_->refuses = "org.freedesktop.login1.OperationInProgress";
  delay_->want("D7 rolls back shop/production");
  ASSERT_TRUE(until([&] { return logind_->asked.size() == 1; }));
  settle();
  EXPECT_FALSE(delay_->held());
  EXPECT_THAT(log_.lines, IsEmpty()) << "that is how it is meant";
  logind_->refuses.clear();
  logind_->tell(false);
  EXPECT_TRUE(until([&] { return delay_->held(); }));
}

TEST_F(ShutdownDelayTest, ARefusalIsLoggedOnceForEachRollback) {
  bus_.start();
  start_logind();
  logind_->refuses = "org.freedesktop.DBus.Error.AccessDenied";
  listen();
  delay_->want("D7 rolls back shop/production");
  ASSERT_TRUE(until([&] { return !log_.lines.empty(); }));
  delay_->want("D7 rolls back shop/production");
  settle();
  EXPECT_THAT(log_.lines, ElementsAre(HasSubstr("refused by the test")));
}

TEST_F(ShutdownDelayTest, WithoutLogindNothingIsSaid) {
  bus_.start();
  listen();
  delay_->want("D7 rolls back shop/production");
  settle();
  EXPECT_FALSE(delay_->held());
  EXPECT_THAT(log_.lines, IsEmpty());
  start_logind(); // it comes later
  settle();
  logind_->tell(true);
  EXPECT_TRUE(until([&] { return told_.size() == 1; }));
}

TEST_F(ShutdownDelayTest, WithoutABusNothingIsSaid) {
  listen();
  delay_->want("D7 rolls back shop/production");
  settle();
  delay_->want("");
  EXPECT_FALSE(delay_->held());
  EXPECT_THAT(log_.lines, IsEmpty());
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(ShutdownDelayTest, TheLockOutlivesTheBus) {
  bus_.start();
  start_logind();
  listen();
  delay_->want("D7 rolls back shop/production");
  ASSERT_TRUE(until([&] { return delay_->held(); }));
  bus_.stop();
  settle();
  EXPECT_TRUE(delay_->held());
  EXPECT_EQ(logind_->locks(), 1);
  delay_->want("");
  EXPECT_EQ(logind_->locks(), 0);
}

} // namespace
} // namespace backstop
