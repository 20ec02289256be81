#include "rules/band.hpp"
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace backstop {
namespace {

/// The power of ten of the first digit once `v` is rounded to four significant digits.
int exponent_of(double v) {
  std::array<char, 64> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), v, std::chars_format::scientific, 3).ptr;
  const std::string_view s(text.data(), static_cast<std::size_t>(end - text.data()));
  const std::size_t e = s.find('e');
  if (e == std::string_view::npos) return 0;
  int exponent = 0;
  const char* first = s.data() + e + (s[e + 1] == '+' ? 2 : 1);
  std::from_chars(first, s.data() + s.size(), exponent);
  return exponent;
}

/// Four significant digits and every digit before the point, no trailing zeros; in the usual notation between 1e-7 and
/// 1e15, else with an exponent. Not printf: that writes what the locale says.
std::string digits(double v) {
  if (std::isnan(v)) return "NaN";
  if (std::isinf(v)) return v > 0 ? "+Inf" : "-Inf";
  if (v == 0) return "0";
  const int exponent = exponent_of(v);
  std::array<char, 64> text{};
  char* const begin = text.data();
  char* const end = begin + text.size();
  const bool plain = exponent >= -7 && exponent < 15;
  const auto [last, error] = plain ? std::to_chars(begin, end, v, std::chars_format::fixed, std::max(0, 3 - exponent))
                                   : std::to_chars(begin, end, v, std::chars_format::general, 4);
  std::string s(begin, error == std::errc{} ? last : begin);
  if (plain && s.find('.') != std::string::npos) {
    s.erase(s.find_last_not_of('0') + 1);
    if (s.back() == '.') s.pop_back();
  }
  return s;
}

/// What is shown of `v` as a number, to choose the unit by: 999.96 ms is shown as 1000, which is 1 s.
double rounded(double v) {
  if (v == 0 || !std::isfinite(v)) return v;
  const double step = std::pow(10.0, std::min(0, exponent_of(v) - 3));
  return std::round(v / step) * step;
}

struct Scale {
  double size;
  const char* name;
};
constexpr std::array kSeconds{Scale{1e-6, "us"}, Scale{1e-3, "ms"}, Scale{1, "s"}};
constexpr std::array kBytes{Scale{1, "B"}, Scale{0x1p10, "KiB"}, Scale{0x1p20, "MiB"}, Scale{0x1p30, "GiB"},
                            Scale{0x1p40, "TiB"}};

/// In the smallest unit in which it is less than one of the next.
template <std::size_t N> std::string scaled(double v, const std::array<Scale, N>& scales) {
  std::size_t i = 0;
  while (i + 1 < N && std::abs(rounded(v / scales[i].size)) * scales[i].size >= scales[i + 1].size * (1 - 1e-12)) ++i;
  return digits(v / scales[i].size) + scales[i].name;
}

std::string with_op(Op op, double value, Unit unit) { return std::string(name_of(op)) + " " + show(value, unit); }

} // namespace

std::string_view name_of(Level level) {
  switch (level) {
  case Level::normal: return "normal";
  case Level::alert: return "alert";
  case Level::critical: return "critical";
  }
  return "critical";
}

std::string_view name_of(Unit unit) {
  switch (unit) {
  case Unit::ratio: return "ratio";
  case Unit::percent: return "percent";
  case Unit::seconds: return "seconds";
  case Unit::bytes: return "bytes";
  case Unit::count: return "count";
  }
  return "count";
}

std::string_view name_of(Op op) {
  switch (op) {
  case Op::less: return "<";
  case Op::less_equal: return "<=";
  case Op::greater: return ">";
  case Op::greater_equal: return ">=";
  }
  return "?";
}

std::string show(double value, Unit unit) {
  switch (unit) {
  case Unit::ratio: return digits(value * 100) + "%";
  case Unit::percent: return digits(value) + "%";
  case Unit::seconds: return value == 0 ? "0s" : scaled(value, kSeconds);
  case Unit::bytes: return scaled(value, kBytes);
  case Unit::count: return digits(value);
  }
  return digits(value);
}

std::string show(const Limit& limit, Unit unit) { return with_op(limit.op, limit.value, unit); }

std::string show(const Band& band, Unit unit) {
  const Op from = band.low_inclusive ? Op::greater_equal : Op::greater;
  const Op to = band.high_inclusive ? Op::less_equal : Op::less;
  if (!band.low && !band.high) return "any";
  if (!band.low) return with_op(to, *band.high, unit);
  if (!band.high) return with_op(from, *band.low, unit);
  if (band.low_inclusive && band.high_inclusive) return show(*band.low, unit) + " - " + show(*band.high, unit);
  return with_op(from, *band.low, unit) + " and " + with_op(to, *band.high, unit);
}

} // namespace backstop
