#include "daemon/config/standard_gates.hpp"
#include "tests/unit/config/helpers.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// docs/plans.md: its examples are read without faults, and its lists are those of the code.
namespace backstop::config::test {
namespace {

using testing::HasSubstr;

std::string page() { return slurp(source_dir() / "docs/plans.md"); }

/// Stretches of lines that are indented by four. What stands between fences is run by tests/docs.
std::vector<std::string> examples() {
  std::vector<std::string> blocks;
  bool inside = false;
  bool fenced = false;
  std::istringstream text(page());
  for (std::string line; std::getline(text, line);) {
    if (line.rfind("```", 0) == 0) fenced = !fenced;
    const bool code = !fenced && line.rfind("    ", 0) == 0;
    if (code && !inside) blocks.emplace_back();
    if (code) blocks.back() += line.substr(4) + "\n";
    inside = code;
  }
  return blocks;
}

std::string service_of(const std::string& example) {
  const auto has = [&](const std::string& key) { return ("\n" + example).find("\n" + key + ":") != std::string::npos; };
  return "service: shop\nindicators: {cpu_usage: {gauge: cpu_percent, source: shop}}\nthresholds: standard\n"
         "running_version: {link: /opt/shop/current}\n"
         "procedures: {rollback: [{name: back, kind: run, argv: [/a], on_unknown: rerun}, {name: verify, kind: "
         "watch}]}\n" +
         std::string(has("sources") ? "" : "sources: {shop: {type: http, targets: [{url: \"http://127.0.0.1/\"}]}}\n") +
         example;
}

TEST(PlansPage, ItsExamplesAreReadWithoutFaults) {
  const std::vector<std::string> blocks = examples();
  ASSERT_EQ(blocks.size(), 6U);
  MemoryFiles files;
  files.texts["/etc/main.yaml"] =
      "services: /etc/s/*.yaml\nchannels: {oncall: {type: webhook, url: {credential: u}}}\n";
  for (const std::string& block : blocks)
    if (block.rfind("roles:", 0) == 0) files.texts["/etc/main.yaml"] += block;
  int read = 0;
  for (const std::string& block : blocks) {
    if (block.rfind("roles:", 0) == 0) continue;
    files.texts["/etc/s/a.yaml"] = service_of(block);
    const auto outcome = load("/etc/main.yaml", files.files());
    EXPECT_EQ(show_faults(outcome.faults), "") << block;
    const Service& service = *outcome.config.services.at(0);
    read += service.traffic || !service.plan.empty() || service.gates;
  }
  EXPECT_EQ(read, 5);
}

TEST(PlansPage, NamesTheStepsOfTheReadyPlans) {
  const std::string text = page();
  for (const char* name : {"blue-green", "canary"}) {
    const auto outcome = load_service(service_of(examples().at(3)), "f");
    Service service = outcome.service;
    if (std::string(name) == "canary") {
      std::string canary = "traffic: {driver: command, argv: [/a, \"{side}{percent}\"], sides: [a, b]}\n"
                           "plan: {ready: canary, scripts: /opt/shop/scripts}\n";
      service = load_service(service_of(canary), "f").service;
    }
    ASSERT_EQ(service.plan.ready, name);
    for (const PlanPhase& phase : service.plan.phases) {
      EXPECT_THAT(text, HasSubstr("| " + phase.name));
      for (const Step& step : phase.steps) EXPECT_THAT(text, HasSubstr("`" + step.name + "`"));
    }
  }
}

TEST(PlansPage, NamesTheStandardChecklistAndApprovals) {
  const std::string text = page();
  for (const StandardGroup& group : kStandardChecklist) {
    std::string row = "| " + std::string(group.role) + " |";
    for (const StandardItem& item : group.items) row += " `" + std::string(item.name) + "`";
    EXPECT_THAT(text, HasSubstr(row + " |\n"));
  }
  std::string approvals = "Approvals:";
  for (const StandardApproval& approval : kStandardApprovals)
    approvals += (approvals.back() == ':' ? " " : ", ") + std::string(approval.role);
  EXPECT_THAT(text, HasSubstr(approvals + ".\n"));
}

} // namespace
} // namespace backstop::config::test
