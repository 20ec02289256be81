#include "daemon/replay/decision_log.hpp"
#include "tests/fakes/app_world.hpp"
#include "tests/unit/replay/samples_text.hpp"
#include <algorithm>
#include <gtest/gtest.h>

/// A daemon that runs (every seam a fake, no replay in it) writes down what it scraped and what it was told; replayed,
/// that gives the bytes that the daemon's own journal gives.
namespace backstop::replay::test {
namespace {

class RecordedShop : public AppWorld {
public:
  explicit RecordedShop(const std::string& service) : AppWorld({service}), text_(service) {
    latency = std::chrono::milliseconds(37); // the replay knows when it was asked, not when the answer came
    start();
    app->on_evaluated = [this](const ServiceWatch&, const Scrape& scrape) { write(scrape); };
    run(1);
  }
  /// Between two scrapes, so that there is no doubt what comes first.
  void tell(const Command& command, const std::string& event_and_rest) {
    now += std::chrono::milliseconds(500);
    const Reply reply = AppWorld::command(command);
    if (!reply.ok) throw std::runtime_error(reply.why);
    events_ += R"({"t":)" + plain(to_seconds(now.time_since_epoch())) + R"(,"event":)" + event_and_rest + "}\n";
  }
  /// `finishes_late` from here on, timers are due between two scrapes, and fire only after the later one.
  void deploy(Duration finishes_late = {}) {
    tell(Adopt{"shop", "v1", "first"}, R"("adopt","version":"v1")");
    run(90);
    BeginDeployment begin;
    begin.service = "shop";
    begin.version = "v2";
    tell(begin, R"("begin","version":"v2")");
    run(3);
    now += finishes_late;
    tell(FinishDeployment{"D1"}, R"("finish")");
    now -= finishes_late;
  }
  void errors(double share, int seconds) {
    shops["shop/production"].error_share = share;
    run(seconds);
  }

  /// From the journal, up to the first RollBack that was carried out.
  [[nodiscard]] std::string live() const {
    DecisionLog decisions;
    std::string text;
    for (const Record& record : journal.records()) {
      const Result<Payload> payload = decode(record);
      if (!payload) throw std::runtime_error(payload.error().what);
      text += decisions.line_of(record, *payload);
      const auto* made = std::get_if<DecisionMade>(&*payload);
      if (made && made->status == "enforced") break;
    }
    return text;
  }
  [[nodiscard]] std::string replayed() const {
    const std::string samples = samples_ + "# EOF\n";
    Request request{service_of(text_), samples, "live.om", {}, {}, false};
    auto events = read_events(events_, "live.jsonl", request.service.key());
    if (!events) return events.error().what;
    request.events = *std::move(events);
    const Result<Outcome> outcome = replay(request);
    return outcome ? outcome->log : outcome.error().what;
  }

private:
  void write(const Scrape& scrape) {
    const std::string t = " " + plain(to_seconds(scrape.t.time_since_epoch())) + "\n";
    if (scrape.health == ScrapeHealth::error) {
      samples_ += R"(backstop_scrape{source="app",target="0",why=)" + Json(scrape.why).dump() + "} 0" + t;
      return;
    }
    samples_ += R"(backstop_scrape{source="app",target="0"} 1)" + t;
    for (const Sample& sample : scrape.samples) {
      if (sample.selector != 1) continue; // the total has all of them
      samples_ += std::string(R"(r{backstop_source="app",backstop_target="0",code=")") +
                  (sample.series == 0 ? "500" : "200") + "\"} " + plain(sample.value) + t;
    }
  }
  std::string text_, samples_, events_;
};

std::ptrdiff_t lines(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

TEST(LiveAndReplayed, ARollBackAfterUpsAndDowns) {
  RecordedShop shop(ShopConfig().text());
  shop.deploy();
  shop.errors(0.03, 12);
  shop.errors(0, 14);
  shop.errors(0.017, 5);
  shop.errors(0.13, 30);
  EXPECT_EQ(shop.replayed(), shop.live());
  EXPECT_GE(lines(shop.live()), 4);
  EXPECT_NE(shop.live().find(R"("decision":"RollBack")"), std::string::npos);
  EXPECT_FALSE(shop.app->state().in_phase(Phase::rolling_back).empty() && shop.phase("D1") == Phase::watching) << "it was carried out";
}

TEST(LiveAndReplayed, KeptToTheEnd) {
  RecordedShop shop(ShopConfig().text());
  shop.errors(0.03, 20);
  shop.errors(0.001, 30);
  shop.deploy();
  shop.errors(0.002, 62);
  EXPECT_EQ(shop.replayed(), shop.live());
  EXPECT_NE(shop.live().find(R"("decision":"Accept")"), std::string::npos);
}

TEST(LiveAndReplayed, KeptByATimerThatFiresLate) {
  RecordedShop shop(ShopConfig().text());
  shop.errors(0.001, 30);
  shop.deploy(std::chrono::milliseconds(300));
  shop.errors(0.002, 62);
  EXPECT_EQ(shop.replayed(), shop.live());
  EXPECT_NE(shop.live().find(R"("decision":"Accept")"), std::string::npos);
}

TEST(LiveAndReplayed, UndecidedByATimerThatFiresLate) {
  RecordedShop shop(ShopConfig().text());
  shop.deploy(std::chrono::milliseconds(300));
  shop.errors(0.001, 10);
  shop.shops["shop/production"].answers = false;
  shop.errors(0, 70);
  EXPECT_EQ(shop.replayed(), shop.live());
  EXPECT_NE(shop.live().find(R"("decision":"Undecided")"), std::string::npos);
}

TEST(LiveAndReplayed, ALevelThatOnlyWaitedForTheWarmUp) {
  std::string text = ShopConfig().text();
  const std::string table = "judge: {kind: table, warm_up: 2s}";
  text.replace(text.find(table), table.size(), "judge: {kind: sequential, warm_up: 20s, sustain: 5s}");
  RecordedShop shop(text);
  shop.errors(0.001, 60);
  shop.deploy(std::chrono::milliseconds(300));
  shop.errors(0.3, 60);
  EXPECT_EQ(shop.replayed(), shop.live());
  EXPECT_NE(shop.live().find(R"("level":"critical")"), std::string::npos);
  EXPECT_NE(shop.live().find(R"("decision":"RollBack")"), std::string::npos);
}

TEST(LiveAndReplayed, HeldAndWithoutDataForAWhile) {
  RecordedShop shop(ShopConfig().text());
  shop.deploy();
  shop.errors(0.001, 10);
  shop.shops["shop/production"].answers = false;
  shop.errors(0, 9);
  shop.shops["shop/production"].answers = true;
  shop.errors(0.02, 8);
  shop.tell(Hold{"shop", std::chrono::seconds(12), "sale"}, R"("hold","for_s":12,"reason":"sale")");
  shop.errors(0.21, 40);
  EXPECT_EQ(shop.replayed(), shop.live());
  EXPECT_GE(lines(shop.live()), 4);
}

TEST(LiveAndReplayed, UndecidedAsNothingAnswersAnyMore) {
  RecordedShop shop(ShopConfig().text());
  shop.deploy();
  shop.errors(0.001, 10);
  shop.shops["shop/production"].answers = false;
  shop.errors(0, 70);
  EXPECT_EQ(shop.replayed(), shop.live());
  EXPECT_NE(shop.live().find(R"("decision":"Undecided")"), std::string::npos);
}

} // namespace
} // namespace backstop::replay::test
