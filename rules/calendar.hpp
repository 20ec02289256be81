#pragma once
#include "rules/result.hpp"
#include <bitset>
#include <string>
#include <string_view>
#include <vector>

namespace backstop {

/// A minute as the clock on the wall shows it. The caller knows the time zone.
struct WallMinute {
  int year = 1970, month = 1, day = 1; ///< 1-12, 1-31
  int hour = 0, minute = 0;
  int weekday = 4; ///< 0 Sunday to 6 Saturday
};

/// Days of a month of the Gregorian calendar; 0 where there is no such month.
int days_in(int year, int month);

/// Times that a calendar expression names, by the minute, in the notation of systemd.time(7): "Mon..Thu *-*-* 09..15:*",
/// "Sat *-*-1..7 20:00/15", "22:*". Lists (,), ranges (..), repetition (/), the words minutely, hourly, daily, weekly,
/// monthly, and "UTC" at its end are understood; seconds, months by name and other time zones are not. Where systemd means
/// the moment at which something starts, a window is open in every minute that is named: "09..15:*" from 09:00 to 15:59.
class Calendar {
public:
  /// Errc::invalid: what is wrong, and where. Years have four digits, from 1970 to 2199; days that no month has are refused.
  static Result<Calendar> parse(std::string_view text);
  [[nodiscard]] bool contains(const WallMinute& at) const;
  [[nodiscard]] bool utc() const { return utc_; }
  /// No minute that is named is followed by another one, as in "daily" and "09..15:00": good to start something, no window.
  [[nodiscard]] bool moments_only() const;
  [[nodiscard]] const std::string& text() const { return text_; }
  bool operator==(const Calendar& other) const { return text_ == other.text_; }

private:
  struct Years {
    int from = 0, to = 0, step = 1;
  };
  Status read_date(std::string_view text);
  Status read_time(std::string_view text);
  std::string text_;
  bool utc_ = false;
  std::bitset<7> weekdays_;
  std::vector<Years> years_; ///< empty: any
  std::bitset<13> months_;
  std::bitset<32> days_;
  std::bitset<24> hours_;
  std::bitset<60> minutes_;
};

} // namespace backstop
