#include "collectors/name_chars.hpp"
#include "daemon/config/read_parts.hpp"
#include "daemon/config/text_check.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace backstop::config {

namespace {

/// Indicators call the series of a query by its name.
bool is_metric_name(std::string_view name) {
  return !name.empty() && name.find(':') == std::string_view::npos && is_name_start(name.front()) &&
         std::all_of(name.begin(), name.end(), is_name_char);
}

void read_queries(const Mapping& mapping, std::vector<PromqlSource::Query>& out) {
  const Node* queries = mapping.find("queries");
  if (queries == nullptr) return;
  Sheet& sheet = mapping.sheet();
  const std::string path = mapping.path_of("queries");
  for (const Entry* entry : named_entries(sheet, *queries, path)) {
    const std::string at = path + "." + entry->key.text;
    if (!is_metric_name(entry->key.text)) {
      sheet.fault(entry->key.place, fmt::format("{}: \"{}\" is no name of a query", path, shortened(entry->key.text)),
                  "letters, digits and _, no digit first");
      continue;
    }
    auto text = scalar_of(sheet, entry->value, at);
    if (!text) continue;
    if (text->find_first_not_of(" \t\n") == std::string::npos)
      sheet.fault(entry->value.place, at + ": the query is empty", "write PromQL");
    out.push_back({entry->key.text, *std::move(text)});
  }
  if (queries->kind == Node::Kind::mapping && queries->entries.empty())
    mapping.fault("queries", "no query", "write {NAME: \"PROMQL\"}");
}

} // namespace

void read_promql(const Mapping& mapping, PromqlSource& out) {
  constexpr Duration kLongestOffset = std::chrono::minutes(10);
  mapping.text("url", out.url);
  if (!out.url.empty()) check_url(mapping, "url", out.url);
  if (out.url.find('?') != std::string::npos)
    mapping.fault("url", "it has a query of its own", "write the address alone, as http://HOST:9090");
  read_queries(mapping, out.queries);
  mapping.duration("query_offset", out.query_offset, Duration{});
  if (out.query_offset > kLongestOffset)
    mapping.fault("query_offset", "longer than 10m", "what is as old as that is too late to decide by");
  mapping.text_map("headers", out.headers);
  mapping.integer("max_series", out.max_series, {1, 100'000});
}

} // namespace backstop::config
