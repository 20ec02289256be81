#include "rules/calendar.hpp"
#include <array>
#include <cstdio>
#include <cstdlib>
#include <gtest/gtest.h>
#include <optional>
#include <set>
#include <string>

namespace backstop {
namespace {

/// Days since 1970-01-01, which was a Thursday; H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
int days_from_civil(int y, int m, int d) {
  y -= m <= 2 ? 1 : 0;
  const int era = y / 400, of_era = y - era * 400;
  const int of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

WallMinute at(int year, int month, int day, int hour = 0, int minute = 0) {
  return {year, month, day, hour, minute, (days_from_civil(year, month, day) + 4) % 7};
}

Calendar parsed(std::string_view text) {
  const auto calendar = Calendar::parse(text);
  EXPECT_TRUE(calendar) << text << ": " << (calendar ? "" : calendar.error().what);
  return calendar ? *calendar : Calendar{};
}

struct Case {
  const char* text;
  WallMinute minute;
  bool open;
};
class Opens : public testing::TestWithParam<Case> {};

TEST_P(Opens, InTheMinutesThatItNames) {
  const auto& [text, minute, open] = GetParam();
  EXPECT_EQ(parsed(text).contains(minute), open)
      << text << " at " << minute.year << "-" << minute.month << "-" << minute.day << " " << minute.hour << ":"
      << minute.minute << ", weekday " << minute.weekday;
}

// 2026-01-01 is a Thursday, 2024-02-29 too.
INSTANTIATE_TEST_SUITE_P(
    Calendar, Opens,
    testing::Values(
        // hours and minutes: the edges of a range
        Case{"09..15:*", at(2026, 1, 1, 8, 59), false}, Case{"09..15:*", at(2026, 1, 1, 9, 0), true},
        Case{"09..15:*", at(2026, 1, 1, 15, 59), true}, Case{"09..15:*", at(2026, 1, 1, 16, 0), false},
        Case{"9..15:*", at(2026, 1, 1, 9, 0), true}, Case{"22:*", at(2026, 1, 1, 22, 30), true},
        Case{"22:*", at(2026, 1, 1, 23, 0), false}, Case{"*:*", at(2026, 1, 1, 0, 0), true},
        Case{"23:59", at(2026, 1, 1, 23, 59), true}, Case{"0:0", at(2026, 1, 1, 0, 0), true},
        Case{"10:15..30", at(2026, 1, 1, 10, 14), false}, Case{"10:15..30", at(2026, 1, 1, 10, 15), true},
        Case{"10:15..30", at(2026, 1, 1, 10, 30), true}, Case{"10:15..30", at(2026, 1, 1, 10, 31), false},
        Case{"8,12..13,20:*", at(2026, 1, 1, 12, 0), true}, Case{"8,12..13,20:*", at(2026, 1, 1, 14, 0), false},
        // repetition: from the first on, to the end of the range
        Case{"20:0/15", at(2026, 1, 1, 20, 45), true}, Case{"20:0/15", at(2026, 1, 1, 20, 44), false},
        Case{"20:50/15", at(2026, 1, 1, 20, 5), false}, Case{"1..10/3:*", at(2026, 1, 1, 10, 0), true},
        Case{"1..9/3:*", at(2026, 1, 1, 10, 0), false}, Case{"*-*-1/7 *:*", at(2026, 1, 29), true},
        // weekdays
        Case{"Mon..Thu *:*", at(2026, 1, 1), true}, Case{"Mon..Thu *:*", at(2026, 1, 2), false},
        Case{"Mon..Thu *:*", at(2026, 1, 4), false}, Case{"Mon..Thu *:*", at(2026, 1, 5), true},
        Case{"Sat,Sun *:*", at(2026, 1, 4), true}, Case{"Sat..Sun *:*", at(2026, 1, 4), true},
        Case{"mon,WEDNESDAY *:*", at(2026, 1, 7), true}, Case{"Sun *:*", at(2026, 1, 3), false},
        // dates
        Case{"*-12-24 *:*", at(2031, 12, 24), true}, Case{"12-24 *:*", at(2031, 12, 24), true},
        Case{"12-24 *:*", at(2031, 12, 25), false}, Case{"2026..2027-*-01 *:*", at(2027, 12, 1), true},
        Case{"2026..2027-*-01 *:*", at(2028, 1, 1), false}, Case{"2026/2-1-1 *:*", at(2028, 1, 1), true},
        Case{"2026/2-1-1 *:*", at(2027, 1, 1), false}, Case{"2026/2-1-1 *:*", at(2199, 1, 1), false},
        Case{"*-02-29 *:*", at(2024, 2, 29), true}, Case{"*-02-29 *:*", at(2024, 2, 28), false},
        Case{"*-*-31 *:*", at(2026, 3, 31), true}, Case{"Sat *-*-1..7 20:00/15", at(2026, 1, 3, 20, 30), true},
        Case{"Sat *-*-1..7 20:00/15", at(2026, 1, 10, 20, 30), false},
        Case{"Sat *-*-1..7 20:00/15", at(2026, 1, 2, 20, 30), false},
        // words and what is left out: the moment at which systemd would start something
        Case{"daily", at(2026, 1, 1, 0, 0), true}, Case{"daily", at(2026, 1, 1, 0, 1), false},
        Case{"hourly", at(2026, 1, 1, 7, 0), true}, Case{"MINUTELY", at(2026, 1, 1, 7, 1), true},
        Case{"weekly", at(2026, 1, 5), true}, Case{"weekly", at(2026, 1, 6), false},
        Case{"monthly", at(2026, 2, 1), true}, Case{"monthly", at(2026, 2, 2), false},
        Case{"Mon..Fri", at(2026, 1, 2, 0, 0), true}, Case{"Mon..Fri", at(2026, 1, 2, 12, 0), false},
        Case{"  Mon   10:00 ", at(2026, 1, 5, 10, 0), true}));

TEST(CalendarTest, AMinuteThatCannotBeIsInNoCalendar) {
  const Calendar any = parsed("*-*-* *:*");
  for (const WallMinute& minute :
       {WallMinute{2026, 13, 1}, WallMinute{2026, 1, 32}, WallMinute{2026, 1, 1, 24}, WallMinute{2026, 1, 1, 0, 60},
        WallMinute{2026, 1, 1, 0, 0, 7}, WallMinute{2026, -1, 1}, WallMinute{2026, 1, 1, -1}})
    EXPECT_FALSE(any.contains(minute));
}

TEST(CalendarTest, TheTimeZoneIsTheCallersUnlessItIsWritten) {
  EXPECT_FALSE(parsed("10:*").utc());
  EXPECT_TRUE(parsed("10:* UTC").utc());
  EXPECT_TRUE(parsed("hourly utc").utc());
  EXPECT_EQ(parsed("10:* UTC").text(), "10:* UTC");
}

TEST(CalendarTest, MomentsAreToldFromWindows) {
  for (const char* text : {"daily", "hourly", "Mon..Fri", "09..15:00", "*:0/15", "*-*-* 9:1,3"})
    EXPECT_TRUE(parsed(text).moments_only()) << text;
  for (const char* text : {"minutely", "9:*", "9:0,1", "09..15:00..30", "*:0,59"})
    EXPECT_FALSE(parsed(text).moments_only()) << text;
}

struct Wrong {
  const char* text;
  const char* why;
};
class IsRefused : public testing::TestWithParam<Wrong> {};

TEST_P(IsRefused, WithWhatIsWrong) {
  const auto calendar = Calendar::parse(GetParam().text);
  ASSERT_FALSE(calendar) << GetParam().text;
  EXPECT_EQ(calendar.error().code, Errc::invalid);
  EXPECT_EQ(calendar.error().what, GetParam().why);
}

INSTANTIATE_TEST_SUITE_P(
    Calendar, IsRefused,
    testing::Values(
        Wrong{"", "the text is empty"}, Wrong{"   ", "the text is empty"}, Wrong{"UTC", "the text is empty"},
        Wrong{"24:00", "\"24\" is no hour (0 to 23)"}, Wrong{"5:60", "\"60\" is no minute (0 to 59)"},
        Wrong{"5:", "the minute is missing"}, Wrong{":5", "the hour is missing"},
        Wrong{"1,,2:00", "the hour is missing"}, Wrong{"1..:00", "the hour is missing"},
        Wrong{"-1:00", "\"-1\" is no hour (0 to 23, or *)"}, Wrong{"99999:00", "\"99999\" is no hour (0 to 23, or *)"},
        Wrong{"10..8:00", "\"10..8\" goes backwards: write the lower hour first, or two ranges with a comma"},
        Wrong{"*/2:00", "\"*/2\" is not understood: * stands alone (write 0/N for every Nth)"},
        Wrong{"*:0/0", "behind the / of \"0/0\": \"0\" is no minute (1 to 59)"},
        Wrong{"10:00:00", "\"10:00:00\" has seconds in it: write HOUR:MINUTE, as 09..15:*"},
        Wrong{"*-0-1", "\"0\" is no month (1 to 12)"}, Wrong{"*-*-32", "\"32\" is no day (1 to 31)"},
        Wrong{"26-1-1", "\"26\" is no year (1970 to 2199)"}, Wrong{"2200-1-1", "\"2200\" is no year (1970 to 2199)"},
        Wrong{"1-1-1-1", "\"1-1-1-1\" is no date: write YEAR-MONTH-DAY or MONTH-DAY, each a number or *"},
        Wrong{"*-02-30 *:*", "\"*-02-30\" names no day that there is"},
        Wrong{"*-*~1", "\"*~1\" counts from the end of a month: that is not understood"},
        Wrong{"Jan-1", "\"Jan-1\" is no weekday (Mon, Tue, Wed, Thu, Fri, Sat, Sun)"},
        Wrong{"*-Jan-1", "\"Jan\" is no month (1 to 12, or *)"},
        Wrong{"Fri..Mon", "\"Fri..Mon\" goes backwards: a week begins on Monday, so write two ranges with a comma"},
        Wrong{"Mon..", "\"\" is no weekday (Mon, Tue, Wed, Thu, Fri, Sat, Sun)"},
        Wrong{"fortnightly", "\"fortnightly\" is no weekday (Mon, Tue, Wed, Thu, Fri, Sat, Sun)"},
        Wrong{"10", "\"10\" is neither a date (*-12-24) nor a time (09..15:*)"},
        Wrong{"10:00 Mon", "\"Mon\" is not understood at this place (only UTC may stand at the end)"},
        Wrong{"10:00 Europe/Berlin",
              "\"Europe/Berlin\" is not understood at this place (only UTC may stand at the end)"},
        Wrong{"10:00 11:00", "\"11:00\" stands at the wrong place: weekdays, date, time is the order, each once"},
        Wrong{"10:00 *-1-1", "\"*-1-1\" stands at the wrong place: weekdays, date, time is the order, each once"}));

TEST(CalendarTest, DaysOfMonths) {
  EXPECT_EQ(days_in(2026, 1), 31);
  EXPECT_EQ(days_in(2026, 2), 28);
  EXPECT_EQ(days_in(2024, 2), 29);
  EXPECT_EQ(days_in(2000, 2), 29);
  EXPECT_EQ(days_in(2100, 2), 28);
  EXPECT_EQ(days_in(2026, 4), 30);
  EXPECT_EQ(days_in(2026, 0), 0);
  EXPECT_EQ(days_in(2026, 13), 0);
}

/// What `systemd-analyze calendar` says: its next `count` times from 2026-01-01 00:00 UTC on (that minute excluded), as minutes
/// since then. Nothing: it refuses the expression.
std::optional<std::set<int>> as_systemd_has_it(const std::string& text, int count) {
  const std::string command =
      "TZ=UTC LC_ALL=C systemd-analyze calendar --base-time='2026-01-01 00:00:00' --iterations=" +
      std::to_string(count) + " '" + text + "' 2>/dev/null";
  std::set<int> minutes;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return std::nullopt;
  std::array<char, 256> line{};
  while (std::fgets(line.data(), static_cast<int>(line.size()), pipe) != nullptr) {
    int y = 0, mo = 0, d = 0, h = 0, mi = 0;
    // "Next elapse: Fri 2026-01-02 00:00:00 UTC", "Iter. #2: Sat ..."
    if (std::sscanf(line.data(), "%*[^:]: %*s %d-%d-%d %d:%d", &y, &mo, &d, &h, &mi) == 5)
      minutes.insert((days_from_civil(y, mo, d) - days_from_civil(2026, 1, 1)) * 1440 + h * 60 + mi);
  }
  if (pclose(pipe) != 0) return std::nullopt;
  return minutes;
}

class AsSystemd : public testing::TestWithParam<const char*> {
protected:
  void SetUp() override {
    if (std::system("systemd-analyze --version >/dev/null 2>&1") != 0) // NOLINT: a test
      GTEST_SKIP() << "NOT COMPARED with systemd: there is no systemd-analyze here (package systemd)";
  }
};

TEST_P(AsSystemd, NamesTheSameMinutes) {
  // 50 end before the year does where it matters: systemd 252 leaves 2027-01-01 out of "*-*-1/7", and names it for "*-*-1,8".
  constexpr int count = 50;
  const auto theirs = as_systemd_has_it(GetParam(), count);
  ASSERT_TRUE(theirs) << "systemd refuses " << GetParam();
  ASSERT_GE(theirs->size(), 20U) << GetParam(); // fewer than asked for where they are beyond 2199
  const Calendar calendar = parsed(GetParam());
  std::set<int> ours;
  int minute = 1; // systemd tells what is later than the time it starts from
  for (int year = 2026; ours.size() < theirs->size() && year < 2200; ++year)
    for (int month = 1; month <= 12; ++month)
      for (int day = 1; day <= days_in(year, month); ++day) {
        const int before = (days_from_civil(year, month, day) - days_from_civil(2026, 1, 1)) * 1440;
        if (ours.size() == theirs->size()) break;
        for (int of_day = before == 0 ? minute : 0; of_day < 1440 && ours.size() < theirs->size(); ++of_day)
          if (calendar.contains(at(year, month, day, of_day / 60, of_day % 60))) ours.insert(before + of_day);
      }
  EXPECT_EQ(ours, *theirs) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Calendar, AsSystemd,
                         testing::Values("Mon..Thu *-*-* 09..15:*", "22:*", "Sat *-*-1..7 20:00/15", "*:0/7", "0/5:30",
                                         "1..10/3:00..2", "*-*-1/7 00:00", "*-*-1..7/2 12:00", "Mon,Wed,Sat..Sun 10:15",
                                         "*-02-29 1:00", "*-*-31", "12-24", "2026/2-1..3-1", "weekly", "monthly",
                                         "daily", "hourly", "minutely", "Sun", "tue,THURSDAY 5:5", "10:5..5/2"));

class AsSystemdRefuses : public AsSystemd {};

TEST_P(AsSystemdRefuses, Too) {
  EXPECT_FALSE(as_systemd_has_it(GetParam(), 1)) << GetParam();
  EXPECT_FALSE(Calendar::parse(GetParam())) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Calendar, AsSystemdRefuses,
                         testing::Values("24:00", "5:60", "10..8:00", "*/2:00", "*-*/2-*", "*:0/0", "Fri..Mon", "Mon..",
                                         "10", "*", "* *:*", "0/15", "1,,2:00", "*-0-1", "*-*-0", "2200-1-1",
                                         "Mon,Tue,10:00", "10: 00", "2026-1-1T10:00", "10:00 11:00", "10:00 Mon"));

} // namespace
} // namespace backstop
