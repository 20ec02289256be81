#include "collectors/selector.hpp"
#include "daemon/config/read_parts.hpp"
#include <fmt/format.h>
#include <limits>

namespace backstop::config {

namespace {

constexpr double kMany = 1e12;

void read_ratio(const Mapping& mapping, Ratio& out) {
  const Node* node = mapping.find("ratio");
  const Mapping ratio(mapping.sheet(), *node, "ratio", mapping.path_of("ratio"));
  ratio.name("source", out.source);
  ratio.text("errors", out.errors.text);
  ratio.text("total", out.total.text);
}

void read_quantile(const Mapping& mapping, Quantile& out) {
  mapping.number("quantile", out.q, {0.0001, 0.9999});
  mapping.name("source", out.source);
  mapping.text("histogram", out.histogram.text);
}

void read_gauge(const Mapping& mapping, Gauge& out) {
  mapping.text("gauge", out.gauge.text);
  mapping.name("source", out.source);
  Aggregation aggregate{};
  const std::size_t before = mapping.sheet().faults.size();
  mapping.word<Aggregation>(
      "aggregate", aggregate,
      {{"sum", Aggregation::sum}, {"min", Aggregation::min}, {"max", Aggregation::max}, {"avg", Aggregation::avg}});
  if (mapping.has("aggregate") && mapping.sheet().faults.size() == before) out.aggregate = aggregate;
}

void read_rate(const Mapping& mapping, Rate& out) {
  mapping.text("rate", out.counter.text);
  mapping.name("source", out.source);
}

void read_unit(const Mapping& mapping, std::optional<Unit>& out) {
  Unit unit = Unit::count;
  const std::size_t before = mapping.sheet().faults.size();
  mapping.word<Unit>("unit", unit,
                     {{"ratio", Unit::ratio},
                      {"percent", Unit::percent},
                      {"seconds", Unit::seconds},
                      {"bytes", Unit::bytes},
                      {"count", Unit::count}});
  if (mapping.has("unit") && mapping.sheet().faults.size() == before) out = unit;
}

/// The one kind word among the keys of an indicator.
std::string kind_word(Sheet& sheet, const Node& node, const std::string& path) {
  constexpr std::string_view how = "one of: ratio, quantile, gauge, rate; see docs/configuration.md";
  if (node.kind != Node::Kind::mapping) {
    sheet.fault(node.place, fmt::format("{}: a mapping is wanted, here is {}", path, kind_of(node)), std::string(how));
    return {};
  }
  for (const auto& [key, value] : node.entries)
    for (const std::string_view word : {"ratio", "quantile", "gauge", "rate"})
      if (key.kind == Node::Kind::scalar && key.text == word) return key.text;
  sheet.fault(node.place, path + ": what is measured is missing", std::string(how));
  return {};
}

void read_indicator(Sheet& sheet, const Node& node, Indicator& out) {
  const std::string path = "indicators." + out.name;
  const std::string word = kind_word(sheet, node, path);
  if (word.empty()) return;
  const Mapping mapping(sheet, node, "indicator/" + word, path);
  const bool windowed = word != "gauge";
  const bool guarded = word == "ratio" || word == "quantile";
  if (word == "ratio") read_ratio(mapping, out.kind.emplace<Ratio>());
  if (word == "quantile") read_quantile(mapping, out.kind.emplace<Quantile>());
  if (word == "gauge") read_gauge(mapping, out.kind.emplace<Gauge>());
  if (word == "rate") read_rate(mapping, out.kind.emplace<Rate>());
  if (windowed) mapping.duration("window", out.window);
  if (guarded) mapping.number("min_requests", out.min_requests, {0, kMany});
  if (word != "ratio") read_unit(mapping, out.unit);
  mapping.duration("stale_after", out.stale_after);
  mapping.duration("query_offset", out.query_offset, Duration{});
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

Unit unit_of_gauge(const std::string& text) {
  const auto selector = backstop::Selector::parse(text);
  const std::string_view name = selector ? std::string_view(selector->name()) : std::string_view{};
  if (contains(name, "percent")) return Unit::percent;
  if (contains(name, "_bytes")) return Unit::bytes;
  if (contains(name, "_seconds")) return Unit::seconds;
  if (contains(name, "_ratio")) return Unit::ratio;
  return Unit::count;
}

} // namespace

Unit unit_of(const Indicator& indicator) {
  if (indicator.unit) return *indicator.unit;
  if (std::holds_alternative<Ratio>(indicator.kind)) return Unit::ratio;
  if (std::holds_alternative<Quantile>(indicator.kind)) return Unit::seconds;
  if (const auto* gauge = std::get_if<Gauge>(&indicator.kind)) return unit_of_gauge(gauge->gauge.text);
  return Unit::count;
}

void read_indicators(const Mapping& service, Service& out) {
  const Node* indicators = service.find("indicators");
  if (indicators == nullptr) return;
  for (const auto* entry : named_entries(service.sheet(), *indicators, "indicators")) {
    Indicator& indicator = out.indicators.emplace_back();
    indicator.name = entry->key.text;
    read_indicator(service.sheet(), entry->value, indicator);
  }
}

} // namespace backstop::config
