#include "collectors/number.hpp"
#include <charconv>
#include <cstring>
#include <limits>
#include <system_error>

namespace backstop {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool equals_word(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (static_cast<char>(text[i] | 0x20) != lower[i]) return false;
  return true;
}

/// std::from_chars does not say on which side a number left the range: the place of its first digit that counts does.
bool is_huge(std::string_view digits) {
  long long place = 0; // of the first non-zero digit: 1 is the units
  bool found = false;
  bool fraction = false;
  std::size_t i = 0;
  for (; i < digits.size() && digits[i] != 'e' && digits[i] != 'E'; ++i) {
    const char c = digits[i];
    if (c == '.') {
      fraction = true;
      continue;
    }
    if (c != '0') found = true;
    if (!fraction && found) ++place;
    if (fraction && !found) --place;
  }
  if (i == digits.size()) return place > 0;
  std::string_view exponent = digits.substr(i + 1);
  const bool negative = !exponent.empty() && exponent.front() == '-';
  if (!exponent.empty() && !is_digit(exponent.front())) exponent.remove_prefix(1);
  long long e = 0;
  for (const char c : exponent)
    if (e < std::numeric_limits<long long>::max() / 100) e = e * 10 + (c - '0');
  return place + (negative ? -e : e) > 0;
}

/// Most values are short whole numbers: 15 digits fit a double exactly.
bool parse_short(std::string_view digits, double& out) {
  if (digits.size() > 15) return false;
  std::int64_t v = 0;
  for (const char c : digits) {
    if (!is_digit(c)) return false;
    v = v * 10 + (c - '0');
  }
  out = static_cast<double>(v);
  return true;
}

} // namespace

bool parse_number(std::string_view text, double& out) {
  if (text.empty()) return false;
  const bool negative = text.front() == '-';
  const bool signed_text = negative || text.front() == '+';
  const std::string_view rest = signed_text ? text.substr(1) : text;
  if (rest.empty()) return false;
  double v = 0;
  if (is_digit(rest.front()) || rest.front() == '.') {
    if (!parse_short(rest, v)) {
      const char* end = rest.data() + rest.size();
      const auto [at, failure] = std::from_chars(rest.data(), end, v, std::chars_format::general);
      if (failure == std::errc::invalid_argument || at != end) return false;
      if (failure == std::errc::result_out_of_range) v = is_huge(rest) ? std::numeric_limits<double>::infinity() : 0.0;
    }
  } else if (equals_word(rest, "inf") || equals_word(rest, "infinity")) {
    v = std::numeric_limits<double>::infinity();
  } else if (!signed_text && equals_word(rest, "nan")) {
    v = std::numeric_limits<double>::quiet_NaN();
  } else {
    return false;
  }
  out = negative ? -v : v;
  return true;
}

bool parse_integer(std::string_view text, std::int64_t& out) {
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (!text.empty() && !is_digit(text.front())) return false;
  }
  std::int64_t v = 0;
  const char* end = text.data() + text.size();
  const auto [at, failure] = std::from_chars(text.data(), end, v);
  if (failure != std::errc{} || at != end) return false;
  out = v;
  return true;
}

bool is_utf8(std::string_view text) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = p + text.size();
  while (p < end) {
    if (end - p >= 8) {
      std::uint64_t eight = 0;
      std::memcpy(&eight, p, 8);
      if ((eight & 0x8080808080808080U) == 0) {
        p += 8;
        continue;
      }
    }
    const unsigned char c = *p++;
    if (c < 0x80) continue;
    int more = 0;
    std::uint32_t point = 0;
    std::uint32_t least = 0;
    if (c >= 0xC2 && c <= 0xDF)
      more = 1, point = c & 0x1FU, least = 0x80;
    else if (c >= 0xE0 && c <= 0xEF)
      more = 2, point = c & 0x0FU, least = 0x800;
    else if (c >= 0xF0 && c <= 0xF4)
      more = 3, point = c & 0x07U, least = 0x10000;
    else
      return false;
    if (end - p < more) return false;
    for (; more > 0; --more, ++p) {
      if ((*p & 0xC0U) != 0x80U) return false;
      point = (point << 6U) | (*p & 0x3FU);
    }
    if (point < least || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return false;
  }
  return true;
}

std::size_t count_code_points(std::string_view text) {
  std::size_t n = 0;
  for (const char c : text) n += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  return n;
}

} // namespace backstop
