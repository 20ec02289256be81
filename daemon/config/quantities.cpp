#include "daemon/config/quantities.hpp"
#include "daemon/config/scan.hpp"
#include <array>
#include <cmath>
#include <fmt/format.h>

namespace backstop::config {

namespace {

struct TimeUnit {
  std::string_view name;
  std::int64_t us;
};
constexpr std::array<TimeUnit, 7> kTimeUnits{{{"w", 604'800'000'000},
                                              {"d", 86'400'000'000},
                                              {"h", 3'600'000'000},
                                              {"m", 60'000'000},
                                              {"s", 1'000'000},
                                              {"ms", 1'000},
                                              {"us", 1}}};
constexpr Duration kLongest{std::chrono::hours(24) * 36'525};

struct SizeUnit {
  std::string_view name;
  std::uint64_t bytes;
};
constexpr std::array<SizeUnit, 10> kSizeUnits{{{"TiB", std::uint64_t{1} << 40},
                                               {"GiB", std::uint64_t{1} << 30},
                                               {"MiB", std::uint64_t{1} << 20},
                                               {"KiB", std::uint64_t{1} << 10},
                                               {"TB", 1'000'000'000'000},
                                               {"GB", 1'000'000'000},
                                               {"MB", 1'000'000},
                                               {"kB", 1'000},
                                               {"KB", 1'000},
                                               {"B", 1}}};

std::nullopt_t no(Mistake& mistake, std::string what, std::string how) {
  mistake = {std::move(what), std::move(how)};
  return std::nullopt;
}

/// Index of the unit at the cursor, which is moved behind it; -1 where there is none.
template <class Table> int take_unit(Scan& scan, const Table& table) {
  const std::string_view word = scan.word();
  for (std::size_t i = 0; i < table.size(); ++i)
    if (table[i].name == word) return static_cast<int>(i);
  return -1;
}

constexpr std::string_view kDurationHow = "write a duration such as 30s, 1m30s, 24h or 250ms";

} // namespace

std::optional<Duration> parse_duration(std::string_view text, Mistake& mistake) {
  Scan scan(text);
  const auto bad = [&] { return no(mistake, fmt::format("\"{}\" is no duration", text), std::string(kDurationHow)); };
  if (scan.rest() == "0") return Duration{};
  double total = 0;
  int last = -1;
  while (!scan.done()) {
    if (scan.peek() == '-') return no(mistake, fmt::format("\"{}\" is negative", text), std::string(kDurationHow));
    const auto digits = scan.number();
    if (!digits) return bad();
    if (scan.done() && last < 0)
      return no(mistake, fmt::format("\"{}\" has no unit", text), fmt::format("write {}s for seconds", *digits));
    const int unit = take_unit(scan, kTimeUnits);
    if (unit < 0) return bad();
    if (unit <= last)
      return no(mistake, fmt::format("\"{}\" is no duration", text),
                "write each unit once, from large to small: 1m30s");
    last = unit;
    total += to_double(*digits, 0) * static_cast<double>(kTimeUnits[static_cast<std::size_t>(unit)].us);
  }
  if (last < 0) return bad();
  if (!(total <= static_cast<double>(kLongest.count())))
    return no(mistake, fmt::format("\"{}\" is too long", text), "at most 100 years");
  if (total > 0 && total < 1) return no(mistake, fmt::format("\"{}\" is too short", text), "the least is 1us");
  return Duration{std::llround(total)};
}

std::string show_duration(Duration d) {
  std::int64_t left = d.count();
  if (left == 0) return "0s";
  std::string text = left < 0 ? "-" : "";
  left = std::abs(left);
  for (const auto& unit : kTimeUnits) {
    if (unit.name == "w" || left < unit.us) continue; // weeks are understood, not used: 30d reads better than 4w2d
    // As people speak of them: "24h" for a bake window, "60s" and "90s" for a timer.
    if (unit.name == "d" && (left < 2 * unit.us || left % unit.us != 0)) continue;
    if (unit.name == "m" && left == d.count() && left < 2 * unit.us) continue;
    text += fmt::format("{}{}", left / unit.us, unit.name);
    left %= unit.us;
  }
  return text;
}

std::optional<std::uint64_t> parse_size(std::string_view text, Mistake& mistake) {
  Scan scan(text);
  const auto digits = scan.number();
  if (!digits || digits->front() == '-')
    return no(mistake, fmt::format("\"{}\" is no size", text), "write a size such as 512 MiB or 2 GiB");
  if (scan.done())
    return no(mistake, fmt::format("\"{}\" has no unit", text), fmt::format("write {} MiB, or {} B", *digits, *digits));
  const int unit = take_unit(scan, kSizeUnits);
  if (unit < 0 || !scan.done())
    return no(mistake, fmt::format("\"{}\" is no size", text), "known units: B KiB MiB GiB TiB kB MB GB TB");
  const double bytes = to_double(*digits, 0) * static_cast<double>(kSizeUnits[static_cast<std::size_t>(unit)].bytes);
  if (!(bytes <= 1e15)) return no(mistake, fmt::format("\"{}\" is too large", text), "at most 900 TiB");
  return static_cast<std::uint64_t>(std::llround(bytes));
}

std::string show_size(std::uint64_t bytes) {
  for (std::size_t i = 0; i < 4; ++i)
    if (bytes >= kSizeUnits[i].bytes && bytes % kSizeUnits[i].bytes == 0)
      return fmt::format("{} {}", bytes / kSizeUnits[i].bytes, kSizeUnits[i].name);
  return fmt::format("{} B", bytes);
}

std::optional<CountPer> parse_count_per(std::string_view text, Mistake& mistake) {
  Scan scan(text);
  const auto count = scan.integer(1, 1'000'000);
  if (!count || scan.word() != "per")
    return no(mistake, fmt::format("\"{}\" is no limit per time", text), "write 3 per 24h");
  const auto window = parse_duration(scan.rest(), mistake);
  if (!window) return std::nullopt;
  if (window->count() == 0) return no(mistake, fmt::format("\"{}\" is no limit per time", text), "write 3 per 24h");
  return CountPer{*count, *window};
}

std::optional<CountOf> parse_count_of(std::string_view text, Mistake& mistake) {
  Scan scan(text);
  const auto m = scan.integer(1, 1000);
  const bool of = m && scan.word() == "of";
  const auto n = of ? scan.integer(1, 1000) : std::nullopt;
  if (!n || !scan.done())
    return no(mistake, fmt::format("\"{}\" is no \"M of N\"", text),
              "write 3 of 5: at least 3 of the last 5 evaluations, up to 1000");
  if (*m > *n)
    return no(mistake, fmt::format("\"{}\" can never hold", text), fmt::format("write {} of {} or fewer", *n, *n));
  return CountOf{*m, *n};
}

std::optional<double> parse_number(std::string_view text, Mistake& mistake) {
  Scan scan(text);
  const auto digits = scan.number(true);
  if (!digits || !scan.done())
    return no(mistake, fmt::format("\"{}\" is no number", text), "write a plain number such as 50 or 0.95");
  const double value = to_double(*digits, 0);
  if (!std::isfinite(value)) return no(mistake, fmt::format("\"{}\" is too large", text), "write a smaller number");
  return value;
}

std::optional<double> parse_percent(std::string_view text, Mistake& mistake) {
  Scan scan(text);
  const auto digits = scan.number();
  if (!digits || !scan.take("%") || !scan.done())
    return no(mistake, fmt::format("\"{}\" is no percentage", text), "write it like 50%");
  const double value = to_double(*digits, 0);
  if (!std::isfinite(value)) return no(mistake, fmt::format("\"{}\" is too large", text), "write a smaller number");
  return value;
}

} // namespace backstop::config
