#include "daemon/traffic/haproxy_servers.hpp"
#include <gmock/gmock.h>

/// What HAProxy 2.6 says about servers, and what it might be made to say.
namespace backstop::traffic {
namespace {

using testing::HasSubstr;

constexpr const char* kStateHead =
    "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight "
    "srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state "
    "bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr "
    "srv_agent_addr "
    "srv_agent_port\n";
constexpr const char* kStatHead = "# pxname,svname,qcur,status,weight,act,bck,last_chk,\n";

std::string state_line(const std::string& name, int operational, int administrative,
                       const std::string& weight = "100") {
  return "3 checkout 1 " + name + " 127.0.0.1 " + std::to_string(operational) + " " + std::to_string(administrative) +
         " " + weight + " 1 1 8 2 0 6 0 0 0 - 18081 - 0 0 - - 0\n";
}
std::string stat_line(const std::string& name, int backup = 0) {
  return "checkout," + name + ",0,UP,1," + std::to_string(1 - backup) + "," + std::to_string(backup) +
         ",\"a, \"\"b\"\"\",\n";
}
Result<std::vector<Server>> read(const std::string& lines, const std::string& stat = "") {
  return read_servers(kStateHead + lines, kStatHead + stat, "checkout");
}
std::string error_of(const std::string& state, const std::string& stat = kStatHead) {
  const auto read = read_servers(state, stat, "checkout");
  return read ? "" : read.error().what;
}

TEST(HaproxyServers, HaveAWeightAndAStanding) {
  const auto servers = read(state_line("blue1", 2, 0, "256") + state_line("green1", 0, 0, "0"), stat_line("blue1"));
  ASSERT_TRUE(servers);
  ASSERT_EQ(servers->size(), 2U);
  EXPECT_EQ((*servers)[0].name, "blue1");
  EXPECT_EQ((*servers)[0].weight, 256);
  EXPECT_EQ((*servers)[0].standing, Standing::up);
  EXPECT_EQ((*servers)[1].weight, 0);
  EXPECT_EQ((*servers)[1].standing, Standing::down);
}

/// The states and bits of HAProxy's management guide.
TEST(HaproxyServers, TheStandingIsThatOfPersonsBeforeThatOfChecks) {
  const auto standing = [](int operational, int administrative) {
    return (*read(state_line("x", operational, administrative)))[0].standing;
  };
  EXPECT_EQ(standing(1, 0), Standing::up) << "starting slowly";
  EXPECT_EQ(standing(3, 0), Standing::stopping) << "its health check answers 404";
  for (const int bit : {0x01, 0x02, 0x20}) EXPECT_EQ(standing(0, bit), Standing::maint) << bit;
  EXPECT_EQ(standing(2, 0x04), Standing::up) << "out by configuration, and put back by a person";
  EXPECT_EQ(standing(0, 0x05), Standing::maint);
  EXPECT_EQ(standing(2, 0x40), Standing::up) << "its name was set by a person";
  for (const int bit : {0x08, 0x10}) EXPECT_EQ(standing(2, bit), Standing::drain) << bit;
  EXPECT_EQ(standing(0, 0x09), Standing::maint);
}

TEST(HaproxyServers, ABackupIsToldByTheOtherAnswer) {
  const auto servers =
      read(state_line("blue1", 2, 0) + state_line("sorry", 2, 0), stat_line("blue1") + stat_line("sorry", 1));
  ASSERT_TRUE(servers);
  EXPECT_FALSE((*servers)[0].backup);
  EXPECT_TRUE((*servers)[1].backup);
}

TEST(HaproxyServers, WhatWasRefusedIsSaidWithTheCure) {
  EXPECT_EQ(error_of("Can't find backend.\n"),
            "HAProxy has no backend \"checkout\" (see `backend` of its configuration)");
  EXPECT_EQ(error_of("Permission denied\n"), "permission denied by HAProxy (`stats socket ... level admin` is needed)");
  EXPECT_THAT(error_of("Unknown command, but maybe one of the following ones is a better match:\n  add acl\n"),
              HasSubstr("not the socket of its master"));
  EXPECT_EQ(refusal("No such server.\n", "checkout").what, "HAProxy says: \"No such server.\"");
  EXPECT_THAT(refusal("Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.\n", "").what,
              HasSubstr("`balance roundrobin`"));
}

TEST(HaproxyServers, WhatIsNotUnderstoodIsAnError) {
  const std::string head = kStateHead;
  for (const std::string& state :
       {std::string(), std::string("1\n"), std::string("1\nHello\n"), std::string("1\n# srv_name srv_uweight\na 1\n"),
        head + "3 checkout 1 blue1\n", head + state_line("x", 9, 0), head + state_line("x", -1, 0),
        head + state_line("x", 2, -1), head + state_line("x", 2, 0, "257"), head + state_line("x", 2, 0, "-1"),
        head + state_line("x", 2, 0, "1x"), head + state_line("x", 2, 0, "99999999999"),
        head + state_line("x", 2, 0, ""), head + "3 other" + state_line("x", 2, 0).substr(10)})
    EXPECT_THAT(error_of(state), HasSubstr("is not understood")) << state;
  for (const std::string& stat :
       {std::string(), std::string("HTTP/1.1 400 Bad request\n"), kStatHead + std::string("a,b\n"),
        kStatHead + std::string("checkout,x,0,UP,1,1,yes,,\n")})
    EXPECT_THAT(error_of(head, stat), HasSubstr("the answer to `show stat` is not understood")) << stat;
}

TEST(HaproxyServers, WhatIsShownOfABadAnswerIsOneShortLine) {
  const std::string shown = error_of("1\n\x1b[31m" + std::string(5000, 'x') + "\n");
  EXPECT_LT(shown.size(), 250U);
  EXPECT_EQ(shown.find('\x1b'), std::string::npos);
  EXPECT_EQ(shown.find('\n'), std::string::npos);
}

} // namespace
} // namespace backstop::traffic
