#include "collectors/number.hpp"
#include "collectors/byte_scan.hpp"
#include <array>
#include <bit>
#include <cfloat>
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

constexpr int kExactDigits = 15; // any number of so many digits is a double
constexpr std::array<double, 23> kPowers{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                         1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/// Eight digits in the order of memory, as values, two, four and eight at a time.
std::uint64_t from_digits(std::uint64_t digits) {
  const std::uint64_t twos = (digits * 10 + (digits >> 8U)) & 0x00FF00FF00FF00FFU;
  const std::uint64_t fours = (twos * 100 + (twos >> 16U)) & 0x0000FFFF0000FFFFU;
  return (fours * 10'000 + (fours >> 32U)) & 0xFFFFFFFFU;
}

/// Appends digits to `v`; past 19 of them it is meaningless.
const char* read_digits(const char* at, const char* end, std::uint64_t& v) {
  static constexpr std::array<std::uint64_t, 9> kTens{1,       10,        100,        1'000,      10'000,
                                                      100'000, 1'000'000, 10'000'000, 100'000'000};
  while (std::endian::native == std::endian::little && end - at >= 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, at, 8);
    eight ^=
        0x3030303030303030U; // digits become their values; a carry below only reaches bytes behind a byte that is none
    const std::uint64_t others = (eight | (eight + 0x7676767676767676U)) & 0x8080808080808080U;
    if (others == 0) {
      v = v * kTens[8] + from_digits(eight);
      at += 8;
      continue;
    }
    const auto n = static_cast<unsigned>(std::countr_zero(others)) / 8;
    if (n > 0) v = v * kTens[n] + from_digits(eight << (8 * (8 - n)));
    return at + n;
  }
  for (; at < end && is_digit(*at); ++at) v = v * 10 + static_cast<std::uint64_t>(*at - '0');
  return at;
}

} // namespace

const char* read_short_number(const char* at, const char* end, double& out) {
  const bool negative = at < end && *at == '-';
  if (negative) ++at;
  std::uint64_t digits = 0;
  const char* whole_end = read_digits(at, end, digits);
  if (whole_end == at) return nullptr;
  auto count = whole_end - at;
  std::int64_t exponent = 0;
  at = whole_end;
  if (at < end && *at == '.') {
    const char* fraction_end = read_digits(at + 1, end, digits);
    exponent = at + 1 - fraction_end;
    if (exponent == 0) return nullptr;
    count -= exponent;
    at = fraction_end;
  }
  if (count > kExactDigits) return nullptr;
  if (at < end && (*at == 'e' || *at == 'E')) {
    const bool down = end - at > 1 && at[1] == '-';
    const char* from = at + (down || (end - at > 1 && at[1] == '+') ? 2 : 1);
    std::uint64_t e = 0;
    at = read_digits(from, end, e);
    if (at == from || at - from > 4) return nullptr;
    exponent += down ? -static_cast<std::int64_t>(e) : static_cast<std::int64_t>(e);
  }
  auto v = static_cast<double>(static_cast<std::int64_t>(digits));
  if (exponent != 0) {
    // Both are exact, so that one operation rounds once, as it must (W. Clinger, PLDI 1990); not with x87's wide registers.
    if (FLT_EVAL_METHOD != 0 || exponent < -22 || exponent > 22) return nullptr;
    v = exponent < 0 ? v / kPowers[static_cast<std::size_t>(-exponent)]
                     : v * kPowers[static_cast<std::size_t>(exponent)];
  }
  out = negative ? -v : v;
  return at;
}

bool parse_number(std::string_view text, double& out) {
  if (text.empty()) return false;
  double short_one = 0;
  const char* text_end = text.data() + text.size();
  if (read_short_number(text.data(), text_end, short_one) == text_end) {
    out = short_one;
    return true;
  }
  const bool negative = text.front() == '-';
  const bool signed_text = negative || text.front() == '+';
  const std::string_view rest = signed_text ? text.substr(1) : text;
  if (rest.empty()) return false;
  double v = 0;
  if (is_digit(rest.front()) || rest.front() == '.') {
    const char* end = rest.data() + rest.size();
    const auto [at, failure] = std::from_chars(rest.data(), end, v, std::chars_format::general);
    if (failure == std::errc::invalid_argument || at != end) return false;
    if (failure == std::errc::result_out_of_range) v = is_huge(rest) ? std::numeric_limits<double>::infinity() : 0.0;
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
  const auto skip_ascii = [](const unsigned char* from, const unsigned char* to) {
    return reinterpret_cast<const unsigned char*>(
        byte_scan::best::find_non_ascii(reinterpret_cast<const char*>(from), reinterpret_cast<const char*>(to)));
  };
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = p + text.size();
  while (p < end) {
    const unsigned char c = *p++;
    if (c < 0x80) {
      p = skip_ascii(p, end);
      continue;
    }
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
