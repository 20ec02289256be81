#include "daemon/config/scan.hpp"
#include <charconv>
#include <limits>

namespace backstop::config {

namespace {
bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::size_t digits_from(std::string_view s, std::size_t at) {
  while (at < s.size() && digit(s[at])) ++at;
  return at;
}
} // namespace

Scan::Scan(std::string_view text) : rest_(text) {
  while (!rest_.empty() && rest_.back() == ' ') rest_.remove_suffix(1);
  skip_blanks();
}

void Scan::skip_blanks() {
  while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
}

std::optional<std::string_view> Scan::number(bool exponent) {
  const std::size_t begin = peek() == '-' ? 1 : 0;
  std::size_t end = digits_from(rest_, begin);
  if (end == begin) return std::nullopt;
  if (end + 1 < rest_.size() && rest_[end] == '.' && digit(rest_[end + 1])) end = digits_from(rest_, end + 1);
  if (exponent && end < rest_.size() && (rest_[end] == 'e' || rest_[end] == 'E')) {
    std::size_t power = end + 1;
    if (power < rest_.size() && (rest_[power] == '+' || rest_[power] == '-')) ++power;
    if (const std::size_t stop = digits_from(rest_, power); stop > power) end = stop;
  }
  const std::string_view found = rest_.substr(0, end);
  rest_.remove_prefix(end);
  skip_blanks();
  return found;
}

std::optional<int> Scan::integer(int least, int most) {
  int value = 0;
  const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
  if (error != std::errc{} || value < least || value > most) return std::nullopt;
  rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
  skip_blanks();
  return value;
}

std::string_view Scan::word() {
  std::size_t end = 0;
  while (end < rest_.size() && letter(rest_[end])) ++end;
  const std::string_view found = rest_.substr(0, end);
  rest_.remove_prefix(end);
  skip_blanks();
  return found;
}

bool Scan::take(std::string_view token) {
  if (rest_.substr(0, token.size()) != token) return false;
  rest_.remove_prefix(token.size());
  skip_blanks();
  return true;
}

double to_double(std::string_view digits, int shift) {
  std::string text(digits);
  // Shifting the exponent in the text, not the value, keeps the result correctly rounded: 0.1% is exactly 0.001.
  if (shift != 0) text += "e" + std::to_string(shift);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) return std::numeric_limits<double>::infinity();
  return value;
}

} // namespace backstop::config
