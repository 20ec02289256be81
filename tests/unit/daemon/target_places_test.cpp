#include "daemon/target_places.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// Which place a target has among those of its source, while targets come and go.
namespace backstop {
namespace {

using std::chrono::minutes;
using testing::ElementsAre;
using testing::IsEmpty;

const Time kStart = time_from_us(1'767'225'600'000'000);

config::TargetConfig at(const std::string& url, const std::string& group = "") {
  config::TargetConfig target;
  target.url = url;
  if (!group.empty()) target.labels["group"] = group;
  return target;
}

config::Source source_with(std::vector<config::TargetConfig> written) {
  config::PrometheusSource prometheus;
  prometheus.targets = std::move(written);
  prometheus.file_sd.emplace();
  config::Source source;
  source.kind = prometheus;
  return source;
}

std::vector<std::string> present(const TargetPlaces& places) {
  std::vector<std::string> names;
  for (std::uint32_t i = 0; i < places.size(); ++i) names.push_back(places.present(i) ? places.name(i) : "-");
  return names;
}

TEST(TargetPlaces, ASourceWithoutAListIsOneTargetWithoutAName) {
  const TargetPlaces places{config::Source{"host", std::chrono::seconds(1), config::HostSource{}}};
  EXPECT_THAT(present(places), ElementsAre(""));
}

TEST(TargetPlaces, WrittenOnesAreAlwaysThere) {
  TargetPlaces places(source_with({at("w")}));
  EXPECT_THAT(present(places), ElementsAre("w"));
  (void)places.set({at("a"), at("w")}, kStart);
  EXPECT_THAT(present(places), ElementsAre("w", "a"));
  (void)places.set({}, kStart);
  EXPECT_THAT(present(places), ElementsAre("w", "-"));
  EXPECT_THAT(places.found(), IsEmpty());
}

TEST(TargetPlaces, OneThatComesBackHasThePlaceThatItHad) {
  TargetPlaces places(source_with({at("w")}));
  (void)places.set({at("a"), at("b")}, kStart);
  EXPECT_THAT(places.set({at("b")}, kStart).left, ElementsAre(1));
  const TargetPlaces::Change change = places.set({at("b"), at("c"), at("a")}, kStart + minutes(59));
  EXPECT_THAT(present(places), ElementsAre("w", "a", "b", "c"));
  EXPECT_THAT(change.joined, ElementsAre(3, 1));
  EXPECT_THAT(change.replaced, IsEmpty());
}

TEST(TargetPlaces, APlaceIsGivenToAnotherAfterAnHour) {
  TargetPlaces places(source_with({at("w")}));
  (void)places.set({at("a")}, kStart);
  (void)places.set({}, kStart);
  const TargetPlaces::Change change = places.set({at("b")}, kStart + minutes(60));
  EXPECT_THAT(present(places), ElementsAre("w", "b"));
  EXPECT_THAT(change.joined, ElementsAre(1));
  EXPECT_THAT(change.replaced, ElementsAre(1));
}

TEST(TargetPlaces, ForgottenAfterAnHourAwayAlsoUnderTheSameName) {
  TargetPlaces places(source_with({at("w")}));
  (void)places.set({at("a")}, kStart);
  (void)places.set({}, kStart);
  EXPECT_THAT(places.set({at("a")}, kStart + minutes(60)).replaced, ElementsAre(1));
}

TEST(TargetPlaces, ThereAreNotMoreWithTimeWhereNoneIsWritten) {
  TargetPlaces places(source_with({}));
  for (int i = 0; i < 100; ++i) (void)places.set({at(std::to_string(i))}, kStart + minutes(120) * i);
  EXPECT_LE(places.size(), 3U);
  (void)places.set({}, kStart + minutes(120) * 100);
  EXPECT_EQ(places.place_of("none"), 0U);
}

TEST(TargetPlaces, TheirNumberIsBounded) {
  for (const bool written : {true, false}) {
    TargetPlaces places(source_with(written ? std::vector{at("w")} : std::vector<config::TargetConfig>{}));
    for (int round = 0; round < 5; ++round) {
      std::vector<config::TargetConfig> targets;
      for (int i = 0; i < 1100; ++i) targets.push_back(at(std::to_string(round) + "/" + std::to_string(i)));
      (void)places.set(targets, kStart + minutes(round));
      EXPECT_EQ(places.found().size(), config::kMostTargets - (written ? 1 : 0));
      EXPECT_LE(places.size(), TargetPlaces::kMost);
    }
  }
}

TEST(TargetPlaces, ASourceThatFindsNothingKeepsOnePlaceThatSaysSo) {
  TargetPlaces places(source_with({}));
  EXPECT_THAT(present(places), ElementsAre("none"));
  EXPECT_THAT(places.set({at("a")}, kStart).left, ElementsAre(0));
  EXPECT_THAT(present(places), ElementsAre("-", "a"));
  EXPECT_THAT(places.set({}, kStart).joined, ElementsAre(0));
  EXPECT_THAT(present(places), ElementsAre("none", "-"));
  EXPECT_TRUE(places.set({}, kStart).none());
}

TEST(TargetPlaces, OtherLabelsAreAChange) {
  TargetPlaces places(source_with({at("w", "control")}));
  (void)places.set({at("a")}, kStart);
  EXPECT_TRUE(places.set({at("a")}, kStart).none());
  const TargetPlaces::Change change = places.set({at("a", "canary")}, kStart);
  EXPECT_THAT(change.relabelled, ElementsAre(1));
  EXPECT_THAT(change.joined, IsEmpty()) << "it is read on";
  EXPECT_THAT(places.with("group", "canary"), ElementsAre(1));
  EXPECT_THAT(places.with("group", "control"), ElementsAre(0));
  (void)places.set({}, kStart);
  EXPECT_THAT(places.with("group", "canary"), IsEmpty());
}

TEST(TargetPlaces, OnlyTheFirstListIsFromTheStart) {
  TargetPlaces places(source_with({at("w")}));
  (void)places.set({at("a")}, kStart);
  (void)places.set({at("a", "canary"), at("b")}, kStart);
  EXPECT_TRUE(places.from_start(0) && places.from_start(1));
  EXPECT_FALSE(places.from_start(2));
  (void)places.set({at("b")}, kStart);
  (void)places.set({at("a"), at("b")}, kStart);
  EXPECT_FALSE(places.from_start(1)) << "it begins anew when it comes back";
}

} // namespace
} // namespace backstop
