/// Which records go once they are old (journal.keep), and that what is known stays the same without them.
#include "daemon/chain_audit.hpp"
#include "daemon/codec.hpp"
#include "daemon/frozen_config.hpp"
#include "daemon/kept_state.hpp"
#include "daemon/views.hpp"
#include "tests/unit/daemon/shop_world.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>

namespace backstop {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Retention::Limits kAtOnce{3, Duration{}, Duration{}};

/// All that a state says, as text.
std::string picture_of(const State& state) {
  Json all = Json::object();
  Json services = Json::array(), deployments = Json::array(), incidents = Json::array(), decisions = Json::array();
  for (const auto& [key, service] : state.services) services.push(to_json(kept_of(service)));
  for (const std::string& id : state.deployment_order)
    deployments.push(
        deployment_view(state, state.deployments.at(id), true).set("holds", state.deployments.at(id).held.size()));
  for (const std::string& id : state.incident_order) incidents.push(incident_view(state, state.incidents.at(id), true));
  for (const auto& [id, decision] : state.decisions) decisions.push(id);
  Json others = Json::array();
  for (const auto& [key, hold] : state.holds) others.push(key + hold.by + hold.reason);
  for (const auto& [key, entry] : state.outbox) others.push(key);
  for (const auto& [key, notice] : state.last_alarms) others.push(key.first + key.second + notice.key);
  for (const NoticeEnded& letter : state.dead_letters) others.push(letter.key);
  for (const std::string& id : state.open) others.push(id);
  for (const std::string& id : state.cared_for) others.push(id);
  for (const std::int64_t next : {state.next_deployment, state.next_incident, state.next_decision, state.next_notice})
    others.push(next);
  return all.set("services", services)
      .set("deployments", deployments)
      .set("incidents", incidents)
      .set("decisions", decisions)
      .set("others", others)
      .set("last", state.last_record)
      .set("boot", state.last_boot)
      .dump(1);
}

class OldJournal : public testing::Test {
protected:
  void SetUp() override {
    w.configure([](config::Daemon& daemon) { daemon.journal_keep = hours(48); });
  }
  void later(Duration more) {
    w.now += more;
    w.run(3);
  }
  /// As the daemon does, minute by minute; gives how many records went.
  std::size_t remove_old(Retention::Limits limits = kAtOnce) {
    const std::size_t before = w.journal.records().size(), said = w.journal.of_type("journal_compacted").size();
    for (bool more = true; more;) more = *w.app->keep_journal(w.now, limits);
    EXPECT_TRUE(w.app->keep_journal(w.now, {1'000'000, Duration{}, hours(24)})) << "lets go of what was recorded";
    const std::size_t added = w.journal.of_type("journal_compacted").size() > said ? 1 : 0;
    return before > w.journal.records().size() ? before - w.journal.records().size() : added;
  }
  [[nodiscard]] std::string recovered() const {
    Fold fold(read_frozen);
    const Status read = fold_journal(w.journal, fold);
    EXPECT_TRUE(read) << read.error().what;
    return picture_of(fold.state());
  }
  [[nodiscard]] std::vector<ChainFinding> findings() const {
    ChainAudit audit;
    for (const Record& r : w.journal.records()) audit.take(r, r.payload.dump(), hash_of(r));
    return audit.end();
  }
  /// Of every record that is left.
  [[nodiscard]] std::string subjects() const {
    std::string all;
    for (const Record& record : w.journal.records()) all += record.subject + " ";
    return all;
  }
  std::string rolled_back(const std::string& version) {
    const std::string id = w.ship(version, 0.3);
    EXPECT_TRUE(w.until_phase(id, Phase::rolled_back_verified)) << id;
    return id;
  }
  std::string kept(const std::string& version) {
    const std::string id = w.ship(version);
    EXPECT_TRUE(w.until_phase(id, Phase::succeeded)) << id;
    return id;
  }
  void review(const std::string& incident) { EXPECT_TRUE(w.command(CloseReview{incident, "a cause", "a test"}).ok); }
  ShopWorld w;
};

TEST_F(OldJournal, WhatIsOverAndOldGoes) {
  const std::string old = kept("v2");
  later(hours(30));
  kept("v3");
  later(hours(30));
  EXPECT_GT(remove_old(), 3U);
  EXPECT_THAT(subjects(), testing::Not(HasSubstr(old + " ")));
  EXPECT_EQ(w.app->state().deployment(old), nullptr);
  EXPECT_EQ(w.service().version, "v3");
  EXPECT_TRUE(w.service().versions.at("v2").good) << "it can still be gone back to";
  EXPECT_EQ(recovered(), picture_of(w.app->state()));
  EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(OldJournal, NothingGoesBeforeItsTime) {
  kept("v2");
  kept("v3");
  later(hours(47));
  EXPECT_EQ(remove_old(), 0U);
  EXPECT_THAT(w.journal.of_type("journal_compacted"), IsEmpty());
}

TEST_F(OldJournal, AFewRecordsAreNotWorthIt) {
  kept("v2");
  later(hours(100));
  EXPECT_EQ(remove_old({1000, Duration{}, Duration{}}), 0U);
}

TEST_F(OldJournal, TheNewestDeploymentOfAServiceStays) {
  kept("v2");
  const std::string newest = kept("v3");
  later(hours(1000));
  EXPECT_GT(remove_old(), 0U);
  ASSERT_NE(w.app->state().deployment(newest), nullptr);
  w.kill();
  w.start();
  w.run(10);
  ASSERT_TRUE(w.command(RollBackNow{ShopWorld::kShop, "a person says so"}).ok) << "it can still be rolled back";
  EXPECT_TRUE(w.until_phase(newest, Phase::rolled_back_verified));
  EXPECT_EQ(w.service().version, "v2");
}

TEST_F(OldJournal, AnIncidentStaysUntilItIsReviewed) {
  const std::string bad = rolled_back("v2");
  const std::string incident = w.deployment(bad).incident;
  kept("v3");
  kept("v4");
  later(hours(100));
  remove_old();
  ASSERT_TRUE(w.app->state().incidents.contains(incident));
  ASSERT_NE(w.app->state().deployment(bad), nullptr) << "and what it is about";
  EXPECT_EQ(recovered(), picture_of(w.app->state()));
  review(incident);
  later(hours(100));
  EXPECT_GT(remove_old(), 3U);
  EXPECT_FALSE(w.app->state().incidents.contains(incident));
  EXPECT_EQ(w.app->state().deployment(bad), nullptr);
  EXPECT_FALSE(w.service().versions.at("v2").good);
  EXPECT_TRUE(w.service().quarantine.contains("v2")) << "what it taught stays";
  EXPECT_EQ(recovered(), picture_of(w.app->state()));
  EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(OldJournal, IdsAreNeverGivenTwice) {
  const std::string bad = rolled_back("v2");
  review(w.deployment(bad).incident);
  const std::string last = kept("v3");
  later(hours(100));
  remove_old();
  const auto before = w.app->state().next_deployment;
  w.kill();
  w.start();
  EXPECT_EQ(w.app->state().next_deployment, before);
  EXPECT_EQ(w.app->state().next_incident, 2);
  w.run(10);
  EXPECT_GT(std::stoi(kept("v4").substr(1)), std::stoi(last.substr(1)));
}

TEST_F(OldJournal, NothingGoesWhileARollbackRuns) {
  kept("v2");
  kept("v3");
  later(hours(100));
  w.steps.script("/bin/execute", {ScriptedStepRunner::Script::exits(0, seconds(10))});
  const std::string id = w.ship("v4", 0.3);
  ASSERT_TRUE(w.until_phase(id, Phase::rolling_back));
  EXPECT_EQ(remove_old(), 0U);
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
  EXPECT_GT(remove_old(), 3U);
  EXPECT_EQ(recovered(), picture_of(w.app->state()));
}

TEST_F(OldJournal, OldRecordsGoWhileADeploymentIsWatched) {
  kept("v2");
  kept("v3");
  later(hours(100));
  const std::string id = w.ship("v4");
  ASSERT_EQ(w.phase(id), Phase::watching);
  EXPECT_GT(remove_old(), 3U);
  EXPECT_EQ(w.phase(id), Phase::watching);
  EXPECT_EQ(recovered(), picture_of(w.app->state()));
}

/// Reviews that nobody closes are asked for day by day: their records stay, and lie between all others.
TEST_F(OldJournal, OfTooManyStretchesTheYoungOnesWait) {
  rolled_back("v2");
  for (int i = 0; i < 12; ++i) {
    kept("v" + std::to_string(3 + i));
    later(hours(25));
  }
  later(hours(100));
  Retention::Limits few = kAtOnce;
  few.most_stretches = 3;
  EXPECT_GT(remove_old(few), 3U);
  EXPECT_LE(w.app->state().removed.size(), 3U);
  EXPECT_EQ(recovered(), picture_of(w.app->state()));
  EXPECT_THAT(findings(), IsEmpty());
  const std::size_t deployments = w.app->state().deployments.size();
  EXPECT_GT(remove_old(), 3U) << "what was left goes later";
  EXPECT_LT(w.app->state().deployments.size(), deployments);
  EXPECT_EQ(recovered(), picture_of(w.app->state()));
  EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(OldJournal, AfterKeepWasMadeLongerNothingGoesUntilItsTime) {
  for (const char* version : {"v2", "v3", "v4"}) kept(version);
  later(hours(100));
  EXPECT_GT(remove_old(), 3U);
  w.configure([](config::Daemon& daemon) { daemon.journal_keep = hours(10'000); });
  for (const char* version : {"v5", "v6", "v7"}) kept(version);
  later(hours(1000));
  EXPECT_EQ(remove_old(), 0U);
  later(hours(10'000));
  EXPECT_GT(remove_old(), 3U);
  EXPECT_EQ(recovered(), picture_of(w.app->state()));
  EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(OldJournal, WhatTheReportOfAKeptDeploymentTellsOfStays) {
  w.command(Hold{ShopWorld::kShop, hours(20), "a reason"});
  later(hours(2));
  const std::string bad = w.ship("v2", 0.3);
  ASSERT_TRUE(w.until_status(bad, "held"));
  w.command(Unhold{ShopWorld::kShop});
  ASSERT_TRUE(w.until_phase(bad, Phase::rolled_back_verified));
  for (const char* version : {"v3", "v4", "v5"}) kept(version);
  later(hours(100));
  EXPECT_GT(remove_old(), 3U);
  EXPECT_EQ(w.journal.of_type("hold_set").size(), 1U) << "it was in force when the deployment began";
  EXPECT_EQ(recovered(), picture_of(w.app->state()));
}

TEST_F(OldJournal, ThePlaceOfARecordIsTheSameForTheDaemonAndForARestart) {
  const std::string id = kept("v2");
  EXPECT_GT(w.deployment(id).record, 0U);
  const std::uint64_t record = w.deployment(id).record;
  w.kill();
  w.start();
  EXPECT_EQ(w.deployment(id).record, record);
}

TEST_F(OldJournal, ACrashAtAnyPointLosesNothing) {
  const std::string bad = rolled_back("v2");
  review(w.deployment(bad).incident);
  kept("v3");
  later(hours(100));
  const std::vector<Record> all = w.journal.records();
  for (int at = 0; at < 3; ++at) { // before it is recorded, after it, and after it was let go
    for (bool more = at == 1; more;) more = *w.app->keep_journal(w.now, kAtOnce);
    if (at == 2) {
      ASSERT_TRUE(w.app->keep_journal(w.now, {1'000'000, Duration{}, hours(24)}));
    }
    const std::string before = picture_of(w.app->state());
    EXPECT_EQ(recovered(), before) << at;
    EXPECT_THAT(findings(), IsEmpty()) << at;
  }
  EXPECT_LT(w.journal.records().size(), all.size());
}

TEST_F(OldJournal, WhatCannotBeWrittenIsTriedAgain) {
  kept("v2");
  kept("v3");
  later(hours(100));
  w.faulty->fail_at(w.faulty->appends() + 1, 1);
  for (bool more = true; more;) more = *w.app->keep_journal(w.now, kAtOnce);
  EXPECT_FALSE(w.app->degraded().empty());
  later(seconds(5));
  EXPECT_TRUE(w.app->degraded().empty());
  EXPECT_GT(remove_old({1'000'000, Duration{}, hours(24)}), 3U) << "it is let go once it is on the disk";
  EXPECT_EQ(recovered(), picture_of(w.app->state()));
}

/// Whatever happened: what is known after records went is what a restart finds in those that are left.
TEST_F(OldJournal, ARestartFindsWhatTheDaemonKnewAfterAnyHistory) {
  std::mt19937 random(20261128); // NOLINT(cert-msc51-cpp): the same each time
  const auto one_in = [&](int n) { return random() % static_cast<unsigned>(n) == 0; };
  std::size_t removed = 0;
  int version = 2;
  for (int round = 0; round < 60; ++round) {
    const std::string next = "v" + std::to_string(version++);
    w.execute_works = !one_in(6);
    const std::string id = w.ship(next, one_in(3) ? 0.3 : 0);
    if (id.starts_with("D")) {
      EXPECT_TRUE(w.until([&] { return is_final(w.phase(id)); }, 400)) << round;
    }
    if (w.locked()) {
      w.running = w.service().version;
      if (one_in(2)) w.command(Unlock{ShopWorld::kShop, "looked at", "", false});
    }
    if (one_in(4)) w.command(Hold{ShopWorld::kShop, hours(1), "a reason"});
    for (const auto& [name, incident] : w.app->state().incidents)
      if (incident.review_due != Time{} && incident.reviewed == Time{} && one_in(2)) {
        const std::string copy = name;
        review(copy);
        break;
      }
    later(hours(random() % 40));
    removed += remove_old();
    ASSERT_EQ(recovered(), picture_of(w.app->state())) << round;
    ASSERT_THAT(findings(), IsEmpty()) << round;
    if (one_in(5)) {
      w.kill();
      w.start();
      w.run(10);
    }
  }
  EXPECT_GT(removed, 500U);
}

TEST(KeptState, AServiceIsWhatItWas) {
  ServiceState service;
  service.key = "shop/production";
  service.version = "v9";
  service.deployment = "D4";
  service.locked_by = "D3";
  service.locked_why = "it failed";
  service.versions = {{"v8", {true, "verified good by D2", time_from_us(5)}}, {"v9", {false, "new", time_from_us(9)}}};
  service.good_order = {"v8"};
  service.quarantine = {{"v7", "bad"}};
  service.rollbacks = {time_from_us(3), time_from_us(4)};
  service.levels = {{"error_rate", "critical"}};
  service.game_day = GameDayState{time_from_us(2), "ana", "no preflight", false};
  config::TargetConfig target;
  target.url = "http://10.0.0.1/metrics";
  target.labels = {{"group", "canary"}};
  service.targets = {{"app", {target}}};
  service.settled = {{seconds(3), seconds(4)}};
  const KeptService kept = kept_of(service);
  KeptService read;
  ASSERT_TRUE(from_json(to_json(kept), read));
  EXPECT_EQ(to_json(kept_of(state_of(read))).dump(), to_json(kept).dump());
  EXPECT_EQ(state_of(read).targets.at("app").at(0).labels.at("group"), "canary");
  EXPECT_EQ(state_of(read).settled.at(0).breach, seconds(4));
}

TEST(KeptState, OfVeryManyVersionsThoseAreKeptThatMayMatter) {
  ServiceState service;
  service.version = "v1000";
  service.quarantine = {{"v1", "bad"}};
  for (int i = 1; i <= 1000; ++i) {
    service.versions["v" + std::to_string(i)] = {i % 10 == 0, "", time_from_us(i)};
    if (i % 10 == 0) service.good_order.push_back("v" + std::to_string(i));
  }
  const ServiceState kept = state_of(kept_of(service));
  EXPECT_EQ(kept.good_order.size(), 20U);
  EXPECT_EQ(kept.good_order.back(), "v1000");
  EXPECT_TRUE(kept.versions.contains("v1")) << "in quarantine";
  EXPECT_TRUE(kept.versions.contains("v951"));
  EXPECT_FALSE(kept.versions.contains("v949"));
  EXPECT_TRUE(kept.versions.contains("v810")) << "the twentieth good one";
  EXPECT_EQ(kept.versions.size(), 50U + 15U + 1U);
}

} // namespace
} // namespace backstop
