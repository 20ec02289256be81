#include "tests/unit/daemon/shop_world.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// In which order notices of one incident go out, what an end overtakes, and what is told again.
namespace backstop {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

/// Answers each notice as the test says by a part of its key; keeps those it is to hang on.
class PickyNotifier final : public Notifier {
public:
  void send(const Notice& notice, Done done) override {
    tried.push_back(notice.key);
    for (const auto& [part, answer] : answers)
      if (notice.key.find(part) != std::string::npos) return done(answer);
    taken.push_back(notice.key);
    done({});
  }
  static Delivery not_now() { return {fail(Errc::io, "not now"), {}, ""}; }
  static Delivery never_so() { return {fail(Errc::refused, "never so"), std::chrono::minutes(10), ""}; }
  [[nodiscard]] std::ptrdiff_t count(const std::string& part) const {
    return std::count_if(taken.begin(), taken.end(),
                         [&](const std::string& key) { return key.find(part) != std::string::npos; });
  }
  std::map<std::string, Delivery> answers;
  std::vector<std::string> tried, taken;
};

/// Its answer comes when the test says.
class SlowNotifier final : public Notifier {
public:
  void send(const Notice&, Done done) override { under_way.push_back(std::move(done)); }
  std::vector<Done> under_way;
};

/// An outbox alone, over a ledger.
class OutboxTest : public ::testing::Test {
protected:
  OutboxTest() {
    config_.daemon.channels = {channel("it", config::ChannelType::command),
                               channel("alerts", config::ChannelType::alertmanager)};
    ledger_.add(IncidentOpened{"I1", "shop/production", "", "critical", "broken"}, now_);
  }
  static config::Channel channel(const std::string& name, config::ChannelType type) {
    config::Channel channel;
    channel.name = name;
    channel.type = type;
    return channel;
  }
  void queue(const std::string& event, const std::string& severity, const std::string& to = "it") {
    NoticeQueued notice;
    notice.key = "I1/" + event + "/" + to;
    notice.channel = to;
    notice.severity = severity;
    notice.incident = "I1";
    notice.body = Json::object().set("event", event);
    ledger_.add(std::move(notice), now_);
  }
  /// What is due is done, for so long.
  void run(int for_s) {
    for (int i = 0; i < for_s; ++i) {
      (void)outbox_.pump(now_);
      EXPECT_TRUE(ledger_.flush());
      now_ += seconds(1);
    }
  }

