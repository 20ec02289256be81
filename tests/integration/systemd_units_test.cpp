#include "daemon/io/systemd_units.hpp"
#include "tests/integration/private_bus.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

/// Units read over a real bus, from a made-up systemd: answers, changes, and everything that can be wrong with the bus.
namespace backstop {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Pair;
using Read = std::optional<Result<ProbeAnswer>>;

constexpr Duration kLong = 20s; ///< for failing tests alone
constexpr Duration kShort = 100ms;
constexpr const char* kPath = "/org/freedesktop/systemd1/unit/shop_2eservice";

class SystemdUnitsTest : public testing::Test {
protected:
  void SetUp() override {
    if (!PrivateBus::possible()) GTEST_SKIP() << "NOT RUN: there is no dbus-daemon";
  }
  void start_systemd() {
    systemd_ = std::make_unique<FakeSystemd>(loop_->raw(), bus_.address(), kPath);
    systemd_->unit = {{"Id", "shop.service"}, {"LoadState", "loaded"}, {"Description", "A shop"}};
    set("active", "success");
  }
  void set(const char* active, const char* result, std::uint32_t restarts = 0, std::uint8_t start = 1) {
    systemd_->unit["ActiveState"] = active;
    systemd_->unit["InvocationID"] = std::vector<std::uint8_t>(16, start);
    systemd_->service["Result"] = result;
    systemd_->service["NRestarts"] = restarts;
    systemd_->service["MainPID"] = std::uint32_t{4711};
  }
  std::unique_ptr<Probe> watch(Duration limit = kLong) {
    auto probe = units_->probe("shop.service", limit);
    probe->on_change([this] { ++told_; });
    return probe;
  }
  [[nodiscard]] bool until(const std::function<bool()>& done) {
    const Time end = loop_->fresh_now() + kLong;
    while (!done() && loop_->fresh_now() < end) loop_->run_once(50ms);
    return done();
  }
  Result<ProbeAnswer> read(Probe& probe) {
    Read answer;
    probe.start([&](Result<ProbeAnswer> a) { answer = std::move(a); });
    if (!until([&] { return answer.has_value(); })) throw std::runtime_error("the read never ends");
    return *std::move(answer);
  }
  Error error_of(Probe& probe) {
    Result<ProbeAnswer> answer = read(probe);
    if (answer) throw std::runtime_error("an error was expected");
    return answer.error();
  }
  static std::map<std::string, double> samples(const Result<ProbeAnswer>& answer) {
    if (!answer) throw std::runtime_error(answer.error().what);
    std::map<std::string, double> out;
    for (const RawSample& s : std::get<SamplesAnswer>(*answer).samples)
      out[s.labels.empty() ? s.name : s.name + ":" + s.labels.front().second] = s.value;
    return out;
  }

