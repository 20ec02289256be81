#include "daemon/past_views.hpp"
#include "daemon/replay/decision_log.hpp"
#include "daemon/replay/past_deployment.hpp"
#include "daemon/replay/recorded_samples.hpp"
#include "daemon/replay/recording_text.hpp"
#include "tests/fakes/app_world.hpp"
#include "tests/unit/replay/samples_text.hpp"
#include <algorithm>
#include <gtest/gtest.h>

/// A daemon that runs in virtual time keeps what it sees; a deployment of it, fetched page by page and replayed, gives the
/// bytes that the daemon's own journal gives.
namespace backstop::replay::test {
namespace {

class FlownShop : public AppWorld {
public:
  explicit FlownShop(std::string service = ShopConfig().text()) : AppWorld({service}), text_(std::move(service)) {
    latency = std::chrono::milliseconds(37);
    start();
  }
  /// Between two scrapes, so that there is no doubt what comes first.
  Reply tell(const Command& command) {
    now += std::chrono::milliseconds(500);
    Reply reply = AppWorld::command(command);
    if (!reply.ok) throw std::runtime_error(reply.why);
    return reply;
  }
  void deploy(const std::string& version) {
    BeginDeployment begin;
    begin.service = "shop";
    begin.version = version;
    const std::string id = tell(begin).id;
    run(3);
    tell(FinishDeployment{id});
  }
  void errors(double share, int seconds) {
    shops[kShop].error_share = share;
    run(seconds);
  }

