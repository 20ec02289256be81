#include "daemon/io/event_loop.hpp"
#include <algorithm>
#include <csignal>
#include <gmock/gmock.h>
#include <stdexcept>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

namespace backstop {
namespace {

using testing::ElementsAre;
using namespace std::chrono_literals;

class EventLoopTest : public testing::Test {
protected:
  EventLoopTest() {
    block_signals();
    auto made = EventLoop::create();
    if (!made) throw std::runtime_error(made.error().what);
    loop_ = *std::move(made);
    fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  }
  ~EventLoopTest() override { close(fd_); }
  void make_readable() const { ASSERT_EQ(eventfd_write(fd_, 1), 0); }

  std::unique_ptr<EventLoop> loop_;
  int fd_ = -1;
};

[[noreturn]] void boom() { throw std::runtime_error("boom"); }

TEST_F(EventLoopTest, RunGivesTheCodeOfExit) {
  loop_->post([&] { loop_->exit(7); });
  EXPECT_EQ(loop_->run(), 7);
}

TEST_F(EventLoopTest, ExitBeforeRunEndsItAtOnce) {
  loop_->exit(3);
  EXPECT_FALSE(loop_->run_once(0s));
  EXPECT_EQ(loop_->run(), 3);
}

TEST_F(EventLoopTest, ExceptionOfAnIoHandlerComesOutOfRun) {
  auto io = loop_->add_io(fd_, EPOLLIN, [](std::uint32_t) { boom(); });
  make_readable();
  EXPECT_THROW(loop_->run(), std::runtime_error);
}

TEST_F(EventLoopTest, ExceptionOfATimerHandlerComesOutOfRun) {
  auto timer = loop_->add_timer([] { boom(); });
  timer->arm(loop_->now());
  EXPECT_THROW(loop_->run(), std::runtime_error);
}

TEST_F(EventLoopTest, ExceptionOfASignalHandlerComesOutOfRun) {
  auto source = loop_->add_signal(SIGHUP, [] { boom(); });
  raise(SIGHUP);
  EXPECT_THROW(loop_->run(), std::runtime_error);
}

TEST_F(EventLoopTest, ExceptionOfPostedWorkComesOutOfRun) {
  loop_->post([] { boom(); });
  EXPECT_THROW(loop_->run(), std::runtime_error);
}

TEST_F(EventLoopTest, ExceptionCaughtWhileNoLoopRanComesOutOfTheNextRun) {
  loop_->barrier().run([] { boom(); });
  EXPECT_TRUE(loop_->barrier().caught());
  EXPECT_THROW(loop_->run(), std::runtime_error);
  EXPECT_FALSE(loop_->barrier().caught());
}

TEST_F(EventLoopTest, LoopIsUsableAfterAnException) {
  loop_->post([] { boom(); });
  EXPECT_THROW(loop_->run(), std::runtime_error);
  loop_->post([&] { loop_->exit(0); });
  EXPECT_EQ(loop_->run(), 0);
}

TEST_F(EventLoopTest, NothingElseRunsAfterAnException) {
  bool ran = false;
  loop_->post([] { boom(); });
  loop_->post([&] { ran = true; });
  EXPECT_THROW(loop_->run(), std::runtime_error);
  EXPECT_FALSE(ran);
}

TEST_F(EventLoopTest, IoHandlerMayDestroyItsOwnSource) {
  std::unique_ptr<EventLoop::Io> io;
  std::string seen;
  io = loop_->add_io(fd_, EPOLLIN, [&, text = std::string(100, 'x')](std::uint32_t) {
    io.reset();
    seen = text; // the closure is still alive
    loop_->exit(0);
  });
  make_readable();
  loop_->run();
  EXPECT_EQ(seen, std::string(100, 'x'));
}

TEST_F(EventLoopTest, TimerHandlerMayDestroyItsOwnSource) {
  std::unique_ptr<EventLoop::Timer> timer;
  std::string seen;
  timer = loop_->add_timer([&, text = std::string(100, 'x')] {
    timer.reset();
    seen = text;
    loop_->exit(0);
  });
  timer->arm(loop_->now());
  loop_->run();
  EXPECT_EQ(seen, std::string(100, 'x'));
}

TEST_F(EventLoopTest, HandlerMayDestroyAnotherReadySource) {
  bool second = false;
  std::unique_ptr<EventLoop::Timer> other = loop_->add_timer([&] { second = true; }, EventLoop::kIdle);
  auto first = loop_->add_timer([&] { other.reset(); }, EventLoop::kSteps);
  first->arm(loop_->now());
  other->arm(loop_->now());
  loop_->run_once(1s);
  loop_->run_once(0s);
  EXPECT_FALSE(second);
}

TEST_F(EventLoopTest, SourcesMayOutliveTheLoop) {
  auto io = loop_->add_io(fd_, EPOLLIN, [](std::uint32_t) {});
  auto timer = loop_->add_timer([] {});
  loop_.reset();
  io->set_events(EPOLLIN);
  timer->arm(time_from_us(1));
  timer->disarm();
}

TEST_F(EventLoopTest, PausedIoSaysNothingNotEvenAHangUp) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  int calls = 0;
  std::unique_ptr<EventLoop::Io> io = loop_->add_io(ends[0], EPOLLIN, [&](std::uint32_t) {
    ++calls;
    io->set_events(0);
  });
  close(ends[1]);
  loop_->run_once(1s);
  loop_->run_once(0s);
  EXPECT_EQ(calls, 1);
  io->set_events(EPOLLIN);
  loop_->run_once(1s);
  EXPECT_EQ(calls, 2);
  io.reset();
  close(ends[0]);
}

TEST_F(EventLoopTest, TimerFiresOnceAndNotBeforeItsTime) {
  const Time due = loop_->now() + 2ms;
  std::vector<Time> fired;
  auto timer = loop_->add_timer([&] { fired.push_back(loop_->now()); });
  timer->arm(due);
  while (fired.empty()) loop_->run_once(1s);
  loop_->run_once(0s);
  ASSERT_EQ(fired.size(), 1U);
  EXPECT_GE(fired[0], due);
}

TEST_F(EventLoopTest, TimerArmedAgainInItsHandlerFiresAgain) {
  int fired = 0;
  std::unique_ptr<EventLoop::Timer> timer = loop_->add_timer([&] {
    if (++fired == 3)
      loop_->exit(0);
    else
      timer->arm(loop_->now() + 1us);
  });
  timer->arm(loop_->now());
  loop_->run();
  EXPECT_EQ(fired, 3);
}

TEST_F(EventLoopTest, ArmingAgainReplacesAndDisarmingForgets) {
  std::vector<int> fired;
  auto far = loop_->add_timer([&] { fired.push_back(1); });
  auto off = loop_->add_timer([&] { fired.push_back(2); });
  auto never = loop_->add_timer([&] { fired.push_back(3); });
  far->arm(loop_->now() + 1h);
  far->arm(loop_->now());
  off->arm(loop_->now());
  off->disarm();
  never->arm(loop_->now());
  never->arm(kNever);
  loop_->run_once(1s);
  loop_->run_once(0s);
  EXPECT_THAT(fired, ElementsAre(1));
}

TEST_F(EventLoopTest, TimeBeforeTheAnchorIsDueAtOnce) {
  bool fired = false;
  auto timer = loop_->add_timer([&] { fired = true; });
  timer->arm(Time::min());
  loop_->run_once(1s);
  EXPECT_TRUE(fired);
}

TEST_F(EventLoopTest, ArmedTimersKeepTheirJudgeTimeWhenTheAnchorMoves) {
  bool fired = false;
  auto timer = loop_->add_timer([&] { fired = true; });
  timer->arm(loop_->now() + 1h);
  loop_->set_anchor(loop_->anchor() + 2h); // as if two hours had passed
  loop_->run_once(1s);
  EXPECT_TRUE(fired);
}

TEST_F(EventLoopTest, AnchorShiftsJudgeTime) {
  loop_->set_anchor(0s);
  const Time monotonic = loop_->fresh_now();
  loop_->set_anchor(1000000h);
  EXPECT_GE(loop_->fresh_now(), monotonic + 1000000h);
  EXPECT_GE(loop_->now(), Time{1000000h});
  EXPECT_EQ(loop_->anchor(), 1000000h);
}

TEST_F(EventLoopTest, PostedWorkRunsInOrderWithinItsPriority) {
  std::vector<int> order;
  for (int i = 0; i < 50; ++i) loop_->post([&order, i] { order.push_back(i); });
  loop_->post([&] { order.push_back(-1); }, EventLoop::kSteps);
  loop_->post([&] { order.push_back(100); }, EventLoop::kIdle);
  loop_->run_once(0s);
  ASSERT_EQ(order.size(), 52U);
  EXPECT_EQ(order.front(), -1);
  EXPECT_EQ(order.back(), 100);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(EventLoopTest, WorkPostedByAHandlerIsLeftToTheNextCall) {
  std::vector<std::string> order;
  loop_->post([&] {
    order.emplace_back("first");
    loop_->post([&] { order.emplace_back("second"); });
    order.emplace_back("end of first");
  });
  loop_->run_once(0s);
  EXPECT_THAT(order, ElementsAre("first", "end of first"));
  loop_->run_once(0s);
  EXPECT_THAT(order, ElementsAre("first", "end of first", "second"));
}

TEST_F(EventLoopTest, AllHandlersThatAreReadyRunAtOnce) {
  std::vector<std::string> order;
  std::unique_ptr<EventLoop::Io> io = loop_->add_io(fd_, EPOLLIN, [&](std::uint32_t) {
    order.emplace_back("io");
    io->set_events(0);
  });
  auto timer = loop_->add_timer([&] { order.emplace_back("timer"); }, EventLoop::kIdle);
  make_readable();
  timer->arm(loop_->now());
  loop_->run_once(1s);
  EXPECT_THAT(order, ElementsAre("io", "timer"));
}

TEST_F(EventLoopTest, ASourceThatIsAlwaysReadyKeepsNothingElseWaiting) {
  int handlers = 0;
  auto io = loop_->add_io(fd_, EPOLLIN, [&](std::uint32_t) { // never reads: readable for ever
    if (++handlers == 3) loop_->post([&] { loop_->exit(5); });
  });
  make_readable();
  EXPECT_EQ(loop_->run(), 5);
  EXPECT_LT(handlers, 10) << "posted work has its turn";
}

TEST_F(EventLoopTest, RunOnceEndsThoughASourceIsAlwaysReady) {
  auto io = loop_->add_io(fd_, EPOLLIN, [](std::uint32_t) {});
  make_readable();
  EXPECT_TRUE(loop_->run_once(1s));
}

TEST_F(EventLoopTest, SignalsArrive) {
  int hups = 0;
  int terms = 0;
  auto hup = loop_->add_signal(SIGHUP, [&] { ++hups; });
  auto term = loop_->add_signal(SIGTERM, [&] { ++terms; });
  raise(SIGHUP);
  raise(SIGTERM);
  loop_->run_once(1s);
  EXPECT_EQ(hups, 1);
  EXPECT_EQ(terms, 1);
}

TEST_F(EventLoopTest, SignalThatIsNotBlockedIsRefused) {
  EXPECT_THROW((void)loop_->add_signal(SIGUSR2, [] {}), std::system_error);
}

TEST_F(EventLoopTest, DestroyingTheLoopDropsPostedWork) {
  const auto witness = std::make_shared<int>(0);
  loop_->post([witness] { ++*witness; });
  loop_.reset();
  EXPECT_EQ(witness.use_count(), 1);
  EXPECT_EQ(*witness, 0);
}

} // namespace
} // namespace backstop
