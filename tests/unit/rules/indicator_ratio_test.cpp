#include "tests/unit/rules/indicator_feed.hpp"
#include <gtest/gtest.h>

namespace backstop {
namespace {

using namespace feed;

/// A ratio over the scrapes of one or more targets, read at `now`.
struct Case {
  const char* name;
  std::vector<Scrape> scrapes;
  double now;
  double since; // < 0: no cut
  Health health;
  double errors;
  double requests;
};

class Ratio : public testing::TestWithParam<Case> {};

TEST_P(Ratio, CountsWhatItShould) {
  const Case& c = GetParam();
  Indicator indicator = ratio();
  for (const Scrape& s : c.scrapes) indicator.observe(s);
  const Reading r = indicator.read(at(c.now), c.since < 0 ? Time::min() : at(c.since));
  EXPECT_EQ(r.health, c.health) << name_of(r.health) << ": " << r.why;
  EXPECT_DOUBLE_EQ(r.numerator, c.errors);
  EXPECT_DOUBLE_EQ(r.requests, c.requests);
  if (c.health == Health::ok) {
    EXPECT_DOUBLE_EQ(r.value, c.errors / c.requests);
  }
}

constexpr double kNo = -1;
using H = Health;

INSTANTIATE_TEST_SUITE_P(
    Increases, Ratio,
    testing::Values(
        Case{"plain",
             {scrape(0, 0, {errors({{1, 5}}), total({{0, 100}, {1, 5}})}),
              scrape(1, 0, {errors({{1, 8}}), total({{0, 180}, {1, 8}})})},
             1,
             kNo,
             H::ok,
             3,
             83},
        Case{"first_sight_counts_nothing",
             {scrape(0, 0, {errors({{0, 5}}), total({{0, 100}})})},
             0,
             kNo,
             H::no_data,
             0,
             0},
        Case{"no_traffic",
             {scrape(0, 0, {total({{0, 100}})}), scrape(1, 0, {total({{0, 100}})})},
             1,
             kNo,
             H::insufficient,
             0,
             0},
        Case{"absent_errors_are_zero",
             {scrape(0, 0, {total({{0, 100}})}), scrape(1, 0, {total({{0, 110}})})},
             1,
             kNo,
             H::ok,
             0,
             10},
        Case{"new_series_from_zero",
             {scrape(0, 0, {total({{0, 100}})}), scrape(1, 0, {errors({{1, 4}}), total({{0, 106}, {1, 4}})})},
             1,
             kNo,
             H::ok,
             4,
             10},
        Case{"known_target_first_traffic",
             {scrape(0, 0, {}), scrape(1, 0, {errors({{1, 1}}), total({{0, 3}, {1, 1}})})},
             1,
             kNo,
             H::ok,
             1,
             4},
        Case{
            "restart",
            {scrape(0, 0, {errors({{0, 50}}), total({{0, 1000}})}), scrape(1, 0, {errors({{0, 2}}), total({{0, 20}})})},
            1,
            kNo,
            H::ok,
            2,
            20},
        Case{"restart_to_zero",
             {scrape(0, 0, {total({{0, 1000}})}), scrape(1, 0, {total({{0, 0}})}), scrape(2, 0, {total({{0, 7}})})},
             2,
             kNo,
             H::ok,
             0,
             7},
        Case{"restart_of_one_series_of_two",
             {scrape(0, 0, {total({{0, 1000}, {1, 500}})}), scrape(1, 0, {total({{0, 1010}, {1, 5}})})},
             1,
             kNo,
             H::ok,
             0,
             15},
        // The error series is not there right after the restart and comes back larger than it was: all of it is new.
        Case{"series_back_after_restart",
             {scrape(0, 0, {errors({{1, 2}}), total({{0, 100}})}), scrape(1, 0, {total({{0, 5}})}),
              scrape(2, 0, {errors({{1, 6}}), total({{0, 15}})})},
             2,
             kNo,
             H::ok,
             6,
             15},
        Case{"series_back_without_restart",
             {scrape(0, 0, {errors({{1, 2}}), total({{0, 100}})}), scrape(1, 0, {total({{0, 105}})}),
              scrape(2, 0, {errors({{1, 6}}), total({{0, 115}})})},
             2,
             kNo,
             H::ok,
             4,
             15},
        Case{"failed_scrape_neither_adds_nor_resets",
             {scrape(0, 0, {errors({{0, 1}}), total({{0, 10}})}), failed(1, 0, "timeout"),
              scrape(2, 0, {errors({{0, 2}}), total({{0, 20}})})},
             2,
             kNo,
             H::ok,
             1,
             10},
        Case{"two_targets_add_up",
             {scrape(0, 0, {total({{0, 10}})}), scrape(0, 1, {total({{0, 500}})}),
              scrape(1, 0, {errors({{1, 1}}), total({{0, 20}})}), scrape(1, 1, {errors({{1, 2}}), total({{0, 590}})})},
             1,
             kNo,
             H::ok,
             3,
             100},
        Case{"second_target_appears",
             {scrape(0, 0, {total({{0, 10}})}), scrape(1, 0, {total({{0, 20}})}),
              scrape(1, 1, {errors({{0, 900}}), total({{0, 1000}})})},
             1,
             kNo,
             H::ok,
             0,
             10},
        Case{"torn_scrape_is_dropped_whole",
             {scrape(0, 0, {errors({{0, 0}}), total({{0, 100}})}), scrape(1, 0, {errors({{0, 9}}), total({{0, 108}})}),
              scrape(2, 0, {errors({{0, 10}}), total({{0, 118}})})},
             2,
             kNo,
             H::ok,
             1,
             10},
        Case{"all_failing_is_not_torn",
             {scrape(0, 0, {errors({{0, 0}}), total({{0, 100}})}), scrape(1, 0, {errors({{0, 9}}), total({{0, 109}})})},
             1,
             kNo,
             H::ok,
             9,
             9},
        Case{"only_torn",
             {scrape(0, 0, {errors({{0, 0}}), total({{0, 100}})}), scrape(1, 0, {errors({{0, 9}}), total({{0, 108}})})},
             1,
             kNo,
             H::error,
             0,
             0},
        Case{"answer_without_total_is_passed_over",
             {scrape(0, 0, {errors({{0, 1}}), total({{0, 10}})}), scrape(1, 0, {errors({{0, 3}})}),
              scrape(2, 0, {errors({{0, 4}}), total({{0, 30}})})},
             2,
             kNo,
             H::ok,
             3,
             20},
        Case{"negative_counter_is_dropped",
             {scrape(0, 0, {total({{0, 10}})}), scrape(1, 0, {errors({{1, -4}}), total({{0, 20}})})},
             1,
             kNo,
             H::ok,
             0,
             10},
        Case{"after_an_outage_all_is_counted",
             {scrape(0, 0, {errors({{0, 0}}), total({{0, 0}})}), scrape(500, 0, {errors({{0, 5}}), total({{0, 500}})})},
             500,
             kNo,
             H::ok,
             5,
             500}),
    [](const auto& i) { return i.param.name; });

std::vector<Scrape> one_per_second() { // at t: 10 requests and 1 error more than before
  std::vector<Scrape> s;
  for (int t = 0; t <= 10; ++t) s.push_back(scrape(t, 0, {errors({{0, 1.0 * t}}), total({{0, 10.0 * t}})}));
  return s;
}
TEST(RatioOfManyProcesses, OneThatBeginsAnewLeavesTheCountsOfOthersAsTheyAre) {
  IndicatorSpec spec = ratio().spec();
  spec.many_processes = true;
  Indicator fleet(0, spec);
  fleet.observe(scrape(0, 0, {total({{0, 1000}, {1, 5000}})}));
  fleet.observe(scrape(1, 0, {total({{0, 10}})}));             // one begins anew, of the other nothing came
  fleet.observe(scrape(2, 0, {total({{0, 20}, {1, 5030}})})); // it was there all the while
  EXPECT_EQ(fleet.read(at(2)).requests, 50);
}

std::vector<Scrape> restart_at_6() {
  std::vector<Scrape> s = one_per_second();
  for (int t = 6; t <= 10; ++t) s[t] = scrape(t, 0, {errors({{0, 1.0 * (t - 5)}}), total({{0, 10.0 * (t - 5)}})});
  return s;
}

INSTANTIATE_TEST_SUITE_P(WindowAndSince, Ratio,
                         testing::Values(Case{"all", one_per_second(), 10, kNo, H::ok, 10, 100},
                                         // (now - 30 s, now]: the scrape at 3 has left the window at 33, not before.
                                         Case{"left_edge_inside", one_per_second(), 32.999999, kNo, H::ok, 8, 80},
                                         Case{"left_edge_out", one_per_second(), 33, kNo, H::ok, 7, 70},
                                         Case{"left_edge_past", one_per_second(), 33.000001, kNo, H::ok, 7, 70},
                                         Case{"since_on_a_scrape", one_per_second(), 10, 5, H::ok, 5, 50},
                                         Case{"since_just_before_it", one_per_second(), 10, 4.999999, H::ok, 5, 50},
                                         Case{"since_just_after_it", one_per_second(), 10, 5.000001, H::ok, 4, 40},
                                         Case{"straddling_increase_is_cut", one_per_second(), 10, 5.5, H::ok, 4, 40},
                                         Case{"straddling_restart_counts", restart_at_6(), 10, 5.5, H::ok, 5, 50},
                                         Case{"restart_before_since_is_cut", restart_at_6(), 10, 6.5, H::ok, 3, 30},
                                         Case{"since_now", one_per_second(), 10, 10, H::no_data, 0, 0},
                                         Case{"since_later_than_all", one_per_second(), 12, 11, H::no_data, 0, 0}),
                         [](const auto& i) { return i.param.name; });

TEST(RatioLimits, MinRequests) {
  for (const auto& [requests, health] : {std::pair{49, H::insufficient}, {50, H::ok}, {51, H::ok}}) {
    Indicator indicator = ratio(30, 50);
    indicator.observe(scrape(0, 0, {total({{0, 0}})}));
    indicator.observe(scrape(1, 0, {total({{0, 1.0 * requests}})}));
    const Reading r = indicator.read(at(1));
    EXPECT_EQ(r.health, health) << requests;
    EXPECT_EQ(r.why, health == H::ok ? "" : "49 requests in the window, 50 wanted");
  }
}

TEST(RatioLimits, NoTrafficIsInsufficientEvenWhenNoneIsWanted) {
  Indicator indicator = ratio(30, 0);
  indicator.observe(scrape(0, 0, {total({{0, 5}})}));
  indicator.observe(scrape(1, 0, {total({{0, 5}})}));
  EXPECT_EQ(indicator.read(at(1)).health, H::insufficient);
}

TEST(RatioLimits, QueryOffsetJudgesThePast) {
  Indicator indicator = ratio(5, 1, 30, 4);
  for (const Scrape& s : one_per_second()) indicator.observe(s);
  indicator.observe(scrape(11, 0, {errors({{0, 100}}), total({{0, 200}})}));
  const Reading before = indicator.read(at(14)); // the scrapes of (5, 10]
  EXPECT_DOUBLE_EQ(before.numerator, 5);
  EXPECT_EQ(before.newest, at(10));
  EXPECT_EQ(before.t, at(14));
  EXPECT_DOUBLE_EQ(indicator.read(at(15)).numerator, 4 + 90);
}

TEST(RatioLimits, QueryOffsetKeepsTheWindowBehindIt) {
  Indicator indicator = ratio(5, 1, 5, 4);
  for (int t = 0; t <= 14; ++t) indicator.observe(scrape(t, 0, {errors({{0, 1.0 * t}}), total({{0, 10.0 * t}})}));
  EXPECT_DOUBLE_EQ(indicator.read(at(14)).requests, 50); // the scrapes of (5, 10]
}

TEST(RatioReading, AtFirstSightNothingIsTorn) {
  // Counters of a long life, errors counted elsewhere for longer: no increase of this process is impossible.
  Indicator indicator = ratio();
  indicator.observe(scrape(0, 0, {errors({{0, 900}}), total({{0, 100}})}));
  EXPECT_EQ(indicator.read(at(0)).health, H::no_data);
  EXPECT_EQ(indicator.dropped(), 0u);
}

TEST(RatioReading, SaysWhatItCovers) {
  Indicator indicator = ratio();
  for (const Scrape& s : one_per_second()) indicator.observe(s);
  const Reading r = indicator.read(at(10));
  EXPECT_EQ(r.indicator, 7u);
  EXPECT_EQ(r.scrapes, 10u);
  EXPECT_EQ(r.window, sec(10));
  EXPECT_EQ(r.newest, at(10));
  EXPECT_EQ(r.why, "");
  // After an outage the increase covers all of it, and the reading says so although its window is 30 s.
  indicator.observe(scrape(130, 0, {errors({{0, 20}}), total({{0, 1000}})}));
  EXPECT_EQ(indicator.read(at(130)).window, sec(120));
}

TEST(RatioReading, CountsTheImpossible) {
  Indicator indicator = ratio();
  indicator.observe(scrape(0, 0, {errors({{0, 0}}), total({{0, 100}})}));
  EXPECT_EQ(indicator.dropped(), 0u);
  indicator.observe(scrape(1, 0, {errors({{0, -3}}), total({{0, 110}})}));
  EXPECT_EQ(indicator.dropped(), 1u);
  indicator.observe(scrape(2, 0, {errors({{0, 90}}), total({{0, 120}})}));
  EXPECT_EQ(indicator.dropped(), 2u);
  EXPECT_EQ(indicator.read(at(2)).why, "1 scrape left out: errors grew more than total");
}

TEST(RatioReading, OtherSourcesAreIgnored) {
  Indicator indicator = ratio();
  for (Scrape s : one_per_second()) {
    s.source = 1;
    indicator.observe(s);
  }
  EXPECT_EQ(indicator.read(at(10)).why, "no scrape yet");
}

} // namespace
} // namespace backstop
