#include "rules/crash_loop.hpp"
#include <gtest/gtest.h>

namespace backstop {
namespace {

constexpr Duration kScrape = std::chrono::seconds(5);

Time at(double s) { return time_from_us(1'000'000'000'000) + seconds_f(s); }

TEST(CrashLoop, CountsTheRestartsOfTheWorstTargetWithinTheSpan) {
  CrashLoop loop;
  EXPECT_EQ(loop.worst(at(0)), 0U);
  for (std::uint32_t target = 0; target < 10; ++target) loop.add(at(target), target, kScrape);
  EXPECT_EQ(loop.worst(at(10)), 1U) << "a rolling restart of ten targets is no loop";
  for (const double t : {20., 100., 200.}) loop.add(at(t), 3, kScrape);
  EXPECT_EQ(loop.worst(at(200)), 4U);
  EXPECT_EQ(loop.worst(at(310)), 3U) << "the oldest has left the span";
  EXPECT_EQ(loop.worst(at(900)), 0U);
}

// Counters read one after the other: those of one restart begin anew in two answers.
TEST(CrashLoop, ARestartThatTwoAnswersShowIsOne) {
  CrashLoop loop;
  for (const double t : {10., 15., 100., 105.}) loop.add(at(t), 0, kScrape);
  EXPECT_EQ(loop.worst(at(110)), 2U);
  for (double t = 115; t <= 145; t += 5) loop.add(at(t), 0, kScrape);
  EXPECT_EQ(loop.worst(at(145)), 6U) << "one in every answer is a loop all the same";
}

TEST(CrashLoop, IsBoundedHoweverManyRestartsThereAre) {
  CrashLoop loop;
  for (int i = 0; i < 100'000; ++i) loop.add(at(i * 0.001), static_cast<std::uint32_t>(i % 7), Duration{});
  EXPECT_LE(loop.restarts().size(), 64U);
}

} // namespace
} // namespace backstop
