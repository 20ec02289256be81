#include "rules/band.hpp"
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace backstop {
namespace {

/// A number other than 0, rounded to four significant digits.
struct Rounded {
  std::array<char, 4> digits{};
  int exponent = 0; ///< the power of ten of the first digit
};

Rounded rounded(double v) {
  std::array<char, 32> text{}; // d.ddde+dd
  const char* const end =
      std::to_chars(text.data(), text.data() + text.size(), std::abs(v), std::chars_format::scientific, 3).ptr;
  Rounded r{{text[0], text[2], text[3], text[4]}, 0};
  std::from_chars(text.data() + (text[6] == '+' ? 7 : 6), end, r.exponent);
  return r;
}

template <class... Args> std::string characters(double v, Args... format) {
  std::array<char, 64> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), v, format...);
  return {text.data(), error == std::errc{} ? end : text.data()};
}

/// Four significant digits and every digit before the point, no trailing zeros; in the usual notation between 1e-7 and
/// 1e15, else with an exponent. Not printf: that writes what the locale says. It is written with every reading.
std::string digits(double v) {
  if (std::isnan(v)) return "NaN";
  if (std::isinf(v)) return v > 0 ? "+Inf" : "-Inf";
  if (v == 0) return "0";
  const auto [four, exponent] = rounded(v);
  if (exponent < -7 || exponent >= 15) return characters(v, std::chars_format::general, 4);
  if (exponent > 3) return characters(v, std::chars_format::fixed, 0);
  std::size_t count = 4;
  while (count > 1 && four[count - 1] == '0') --count;
  std::string s;
  if (v < 0) s = '-';
  const auto whole = static_cast<std::size_t>(std::max(0, exponent + 1));
  if (whole == 0) s.append("0.").append(static_cast<std::size_t>(-1 - exponent), '0');
  s.append(four.data(), std::max(count, whole));
  if (whole > 0 && count > whole) s.insert(s.size() - (count - whole), 1, '.');
  return s;
}

struct Scale {
  double size;
  const char* name;
};
constexpr std::array kSeconds{Scale{1e-6, "us"}, Scale{1e-3, "ms"}, Scale{1, "s"}};
constexpr std::array kBytes{Scale{1, "B"}, Scale{0x1p10, "KiB"}, Scale{0x1p20, "MiB"}, Scale{0x1p30, "GiB"},
                            Scale{0x1p40, "TiB"}};

/// `v` of this scale is shown as at least one of the next: 999.96 ms as 1000, which is 1 s.
bool reaches(const Scale& next, double v, const Scale& scale) {
  if (std::abs(v) < 0.999 * next.size) return false;
  if (std::abs(v) >= next.size) return true;
  const double step = std::pow(10.0, std::min(0, rounded(v / scale.size).exponent - 3));
  return std::round(std::abs(v) / scale.size / step) * step * scale.size >= next.size * (1 - 1e-12);
}

/// In the smallest unit in which it is less than one of the next.
template <std::size_t N> std::string scaled(double v, const std::array<Scale, N>& scales) {
  std::size_t i = 0;
  while (i + 1 < N && reaches(scales[i + 1], v, scales[i])) ++i;
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

Unit unit_named(std::string_view name) {
  for (const Unit unit : {Unit::ratio, Unit::percent, Unit::seconds, Unit::bytes}) {
    if (name_of(unit) == name) return unit;
  }
  return Unit::count;
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
