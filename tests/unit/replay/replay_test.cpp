#include "daemon/replay/replay.hpp"
#include "tests/unit/replay/samples_text.hpp"
#include <algorithm>
#include <gtest/gtest.h>
#include <sstream>

/// The shop's rule: critical above 5 % for 3 s in a window of 5 s; warm-up 2 s, good after 20 s, watched for 60 s.
namespace backstop::replay::test {
namespace {

struct Wanted {
  std::string events = {};
  std::optional<double> end = {};
  bool go_on = false;
  ShopConfig config = {};
};

Result<Outcome> run(const SamplesText& samples, double deploy_at, const Wanted& wanted = {}) {
  const std::string text = samples.text();
  Request request{service_of(wanted.config.text()), text, "shop.om", {}, {}, wanted.go_on};
  if (wanted.end) request.end = at(*wanted.end);
  if (wanted.events.empty()) {
    request.events = deployed_at(at(deploy_at), request.service.key());
  } else {
    auto events = read_events(wanted.events, "e.jsonl", request.service.key());
    if (!events) return events.error();
    request.events = *std::move(events);
  }
  return replay(request);
}

/// {"t":…,"event":"…" and what else belongs to it}
std::string event(double t, const std::string& name, const std::string& rest = "") {
  return R"({"t":)" + plain(static_cast<double>(kStart) + t) + R"(,"event":")" + name + "\"" + rest + "}\n";
}

/// "seconds: decision" of each decision, "end" and what came out.
std::string decided(const Result<Outcome>& outcome) {
  if (!outcome) return outcome.error().what;
  std::string text;
  std::istringstream in(outcome->log);
  for (std::string line; std::getline(in, line);) {
    const Result<Json> json = Json::parse(line);
    if (!json) return "not JSON: " + line;
    if (json->text("kind") != "decision") continue;
    text += plain(json->number("t") - static_cast<double>(kStart)) + ": " + json->text("decision") + "\n";
  }
  switch (outcome->end) {
  case Outcome::End::kept: return text + "kept";
  case Outcome::End::rolled_back: return text + "rolled back";
  case Outcome::End::undecided: return text + "undecided";
  }
  return text;
}

TEST(Replay, ABadVersionIsRolledBackWhenTheRuleSaysSo) {
  SamplesText samples;
  samples.run(100).run(200, 0.2);
  // Deployed at 100; the warm-up ends at 102, the first scrape after it is critical, and 3 s later the rule has held.
  EXPECT_EQ(decided(run(samples, 100)), "106: RollBack\nrolled back");
}

TEST(Replay, ItEndsWithTheFirstRollBackUnlessItGoesOn) {
  SamplesText samples;
  samples.run(100).run(30, 0.2).run(20).run(100, 0.2);
  const auto first = run(samples, 100);
  const auto all = run(samples, 100, {.go_on = true});
  EXPECT_EQ(decided(first), "106: RollBack\nrolled back");
  EXPECT_EQ(decided(all).substr(0, 37), "106: RollBack\n134: KeepWatching\n155: ");
  ASSERT_TRUE(first && all);
  EXPECT_EQ(all->log.rfind(first->log, 0), 0U) << "the beginning is the same";
  EXPECT_EQ(all->scrapes, 250U);
  EXPECT_EQ(first->scrapes, 106U);
}

TEST(Replay, AGoodVersionIsKeptAtTheEndOfItsBake) {
  SamplesText samples;
  samples.run(300);
  EXPECT_EQ(decided(run(samples, 100)), "160: Accept\nkept");
}

TEST(Replay, SamplesThatEndBeforeTheBakeSayNothingAgainstIt) {
  SamplesText samples;
  samples.run(120);
  const auto outcome = run(samples, 100);
  EXPECT_EQ(decided(outcome), "kept");
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->last, at(120));
  EXPECT_EQ(outcome->watched_until, at(160));
}

TEST(Replay, WithoutDataItIsUndecided) {
  SamplesText samples;
  samples.run(100);
  // At the end of the bake nobody has watched for long: it is watched for good_after more.
  EXPECT_EQ(decided(run(samples, 99.5, {.end = 200})), "179.5: Undecided\nundecided");
}

TEST(Replay, AnEndBeforeTheRollBack) {
  SamplesText samples;
  samples.run(100).run(200, 0.2);
  EXPECT_EQ(decided(run(samples, 100, {.end = 105})), "kept");
}

TEST(Replay, BetweenBeginAndFinishNoRuleActs) {
  SamplesText samples;
  samples.run(100).run(100, 0.2);
  EXPECT_EQ(decided(run(samples, 0, {.events = event(100, "begin") + event(120, "finish")})),
            "126: RollBack\nrolled back");
}

