// What the metrics say of services, plans, incidents and notices: of the state alone, so a restart changes none of it.
#include "daemon/telemetry.hpp"
#include "tests/unit/daemon/rollout_world.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace backstop {
namespace {

using testing::HasSubstr;
using testing::Not;
using Script = ScriptedStepRunner::Script;

constexpr const char* kShop = "service=\"shop/production\"";

std::string exposed(const AppWorld& w) { return Telemetry("1").expose(*w.app, w.now); }
/// `name{service="shop/production",more} value` in a line of its own.
std::string line(const std::string& name, const std::string& more, const std::string& value) {
  return "\n" + name + "{" + kShop + (more.empty() ? "" : "," + more) + "} " + value + "\n";
}
std::string unix_time(Time t) {
  const std::int64_t us = to_us(t);
  EXPECT_EQ(us % 1'000'000, 0) << "the time of these worlds goes in seconds";
  return std::to_string(us / 1'000'000);
}

ShopConfig in_mode(const std::string& mode) {
  ShopConfig config;
  config.mode = mode;
  return config;
}

TEST(ServiceMetrics, AServiceAtRestHasNothingThatWaits) {
  const ShopWorld w;
  const std::string text = exposed(w);
  EXPECT_THAT(text, HasSubstr(line("backstop_service_info", R"(version="v1",mode="auto")", "1")));
  EXPECT_THAT(text, HasSubstr(line("backstop_locked", "", "0")));
  EXPECT_THAT(text, HasSubstr(line("backstop_held", "", "0")));
  EXPECT_THAT(text, HasSubstr(line("backstop_rules_blind", "", "0")));
  EXPECT_THAT(text, HasSubstr(line("backstop_incidents_open", R"(acknowledged="false")", "0")));
  EXPECT_THAT(text, HasSubstr(line("backstop_incidents_open", R"(acknowledged="true")", "0")));
  EXPECT_THAT(text, HasSubstr(line("backstop_indicator_info", R"(indicator="error_rate",unit="ratio")", "1")));
  EXPECT_THAT(text, HasSubstr("\nbackstop_journal_fault{fault=\"unreadable\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("\nbackstop_journal_fault{fault=\"unwritable\"} 0\n"));
  for (const char* absent :
       {"backstop_deployment_timestamp_seconds", "backstop_plan_phase", "backstop_traffic_share_ratio",
        "backstop_rollback_pending", "backstop_review_due_timestamp_seconds",
        "backstop_notices_oldest_timestamp_seconds", "backstop_baseline"})
    EXPECT_THAT(text, Not(HasSubstr(absent)));
}

TEST(ServiceMetrics, ARuleThatCannotBeJudgedIsBlindAndFewRequestsMakeNone) {
  ShopWorld w;
  w.shops[ShopWorld::kShop].requests_per_second = 1;
  w.run(20);
  EXPECT_THAT(exposed(w), HasSubstr(line("backstop_rules_blind", "", "0")));
  w.shops[ShopWorld::kShop].answers = false;
  w.run(60);
  EXPECT_THAT(exposed(w), HasSubstr(line("backstop_rules_blind", "", "1")));
  w.kill();
  w.start();
  EXPECT_THAT(exposed(w), HasSubstr(line("backstop_rules_blind", "", "1"))) << "nothing was measured yet";
}

TEST(ServiceMetrics, ADeploymentThatIsRolledBackTellsWhenEachThingHappenedAndGoesOnOverARestart) {
  ShopWorld w;
  w.error_share_of["v1"] = 0.01; // what is zero is no baseline
  w.run(60);
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
  const DeploymentState d = w.deployment(id);
  const IncidentState incident = w.app->state().incidents.at("I1");
  const std::string labels = R"(deployment="D1",version="v2",event=)";
  const auto expect_all = [&] {
    const std::string text = exposed(w);
    const std::string name = "backstop_deployment_timestamp_seconds";
    EXPECT_THAT(text, HasSubstr(line(name, labels + "\"begun\"", unix_time(d.begun))));
    EXPECT_THAT(text, HasSubstr(line(name, labels + "\"finished\"", unix_time(d.finished))));
    EXPECT_THAT(text, HasSubstr(line(name, labels + "\"rollback_started\"", unix_time(d.rollback->started))));
    EXPECT_THAT(text, HasSubstr(line(name, labels + "\"ended\"", unix_time(d.ended))));
    EXPECT_THAT(text, HasSubstr(line("backstop_review_due_timestamp_seconds", "", unix_time(incident.review_due))));
    EXPECT_THAT(text, HasSubstr("\nbackstop_baseline{service=\"shop/production\",indicator=\"error_rate\"} 0.0"));
  };
  expect_all();
  w.kill();
  w.start();
  expect_all();
  ASSERT_TRUE(w.command(CloseReview{"I1", "a typo", "a test"}).ok);
  EXPECT_THAT(exposed(w), Not(HasSubstr("backstop_review_due_timestamp_seconds")));
}

TEST(ServiceMetrics, AFailedRollbackLocksUntilAPersonUnlocks) {
  ShopWorld w;
  w.steps.script("/bin/execute", {Script::exits(3)});
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_phase(id, Phase::rollback_failed));
  EXPECT_THAT(exposed(w), HasSubstr(line("backstop_locked", "", "1")));
  EXPECT_THAT(exposed(w), HasSubstr(line("backstop_incidents_open", R"(acknowledged="false")", "1")));
  ASSERT_TRUE(w.command(Acknowledge{"I1", "on it", std::chrono::seconds(60)}).ok);
  EXPECT_THAT(exposed(w), HasSubstr(line("backstop_incidents_open", R"(acknowledged="true")", "1")));
  w.run(61);
  EXPECT_THAT(exposed(w), HasSubstr(line("backstop_incidents_open", R"(acknowledged="false")", "1")));
}

TEST(ServiceMetrics, ARollbackThatIsDecidedAndNotCarriedOutSaysWhatItWaitsFor) {
  ShopWorld asks(in_mode("confirm"));
  const std::string id = asks.ship("v2", 0.3);
  ASSERT_TRUE(asks.until_status(id, "awaiting_confirmation"));
  EXPECT_THAT(exposed(asks), HasSubstr(line("backstop_rollback_pending", R"(status="awaiting_confirmation")", "1")));
  ASSERT_TRUE(asks.command(AnswerConfirmation{id, "go", true}).ok);
  ASSERT_TRUE(asks.until_phase(id, Phase::rolling_back));
  EXPECT_THAT(exposed(asks), Not(HasSubstr("backstop_rollback_pending")));

  ShopWorld looks(in_mode("observe"));
  ASSERT_TRUE(looks.until_status(looks.ship("v2", 0.3), "observed"));
  EXPECT_THAT(exposed(looks), HasSubstr(line("backstop_rollback_pending", R"(status="observed")", "1")));
  EXPECT_THAT(exposed(looks), HasSubstr(R"(mode="observe")"));
}

TEST(ServiceMetrics, AHoldOverAllHoldsEachService) {
  ShopWorld w;
  ASSERT_TRUE(w.command(Hold{"*", std::chrono::seconds(60), "lunch"}).ok);
  EXPECT_THAT(exposed(w), HasSubstr(line("backstop_held", "", "1")));
}

TEST(ServiceMetrics, APlanTellsItsPhaseItsTrafficAndWhetherAPersonMustSpeak) {
  RolloutWorld w;
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.until_at(id, "watch-some"));
  std::string text = exposed(w);
  EXPECT_THAT(text, HasSubstr(line("backstop_plan_phase", R"(phase="build")", "0")));
  EXPECT_THAT(text, HasSubstr(line("backstop_plan_phase", R"(phase="production")", "1")));
  EXPECT_THAT(text, HasSubstr(line("backstop_traffic_share_ratio", R"(side="green")", "0.1")));
  EXPECT_THAT(text, HasSubstr(line("backstop_plan_waits", R"(reason="paused")", "0")));
  EXPECT_THAT(text, HasSubstr(line("backstop_plan_waits", R"(reason="approval")", "0")));
  ASSERT_TRUE(w.command(PausePlan{id, "lunch"}).ok);
  EXPECT_THAT(exposed(w), HasSubstr(line("backstop_plan_waits", R"(reason="paused")", "1")));
  ASSERT_TRUE(w.command(ResumePlan{id, "back"}).ok);
  ASSERT_TRUE(w.until_phase(id, Phase::watching));
  text = exposed(w);
  EXPECT_THAT(text, HasSubstr(line("backstop_plan_phase", R"(phase="production")", "0"))) << "the plan is over";
  EXPECT_THAT(text, HasSubstr(line("backstop_traffic_share_ratio", R"(side="green")", "1")));
  w.error_share_of["v2"] = 0.3;
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
  EXPECT_THAT(exposed(w), HasSubstr(line("backstop_traffic_share_ratio", R"(side="green")", "0")));
}

