#include "daemon/config/mapping.hpp"
#include "tests/unit/config/helpers.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// Plans: how they are read, the ready ones, and that a step is found by its path.
namespace backstop::config::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string kTraffic = "traffic: {driver: haproxy, socket: \"127.0.0.1:9999\", backend: shop, "
                             "sides: {blue: [b1, b2], green: [g1]}}\n";

Service read(const std::string& more) {
  auto outcome = load_service(service_with(more), "f");
  EXPECT_EQ(show_faults(outcome.faults), "");
  return outcome.service;
}

const std::string kPlan = kTraffic + R"(plan:
  - phase: before
    steps:
      - {name: backup, kind: run, argv: [/a, "{version}"], timeout: 5m, retries: 2, check: {argv: [/is]},
         undo: {argv: [/back, "{side}"], timeout: 1m, on_unknown: rerun}}
      - {name: migrate, kind: run, argv: [/m], irreversible: true, on_unknown: rerun}
      - {name: go, kind: approve, role: product-owner}
  - phase: out
    steps:
      - name: both
        kind: parallel
        steps: [{name: deploy, kind: run, argv: [/d, "{environment}-{side}"]}, {name: tell, kind: notify}]
      - {name: ten, kind: traffic, share: 12.5%}
      - {name: look, kind: watch, for: 1h}
      - {name: settle, kind: wait, for: 30s}
      - {name: page, kind: notify, severity: critical, to: [oncall]}
  - phase: after
    steps: [{name: all, kind: traffic, share: 100%}]
)";

std::vector<std::string> paths_of(const Plan& plan) {
  std::vector<std::string> paths;
  for (const PlanPhase& phase : plan.phases)
    for (const Step& step : phase.steps) paths.push_back(step.path + " " + step.name);
  return paths;
}

std::string live_of(const Plan& plan) {
  std::string live;
  for (const PlanPhase& phase : plan.phases) live += phase.live ? "x" : "-";
  return live;
}

TEST(Plan, StepsAreNumberedByPhaseAndPlace) {
  const Plan plan = read(kPlan).plan;
  EXPECT_THAT(paths_of(plan), ElementsAre("1.1 backup", "1.2 migrate", "1.3 go", "2.1.1 deploy", "2.1.2 tell",
                                          "2.2 ten", "2.3 look", "2.4 settle", "2.5 page", "3.1 all"));
  EXPECT_EQ(plan.phases[1].steps[0].group, "2.1");
  EXPECT_EQ(plan.phases[1].steps[1].group, "2.1");
  EXPECT_EQ(plan.phases[1].steps[2].group, "");
  EXPECT_EQ(plan.phases[1].parallels.at("2.1"), "both");
  EXPECT_EQ(plan.ready, "");
}

TEST(Plan, StepsHaveTheKeysOfTheirKind) {
  const Service service = read(kPlan);
  const Step& backup = *step_at(service, "1.1");
  const auto& run = std::get<RunStep>(backup.kind);
  EXPECT_THAT(run.argv, ElementsAre("/a", "{version}"));
  EXPECT_EQ(run.timeout, minutes(5));
  EXPECT_EQ(run.retries, 2);
  EXPECT_EQ(run.on_unknown, OnUnknown::verify);
  EXPECT_FALSE(run.preflight);
  ASSERT_TRUE(backup.undo);
  EXPECT_THAT(backup.undo->argv, ElementsAre("/back", "{side}"));
  EXPECT_EQ(backup.undo->timeout, minutes(1));
  EXPECT_EQ(backup.undo->on_unknown, OnUnknown::rerun);
  EXPECT_FALSE(backup.irreversible);
  EXPECT_TRUE(step_at(service, "1.2")->irreversible);
  EXPECT_FALSE(step_at(service, "1.2")->undo);
  EXPECT_EQ(std::get<ApproveStep>(step_at(service, "1.3")->kind).role, "product-owner");
  EXPECT_EQ(std::get<NotifyStep>(step_at(service, "2.1.2")->kind).severity, "info");
  EXPECT_EQ(std::get<TrafficStep>(step_at(service, "2.2")->kind).share, 0.125);
  EXPECT_EQ(std::get<BakeStep>(step_at(service, "2.3")->kind).duration, hours(1));
  EXPECT_EQ(std::get<WaitStep>(step_at(service, "2.4")->kind).duration, seconds(30));
  EXPECT_EQ(std::get<NotifyStep>(step_at(service, "2.5")->kind).severity, "critical");
  EXPECT_THAT(std::get<NotifyStep>(step_at(service, "2.5")->kind).to, ElementsAre("oncall"));
  EXPECT_EQ(std::get<TrafficStep>(step_at(service, "3.1")->kind).share, 1);
}

