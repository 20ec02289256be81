#include "daemon/replay/nearest.hpp"
#include "tests/unit/replay/samples_text.hpp"
#include <algorithm>
#include <gtest/gtest.h>

/// The shop's rule: critical above 5 % for 3 s in a window of 5 s; warm-up 2 s, good after 20 s, watched for 60 s.
namespace backstop::replay::test {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

Request request_of(const std::string& samples, const ShopConfig& config, double deploy_at) {
  Request request{service_of(config.text()), samples, "shop.om", {}, {}, false};
  request.events = deployed_at(at(deploy_at), request.service.key());
  return request;
}

ShopConfig by_timers() {
  ShopConfig config;
  config.bake = "for: 120s, good_after: 100s, deploy_timeout: 30s";
  return config;
}

ShopConfig sequential() {
  ShopConfig config;
  config.judge = "{kind: sequential, warm_up: 10s, sustain: 20s, severe: 5s}";
  config.bake = "for: 150s, good_after: 100s, deploy_timeout: 30s";
  return config;
}

const Change* change_of(const Nearest& nearest, const std::string& setting) {
  const auto found = std::find_if(nearest.changes.begin(), nearest.changes.end(),
                                  [&](const Change& change) { return change.setting == setting; });
  return found == nearest.changes.end() ? nullptr : &*found;
}

/// The service with another critical limit of its one row, judged over the same samples.
Outcome with_limit(Request request, double limit) {
  Row& row = request.service.rows[0].row;
  row.critical.low = row.alert.high = limit;
  for (Band* band : {&row.normal, &row.alert}) {
    for (std::optional<double>* edge : {&band->low, &band->high}) {
      if (*edge) *edge = std::min(**edge, limit);
    }
  }
  const Result<Outcome> outcome = replay(request);
  return outcome ? *outcome : Outcome{};
}

TEST(NearestChange, OfARollbackIsALimitAboveWhatHappened) {
  const std::string samples = SamplesText().run(100).run(6, 0.2).text();
  const auto nearest = nearest_change(request_of(samples, by_timers(), 100));
  ASSERT_TRUE(nearest) << nearest.error().what;
  EXPECT_TRUE(nearest->rolls_back);
  const Change* limit = change_of(*nearest, "error_rate critical");
  ASSERT_TRUE(limit);
  EXPECT_EQ(limit->from, "> 5%");
  EXPECT_EQ(limit->to, "> 20%");
}

TEST(NearestChange, ForALongerTimeDoesNotHelpWhatGoesOn) {
  const std::string samples = SamplesText().run(100).run(6, 0.2).text();
  const auto nearest = nearest_change(request_of(samples, by_timers(), 100));
  ASSERT_TRUE(nearest);
  EXPECT_FALSE(change_of(*nearest, "error_rate for critical"));
  EXPECT_EQ(std::count(nearest->in_vain.begin(), nearest->in_vain.end(), "error_rate for critical up to 48s"), 1);
}

TEST(NearestChange, OfTheSequentialJudgeHoldsWhenItIsReplayed) {
  const std::string samples = SamplesText().run(100).run(40, 0.3).text();
  const Request request = request_of(samples, sequential(), 100);
  const auto nearest = nearest_change(request);
  ASSERT_TRUE(nearest) << nearest.error().what;
  ASSERT_TRUE(nearest->rolls_back);
  const Change* limit = change_of(*nearest, "error_rate critical");
  ASSERT_TRUE(limit);
  EXPECT_GT(limit->factor, 3);
  EXPECT_LT(limit->factor, 6.5);
  const std::string longer = SamplesText().run(100).run(210, 0.3).text();
  Request again = request;
  again.samples = longer;
  EXPECT_EQ(with_limit(again, 0.05).end, Outcome::End::rolled_back);
  EXPECT_EQ(with_limit(again, 0.05 * 6.5).end, Outcome::End::kept);
}

TEST(NearestChange, OfAGoodVersionIsALimitBelowWhatItDid) {
  const std::string samples = SamplesText().run(100).run(160, 0.03).text();
  const Request request = request_of(samples, sequential(), 100);
  const auto nearest = nearest_change(request);
  ASSERT_TRUE(nearest) << nearest.error().what;
  EXPECT_FALSE(nearest->rolls_back);
  const Change* limit = change_of(*nearest, "error_rate critical");
  ASSERT_TRUE(limit);
  EXPECT_EQ(limit->from, "> 5%");
  EXPECT_GT(limit->factor, 1.7); // what was normal before moves no line: nothing failed
  EXPECT_EQ(with_limit(request, 0.05 / limit->factor * 0.9).end, Outcome::End::rolled_back);
  EXPECT_EQ(std::count(nearest->in_vain.begin(), nearest->in_vain.end(), "judge.sustain up to 1s"), 1);
}

TEST(NearestChange, OfTwoRulesThatBothDecideIsOneOfBothTogether) {
  ShopConfig config = by_timers();
  config.extra = "criteria: [{name: failing, all: [{indicator: error_rate, critical: '> 6%'}], for: 3s}]\n";
  const std::string samples = SamplesText().run(100).run(6, 0.2).text();
  const auto nearest = nearest_change(request_of(samples, config, 100));
  ASSERT_TRUE(nearest) << nearest.error().what;
  ASSERT_EQ(nearest->changes.size(), 1U);
  EXPECT_NE(nearest->changes[0].setting.find("error_rate critical"), std::string::npos);
  EXPECT_NE(nearest->changes[0].setting.find("failing critical"), std::string::npos);
}

TEST(GoOnUntil, RepeatsTheEndAndLetsCountersGrowOn) {
  Recording recording;
  for (int i = 1; i <= 30; ++i) {
    Scrape scrape;
    scrape.t = scrape.arrived = at(10 * i);
    scrape.samples = {{0, 0, 100.0 * i, 0}, {1, 1, i % 2 == 0 ? 40.0 : 60.0, 0}};
    recording.scrapes.push_back(scrape);
  }
  go_on_until(at(300) + minutes(3), minutes(1), recording);
  const Scrape& last = recording.scrapes.back();
  EXPECT_GE(last.t, at(480));
  EXPECT_LE(last.t, at(490) + seconds(60));
  for (std::size_t i = 0; i < recording.scrapes.size(); ++i) {
    const auto n = static_cast<double>(i + 1);
    EXPECT_EQ(recording.scrapes[i].t, at(10 * n));
    EXPECT_DOUBLE_EQ(recording.scrapes[i].samples[0].value, 100 * n);
    EXPECT_DOUBLE_EQ(recording.scrapes[i].samples[1].value, (i + 1) % 2 == 0 ? 40 : 60);
  }
}

} // namespace
} // namespace backstop::replay::test
