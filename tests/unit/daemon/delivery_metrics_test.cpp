#include "daemon/telemetry.hpp"
#include "tests/fakes/app_world.hpp"
#include "tests/unit/daemon/shop_config.hpp"
#include <gmock/gmock.h>

/// DORA's figures among the daemon's metrics.
namespace backstop {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Measured : AppWorld {
  Measured() : AppWorld({ShopConfig{}.text()}) {
    start();
    app->on_durable = [this](const Record&, const Payload& payload) {
      telemetry.on_record(payload, app->state(), now);
    };
    run(8);
    adopt("shop", "v1");
    run(40);
  }
  std::string expose() { return telemetry.expose(*app, now); }
  Telemetry telemetry{"1"};
};

TEST(DeliveryMetrics, AreThereBeforeTheFirstDeployment) {
  Measured world;
  EXPECT_THAT(world.expose(), HasSubstr("# TYPE backstop_deployments_total counter\n"
                                        "backstop_deployments_total{service=\"shop/production\"} 0\n"));
  EXPECT_THAT(world.expose(), HasSubstr("backstop_deployments_failed_total{service=\"shop/production\"} 0\n"));
}

TEST(DeliveryMetrics, ADeploymentThatIsKept) {
  Measured world;
  world.deploy("shop", "v2");
  world.run(70);
  ASSERT_EQ(world.phase("D1"), Phase::succeeded);
  EXPECT_THAT(world.expose(), HasSubstr("backstop_deployments_total{service=\"shop/production\"} 1\n"));
  EXPECT_THAT(world.expose(), HasSubstr("backstop_deployments_failed_total{service=\"shop/production\"} 0\n"));
  EXPECT_THAT(world.expose(), Not(HasSubstr("backstop_recovery_seconds_count")));
}

TEST(DeliveryMetrics, ADeploymentThatIsRolledBackAndNotTheRollbackItself) {
  Measured world;
  world.deploy("shop", "v2");
  world.shops["shop/production"].error_share = 0.3;
  world.run(8);
  world.shops["shop/production"].error_share = 0;
  world.run(40);
  ASSERT_EQ(world.phase("D1"), Phase::rolled_back_verified);
  const State& state = world.app->state();
  const double took = to_seconds(world.deployment("D1").ended - state.incidents.at("I1").opened);
  const std::string text = world.expose();
  EXPECT_THAT(text, HasSubstr("backstop_deployments_total{service=\"shop/production\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("backstop_deployments_failed_total{service=\"shop/production\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("backstop_recovery_seconds_count{service=\"shop/production\"} 1\n"));
  const std::string sum = "backstop_recovery_seconds_sum{service=\"shop/production\"} ";
  ASSERT_THAT(text, HasSubstr(sum));
  EXPECT_DOUBLE_EQ(std::stod(text.substr(text.find(sum) + sum.size())), took);
}

TEST(DeliveryMetrics, OneThatNeverGotTheTrafficCountsAsNone) {
  Measured world;
  world.begin("shop", "v2");
  world.command(AbortDeployment{"D1", "not today"});
  world.run(5);
  EXPECT_THAT(world.expose(), HasSubstr("backstop_deployments_total{service=\"shop/production\"} 0\n"));
}

TEST(DeliveryMetrics, AFailedRollbackIsAFailureWithoutRecovery) {
  Measured world;
  world.steps.script("rollback/3", {ScriptedStepRunner::Script::exits(3)});
  world.deploy("shop", "v2");
  world.shops["shop/production"].error_share = 0.3;
  world.run(20);
  ASSERT_EQ(world.phase("D1"), Phase::rollback_failed);
  EXPECT_THAT(world.expose(), HasSubstr("backstop_deployments_failed_total{service=\"shop/production\"} 1\n"));
  EXPECT_THAT(world.expose(), Not(HasSubstr("backstop_recovery_seconds_count")));
}

} // namespace
} // namespace backstop