  Time now_ = time_from_us(1'767'225'600'000'000);
  MemoryJournal journal_;
  Ledger ledger_{
      journal_,
      [](const std::string&, const std::string&) -> Result<config::Service> { return fail(Errc::invalid, ""); },
      "boot"};
  PickyNotifier notifier_;
  config::Config config_;
  Outbox outbox_{ledger_, notifier_, config_};
};

TEST_F(OutboxTest, AnEndDoesNotGoBeforeItsBeginning) {
  notifier_.answers["/begun/"] = PickyNotifier::not_now();
  queue("begun", "critical");
  queue("over", "resolved");
  run(5);
  EXPECT_THAT(notifier_.taken, ElementsAre());
  notifier_.answers.clear();
  run(20);
  EXPECT_THAT(notifier_.taken, ElementsAre("I1/begun/it", "I1/over/it"));
}

TEST_F(OutboxTest, OneThatIsRefusedHoldsUpNobodyAndIsGivenUpByTheEnd) {
  notifier_.answers["/begun/"] = PickyNotifier::never_so();
  queue("begun", "critical");
  queue("worse", "critical");
  queue("over", "resolved");
  run(5);
  EXPECT_THAT(notifier_.taken, ElementsAre("I1/worse/it", "I1/over/it"));
  EXPECT_TRUE(ledger_.state().outbox.empty());
  ASSERT_EQ(ledger_.state().dead_letters.size(), 1U);
  EXPECT_EQ(ledger_.state().dead_letters[0].error, "overtaken by I1/over/it: never so");
}

TEST_F(OutboxTest, OneThatIsRefusedIsTriedAgainAfterTenMinutes) {
  notifier_.answers["/begun/"] = PickyNotifier::never_so();
  queue("begun", "critical");
  run(610);
  EXPECT_EQ(notifier_.tried.size(), 2U);
}

TEST_F(OutboxTest, NobodyWaitsForMoreThanFiveMinutes) {
  notifier_.answers["/begun/"] = PickyNotifier::not_now();
  queue("begun", "critical");
  queue("worse", "critical");
  run(299);
  EXPECT_THAT(notifier_.taken, ElementsAre());
  run(3);
  EXPECT_THAT(notifier_.taken, ElementsAre("I1/worse/it"));
}

TEST_F(OutboxTest, WhatToWaitCountsFromTheAnswerThoughNothingWasDueMeanwhile) {
  SlowNotifier slow;
  Outbox outbox(ledger_, slow, config_);
  queue("begun", "critical");
  (void)outbox.pump(now_);
  ASSERT_TRUE(ledger_.flush());
  ASSERT_EQ(slow.under_way.size(), 1U);
  const Time answered = now_ + seconds(9);
  slow.under_way.front()({fail(Errc::io, "answered 429"), seconds(3), "", answered});
  EXPECT_EQ(outbox.pump(answered), answered + seconds(3));
  ASSERT_TRUE(ledger_.flush());
  EXPECT_EQ(slow.under_way.size(), 1U);
  (void)outbox.pump(answered + seconds(3));
  ASSERT_TRUE(ledger_.flush());
  ASSERT_EQ(slow.under_way.size(), 2U);
  slow.under_way.back()({{}, {}, "", answered + seconds(4)});
  ASSERT_TRUE(ledger_.flush());
  EXPECT_EQ(journal_.records().back().type, NoticeEnded::kType);
  EXPECT_EQ(journal_.records().back().time, answered + seconds(4));
}

TEST_F(OutboxTest, AnotherChannelDoesNotWait) {
  notifier_.answers["/begun/it"] = PickyNotifier::not_now();
  queue("begun", "critical");
  queue("over", "resolved", "alerts");
  run(1);
  EXPECT_THAT(notifier_.taken, ElementsAre("I1/over/alerts"));
}

TEST_F(OutboxTest, AnOpenIncidentIsToldAgainWithoutARecordUntilItIsOver) {
  queue("begun", "critical", "alerts");
  queue("begun", "critical");
  run(2);
  const std::size_t records = journal_.records().size();
  run(184);
  EXPECT_EQ(notifier_.count("/alerts"), 4) << "at once, and each minute";
  EXPECT_EQ(notifier_.count("/it"), 1) << "others are told once";
  EXPECT_EQ(journal_.records().size(), records);
  ledger_.add(IncidentResolved{"I1", "mended"}, now_);
  queue("over", "resolved", "alerts");
  run(200);
  EXPECT_EQ(notifier_.count("/begun/alerts"), 4);
  EXPECT_EQ(notifier_.taken.back(), "I1/over/alerts");
}

TEST_F(OutboxTest, AfterARestartOpenOnesAreToldAtOnce) {
  queue("begun", "critical", "alerts");
  run(2);
  Ledger again{
      journal_,
      [](const std::string&, const std::string&) -> Result<config::Service> { return fail(Errc::invalid, ""); },
      "boot"};
  ASSERT_TRUE(again.recover());
  Outbox restarted{again, notifier_, config_};
  (void)restarted.pump(now_);
  ASSERT_TRUE(again.flush());
  EXPECT_EQ(notifier_.count("/begun/alerts"), 2);
}

TEST_F(OutboxTest, ARepeatThatIsNotTakenIsToldOnceAndAgainWhenItIs) {
  std::vector<std::string> told;
  outbox_.on_repeat = [&](const std::string& channel, const std::string& why) { told.push_back(channel + ": " + why); };
  queue("begun", "critical", "alerts");
  run(1);
  notifier_.answers["/begun/"] = PickyNotifier::not_now();
  run(200);
  EXPECT_THAT(told, ElementsAre("alerts: not now"));
  notifier_.answers.clear();
  run(100);
  EXPECT_THAT(told, ElementsAre("alerts: not now", "alerts: "));
}

TEST(OutboxOfTheApp, SaysWhatWasMeasuredWhatWasDoneAndWhatIsToBeDone) {
  ShopWorld w;
  ASSERT_TRUE(w.until_phase(w.ship("v2", 0.3), Phase::rolled_back_verified));
  w.run(2);
  for (const Notice& notice : w.notifier.delivered) {
    if (notice.key.find("/rolled_back/") == std::string::npos) continue;
    const Json body = Json::parse(notice.body).value_or({});
    EXPECT_EQ(body.text("environment"), "production");
    EXPECT_EQ((*body["numbers"].as_array())[0].text("limit"), "> 5%");
    EXPECT_THAT(body.text("did"), HasSubstr("rolled back v2 to v1"));
    EXPECT_THAT(body.text("todo"), HasSubstr("review the incident by 2026-01-02T"));
    EXPECT_EQ(body.text("incident_began_as"), "critical");
    return;
  }
  FAIL() << "nobody was told";
}

TEST(OutboxOfTheApp, AnUnlockedServiceEndsItsIncidentOutsideToo) {
  ShopWorld w;
  w.steps.script("/bin/execute", {ScriptedStepRunner::Script::exits(3)});
  ASSERT_TRUE(w.until_phase(w.ship("v2", 0.3), Phase::rollback_failed));
  w.command(Unlock{"shop", "mended by hand", "", true}, "uid:7(ann)");
  w.run(2);
  EXPECT_THAT(w.told("/unlocked/"), HasSubstr("resolved: shop/production: unlocked by uid:7(ann)"));
}

TEST(OutboxOfTheApp, AnAcknowledgementIsTold) {
  ShopConfig config;
  config.mode = "observe";
  ShopWorld w(config);
  ASSERT_TRUE(w.until_status(w.ship("v2", 0.3), "observed"));
  w.command(Acknowledge{"I1", "looking", {}}, "uid:7(ann)");
  w.run(1);
  EXPECT_THAT(w.told("/acknowledged."), HasSubstr("info: shop/production: I1 is acknowledged by uid:7(ann): looking"));
}

} // namespace
} // namespace backstop
