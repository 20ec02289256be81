#pragma once
#include "rules/band.hpp"
#include "rules/time.hpp"
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// How quantities are written in the configuration. Every function returns nothing where the text cannot be read, and
/// then says in `mistake` what is wrong and how to mend it. Decimal fractions are read exactly: "0.1%" is the double
/// nearest to 0.001, so that a reading of 1/1000 stands exactly on that edge.
namespace backstop::config {

struct Mistake {
  std::string what;
  std::string how;
};

/// "30s", "1m30s", "250ms", "24h", "400d", "1.5s"; units w d h m s ms us, each once, from large to small. "0" is 0.
/// A bare number is refused. At most 100 years.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text, Mistake& mistake);
/// As the parser reads it: "250ms", "60s", "2m30s", "24h", "30d", "0s".
std::string show_duration(Duration d);

/// "512 MiB", "2GiB", "16 kB", "100 B": bytes. A bare number is refused.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text, Mistake& mistake);
std::string show_size(std::uint64_t bytes);

/// "3 per 24h"
struct CountPer {
  int count = 0;
  Duration window{};
};
[[nodiscard]] std::optional<CountPer> parse_count_per(std::string_view text, Mistake& mistake);

/// "3 of 5"
struct CountOf {
  int m = 1;
  int n = 1;
};
[[nodiscard]] std::optional<CountOf> parse_count_of(std::string_view text, Mistake& mistake);

/// A plain decimal number: "0.95", "50", "-3", "1e3".
[[nodiscard]] std::optional<double> parse_number(std::string_view text, Mistake& mistake);

/// "50%", "12.5 %": 50, 12.5. A bare number is refused.
[[nodiscard]] std::optional<double> parse_percent(std::string_view text, Mistake& mistake);

/// A value in `unit`: "5%" for ratios (0.05) and percent (5), "200ms" for seconds, "512 MiB" for bytes, "80" for
/// counts. Another unit than the indicator's is refused, a bare number too unless the unit is a count.
[[nodiscard]] std::optional<double> parse_value(std::string_view text, Unit unit, Mistake& mistake);

/// "< 1%", ">= 99%", "2% - 5%" or "2-5%" (both edges belong to the band; the unit of the upper edge serves the lower).
[[nodiscard]] std::optional<Band> parse_band(std::string_view text, Unit unit, Mistake& mistake);

/// "> 2x baseline"
struct BaselineFactor {
  Limit limit; ///< the value is the factor
};
/// "> 5%", ">= 80", or "> 2x baseline".
using ConditionText = std::variant<Limit, BaselineFactor>;
[[nodiscard]] std::optional<ConditionText> parse_condition(std::string_view text, Unit unit, Mistake& mistake);

} // namespace backstop::config
