#include "daemon/service_watch.hpp"
#include "daemon/codec.hpp"
#include <algorithm>
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
  if (config.judge.kind == config::JudgeKind::sequential) spec.sequential = config.judge.sequential;
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
  bool proven = false;
  template <class V> void fields(V& v) {
    v("level", level), v("reading_level", reading_level), v("newest", newest), v("alert_since", alert_since);
    v("critical_since", critical_since), v("alert_held", alert_held), v("critical_held", critical_held);
    v("absent_since", absent_since), v("history", history), v("value_at_begin", value_at_begin), v("proven", proven);
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
/// Points in time as three lists side by side: many small objects would be most of the text.
struct Series {
  std::vector<std::int64_t> t;
  std::vector<double> a, b;
  template <class V> void fields(V& v) { v("t", t), v("a", a), v("b", b); }
};
struct SuspicionSnapshot {
  std::vector<double> share, share_last, severe, severe_last;
  Time share_newest{}, severe_newest{}, gauge_newest{};
  double gauge = 0;
  Series cells, trend;
  template <class V> void fields(V& v) {
    v("share", share), v("share_last", share_last), v("share_newest", share_newest), v("severe", severe);
    v("severe_last", severe_last), v("severe_newest", severe_newest), v("gauge", gauge);
    v("gauge_newest", gauge_newest), v("cells", cells), v("trend", trend);
  }
};
struct WatchSnapshot {
  std::vector<SuspicionSnapshot> suspicions;
  std::vector<RuleSnapshot> rules;
  std::vector<std::vector<BlockSnapshot>> history;
  Time clean_since{}, evaluated{};
  template <class V> void fields(V& v) {
    v("rules", rules), v("history", history), v("clean_since", clean_since), v("evaluated", evaluated);
    v("suspicions", suspicions);
  }
};

ShareEvidence::State evidence_of(const std::vector<double>& nats, const std::vector<double>& last, Time newest) {
  ShareEvidence::State state{nats, {}, newest};
  for (std::size_t i = 0; i < std::min(last.size(), state.last.size()); ++i) state.last[i] = last[i];
  return state;
}

SuspicionSnapshot snapshot_of(const SuspicionState& state) {
  SuspicionSnapshot s;
  s.share = state.share.nats, s.share_newest = state.share.newest;
  s.share_last.assign(state.share.last.begin(), state.share.last.end());
  s.severe = state.severe.nats, s.severe_newest = state.severe.newest;
  s.severe_last.assign(state.severe.last.begin(), state.severe.last.end());
  s.gauge = state.gauge.seconds, s.gauge_newest = state.gauge.newest;
  for (const auto& cell : state.cells)
    s.cells.t.push_back(to_us(cell.t)), s.cells.a.push_back(cell.bad), s.cells.b.push_back(cell.all);
  for (const auto& point : state.trend) s.trend.t.push_back(to_us(point.t)), s.trend.a.push_back(point.value);
  return s;
}

SuspicionState suspicion_of(const SuspicionSnapshot& s) {
  SuspicionState state;
  state.share = evidence_of(s.share, s.share_last, s.share_newest);
  state.severe = evidence_of(s.severe, s.severe_last, s.severe_newest);
  state.gauge = {s.gauge, s.gauge_newest};
  for (std::size_t i = 0; i < std::min({s.cells.t.size(), s.cells.a.size(), s.cells.b.size()}); ++i)
    state.cells.push_back({time_from_us(s.cells.t[i]), s.cells.a[i], s.cells.b[i]});
  for (std::size_t i = 0; i < std::min(s.trend.t.size(), s.trend.a.size()); ++i)
    state.trend.push_back({time_from_us(s.trend.t[i]), s.trend.a[i]});
  return state;
}

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
  e.evidence = verdict.evidence;
  e.evidence_needed = verdict.evidence_needed;
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

FrozenLine frozen_of(const EvidenceLine& l) {
  return {std::string(name_of(l.kind)),
          l.why,
          l.inverted,
          l.gauge.higher_is_worse,
          l.share.share,
          l.share.wander,
          l.share.bar,
          l.slower_than,
          l.severe_share,
          l.gauge.line,
          l.gauge.scale,
          l.gauge.bar};
}

EvidenceLine line_of(const FrozenLine& f) {
  EvidenceLine l;
  l.kind = evidence_kind_named(f.kind);
  l.why = f.why;
  l.inverted = f.inverted;
  l.share = {f.share, f.wander, f.bar};
  l.slower_than = f.slower_than;
  l.severe_share = f.severe_share;
  l.gauge = {f.line, f.scale, f.gauge_bar, f.higher_is_worse};
  return l;
}

void judge_by(Watch& watch, const std::vector<FrozenBaseline>& baselines, const std::vector<FrozenLine>& lines) {
  std::vector<Baseline> all;
  for (const FrozenBaseline& f : baselines) all.push_back(baseline_of(f));
  watch.set_baselines(std::move(all));
  std::vector<EvidenceLine> drawn;
  for (const FrozenLine& f : lines) drawn.push_back(line_of(f));
  watch.set_lines(std::move(drawn));
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
                   r.value_at_begin,
                   r.proven};
    s.history.assign(r.history.begin(), r.history.end());
    snapshot.rules.push_back(std::move(s));
  }
  for (const auto& blocks : state.history) {
    auto& kept = snapshot.history.emplace_back();
    for (const auto& b : blocks) kept.push_back({b.start, b.last, b.sum, b.numerator, b.requests, b.readings});
  }
  snapshot.clean_since = state.clean_since;
  snapshot.evaluated = state.evaluated;
  for (const SuspicionState& s : state.suspicions) snapshot.suspicions.push_back(snapshot_of(s));
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
    r.proven = s.proven;
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
  for (const SuspicionSnapshot& s : snapshot.suspicions) state.suspicions.push_back(suspicion_of(s));
  return state;
}

} // namespace backstop
