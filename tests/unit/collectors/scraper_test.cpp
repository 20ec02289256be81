#include "collectors/scraper.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

/// When targets are read, and what of an answer arrives: the Scraper over probes that answer when the test says so.
namespace backstop {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

const Time kStart = time_from_us(1'767'225'600'000'000);

/// A target whose answer the test gives.
class HeldProbe final : public Probe {
public:
  void start(Done done) override {
    ++started;
    EXPECT_FALSE(done_) << "started while a read was under way";
    done_ = std::move(done);
    if (at_once) answer(*at_once);
  }
  void answer(Result<ProbeAnswer> a) {
    const Done done = std::exchange(done_, nullptr);
    ASSERT_TRUE(done);
    done(std::move(a));
  }
  void on_change(std::function<void()> changed) override { change = std::move(changed); }
  int started = 0;
  std::optional<Result<ProbeAnswer>> at_once;
  std::function<void()> change; ///< it was told of one

private:
  Done done_;
};

ProbeAnswer text(const std::string& body) { return ExpositionAnswer{body, "text/plain"}; }

/// A service whose targets are read by HeldProbes, in virtual time.
struct Service {
  explicit Service(int targets, Duration interval = seconds(1)) {
    std::vector<ScrapeTarget> list;
    for (int i = 0; i < targets; ++i) {
      auto probe = std::make_unique<HeldProbe>();
      probes.push_back(probe.get());
      list.push_back({0,
                      static_cast<std::uint32_t>(i),
                      interval,
                      {{*Selector::parse("up"), SeriesKind::gauge, false}},
                      100,
                      std::move(probe)});
    }
    scraper = std::make_unique<Scraper>(
        "shop/production", std::move(list), kStart, [this] { return now; },
        [this](Scrape& s) { scrapes.push_back(s); });
  }
  /// Ticks whenever the scraper asks for it, until `to` after the start.
  void run(Duration to) {
    while (next <= kStart + to) {
      now = std::max(now, next);
      next = scraper->tick(now);
    }
    now = kStart + to;
  }
  std::vector<HeldProbe*> probes;
  std::vector<Scrape> scrapes;
  Time now = kStart, next = kStart;
  std::unique_ptr<Scraper> scraper;
};

TEST(Scraper, ReadsATargetAtItsInterval) {
  Service s(1);
  s.probes[0]->at_once = text("up 1\n");
  s.run(seconds(10));
  ASSERT_EQ(s.scrapes.size(), 10U);
  for (std::size_t i = 1; i < s.scrapes.size(); ++i) EXPECT_EQ(s.scrapes[i].t - s.scrapes[i - 1].t, seconds(1));
  EXPECT_EQ(s.scrapes[0].samples.size(), 1U);
}

ScrapeTarget target_of(std::uint32_t target, std::unique_ptr<HeldProbe> probe) {
  return {0, target, seconds(1), {{*Selector::parse("up"), SeriesKind::gauge, false}}, 100, std::move(probe)};
}

TEST(Scraper, ATargetThatLeftIsReadNoMoreAndHasItsSeriesWhenItComesBack) {
  Service s(2);
  for (HeldProbe* probe : s.probes) probe->at_once = text("up{a=\"1\"} 1\nup{a=\"2\"} 1\n");
  s.run(seconds(2));
  s.scraper->remove(0, 1);
  s.scraper->poke(0, 1);
  s.scrapes.clear();
  s.next = s.now;
  s.run(seconds(4));
  ASSERT_EQ(s.scrapes.size(), 2U);
  EXPECT_EQ(s.scrapes[0].target, 0U);

  s.probes[1]->at_once = text("up{a=\"2\"} 1\n");
  s.scraper->add(target_of(1, std::make_unique<HeldProbe>()), s.now, false);
  s.scrapes.clear();
  s.next = s.now;
  s.run(seconds(5));
  const auto back = std::find_if(s.scrapes.begin(), s.scrapes.end(), [](const Scrape& x) { return x.target == 1; });
  ASSERT_NE(back, s.scrapes.end()) << "its probe goes on: it may count";
  ASSERT_EQ(back->samples.size(), 1U);
  EXPECT_EQ(back->samples[0].series, 1U);
  EXPECT_TRUE(back->named.empty());
}

TEST(Scraper, AnotherTargetAtAPlaceHasSeriesOfItsOwn) {
  Service s(1);
  s.probes[0]->at_once = text("up NaN\n");
  s.run(seconds(1));
  auto probe = std::make_unique<HeldProbe>();
  probe->at_once = text("up 1\n");
  s.scraper->add(target_of(0, std::move(probe)), s.now, true);
  s.scrapes.clear();
  s.next = s.now;
  s.run(seconds(2));
  ASSERT_FALSE(s.scrapes.empty());
  EXPECT_EQ(s.scrapes[0].named.size(), 1U) << "it is told of anew";
  EXPECT_EQ(s.scraper->dropped().of(DropReason::nan), 1U) << "what was dropped before stays counted";
}

TEST(Scraper, AReadUnderWayGoesWithATargetThatIsReplaced) {
  Service s(1);
  s.run(seconds(1));
  EXPECT_EQ(s.probes[0]->started, 1);
  s.scraper->remove(0, 0);
  auto probe = std::make_unique<HeldProbe>();
  HeldProbe* held = probe.get();
  s.scraper->add(target_of(0, std::move(probe)), s.now, true);
  s.next = s.now;
  s.run(seconds(2));
  EXPECT_EQ(held->started, 1) << "it waits for nothing of the one before";
}

TEST(Scraper, SpreadsTheStartsOfManyTargetsOverTheInterval) {
  Service s(40);
  s.run(seconds(1));
  for (const HeldProbe* probe : s.probes) EXPECT_EQ(probe->started, 1);
  for (HeldProbe* probe : s.probes) probe->answer(text("up 1\n"));
  std::map<std::int64_t, int> tenths;
  for (const Scrape& scrape : s.scrapes) ++tenths[(scrape.t - kStart) / milliseconds(100)];
  EXPECT_GE(tenths.size(), 7U);
}

TEST(Scraper, OneReadAtATimeATargetAndTheOthersGoOn) {
  Service s(2);
  s.probes[1]->at_once = text("up 1\n");
  s.run(seconds(5));
  EXPECT_EQ(s.probes[0]->started, 1) << "its first read never came back";
  EXPECT_EQ(s.scrapes.size(), 5U);
  s.probes[0]->answer(text("up 1\n"));
  const Time first = s.scrapes.back().t;
  EXPECT_LT(first, kStart + seconds(1)) << "values hold for the time at which they were asked for";
  EXPECT_EQ(s.scrapes.back().arrived, kStart + seconds(5));
  s.run(seconds(6));
  EXPECT_EQ(s.probes[0]->started, 2);
  s.probes[0]->answer(text("up 1\n"));
  EXPECT_EQ((s.scrapes.back().t - first) % seconds(1), Duration{}) << "the grid is kept";
}

TEST(Scraper, AReadThatStartsALittleLateCountsAsOnTime) {
  Service s(1, seconds(10));
  s.probes[0]->at_once = text("up 1\n");
  s.next = s.scraper->tick(kStart); // due later, unless by chance now
  const Time due = s.next;
  s.now = due + milliseconds(30);
  s.scraper->tick(s.now);
  EXPECT_EQ(s.scrapes.back().t, due);
  s.now = due + seconds(10) + milliseconds(400);
  s.scraper->tick(s.now);
  EXPECT_EQ(s.scrapes.back().t, s.now) << "too late to be called on time";
}

TEST(Scraper, ATargetThatIsToldOfAChangeIsReadAtOnce) {
  Service s(2);
  for (HeldProbe* probe : s.probes) probe->at_once = text("up 1\n");
  s.run(seconds(2) + milliseconds(1));
  const Time grid = s.scrapes.back().t;
  s.scrapes.clear();
  s.probes[1]->change();
  ASSERT_EQ(s.scrapes.size(), 1U);
  EXPECT_EQ(s.scrapes[0].target, 1U);
  EXPECT_EQ(s.scrapes[0].t, s.now);
  s.run(seconds(3));
  ASSERT_EQ(s.scrapes.size(), 3U) << "and at its interval as before";
  EXPECT_EQ((s.scrapes.back().t - grid) % seconds(1), Duration{});
}

TEST(Scraper, OneTargetCanBeAskedForNow) {
  Service s(2);
  for (HeldProbe* probe : s.probes) probe->at_once = text("up 1\n");
  s.run(seconds(1));
  s.scrapes.clear();
  s.scraper->poke(0, 1);
  ASSERT_EQ(s.scrapes.size(), 1U);
  EXPECT_EQ(s.scrapes[0].target, 1U);
  s.scraper->poke(7, 1);
  EXPECT_EQ(s.scrapes.size(), 1U) << "there is no such target";
}

TEST(Scraper, AskedForWhileItIsReadItIsReadOnceMore) {
  Service s(1);
  s.run(seconds(1));
  ASSERT_EQ(s.probes[0]->started, 1);
  for (int i = 0; i < 5; ++i) s.scraper->poke(0, 0);
  EXPECT_EQ(s.probes[0]->started, 1);
  s.probes[0]->answer(text("up 1\n"));
  EXPECT_EQ(s.probes[0]->started, 2);
  s.probes[0]->answer(text("up 0\n"));
  EXPECT_EQ(s.probes[0]->started, 2) << "that was it";
  ASSERT_EQ(s.scrapes.size(), 2U);
  EXPECT_EQ(s.scrapes[1].t, s.now);
}

TEST(Scraper, TimesIncreaseThoughAReadAskedForCameBetweenDueTimeAndTick) {
  Service s(1, seconds(10));
  s.probes[0]->at_once = text("up 1\n");
  s.next = s.scraper->tick(kStart);
  s.now = s.next + milliseconds(20);
  s.scraper->poke(0, 0);
  s.scraper->poke(0, 0);
  s.scraper->tick(s.now);
  ASSERT_GE(s.scrapes.size(), 3U);
  for (std::size_t i = 1; i < s.scrapes.size(); ++i) EXPECT_GT(s.scrapes[i].t, s.scrapes[i - 1].t);
}

TEST(Scraper, AFailedReadIsAScrapeThatSaysWhy) {
  Service s(1);
  s.probes[0]->at_once = text("up 1\n");
  s.run(seconds(1));
  s.probes[0]->at_once = fail(Errc::io, "connection refused");
  s.run(seconds(2));
  ASSERT_EQ(s.scrapes.size(), 2U);
  EXPECT_EQ(s.scrapes[1].health, ScrapeHealth::error);
  EXPECT_EQ(s.scrapes[1].why, "connection refused");
  EXPECT_TRUE(s.scrapes[1].samples.empty()) << "nothing of the read before";
}

TEST(Scraper, AnUnreadableAnswerNamesThePlace) {
  Service s(1);
  s.probes[0]->at_once = text("up 1\nup{ 2\n");
  s.run(seconds(1));
  EXPECT_EQ(s.scrapes.at(0).health, ScrapeHealth::error);
  EXPECT_THAT(s.scrapes.at(0).why, HasSubstr("line 2"));
}

TEST(Scraper, WhatIsMissingInAGoodReadIsNotedUntilItIsThere) {
  Service s(1);
  s.probes[0]->at_once = ProbeAnswer{SamplesAnswer{{{"up", {}, 1}}, "unit shop.service does not run"}};
  s.run(seconds(1));
  EXPECT_EQ(s.scrapes.at(0).health, ScrapeHealth::ok);
  EXPECT_EQ(s.scrapes.at(0).samples.size(), 1U);
  EXPECT_EQ(s.scrapes.at(0).note, "unit shop.service does not run");
  s.probes[0]->at_once = ProbeAnswer{SamplesAnswer{{{"up", {}, 1}}, ""}};
  s.run(seconds(2));
  EXPECT_EQ(s.scrapes.at(1).note, "");
}

} // namespace
} // namespace backstop
