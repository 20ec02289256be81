#include "tests/fakes/app_world.hpp"
#include "tests/unit/daemon/shop_config.hpp"
#include <algorithm>
#include <gtest/gtest.h>

/// A journal that cannot be written for a while: each outage pages once, whatever else happens meanwhile.
namespace backstop {
namespace {

/// A journal out of order for `seconds`, with records waiting to be written.
void break_journal(AppWorld& w, int seconds) {
  w.faulty->fail_at(w.faulty->appends() + 1, 1'000'000);
  w.command(Hold{"shop/production", std::chrono::minutes(10), "kept"});
  w.run(seconds);
  w.faulty->fail_at(w.faulty->appends() + 1, 0);
  w.run(2);
}

class Paging : public testing::Test {
protected:
  Paging() {
    w.start();
    w.run(8);
    w.adopt("shop", "v1");
    w.run(2);
  }
  AppWorld w{{ShopConfig{}.text()}};
};

TEST_F(Paging, AnOutageIsPagedOnceHoweverLongItLasts) {
  break_journal(w, 120);
  EXPECT_EQ(w.notifier.delivered_events("unrecorded"), 1);
  EXPECT_TRUE(w.app->degraded().empty());
}

TEST_F(Paging, AnOutageWithoutScrapesIsPagedOnce) {
  w.faulty->fail_at(w.faulty->appends() + 1, 1'000'000);
  w.command(Hold{"shop/production", std::chrono::minutes(10), "kept"});
  for (int i = 0; i < 60; ++i) {
    w.now += std::chrono::seconds(1);
    w.app->on_tick(w.now);
  }
  EXPECT_EQ(w.notifier.attempts.size(), 1U);
}

TEST_F(Paging, AnOutageIsLoggedOnceAndTheJournalTriedOnceASecondWhateverIsScraped) {
  ShopConfig cart, search;
  cart.name = "cart", search.name = "search";
  AppWorld many({ShopConfig{}.text(), cart.text(), search.text()});
  many.start();
  many.run(8);
  const std::uint64_t before = many.faulty->appends();
  many.faulty->fail_at(before + 1, 1'000'000);
  many.command(Hold{"shop/production", std::chrono::minutes(10), "kept"});
  many.run(30);
  EXPECT_LE(many.faulty->appends() - before, 31U);
  const auto lines = [&](const char* text) {
    return std::count_if(many.log.lines.begin(), many.log.lines.end(),
                         [&](const std::string& line) { return line.find(text) != std::string::npos; });
  };
  EXPECT_EQ(lines("nothing is done until the journal can be written: journal.db: no space left"), 1);
  many.faulty->fail_at(many.faulty->appends() + 1, 0);
  many.run(2);
  EXPECT_EQ(lines("the journal can be written again"), 1);
  EXPECT_TRUE(many.app->state().holds.contains("shop/production"));
}

TEST_F(Paging, WhatIsLostByAStopIsLogged) {
  w.faulty->fail_at(w.faulty->appends() + 1, 1'000'000);
  w.command(Hold{"shop/production", std::chrono::minutes(10), "kept"});
  w.app->on_stop(w.now);
  EXPECT_EQ(w.log.lines.back().find("2 records could not be written and are lost: journal.db: no space left"), 0U)
      << w.log.lines.back();
}

TEST_F(Paging, AStopRightAfterTheJournalIsBackLosesNothing) {
  w.faulty->fail_at(w.faulty->appends() + 1, 1'000'000);
  w.command(Hold{"shop/production", std::chrono::minutes(10), "kept"});
  w.faulty->fail_at(w.faulty->appends() + 1, 0);
  w.app->on_stop(w.now);
  w.kill();
  w.start();
  EXPECT_TRUE(w.app->state().holds.contains("shop/production"));
}

TEST_F(Paging, ALaterOutageForTheSameReasonIsPagedAgain) {
  break_journal(w, 10);
  w.run(60);
  break_journal(w, 10);
  EXPECT_EQ(w.notifier.delivered_events("unrecorded"), 2);
}

TEST_F(Paging, AFlickeringJournalDoesNotFloodTheChannels) {
  for (int i = 0; i < 30; ++i) break_journal(w, 1);
  EXPECT_GE(w.notifier.delivered_events("unrecorded"), 2);
  EXPECT_LE(w.notifier.delivered_events("unrecorded"), 4) << "in one and a half minutes";
}

TEST_F(Paging, APageThatIsNotTakenIsSentAgain) {
  w.notifier.failing = true;
  w.faulty->fail_at(w.faulty->appends() + 1, 1'000'000);
  w.command(Hold{"shop/production", std::chrono::minutes(10), "kept"});
  w.run(100);
  EXPECT_EQ(w.notifier.attempts.size(), 4U) << "every 30 s";
  w.notifier.failing = false;
  w.run(100);
  EXPECT_EQ(w.notifier.delivered_events("unrecorded"), 1);
}

} // namespace
} // namespace backstop
