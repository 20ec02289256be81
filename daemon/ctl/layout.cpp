#include "daemon/ctl/layout.hpp"
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fmt/format.h>

namespace backstop::ctl {
namespace {

constexpr std::size_t kPageWidth = 100;

std::string paint(const Style& style, const std::string& text, const char* code) {
  return style.color ? "\033[" + std::string(code) + "m" + text + "\033[0m" : text;
}

/// The end of what begins at `i` and is seen as one thing: a color, a UTF-8 sequence, a letter.
std::size_t end_of_glyph(const std::string& text, std::size_t i) {
  if (text[i] == '\033') {
    const std::size_t m = text.find('m', i);
    return m == std::string::npos ? text.size() : m + 1;
  }
  ++i;
  while (i < text.size() && (static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U) ++i;
  return i;
}

} // namespace

std::string bold(const Style& style, const std::string& text) { return paint(style, text, "1"); }
std::string red(const Style& style, const std::string& text) { return paint(style, text, "1;31"); }

std::string level_word(const Style& style, const std::string& level) {
  if (level == "critical") return red(style, "CRITICAL");
  if (level == "alert") return paint(style, "alert", "33");
  return level;
}

std::size_t columns_of(const std::string& text) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < text.size(); i = end_of_glyph(text, i)) n += text[i] != '\033';
  return n;
}

std::string cut(const std::string& text, std::size_t width) {
  if (width == 0 || columns_of(text) <= width) return text;
  const std::size_t room = width > 3 ? width - 3 : 0;
  std::string out;
  bool colored = false;
  for (std::size_t i = 0, n = 0; i < text.size() && n < room;) {
    const std::size_t end = end_of_glyph(text, i);
    if (text[i] == '\033')
      colored = text.compare(i, end - i, "\033[0m") != 0;
    else
      ++n;
    out.append(text, i, end - i);
    i = end;
  }
  return out + (colored ? "\033[0m" : "") + std::string(std::min<std::size_t>(width, 3), '.');
}

std::string wrapped(const std::string& text, std::size_t at) {
  const std::string next_line = "\n" + std::string(at, ' ');
  const std::size_t room = at + 30 > kPageWidth ? std::string::npos : kPageWidth - at;
  std::string out;
  std::size_t used = 0;
  bool fresh = true;
  const auto break_line = [&] {
    out.erase(out.find_last_not_of(' ') + 1);
    out += next_line;
    used = 0;
    fresh = true;
  };
  for (std::size_t i = 0; i <= text.size();) {
    const std::size_t end = std::min(text.find_first_of(" \n", i), text.size());
    const std::string word = text.substr(i, end - i);
    if (!fresh && used + 1 + columns_of(word) > room) break_line();
    out += (fresh ? "" : " ") + word;
    used += columns_of(word) + (fresh ? 0 : 1);
    fresh = false;
    if (end < text.size() && text[end] == '\n') break_line();
    i = end + 1;
  }
  return out;
}

std::string table(const std::vector<std::vector<std::string>>& rows, const std::string& indent) {
  std::vector<std::size_t> width;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (width.size() <= i) width.push_back(0);
      width[i] = std::max(width[i], columns_of(row[i]));
    }
  }
  std::size_t last = indent.size();
  for (std::size_t i = 0; i + 1 < width.size(); ++i) last += width[i] + 2;
  std::string out;
  for (const auto& row : rows) {
    std::string line = indent;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i + 1 < width.size())
        line += row[i] + std::string(width[i] - columns_of(row[i]) + 2, ' ');
      else
        line += wrapped(row[i], last);
    }
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

std::string clock_of(const Json& time) {
  const std::string* text = time.as_string();
  return text && text->size() > 19 ? text->substr(11, 12) : "-";
}

std::string day_and_clock(const Json& time) {
  const std::string* text = time.as_string();
  return text && text->size() > 19 ? text->substr(0, 10) + " " + text->substr(11, 8) + "Z" : "-";
}

Time time_of(const Json& iso) {
  int year = 0, hour = 0, minute = 0;
  unsigned month = 0, day = 0;
  double second = 0;
  const std::string* text = iso.as_string();
  if (!text || std::sscanf(text->c_str(), "%d-%u-%uT%d:%d:%lfZ", &year, &month, &day, &hour, &minute, &second) != 6)
    return Time{};
  const std::chrono::sys_days date{std::chrono::year{year} / std::chrono::month{month} / std::chrono::day{day}};
  return Time{std::chrono::duration_cast<Duration>(date.time_since_epoch())} + std::chrono::hours(hour) +
         std::chrono::minutes(minute) + seconds_f(second);
}

std::string short_duration(double seconds) {
  if (seconds < 1 && seconds > 0) return fmt::format("{:.0f}ms", seconds * 1000);
  const auto s = static_cast<std::int64_t>(seconds + 0.5);
  if (s < 60) return fmt::format("{}s", s);
  if (s < 3600) return s % 60 ? fmt::format("{}m{}s", s / 60, s % 60) : fmt::format("{}m", s / 60);
  return s / 60 % 60 ? fmt::format("{}h{}m", s / 3600, s / 60 % 60) : fmt::format("{}h", s / 3600);
}

std::string value_text(const Json& rule) {
  double value = 0;
  if (!rule["value"].as_number(value)) return rule.text("health");
  return show(value, unit_named(rule.text("unit")));
}

const Json::Array& list(const Json& json) {
  static const Json::Array kNone;
  return json.as_array() ? *json.as_array() : kNone;
}

} // namespace backstop::ctl
