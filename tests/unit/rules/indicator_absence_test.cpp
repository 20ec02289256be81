// What a reading is when there is nothing to read: never a value, and always with the reason.
#include "tests/unit/rules/indicator_feed.hpp"
#include <gtest/gtest.h>

namespace backstop {
namespace {

using namespace feed;
using H = Health;

struct Absence {
  H health;
  const char* why;
};

void expect(const Reading& r, const Absence& want) {
  EXPECT_EQ(r.health, want.health) << name_of(r.health);
  EXPECT_EQ(r.why, want.why);
  EXPECT_EQ(r.value, 0);
}

/// The four kinds, with a scrape that each of them finds its data in; they must agree on absence.
struct Kind {
  const char* name;
  Indicator (*make)();
};
class EveryKind : public testing::TestWithParam<Kind> {
protected:
  static Scrape with_data(double t, double v) {
    Scrape s = scrape(t, 0, {errors({{0, 0}}), total({{0, v}})});
    s.samples.push_back({kBuckets, 1, v, 0.1});
    s.samples.push_back({kBuckets, 2, v, kInf});
    s.samples.push_back({kGauge, 3, v, 0});
    s.samples.push_back({kCounter, 4, v, 0});
    return s;
  }
  Indicator indicator_ = GetParam().make();
};

TEST_P(EveryKind, NothingYet) { expect(indicator_.read(at(0)), {H::no_data, "no scrape yet"}); }

TEST_P(EveryKind, OnlyFailures) {
  indicator_.observe(failed(0, 0, "http://a: connection refused"));
  expect(indicator_.read(at(0)), {H::error, "http://a: connection refused"});
  indicator_.observe(failed(1, 1, "http://b: timeout"));
  expect(indicator_.read(at(1)), {H::error, "http://b: timeout"});
}

TEST_P(EveryKind, NothingMatches) {
  indicator_.observe(scrape(0, 0, {}));
  indicator_.observe(scrape(1, 0, {}));
  expect(indicator_.read(at(1)), {H::no_data, "no series matches"});
}

TEST_P(EveryKind, StaleAfterTheLimitNotAtIt) {
  indicator_.observe(with_data(0, 5));
  indicator_.observe(with_data(1, 9));
  EXPECT_EQ(indicator_.read(at(1)).health, H::ok);
  EXPECT_EQ(indicator_.read(at(30)).health, H::ok);
  EXPECT_NE(indicator_.read(at(31)).health, H::gap) << "exactly stale_after is not stale";
  expect(indicator_.read(at(31.000001)), {H::gap, "no data for 30s (stale after 30s)"});
  expect(indicator_.read(at(76)), {H::gap, "no data for 75s (stale after 30s)"});
}

TEST_P(EveryKind, FailuresChangeNothingWhileThereIsData) {
  indicator_.observe(with_data(0, 5));
  indicator_.observe(with_data(1, 9));
  const Reading before = indicator_.read(at(20));
  for (int t = 2; t <= 20; ++t) indicator_.observe(failed(t, 0, "timeout"));
  const Reading after = indicator_.read(at(20));
  EXPECT_EQ(after.health, H::ok);
  EXPECT_EQ(after.value, before.value);
  expect(indicator_.read(at(40)), {H::error, "timeout"});
}

TEST_P(EveryKind, AnswersWithoutTheSeriesAreNotZero) {
  indicator_.observe(with_data(0, 5));
  indicator_.observe(with_data(1, 9));
  const Reading before = indicator_.read(at(1));
  for (int t = 2; t <= 60; ++t) indicator_.observe(scrape(t, 0, {}));
  EXPECT_EQ(indicator_.read(at(20)).value, before.value);
  EXPECT_EQ(indicator_.read(at(60)).health, H::gap);
}

TEST_P(EveryKind, NothingBeforeSinceIsRead) {
  indicator_.observe(with_data(0, 5));
  indicator_.observe(with_data(1, 9));
  const Reading r = indicator_.read(at(2), at(1.5));
  EXPECT_EQ(r.health, H::no_data) << r.why;
  EXPECT_EQ(r.scrapes, 0u);
}

TEST_P(EveryKind, OneTargetIsEnough) {
  indicator_.observe(with_data(0, 5));
  indicator_.observe(failed(0, 1, "timeout"));
  indicator_.observe(with_data(1, 9));
  indicator_.observe(failed(1, 1, "timeout"));
  EXPECT_EQ(indicator_.read(at(1)).health, H::ok);
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryKind,
                         testing::Values(Kind{"ratio", [] { return ratio(); }},
                                         Kind{"quantile", [] { return quantile(); }},
                                         Kind{"gauge", [] { return gauge_of(); }}, Kind{"rate", [] { return rate(); }}),
                         [](const auto& i) { return i.param.name; });

TEST(Absence, TooOldForTheOffset) {
  Indicator indicator = ratio(30, 1, 30, 10);
  indicator.observe(scrape(0, 0, {total({{0, 1}})}));
  expect(indicator.read(at(5)), {H::no_data, "no data as old as the query offset, 10s"});
}

TEST(Absence, StaleDataIsNotReadThoughTheWindowHasIt) {
  Indicator indicator = ratio(300, 1, 30);
  indicator.observe(scrape(0, 0, {total({{0, 0}})}));
  indicator.observe(scrape(1, 0, {total({{0, 9}})}));
  EXPECT_EQ(indicator.read(at(31)).health, H::ok);
  expect(indicator.read(at(31.000001)), {H::gap, "no data for 30s (stale after 30s)"});
  indicator.observe(failed(32, 0, "timeout"));
  expect(indicator.read(at(32)), {H::error, "timeout"});
}

TEST(Absence, DataBehindTheOffsetIsRemembered) {
  // At 11 s judged as of 6 s: there was a scrape at 0, and its data is not stale although the window (3 s) is shorter.
  Indicator indicator = ratio(3, 1, 30, 5);
  indicator.observe(scrape(0, 0, {total({{0, 1}})}));
  indicator.observe(scrape(10, 0, {total({{0, 2}})}));
  expect(indicator.read(at(11)), {H::no_data, "no increase known in the window: it takes two scrapes"});
}

TEST(Absence, FirstScrapeSaysWhatIsMissing) {
  Indicator indicator = rate();
  indicator.observe(scrape(0, 0, {counter({{0, 1}})}));
  expect(indicator.read(at(0)), {H::no_data, "no increase known in the window: it takes two scrapes"});
}

} // namespace
} // namespace backstop
