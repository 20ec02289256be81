// Who hears of what, when, and in which words.
#include "tests/unit/daemon/shop_world.hpp"
#include <gmock/gmock.h>

namespace backstop {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// Channels pager and chat, and what more is to be.
void configure(ShopWorld& w, const std::function<void(config::Notify&)>& more) {
  w.configure([more](config::Daemon& daemon) {
    daemon.channels.clear();
    for (const char* name : {"pager", "chat"}) {
      config::Channel channel;
      channel.name = name;
      channel.type = config::ChannelType::command;
      channel.argv = {"/bin/notify"};
      daemon.channels.push_back(channel);
    }
    daemon.notify = {};
    more(daemon.notify);
  });
}

config::Route route(std::vector<std::string> severities, std::vector<std::string> to) {
  config::Route r;
  r.severities = std::move(severities);
  r.to = std::move(to);
  return r;
}

/// An open incident in mode observe: v2 is bad and nothing is done.
std::string open_incident(ShopWorld& w) {
  const std::string id = w.ship("v2", 0.3);
  EXPECT_TRUE(w.until_status(id, "observed"));
  w.run(2);
  return "I1";
}

TEST(Notify, RoutesSayWhoHearsAndWhoHeardHearsTheEnd) {
  ShopWorld w;
  configure(w, [](config::Notify& n) { n.routes = {route({"critical"}, {"pager"}), route({"info"}, {"chat"})}; });
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
  w.run(2);
  EXPECT_THAT(w.told("/rolled_back/pager"), HasSubstr("resolved: "));
  EXPECT_EQ(w.told("/rolled_back/chat"), "");
  ASSERT_TRUE(w.until_phase(w.ship("v3"), Phase::succeeded));
  w.run(2);
  EXPECT_THAT(w.told("/kept/chat"), HasSubstr("info: "));
  EXPECT_EQ(w.told("/kept/pager"), "");
}

TEST(Notify, WhoHeardOfAnIncidentHearsOfItsEndWhateverRoutesSayBythen) {
  ShopConfig config;
  config.mode = "observe";
  ShopWorld w(config);
  configure(w, [](config::Notify& n) { n.routes = {route({"alert"}, {"pager"})}; });
  open_incident(w);
  EXPECT_THAT(w.told("/decision."), HasSubstr("alert: "));
  configure(w, [](config::Notify& n) { n.routes = {route({}, {"chat"})}; });
  ASSERT_TRUE(w.command(AcceptNow{"shop", "known"}, "uid:7(ann)").ok);
  w.run(2);
  EXPECT_THAT(w.told("/kept/pager"), HasSubstr("resolved: "));
  EXPECT_THAT(w.told("/kept/chat"), HasSubstr("resolved: "));
}

TEST(Notify, UnacknowledgedGoesToTheNextOneOnceAlsoAcrossARestart) {
  ShopConfig config;
  config.mode = "observe";
  config.bake = "for: 24h, good_after: 20s, deploy_timeout: 30s";
  ShopWorld w(config);
  configure(w, [](config::Notify& n) {
    n.roles = {{"TechLead", {"chat"}}};
    n.routes = {route({}, {"pager"})};
    n.escalate = {{minutes(2), {"TechLead"}}};
    n.repeat_interval = minutes(5);
  });
  open_incident(w);
  w.run(100);
  EXPECT_EQ(w.told("/escalated."), "");
  w.run(30);
  EXPECT_THAT(w.told("/escalated.1/chat"), HasSubstr("alert: NOBODY ACKNOWLEDGED for 2m: "));
  EXPECT_EQ(w.told("/escalated.1/pager"), "");
  w.start();
  w.run(120);
  EXPECT_EQ(w.journal.of_type("notice_queued").size(), 2U) << "the decision and the escalation, nothing twice";
  w.run(240);
  EXPECT_THAT(w.told("/repeat.1/pager"), HasSubstr("STILL OPEN after"));
  EXPECT_EQ(w.told("/repeat.2/"), "");
}

TEST(Notify, AnAcknowledgedIncidentIsQuiet) {
  ShopConfig config;
  config.mode = "observe";
  config.bake = "for: 24h, good_after: 20s, deploy_timeout: 30s";
  ShopWorld w(config);
  configure(w, [](config::Notify& n) {
    n.escalate = {{minutes(1), {"chat"}}};
    n.repeat_interval = minutes(1);
  });
  const std::string incident = open_incident(w);
  ASSERT_TRUE(w.command(Acknowledge{incident, "looking", {}}, "uid:7(ann)").ok);
  w.run(600);
  EXPECT_EQ(w.told("/escalated."), "");
  EXPECT_EQ(w.told("/repeat."), "");
}

TEST(Notify, TheReviewOfARollbackIsAskedFor) {
  ShopWorld w;
  configure(w, [](config::Notify&) {});
  ASSERT_TRUE(w.until_phase(w.ship("v2", 0.3), Phase::rolled_back_verified));
  w.run(5);
  EXPECT_EQ(w.told("/review_"), "");
  w.now += hours(12);
  w.run(5);
  EXPECT_THAT(w.told("/review_due.50/chat"), HasSubstr("info: shop/production: the review of I1 is due in "));
  w.now += hours(13);
  w.run(5);
  EXPECT_THAT(w.told("/review_overdue.1/chat"), HasSubstr("is OVERDUE"));
}

TEST(Notify, AReviewThatAPersonClosedIsAskedForNoMore) {
  ShopWorld w;
  configure(w, [](config::Notify&) {});
  const std::string id = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_phase(id, Phase::rolling_back));
  EXPECT_EQ(w.command(CloseReview{"I1", "a", "b"}, "uid:7(ann)").reason, "conflict") << "it is still open";
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
  w.run(5);
  EXPECT_TRUE(w.app->state().cared_for.contains("I1"));
  EXPECT_EQ(w.command(CloseReview{"I9", "a", "b"}, "uid:7(ann)").reason, "not_found");
  ASSERT_TRUE(w.command(CloseReview{"I1", "a slow query", "an index, and a test of it"}, "uid:7(ann)").ok);
  EXPECT_EQ(w.command(CloseReview{"I1", "a", "b"}, "uid:8(bob)").reason, "conflict");
  w.now += hours(40);
  w.run(5);
  EXPECT_EQ(w.told("/review_"), "");
  w.start();
  const IncidentState& incident = w.app->state().incidents.at("I1");
  EXPECT_EQ(incident.reviewed_by, "uid:7(ann)");
  EXPECT_EQ(incident.root_cause, "a slow query");
  EXPECT_EQ(incident.prevention, "an index, and a test of it");
  EXPECT_TRUE(w.app->state().cared_for.empty());
}

