// A journal that cannot be read or written: observe, page, and never guess.
#include "tests/unit/daemon/shop_world.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace backstop {
namespace {

using testing::HasSubstr;

/// A record of a newer program, as after a downgrade.
void spoil(MemoryJournal& journal) {
  Record record;
  record.type = "of_the_future";
  record.actor = "backstopd";
  record.payload = Json::object();
  if (!journal.append({&record, 1})) throw std::runtime_error("not appended");
}

TEST(Degraded, AJournalItCannotReadMakesItObserveAndPage) {
  ShopWorld w;
  const std::string id = w.ship("v2", 0.3);
  w.kill();
  spoil(w.journal);
  const std::size_t records = w.journal.records().size();
  w.start();
  EXPECT_THAT(w.load_error, HasSubstr("of_the_future"));
  w.run(100);
  EXPECT_FALSE(w.app->degraded().empty());
  EXPECT_TRUE(w.steps.log.empty()) << "critical all the time, and nothing is done";
  EXPECT_EQ(w.journal.records().size(), records) << "nothing is written behind what it cannot read";
  EXPECT_THAT(w.told("unrecorded"), HasSubstr("critical: backstopd only observes: "));
  EXPECT_EQ(w.notifier.delivered_events("unrecorded"), 1) << "told once, not again and again";
}

TEST(Degraded, ItMeasuresOnAndRefusesOrders) {
  ShopWorld w;
  w.kill();
  spoil(w.journal);
  w.start();
  w.error_share_of["v1"] = 0.3;
  w.run(20);
  EXPECT_EQ(w.app->watches().at(ShopWorld::kShop)->last.level, Level::critical) << "status still shows it";
  for (const Reply& reply : {w.begin("shop", "v2"), w.adopt("shop", "v1"), w.command(RollBackNow{"shop", "now"})}) {
    EXPECT_EQ(reply.reason, "journal");
    EXPECT_THAT(reply.why, HasSubstr("of_the_future"));
    EXPECT_FALSE(reply.how.empty());
  }
}

TEST(Degraded, AJournalThatCanBeOpenedLaterIsGoneOnFrom) {
  ShopWorld w;
  const std::string id = w.ship("v2", 0.3);
  w.kill();
  w.prepare_start = [&] { w.faulty->close(true); };
  w.start();
  w.run(10);
  EXPECT_THAT(w.app->degraded(), HasSubstr("cannot be opened"));
  w.app->on_config(w.app->config(), w.now); // a reload meanwhile
  EXPECT_TRUE(w.steps.log.empty());
  EXPECT_TRUE(w.journal.of_type("config_applied").empty());

  w.faulty->close(false);
  ASSERT_TRUE(w.app->load());
  w.app->resume(w.now, "test", Duration{});
  EXPECT_EQ(w.app->degraded(), "");
  EXPECT_TRUE(w.until_phase(id, Phase::rolled_back_verified))
      << "what began before is judged, not " << name_of(w.phase(id));
  EXPECT_EQ(w.executed("shop"), 1);
  EXPECT_EQ(w.journal.of_type("daemon_started").size(), 2U) << "one for each start that found its journal";
}

TEST(Degraded, APageThatIsNotDeliveredIsTriedAgain) {
  ShopWorld w;
  w.kill();
  spoil(w.journal);
  w.notifier.failing = true;
  w.start();
  w.run(5);
  EXPECT_EQ(w.notifier.delivered_events("unrecorded"), 0);
  w.notifier.failing = false;
  EXPECT_TRUE(w.until([&] { return w.notifier.delivered_events("unrecorded") == 1; }, 120));
}

TEST(Degraded, WhileTheDiskIsFullNothingIsDoneAndAfterwardsAllOfIt) {
  ShopWorld w;
  const std::string id = w.ship("v2", 0.3);
  w.faulty->fail_at(w.faulty->appends() + 1, 40);
  w.run(20);
  EXPECT_TRUE(w.steps.log.empty()) << "not a step before its record is on the disk";
  EXPECT_THAT(w.told("unrecorded"), HasSubstr("no space left"));
  const Reply reply = w.command(Hold{"shop", std::chrono::seconds(60), "x"});
  EXPECT_EQ(reply.reason, "journal");
  ASSERT_TRUE(w.until_phase(id, Phase::rolled_back_verified));
  EXPECT_EQ(w.ran("/bin/execute"), 1);
  EXPECT_TRUE(w.app->degraded().empty());
}

} // namespace
} // namespace backstop
