#include "tests/unit/rules/indicator_feed.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// Targets that leave, come back, or make room for others.
namespace backstop {
namespace {

using namespace feed;
using testing::HasSubstr;

TEST(TargetThatLeft, ItsGaugeCountsNoMore) {
  Indicator indicator = gauge_of(Aggregation::avg);
  indicator.observe(scrape(0, 0, {gauge({{0, 10}})}));
  indicator.observe(scrape(0, 1, {gauge({{0, 90}})}));
  EXPECT_EQ(indicator.read(at(1)).value, 50);
  indicator.target_left(0, 1);
  EXPECT_EQ(indicator.read(at(1)).value, 10);
  indicator.target_left(1, 0); // of another source
  indicator.target_left(0, 9);
  EXPECT_EQ(indicator.read(at(1)).value, 10);
}

TEST(TargetThatLeft, WhatItCountedStaysAndItGoesOnWhenItComesBack) {
  Indicator indicator = ratio();
  indicator.observe(scrape(0, 0, {errors({{0, 0}}), total({{1, 0}})}));
  indicator.observe(scrape(1, 0, {errors({{0, 5}}), total({{1, 100}})}));
  indicator.target_left(0, 0);
  EXPECT_EQ(indicator.read(at(2)).numerator, 5);
  indicator.observe(scrape(5, 0, {errors({{0, 6}}), total({{1, 110}})}));
  EXPECT_EQ(indicator.read(at(5)).numerator, 6);
  EXPECT_EQ(indicator.read(at(5)).requests, 110);
}

TEST(TargetThatLeft, AnotherProcessThatComesBackForItBeginsAsANewTarget) {
  Indicator indicator = ratio();
  indicator.observe(scrape(0, 0, {errors({{0, 0}}), total({{1, 5000}})}));
  indicator.observe(scrape(1, 0, {errors({{0, 0}}), total({{1, 5100}})}));
  indicator.target_left(0, 0);
  indicator.observe(scrape(10, 0, {errors({{0, 200}}), total({{1, 400}})})); // its smoke tests, before it was there
  const Increase increase = indicator.increase_after(0);
  EXPECT_EQ(increase.bad, 0);
  EXPECT_EQ(increase.all, 100);
  EXPECT_TRUE(increase.restarted.empty());
  indicator.observe(scrape(11, 0, {errors({{0, 201}}), total({{1, 410}})}));
  EXPECT_EQ(indicator.increase_after(0).bad, 1);
  indicator.observe(scrape(12, 0, {errors({{0, 3}}), total({{1, 10}})}));
  EXPECT_EQ(indicator.increase_after(0).restarted.size(), 1U) << "while it is there a restart is one";
}

TEST(TargetThatLeft, ItsFailureIsNoReason) {
  Indicator indicator = gauge_of();
  indicator.observe(failed(0, 0, "connection refused"));
  EXPECT_THAT(indicator.read(at(1)).why, HasSubstr("connection refused"));
  indicator.target_left(0, 0);
  EXPECT_EQ(indicator.read(at(1)).why, "no scrape yet");
}

TEST(ForgottenTarget, AnotherAtItsPlaceBeginsWithNothing) {
  Indicator indicator = ratio();
  indicator.observe(scrape(0, 0, {errors({{0, 0}}), total({{1, 1000}})}));
  indicator.observe(scrape(1, 0, {errors({{0, 0}}), total({{1, 1100}})}));
  indicator.target_left(0, 0);
  indicator.forget_target(0, 0);
  indicator.observe(scrape(2, 0, {errors({{0, 400}}), total({{1, 500}})}));
  EXPECT_EQ(indicator.read(at(2)).requests, 100) << "its first scrape counts nothing, and is no restart of the other";
  indicator.observe(scrape(3, 0, {errors({{0, 401}}), total({{1, 510}})}));
  EXPECT_EQ(indicator.read(at(3)).numerator, 1);
  EXPECT_EQ(indicator.read(at(3)).requests, 110);
}

} // namespace
} // namespace backstop
