#include "daemon/traffic/haproxy_moves.hpp"
#include "tests/unit/traffic/some_split.hpp"
#include <gmock/gmock.h>

/// What has to be set, in which order, and what is in the way.
namespace backstop::traffic {
namespace {

using testing::HasSubstr;

Server server(const std::string& name, int weight, Standing standing = Standing::up) {
  return {name, standing, weight, false};
}

std::string order(const Split& split, const std::vector<Server>& servers) {
  const auto moves = moves_to(split, servers);
  if (!moves) return moves.error().what;
  std::string out;
  for (const Move& move : *moves) out += (out.empty() ? "" : " ") + move.server + "=" + std::to_string(move.weight);
  return out;
}
std::string why_not(const Split& split, const std::vector<Server>& servers) {
  const auto obstacle = obstacle_to(split, servers);
  return obstacle ? obstacle->why : "";
}

TEST(HaproxyMoves, WhatRisesIsSetBeforeWhatFalls) {
  EXPECT_EQ(order(green_gets(1), {server("blue1", 256), server("green1", 0)}), "green1=256 blue1=0");
  EXPECT_EQ(order(green_gets(0), {server("blue1", 0), server("green1", 256)}), "blue1=256 green1=0");
  EXPECT_EQ(order(green_gets(0.1), {server("blue1", 256), server("green1", 0)}), "green1=28 blue1=252");
  EXPECT_EQ(order(green_gets(0.5), {server("blue1", 252), server("green1", 28)}), "green1=256 blue1=256");
}

TEST(HaproxyMoves, WhatIsSoIsNotSet) {
  EXPECT_EQ(order(green_gets(0.1), {server("blue1", 252), server("green1", 28)}), "");
  EXPECT_EQ(order(green_gets(1), {server("blue1", 256), server("green1", 256)}), "blue1=0") << "ended half-way before";
}

TEST(HaproxyMoves, WhereAllGoesToOneSideItsWeightsAreTheUsersOwn) {
  const Split back = green_gets(0, {"blue1", "blue2"}, {"green1"});
  EXPECT_TRUE(goes_whole(back, {server("blue1", 100), server("blue2", 1), server("green1", 0)}));
  EXPECT_FALSE(goes_whole(back, {server("blue1", 100), server("blue2", 1), server("green1", 1)}));
  EXPECT_FALSE(goes_whole(back, {server("blue1", 0), server("blue2", 0), server("green1", 0)})) << "nobody gets any";
  EXPECT_TRUE(goes_whole(green_gets(1), {server("blue1", 0), server("green1", 7)}));
  EXPECT_FALSE(goes_whole(green_gets(0.5), {server("blue1", 7), server("green1", 7)})) << "a share needs its weights";
}

/// At every instant some server has a weight, whatever was there before and wherever it ends.
TEST(HaproxyMoves, NeverAreAllWeightsZero) {
  for (const double share : {0.0, 0.1, 0.5, 1.0})
    for (const int blue : {0, 1, 100, 256})
      for (const int green : {0, 1, 100, 256}) {
        std::vector<Server> servers{server("blue1", blue), server("blue2", 0), server("green1", green),
                                    server("green2", green)};
        if (blue + green == 0) continue;
        const auto moves = moves_to(green_gets(share, {"blue1", "blue2"}, {"green1", "green2"}), servers);
        ASSERT_TRUE(moves);
        for (const Move& move : *moves) {
          int sum = 0;
          for (Server& each : servers) {
            if (each.name == move.server) each.weight = move.weight;
            sum += each.weight;
          }
          EXPECT_GT(sum, 0) << share << " " << blue << " " << green << " at " << move.server;
        }
      }
}

TEST(HaproxyMoves, AServerThatHaproxyDoesNotHaveIsNamed) {
  EXPECT_EQ(order(green_gets(0), {server("blue1", 1)}),
            "HAProxy has no server \"green1\" there (see the sides, and its configuration)");
}

TEST(HaproxyMoves, ASideThatIsGivenTrafficNeedsAllOfItsServers) {
  const Split split = green_gets(0.1, {"blue1"}, {"green1", "green2"});
  for (const Standing standing : {Standing::down, Standing::stopping, Standing::drain, Standing::maint}) {
    const auto obstacle =
        obstacle_to(split, {server("blue1", 256), server("green1", 0), server("green2", 0, standing)});
    ASSERT_TRUE(obstacle);
    EXPECT_THAT(obstacle->why, HasSubstr("green2 of green is " + std::string(name_of(standing))));
    EXPECT_EQ(obstacle->may_pass, standing == Standing::down || standing == Standing::stopping);
  }
  EXPECT_EQ(why_not(split, {server("blue1", 256), server("green1", 0), server("green2", 0)}), "");
}

TEST(HaproxyMoves, AWayBackNeedsOneServer) {
  const Split split = green_gets(0, {"blue1", "blue2"});
  EXPECT_EQ(
      why_not(split, {server("blue1", 0), server("blue2", 0, Standing::maint), server("green1", 256, Standing::down)}),
      "");
  EXPECT_EQ(
      why_not(split, {server("blue1", 0, Standing::maint), server("blue2", 0, Standing::maint), server("green1", 256)}),
      "blue1 is MAINT, blue2 is MAINT, and blue is to get traffic back (HAProxy's `set server ... state ready` puts it "
      "back)");
  const auto obstacle = obstacle_to(
      split, {server("blue1", 0, Standing::maint), server("blue2", 0, Standing::down), server("green1", 256)});
  ASSERT_TRUE(obstacle);
  EXPECT_TRUE(obstacle->may_pass) << "blue2 may come up";
}

TEST(HaproxyMoves, AWayBackFromAllWeightsZeroNeedsOneServerToo) {
  EXPECT_THAT(why_not(green_gets(0), {server("blue1", 0, Standing::down), server("green1", 0)}),
              HasSubstr("blue1 is DOWN"));
  EXPECT_EQ(order(green_gets(0), {server("blue1", 0), server("green1", 0)}), "blue1=256");
}

TEST(HaproxyMoves, ASideWithoutTrafficNeedsNothing) {
  EXPECT_EQ(why_not(green_gets(0), {server("blue1", 252), server("green1", 28, Standing::maint)}), "");
  EXPECT_EQ(why_not(green_gets(1), {server("blue1", 252, Standing::down), server("green1", 28)}), "");
}

TEST(HaproxyMoves, APartIsNoPartWhereTheRestHasNowhereToGo) {
  EXPECT_EQ(why_not(green_gets(0.1), {server("blue1", 256, Standing::down), server("green1", 0)}),
            "blue1 is DOWN, so all of the traffic would go to green (see what its health check asks for)");
}

TEST(HaproxyMoves, AServerOnNoSideThatTakesTrafficIsInTheWayForwardOnly) {
  std::vector<Server> servers{server("blue1", 128), server("green1", 0), server("old1", 100)};
  EXPECT_THAT(why_not(green_gets(0.1), servers), HasSubstr("old1 is on no side and has weight 100"));
  servers[2].backup = true;
  EXPECT_EQ(why_not(green_gets(0.1), servers), "");
  servers[2] = server("old1", 100, Standing::maint);
  EXPECT_EQ(why_not(green_gets(0.1), servers), "");
  EXPECT_EQ(why_not(green_gets(0), {server("blue1", 128), server("green1", 128), server("old1", 100)}), "");
}

TEST(HaproxyMoves, ABackupIsNoServerOfASide) {
  std::vector<Server> servers{server("blue1", 256), server("green1", 0)};
  servers[1].backup = true;
  EXPECT_THAT(why_not(green_gets(0.1), servers), HasSubstr("green1 of green is a backup"));
}

TEST(HaproxyMoves, WhatIsInForceIsToldWithWhoIsNotUp) {
  EXPECT_EQ(told(green_gets(0.1), {server("blue1", 252), server("green1", 28, Standing::down)}),
            "blue 90% (blue1 252), green 10% (green1 28 DOWN)");
  EXPECT_EQ(not_so({{"green1", 28}}, {server("blue1", 252), server("green1", 0)}), "green1 has weight 0, not 28");
  EXPECT_EQ(not_so({{"green1", 28}}, {server("green1", 28)}), "");
}

} // namespace
} // namespace backstop::traffic
