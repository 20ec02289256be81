#include "daemon/traffic/arguments.hpp"
#include <getopt.h>
#include <gmock/gmock.h>

/// The command line.
namespace backstop::traffic {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<std::optional<Arguments>> parse(std::vector<std::string> words) {
  words.insert(words.begin(), "backstop-traffic");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::optind = 0; // getopt begins anew
  return parse_arguments(static_cast<int>(words.size()), argv.data());
}
std::string error_of(const std::vector<std::string>& words) {
  const auto parsed = parse(words);
  return parsed ? "" : parsed.error().what;
}

const std::vector<std::string> kHaproxy{"haproxy", "--socket", "/run/s", "--backend", "shop",    "--side", "blue=b1,b2",
                                        "--side",  "green=g1", "--to",   "green",     "--share", "0.1"};
std::vector<std::string> with(std::vector<std::string> words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}
/// kHaproxy with another value of an option.
std::vector<std::string> but(const std::string& option, const std::string& value) {
  std::vector<std::string> out = kHaproxy;
  *(std::find(out.begin(), out.end(), option) + 1) = value;
  return out;
}

TEST(TrafficArguments, Haproxy) {
  const auto parsed = parse(with(kHaproxy, {"--check", "--timeout", "2.5"}));
  ASSERT_TRUE(parsed && *parsed);
  const Arguments& arguments = **parsed;
  EXPECT_EQ(std::get<HaproxyPlace>(arguments.place).socket, "/run/s");
  EXPECT_EQ(std::get<HaproxyPlace>(arguments.place).backend, "shop");
  EXPECT_THAT(arguments.split.sides[0].servers, ElementsAre("b1", "b2"));
  EXPECT_EQ(arguments.split.sides[1].name, "green");
  EXPECT_EQ(arguments.split.to, 1U);
  EXPECT_DOUBLE_EQ(arguments.split.share, 0.1);
  EXPECT_TRUE(arguments.check);
  EXPECT_EQ(arguments.timeout.count(), 2500);
}

TEST(TrafficArguments, Nginx) {
  const auto parsed =
      parse({"nginx", "--file", "/f", "--upstream", "shop", "--side", "blue=127.0.0.1:1", "--side", "green=127.0.0.1:2",
             "--to", "blue", "--share", "1", "--test", "/sbin/nginx", "--test", "-t"});
  ASSERT_TRUE(parsed && *parsed);
  const auto& place = std::get<NginxPlace>((*parsed)->place);
  EXPECT_EQ((*parsed)->split.to, 0U);
  EXPECT_FALSE((*parsed)->check);
  EXPECT_THAT(place.test, ElementsAre("/sbin/nginx", "-t"));
  EXPECT_THAT(place.reload, ElementsAre("/usr/sbin/nginx", "-s", "reload"));
}

TEST(TrafficArguments, HelpIsNoError) {
  const auto parsed = parse({"--help"});
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(*parsed);
}

TEST(TrafficArguments, WhatIsWrongIsNamed) {
  for (const char* share : {"", "1.1", "-0.1", "10%", "nan", "inf", "0.1x", " 0.1"})
    EXPECT_THAT(error_of(but("--share", share)), HasSubstr("--share: must be")) << share;
  for (const char* side : {"", "blue", "=b1", "blue=", "blue=b1,", "blue=,b1"})
    EXPECT_THAT(error_of(but("--side", side)), HasSubstr("must be NAME=SERVER")) << side;
  EXPECT_EQ(error_of(but("--side", "blue=g1")), "--side: g1 is there twice");
  EXPECT_EQ(error_of(but("--to", "red")), "--to: must be blue or green");
  EXPECT_THAT(error_of(with(kHaproxy, {"--side", "red=r1"})), HasSubstr("--side is needed twice"));
  EXPECT_THAT(error_of(with(kHaproxy, {"--speed", "1"})), HasSubstr("--speed"));
  EXPECT_THAT(error_of(with(kHaproxy, {"--check", "--timeout"})), HasSubstr("--timeout"));
  EXPECT_THAT(error_of(with(kHaproxy, {"--timeout", "0"})), HasSubstr("--timeout: must be"));
  EXPECT_THAT(error_of(with(kHaproxy, {"--file", "/f"})), HasSubstr("are for nginx"));
  EXPECT_THAT(error_of(with(kHaproxy, {"nginx"})), HasSubstr("haproxy or nginx, once"));
  EXPECT_THAT(error_of({"envoy", "--side", "a=1", "--side", "b=2", "--to", "a", "--share", "1"}), HasSubstr("neither"));
}

TEST(TrafficArguments, NoNameCanBecomeAnotherCommandOfTheApi) {
  for (const char* name : {"shop;shutdown", "shop x", "shop\nx", "a/b", "<<", "\\"})
    EXPECT_THAT(error_of(but("--backend", name)), HasSubstr("--backend")) << name;
  EXPECT_THAT(error_of(but("--side", "blue=b1; disable frontend f")), HasSubstr("is no name of a server"));
}

} // namespace
} // namespace backstop::traffic
