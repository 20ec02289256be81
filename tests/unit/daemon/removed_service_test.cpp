#include "tests/fakes/app_world.hpp"
#include "tests/unit/daemon/shop_config.hpp"
#include <algorithm>
#include <gtest/gtest.h>

/// A service whose file is taken away while a deployment of it is under way.
namespace backstop {
namespace {

class RemovedService : public testing::Test {
protected:
  RemovedService() {
    cart.name = "cart";
    w.start();
    w.run(8);
    w.adopt("shop", "v1");
    w.run(2);
    id = w.deploy("shop", "v2");
    w.run(5);
    EXPECT_EQ(w.phase(id), Phase::watching);
    w.replace_config({cart.text()});
  }
  ShopConfig cart;
  AppWorld w{{ShopConfig{}.text()}};
  std::string id;
};

TEST_F(RemovedService, ADeploymentIsJudgedToItsEndByWhatItBeganWith) {
  w.shops["shop/production"].error_share = 0.5;
  EXPECT_TRUE(w.run_until([&] { return w.phase(id) == Phase::rolling_back; }, 20));
  w.shops["shop/production"].error_share = 0;
  EXPECT_TRUE(w.run_until([&] { return w.phase(id) == Phase::rolled_back_verified; }, 60));
  w.run(2);
  EXPECT_FALSE(w.app->watches().contains("shop/production")) << "then it is gone";
  EXPECT_TRUE(w.app->watches().contains("cart/production"));
}

TEST_F(RemovedService, ARestartChangesNothing) {
  w.kill();
  w.start();
  w.run(8);
  w.shops["shop/production"].error_share = 0.5;
  EXPECT_TRUE(w.run_until([&] { return w.phase(id) == Phase::rolling_back; }, 20));
}

TEST_F(RemovedService, ItIsLoggedAndNoNewDeploymentMayBegin) {
  const auto said = [&](const std::string& line) {
    return line == "shop/production is not configured any more; " + id + " is watched to its end";
  };
  EXPECT_EQ(std::count_if(w.log.lines.begin(), w.log.lines.end(), said), 1);
  const Reply reply = w.begin("shop", "v3");
  EXPECT_FALSE(reply.ok) << "it would have no configuration of its own";
  EXPECT_EQ(w.phase(id), Phase::watching);
}

} // namespace
} // namespace backstop
