#include "daemon/report/delivery.hpp"
#include <gtest/gtest.h>

namespace backstop::report::test {
namespace {

constexpr Time day(int n) { return Time{} + std::chrono::hours(24) * n; }
Delivered good(const std::string& service, Time out) { return {service, out, false, {}, {}}; }
Delivered bad(const std::string& service, Time out, Duration recovery) {
  return {service, out, true, out + std::chrono::seconds(10), out + std::chrono::seconds(10) + recovery};
}

TEST(Delivery, TheFigures) {
  using std::chrono::minutes;
  const std::vector<Delivered> all = {good("b", day(20)), bad("b", day(21), minutes(2)), good("b", day(22)),
                                      bad("b", day(23), minutes(8)), good("a", day(20))};
  const std::vector<Delivery> found = deliveries_of(all, day(16), day(30));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].service, "a");
  EXPECT_EQ(found[0].fail_rate, 0.0);
  EXPECT_EQ(found[0].recovery_median, std::nullopt);
  const Delivery& b = found[1];
  EXPECT_EQ(b.deployments, 4U);
  EXPECT_EQ(b.per_week, 2.0);
  EXPECT_EQ(b.failed, 2U);
  EXPECT_EQ(b.fail_rate, 0.5);
  EXPECT_EQ(b.recovery_median, minutes(5));
  EXPECT_EQ(b.recovery_longest, minutes(8));
}

TEST(Delivery, OnlyWhatGotTheTrafficInTheTime) {
  const std::vector<Delivered> all = {good("a", day(9)), good("a", day(10)), good("a", day(20)), good("a", Time{})};
  const std::vector<Delivery> found = deliveries_of(all, day(10), day(20));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].deployments, 1U) << "from is in it, to is not";
  EXPECT_TRUE(deliveries_of({}, day(10), day(20)).empty());
}

TEST(Delivery, AFailedRollbackFailsAndDoesNotRecover) {
  std::vector<Delivered> all = {bad("a", day(12), std::chrono::minutes(2))};
  all[0].recovered = Time{};
  const std::vector<Delivery> found = deliveries_of(all, day(10), day(20));
  EXPECT_EQ(found[0].fail_rate, 1.0);
  EXPECT_EQ(found[0].recovered, 0U);
  EXPECT_EQ(found[0].recovery_median, std::nullopt);
}

} // namespace
} // namespace backstop::report::test