TEST(ServiceMetrics, TrafficThatMayBeAnywhereIsNotTold) {
  RolloutWorld w;
  w.steps.script("/bin/route", {Script::exits(0, std::chrono::seconds(5))});
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.until([&] { return !w.deployment(id).traffic.known; }));
  EXPECT_THAT(exposed(w), Not(HasSubstr("backstop_traffic_share_ratio")));
}

TEST(ServiceMetrics, APlanThatWaitsForASignature) {
  std::string plan = RolloutWorld::kPlan;
  const std::string before = "      - {name: all, kind: traffic";
  plan.insert(plan.find(before), "      - {name: sign, kind: approve, role: TechLead}\n");
  RolloutWorld w(RolloutWorld::with_plan(plan));
  const std::string id = w.roll_out("v2");
  ASSERT_TRUE(w.until_at(id, "sign")) << id;
  w.run(2);
  EXPECT_THAT(exposed(w), HasSubstr(line("backstop_plan_waits", R"(reason="approval")", "1")));
}

TEST(ServiceMetrics, ANoticeThatNobodyTakesIsToldByItsAge) {
  ShopWorld w;
  w.notifier.failing = true;
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_phase(id, Phase::rolling_back));
  w.run(3);
  Time oldest = kNever;
  for (const auto& [key, entry] : w.app->state().outbox) oldest = std::min(oldest, entry.queued);
  EXPECT_THAT(exposed(w),
              HasSubstr("\nbackstop_notices_oldest_timestamp_seconds{channel=\"oncall\"} " + unix_time(oldest) + "\n"));
}

TEST(ServiceMetrics, AJournalThatCannotBeReadOrWrittenIsToldApart) {
  ShopWorld unwritable;
  unwritable.faulty->fail_at(unwritable.faulty->appends() + 1, 40);
  ASSERT_FALSE(unwritable.command(Hold{"*", std::chrono::seconds(60), "lunch"}).ok);
  EXPECT_THAT(exposed(unwritable), HasSubstr("\nbackstop_journal_fault{fault=\"unwritable\"} 1\n"));
  EXPECT_THAT(exposed(unwritable), HasSubstr("\nbackstop_acts 0\n"));

  ShopWorld unreadable;
  unreadable.kill();
  Record record;
  record.type = "of_the_future";
  record.actor = "backstopd";
  record.payload = Json::object();
  ASSERT_TRUE(unreadable.journal.append({&record, 1}).ok());
  unreadable.start();
  EXPECT_THAT(exposed(unreadable), HasSubstr("\nbackstop_journal_fault{fault=\"unreadable\"} 1\n"));
  EXPECT_THAT(exposed(unreadable), HasSubstr("\nbackstop_journal_fault{fault=\"unwritable\"} 0\n"));
}

} // namespace
} // namespace backstop