TEST(Replay, AHoldForbidsTheRollBackUntilItsEnd) {
  SamplesText samples;
  samples.run(100).run(50, 0.2);
  const std::string deployed = event(100, "begin") + event(100, "finish");
  EXPECT_EQ(decided(run(samples, 0, {.events = deployed + event(103, "hold", R"(,"for_s":20,"reason":"sale")")})),
            "106: RollBack\n124: RollBack\nrolled back");
  EXPECT_EQ(decided(run(samples, 0, {.events = deployed + event(103, "hold", R"(,"for_s":200,"reason":"sale")")})),
            "106: RollBack\nundecided");
}

TEST(Replay, ASignalRollsBackAtOnce) {
  SamplesText samples;
  samples.run(200);
  EXPECT_EQ(decided(run(samples, 0,
                        {.events = event(100, "begin") + event(101, "finish") +
                                   event(120.25, "signal", R"(,"kind":"data-corruption","evidence":"x")")})),
            "120.25: RollBack\nrolled back");
}

TEST(Replay, ARestartOfTheDaemonChangesNoDecision) {
  SamplesText samples;
  samples.run(100).run(20).run(60, 0.2);
  const std::string deployed = event(100, "begin") + event(101, "finish");
  const std::string without = decided(run(samples, 0, {.events = deployed}));
  EXPECT_EQ(without, "125: RollBack\nrolled back");
  EXPECT_EQ(decided(run(samples, 0, {.events = deployed + event(110.5, "restart")})), without);
}

TEST(Replay, ModeOfTheServiceAndQuestionsToTheHostDoNotMatter) {
  SamplesText samples;
  samples.run(100).run(200, 0.2);
  ShopConfig asking;
  asking.mode = "observe";
  asking.extra = "running_version: {argv: [/nowhere/version]}\n";
  asking.steps = "\n    - {name: execute, kind: run, argv: [/nowhere/deploy], preflight: {argv: [/nowhere/can]}, "
                 "check: {argv: [/nowhere/is-at]}}\n";
  EXPECT_EQ(decided(run(samples, 100, {.config = asking})), "106: RollBack\nrolled back");
}

TEST(Replay, ARuleThatOnlyObservesRollsNothingBack) {
  SamplesText samples;
  samples.run(100).run(20, 0.2);
  ShopConfig observing;
  observing.rows = ", mode: observe";
  EXPECT_EQ(decided(run(samples, 100, {.config = observing})), "106: RollBack\nundecided");
}

TEST(Replay, TwiceTheSameBytes) {
  SamplesText samples;
  for (int i = 0; i < 60; ++i) samples.run(3 + i % 7, i % 5 == 0 ? 0.12 : 0.01 * (i % 4));
  const auto once = run(samples, 100, {.go_on = true});
  const auto again = run(samples, 100, {.go_on = true});
  ASSERT_TRUE(once && again);
  EXPECT_GT(std::count(once->log.begin(), once->log.end(), '\n'), 10);
  EXPECT_EQ(once->log, again->log);
}

TEST(Replay, FaultsOfTheRequest) {
  SamplesText samples;
  samples.run(100);
  const std::string span = "shop.om has samples from 1767225601 to 1767225700";
  EXPECT_EQ(decided(run(samples, 0)), "the deployment, or an event, at 1767225600 is not after the first sample: " +
                                          span + " (the baseline comes from what is before it)");
  EXPECT_EQ(decided(run(samples, 101)), "the deployment at 1767225701 is after the last sample: " + span);
  EXPECT_EQ(decided(run(samples, 50, {.end = 49})), "the end at 1767225649 is before the deployment at 1767225650");
  EXPECT_EQ(decided(run(samples, 0, {.events = event(5, "finish")})), "no event begins a deployment");
  EXPECT_EQ(
      decided(run(samples, 0, {.events = event(50, "begin") + event(51, "finish") + event(52, "finish")})),
      "at 1767225652: finish of D1: it is watching, not deploying (`backstopctl deploy show D1` tells how it stands)");
}

TEST(Replay, ADeploymentThatCouldNotBeJudgedIsRefused) {
  SamplesText samples;
  samples.run(50).nothing(30).line("backstop_scrape 0 1767225680").run(1);
  EXPECT_EQ(
      decided(run(samples, 80.5)),
      "at 1767225680.5: deployment of shop/production new: it could not be judged: error_rate: error: failed when it "
      "was recorded (mend the source (see `backstopctl status shop/production`), then begin again)");
}

} // namespace
} // namespace backstop::replay::test
