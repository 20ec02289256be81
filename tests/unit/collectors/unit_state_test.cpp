#include "collectors/unit_state.hpp"
#include <gmock/gmock.h>
#include <map>

namespace backstop {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Key;
using testing::Not;
using testing::Pair;
using testing::UnorderedElementsAre;

/// A service with everything said of it.
UnitProperties service(const char* active, const char* result, std::uint64_t restarts = 0, const char* start = "a1") {
  return {"loaded", active, start, result, restarts};
}

std::map<std::string, double> shown(const UnitState& unit) {
  std::map<std::string, double> out;
  for (const RawSample& s : unit.samples()) {
    const std::string name = s.labels.empty() ? s.name : s.name + ":" + s.labels.front().second;
    EXPECT_TRUE(out.emplace(name, s.value).second) << name << " twice";
  }
  return out;
}

double value(const UnitState& unit, const std::string& name) { return shown(unit).at(name); }

TEST(UnitState, NothingSaidGivesNothing) {
  const UnitState unit;
  EXPECT_FALSE(unit.exists());
  EXPECT_TRUE(unit.samples().empty());
}

TEST(UnitState, AServiceThatRuns) {
  UnitState unit;
  EXPECT_TRUE(unit.take(service("active", "success", 3)));
  EXPECT_TRUE(unit.exists());
  EXPECT_THAT(shown(unit),
              AllOf(Contains(Pair("unit_active", 1)), Contains(Pair("unit_failed", 0)),
                    Contains(Pair("unit_restarts_total", 3)), Contains(Pair("unit_result:success", 1)),
                    Contains(Pair("unit_result:oom-kill", 0)), Contains(Pair("unit_failures_total", 0)),
                    Contains(Pair("unit_watchdog_kills_total", 0)), Contains(Pair("unit_oom_kills_total", 0))));
}

TEST(UnitState, StartsAreCountedByWhomeverTheyAre) {
  UnitState unit;
  unit.take(service("active", "success", 0, "a1"));
  EXPECT_EQ(value(unit, "unit_starts_total"), 0) << "what was before the first look is not counted";
  EXPECT_TRUE(unit.take(service("active", "success", 0, "a2")));
  EXPECT_EQ(value(unit, "unit_starts_total"), 1);
  unit.take(service("inactive", "success", 0, "00000000"));
  EXPECT_EQ(value(unit, "unit_starts_total"), 1) << "a unit without an invocation was not started";
  unit.take(service("active", "success", 0, "a3"));
  EXPECT_EQ(value(unit, "unit_starts_total"), 2);
}

TEST(UnitState, OnlyWhatServesIsActive) {
  const std::map<std::string, std::pair<double, double>> expected{
      {"active", {1, 0}},   {"reloading", {1, 0}},    {"refreshing", {1, 0}},  {"activating", {0, 0}},
      {"inactive", {0, 0}}, {"deactivating", {0, 0}}, {"maintenance", {0, 0}}, {"failed", {0, 1}}};
  for (const auto& [state, values] : expected) {
    UnitState unit;
    unit.take(service(state.c_str(), "success"));
    EXPECT_EQ(std::pair(value(unit, "unit_active"), value(unit, "unit_failed")), values) << state;
  }
}

TEST(UnitState, ASliceHasNoResultAndNoRestarts) {
  UnitState unit;
  unit.take({"loaded", "active", "a1", std::nullopt, std::nullopt});
  EXPECT_THAT(shown(unit), UnorderedElementsAre(Pair("unit_active", 1), Pair("unit_failed", 0), Pair("unit_starts_total", 0)));
}

TEST(UnitState, AResultOfALaterSystemdIsShownToo) {
  UnitState unit;
  unit.take(service("failed", "moon-phase"));
  EXPECT_EQ(value(unit, "unit_result:moon-phase"), 1);
  EXPECT_EQ(value(unit, "unit_result:success"), 0);
  unit.take(service("active", "success"));
  EXPECT_THAT(shown(unit), Not(Contains(Key("unit_result:moon-phase"))));
}

TEST(UnitState, WhatIsNotSaidStays) {
  UnitState unit;
  unit.take(service("active", "success", 3));
  EXPECT_TRUE(unit.take({std::nullopt, "deactivating", std::nullopt, std::nullopt, std::nullopt}));
  EXPECT_EQ(value(unit, "unit_active"), 0);
  EXPECT_EQ(value(unit, "unit_restarts_total"), 3);
  EXPECT_EQ(value(unit, "unit_result:success"), 1);
}

TEST(UnitState, WhatShowsInNoSampleIsNoChange) {
  UnitState unit;
  unit.take(service("active", "success"));
  EXPECT_FALSE(unit.take(service("active", "success")));
  EXPECT_FALSE(unit.take({}));
  EXPECT_TRUE(unit.take(service("active", "success", 0, "another start"))) << "it is counted";
  EXPECT_TRUE(unit.take(service("active", "success", 1, "another start")));
}

TEST(UnitState, AWatchdogKillIsCountedOnceOnItsWayThroughTheStates) {
  UnitState unit;
  unit.take(service("active", "success"));
  unit.take(service("deactivating", "watchdog"));
  EXPECT_EQ(value(unit, "unit_watchdog_kills_total"), 1) << "at once, before its process is gone";
  unit.take(service("activating", "watchdog"));
  unit.take(service("activating", "watchdog", 1));
  unit.take(service("active", "success", 1, "a2"));
  EXPECT_EQ(value(unit, "unit_watchdog_kills_total"), 1);
  unit.take(service("deactivating", "watchdog", 1, "a2"));
  EXPECT_EQ(value(unit, "unit_watchdog_kills_total"), 2);
  EXPECT_EQ(value(unit, "unit_failures_total"), 2);
  EXPECT_EQ(value(unit, "unit_oom_kills_total"), 0);
}

TEST(UnitState, AnOomKillIsCounted) {
  UnitState unit;
  unit.take(service("active", "success"));
  EXPECT_TRUE(unit.take(service("failed", "oom-kill")));
  EXPECT_EQ(value(unit, "unit_oom_kills_total"), 1);
  EXPECT_EQ(value(unit, "unit_watchdog_kills_total"), 0);
}

TEST(UnitState, TheSameEndOfALaterStartIsAnother) {
  UnitState unit;
  unit.take(service("active", "success"));
  unit.take(service("activating", "exit-code"));
  EXPECT_TRUE(unit.take(service("activating", "exit-code", 0, "a2"))) << "its run in between was too short to be seen";
  EXPECT_EQ(value(unit, "unit_failures_total"), 2);
}

TEST(UnitState, WhatWasBeforeTheFirstLookIsNotCounted) {
  UnitState unit;
  unit.take(service("failed", "watchdog"));
  EXPECT_EQ(value(unit, "unit_watchdog_kills_total"), 0);
  EXPECT_EQ(value(unit, "unit_result:watchdog"), 1);
}

TEST(UnitState, AStopAndASkippedStartAreNoFailures) {
  UnitState unit;
  unit.take(service("active", "success"));
  unit.take(service("inactive", "success"));
  unit.take(service("inactive", "exec-condition", 0, "a2"));
  EXPECT_EQ(value(unit, "unit_failures_total"), 0);
}

TEST(UnitState, AUnitWithoutAFileExistsWhileItRuns) {
  UnitState unit;
  unit.take({"not-found", "inactive", "", "success", 0});
  EXPECT_FALSE(unit.exists());
  unit.take({"not-found", "active", "a1", "success", 0});
  EXPECT_TRUE(unit.exists());
  unit.take({"loaded", "inactive", "a1", "success", 0});
  EXPECT_TRUE(unit.exists());
}

} // namespace
} // namespace backstop
