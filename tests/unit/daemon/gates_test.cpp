// What must be given before a deployment begins, who may give it, and what happens without.
#include "tests/unit/daemon/shop_world.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace backstop {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Script = ScriptedStepRunner::Script;

constexpr const char* kAna = "uid:1(ana)";
constexpr const char* kBob = "uid:2(bob)";
constexpr const char* kEve = "uid:3(eve)";

constexpr const char* kGates = R"(
gates:
  checklist:
    - {name: tests, title: all tests pass, group: Code, role: lead, command: {argv: [/bin/tests]}}
    - {name: review, title: code is reviewed, group: Code, role: lead}
    - {name: healthy, title: few errors now, group: Infrastructure, role: ops, indicator: error_rate, is: "< 2%"}
    - {name: answers, title: it answers, group: Infrastructure, role: ops, source: app}
  approvals:
    - {role: lead, title: ready}
    - {role: owner, title: wanted}
)";

ShopConfig gated(const std::string& more = "  monitoring: false\n") {
  ShopConfig config;
  config.extra = kGates + more;
  return config;
}

class GatesWorld : public ShopWorld {
public:
  explicit GatesWorld(const ShopConfig& config = gated()) : ShopWorld(config) {}
  Reply request(const std::string& version, const std::string& actor = kAna) {
    BeginDeployment c;
    c.service = "shop";
    c.version = version;
    const Reply reply = command(RequestDeployment{c}, actor);
    run(1);
    return reply;
  }
  Reply approve(const std::string& id, const std::string& role, const std::string& actor,
                std::vector<std::string> items = {}, bool all = false) {
    return command(Approve{id, role, "", std::move(items), all, {role}}, actor);
  }
  Reply begin_requested(const std::string& id, const std::string& override_reason = "") {
    BeginDeployment c;
    c.id = id;
    c.override_reason = override_reason;
    const Reply reply = command(c, kAna);
    run(1);
    return reply;
  }
  /// Everything that kGates asks for.
  void give_all(const std::string& id) {
    ASSERT_TRUE(approve(id, "lead", kBob, {}, true).ok);
    ASSERT_TRUE(approve(id, "owner", kEve).ok);
  }
  /// Requested and given all; what is looked at once more as it begins takes 5 s.
  std::string request_with_slow_check(const std::string& version) {
    const std::string id = request(version).id;
    give_all(id);
    steps.script("/bin/tests", {Script::exits(0, seconds(5))});
    return id;
  }
};

TEST(Gates, WithEverythingGivenItBegins) {
  GatesWorld w;
  const Reply requested = w.request("v2");
  ASSERT_TRUE(requested.ok) << requested.why;
  w.give_all(requested.id);
  ASSERT_TRUE(w.begin_requested(requested.id).ok);
  EXPECT_EQ(w.phase(requested.id), Phase::deploying);
  EXPECT_EQ(w.deployment(requested.id).gates->opened_by, kAna);
  EXPECT_EQ(w.ran("/bin/tests"), 2) << "when it was requested, and once more as it begins";
}

TEST(Gates, WithoutItSaysExactlyWhatIsMissingAndStaysOpen) {
  GatesWorld w;
  const std::string id = w.request("v2").id;
  const Reply refused = w.begin_requested(id);
  EXPECT_EQ(refused.reason, "gate");
  EXPECT_EQ(refused.why, "missing: review (lead): not signed; approval of lead; approval of owner");
  EXPECT_EQ(w.phase(id), Phase::requested);
  w.give_all(id);
  EXPECT_TRUE(w.begin_requested(id).ok);
}

TEST(Gates, AServiceWithGatesDoesNotBeginWithoutARequest) {
  GatesWorld w;
  EXPECT_EQ(w.begin("shop", "v2").reason, "gate");
  EXPECT_THAT(w.begin("shop", "v2").why,
              HasSubstr("backstopctl deploy request --service shop/production --version v2"));
}

