#include "tests/unit/traffic/some_split.hpp"
#include <cmath>
#include <gtest/gtest.h>

/// Which weights give a share.
namespace backstop::traffic {
namespace {

std::vector<std::string> servers(std::size_t count, const std::string& name) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(name + std::to_string(i));
  return out;
}

Split split(double share, std::size_t blue, std::size_t green) {
  return green_gets(share, servers(blue, "b"), servers(green, "g"));
}

TEST(Weights, AreTheLargestThatGiveTheShare) {
  EXPECT_EQ(*weights_of(split(0.1, 1, 1)), (std::array{252, 28}));
  EXPECT_EQ(*weights_of(split(0.5, 1, 1)), (std::array{256, 256}));
  EXPECT_EQ(*weights_of(split(0.01, 1, 1)), (std::array{198, 2}));
  EXPECT_EQ(*weights_of(split(0.25, 1, 1)), (std::array{255, 85}));
}

TEST(Weights, CountTheServersOfEachSide) {
  EXPECT_EQ(*weights_of(split(0.1, 3, 1)), (std::array{255, 85})) << "85 of 3 * 255 + 85";
  EXPECT_EQ(*weights_of(split(0.5, 3, 1)), (std::array{85, 255}));
  EXPECT_EQ(*weights_of(split(0.5, 2, 2)), (std::array{256, 256}));
}

TEST(Weights, NothingIsNothing) {
  EXPECT_EQ(*weights_of(split(0, 2, 3)), (std::array{256, 0}));
  EXPECT_EQ(*weights_of(split(1, 2, 3)), (std::array{0, 256}));
}

TEST(Weights, AreTheSameWhicheverSideIsNamed) {
  for (int each = 0; each <= 100; ++each) {
    const Split green = split(each / 100.0, 2, 3);
    Split blue = green;
    blue.to = 0;
    blue.share = 1 - green.share;
    EXPECT_EQ(*weights_of(green), *weights_of(blue)) << each;
    EXPECT_EQ(text_of(green), text_of(blue)) << each;
  }
}

/// Against a search of all pairs there are.
TEST(Weights, NoOtherPairIsNearer) {
  for (const double share : {0.004, 0.013, 0.05, 0.1, 1 / 3.0, 0.375, 0.5, 0.77, 0.9, 0.987}) {
    for (const auto& [blue, green] : std::vector<std::pair<int, int>>{{1, 1}, {2, 1}, {1, 3}, {5, 7}}) {
      const auto found = weights_of(split(share, blue, green));
      if (!found) continue;
      double nearest = 1;
      for (int b = 1; b <= kMostWeight; ++b)
        for (int g = 1; g <= kMostWeight; ++g)
          nearest = std::min(nearest, std::abs(share_of_sums(g * green, b * blue) - share));
      const auto [b, g] = *found;
      EXPECT_NEAR(std::abs(share_of_sums(g * green, b * blue) - share), nearest, 1e-9) << share << blue << green;
      EXPECT_TRUE(b >= 1 && b <= kMostWeight && g >= 1 && g <= kMostWeight);
    }
  }
}

TEST(Weights, AShareThatCannotBeGivenIsRefusedWithTheNearest) {
  const auto tiny = weights_of(split(0.001, 1, 1));
  ASSERT_FALSE(tiny);
  EXPECT_EQ(tiny.error().what, "share 0.1%: 1 server against 1 server with weights from 1 to 256 can only have 0.3891% "
                               "(choose a share that can be set)");
  const auto many = weights_of(split(0.01, 1, 10));
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().what, "share 1%: 10 servers against 1 server with weights from 1 to 256 can only have 3.759% "
                               "(choose a share that can be set)");
  EXPECT_FALSE(weights_of(split(0.9995, 1, 1)));
  EXPECT_TRUE(weights_of(split(0.004, 1, 1))) << "off by less than a tenth of it";
}

TEST(Weights, SharesAreWrittenAsPeopleDo) {
  EXPECT_EQ(percent(0.1), "10%");
  EXPECT_EQ(percent(0.125), "12.5%");
  EXPECT_EQ(percent(0), "0%");
  EXPECT_EQ(percent(1), "100%");
  EXPECT_EQ(text_of(split(0.1, 1, 1)), "blue 90%, green 10%");
}

} // namespace
} // namespace backstop::traffic
