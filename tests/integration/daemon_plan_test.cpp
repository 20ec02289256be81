#include "tests/integration/daemon_process.hpp"
#include "tests/system/two_side_shop.hpp"
#include <optional>

/// A plan behind a real HAProxy, and a person's hand on it: what backstopctl says and exits with, where the traffic is.
namespace backstop {
namespace {

using testing::HasSubstr;

class DaemonPlan : public DaemonProcess {
protected:
  void SetUp() override {
    if (!PrivateHaproxy::installed())
      GTEST_SKIP() << "NO HAPROXY (" << PrivateHaproxy::kProgram << "): plans with traffic were NOT tested";
  }
  /// The daemon runs and knows what is normal, customers come, and `version` is brought out: D1.
  void bring_out(const std::string& version, const shop::PlanTimes& times) {
    sides.emplace(shop.dir, shop.bin);
    shop.settings.window = "1s";
    shop::watch_by_plan(shop, *sides, times);
    customers.emplace(sides->haproxy.port());
    ASSERT_TRUE(start());
    ASSERT_TRUE(ready_to_deploy());
    const Ran begun = ctl({"deploy", "begin", "--service", "shop", "--version", version});
    ASSERT_EQ(begun.code, 0) << begun.err;
    ASSERT_EQ(begun.out, "D1\n");
  }
  Json deployment() { return shop.ask("GET", "/v1/deployments/D1")["deployment"]; }
  bool until_at(const std::string& step) {
    return until([&] { return deployment()["plan"].text("at") == step; });
  }
  bool until_phase(const std::string& phase) {
    return until([&] { return deployment().text("phase") == phase; });
  }
  bool until_running(const std::string& step) {
    return until([&] { return progress(step).text("status") == "running"; });
  }
  Json progress(const std::string& path) {
    const Json phases = deployment()["plan"]["phases"];
    if (!phases.as_array()) return {};
    for (const Json& p : *phases.as_array())
      for (const Json& step : *p["steps"].as_array())
        if (step.text("path") == path) return step;
    return {};
  }
  Ran wait(const std::string& more = "good") {
    return ctl({"deploy", "wait", "D1", "--until", more, "--timeout", "30s"});
  }
  bool ran(const std::string& step) const {
    return shop::read_text(shop.dir + "/steps.log").find("D1 " + step + "\n") != std::string::npos;
  }
  void expect_none_lost() {
    customers->stop();
    EXPECT_GT(customers->asked(), 50);
    EXPECT_THAT(customers->lost(), testing::IsEmpty());
  }