TEST(Plan, StepsOfBothProceduresAreFoundByTheirPath) {
  const Service service = read(kPlan + "procedures: {rollback: [{name: tell-all, kind: notify}]}\n");
  EXPECT_EQ(step_at(service, "1")->name, "tell-all");
  EXPECT_EQ(step_at(service, "2.1.1")->name, "deploy");
  for (const char* path : {"", "2", "2.1", "2.1.3", "4.1", "1.1.1", "0", "1."})
    EXPECT_EQ(step_at(service, path), nullptr) << path;
}

struct Live {
  const char* phases; ///< "": what a phase has besides its name; t: a traffic step
  const char* live;
};
class LivePhases : public testing::TestWithParam<Live> {};

/// A letter a phase: n nothing, t traffic, w watch, T written live: true, F written live: false.
TEST_P(LivePhases, BeginWhereTheServiceIsTouched) {
  std::string plan = kTraffic + "plan:\n";
  for (int i = 0; GetParam().phases[i] != '\0'; ++i) {
    const std::string n = std::to_string(i);
    const char kind = GetParam().phases[i];
    plan += "  - {phase: p" + n +
            (kind == 'T'   ? ", live: true"
             : kind == 'F' ? ", live: false"
                           : "") +
            ", steps: [{name: s" + n +
            (kind == 't'   ? ", kind: traffic, share: 100%"
             : kind == 'w' ? ", kind: watch, for: 1h"
                           : ", kind: notify") +
            "}]}\n";
  }
  EXPECT_EQ(live_of(read(plan).plan), GetParam().live) << plan;
}

INSTANTIATE_TEST_SUITE_P(Config, LivePhases,
                         testing::Values(Live{"n", "x"}, Live{"nnn", "xxx"}, Live{"nt", "-x"}, Live{"nwn", "-xx"},
                                         Live{"ntn", "-xx"}, Live{"nTn", "-xx"}, Live{"nTt", "-xx"}, Live{"ntT", "-xx"},
                                         Live{"Fn", "-x"}, Live{"FnT", "--x"}, Live{"FFn", "--x"}, Live{"FFt", "--x"},
                                         Live{"Tn", "xx"}, Live{"nnT", "--x"}));

std::string ready(const std::string& name, const std::string& more = "") {
  return kTraffic + "plan: {ready: " + name + ", scripts: /opt/shop/scripts/" + more + "}\n";
}

TEST(ReadyPlan, BlueGreenHasTheFivePhasesInFull) {
  const Plan plan = read(ready("blue-green")).plan;
  EXPECT_EQ(plan.ready, "blue-green");
  EXPECT_EQ(live_of(plan), "--xxx");
  EXPECT_THAT(paths_of(plan),
              ElementsAre("1.1 health-check", "1.2 backup-database", "1.3 load-test", "2.1 deploy-staging", "2.2 smoke",
                          "2.3 verify-staging", "2.4 benchmark", "3.1 deploy", "3.2 verify", "3.3 switch-traffic",
                          "3.4 watch", "4.1 health", "4.2 verify-database", "4.3 check-logs", "4.4 user-reports",
                          "5.1 mark-deployed", "5.2 update-docs", "5.3 archive-logs"));
}

