#include "daemon/report/confirmation.hpp"
#include "tests/unit/report/material.hpp"

namespace backstop::report::test {
namespace {

std::string refusal(AppWorld& world, const std::string& id) {
  const Result<Document> document = deployment_confirmation(report_on(world, id), at_utc);
  return document ? "confirmed" : document.error().what;
}

TEST(Confirmation, OfADeploymentThatWasKept) {
  Shop world;
  world.deploy("shop", "v2");
  world.run(70);
  const Result<Document> document = deployment_confirmation(report_on(world, "D1"), an_hour_ahead);
  ASSERT_TRUE(document);
  expect_golden("confirmation.md", markdown_of(*document));
}

TEST(Confirmation, OfNoOther) {
  Shop world;
  world.deploy("shop", "v2");
  world.run(5);
  EXPECT_EQ(refusal(world, "D1"), "D1 (shop/production v2) is not confirmed: it is under way");
  world.shops["shop/production"].error_share = 0.3;
  world.run(8);
  world.mend(40);
  ASSERT_EQ(world.phase("D1"), Phase::rolled_back_verified);
  EXPECT_EQ(refusal(world, "D1"), "D1 (shop/production v2) is not confirmed: it ended as rolled back, and verified");
  EXPECT_EQ(refusal(world, "I1"), "I1 is an incident; what is confirmed is a deployment, as D1");
}

} // namespace
} // namespace backstop::report::test
