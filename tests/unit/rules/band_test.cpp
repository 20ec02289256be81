#include "rules/band.hpp"
#include "rules/indicator.hpp"
#include "rules/table.hpp"
#include <cmath>
#include <gtest/gtest.h>

namespace backstop {
namespace {

struct Shown {
  double value;
  Unit unit;
  const char* text;
};
class Show : public testing::TestWithParam<Shown> {};
TEST_P(Show, IsStable) { EXPECT_EQ(show(GetParam().value, GetParam().unit), GetParam().text); }

INSTANTIATE_TEST_SUITE_P(
    Values, Show,
    testing::Values(
        Shown{0.05, Unit::ratio, "5%"}, Shown{0.07, Unit::ratio, "7%"}, Shown{0.001234567, Unit::ratio, "0.1235%"},
        Shown{1, Unit::ratio, "100%"}, Shown{0, Unit::ratio, "0%"}, Shown{-0.0, Unit::ratio, "0%"},
        Shown{0.99996, Unit::ratio, "100%"}, Shown{85, Unit::percent, "85%"}, Shown{85.25, Unit::percent, "85.25%"},
        Shown{0.2, Unit::seconds, "200ms"}, Shown{1.5, Unit::seconds, "1.5s"}, Shown{0.00035, Unit::seconds, "350us"},
        Shown{0.99994, Unit::seconds, "999.9ms"}, Shown{0.99996, Unit::seconds, "1s"}, Shown{1, Unit::seconds, "1s"},
        Shown{0.001, Unit::seconds, "1ms"}, Shown{0.0000005, Unit::seconds, "0.5us"}, Shown{90, Unit::seconds, "90s"},
        Shown{86400, Unit::seconds, "86400s"}, Shown{0, Unit::seconds, "0s"}, Shown{-0.25, Unit::seconds, "-250ms"},
        Shown{536870912, Unit::bytes, "512MiB"}, Shown{1023, Unit::bytes, "1023B"}, Shown{1024, Unit::bytes, "1KiB"},
        Shown{1048575, Unit::bytes, "1MiB"}, Shown{1536, Unit::bytes, "1.5KiB"}, Shown{0, Unit::bytes, "0B"},
        Shown{0x1p50, Unit::bytes, "1024TiB"}, Shown{80, Unit::count, "80"}, Shown{12345, Unit::count, "12345"},
        Shown{12345.6, Unit::count, "12346"}, Shown{3.14159, Unit::count, "3.142"}, Shown{100.04, Unit::count, "100"},
        Shown{1e-9, Unit::count, "1e-09"}, Shown{1e18, Unit::count, "1e+18"}, Shown{std::nan(""), Unit::count, "NaN"},
        Shown{HUGE_VAL, Unit::count, "+Inf"}, Shown{-HUGE_VAL, Unit::ratio, "-Inf%"}));

TEST(Limit, HoldsAtTheEdge) {
  struct {
    Op op;
    bool below, at, above;
  } cases[] = {{Op::less, true, false, false},
               {Op::less_equal, true, true, false},
               {Op::greater, false, false, true},
               {Op::greater_equal, false, true, true}};
  for (const auto& c : cases) {
    const Limit limit{c.op, 80};
    EXPECT_EQ(limit.holds(79), c.below) << name_of(c.op);
    EXPECT_EQ(limit.holds(80), c.at) << name_of(c.op);
    EXPECT_EQ(limit.holds(81), c.above) << name_of(c.op);
    EXPECT_FALSE(limit.holds(std::nan(""))) << name_of(c.op);
  }
}

TEST(Band, ContainsItsEdgesAsWritten) {
  const Band alert{0.02, 0.05, true, true}, critical{0.05, {}, false, true}, normal{{}, 0.01, true, false};
  struct {
    double v;
    bool normal, alert, critical;
  } cases[] = {{0.0099, true, false, false}, {0.01, false, false, false}, {0.0199, false, false, false},
               {0.02, false, true, false},   {0.05, false, true, false},  {0.0501, false, false, true},
               {1, false, false, true}};
  for (const auto& c : cases) {
    EXPECT_EQ(normal.contains(c.v), c.normal) << c.v;
    EXPECT_EQ(alert.contains(c.v), c.alert) << c.v;
    EXPECT_EQ(critical.contains(c.v), c.critical) << c.v;
  }
}

TEST(Band, Shown) {
  EXPECT_EQ(show(Limit{Op::greater, 0.05}, Unit::ratio), "> 5%");
  EXPECT_EQ(show(Limit{Op::less_equal, 0.2}, Unit::seconds), "<= 200ms");
  EXPECT_EQ(show(Band{0.02, 0.05, true, true}, Unit::ratio), "2% - 5%");
  EXPECT_EQ(show(Band{0.02, 0.05, false, true}, Unit::ratio), "> 2% and <= 5%");
  EXPECT_EQ(show(Band{0.02, 0.05, true, false}, Unit::ratio), ">= 2% and < 5%");
  EXPECT_EQ(show(Band{{}, 50, true, false}, Unit::count), "< 50");
  EXPECT_EQ(show(Band{{}, 50, true, true}, Unit::count), "<= 50");
  EXPECT_EQ(show(Band{80, {}, false, true}, Unit::count), "> 80");
  EXPECT_EQ(show(Band{80, {}, true, true}, Unit::count), ">= 80");
  EXPECT_EQ(show(Band{}, Unit::count), "any");
}

TEST(Names, AreTheWordsOfTheConfiguration) {
  EXPECT_EQ(name_of(Level::normal), "normal");
  EXPECT_EQ(name_of(Level::alert), "alert");
  EXPECT_EQ(name_of(Level::critical), "critical");
  EXPECT_EQ(name_of(Unit::ratio), "ratio");
  EXPECT_EQ(name_of(Unit::percent), "percent");
  EXPECT_EQ(name_of(Unit::seconds), "seconds");
  EXPECT_EQ(name_of(Unit::bytes), "bytes");
  EXPECT_EQ(name_of(Unit::count), "count");
  EXPECT_EQ(name_of(Mode::observe), "observe");
  EXPECT_EQ(name_of(Mode::confirm), "confirm");
  EXPECT_EQ(name_of(Mode::automatic), "auto");
  EXPECT_EQ(name_of(Aggregation::avg), "avg");
  EXPECT_EQ(name_of(Health::no_data), "no_data");
}

} // namespace
} // namespace backstop