TEST(ReadyPlan, CanaryDiffersInItsProductionPhase) {
  const Service service = read(ready("canary"));
  EXPECT_EQ(live_of(service.plan), "--xxx");
  std::vector<std::string> names;
  std::vector<double> shares;
  for (const Step& step : service.plan.phases[2].steps) {
    names.push_back(step.name);
    if (const auto* traffic = std::get_if<TrafficStep>(&step.kind)) shares.push_back(traffic->share);
  }
  EXPECT_THAT(names, ElementsAre("deploy", "ten-percent", "watch-ten", "fifty-percent", "watch-fifty", "all-traffic",
                                 "watch-all"));
  EXPECT_THAT(shares, ElementsAre(0.1, 0.5, 1));
  EXPECT_THAT(std::get<RunStep>(step_at(service, "3.1")->kind).argv,
              ElementsAre("/opt/shop/scripts/deploy-canary.sh", "{environment}", "{version}"));
}

TEST(ReadyPlan, AShareIsChangedToo) {
  const Service service = read(ready("canary", ", steps: {ten-percent: {share: 5%}}"));
  EXPECT_EQ(std::get<TrafficStep>(step_at(service, "3.2")->kind).share, 0.05);
}

TEST(ReadyPlan, StepsAreChangedKeyByKeyOrLeftOut) {
  const Service service = read(ready(
      "blue-green", ", health_url: \"https://shop.example/health\", steps: {health-check: off, load-test: off, "
                    "backup-database: off, smoke: {argv: [/usr/bin/npm, run, smoke], retries: 1}, watch: {for: 2h}, "
                    "deploy: {check: {argv: [/is, \"{side}\"]}}, "
                    "mark-deployed: {on_failure: abort}, benchmark: {undo: {argv: [/tidy]}, irreversible: false}}"));
  EXPECT_EQ(service.plan.phases.size(), 4U) << "a phase without steps is left out";
  EXPECT_EQ(service.plan.phases[0].name, "staging");
  const auto& smoke = std::get<RunStep>(step_at(service, "1.2")->kind);
  EXPECT_THAT(smoke.argv, ElementsAre("/usr/bin/npm", "run", "smoke"));
  EXPECT_EQ(smoke.retries, 1);
  EXPECT_EQ(smoke.timeout, minutes(10)) << "as it was";
  EXPECT_EQ(smoke.on_unknown, OnUnknown::rerun) << "as it was";
  EXPECT_THAT(step_at(service, "1.4")->undo->argv, ElementsAre("/tidy"));
  EXPECT_EQ(std::get<RunStep>(step_at(service, "2.1")->kind).on_unknown, OnUnknown::verify) << "it has a check now";
  EXPECT_EQ(std::get<BakeStep>(step_at(service, "2.4")->kind).duration, hours(2));
  EXPECT_THAT(std::get<RunStep>(step_at(service, "3.1")->kind).argv,
              ElementsAre("/usr/bin/curl", "-fsS", "--max-time", "10", "https://shop.example/health"));
  EXPECT_EQ(std::get<RunStep>(step_at(service, "4.1")->kind).on_failure, OnFailure::abort);
  EXPECT_EQ(std::get<RunStep>(step_at(service, "4.2")->kind).on_failure, OnFailure::proceed) << "as it was";
}

TEST(ReadyPlan, WhatIsUnknownOrMissingIsSaid) {
  EXPECT_THAT(faults_of(service_with("plan: {ready: rolling, scripts: /a}\n")),
              HasSubstr("plan.ready: \"rolling\" is not known (one of: blue-green, canary)"));
  EXPECT_THAT(faults_of(service_with("plan: {ready: canary}\n" + kTraffic)), HasSubstr("plan: \"scripts\" is missing"));
  EXPECT_THAT(faults_of(service_with("plan: {scripts: /a}\n")), HasSubstr("plan: \"ready\" is missing"));
  EXPECT_THAT(faults_of(service_with("plan: {ready: canary, scripts: a}\n" + kTraffic)),
              HasSubstr("plan.scripts: \"a\" is no absolute path"));
  EXPECT_THAT(faults_of(service_with("plan: canary\n")), HasSubstr("plan: a list is wanted, here is a single value"));
  EXPECT_THAT(faults_of(service_with("plan: []\n")), HasSubstr("plan: the list is empty"));
}