TEST(Notify, WhatIsNotCriticalWaitsForMoreAndLeavesAsOne) {
  ShopConfig config;
  config.mode = "observe";
  ShopWorld w(config);
  configure(w, [](config::Notify& n) { n.group_wait = seconds(30); });
  open_incident(w);
  EXPECT_EQ(w.told("/decision."), "") << "it waits";
  ASSERT_TRUE(w.command(AcceptNow{"shop", "known"}, "uid:7(ann)").ok);
  w.run(2);
  EXPECT_EQ(w.told("/decision."), "") << "the end says it too";
  EXPECT_THAT(w.told("/kept/pager"), HasSubstr("resolved: "));
  const auto& notices = w.notifier.delivered;
  ASSERT_FALSE(notices.empty());
  EXPECT_THAT(notices.back().body, AllOf(HasSubstr("\"earlier\":[\""), HasSubstr("NOT rolled back")));
  EXPECT_TRUE(w.app->state().dead_letters.empty());
}

TEST(Notify, WhatWaitedLeavesWhenItsTimeIsOver) {
  ShopConfig config;
  config.mode = "observe";
  ShopWorld w(config);
  configure(w, [](config::Notify& n) { n.group_wait = seconds(30); });
  open_incident(w);
  w.run(31);
  EXPECT_THAT(w.told("/decision."), HasSubstr("alert: "));
}

TEST(Notify, TheFirstLineIsInTheWordsThatWereConfigured) {
  ShopWorld w;
  configure(w, [](config::Notify& n) {
    n.texts = {
        {"rolled_back", "{service} ({environment}) is back on {previous_version}; was {version}, {incident}\nx"}};
  });
  ASSERT_TRUE(w.until_phase(w.ship("v2", 0.3), Phase::rolled_back_verified));
  w.run(2);
  EXPECT_THAT(w.told("/rolled_back/chat"), HasSubstr("resolved: shop (production) is back on v1; was v2, I1 x"));
  EXPECT_THAT(w.told("/rollback_started"), Not(HasSubstr("is back")));
}

TEST(Notify, ANoticeToNobodyIsNotTriedForEver) {
  ShopConfig config;
  config.mode = "observe";
  config.bake = "for: 24h, good_after: 20s, deploy_timeout: 30s";
  ShopWorld w(config);
  configure(w, [](config::Notify& n) {
    n.routes = {route({}, {})};
    n.repeat_interval = minutes(1);
  });
  open_incident(w);
  w.run(120);
  EXPECT_TRUE(w.notifier.delivered.empty());
  EXPECT_GT(w.app->next_due(), w.now);
}

} // namespace
} // namespace backstop