TEST(Gates, ACommandThatFailsWhenItBeginsKeepsItClosed) {
  GatesWorld w;
  const std::string id = w.request("v2").id;
  w.give_all(id);
  w.steps.script("/bin/tests", {Script::exits(3, seconds(2), "3 of 80 failed")});
  ASSERT_TRUE(w.begin_requested(id).ok) << "it is looked at first";
  EXPECT_EQ(w.phase(id), Phase::gated);
  w.run(3);
  EXPECT_EQ(w.phase(id), Phase::requested);
  EXPECT_THAT(w.deployment(id).gates->missing, ElementsAre("tests (lead): exit status 3"));
  w.steps.script("/bin/tests", {Script::exits(0)});
  ASSERT_TRUE(w.begin_requested(id).ok);
  EXPECT_EQ(w.phase(id), Phase::deploying);
  EXPECT_TRUE(w.steps.refused.empty()) << "each look has a key of its own";
}

TEST(Gates, AnIndicatorOnTheWrongSideOfItsLimitIsMissing) {
  GatesWorld w;
  const std::string id = w.request("v2").id;
  w.give_all(id);
  w.error_share_of["v1"] = 0.03;
  w.run(6);
  EXPECT_THAT(w.begin_requested(id).why, HasSubstr("healthy (ops): error_rate is 3%, wanted is < 2%"));
}

TEST(Gates, NobodySignsWithoutTheRoleOrForTwoRolesOrWhatHeRequested) {
  GatesWorld w;
  const std::string id = w.request("v2", kAna).id;
  EXPECT_EQ(w.command(Approve{id, "lead", "", {}, true, {"owner"}}, kBob).reason, "unauthorized");
  EXPECT_THAT(w.approve(id, "lead", kAna, {}, true).why, HasSubstr("two must see it"));
  ASSERT_TRUE(w.approve(id, "lead", kBob, {}, true).ok);
  EXPECT_THAT(w.approve(id, "owner", kBob).why, HasSubstr("signed as lead already"));
  EXPECT_THAT(w.approve(id, "owner", "uid:2(robert)").why, HasSubstr("signed as lead already")) << "the same person";
  EXPECT_TRUE(w.approve(id, "owner", kEve).ok);
  EXPECT_EQ(w.approve(id, "nobody", kEve).reason, "not_found");
}

TEST(Gates, RolesAgreeInTheirOrderAndAfterTheirItems) {
  GatesWorld w;
  const std::string id = w.request("v2").id;
  EXPECT_THAT(w.approve(id, "owner", kEve).why, HasSubstr("lead comes before it"));
  EXPECT_THAT(w.approve(id, "lead", kBob).why, HasSubstr("items that nobody signed: review"));
  EXPECT_THAT(w.approve(id, "lead", kBob, {"tests"}).why, HasSubstr("backstop itself"));
  EXPECT_EQ(w.approve(id, "owner", kEve, {"review"}).reason, "conflict");
  ASSERT_TRUE(w.approve(id, "lead", kBob, {"review"}).ok);
  ASSERT_TRUE(w.approve(id, "lead", kBob).ok);
  EXPECT_THAT(w.approve(id, "lead", kBob).why, HasSubstr("approved already"));
}

TEST(Gates, WhatWasSignedIsTakenBackBeforeItBeginsAndNotAfter) {
  GatesWorld w;
  const std::string id = w.request("v2").id;
  w.give_all(id);
  ASSERT_TRUE(w.command(Revoke{id, "lead", "found a fault", {"review"}, {"lead"}}, kBob).ok);
  EXPECT_EQ(w.begin_requested(id).why, "missing: review (lead): not signed; approval of lead");
  ASSERT_TRUE(w.approve(id, "lead", kBob, {}, true).ok);
  ASSERT_TRUE(w.begin_requested(id).ok);
  EXPECT_EQ(w.command(Revoke{id, "lead", "too late", {}, {"lead"}}, kBob).reason, "conflict");
}

