#pragma once
#include "daemon/json.hpp"
#include "rules/band.hpp"
#include "rules/time.hpp"
#include <string>
#include <vector>

/// How words, times, numbers and columns look on every page. Pure.
namespace backstop::ctl {

struct Style {
  bool color = false;
  std::size_t width = 0; ///< columns of the terminal, for a live line; 0: as long as it is
};

std::string bold(const Style& style, const std::string& text);
std::string red(const Style& style, const std::string& text);
/// Levels are words; the color only repeats them.
std::string level_word(const Style& style, const std::string& level);

/// Columns that take up room on a terminal: colors take none, a UTF-8 sequence one.
std::size_t columns_of(const std::string& text);
/// At most `width` columns, with "..." where something was cut off. Width 0: all of it.
std::string cut(const std::string& text, std::size_t width);
/// `text`, which begins in column `at`, broken between words at the page's width (100); further lines begin there too.
std::string wrapped(const std::string& text, std::size_t at);
/// Columns padded to their widest cell. The last column is free, and is wrapped below itself.
std::string table(const std::vector<std::vector<std::string>>& rows, const std::string& indent);

/// "10:04:05.250" of an ISO time; "-" of null.
std::string clock_of(const Json& time);
/// "2026-01-31 10:04:05Z" of an ISO time; "-" of null.
std::string day_and_clock(const Json& time);
/// Of an ISO time as wall() writes it; zero of null.
Time time_of(const Json& iso);
/// "1m30s", "2h", "850ms".
std::string short_duration(double seconds);

/// The value of a rule in its unit, or why there is none: "0.2%", "no_data".
std::string value_text(const Json& rule);
/// The elements of an array; none where it is no array.
const Json::Array& list(const Json& json);

} // namespace backstop::ctl
