#include "daemon/ctl/layout.hpp"
#include <gtest/gtest.h>

namespace backstop::ctl::test {
namespace {

TEST(Layout, DurationsAreShort) {
  EXPECT_EQ(short_duration(0), "0s");
  EXPECT_EQ(short_duration(0.0004), "0ms");
  EXPECT_EQ(short_duration(0.25), "250ms");
  EXPECT_EQ(short_duration(59.4), "59s");
  EXPECT_EQ(short_duration(90), "1m30s");
  EXPECT_EQ(short_duration(120), "2m");
  EXPECT_EQ(short_duration(7200), "2h");
  EXPECT_EQ(short_duration(7260), "2h1m");
}

TEST(Layout, ColorsAndUtf8TakeNoRoomInColumns) {
  EXPECT_EQ(columns_of("\033[1;31mCRITICAL\033[0m"), 8U);
  EXPECT_EQ(columns_of("caf\xC3\xA9"), 4U);
  const std::string colored = table({{"\033[1;31mab\033[0m", "x"}, {"abcd", "y"}}, "");
  EXPECT_EQ(colored, "\033[1;31mab\033[0m    x\nabcd  y\n");
}

TEST(Layout, CutClosesItsColorAndSplitsNoLetter) {
  EXPECT_EQ(cut("abcdefgh", 8), "abcdefgh");
  EXPECT_EQ(cut("abcdefgh", 6), "abc...");
  EXPECT_EQ(cut("abcdefgh", 0), "abcdefgh");
  EXPECT_EQ(cut("abcdefgh", 2), "..");
  EXPECT_EQ(cut("\033[33mabcdefgh\033[0m", 6), "\033[33mabc\033[0m...");
  EXPECT_EQ(cut("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", 4), "\xC3\xA9...");
}

TEST(Layout, WrapsBetweenWordsOnly) {
  const std::string word(40, 'x');
  EXPECT_EQ(wrapped(word + " " + word + " " + word, 2), word + " " + word + "\n  " + word);
  const std::string endless(200, 'y');
  EXPECT_EQ(wrapped(endless, 2), endless);
  EXPECT_EQ(wrapped("a\nb", 4), "a\n    b");
}

TEST(Layout, LastColumnIsWrappedBelowItself) {
  std::string text;
  for (int i = 0; i < 30; ++i) text += "word ";
  const std::string page = table({{"key", text}}, "  ");
  EXPECT_EQ(page.find("\n       word"), page.find('\n')) << page;
  EXPECT_EQ(page.find(" \n"), std::string::npos) << "a line ends in spaces: " << page;
}

TEST(Layout, TimesOfNothing) {
  EXPECT_EQ(clock_of(Json()), "-");
  EXPECT_EQ(day_and_clock(Json()), "-");
  EXPECT_EQ(day_and_clock(Json("2026-01-31T10:04:05.250Z")), "2026-01-31 10:04:05Z");
  EXPECT_EQ(clock_of(Json("2026-01-31T10:04:05.250Z")), "10:04:05.250");
}

} // namespace
} // namespace backstop::ctl::test
