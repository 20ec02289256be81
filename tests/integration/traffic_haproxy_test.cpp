#include "tests/integration/private_haproxy.hpp"
#include "tests/integration/traffic_command.hpp"
#include "tests/integration/two_sides.hpp"
#include <gmock/gmock.h>

/// backstop-traffic with a real HAProxy, and two real servers behind it that count.
namespace backstop {
namespace {

using testing::HasSubstr;

class TrafficHaproxy : public testing::Test {
protected:
  void SetUp() override {
    if (!PrivateHaproxy::installed()) GTEST_SKIP() << "NOT RUN: there is no HAProxy (Debian package haproxy)";
  }
  [[nodiscard]] std::string server(const std::string& name, TwoSides::Name side, const std::string& more) const {
    return "  server " + name + " " + sides_.address(side) + " " + more + "\n";
  }
  /// As many requests as HAProxy needs for a round, many times over.
  std::pair<int, int> counted(const PrivateHaproxy& haproxy, int requests = 1000) {
    sides_.forget();
    EXPECT_EQ(ask_many(haproxy.port(), requests), requests);
    EXPECT_EQ(sides_.asked(TwoSides::blue) + sides_.asked(TwoSides::green), requests);
    return {sides_.asked(TwoSides::blue), sides_.asked(TwoSides::green)};
  }
  static void is(const Ran& ran, const std::string& out) {
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(ran.out, out + "\n");
  }
  static void is_not(const Ran& ran, const std::string& says) {
    EXPECT_EQ(ran.code, 1) << ran.out;
    EXPECT_THAT(ran.err, HasSubstr(says));
  }
  TwoSides sides_;
};

TEST_F(TrafficHaproxy, AShareIsGivenAndTakenBack) {
  const PrivateHaproxy haproxy(server("blue1", TwoSides::blue, "") + server("green1", TwoSides::green, "weight 0"));
  const HaproxyTraffic traffic{haproxy.socket_path()};
  EXPECT_EQ(counted(haproxy), std::pair(1000, 0));
  is(traffic.check("0"), "blue 100% (blue1 1), green 0% (green1 0)");

  is_not(traffic.check("0.1"), "not blue 90%, green 10%: green1 has weight 0, not 28");
  is(traffic.set("0.1"), "blue 90% (blue1 252), green 10% (green1 28)");
  is(traffic.check("0.1"), "blue 90% (blue1 252), green 10% (green1 28)");
  const auto [blue, green] = counted(haproxy);
  EXPECT_NEAR(green, 100, 1) << "round robin is exact";
  is(traffic.set("0.1"), "blue 90% (blue1 252), green 10% (green1 28)");

  is(traffic.set("0.5"), "blue 50% (blue1 256), green 50% (green1 256)");
  EXPECT_EQ(counted(haproxy), std::pair(500, 500));
  is(traffic.set("1"), "blue 0% (blue1 0), green 100% (green1 256)");
  EXPECT_EQ(counted(haproxy), std::pair(0, 1000));
  is(traffic.set("0"), "blue 100% (blue1 256), green 0% (green1 0)");
  EXPECT_EQ(counted(haproxy), std::pair(1000, 0));
  is_not(traffic.check("0.1"), "not blue 90%");
}

TEST_F(TrafficHaproxy, SidesOfSeveralServers) {
  const PrivateHaproxy haproxy(server("blue1", TwoSides::blue, "") + server("blue2", TwoSides::blue, "") +
                               server("blue3", TwoSides::blue, "") + server("green1", TwoSides::green, "weight 0"));
  const HaproxyTraffic traffic{haproxy.api_place(), {"--side", "blue=blue1,blue2,blue3", "--side", "green=green1"}};
  is(traffic.set("0.1"), "blue 90% (blue1 255, blue2 255, blue3 255), green 10% (green1 85)");
  EXPECT_NEAR(counted(haproxy).second, 100, 1);
}

TEST_F(TrafficHaproxy, AServerThatIsNotThereOrNotUpIsNamed) {
  sides_.set_healthy(TwoSides::green, false);
  const PrivateHaproxy haproxy("  option httpchk GET /health\n" + server("blue1", TwoSides::blue, "check inter 50ms") +
                               server("green1", TwoSides::green, "check inter 50ms fall 1 rise 1 weight 0") +
                               server("maint1", TwoSides::green, "weight 0 disabled") +
                               server("tracks", TwoSides::green, "weight 0 track shop/green1"));
  // Until the first check HAProxy takes a server for up.
  haproxy.wait_for("show stat shop 4 -1", "shop,tracks,", "DOWN");
  const HaproxyTraffic traffic{haproxy.socket_path()};
  const auto of = [&](const std::string& green) {
    return HaproxyTraffic{haproxy.socket_path(), {"--side", "blue=blue1", "--side", "green=" + green}};
  };
  is_not(of("green9").set("0.1"), "backend shop: HAProxy has no server \"green9\"");
  is_not(of("maint1").set("0.1"), "maint1 of green is MAINT (HAProxy's `set server ... state ready` puts it back)");
  is_not(traffic.set("0.1", {"--timeout", "0.5"}),
         "waited 0.5s: green1 of green is DOWN (see what its health check asks for)");
  is_not(of("tracks").set("0.1", {"--timeout", "0.5"}), "tracks of green is DOWN");
  EXPECT_EQ(counted(haproxy, 100), std::pair(100, 0)) << "nothing was moved";

  sides_.set_healthy(TwoSides::green, true);
  is(traffic.set("0.1"), "blue 90% (blue1 252), green 10% (green1 28)");

  EXPECT_EQ(haproxy.ask("set server shop/blue1 state maint"), "\n");
  is_not(traffic.set("0"), "blue1 is MAINT, and blue is to get traffic back");
  EXPECT_EQ(haproxy.ask("set server shop/blue1 state drain"), "\n");
  is_not(traffic.set("0"), "blue1 is DRAIN, and blue is to get traffic back");
  EXPECT_EQ(counted(haproxy, 100), std::pair(0, 100)) << "nothing was moved";
  EXPECT_EQ(haproxy.ask("set server shop/blue1 state ready"), "\n");
  is(traffic.set("0"), "blue 100% (blue1 256), green 0% (green1 0)");
}

TEST_F(TrafficHaproxy, WhatHaproxyRefusesIsSaidInItsWords) {
  const PrivateHaproxy haproxy("  balance static-rr\n" + server("blue1", TwoSides::blue, "") +
                               server("green1", TwoSides::green, ""));
  is_not(HaproxyTraffic{haproxy.operator_path()}.set("0.1"),
         "permission denied by HAProxy (`stats socket ... level admin`");
  is_not(HaproxyTraffic{haproxy.socket_path()}.set("0.1"), "Backend is using a static LB algorithm");
  auto other = HaproxyTraffic{haproxy.socket_path()}.command("0.1", {});
  *std::find(other.begin(), other.end(), "shop") = "shopp";
  is_not(run_program(other), "HAProxy has no backend \"shopp\"");
}

TEST_F(TrafficHaproxy, OneThatHangsOrEndsIsNotWaitedForLonger) {
  PrivateHaproxy haproxy(server("blue1", TwoSides::blue, "") + server("green1", TwoSides::green, ""));
  haproxy.hold();
  is_not(HaproxyTraffic{haproxy.socket_path()}.set("0.1", {"--timeout", "0.3"}), "no answer within 0.3s");
  is_not(HaproxyTraffic{haproxy.api_place()}.set("0.1", {"--timeout", "0.3"}), "no answer within 0.3s");
  haproxy.resume();
  is(HaproxyTraffic{haproxy.api_place()}.set("0.1"), "blue 90% (blue1 252), green 10% (green1 28)");
  haproxy.stop();
  is_not(HaproxyTraffic{haproxy.api_place()}.check("0.1"), "connection refused");
}

} // namespace
} // namespace backstop
