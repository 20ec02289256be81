#include "tests/unit/config/helpers.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// traffic: its three drivers.
namespace backstop::config::test {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

Traffic read(const std::string& traffic) {
  const auto outcome = load_service(service_with("traffic: {" + traffic + "}\n"), "f");
  EXPECT_EQ(show_faults(outcome.faults), "");
  EXPECT_TRUE(outcome.service.traffic);
  return outcome.service.traffic.value_or(Traffic{});
}

std::string faults_of_traffic(const std::string& traffic) {
  return faults_of(service_with("traffic: {" + traffic + "}\n"));
}

TEST(Traffic, OfHaproxyHasItsSidesInTheOrderWritten) {
  const Traffic traffic = read("driver: haproxy, socket: /run/haproxy/admin.sock, backend: shop:v2, "
                               "sides: {green: [g1], blue: [b1, b-2.x_y]}, candidate: green, timeout: 5s");
  EXPECT_EQ(traffic.driver, Traffic::Driver::haproxy);
  EXPECT_EQ(traffic.socket, "/run/haproxy/admin.sock");
  EXPECT_EQ(traffic.backend, "shop:v2");
  ASSERT_EQ(traffic.sides.size(), 2U);
  EXPECT_EQ(traffic.sides[0].name, "green");
  EXPECT_EQ(traffic.sides[1].name, "blue");
  EXPECT_THAT(traffic.sides[1].servers, ElementsAre("b1", "b-2.x_y"));
  EXPECT_EQ(traffic.candidate, "green");
  EXPECT_EQ(traffic.timeout, seconds(5));
}

TEST(Traffic, OfNginxHasDefaultCommands) {
  const std::string keys = "driver: nginx, file: /etc/nginx/conf.d/shop.conf, upstream: shop, "
                           "sides: {blue: [\"10.0.0.1:80\"], green: [\"unix:/run/g.sock\", \"[::1]:80\"]}";
  const Traffic usual = read(keys);
  EXPECT_EQ(usual.driver, Traffic::Driver::nginx);
  EXPECT_EQ(usual.file, "/etc/nginx/conf.d/shop.conf");
  EXPECT_EQ(usual.upstream, "shop");
  EXPECT_THAT(usual.test, ElementsAre("/usr/sbin/nginx", "-t"));
  EXPECT_THAT(usual.reload, ElementsAre("/usr/sbin/nginx", "-s", "reload"));
  EXPECT_EQ(usual.timeout, seconds(30));
  EXPECT_EQ(usual.candidate, "");
  const Traffic own = read(keys + ", test: [/bin/true], reload: [/usr/bin/systemctl, reload, nginx]");
  EXPECT_THAT(own.test, ElementsAre("/bin/true"));
  EXPECT_THAT(own.reload, ElementsAre("/usr/bin/systemctl", "reload", "nginx"));
}

TEST(Traffic, ByCommandNeedsNoServers) {
  const std::string keys =
      "driver: command, argv: [/switch, \"{side}={percent}\"], check: {argv: [/is, \"{other_side}\"]}, ";
  const Traffic list = read(keys + "sides: [blue, green]");
  EXPECT_EQ(list.driver, Traffic::Driver::command);
  EXPECT_THAT(list.argv, ElementsAre("/switch", "{side}={percent}"));
  EXPECT_THAT(list.checked, ElementsAre("/is", "{other_side}"));
  ASSERT_EQ(list.sides.size(), 2U);
  EXPECT_EQ(list.sides[1].name, "green");
  EXPECT_TRUE(list.sides[1].servers.empty());
  const Traffic mapping = read(keys + "sides: {blue: [], green: [\"any text\"]}");
  EXPECT_THAT(mapping.sides[1].servers, ElementsAre("any text"));
}

/// What a word is put into ends at a blank, a semicolon or a brace: none of these may come from the file.
TEST(Traffic, NothingInANameEndsTheLineItIsPutInto) {
  for (const char* server : {"a b", "a;b", "a\\nb", "a/b", "a{b", "", "\\\"", "a'b", "a#b", "$(x)"}) {
    const std::string name = "\"" + std::string(server) + "\"";
    EXPECT_NE(faults_of_traffic("driver: haproxy, socket: /a, backend: b, sides: {x: [" + name + "], y: [c]}"), "")
        << server;
    EXPECT_NE(faults_of_traffic("driver: haproxy, socket: /a, backend: " + name + ", sides: {x: [a], y: [b]}"), "")
        << server;
    EXPECT_NE(faults_of_traffic("driver: nginx, file: /a, upstream: " + name + ", sides: {x: [\"a:1\"], y: [\"b:1\"]}"),
              "")
        << server;
  }
  for (const char* address : {"a", "a:0", "a:65536", "a:1;b", "unix:", "unix:/", "unix:/a b", "unix:/a;", "unix:/a\\nb",
                              "unix:/a,b", "unix:/a=b", "unix:/a{b", "a b:1", "http://a:1"})
    EXPECT_THAT(faults_of_traffic("driver: nginx, file: /a, upstream: u, sides: {x: [\"" + std::string(address) +
                                  "\"], y: [\"b:1\"]}"),
                HasSubstr("is no address (write HOST:PORT or unix:/PATH)"))
        << address;
}

TEST(Traffic, WhatIsMissingIsSaid) {
  EXPECT_THAT(faults_of_traffic("socket: /a"),
              HasSubstr("traffic: \"driver\" is missing (one of: haproxy, nginx, command)"));
  EXPECT_THAT(faults_of_traffic("driver: envoy"), HasSubstr("there is no traffic driver \"envoy\""));
  EXPECT_THAT(faults_of_traffic("driver: haproxy"), HasSubstr("traffic: \"backend\" is missing"));
  EXPECT_THAT(faults_of_traffic("driver: command, argv: [/a, \"{percent}\"], sides: [a, b]"),
              HasSubstr("traffic.argv: it does not say to which side"));
  EXPECT_THAT(faults_of_traffic("driver: command, argv: [/a, \"{other_side}\"], sides: [a, b]"),
              HasSubstr("traffic.argv: it does not say how much"));
  EXPECT_THAT(faults_of_traffic("driver: command, argv: [/a, \"{side}{percent}\"], sides: [a]"),
              HasSubstr("traffic goes to one of two sides, here are 1"));
  EXPECT_THAT(faults_of_traffic("driver: command, argv: [/a, \"{side}{percent}\"], sides: []"),
              HasSubstr("traffic goes to one of two sides, here are 0"));
}

TEST(Traffic, TheSideOfATargetIsOneOfTheTwo) {
  const auto with = [](const std::string& label, const std::string& traffic) {
    return "service: a\nmode: observe\nindicators: {}\nsources: {app: {type: http, targets: [{url: \"http://a/\", "
           "labels: {side: " +
           label + "}}]}}\n" + traffic;
  };
  const std::string traffic = "traffic: {driver: haproxy, socket: /a, backend: b, sides: {blue: [a], green: [b]}}\n";
  EXPECT_EQ(faults_of(with("blue", traffic)), "");
  EXPECT_EQ(faults_of(with("left", "")), "") << "without traffic it is a label as any";
  EXPECT_THAT(faults_of(with("grean", traffic)), HasSubstr("there is no side \"grean\" (did you mean \"green\"?)"));
}

TEST(Traffic, IsShownWithWhatMovesIt) {
  const auto shown = [](const std::string& traffic) {
    return show_service(load_service(service_with("traffic: {" + traffic + "}\n"), "f").service);
  };
  EXPECT_THAT(shown("driver: nginx, file: /f, upstream: u, sides: {a: [\"x:1\"], b: [\"y:1\"]}, candidate: b"),
              HasSubstr("traffic        nginx, file /f, upstream u, test /usr/sbin/nginx -t,\n"
                        "               reload /usr/sbin/nginx -s reload, a is x:1, b is y:1, new versions come to b,\n"
                        "               timeout 30s\n"));
  EXPECT_THAT(shown("driver: command, argv: [/s, \"{side}\", \"{percent}\"], sides: [a, b]"),
              HasSubstr("traffic        command /s {side} {percent}, no check, a, b,\n"
                        "               new versions come to the side without traffic, timeout 30s\n"));
}

} // namespace
} // namespace backstop::config::test