  std::optional<shop::TwoSideShop> sides;
  std::optional<shop::Customers> customers;
};

TEST_F(DaemonPlan, AGoodVersionGetsAllOfTheTraffic) {
  ASSERT_NO_FATAL_FAILURE(bring_out("v1-good", {"", "2s", "3s"}));
  const Ran kept = wait("bake");
  EXPECT_EQ(kept.code, 0) << kept.out << kept.err;
  EXPECT_EQ(sides->share_of("green"), 1);
  EXPECT_TRUE(ran("mark"));
  expect_none_lost();
  EXPECT_EQ(customers->failed_by_version(), 0);
}

TEST_F(DaemonPlan, ABadVersionLosesItsTrafficAndIsRolledBack) {
  ASSERT_NO_FATAL_FAILURE(bring_out("v1-bad", {"", "20s", "3s"}));
  const Ran back = wait();
  EXPECT_EQ(back.code, 3) << back.out << back.err;
  EXPECT_EQ(sides->share_of("green"), 0);
  EXPECT_TRUE(ran("undeployed"));
  EXPECT_FALSE(ran("mark"));
  expect_none_lost();
  EXPECT_GT(customers->failed_by_version(), 0);
}

TEST_F(DaemonPlan, PausedPromotedAndSkippedByHand) {
  ASSERT_NO_FATAL_FAILURE(bring_out("v1-good", {"", "10m", "3s"}));
  ASSERT_TRUE(until_running("2.4"));
  EXPECT_EQ(ctl({"deploy", "resume", "D1"}).code, 4) << "it is not paused";
  ASSERT_EQ(ctl({"deploy", "pause", "D1", "--reason", "lunch"}).code, 0);
  EXPECT_EQ(ctl({"deploy", "pause", "D1", "--reason", "lunch"}).code, 4) << "it is paused already";
  const Ran paused = wait();
  EXPECT_EQ(paused.code, 6) << paused.out << paused.err;
  EXPECT_THAT(paused.out, HasSubstr("lunch"));
  EXPECT_EQ(sides->share_of("green"), 0.2) << "a pause moves nothing";
  ASSERT_EQ(ctl({"deploy", "resume", "D1"}).code, 0);
  EXPECT_TRUE(deployment()["plan"]["paused"].is_null());
  EXPECT_EQ(deployment()["plan"].text("at"), "2.4") << "the watch goes on";

  ASSERT_EQ(ctl({"deploy", "promote", "D1", "--reason", "I looked"}).code, 0);
  ASSERT_TRUE(until_running("2.6"));
  EXPECT_EQ(sides->share_of("green"), 1);
  EXPECT_EQ(ctl({"deploy", "skip", "D1", "nothing", "--reason", "x"}).code, 1) << "there is no such step";
  EXPECT_EQ(ctl({"deploy", "skip", "D1", "deploy", "--reason", "x"}).code, 4) << "it is done";
  ASSERT_EQ(ctl({"deploy", "skip", "D1", "mark", "--reason", "not today"}).code, 0);
  ASSERT_EQ(ctl({"deploy", "promote", "D1", "--reason", "I looked again"}).code, 0);
  const Ran kept = wait("bake");
  EXPECT_EQ(kept.code, 0) << kept.out << kept.err;
  EXPECT_FALSE(ran("mark"));
  EXPECT_THAT(progress("3.1").text("why"), HasSubstr("not today"));
  expect_none_lost();
}

TEST_F(DaemonPlan, AbortedBeforeTheServiceIsTouched) {
  ASSERT_NO_FATAL_FAILURE(bring_out("v1-good", {"10m", "10m", "3s"}));
  ASSERT_TRUE(until_running("1.2"));
  ASSERT_EQ(ctl({"deploy", "abort", "D1", "--reason", "not today"}).code, 0);
  const Ran aborted = wait();
  EXPECT_EQ(aborted.code, 9) << aborted.out << aborted.err;
  EXPECT_TRUE(ran("unprepare"));
  EXPECT_FALSE(ran("deploy"));
  EXPECT_EQ(sides->share_of("blue"), 1);
  EXPECT_EQ(service().text("version"), "v0-good");
  const Ran again = ctl({"deploy", "begin", "--service", "shop", "--version", "v1-good"});
  EXPECT_EQ(again.code, 0) << "it is not quarantined: " << again.err;
}

TEST_F(DaemonPlan, AbortedWithSomeOfTheTraffic) {
  ASSERT_NO_FATAL_FAILURE(bring_out("v1-good", {"", "10m", "3s"}));
  ASSERT_TRUE(until_running("2.4"));
  ASSERT_EQ(sides->share_of("green"), 0.2);
  ASSERT_EQ(ctl({"deploy", "abort", "D1", "--reason", "not today"}).code, 0);
  const Ran back = wait();
  EXPECT_EQ(back.code, 3) << back.out << back.err;
  EXPECT_EQ(sides->share_of("green"), 0);
  EXPECT_TRUE(ran("undeployed"));
  expect_none_lost();
}

TEST_F(DaemonPlan, ThatWasPausedIsAbortedAllTheSame) {
  ASSERT_NO_FATAL_FAILURE(bring_out("v1-good", {"", "10m", "3s"}));
  ASSERT_TRUE(until_running("2.4"));
  ASSERT_EQ(ctl({"deploy", "pause", "D1", "--reason", "lunch"}).code, 0);
  ASSERT_EQ(ctl({"deploy", "abort", "D1", "--reason", "and no more"}).code, 0);
  EXPECT_EQ(wait().code, 3);
  EXPECT_EQ(sides->share_of("green"), 0);
}

TEST_F(DaemonPlan, TrafficThatSomebodyMovedByHandIsNoGroundToBeginOn) {
  ASSERT_NO_FATAL_FAILURE(bring_out("v1-good", {"10m", "10m", "3s"}));
  ASSERT_TRUE(until_running("1.2"));
  ASSERT_EQ(ctl({"deploy", "abort", "D1", "--reason", "not today"}).code, 0);
  ASSERT_TRUE(until_phase("aborted"));
  ASSERT_EQ(sides->haproxy.ask("set weight shop/green1 128"), "\n");
  ASSERT_GT(sides->share_of("green"), 0);
  const Ran refused = ctl({"deploy", "begin", "--service", "shop", "--version", "v2-good"});
  EXPECT_EQ(refused.code, 4) << refused.out << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("not all traffic goes to blue"));
}

} // namespace
} // namespace backstop
