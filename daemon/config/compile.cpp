#include "daemon/config/compile.hpp"
#include "daemon/config/read_parts.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace backstop::config {

namespace {

Result<std::uint32_t> source_index(const Service& service, const Indicator& indicator) {
  const std::string& name = source_of(indicator);
  for (std::size_t i = 0; i < service.sources.size(); ++i)
    if (service.sources[i].name == name) return static_cast<std::uint32_t>(i);
  return fail(Errc::not_found, fmt::format("indicator {}: there is no source \"{}\"", indicator.name, name));
}

Result<std::uint32_t> indicator_index(const Service& service, const std::string& name) {
  for (std::size_t i = 0; i < service.indicators.size(); ++i)
    if (service.indicators[i].name == name) return static_cast<std::uint32_t>(i);
  return fail(Errc::not_found, fmt::format("there is no indicator \"{}\"", name));
}

/// Builds the kind of one indicator, and asks its source for the selectors it needs.
struct KindBuilder {
  const Indicator& indicator;
  std::uint32_t index; ///< of the source
  CompiledSource& source;
  Status status = {}; ///< the first selector that is none

  /// Index of the selector within its source, added where it is new.
  std::uint32_t want(const Selector& wanted, SeriesKind kind, bool buckets = false) {
    auto parsed = backstop::Selector::parse(wanted.text);
    if (!parsed) {
      if (status) status = parsed.error().in(fmt::format("indicator {}: \"{}\"", indicator.name, wanted.text));
      return 0;
    }
    CompiledSelector selector{buckets ? parsed->with_suffix("_bucket") : *parsed, kind, buckets};
    auto& all = source.selectors;
    for (std::size_t i = 0; i < all.size(); ++i)
      if (all[i].selector.text() == selector.selector.text() && all[i].kind == kind && all[i].buckets == buckets)
        return static_cast<std::uint32_t>(i);
    all.push_back(std::move(selector));
    return static_cast<std::uint32_t>(all.size() - 1);
  }

  IndicatorKind operator()(const Ratio& r) {
    const auto errors = want(r.errors, SeriesKind::counter);
    const auto total = want(r.total, SeriesKind::counter);
    return RatioSpec{index, errors, total, indicator.window, indicator.min_requests};
  }
  IndicatorKind operator()(const Quantile& q) {
    const auto buckets = want(q.histogram, SeriesKind::counter, true);
    return QuantileSpec{index, buckets, q.q, indicator.window, indicator.min_requests};
  }
  IndicatorKind operator()(const Gauge& g) { return GaugeSpec{index, want(g.gauge, SeriesKind::gauge), g.aggregate}; }
  IndicatorKind operator()(const Rate& r) {
    return RateSpec{index, want(r.counter, SeriesKind::counter), indicator.window};
  }
};

/// Three missed scrapes, and never so little that one slow scrape counts.
Duration stale_after(const Indicator& indicator, Duration interval) {
  return indicator.stale_after.value_or(std::max(3 * interval, Duration{std::chrono::seconds(5)}));
}

std::vector<std::uint32_t> targets_in(const config::Source& source, std::string_view group) {
  std::vector<std::uint32_t> targets;
  const auto* all = targets_of(source);
  for (std::uint32_t i = 0; all && i < all->size(); ++i) {
    const auto label = (*all)[i].labels.find(kGroupLabel);
    if (label != (*all)[i].labels.end() && label->second == group) targets.push_back(i);
  }
  return targets;
}

Status compile_indicators(const Service& service, CompiledService& out) {
  // A service is judged as of its newest samples: those of a source that is later than another are read so much later.
  Duration soonest = Duration::max();
  for (const CompiledSource& source : out.sources) soonest = std::min(soonest, source.query_offset);
  for (const Indicator& indicator : service.indicators) {
    const auto index = source_index(service, indicator);
    if (!index) return index.error();
    CompiledSource& source = out.sources[*index];
    IndicatorSpec spec;
    spec.name = indicator.name;
    spec.unit = unit_of(indicator);
    KindBuilder builder{indicator, *index, source};
    spec.kind = std::visit(builder, indicator.kind);
    if (!builder.status) return builder.status.error();
    spec.stale_after = stale_after(indicator, source.interval);
    spec.query_offset = indicator.query_offset + source.query_offset - soonest;
    spec.many_processes = std::holds_alternative<PromqlSource>(service.sources[*index].kind);
    spec.canary = targets_in(service.sources[*index], kCanaryGroup);
    spec.control = targets_in(service.sources[*index], kControlGroup);
    out.indicators.push_back(std::move(spec));
  }
  return {};
}

/// An indicator that counts takes the values of a query with $window as what came since the last answer.
std::vector<PromqlQuery> queries_of(const PromqlSource& source, const std::vector<CompiledSelector>& selectors) {
  std::vector<PromqlQuery> asked;
  for (const PromqlSource::Query& query : source.queries) {
    for (const CompiledSelector& wanted : selectors) {
      const std::string& metric = wanted.selector.name();
      if (metric != (wanted.buckets ? query.name + "_bucket" : query.name)) continue;
      const bool known =
          std::any_of(asked.begin(), asked.end(), [&](const PromqlQuery& other) { return other.metric == metric; });
      if (!known)
        asked.push_back({query.name, metric, query.expression,
                         wanted.kind == SeriesKind::counter && says_window(query.expression)});
    }
  }
  return asked;
}

Status compile_table(const Service& service, Table& out) {
  for (const RowConfig& config : service.rows) {
    const auto index = indicator_index(service, config.indicator);
    if (!index) return index.error().in("row " + config.row.name);
    out.rows.push_back(config.row);
    out.rows.back().indicator = *index;
  }
  for (const CriterionConfig& config : service.criteria) {
    Criterion criterion{config.name, {}, config.timing, config.absence, config.mode, config.worsen_factor};
    for (const auto& [name, condition] : config.all) {
      const auto index = indicator_index(service, name);
      if (!index) return index.error().in("criterion " + config.name);
      criterion.conditions.push_back(condition);
      criterion.conditions.back().indicator = *index;
    }
    out.criteria.push_back(std::move(criterion));
  }
  return {};
}

} // namespace

Result<CompiledService> compile(const Service& service) {
  CompiledService out;
  for (const Source& source : service.sources)
    out.sources.push_back({source.name, source.interval, query_offset_of(source), {}, {}});
  if (auto status = compile_indicators(service, out); !status) return status.error();
  for (std::size_t i = 0; i < service.sources.size(); ++i)
    if (const auto* promql = std::get_if<PromqlSource>(&service.sources[i].kind))
      out.sources[i].queries = queries_of(*promql, out.sources[i].selectors);
  if (auto status = compile_table(service, out.table); !status) return status.error();
  return out;
}

} // namespace backstop::config
