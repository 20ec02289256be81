#include "daemon/config/compile.hpp"
#include "daemon/config/show.hpp"
#include "tests/unit/config/helpers.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// Deployments that nobody announces: what they are known by, what is refused, what check-config prints.
namespace backstop::config::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string with_detect(const std::string& detect, const std::string& more = "") {
  return "service: a\nmode: observe\ndetect: {" + detect + "}\n" + more +
         "sources: {app: {type: prometheus, targets: [{url: \"http://h/m\"}]}, unit: {type: systemd, unit: a}}\n"
         "indicators: {e: {ratio: {source: app, errors: 'r{c=\"5\"}', total: r}}, up: {gauge: unit_active, source: "
         "unit}}\n";
}

Service read(const std::string& text) {
  const auto outcome = load_service(text, "f");
  EXPECT_TRUE(outcome.ok()) << show_faults(outcome.faults);
  return outcome.service;
}

TEST(Detect, BySeriesItsSelectorStandsBehindThoseOfTheIndicators) {
  const Service service = read(with_detect("series: 'a_build_info{job=\"x\"}', source: app"));
  EXPECT_EQ(std::get<DetectSeries>(service.detect).label, "version");
  const auto compiled = compile(service);
  ASSERT_TRUE(compiled) << compiled.error().what;
  ASSERT_TRUE(compiled->detect);
  EXPECT_EQ(compiled->detect->source, 0U);
  EXPECT_EQ(compiled->detect->selector, 2U);
  EXPECT_EQ(compiled->sources[0].selectors.at(2).selector.text(), "a_build_info{job=\"x\"}");
  EXPECT_THAT(show_service(service),
              HasSubstr("a deployment is what changes version of a_build_info{job=\"x\"} in app"));
}

TEST(Detect, ByAStartOfAUnit) {
  const Service service = read(with_detect("restart_of: unit", "running_version: {link: /srv/current}\n"));
  const auto compiled = compile(service);
  ASSERT_TRUE(compiled) << compiled.error().what;
  EXPECT_EQ(compiled->detect->source, 1U);
  EXPECT_EQ(compiled->sources[1].selectors.at(1).selector.text(), "unit_starts_total");
  EXPECT_THAT(show_service(service), HasSubstr("a deployment is what starts the unit of unit with another version"));
}

TEST(Detect, WithoutItNothingIsLookedAt) {
  EXPECT_FALSE(compile(read(service_with("")))->detect);
  EXPECT_FALSE(compile(read(with_detect("link: /srv/current")))->detect);
}

TEST(Detect, WhatCannotWorkIsRefused) {
  EXPECT_THAT(faults_of(with_detect("series: up, source: ap")),
              AllOf(HasSubstr("detect.source: there is no source \"ap\""), HasSubstr("did you mean \"app\"")));
  EXPECT_THAT(faults_of(with_detect("series: 'up{', source: app")), HasSubstr("detect.series: no selector"));
  EXPECT_THAT(faults_of(with_detect("series: up")), HasSubstr("\"source\" is missing"));
  EXPECT_THAT(faults_of(with_detect("series: up, source: app, link: /x")), HasSubstr("unknown key \"link\""));
  EXPECT_THAT(faults_of(with_detect("restart_of: app", "running_version: {link: /x}\n")),
              HasSubstr("app is no source of type systemd"));
  EXPECT_THAT(faults_of(with_detect("restart_of: unit")),
              AllOf(HasSubstr("a start says no version"), HasSubstr("running_version: {link: PATH}")));
}

} // namespace
} // namespace backstop::config::test
