#pragma once
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

/// Reading of the small text files the kernel gives (/proc, /sys/fs/cgroup). Strict: what is not exactly a number is none.
namespace backstop::kernel_text {

/// Calls use(line) for each line without its end. A last line without an end is passed over: the file was cut there, and a
/// cut number is a wrong number. `use` returns false to stop.
template <class Use> void each_line(std::string_view text, Use use) {
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    if (!use(text.substr(0, end))) return;
    text.remove_prefix(end + 1);
  }
}

/// Takes the next word off `rest`; empty at the end.
inline std::string_view next_word(std::string_view& rest) {
  const std::size_t start = rest.find_first_not_of(" \t");
  if (start == std::string_view::npos) {
    rest = {};
    return {};
  }
  rest.remove_prefix(start);
  const std::string_view word = rest.substr(0, rest.find_first_of(" \t"));
  rest.remove_prefix(word.size());
  return word;
}

/// The whole word as a finite number >= 0.
inline std::optional<double> number(std::string_view word) {
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size() || !std::isfinite(value) || std::signbit(value))
    return std::nullopt;
  return value;
}

/// The one line of a file that is one line.
inline std::optional<std::string_view> only_line(std::string_view text) {
  if (text.empty() || text.find('\n') != text.size() - 1) return std::nullopt;
  return text.substr(0, text.size() - 1);
}

/// A file that is one number.
inline std::optional<double> only_number(std::string_view text) {
  const auto line = only_line(text);
  return line ? number(*line) : std::nullopt;
}

/// The number behind `key` in a file of "key number" lines.
inline std::optional<double> keyed_number(std::string_view text, std::string_view key) {
  std::optional<double> found;
  each_line(text, [&](std::string_view line) {
    if (next_word(line) != key) return true;
    found = number(next_word(line));
    return false;
  });
  return found;
}

} // namespace backstop::kernel_text
