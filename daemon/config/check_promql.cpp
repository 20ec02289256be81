#include "collectors/promql_query.hpp"
#include "collectors/selector.hpp"
#include "daemon/config/check.hpp"
#include "daemon/config/read_parts.hpp"
#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace backstop::config {

namespace {

/// One use of a query by an indicator.
struct Use {
  std::string at; ///< path of the selector
  std::string query;
  enum class As { count, buckets, value } as = As::value;
};

void add_use(const std::string& at, const Selector& selector, Use::As as, std::vector<Use>& out) {
  const auto parsed = backstop::Selector::parse(selector.text);
  if (parsed) out.push_back({at, parsed->name(), as}); // else it was said to be none
}

std::vector<Use> uses_of(const Indicator& indicator) {
  const std::string path = "indicators." + indicator.name;
  std::vector<Use> uses;
  if (const auto* ratio = std::get_if<Ratio>(&indicator.kind)) {
    add_use(path + ".ratio.errors", ratio->errors, Use::As::count, uses);
    add_use(path + ".ratio.total", ratio->total, Use::As::count, uses);
  } else if (const auto* quantile = std::get_if<Quantile>(&indicator.kind)) {
    add_use(path + ".histogram", quantile->histogram, Use::As::buckets, uses);
  } else if (const auto* gauge = std::get_if<Gauge>(&indicator.kind)) {
    add_use(path + ".gauge", gauge->gauge, Use::As::value, uses);
  } else if (const auto* rate = std::get_if<Rate>(&indicator.kind)) {
    add_use(path + ".rate", rate->counter, Use::As::count, uses);
  }
  return uses;
}

void fault(Sheet& sheet, const std::string& path, std::string_view what, std::string_view how) {
  sheet.fault(sheet.places.of(path), fmt::format("{}: {}", path, what), how);
}

/// What is counted must be a counter, or what came since the last answer.
void check_count(const std::string& at, const std::string& expression, Sheet& sheet) {
  if (expression.find("rate(") != std::string::npos)
    fault(sheet, at, "a rate is no count, and an indicator takes it for one",
          "write increase(...[$window]) in place of rate(...)");
  else if (expression.find("increase(") != std::string::npos && !says_window(expression))
    fault(sheet, at, "an increase over a fixed time is no count: what two reads have in common would count twice",
          "write [$window], which is the time since the last answer, or ask for the counter itself");
}

} // namespace

void check_promql(const Service& service, Sheet& sheet) {
  for (const Source& source : service.sources) {
    const auto* promql = std::get_if<PromqlSource>(&source.kind);
    if (promql == nullptr) continue;
    std::vector<std::string_view> known;
    std::map<std::string, const PromqlSource::Query*> queries;
    for (const PromqlSource::Query& query : promql->queries) {
      known.push_back(query.name);
      queries[query.name] = &query;
    }
    std::map<std::string, Use> first;
    for (const Indicator& indicator : service.indicators) {
      if (source_of(indicator) != source.name) continue;
      for (const Use& use : uses_of(indicator)) {
        const auto query = queries.find(use.query);
        if (query == queries.end()) {
          fault(sheet, use.at, fmt::format("source {} has no query \"{}\"", source.name, use.query),
                suggestion(use.query, known, "queries"));
          continue;
        }
        const auto [other, is_new] = first.emplace(use.query, use);
        if (!is_new && other->second.as != use.as)
          fault(sheet, use.at, fmt::format("query {} is used otherwise by {}", use.query, other->second.at),
                "give each use a query of its own: counts, buckets and values are read in different ways");
        const std::string at = fmt::format("sources.{}.queries.{}", source.name, use.query);
        if (is_new && use.as != Use::As::value) check_count(at, query->second->expression, sheet);
      }
    }
    for (const PromqlSource::Query& query : promql->queries)
      if (!first.contains(query.name)) {
        const std::string at = fmt::format("sources.{}.queries.{}", source.name, query.name);
        sheet.warn(sheet.places.of(at), at + ": no indicator uses it, so it is not asked", "take it out");
      }
  }
}

} // namespace backstop::config
