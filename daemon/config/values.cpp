#include "daemon/config/quantities.hpp"
#include "daemon/config/scan.hpp"
#include <cmath>
#include <fmt/format.h>

/// Values, bands and conditions in the unit of their indicator.
namespace backstop::config {

namespace {

std::nullopt_t no(Mistake& mistake, std::string what, std::string how) {
  mistake = {std::move(what), std::move(how)};
  return std::nullopt;
}

struct Example {
  std::string_view unit;  ///< what values of this unit are called
  std::string_view value; ///< how one is written
};
Example example_of(Unit unit) {
  switch (unit) {
  case Unit::ratio: return {"a ratio", "5%"};
  case Unit::percent: return {"in percent", "85%"};
  case Unit::seconds: return {"in seconds", "500ms"};
  case Unit::bytes: return {"in bytes", "512 MiB"};
  case Unit::count: return {"a plain count", "80"};
  }
  return {"a plain count", "80"};
}

std::optional<int> exponent_of_time(std::string_view word) {
  if (word == "s") return 0;
  if (word == "ms") return -3;
  if (word == "us") return -6;
  return std::nullopt;
}

/// The text of one edge, cut up: digits and unit as written ("" where there is none).
struct Edge {
  std::string digits;
  std::string unit;
  [[nodiscard]] std::string text() const { return digits + (unit.size() > 2 ? " " : "") + unit; }
};

std::optional<Edge> take_edge(Scan& scan, bool exponent) {
  const auto digits = scan.number(exponent);
  if (!digits) return std::nullopt;
  if (scan.take("%")) return Edge{std::string(*digits), "%"};
  return Edge{std::string(*digits), std::string(scan.word())};
}

std::optional<double> finite(double value, std::string_view text, Mistake& mistake) {
  if (std::isfinite(value)) return value;
  return no(mistake, fmt::format("\"{}\" is too large", text), "write a smaller number");
}

std::optional<double> value_of(const Edge& edge, Unit unit, Mistake& mistake) {
  const Example example = example_of(unit);
  const auto mixed = [&] {
    const std::string written = edge.unit.empty() ? "has no unit" : fmt::format("is written in \"{}\"", edge.unit);
    return no(mistake, fmt::format("\"{}\" {}, but the indicator is {}", edge.text(), written, example.unit),
              fmt::format("write it like {}, or set the indicator's unit", example.value));
  };
  switch (unit) {
  case Unit::ratio:
  case Unit::percent:
    if (edge.unit != "%") return mixed();
    return finite(to_double(edge.digits, unit == Unit::ratio ? -2 : 0), edge.text(), mistake);
  case Unit::seconds: {
    if (const auto exponent = exponent_of_time(edge.unit))
      return finite(to_double(edge.digits, *exponent), edge.text(), mistake);
    if (edge.unit != "m" && edge.unit != "h" && edge.unit != "d") return mixed();
    const auto duration = parse_duration(edge.text(), mistake);
    if (!duration) return std::nullopt;
    return to_seconds(*duration);
  }
  case Unit::bytes: {
    const auto size = parse_size(edge.text(), mistake);
    if (!size) return mixed();
    return static_cast<double>(*size);
  }
  case Unit::count:
    if (!edge.unit.empty()) return mixed();
    return finite(to_double(edge.digits, 0), edge.text(), mistake);
  }
  return std::nullopt;
}

std::optional<Op> take_op(Scan& scan) {
  if (scan.take(">=")) return Op::greater_equal;
  if (scan.take("<=")) return Op::less_equal;
  if (scan.take(">")) return Op::greater;
  if (scan.take("<")) return Op::less;
  return std::nullopt;
}

Band open_band(Op op, double edge) {
  Band band;
  if (op == Op::greater || op == Op::greater_equal) {
    band.low = edge;
    band.low_inclusive = op == Op::greater_equal;
  } else {
    band.high = edge;
    band.high_inclusive = op == Op::less_equal;
  }
  return band;
}

bool is_factor(std::string_view word) { return word == "x" || word == "X"; }

} // namespace

std::optional<double> parse_value(std::string_view text, Unit unit, Mistake& mistake) {
  Scan scan(text);
  const auto edge = take_edge(scan, unit == Unit::count);
  if (!edge || !scan.done())
    return no(mistake, fmt::format("\"{}\" is no value", text),
              fmt::format("write it like {}", example_of(unit).value));
  return value_of(*edge, unit, mistake);
}

std::optional<Band> parse_band(std::string_view text, Unit unit, Mistake& mistake) {
  const std::string_view value = example_of(unit).value;
  const auto bad = [&] {
    return no(
        mistake, fmt::format("\"{}\" is no band", text),
        fmt::format("write \"< {}\", \"> {}\" (also <= and >=), or a lower and an upper edge: \"2 - 5\" with the unit",
                    value, value));
  };
  Scan scan(text);
  if (const auto op = take_op(scan)) {
    const auto edge = parse_value(scan.rest(), unit, mistake);
    if (!edge) return std::nullopt;
    return open_band(*op, *edge);
  }
  auto low = take_edge(scan, false);
  if (!low || !scan.take("-")) return bad();
  const auto high = take_edge(scan, false);
  if (!high || !scan.done()) return bad();
  if (low->unit.empty()) low->unit = high->unit; // "2-5%"
  const auto from = value_of(*low, unit, mistake);
  if (!from) return std::nullopt;
  const auto to = value_of(*high, unit, mistake);
  if (!to) return std::nullopt;
  if (*from > *to)
    return no(mistake, fmt::format("\"{}\" is empty: its lower edge is above its upper", text), "swap the edges");
  Band band;
  band.low = *from;
  band.high = *to;
  return band;
}

std::optional<ConditionText> parse_condition(std::string_view text, Unit unit, Mistake& mistake) {
  Scan scan(text);
  const auto op = take_op(scan);
  if (!op)
    return no(mistake, fmt::format("\"{}\" is no condition", text),
              fmt::format("write \"> {}\" or \"> 2x baseline\" (also >=, < and <=)", example_of(unit).value));
  Scan ahead = scan;
  const auto factor = ahead.number();
  if (factor && is_factor(ahead.word())) {
    if (ahead.word() != "baseline" || !ahead.done())
      return no(mistake, fmt::format("\"{}\" is no condition", text), fmt::format("write \"> {}x baseline\"", *factor));
    const double value = to_double(*factor, 0);
    if (!(value > 0) || !std::isfinite(value))
      return no(mistake, fmt::format("\"{}\" can tell nothing: the factor must be above 0", text),
                "write \"> 2x baseline\"");
    return BaselineFactor{Limit{*op, value}};
  }
  const auto value = parse_value(scan.rest(), unit, mistake);
  if (!value) return std::nullopt;
  return Limit{*op, *value};
}

} // namespace backstop::config
