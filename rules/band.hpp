#pragma once
#include "rules/time.hpp"
#include <optional>
#include <string>
#include <string_view>

namespace backstop {

enum class Level { normal, alert, critical };
std::string_view name_of(Level level);
constexpr Level worst(Level a, Level b) { return a > b ? a : b; }

/// The unit of an indicator's values. Conditions and bands are written in it, so that "5%" is never compared with 200ms.
enum class Unit {
  ratio,   ///< 0.05 is written "5%"
  percent, ///< 85 is written "85%" (gauges that already are percentages)
  seconds, ///< 0.2 is written "200ms"
  bytes,   ///< written "512MiB"
  count,   ///< a plain number
};
std::string_view name_of(Unit unit);
Unit unit_named(std::string_view name); ///< an unknown name is a count

/// A value with its unit as people write it: "5%", "200ms", "1.5s", "80", "512MiB". Four significant digits and every
/// digit before the point, no trailing zeros. The same in every locale.
std::string show(double value, Unit unit);

enum class Op { less, less_equal, greater, greater_equal };
std::string_view name_of(Op op); ///< "<", "<=", ">", ">="
constexpr bool compare(double value, Op op, double limit) {
  switch (op) {
  case Op::less: return value < limit;
  case Op::less_equal: return value <= limit;
  case Op::greater: return value > limit;
  case Op::greater_equal: return value >= limit;
  }
  return false;
}

/// A comparison with a fixed limit: "> 5%".
struct Limit {
  Op op = Op::greater;
  double value = 0;
  [[nodiscard]] bool holds(double v) const { return compare(v, op, value); }
  bool operator==(const Limit&) const = default;
};
std::string show(const Limit& limit, Unit unit); ///< "> 5%"

/// A stretch of the number line with its edges: "2% - 5%" is [2 %, 5 %]. No edge: open to that side.
struct Band {
  std::optional<double> low;
  std::optional<double> high;
  bool low_inclusive = true;
  bool high_inclusive = true;
  [[nodiscard]] bool contains(double v) const {
    const bool above = !low || (low_inclusive ? v >= *low : v > *low);
    const bool below = !high || (high_inclusive ? v <= *high : v < *high);
    return above && below;
  }
  bool operator==(const Band&) const = default;
};
/// "2% - 5%" with both edges in it, "> 2% and <= 5%" where one is not, "< 1%", "any".
std::string show(const Band& band, Unit unit);

} // namespace backstop