TEST(Plan, ARollbackIsShorterWhereTrafficIsTheWayBack) {
  const std::string top =
      "service: a\nsources: {app: {type: host}}\nindicators: {cpu: {gauge: a_percent, source: app}}\n"
      "running_version: {link: /a}\n";
  const std::string watch = "procedures: {rollback: [{name: verify, kind: watch}]}\n";
  const std::string moves = "plan: [{phase: a, steps: [{name: m, kind: traffic, share: 100%}]}]\n" + kTraffic;
  const std::string runs = "plan: [{phase: a, steps: [{name: m, kind: notify}]}]\n";
  EXPECT_EQ(faults_of(top + watch + moves), "");
  EXPECT_EQ(faults_of(top +
                      "procedures: {rollback: [{name: verify, kind: watch}, {name: stop, kind: run, argv: [/s], "
                      "on_unknown: rerun}]}\n" +
                      moves),
            "");
  EXPECT_THAT(faults_of(top + moves), HasSubstr("traffic goes back, but no watch step sees"));
  EXPECT_THAT(faults_of(top + watch + runs), HasSubstr("no step runs anything, so nothing is undone"));
  EXPECT_THAT(faults_of(top + runs), HasSubstr("there is no way back"));
}

std::string moved(const std::string& steps, const std::string& candidate = "") {
  std::string traffic = kTraffic;
  if (!candidate.empty()) traffic.insert(traffic.find('{') + 1, "candidate: " + candidate + ", ");
  return service_with(traffic + "plan: [{phase: a, steps: [" + steps + "]}]\n");
}
const std::string kTen = "{name: ten, kind: traffic, share: 10%}";
const std::string kAll = "{name: all, kind: traffic, share: 100%}";
const std::string kNone = "{name: none, kind: traffic, share: 0%}";
const std::string kLook = "{name: look, kind: watch, for: 1h}";

TEST(Plan, TheTrafficEndsWhereTheNextVersionCanCome) {
  EXPECT_EQ(faults_of(moved(kTen + ", " + kLook + ", " + kAll)), "");
  EXPECT_THAT(faults_of(moved(kTen)), HasSubstr("10% of the traffic goes to the new version, the rest to the old"));
  EXPECT_THAT(faults_of(moved(kAll + ", " + kNone)), HasSubstr("0% of the traffic goes to the new version"));
}

TEST(Plan, ASideThatAllNewVersionsComeToGivesTheTrafficBack) {
  EXPECT_EQ(faults_of(moved(kTen + ", " + kLook + ", " + kNone, "green")), "");
  EXPECT_THAT(faults_of(moved(kTen + ", {name: settle, kind: run, argv: [/s], on_unknown: rerun}, " + kNone, "green")),
              HasSubstr("nothing takes it back"));
  EXPECT_THAT(faults_of(moved(kTen + ", " + kAll, "green")),
              HasSubstr("100% of the traffic goes to green, which the next version is to come to"));
}

TEST(Plan, NothingIsWatchedBeforeTheNewVersionHasTraffic) {
  EXPECT_THAT(faults_of(moved(kLook + ", " + kAll)), HasSubstr("so the old one would be watched"));
  EXPECT_THAT(faults_of(moved(kNone + ", " + kLook + ", " + kAll)), HasSubstr("moves nothing"));
  EXPECT_EQ(faults_of(moved(kLook)), "") << "where nothing moves traffic the new version has it all";
}

TEST(Plan, AWatchAsLongAsTheWarmUpIsLongEnough) {
  const auto plan = [](const std::string& length) {
    return service_with("judge: {kind: table, warm_up: 45s}\nplan: [{phase: a, steps: [{name: w, kind: watch, for: " +
                        length + "}]}]\n");
  };
  EXPECT_EQ(faults_of(plan("45s")), "");
  EXPECT_THAT(faults_of(plan("44s")), HasSubstr("44s is shorter than the warm-up of 45s"));
}

