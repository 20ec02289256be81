#include "daemon/channels/kinds.hpp"
#include <gtest/gtest.h>

namespace backstop::channels {
namespace {

using config::ChannelType;

bool hears(ChannelType type, const std::string& event, const std::string& severity) {
  config::Channel channel;
  channel.type = type;
  channel.components = {{"shop/production", "c1"}};
  const std::string body =
      R"({"event":")" + event + R"(.1","incident":"I1","service":"shop/production","deployment":"D1"})";
  return takes(channel, occasion_of({"I1/" + event + ".1/it", "it", severity, "title", body}));
}

TEST(Reminders, GoToPeopleAndToWhoeverPagesThem) {
  for (const char* event : {"escalated", "repeat"})
    for (const ChannelType type : {ChannelType::slack, ChannelType::teams, ChannelType::email, ChannelType::webhook,
                                   ChannelType::command, ChannelType::pagerduty, ChannelType::opsgenie})
      EXPECT_TRUE(hears(type, event, "critical")) << event << " " << config::name_of(type);
  EXPECT_TRUE(hears(ChannelType::slack, "review_overdue", "info"));
  EXPECT_FALSE(hears(ChannelType::opsgenie, "review_overdue", "info")) << "nobody is woken for a review";
}

TEST(Reminders, DoNotChangeHowThingsAreShownToStand) {
  for (const char* event : {"escalated", "repeat"})
    for (const ChannelType type : {ChannelType::statuspage, ChannelType::alertmanager, ChannelType::cdevents}) {
      EXPECT_FALSE(hears(type, event, "critical")) << event << " " << config::name_of(type);
      EXPECT_TRUE(hears(type, "rollback_failed", "critical")) << config::name_of(type);
    }
}

} // namespace
} // namespace backstop::channels
