#include "daemon/service_watch.hpp"
#include "daemon/codec.hpp"
#include <utility>

namespace backstop {
namespace {

WatchSpec spec_of(const config::Service& config, const config::CompiledService& compiled) {
  WatchSpec spec;
  spec.indicators = compiled.indicators;
  for (const IndicatorSpec& indicator : compiled.indicators) {
    const std::uint32_t source = std::visit([](const auto& kind) { return kind.source; }, indicator.kind);
    spec.intervals.push_back(config.sources[source].interval);
  }
  spec.table = compiled.table;
  spec.baseline = config.baseline;
  return spec;
}

std::size_t targets_of(const config::Source& source) {
  const auto* prometheus = std::get_if<config::PrometheusSource>(&source.kind);
  return prometheus ? prometheus->targets.size() : 1;
}

/// The snapshot's shape: what rules/watch.hpp keeps, described for the codec.
struct RuleSnapshot {
  std::int64_t level = 0, reading_level = 0;
  Time newest{}, alert_since{}, critical_since{}, alert_held{}, critical_held{}, absent_since{};
  std::vector<std::int64_t> history;
  std::optional<double> value_at_begin;
  template <class V> void fields(V& v) {
    v("level", level), v("reading_level", reading_level), v("newest", newest), v("alert_since", alert_since);
    v("critical_since", critical_since), v("alert_held", alert_held), v("critical_held", critical_held);
    v("absent_since", absent_since), v("history", history), v("value_at_begin", value_at_begin);
  }
};
struct BlockSnapshot {
  Time start{}, last{};
  double sum = 0, numerator = 0, requests = 0;
  std::int64_t readings = 0;
  template <class V> void fields(V& v) {
    v("t", start), v("last", last), v("sum", sum), v("num", numerator), v("req", requests), v("n", readings);
  }
};
struct WatchSnapshot {
  std::vector<RuleSnapshot> rules;
  std::vector<std::vector<BlockSnapshot>> history;
  Time clean_since{}, evaluated{};
  template <class V> void fields(V& v) {
    v("rules", rules), v("history", history), v("clean_since", clean_since), v("evaluated", evaluated);
  }
};

Level level_from(std::int64_t value) {
  return value >= 2 ? Level::critical : value == 1 ? Level::alert : Level::normal;
}

} // namespace

ServiceWatch::ServiceWatch(config::Service configuration, config::CompiledService compiled_service)
    : config(std::move(configuration)), compiled(std::move(compiled_service)), watch(spec_of(config, compiled)) {
  for (const config::Source& source : config.sources) sources.emplace_back(targets_of(source));
}

Evidence evidence_of(const Verdict& verdict, const Watch& watch) {
  Evidence e;
  e.rule = verdict.rule;
  e.indicator = watch.spec().indicators[verdict.indicator].name;
  e.level = name_of(verdict.level);
  e.health = name_of(verdict.health);
  if (verdict.reading.usable()) e.value = verdict.reading.value;
  if (!verdict.limit.empty()) e.threshold = verdict.threshold;
  e.limit = verdict.limit;
  e.baseline = verdict.baseline;
  e.requests = verdict.reading.requests;
  e.numerator = verdict.reading.numerator;
  e.scrapes = verdict.reading.scrapes;
  e.window = verdict.reading.window;
  e.held = verdict.held;
  e.needed = verdict.needed;
  e.scraped = verdict.reading.newest;
  e.why = verdict.why;
  return e;
}

FrozenBaseline frozen_of(const std::string& indicator, const Baseline& b) {
  return {indicator, b.usable, b.value, b.numerator, b.requests, b.readings, b.covers, b.why};
}

Baseline baseline_of(const FrozenBaseline& f) {
  return {f.usable, f.value, f.numerator, f.requests, static_cast<std::uint32_t>(f.readings), f.covers, f.why};
}

Json snapshot_of(const WatchState& state) {
  WatchSnapshot snapshot;
  for (const RuleState& r : state.rules) {
    RuleSnapshot s{static_cast<std::int64_t>(r.level),
                   static_cast<std::int64_t>(r.reading_level),
                   r.newest,
                   r.alert_since,
                   r.critical_since,
                   r.alert_held,
                   r.critical_held,
                   r.absent_since,
                   {},
                   r.value_at_begin};
    s.history.assign(r.history.begin(), r.history.end());
    snapshot.rules.push_back(std::move(s));
  }
  for (const auto& blocks : state.history) {
    auto& kept = snapshot.history.emplace_back();
    for (const auto& b : blocks) kept.push_back({b.start, b.last, b.sum, b.numerator, b.requests, b.readings});
  }
  snapshot.clean_since = state.clean_since;
  snapshot.evaluated = state.evaluated;
  return to_json(snapshot);
}

Result<WatchState> state_of(const Json& json) {
  WatchSnapshot snapshot;
  if (Status s = from_json(json, snapshot); !s) return s.error().in("the saved timers do not read");
  WatchState state;
  for (const RuleSnapshot& s : snapshot.rules) {
    RuleState r;
    r.level = level_from(s.level);
    r.reading_level = level_from(s.reading_level);
    r.newest = s.newest;
    r.alert_since = s.alert_since;
    r.critical_since = s.critical_since;
    r.alert_held = s.alert_held;
    r.critical_held = s.critical_held;
    r.absent_since = s.absent_since;
    for (const std::int64_t h : s.history) r.history.push_back(static_cast<std::uint8_t>(level_from(h)));
    r.value_at_begin = s.value_at_begin;
    state.rules.push_back(std::move(r));
  }
  for (const auto& blocks : snapshot.history) {
    auto& kept = state.history.emplace_back();
    for (const BlockSnapshot& b : blocks) {
      kept.push_back({b.start, b.last, b.sum, b.numerator, b.requests, static_cast<std::uint32_t>(b.readings)});
    }
  }
  state.clean_since = snapshot.clean_since;
  state.evaluated = snapshot.evaluated;
  return state;
}

} // namespace backstop