  PrivateBus bus_;
  std::unique_ptr<EventLoop> loop_ = *EventLoop::create();
  std::unique_ptr<FakeSystemd> systemd_;
  std::unique_ptr<SystemdUnits> units_ = std::make_unique<SystemdUnits>(*loop_, bus_.address());
  int told_ = 0;
};

TEST_F(SystemdUnitsTest, AUnitIsRead) {
  bus_.start();
  start_systemd();
  set("active", "success", 4);
  const auto probe = watch();
  EXPECT_THAT(samples(read(*probe)),
              AllOf(Contains(Pair("unit_active", 1)), Contains(Pair("unit_restarts_total", 4)),
                    Contains(Pair("unit_result:success", 1)), Contains(Pair("unit_result:watchdog", 0))));
  set("failed", "exit-code", 4);
  EXPECT_THAT(samples(read(*probe)), AllOf(Contains(Pair("unit_failed", 1)), Contains(Pair("unit_failures_total", 1))));
  EXPECT_EQ(systemd_->asked, 2);
  EXPECT_EQ(systemd_->subscribed, 1);
}

TEST_F(SystemdUnitsTest, AChangeIsToldAndReadWithoutAQuestion) {
  bus_.start();
  start_systemd();
  const auto probe = watch();
  (void)read(*probe);
  set("deactivating", "watchdog");
  systemd_->tell();
  ASSERT_TRUE(until([&] { return told_ == 1; }));
  Read answer;
  probe->start([&](Result<ProbeAnswer> a) { answer = std::move(a); });
  ASSERT_TRUE(answer) << "given at once";
  EXPECT_THAT(samples(*answer), AllOf(Contains(Pair("unit_active", 0)), Contains(Pair("unit_result:watchdog", 1)),
                                      Contains(Pair("unit_watchdog_kills_total", 1))));
  EXPECT_EQ(systemd_->asked, 1);
  (void)read(*probe);
  EXPECT_EQ(systemd_->asked, 2) << "the next read asks again";
}

TEST_F(SystemdUnitsTest, AChangeIsWholeWhenBothOfItsSignalsCame) {
  bus_.start();
  start_systemd();
  const auto probe = watch();
  (void)read(*probe);
  set("failed", "exit-code");
  systemd_->tell_of("org.freedesktop.systemd1.Service", systemd_->service);
  set("failed", "oom-kill");
  systemd_->tell();
  ASSERT_TRUE(until([&] { return told_ == 1; }));
  EXPECT_THAT(samples(read(*probe)), AllOf(Contains(Pair("unit_oom_kills_total", 1)),
                                           Contains(Pair("unit_failures_total", 1)), Contains(Pair("unit_failed", 1))));
}

TEST_F(SystemdUnitsTest, WhatShowsInNoSampleIsNotToldOf) {
  bus_.start();
  start_systemd();
  const auto probe = watch();
  (void)read(*probe);
  systemd_->service["MainPID"] = std::uint32_t{1};
  systemd_->tell();
  set("inactive", "success");
  systemd_->tell();
  ASSERT_TRUE(until([&] { return told_ > 0; }));
  EXPECT_EQ(told_, 1);
}

TEST_F(SystemdUnitsTest, OfManyChangesFewAreToldAndNoEndIsLost) {
  bus_.start();
  start_systemd();
  double failures = 0;
  const auto probe = units_->probe("shop.service", kLong);
  probe->on_change([&] {
    ++told_;
    probe->start([&](const Result<ProbeAnswer>& a) { failures = samples(a).at("unit_failures_total"); });
  });
  (void)read(*probe);
  for (std::uint8_t i = 1; i <= 40; ++i) {
    set("activating", "exit-code", i, i);
    systemd_->tell();
    set("active", "success", i, static_cast<std::uint8_t>(i + 1));
    systemd_->tell();
  }
  ASSERT_TRUE(until([&] { return failures == 40; })) << failures;
  EXPECT_LT(told_, 40) << "of 80 changes";
}

TEST_F(SystemdUnitsTest, ChangesOfAnAliasAreToldUnderTheOwnName) {
  bus_.start();
  start_systemd();
  const auto probe = units_->probe("alias.service", kLong);
  probe->on_change([this] { ++told_; });
  EXPECT_THAT(samples(read(*probe)), Contains(Pair("unit_active", 1)));
  (void)read(*probe); // the answer to it comes after the watch for the other name stands
  set("failed", "signal");
  systemd_->tell();
  EXPECT_TRUE(until([&] { return told_ == 1; }));
}

TEST_F(SystemdUnitsTest, AnUnknownUnitIsAnError) {
  bus_.start();
  start_systemd();
  systemd_->unit["LoadState"] = "not-found";
  set("inactive", "success");
  const Error e = error_of(*watch());
  EXPECT_EQ(e.code, Errc::not_found);
  EXPECT_THAT(e.what, HasSubstr("systemd knows no unit shop.service"));
}

TEST_F(SystemdUnitsTest, WithoutABusEveryReadFailsUntilThereIsOne) {
  const auto probe = watch();
  EXPECT_THAT(error_of(*probe).what, AllOf(HasSubstr(bus_.socket()), HasSubstr("No such file"), HasSubstr("dbus")));
  bus_.start();
  EXPECT_THAT(error_of(*probe).what, HasSubstr("systemd is not on the system bus"));
  start_systemd();
  EXPECT_THAT(samples(read(*probe)), Contains(Pair("unit_active", 1)));
}

TEST_F(SystemdUnitsTest, ABusThatSaysNothingIsGivenUpAtTheDeadline) {
  sockaddr_un address{AF_UNIX, ""};
  bus_.socket().copy(address.sun_path, sizeof address.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(fd, 5), 0);
  const auto probe = watch(kShort);
  for (int i = 0; i < 2; ++i) {
    const Error e = error_of(*probe);
    EXPECT_EQ(e.code, Errc::timeout);
    EXPECT_THAT(e.what, HasSubstr("no connection within 0.1 s"));
  }
  ::close(fd);
}

TEST_F(SystemdUnitsTest, ASystemdThatHangsIsGivenUpAtTheDeadlineAndAskedAgain) {
  bus_.start();
  start_systemd();
  systemd_->silent = true;
  const auto hasty = watch(kShort), patient = watch();
  Read other;
  patient->start([&](Result<ProbeAnswer> a) { other = std::move(a); });
  const Error e = error_of(*hasty);
  EXPECT_EQ(e.code, Errc::timeout);
  EXPECT_THAT(e.what, HasSubstr("systemd gave no answer within 0.1 s"));
  EXPECT_TRUE(other && !*other) << "they share the connection, which is made anew";
  systemd_->silent = false;
  EXPECT_THAT(samples(read(*patient)), Contains(Pair("unit_active", 1)));
  set("failed", "timeout");
  systemd_->tell();
  EXPECT_TRUE(until([&] { return told_ == 1; })) << "changes are told on the new one too";
}

TEST_F(SystemdUnitsTest, ABusThatBreaksEndsTheReadUnderWayAndTheNextOneConnectsAnew) {
  bus_.start();
  start_systemd();
  const auto probe = watch();
  (void)read(*probe);
  systemd_->silent = true;
  Read answer;
  probe->start([&](Result<ProbeAnswer> a) { answer = std::move(a); });
  ASSERT_TRUE(until([&] { return systemd_->asked == 2; }));
  bus_.stop();
  ASSERT_TRUE(until([&] { return answer.has_value(); }));
  ASSERT_FALSE(*answer);
  EXPECT_THAT(answer->error().what, HasSubstr("the connection broke"));
  bus_.start();
  start_systemd();
  set("active", "success", 1);
  EXPECT_THAT(samples(read(*probe)), Contains(Pair("unit_restarts_total", 1)));
}

TEST_F(SystemdUnitsTest, AProbeThatIsLetGoOfIsNeverAnswered) {
  bus_.start();
  start_systemd();
  auto probe = watch();
  const auto other = watch();
  bool answered = false;
  probe->start([&](const Result<ProbeAnswer>&) { answered = true; });
  probe.reset();
  EXPECT_THAT(samples(read(*other)), Contains(Pair("unit_active", 1)));
  EXPECT_FALSE(answered);
}

TEST_F(SystemdUnitsTest, TheRoomMayGoBeforeItsProbes) {
  bus_.start();
  start_systemd();
  const auto probe = watch();
  units_.reset();
  EXPECT_THAT(samples(read(*probe)), Contains(Pair("unit_active", 1)));
}

} // namespace
} // namespace backstop