TEST(Gates, MonitoringMustHaveSeenTheWholeBaselineWindow) {
  GatesWorld w(gated(""));
  const std::string id = w.request("v2").id;
  w.give_all(id);
  EXPECT_THAT(w.begin_requested(id).why, HasSubstr("monitoring of error_rate: known for"));
  w.run(60);
  EXPECT_TRUE(w.begin_requested(id).ok);
}

TEST(Gates, OutsideOfItsWindowAndInAFreezeNothingBegins) {
  GatesWorld w(gated("  monitoring: false\n  windows: [\"Mon..Thu *-*-* 09..15:* UTC\"]\n"
                     "  freeze: [{from: 2026-12-20, to: 2027-01-03, why: end of the year}]\n"));
  const std::string id = w.request("v2").id;
  w.give_all(id);
  WallMinute wall{2026, 11, 27, 10, 0, 5}; // a Friday
  w.app->wall_clock = [&](Time, bool) { return wall; };
  EXPECT_THAT(w.begin_requested(id).why, HasSubstr("outside of the deployment window, which is Mon..Thu"));
  wall = {2026, 12, 21, 10, 0, 1};
  EXPECT_THAT(w.begin_requested(id).why, HasSubstr("frozen from 2026-12-20 to 2027-01-03: end of the year"));
  wall = {2026, 11, 26, 15, 59, 4};
  EXPECT_TRUE(w.begin_requested(id).ok);
}

TEST(Gates, AnEmergencyBeginsWithWhatIsMissingAndEverybodyHears) {
  GatesWorld w;
  const std::string id = w.request("v2").id;
  w.steps.script("/bin/tests", {Script::exits(1)});
  w.command(CheckItems{id});
  w.run(2);
  ASSERT_TRUE(w.begin_requested(id, "the shop is down").ok);
  EXPECT_EQ(w.ran("/bin/tests"), 2) << "it waits for no item";
  EXPECT_EQ(w.phase(id), Phase::deploying);
  EXPECT_THAT(w.told("overridden"),
              HasSubstr("critical: shop/production v2: begins by emergency override of uid:1(ana): "
                        "the shop is down; missing: review (lead): not signed"));
  EXPECT_THAT(w.told("overridden"), HasSubstr("tests (lead): exit status 1"));
  EXPECT_EQ(w.journal.of_type("gate_overridden").size(), 1U);
}

TEST(Gates, AnEmergencyNeedsNoRequest) {
  GatesWorld w;
  const Reply begun = w.begin("shop", "v2", [](BeginDeployment& c) { c.override_reason = "the shop is down"; });
  ASSERT_TRUE(begun.ok);
  EXPECT_EQ(w.phase(begun.id), Phase::deploying);
  EXPECT_THAT(w.told("overridden"), HasSubstr("missing: a request"));
}

TEST(Gates, WhatWasSignedIsTheConfigurationThatRuns) {
  GatesWorld w;
  const std::string id = w.request("v2").id;
  w.give_all(id);
  w.replace_config({gated("  monitoring: false\n  ordered: false\n").text()});
  EXPECT_THAT(w.begin_requested(id).why, HasSubstr("was changed since " + id + " was requested"));
}

TEST(Gates, ARestartForgetsNoSignature) {
  GatesWorld w;
  const std::string id = w.request("v2").id;
  ASSERT_TRUE(w.approve(id, "lead", kBob, {}, true).ok);
  w.kill();
  w.start();
  w.run(2);
  EXPECT_THAT(open_approvals(w.deployment(id)), ElementsAre("owner"));
  ASSERT_TRUE(w.approve(id, "owner", kEve).ok);
  EXPECT_TRUE(w.begin_requested(id).ok);
}

