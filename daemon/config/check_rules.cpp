#include "daemon/config/check.hpp"
#include "daemon/config/read_parts.hpp"
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <map>
#include <optional>

/// Rows and criteria: do their bands make sense, can they be reached, do their timers fit the source?
namespace backstop::config {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double low_of(const Band& band) { return band.low.value_or(-kInfinity); }
double high_of(const Band& band) { return band.high.value_or(kInfinity); }

/// Whether some number lies in both.
bool overlap(const Band& a, const Band& b) {
  const double low = std::max(low_of(a), low_of(b));
  const double high = std::min(high_of(a), high_of(b));
  return low < high || (low == high && a.contains(low) && b.contains(low));
}

/// Whether all of `inner` lies in `outer`.
bool within(const Band& inner, const Band& outer) {
  const bool low = low_of(inner) > low_of(outer) ||
                   (low_of(inner) == low_of(outer) && (outer.low_inclusive || !inner.low_inclusive || !inner.low));
  const bool high = high_of(inner) < high_of(outer) || (high_of(inner) == high_of(outer) &&
                                                        (outer.high_inclusive || !inner.high_inclusive || !inner.high));
  return low && high;
}

/// Why a value beyond possible(unit) cannot be.
std::string_view bounds_of(Unit unit) {
  return unit == Unit::ratio ? "a ratio lies between 0% and 100%" : "it is never below 0";
}

/// What values of the unit can be at all. Percentages may go beyond 100 (of a CPU quota for a moment), ratios may not.
Band possible(Unit unit) {
  Band band;
  if (unit != Unit::count) band.low = 0;
  if (unit == Unit::ratio) band.high = 1;
  return band;
}

struct NamedBand {
  std::string_view name;
  const Band* band;
};

/// One row under its path. Says at most one thing about a pair of bands.
struct RowCheck {
  const RowConfig& config;
  Sheet& sheet;
  std::string path;

  [[nodiscard]] const Row& row() const { return config.row; }
  [[nodiscard]] std::string show_of(const Band& band) const { return show(band, row().unit); }
  void fault(std::string_view key, std::string_view what, std::string_view how) const {
    const std::string at = fmt::format("{}.{}", path, key);
    sheet.fault(sheet.places.of(at), fmt::format("{}: {}", at, what), how);
  }

  [[nodiscard]] bool overlaps() const {
    const NamedBand bands[] = {{"normal", &row().normal}, {"alert", &row().alert}, {"critical", &row().critical}};
    bool found = false;
    for (int worse = 2; worse > 0; --worse) {
      for (int better = worse - 1; better >= 0; --better) {
        const auto& [worse_name, worse_band] = bands[worse];
        const auto& [better_name, better_band] = bands[better];
        if (!overlap(*worse_band, *better_band)) continue;
        found = true;
        if (within(*worse_band, *better_band))
          fault(worse_name,
                fmt::format("{} can never be reached: {} lies within {} ({})", worse_name, show_of(*worse_band),
                            better_name, show_of(*better_band)),
                "give each number to one band at most");
        else
          fault(worse_name,
                fmt::format("{} overlaps {} ({})", show_of(*worse_band), better_name, show_of(*better_band)),
                "give each number to one band at most; edges count: < and > exclude, <= >= and a - b include");
      }
    }
    return found;
  }

  void direction() const {
    const Row& r = row();
    if (r.critical.low && r.critical.high)
      return fault("critical",
                   fmt::format("{} ends on both sides, so that something still worse would not be critical",
                               show_of(r.critical)),
                   "write \"> ...\" or, where lower is worse, \"< ...\"");
    const bool up = r.higher_is_worse;
    const auto& open_side = up ? r.normal.low : r.normal.high;
    const bool in_order = up ? high_of(r.normal) <= low_of(r.alert) && high_of(r.alert) <= low_of(r.critical)
                             : low_of(r.normal) >= high_of(r.alert) && low_of(r.alert) >= high_of(r.critical);
    if (!in_order)
      return fault("critical",
                   fmt::format("the bands are out of order: normal {}, alert {}, critical {}", show_of(r.normal),
                               show_of(r.alert), show_of(r.critical)),
                   up ? "where higher is worse, each band lies above the one before"
                      : "where lower is worse, each band lies below the one before");
    if (open_side && possible(r.unit).contains(*open_side) && *open_side != 0)
      sheet.warn(
          sheet.places.of(path + ".normal"),
          fmt::format("{}.normal: {} ends on the good side too: better values have no band", path, show_of(r.normal)),
          up ? "write \"< ...\"" : "write \"> ...\"");
  }

