#include "daemon/config/read_parts.hpp"
#include "daemon/config/standard.hpp"
#include "daemon/config/text_check.hpp"
#include <algorithm>
#include <fmt/format.h>

/// thresholds: the standard table, changed row by row, and rows of one's own.
namespace backstop::config {

namespace {

std::vector<std::string_view> names_of(const std::vector<Indicator>& indicators) {
  std::vector<std::string_view> names;
  for (const Indicator& indicator : indicators) names.push_back(indicator.name);
  return names;
}

const StandardRow* standard_row(std::string_view name) {
  for (const StandardRow& row : kStandardRows)
    if (row.indicator == name) return &row;
  return nullptr;
}

/// What makes one row: the standard row of its name, what the file says, or both.
struct RowSources {
  std::string name;
  const StandardRow* standard = nullptr;
  const Node* written = nullptr;
};

void read_for(const Mapping& row, Timing& timing) {
  const Node* node = row.find("for");
  if (node == nullptr) return;
  if (node->kind == Node::Kind::mapping) {
    const Mapping both(row.sheet(), *node, "for", row.path_of("for"));
    both.duration("alert", timing.for_alert, Duration{});
    both.duration("critical", timing.for_critical, Duration{});
    return;
  }
  Duration same{-1};
  row.duration("for", same, Duration{});
  if (same.count() >= 0) timing.for_alert = timing.for_critical = same;
}

/// One band as the file has it. False where it cannot be read.
bool read_written(const Mapping& row, std::string_view key, Unit unit, Band& out) {
  std::string text;
  row.text(key, text);
  if (text.empty()) return false;
  Mistake mistake;
  const auto band = parse_band(shortened(text), unit, mistake);
  if (band)
    out = *band;
  else
    row.fault(key, mistake.what, mistake.how);
  return band.has_value();
}

/// The three bands, each from the file or else from the standard table. False where one cannot be had.
bool read_bands(const Mapping* row, const RowSources& from, Sheet& sheet, Row& out) {
  struct Part {
    std::string_view key, standard;
    Band& band;
  };
  const StandardRow standard = from.standard != nullptr ? *from.standard : StandardRow{};
  const Part parts[] = {{"normal", standard.normal, out.normal},
                        {"alert", standard.alert, out.alert},
                        {"critical", standard.critical, out.critical}};
  bool all = true;
  bool unit_fits = true; // else said once, not for each band of the standard row
  for (const Part& part : parts) {
    if (row != nullptr && row->has(part.key)) {
      all &= read_written(*row, part.key, out.unit, part.band);
    } else if (part.standard.empty()) {
      sheet.fault(row->place(), fmt::format("{}: \"{}\" is missing", row->path(), part.key),
                  fmt::format("add {}: \"> ...\"", part.key));
      all = false;
    } else if (unit_fits) {
      Mistake mistake;
      const auto band = parse_band(part.standard, out.unit, mistake);
      if (band)
        part.band = *band;
      else
        sheet.fault(row != nullptr ? row->place() : sheet.places.of("thresholds"),
                    fmt::format("the standard row {}: {}", from.name, mistake.what),
                    mistake.how + ", or write bands of your own");
      unit_fits = band.has_value();
    }
  }
  out.higher_is_worse = !out.critical.high.has_value();
  return all && unit_fits;
}

/// A standard row without its indicator goes into `left_out`.
void read_row(const RowSources& from, Sheet& sheet, Service& out, std::vector<std::string>& left_out) {
  const std::string path = "thresholds.rows." + from.name;
  std::optional<Mapping> row;
  if (from.written != nullptr) {
    row.emplace(sheet, *from.written, "row", path);
    if (!row->ok()) return;
  }
  RowConfig config;
  config.indicator = from.name;
  if (row) row->name("indicator", config.indicator);
  const Indicator* indicator = find_indicator(out, config.indicator);
  if (indicator == nullptr && row) {
    const Node* named = row->find("indicator");
    return sheet.fault(named != nullptr ? named->place : row->place(),
                       fmt::format("{}: there is no indicator \"{}\"", path, config.indicator),
                       suggestion(config.indicator, names_of(out.indicators), "indicators"));
  }
  if (indicator == nullptr) return left_out.push_back(from.name);
  config.row.name = from.name;
  config.row.unit = unit_of(*indicator);
  config.row.timing.for_alert =
      from.standard != nullptr ? from.standard->for_alert : Duration{std::chrono::seconds(60)};
  config.row.timing.for_critical =
      from.standard != nullptr ? from.standard->for_critical : Duration{std::chrono::seconds(30)};
  const Node nothing{Node::Kind::mapping, {}, {}, {}, {}, 1};
  const Mapping rule = row ? *row : Mapping(sheet, nothing, "row", path);
  read_for(rule, config.row.timing);
  read_rule(rule, interval_of(out, *indicator), config.row.timing, config.row.absence);
  read_mode(rule, config.row.mode);
  rule.number("worsen_factor", config.row.worsen_factor, {1, 1000});
  if (read_bands(row ? &*row : nullptr, from, sheet, config.row)) out.rows.push_back(std::move(config));
}

/// `without`, held against the standard rows.
std::vector<std::string> read_without(const Mapping& thresholds, bool standard) {
  std::vector<std::string> without;
  thresholds.texts("without", without);
  if (thresholds.has("without") && !standard)
    thresholds.fault("without", "there are no standard rows to leave out", "write use: standard as well");
  std::vector<std::string_view> known;
  for (const StandardRow& row : kStandardRows) known.push_back(row.indicator);
  for (const auto& name : without)
    if (standard && standard_row(name) == nullptr)
      thresholds.fault("without", fmt::format("there is no standard row \"{}\"", shortened(name)),
                       suggestion(name, known, "rows"));
  return without;
}

std::vector<RowSources> rows_wanted(const Mapping* thresholds, bool standard, Sheet& sheet) {
  std::vector<std::string> without;
  std::vector<const Entry*> written;
  if (thresholds != nullptr) {
    without = read_without(*thresholds, standard);
    if (const Node* rows = thresholds->find("rows")) written = named_entries(sheet, *rows, "thresholds.rows");
  }
  std::vector<RowSources> all;
  for (const StandardRow& row : kStandardRows)
    if (standard && std::find(without.begin(), without.end(), row.indicator) == without.end())
      all.push_back({std::string(row.indicator), &row, nullptr});
  for (const auto* entry : written) {
    const auto& name = entry->key.text;
    const auto base = std::find_if(all.begin(), all.end(), [&](const RowSources& r) { return r.name == name; });
    if (base != all.end())
      base->written = &entry->value;
    else
      all.push_back({name, nullptr, &entry->value});
  }
  return all;
}

} // namespace

void read_thresholds(const Mapping& service, Service& out) {
  const Node* node = service.find("thresholds");
  if (node == nullptr) return;
  Sheet& sheet = service.sheet();
  std::optional<Mapping> mapping;
  bool standard = true;
  if (node->kind == Node::Kind::scalar) {
    if (node->text != "standard")
      return service.fault("thresholds", fmt::format("there is no table \"{}\"", shortened(node->text)),
                           "write standard, or a mapping with use and rows");
  } else {
    standard = false;
    mapping.emplace(sheet, *node, "thresholds", "thresholds");
    if (!mapping->ok()) return;
    mapping->word<bool>("use", standard, {{"standard", true}, {"none", false}});
  }
  std::vector<std::string> left_out;
  for (const RowSources& from : rows_wanted(mapping ? &*mapping : nullptr, standard, sheet))
    read_row(from, sheet, out, left_out);
  if (!left_out.empty())
    sheet.warn(
        node->place,
        fmt::format("standard rows left out, as there is no indicator of that name: {}", fmt::join(left_out, ", ")),
        fmt::format("add it under indicators, or write without: [{}]", fmt::join(left_out, ", ")));
}

} // namespace backstop::config