TEST(Gates, AnEmergencyBeginsAlsoWhatChangedSinceItWasSigned) {
  GatesWorld w;
  const std::string id = w.request("v2").id;
  ASSERT_TRUE(w.adopt("shop", "v1.1").ok);
  w.run(12);
  ASSERT_TRUE(w.begin_requested(id, "the shop is down").ok);
  EXPECT_EQ(w.phase(id), Phase::deploying);
  EXPECT_EQ(w.deployment(id).previous, "v1.1");
  EXPECT_THAT(w.told("overridden"), HasSubstr("would go back to v1.1 now"));
}

TEST(Gates, AFileThatChangesWhileItIsCheckedIsNotBegunWith) {
  GatesWorld w;
  const std::string id = w.request_with_slow_check("v2");
  ASSERT_TRUE(w.begin_requested(id).ok);
  w.replace_config({gated("  monitoring: false\n  ordered: false\n").text()});
  w.run(6);
  EXPECT_EQ(w.phase(id), Phase::refused);
  EXPECT_THAT(w.deployment(id).outcome_why, HasSubstr("was changed meanwhile"));
}

TEST(Gates, AskedAgainTheSameIsNoNews) {
  GatesWorld w;
  const std::string id = w.request("v2").id;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(w.begin_requested(id).reason, "gate");
  EXPECT_EQ(w.journal.of_type("gate_refused").size(), 1U);
  ASSERT_TRUE(w.approve(id, "lead", kBob, {}, true).ok);
  EXPECT_EQ(w.begin_requested(id).why, "missing: approval of owner");
  EXPECT_EQ(w.journal.of_type("gate_refused").size(), 2U);
}

TEST(Gates, AWindowThatClosesWhileItIsCheckedKeepsItClosed) {
  GatesWorld w(gated("  monitoring: false\n  windows: [\"Mon..Thu *-*-* 09..15:* UTC\"]\n"));
  const std::string id = w.request_with_slow_check("v2");
  WallMinute wall{2026, 11, 26, 15, 59, 4};
  w.app->wall_clock = [&](Time, bool) { return wall; };
  ASSERT_TRUE(w.begin_requested(id).ok);
  wall = {2026, 11, 26, 16, 0, 4};
  w.run(6);
  EXPECT_EQ(w.phase(id), Phase::requested);
  EXPECT_THAT(w.deployment(id).gates->missing, ElementsAre(HasSubstr("outside of the deployment window")));
}

TEST(Gates, AfterARestartItBeginsOnceSomethingWasMeasured) {
  GatesWorld w;
  const std::string id = w.request_with_slow_check("v2");
  ASSERT_TRUE(w.begin_requested(id).ok);
  w.kill();
  w.run_dead(6);
  w.start();
  EXPECT_EQ(w.phase(id), Phase::gated) << "what is normal is not known yet";
  w.run(5);
  EXPECT_EQ(w.phase(id), Phase::deploying);
}

TEST(Gates, WhereARollbackWouldGoIsPartOfWhatIsSigned) {
  GatesWorld w;
  const std::string id = w.request("v2").id;
  w.give_all(id);
  ASSERT_TRUE(w.adopt("shop", "v1.1").ok);
  w.run(12);
  EXPECT_THAT(w.begin_requested(id).why, HasSubstr("would go back to v1.1 now, and to v1 when it was requested"));
}

TEST(Gates, ARequestThatNobodyBeginsEnds) {
  GatesWorld w;
  const std::string id = w.request("v2").id;
  w.now += std::chrono::hours(24 * 30);
  w.run(2);
  EXPECT_EQ(w.phase(id), Phase::aborted);
  EXPECT_THAT(w.deployment(id).outcome_why, HasSubstr("nobody began it within 30d"));
}

TEST(Gates, ARequestIsGivenUp) {
  GatesWorld w;
  const std::string id = w.request("v2").id;
  ASSERT_TRUE(w.command(AbortDeployment{id, "not wanted"}).ok);
  EXPECT_EQ(w.phase(id), Phase::aborted);
  EXPECT_EQ(w.service().version, "v1");
}

} // namespace
} // namespace backstop
