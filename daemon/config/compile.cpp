#include "daemon/config/compile.hpp"
#include "daemon/config/read_parts.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace backstop::config {

namespace {

Result<std::uint32_t> source_index(const Service& service, const std::string& name) {
  for (std::size_t i = 0; i < service.sources.size(); ++i)
    if (service.sources[i].name == name) return static_cast<std::uint32_t>(i);
  return fail(Errc::not_found, fmt::format("there is no source \"{}\"", name));
}

/// Index of the selector among those of its source, added where it is new.
Result<std::uint32_t> want_selector(std::vector<CompiledSelector>& all, const std::string& text, SeriesKind kind,
                                    bool buckets) {
  const auto parsed = backstop::Selector::parse(text);
  if (!parsed) return parsed.error().in(fmt::format("\"{}\"", text));
  CompiledSelector selector{buckets ? parsed->with_suffix("_bucket") : *parsed, kind, buckets};
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].selector.text() == selector.selector.text() && all[i].kind == kind && all[i].buckets == buckets)
      return static_cast<std::uint32_t>(i);
  all.push_back(std::move(selector));
  return static_cast<std::uint32_t>(all.size() - 1);
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

  std::uint32_t want(const Selector& wanted, SeriesKind kind, bool buckets = false) {
    const auto index_of = want_selector(source.selectors, wanted.text, kind, buckets);
    if (!index_of && status) status = index_of.error().in("indicator " + indicator.name);
    return index_of ? *index_of : 0;
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

Status compile_indicators(const Service& service, CompiledService& out) {
  // A service is judged as of its newest samples: those of a source that is later than another are read so much later.
  Duration soonest = Duration::max();
  for (const CompiledSource& source : out.sources) soonest = std::min(soonest, source.query_offset);
  for (const Indicator& indicator : service.indicators) {
    const auto index = source_index(service, source_of(indicator));
    if (!index) return index.error().in("indicator " + indicator.name);
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
    if (const TargetList* list = targets_of(service.sources[*index])) {
      spec.canary = targets_in_group(list->targets, kCanaryGroup);
      spec.control = targets_in_group(list->targets, kControlGroup);
    }
    out.indicators.push_back(std::move(spec));
  }
  return {};
}

/// Where deployments are known by samples.
Status compile_detect(const Service& service, CompiledService& out) {
  const auto* series = std::get_if<DetectSeries>(&service.detect);
  const auto* restart = std::get_if<DetectRestart>(&service.detect);
  if (!series && !restart) return {};
  const auto source = source_index(service, series ? series->source : restart->source);
  if (!source) return source.error().in("detect");
  const auto selector =
      want_selector(out.sources[*source].selectors, series ? series->series.text : "unit_starts_total",
                    series ? SeriesKind::gauge : SeriesKind::counter, false);
  if (!selector) return selector.error().in("detect");
  out.detect = DetectSamples{*source, *selector};
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
  if (auto status = compile_detect(service, out); !status) return status.error();
  for (std::size_t i = 0; i < service.sources.size(); ++i)
    if (const auto* promql = std::get_if<PromqlSource>(&service.sources[i].kind))
      out.sources[i].queries = queries_of(*promql, out.sources[i].selectors);
  if (auto status = compile_table(service, out.table); !status) return status.error();
  return out;
}

} // namespace backstop::config
