#include "rules/calendar.hpp"
#include <algorithm>
#include <array>
#include <optional>

namespace backstop {

namespace {

/// One part of an expression and what it may be.
struct Field {
  std::string_view name;
  int least, most;
};
constexpr Field kYear{"year", 1970, 2199}, kMonth{"month", 1, 12}, kDay{"day", 1, 31};
constexpr Field kHour{"hour", 0, 23}, kMinute{"minute", 0, 59};

/// Every `step`th from `from` to `to`.
struct Span {
  int from, to, step;
};

Error wrong(std::string_view text, const std::string& why) {
  return fail(Errc::invalid, "\"" + std::string(text) + "\" " + why);
}

std::string range_of(const Field& field) { return std::to_string(field.least) + " to " + std::to_string(field.most); }

/// What stands before the first `mark`; `text` is left with what stands behind it, `found` says whether there was one.
std::string_view cut(std::string_view& text, std::string_view mark, bool& found) {
  const auto at = text.find(mark);
  found = at != std::string_view::npos;
  const std::string_view head = text.substr(0, at);
  text = found ? text.substr(at + mark.size()) : std::string_view{};
  return head;
}

Result<int> number(std::string_view text, const Field& field) {
  const std::string name(field.name);
  if (text.empty()) return fail(Errc::invalid, "the " + name + " is missing");
  if (text.find('~') != std::string_view::npos)
    return wrong(text, "counts from the end of a month: that is not understood");
  if (text.find_first_not_of("0123456789") != std::string_view::npos || text.size() > 4)
    return wrong(text, "is no " + name + " (" + range_of(field) + ", or *)");
  int value = 0;
  for (const char c : text) value = value * 10 + (c - '0');
  if (value < field.least || value > field.most) return wrong(text, "is no " + name + " (" + range_of(field) + ")");
  return value;
}

Result<Span> span(std::string_view text, const Field& field) {
  const std::string_view whole = text;
  bool repeats = false, ranges = false;
  std::string_view head = cut(text, "/", repeats);
  const std::string_view every = text;
  const std::string_view first = cut(head, "..", ranges);
  if (first == "*")
    return wrong(whole,
                 "is not understood: * stands alone (write " + std::to_string(field.least) + "/N for every Nth)");
  const auto from = number(first, field);
  if (!from) return from.error();
  Span out{*from, repeats ? field.most : *from, 1};
  if (ranges) {
    const auto to = number(head, field);
    if (!to) return to.error();
    if (*to < *from)
      return wrong(whole,
                   "goes backwards: write the lower " + std::string(field.name) + " first, or two ranges with a comma");
    out.to = *to;
  }
  if (repeats) {
    const auto step = number(every, {field.name, 1, field.most});
    if (!step) return step.error().in("behind the / of \"" + std::string(whole) + "\"");
    out.step = *step;
  }
  return out;
}

/// A list of them; empty: any (*).
Result<std::vector<Span>> spans(std::string_view text, const Field& field) {
  std::vector<Span> out;
  if (text == "*") return out;
  for (bool more = true; more;) {
    const auto one = span(cut(text, ",", more), field);
    if (!one) return one.error();
    out.push_back(*one);
  }
  return out;
}

template <std::size_t N> Status fill(std::string_view text, const Field& field, std::bitset<N>& out) {
  const auto list = spans(text, field);
  if (!list) return list.error();
  if (list->empty()) out.set();
  for (const Span& s : *list)
    for (int i = s.from; i <= s.to; i += s.step) out.set(static_cast<std::size_t>(i));
  return {};
}

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool same(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

constexpr std::array<std::string_view, 7> kWeekdays{"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                    "Friday", "Saturday", "Sunday"};

/// Days from Monday on, as a week goes in systemd.
Result<int> weekday(std::string_view text) {
  for (std::size_t i = 0; i < kWeekdays.size(); ++i)
    if (same(text, kWeekdays[i]) || same(text, kWeekdays[i].substr(0, 3))) return static_cast<int>(i);
  return wrong(text, "is no weekday (Mon, Tue, Wed, Thu, Fri, Sat, Sun)");
}

Status fill_weekdays(std::string_view text, std::bitset<7>& out) {
  for (bool more = true; more;) {
    std::string_view item = cut(text, ",", more);
    const std::string_view whole = item;
    bool ranges = false;
    const auto from = weekday(cut(item, "..", ranges));
    if (!from) return from.error();
    const auto to = ranges ? weekday(item) : from;
    if (!to) return to.error();
    if (*to < *from) return wrong(whole, "goes backwards: a week begins on Monday, so write two ranges with a comma");
    for (int day = *from; day <= *to; ++day) out.set(static_cast<std::size_t>((day + 1) % 7));
  }
  return {};
}

/// What a word stands for; empty: no such word.
std::string_view meaning_of(std::string_view word) {
  constexpr std::array<std::array<std::string_view, 2>, 5> words{{{"minutely", "*-*-* *:*"},
                                                                  {"hourly", "*-*-* *:00"},
                                                                  {"daily", "*-*-* 00:00"},
                                                                  {"weekly", "Mon *-*-* 00:00"},
                                                                  {"monthly", "*-*-01 00:00"}}};
  for (const auto& [name, meaning] : words)
    if (same(word, name)) return meaning;
  return {};
}

bool begins_with_letter(std::string_view text) {
  return !text.empty() && lower(text[0]) >= 'a' && lower(text[0]) <= 'z';
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    if (!word.empty()) out.push_back(word);
    text.remove_prefix(std::min(text.size(), word.size() + 1));
  }
  return out;
}

/// The parts of an expression as written; what is left out has its default.
struct Parts {
  std::string_view weekdays;
  std::string_view date = "*-*-*";
  std::string_view time = "00:00";
};

Result<Parts> parts_of(const std::vector<std::string_view>& words) {
  Parts out;
  int last = 0; // weekdays, date, time: each once, in this order
  for (const std::string_view word : words) {
    const int kind = begins_with_letter(word) ? 1 : word.find(':') != std::string_view::npos ? 3 : 2;
    if (kind == 2 && word.find_first_of("-~") == std::string_view::npos)
      return wrong(word, "is neither a date (*-12-24) nor a time (09..15:*)");
    if (kind <= last)
      return wrong(word, kind == 1 && last > 1
                             ? "is not understood at this place (only UTC may stand at the end)"
                             : "stands at the wrong place: weekdays, date, time is the order, each once");
    (kind == 1 ? out.weekdays : kind == 2 ? out.date : out.time) = word;
    last = kind;
  }
  return out;
}

} // namespace

int days_in(int year, int month) {
  constexpr std::array<int, 13> days{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12) return 0;
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return days[static_cast<std::size_t>(month)] + (month == 2 && leap ? 1 : 0);
}

Result<Calendar> Calendar::parse(std::string_view text) {
  Calendar out;
  out.text_ = std::string(text);
  std::vector<std::string_view> words = words_of(text);
  if (!words.empty() && same(words.back(), "UTC")) {
    out.utc_ = true;
    words.pop_back();
  }
  if (words.empty()) return fail(Errc::invalid, "the text is empty");
  if (words.size() == 1)
    if (const std::string_view meaning = meaning_of(words[0]); !meaning.empty()) words = words_of(meaning);
  const auto parts = parts_of(words);
  if (!parts) return parts.error();

  if (parts->weekdays.empty())
    out.weekdays_.set();
  else if (const auto ok = fill_weekdays(parts->weekdays, out.weekdays_); !ok)
    return ok.error();

  if (const auto ok = out.read_date(parts->date); !ok) return ok.error();
  if (const auto ok = out.read_time(parts->time); !ok) return ok.error();
  return out;
}

Status Calendar::read_date(std::string_view text) {
  const std::string_view whole = text;
  std::array<std::string_view, 3> fields{"*"}; // year, month, day
  const auto dashes = std::count(text.begin(), text.end(), '-');
  if (dashes > 2) return wrong(whole, "is no date: write YEAR-MONTH-DAY or MONTH-DAY, each a number or *");
  bool more = true;
  for (auto i = static_cast<std::size_t>(2 - dashes); i < fields.size(); ++i) fields[i] = cut(text, "-", more);
  if (dashes == 0) return wrong(whole, "is no date: write YEAR-MONTH-DAY or MONTH-DAY (~ is not understood)");
  const auto years = spans(fields[0], kYear);
  if (!years) return years.error();
  for (const Span& s : *years) years_.push_back({s.from, s.to, s.step});
  if (const auto ok = fill(fields[1], kMonth, months_); !ok) return ok;
  if (const auto ok = fill(fields[2], kDay, days_); !ok) return ok;
  for (int month = 1; month <= 12; ++month)
    for (int day = 1; months_[static_cast<std::size_t>(month)] && day <= days_in(2000, month); ++day)
      if (days_[static_cast<std::size_t>(day)]) return {};
  return wrong(whole, "names no day that there is");
}

Status Calendar::read_time(std::string_view text) {
  const std::string_view whole = text;
  bool more = false;
  const std::string_view hours = cut(text, ":", more);
  if (text.find(':') != std::string_view::npos)
    return wrong(whole, "has seconds in it: write HOUR:MINUTE, as 09..15:*");
  if (const auto ok = fill(hours, kHour, hours_); !ok) return ok;
  return fill(text, kMinute, minutes_);
}

bool Calendar::contains(const WallMinute& at) const {
  const auto bit = [](const auto& set, int i) {
    return i >= 0 && static_cast<std::size_t>(i) < set.size() && set[static_cast<std::size_t>(i)];
  };
  const bool year = years_.empty() || std::any_of(years_.begin(), years_.end(), [&](const Years& y) {
                      return at.year >= y.from && at.year <= y.to && (at.year - y.from) % y.step == 0;
                    });
  return year && bit(weekdays_, at.weekday) && bit(months_, at.month) && bit(days_, at.day) && bit(hours_, at.hour) &&
         bit(minutes_, at.minute);
}

bool Calendar::moments_only() const { return (minutes_ & (minutes_ >> 1)).none() && !(minutes_[59] && minutes_[0]); }

} // namespace backstop