TEST(Plan, SixteenStepsAtOnceAreTaken) {
  std::string steps;
  for (int i = 0; i < 16; ++i)
    steps += (i == 0 ? "" : ", ") + std::string("{name: s") + std::to_string(i) + ", kind: notify}";
  const auto with = [](const std::string& list) {
    return service_with("plan: [{phase: a, steps: [{name: all, kind: parallel, steps: [" + list + "]}]}]\n");
  };
  EXPECT_EQ(faults_of(with(steps)), "");
  EXPECT_THAT(faults_of(with(steps + ", {name: more, kind: notify}")), HasSubstr("17 steps at once, at most 16 are"));
  EXPECT_THAT(faults_of(with("{name: one, kind: notify}")), HasSubstr("a parallel of fewer than two steps"));
  EXPECT_THAT(faults_of(with("")), HasSubstr("a parallel of fewer than two steps"));
}

TEST(Plan, IsShownAsItIsCarriedOut) {
  EXPECT_THAT(show_service(read(kPlan)), HasSubstr(R"(
traffic        haproxy, socket 127.0.0.1:9999, backend shop, blue is b1 and b2, green is g1,
               new versions come to the side without traffic, timeout 30s
plan
  1 before
    1.1 backup     run /a {version}, timeout 5m, 2 retries, 1s apart, on failure abort,
                   on unknown verify, check /is (timeout 10s)
      undone by: run /back {side}, timeout 60s, on failure abort, on unknown rerun, no check
    1.2 migrate    run /m, timeout 10m, on failure abort, on unknown rerun, no check, irreversible
    1.3 go         approve by product-owner
  2 out (live)
    2.1 both       at the same time
      2.1.1 deploy   run /d {environment}-{side}, timeout 10m, on failure abort,
                     on unknown escalate, no check
      2.1.2 tell     notify all channels, severity info
    2.2 ten        traffic 12.5% to the new version
    2.3 look       watch for 1h
    2.4 settle     wait for 30s
    2.5 page       notify oncall, severity critical
  3 after (live)
    3.1 all        traffic 100% to the new version
)"));
}

/// The hostile: nothing of it may be taken, crash or run for long.
TEST(Plan, WhatIsNoPlanIsRefusedWithoutHarm) {
  std::string deep = "plan: ";
  for (int i = 0; i < 20; ++i) deep += "[{phase: a, steps: ";
  EXPECT_NE(faults_of(service_with(deep + "\n")), "");
  std::string nested = "{name: x, kind: notify}";
  for (int i = 0; i < 5; ++i) nested = "{name: p" + std::to_string(i) + ", kind: parallel, steps: [" + nested + "]}";
  EXPECT_THAT(faults_of(service_with("plan: [{phase: a, steps: [" + nested + "]}]\n")),
              HasSubstr("there is no step in a parallel of kind \"parallel\""));
  std::string many;
  for (int i = 0; i < 3000; ++i) many += "{name: same, kind: notify},";
  const auto outcome = load_service(service_with("plan: [{phase: a, steps: [" + many + "]}]\n"), "f");
  EXPECT_EQ(outcome.faults.size(), kMaxFaults + 1);
  EXPECT_NE(faults_of(service_with(
                "plan: [{phase: \"a\\nb\", steps: [{name: \"\\u0007\", kind: run, argv: [\"/a\\0b\"]}]}]\n")),
            "");
  for (const char* share : {"1e999%", "nan%", "%", "0x10%", "99999999999999999999%", "50%%"})
    EXPECT_NE(faults_of(service_with(kTraffic + "plan: [{phase: a, steps: [{name: t, kind: traffic, share: \"" +
                                     std::string(share) + "\"}]}]\n")),
              "")
        << share;
}

} // namespace
} // namespace backstop::config::test