  /// From the journal: from the beginning of `id` up to the first RollBack that was carried out.
  [[nodiscard]] std::string live(const std::string& id) const {
    DecisionLog decisions;
    std::string text;
    bool begun = false;
    for (const Record& record : journal.records()) {
      const Result<Payload> payload = decode(record);
      const std::string line = decisions.line_of(record, *payload);
      begun = begun || (record.type == "deployment_begun" && record.subject == id);
      if (begun) text += line;
      const auto* made = std::get_if<DecisionMade>(&*payload);
      if (begun && made && made->status == "enforced") break;
    }
    return text;
  }
  [[nodiscard]] std::vector<KeptScrape> samples(const std::string& id) {
    std::vector<KeptScrape> scrapes;
    for (Time from{};;) {
      const Result<Json> page = samples_page(app->flight(), deployment(id), from);
      from = *read_samples_page(*Json::parse(page->dump()), kShop, scrapes);
      if (from == Time{}) return scrapes;
    }
  }
  [[nodiscard]] Result<PastDeployment> past(const std::string& id) const {
    std::vector<Record> records;
    for (std::uint64_t after = 0;;) {
      const Result<Json> page = records_page(journal, deployment(id), after);
      after = *read_records_page(*Json::parse(page->dump()), records);
      if (after == 0) return past_deployment(id, records, deployment(id).held);
    }
  }
  /// The log; or why there is none.
  [[nodiscard]] std::string replayed(const std::string& id, const std::string& service = "") {
    const std::vector<KeptScrape> scrapes = samples(id);
    Result<PastDeployment> told = past(id);
    if (!told) return told.error().what;
    start_at(*told, scrapes.front().t);
    const std::string text = openmetrics_of(scrapes);
    Request request{service_of(service.empty() ? told->config_text : service), text, "kept", told->events, {}, false};
    request.end = told->rolled_back ? told->rolled_back : told->ended;
    request.frozen = still_frozen(told->frozen, service_of(told->config_text), request.service);
    const Result<Outcome> outcome = replay(request);
    return outcome ? outcome->log : outcome.error().what;
  }
  static constexpr const char* kShop = "shop/production";

private:
  std::string text_;
};

std::ptrdiff_t lines(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

/// Critical at three times what was normal before, so that what was normal decides.
std::string by_baseline() {
  ShopConfig config;
  std::string text = config.text();
  const std::string from = "thresholds: {use: standard";
  text.replace(text.find(from), std::string::npos,
               "criteria: [{name: worse, indicator: error_rate, critical: \"> 3x baseline\", for: 3s}]\n"
               "procedures:\n  rollback:" +
                   config.steps);
  return text;
}

TEST(PastDeployment, IsJudgedByWhatWasFrozenNotByWhatIsLeftOfTheTimeBefore) {
  FlownShop shop(by_baseline());
  shop.run(5);
  shop.tell(Adopt{"shop", "v1", "first"});
  shop.errors(0.01, 100);
  shop.deploy("v2");
  shop.errors(0.2, 15); // rolled back: what it did is no baseline, though it lies in the half hour before D3
  shop.errors(0.01, 60);
  ASSERT_EQ(shop.phase("D1"), Phase::rolled_back_verified);
  shop.errors(0.01, 20);
  shop.deploy("v3");
  shop.errors(0.05, 20);
  EXPECT_NE(shop.live("D3").find(R"("decision":"RollBack")"), std::string::npos) << shop.live("D3");
  EXPECT_EQ(shop.replayed("D3"), shop.live("D3"));
}

TEST(PastDeployment, HoldsSignalsAndWordsOfAPersonAreInIt) {
  FlownShop shop;
  shop.run(5);
  shop.tell(Adopt{"shop", "v1", "first"});
  shop.tell(Hold{"*", std::chrono::hours(1), "sale"});
  shop.run(90);
  shop.deploy("v2");
  shop.errors(0.2, 12);
  shop.errors(0, 20);
  shop.tell(RaiseSignal{"shop", "data-corruption", "orders doubled"});
  shop.run(2);
  shop.tell(Unhold{"*"});
  shop.run(2);
  EXPECT_EQ(lines(shop.live("D1")), 8) << shop.live("D1");
  EXPECT_EQ(shop.replayed("D1"), shop.live("D1"));
}

TEST(PastDeployment, AcceptedByAPersonUnderHisName) {
  FlownShop shop;
  shop.run(5);
  shop.tell(Adopt{"shop", "v1", "first"});
  shop.run(90);
  shop.deploy("v2");
  shop.errors(0.002, 10);
  shop.tell(AcceptNow{"shop", "seen: by me"});
  shop.run(5);
  EXPECT_NE(shop.live("D1").find("accepted by uid:0(root): seen: by me"), std::string::npos);
  EXPECT_EQ(shop.replayed("D1"), shop.live("D1"));
}

TEST(PastDeployment, OverARestartAndOneWithARebootOfTheHost) {
  FlownShop shop;
  shop.run(5);
  shop.tell(Adopt{"shop", "v1", "first"});
  shop.run(90);
  shop.deploy("v2");
  shop.errors(0.03, 8);
  for (const char* boot : {"boot-1", "boot-2"}) {
    shop.now += std::chrono::milliseconds(300);
    shop.app->on_stop(shop.now);
    shop.kill();
    shop.run_dead(20);
    shop.start(boot);
    shop.errors(0.03, 12);
  }
  shop.errors(0.2, 20);
  EXPECT_NE(shop.live("D1").find(R"("decision":"RollBack")"), std::string::npos);
  EXPECT_EQ(shop.replayed("D1"), shop.live("D1"));
}

TEST(PastDeployment, OtherRulesOverTheSameSamples) {
  FlownShop shop;
  shop.run(5);
  shop.tell(Adopt{"shop", "v1", "first"});
  shop.run(90);
  shop.deploy("v2");
  shop.errors(0.2, 20);
  ShopConfig strict;
  strict.rows = ", critical: \"> 50%\"";
  EXPECT_EQ(shop.replayed("D1", strict.text()).find("RollBack"), std::string::npos)
      << shop.replayed("D1", strict.text());
}

TEST(PastDeployment, LinesAreFrozenForTheSameRulesAloneAndBaselinesForTheSameIndicator) {
  const config::Service then = service_of(ShopConfig().text());
  DeploymentBegun frozen{"D1", {{"error_rate", true, 0.01, 1, 100, 5, {}, "", ""}}, {}, {FrozenLine{}}, {}, {}, 0, {}};
  const auto left = [&](const std::string& text) {
    const DeploymentBegun kept = still_frozen(frozen, then, service_of(text));
    return std::to_string(kept.baselines.size()) + " " + std::to_string(kept.lines.size());
  };
  EXPECT_EQ(left(ShopConfig().text()), "1 1");
  ShopConfig longer;
  longer.bake = "for: 90s, good_after: 20s, deploy_timeout: 30s";
  EXPECT_EQ(left(longer.text()), "1 0");
  std::string other = ShopConfig().text();
  other.replace(other.find("window: 5s"), 10, "window: 6s");
  EXPECT_EQ(left(other), "0 0");
}

TEST(PastDeployment, OneThatNeverBeganSaysSo) {
  const Result<PastDeployment> nothing = past_deployment("D7", {}, {});
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().what, "D7: it was never begun, so there is nothing to replay");
}

KeptScrape kept(double t, const std::string& target, std::vector<KeptScrape::Value> values) {
  KeptScrape scrape;
  scrape.of = std::make_shared<ScrapedTarget>(ScrapedTarget{"shop/production", "app", target});
  scrape.t = time_from_us(static_cast<std::int64_t>(t * 1e6));
  scrape.took = std::chrono::milliseconds(40);
  scrape.values = std::move(values);
  return scrape;
}
KeptScrape::Value value(const std::string& series, double v) { return {SharedText(series), v}; }

TEST(RecordingText, FamiliesTogetherSeriesInOrderOfTime) {
  std::vector<KeptScrape> scrapes{
      kept(100, "http://a", {value(R"(r_total{code="200"})", 10), value("up", 1), value(R"({"a.b",x="\"}"})", 0.5)}),
      kept(100.25, "http://b", {value("up", 1)}),
      kept(101, "http://a", {value(R"(r_total{code="200"})", 11), value(R"(r_total{code="500"})", 1), value("up", 0)})};
  scrapes[1].ok = false;
  scrapes[1].why = "said \"no\"\\";
  scrapes[1].values.clear();
  EXPECT_EQ(openmetrics_of(scrapes), R"(# TYPE backstop_scrape unknown
backstop_scrape{backstop_source="app",backstop_target="http://a"} 1 100
backstop_scrape{backstop_source="app",backstop_target="http://a"} 1 101
backstop_scrape{backstop_source="app",backstop_target="http://b",why="said \"no\"\\"} 0 100.25
# TYPE backstop_scrape_duration_seconds unknown
backstop_scrape_duration_seconds{backstop_source="app",backstop_target="http://a"} 0.04 100
backstop_scrape_duration_seconds{backstop_source="app",backstop_target="http://a"} 0.04 101
backstop_scrape_duration_seconds{backstop_source="app",backstop_target="http://b"} 0.04 100.25
# TYPE r counter
r_total{code="200",backstop_source="app",backstop_target="http://a"} 10 100
r_total{code="200",backstop_source="app",backstop_target="http://a"} 11 101
r_total{code="500",backstop_source="app",backstop_target="http://a"} 1 101
# TYPE up unknown
up{backstop_source="app",backstop_target="http://a"} 1 100
up{backstop_source="app",backstop_target="http://a"} 0 101
# TYPE a.b unknown
{"a.b",x="\"}",backstop_source="app",backstop_target="http://a"} 0.5 100
# EOF
)");
}

TEST(RecordingText, ReadsBackWithArrivalsInTheirOrder) {
  std::vector<KeptScrape> scrapes{kept(100, "http://127.0.0.1:1/metrics", {value(R"(r{code="200"})", 10)}),
                                  kept(101, "http://127.0.0.1:1/metrics", {})};
  scrapes[1].ok = false;
  scrapes[1].why = "connection refused";
  const config::Service service = service_of(ShopConfig().text());
  const auto read = read_recording(openmetrics_of(scrapes), "it.om", service, *config::compile(service));
  ASSERT_TRUE(read) << read.error().what;
  ASSERT_EQ(read->scrapes.size(), 2U);
  EXPECT_EQ(read->scrapes[0].arrived - read->scrapes[0].t, std::chrono::milliseconds(40));
  ASSERT_EQ(read->scrapes[0].samples.size(), 1U);
  EXPECT_EQ(read->scrapes[0].samples[0].value, 10);
  EXPECT_EQ(read->scrapes[1].health, ScrapeHealth::error);
  EXPECT_EQ(read->scrapes[1].why, "connection refused");
  EXPECT_EQ(read->scrapes[1].arrived - read->scrapes[1].t, std::chrono::milliseconds(40));
}

} // namespace
} // namespace backstop::replay::test
