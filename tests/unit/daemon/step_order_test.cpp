#include "daemon/config/read.hpp"
#include "daemon/step_order.hpp"
#include "shop_config.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// From an order to the command that it means, and which orders from outside are refused.
namespace backstop {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Act = StepOrder::Act;

config::Service shop() {
  ShopConfig config;
  config.extra = "deploy_lock: /run/lock/shop\nrunning_version: {argv: [/bin/version]}\n";
  config::ServiceOutcome outcome = config::load_service(config.text(), "shop.yaml");
  EXPECT_TRUE(outcome.ok());
  return outcome.service;
}

StepOrder order(Act act, const std::string& step) {
  return {act,
          "shop/production",
          "",
          step,
          {{"version", "v2"}, {"previous_version", "v1"}, {"deployment", "D1"}, {"incident", "I1"}, {"reason", "bad"}}};
}

TEST(StepOrder, AStepIsBuiltFromTheFileWithItsPlaceholdersFilledIn) {
  const Result<StepCommand> command = command_for(shop(), order(Act::run, "3"));
  ASSERT_TRUE(command);
  EXPECT_THAT(command->argv, ElementsAre("/bin/execute", "production", "v1"));
  EXPECT_EQ(command->timeout, std::chrono::seconds(30));
  EXPECT_EQ(command->lock_file, "/run/lock/shop");
  EXPECT_EQ(command->environment.at("BACKSTOP_DEPLOY_LOCK_HELD"), "/run/lock/shop");
  EXPECT_EQ(command->environment.at("BACKSTOP_VERSION"), "v2");
  EXPECT_EQ(command->environment.at("BACKSTOP_REASON"), "bad");
}

TEST(StepOrder, LimitsAndSandboxOfAStepAreThoseOfItsQuestionsToo) {
  ShopConfig text;
  text.extra = "running_version: {argv: [/bin/version]}\n";
  text.steps.insert(text.steps.find("timeout: 30s, check"), "limits: {tasks: 50}, sandbox: strict, ");
  const config::ServiceOutcome outcome = config::load_service(text.text(), "shop.yaml");
  ASSERT_TRUE(outcome.ok());
  config::Confinement asked;
  asked.tasks = 50;
  asked.sandbox = config::Sandbox::strict;
  for (const Act act : {Act::run, Act::check})
    EXPECT_EQ(command_for(outcome.service, order(act, "3"))->confinement, asked) << name_of(act);
  EXPECT_TRUE(command_for(outcome.service, order(Act::run, "2"))->confinement.none());
  EXPECT_TRUE(command_for(outcome.service, order(Act::version, "0"))->confinement.none());
}

TEST(StepOrder, AQuestionTakesNoLock) {
  const Result<StepCommand> check = command_for(shop(), order(Act::check, "3"));
  ASSERT_TRUE(check);
  EXPECT_THAT(check->argv, ElementsAre("/bin/is-at", "v1"));
  EXPECT_EQ(check->lock_file, "");
  EXPECT_THAT(command_for(shop(), order(Act::version, "0"))->argv, ElementsAre("/bin/version"));
}

TEST(StepOrder, WhatTheFileDoesNotHaveCannotBeOrdered) {
  for (const auto& [act, step] : std::vector<std::pair<Act, std::string>>{{Act::run, "1"},
                                                                          {Act::run, "9"},
                                                                          {Act::run, ""},
                                                                          {Act::check, "2"},
                                                                          {Act::preflight, "3"},
                                                                          {Act::channel, "3"}}) {
    const Result<StepCommand> command = command_for(shop(), order(act, step));
    ASSERT_FALSE(command) << name_of(act) << " " << step;
    EXPECT_EQ(command.error().code, Errc::not_found);
  }
}

TEST(StepOrder, APlaceholderInAValueStaysAsItIs) {
  StepOrder o = order(Act::run, "3");
  o.fields["previous_version"] = "{version}";
  EXPECT_THAT(command_for(shop(), o)->argv, ElementsAre("/bin/execute", "production", "{version}"));
}

TEST(StepOrderCheck, TakesWhatTheDaemonSends) {
  EXPECT_TRUE(check_order(order(Act::run, "3")));
  StepOrder without = order(Act::run, "3");
  without.fields["incident"] = "";
  without.fields["reason"] = "";
  EXPECT_TRUE(check_order(without));
  const StepOrder notice{
      Act::channel, "", "", "oncall", {{"key", "I1/x"}, {"severity", "info"}, {"title", "t"}, {"body", "{}"}}};
  EXPECT_TRUE(check_order(notice));
}

TEST(StepOrderCheck, RefusesEveryFieldThatCouldMeanSomethingElse) {
  const std::vector<std::pair<std::string, std::string>> bad{{"version", "--force"},
                                                             {"version", "../../etc"},
                                                             {"version", "v 1"},
                                                             {"version", "v1\n"},
                                                             {"previous_version", "-x"},
                                                             {"deployment", "D1/../x"},
                                                             {"deployment", ""},
                                                             {"deployment", "X1"},
                                                             {"incident", "I"},
                                                             {"reason", "a\nb"},
                                                             {"reason", std::string(5000, 'x')},
                                                             {"path", "/bin/sh"},
                                                             {"LD_PRELOAD", "/tmp/x.so"},
                                                             {"version", std::string("v\0x", 3)}};
  for (const auto& [name, value] : bad) {
    StepOrder o = order(Act::run, "3");
    o.fields[name] = value;
    const Status status = check_order(o);
    ASSERT_FALSE(status) << name << "=" << value;
    EXPECT_THAT(status.error().what, HasSubstr(name));
  }
  StepOrder o = order(Act::run, "3");
  o.fields.erase("deployment");
  EXPECT_FALSE(check_order(o));
}

TEST(OneLine, HasNoControlCharactersAndFitsIntoAField) {
  EXPECT_EQ(one_line("a\nb\tc\x7f"), "a b c ");
  const std::string cut = one_line(std::string(4095, 'x') + "äö");
  EXPECT_EQ(cut, std::string(4095, 'x')) << "no half letter";
  EXPECT_TRUE(one_line("grün").size() == 5);
}

} // namespace
} // namespace backstop