  void reach() const {
    const NamedBand bands[] = {{"alert", &row().alert}, {"critical", &row().critical}};
    for (const auto& [name, band] : bands)
      if (!overlap(*band, possible(row().unit)))
        fault(name, fmt::format("{} can never be reached: {}", show_of(*band), bounds_of(row().unit)),
              "choose an edge that can be crossed");
  }
};

void check_gap(Duration max_gap, Duration interval, const std::string& path, Sheet& sheet) {
  if (max_gap < interval)
    sheet.fault(sheet.places.of(path + ".max_gap"),
                fmt::format("{}.max_gap: {} is shorter than the interval of {}", path, show_duration(max_gap),
                            show_duration(interval)),
                "the timers would start anew at each scrape");
}

void check_row(const RowConfig& config, const Service& service, Sheet& sheet) {
  const RowCheck check{config, sheet, "thresholds.rows." + config.row.name};
  if (!check.overlaps()) check.direction();
  check.reach();
  if (const Indicator* indicator = find_indicator(service, config.indicator))
    check_gap(config.row.timing.max_gap, interval_of(service, *indicator), check.path, sheet);
}

/// Readings that fit into the baseline window, against those wanted.
void check_baseline(const Indicator& indicator, const Service& service, const std::string& path, Sheet& sheet) {
  const auto fits = service.baseline.window / interval_of(service, indicator);
  if (fits < static_cast<std::int64_t>(service.baseline.min_samples))
    sheet.warn(sheet.places.of(path),
               fmt::format("{}: the baseline of {} has room for {} readings, {} are wanted: it will never be usable",
                           path, show_duration(service.baseline.window), fits, service.baseline.min_samples),
               "make baseline.window longer, or min_samples fewer");
}

void check_criterion(const CriterionConfig& criterion, const std::string& path, const Service& service, Sheet& sheet) {
  for (std::size_t i = 0; i < criterion.all.size(); ++i) {
    const auto& [name, condition] = criterion.all[i];
    const std::string item = path + fmt::format(".all[{}]", i);
    const Indicator* indicator = find_indicator(service, name);
    if (indicator == nullptr) continue;
    if (condition.of_baseline) check_baseline(*indicator, service, item, sheet);
    check_gap(criterion.timing.max_gap, interval_of(service, *indicator), path, sheet);
    if (!condition.limit) continue;
    Band band;
    const Limit& limit = *condition.limit;
    (limit.op == Op::greater || limit.op == Op::greater_equal ? band.low : band.high) = limit.value;
    band.low_inclusive = limit.op == Op::greater_equal;
    band.high_inclusive = limit.op == Op::less_equal;
    if (!overlap(band, possible(condition.unit)))
      sheet.fault(
          sheet.places.of(item + ".critical"),
          fmt::format("{}: {} can never hold: {}", path, show(limit, condition.unit), bounds_of(condition.unit)),
          "choose an edge that can be crossed");
  }
}

} // namespace

void check_rules(const Service& service, Sheet& sheet) {
  std::map<std::string, std::string> names;
  const auto unique = [&](const std::string& name, const std::string& path) {
    if (const auto [first, is_new] = names.emplace(name, path); !is_new)
      sheet.fault(sheet.places.of(path), fmt::format("{}: the name \"{}\" is taken by {}", path, name, first->second),
                  "add a name of its own");
  };
  for (const RowConfig& row : service.rows) {
    unique(row.row.name, "thresholds.rows." + row.row.name);
    check_row(row, service, sheet);
  }
  for (std::size_t i = 0; i < service.criteria.size(); ++i) {
    const std::string path = fmt::format("criteria[{}]", i);
    unique(service.criteria[i].name, path);
    check_criterion(service.criteria[i], path, service, sheet);
  }
}

} // namespace backstop::config
