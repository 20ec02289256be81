#include "daemon/routing.hpp"
#include <gmock/gmock.h>

namespace backstop {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

config::Daemon daemon_with(std::vector<config::Route> routes) {
  config::Daemon daemon;
  for (const char* name : {"oncall", "chat", "mail", "page"}) {
    config::Channel channel;
    channel.name = name;
    daemon.channels.push_back(channel);
  }
  daemon.notify.roles = {{"DevOps", {"oncall", "chat"}}, {"ProductOwner", {"mail"}}};
  daemon.notify.routes = std::move(routes);
  return daemon;
}

config::Route route(std::vector<std::string> to) {
  config::Route r;
  r.to = std::move(to);
  return r;
}

const NoticeSubject kCritical{"critical", "shop/production", "hotfix"};

TEST(Routing, WithoutRoutesEverybodyHearsEverything) {
  EXPECT_THAT(recipients(daemon_with({}), kCritical), ElementsAre("oncall", "chat", "mail", "page"));
}

TEST(Routing, EachRouteThatFitsTellsItsOwnOnceInOrder) {
  config::Route critical = route({"mail", "DevOps"}), production = route({"chat"}), test = route({"page"});
  critical.severities = {"critical"};
  production.environments = {"production"};
  test.environments = {"test"};
  EXPECT_THAT(recipients(daemon_with({critical, production, test}), kCritical), ElementsAre("oncall", "chat", "mail"));
}

TEST(Routing, WhatFitsNoRouteGoesToEverybodyAndARouteToNobodyIsSilence) {
  config::Route info = route({});
  info.severities = {"info"};
  const config::Daemon daemon = daemon_with({info});
  EXPECT_THAT(recipients(daemon, {"info", "shop/production", ""}), IsEmpty());
  EXPECT_THAT(recipients(daemon, kCritical), ElementsAre("oncall", "chat", "mail", "page"));
}

TEST(Routing, ServicesByNameByKeyAndByTheirBeginning) {
  const auto fits = [](const std::string& pattern) {
    config::Route r = route({"chat"});
    r.services = {pattern};
    return recipients(daemon_with({r}), kCritical).size() == 1;
  };
  for (const char* pattern : {"shop", "shop/production", "sho*", "*", "shop/*"}) EXPECT_TRUE(fits(pattern)) << pattern;
  for (const char* pattern : {"sho", "shop/test", "shopp*", "production"}) EXPECT_FALSE(fits(pattern)) << pattern;
}

TEST(Routing, KindsOfDeploymentsAndTheEndOfTrouble) {
  config::Route hotfix = route({"page"});
  hotfix.deployments = {"hotfix"};
  hotfix.severities = {"critical"};
  const config::Daemon daemon = daemon_with({hotfix, [] {
                                               config::Route rest = route({"mail"});
                                               rest.severities = {"info", "alert"};
                                               return rest;
                                             }()});
  EXPECT_THAT(recipients(daemon, kCritical), ElementsAre("page"));
  EXPECT_THAT(recipients(daemon, {"resolved", "shop/production", "hotfix"}), ElementsAre("mail", "page"));
}

TEST(Routing, RolesAreTheirChannels) {
  const config::Daemon daemon = daemon_with({});
  EXPECT_THAT(channels_of(daemon, {"ProductOwner", "chat", "gone"}), ElementsAre("chat", "mail"));
}

} // namespace
} // namespace backstop
