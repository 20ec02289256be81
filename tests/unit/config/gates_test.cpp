#include "daemon/config/standard_gates.hpp"
#include "tests/unit/config/helpers.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

/// gates: checklist, approvals, times; and the roles that sign.
namespace backstop::config::test {
namespace {

using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;

Gates read(const std::string& gates) {
  const auto outcome = load_service(service_with("gates: " + gates + "\n"), "f");
  EXPECT_EQ(show_faults(outcome.faults), "");
  EXPECT_TRUE(outcome.service.gates);
  return outcome.service.gates.value_or(Gates{});
}

const ChecklistItem& item(const Gates& gates, const std::string& name) {
  for (const ChecklistItem& i : gates.checklist)
    if (i.name == name) return i;
  throw std::out_of_range(name);
}

TEST(Gates, AreStrictUnlessItIsWritten) {
  const Gates usual = read("{}");
  EXPECT_TRUE(usual.checklist.empty());
  EXPECT_TRUE(usual.approvals.empty());
  EXPECT_TRUE(usual.ordered && usual.four_eyes && usual.one_role_per_person && usual.monitoring);
  const Gates loose = read("{ordered: false, four_eyes: false, one_role_per_person: false, monitoring: false}");
  EXPECT_FALSE(loose.ordered || loose.four_eyes || loose.one_role_per_person || loose.monitoring);
  EXPECT_FALSE(load_service(service_with(""), "f").service.gates) << "without the key there are none";
}

TEST(Gates, TheStandardChecklistHasThirtyItemsOfFiveRoles) {
  const Gates gates = read("{checklist: standard, approvals: standard}");
  ASSERT_EQ(gates.checklist.size(), 30U);
  std::set<std::string> names;
  std::map<std::string, int> roles;
  for (const ChecklistItem& i : gates.checklist) {
    names.insert(i.name);
    ++roles[i.role];
    EXPECT_FALSE(i.automatic()) << i.name;
    EXPECT_FALSE(i.title.empty());
    EXPECT_FALSE(i.group.empty());
  }
  EXPECT_EQ(names.size(), 30U);
  EXPECT_EQ(roles, (std::map<std::string, int>{
                       {"devops", 6}, {"product-owner", 6}, {"scrum-master", 6}, {"security", 6}, {"tech-lead", 6}}));
  std::vector<std::string> order;
  for (const ApprovalRole& approval : gates.approvals) order.push_back(approval.role);
  EXPECT_THAT(order, ElementsAre("devops", "tech-lead", "security", "scrum-master", "product-owner"));
  EXPECT_EQ(gates.approvals[3].title, "Go or no-go");
}

TEST(Gates, ItemsOfTheListBecomeAutomaticOrAreLeftOut) {
  const Gates gates =
      read("{checklist: standard, items: {user-guide: off, coverage: {command: {argv: [/cov, \"{version}\"], "
           "timeout: 2m, user: ci, env: {A: b}}}, capacity-verified: {indicator: cpu, is: \">= 12.5%\", role: ops}, "
           "monitoring-configured: {source: app, title: All answer, group: Own}}}");
  EXPECT_EQ(gates.checklist.size(), 29U);
  const auto& command = std::get<CommandItem>(item(gates, "coverage").kind).run;
  EXPECT_THAT(command.argv, ElementsAre("/cov", "{version}"));
  EXPECT_EQ(command.timeout, minutes(2));
  EXPECT_EQ(command.user, "ci");
  EXPECT_EQ(command.environment.at("A"), "b");
  EXPECT_EQ(command.on_unknown, OnUnknown::rerun) << "it only looks";
  const ChecklistItem& capacity = item(gates, "capacity-verified");
  EXPECT_EQ(capacity.role, "ops");
  EXPECT_EQ(capacity.title, "There is capacity for the load") << "as it was";
  EXPECT_EQ(std::get<IndicatorItem>(capacity.kind).indicator, "cpu");
  EXPECT_EQ(std::get<IndicatorItem>(capacity.kind).limit, (Limit{Op::greater_equal, 12.5}));
  EXPECT_EQ(std::get<ProbeItem>(item(gates, "monitoring-configured").kind).source, "app");
  EXPECT_EQ(item(gates, "monitoring-configured").title, "All answer");
  EXPECT_EQ(item(gates, "monitoring-configured").group, "Own");
  EXPECT_FALSE(item(gates, "tests-passing").automatic());
}

TEST(Gates, AListOfOnesOwnIsTakenAsItIs) {
  const Gates gates =
      read("{checklist: [{name: a, role: devops}, {name: b, title: Be it, group: G, role: ops, source: app}], "
           "approvals: [{role: ops, title: Go}, {role: devops}]}");
  ASSERT_EQ(gates.checklist.size(), 2U);
  EXPECT_EQ(gates.checklist[0].title, "a");
  EXPECT_EQ(gates.checklist[0].group, "");
  EXPECT_TRUE(gates.checklist[1].automatic());
  EXPECT_EQ(gates.approvals[0].title, "Go");
  EXPECT_EQ(gates.approvals[1].title, "devops");
}

TEST(Gates, WindowsAndFreezesAreRead) {
  const Gates gates = read("{windows: [\"Mon..Thu *-*-* 09..15:*\", \"22:* UTC\"], "
                           "freeze: [{from: 2026-12-20, to: 2027-01-03, why: end of the year}, {from: 2028-02-29}]}");
  ASSERT_EQ(gates.windows.size(), 2U);
  EXPECT_TRUE(gates.windows[0].contains({2026, 1, 1, 9, 0, 4}));
  EXPECT_FALSE(gates.windows[0].contains({2026, 1, 2, 9, 0, 5}));
  EXPECT_TRUE(gates.windows[1].utc());
  ASSERT_EQ(gates.freezes.size(), 2U);
  EXPECT_EQ(gates.freezes[0].from, "2026-12-20");
  EXPECT_EQ(gates.freezes[0].to, "2027-01-03");
  EXPECT_EQ(gates.freezes[0].why, "end of the year");
  EXPECT_EQ(gates.freezes[1].to, "2028-02-29");
}

TEST(Gates, AFreezeIsARealStretchOfDays) {
  for (const char* day : {"2026-02-29", "2026-04-31", "2026-13-01", "2026-00-10", "2026-01-00", "1969-12-31",
                          "2026-1-1", "26-01-01", "2026/01/01", "2026-01-011", "\"\"", "2026-01-0a", "-026-01-01"})
    EXPECT_NE(faults_of(service_with("gates: {freeze: [{from: " + std::string(day) + "}]}\n")), "") << day;
  for (const char* day : {"2024-02-29", "2000-02-29", "2026-12-31", "1970-01-01"})
    EXPECT_EQ(faults_of(service_with("gates: {freeze: [{from: " + std::string(day) + "}]}\n")), "") << day;
  EXPECT_EQ(faults_of(service_with("gates: {freeze: [{from: 2026-12-31, to: 2026-12-31}]}\n")), "");
  EXPECT_THAT(faults_of(service_with("gates: {freeze: [{from: 2027-01-01, to: 2026-12-31}]}\n")),
              HasSubstr("gates.freeze[0].to: 2026-12-31 is before 2027-01-01 (swap them)"));
}

MemoryFiles files_with(const std::string& main, const std::string& service) {
  MemoryFiles files;
  files.texts["/etc/main.yaml"] = "services: /etc/s/*.yaml\n" + main;
  files.texts["/etc/s/a.yaml"] = service;
  return files;
}

std::string faults_of_files(const std::string& main, const std::string& more) {
  return show_faults(load("/etc/main.yaml", files_with(main, service_with(more)).files()).faults);
}

TEST(Roles, AreGroupsOfTheHost) {
  const auto outcome =
      load("/etc/main.yaml", files_with("roles: {devops: backstop-devops, qa: qa}\n", service_with("")).files());
  EXPECT_EQ(show_faults(outcome.faults), "");
  EXPECT_EQ(outcome.config.daemon.roles,
            (std::map<std::string, std::string>{{"devops", "backstop-devops"}, {"qa", "qa"}}));
  EXPECT_THAT(show_daemon(outcome.config.daemon), HasSubstr("signs          as devops, members of backstop-devops\n"));
  for (const char* roles :
       {"{devops: \"a:b\"}", "{devops: \"\"}", "{de vops: a}", "[a]", "{devops: [a]}", "{a: b, a: c}"})
    EXPECT_NE(faults_of_files("roles: " + std::string(roles) + "\n", ""), "") << roles;
}

TEST(Roles, WhoIsToSignMustBeOne) {
  const std::string plan = "plan: [{phase: a, steps: [{name: go, kind: approve, role: product-owner}]}]\n";
  EXPECT_EQ(faults_of_files("roles: {product-owner: po}\n", plan), "");
  EXPECT_THAT(faults_of_files("", plan),
              HasSubstr("plan[0].steps[0].role: nobody can sign as \"product-owner\" (add roles: "
                        "{product-owner: GROUP} to backstop.yaml"));
  EXPECT_THAT(faults_of_files("roles: {product-owners: po}\n", plan), HasSubstr("did you mean \"product-owners\"?"));
  EXPECT_THAT(faults_of_files("roles: {a: b}\n", "gates: {checklist: [{name: x, role: devops}]}\n"),
              HasSubstr("gates.checklist[0].role: nobody can sign as \"devops\""));
  const std::string standard =
      faults_of_files("roles: {security: s}\n", "gates: {checklist: standard, approvals: standard}\n");
  EXPECT_EQ(std::count(standard.begin(), standard.end(), '\n'), 4) << "each role once:\n" << standard;
  EXPECT_EQ(faults_of(service_with("gates: {approvals: standard}\n")), "") << "the service's file alone knows no roles";
}

TEST(Roles, NoticesOfAPlanGoToChannelsThatThereAre) {
  const std::string main = "channels: {oncall: {type: webhook, url: {credential: u}}}\n";
  const auto plan = [](const std::string& to) {
    return "plan: [{phase: a, steps: [{name: tell, kind: notify, to: [" + to + "]}]}]\n";
  };
  EXPECT_EQ(faults_of_files(main, plan("oncall")), "");
  EXPECT_THAT(faults_of_files(main, plan("oncal")), HasSubstr("plan[0].steps[0].to"));
}

TEST(Gates, AreShownAsTheyAreAsked) {
  const auto shown = show_service(
      load_service(
          service_with(
              "gates: {checklist: [{name: tests, title: Tests pass, group: Code, role: lead, command: {argv: "
              "[/ci]}}, {name: spec, group: Code, role: owner}, {name: load, role: ops, indicator: cpu, is: \"< "
              "60%\"}, {name: up, role: ops, source: app}], approvals: [{role: ops, title: Go}], ordered: false, "
              "windows: [\"9:*\"], freeze: [{from: 2026-12-20, why: holiday}, {from: 2027-01-01, to: "
              "2027-01-02}]}\n"),
          "f")
          .service);
  EXPECT_THAT(shown, HasSubstr(R"(
gates          approvals in any order, never by who requested it, one role a person,
               monitoring must be active
  approval       ops, Go
  Code
    tests          Tests pass, lead, run /ci (timeout 10m)
    spec           spec, owner, signed off
  checklist
    load           load, ops, cpu < 60%
    up             up, ops, every target of app answers
  window         9:*
  freeze         2026-12-20, holiday
  freeze         2027-01-01 to 2027-01-02
)"));
}

} // namespace
} // namespace backstop::config::test
