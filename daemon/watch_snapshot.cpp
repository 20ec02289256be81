#include "daemon/watch_snapshot.hpp"
#include "daemon/codec.hpp"
#include <algorithm>
#include <utility>

namespace backstop {
namespace {

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
/// Blocks likewise.
struct HistorySnapshot {
  std::vector<std::int64_t> start, last, readings;
  std::vector<double> sum, numerator, requests;
  template <class V> void fields(V& v) {
    v("t", start), v("last", last), v("n", readings), v("sum", sum), v("num", numerator), v("req", requests);
  }
};
struct HistoriesSnapshot {
  std::vector<HistorySnapshot> by_indicator;
  template <class V> void fields(V& v) { v("by_indicator", by_indicator); }
};
struct ShareSnapshot {
  std::vector<double> nats, last;
  Time newest{}, round{}, round_newest{};
  double bad = 0, all = 0;
  Duration interval{};
  std::int64_t answers_before = 0, answers = 0, early = 0;
  template <class V> void fields(V& v) {
    v("nats", nats), v("last", last), v("newest", newest), v("round", round), v("round_newest", round_newest);
    v("bad", bad), v("all", all), v("interval", interval), v("answers_before", answers_before), v("answers", answers);
    v("early", early);
  }
};
struct SuspicionSnapshot {
  ShareSnapshot share, severe;
  Time gauge_newest{};
  double gauge = 0;
  Series cells, trend, restarts; ///< restarts: a is the target
  std::vector<double> pair;
  Time pair_newest{};
  double canary_bad = 0, canary_all = 0, control_bad = 0, control_all = 0; ///< not compared yet
  double weighed = 0;
  Time steady_since{}, steady_newest{};
  double steady_bad = 0, steady_all = 0, steady_minutes = 0;
  bool steady_early = false;
  template <class V> void fields(V& v) {
    v("share", share), v("severe", severe), v("gauge", gauge), v("gauge_newest", gauge_newest), v("cells", cells);
    v("trend", trend), v("restarts", restarts), v("pair", pair), v("pair_newest", pair_newest);
    v("canary_bad", canary_bad), v("canary_all", canary_all), v("control_bad", control_bad);
    v("control_all", control_all), v("weighed", weighed);
    v("steady_since", steady_since), v("steady_newest", steady_newest), v("steady_bad", steady_bad);
    v("steady_all", steady_all), v("steady_minutes", steady_minutes), v("steady_early", steady_early);
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

ShareSnapshot snapshot_of(const ShareEvidence::State& state) {
  const auto& [before, round] = state;
  return {before.nats,    {before.last.begin(), before.last.end()},
          before.newest,  round.t,
          round.newest,   round.bad,
          round.all,      round.interval,
          before.answers, round.answers,
          before.early};
}

ShareEvidence::State state_of(const ShareSnapshot& s) {
  ShareEvidence::State state;
  state.before = {
      s.nats, {}, s.newest, static_cast<std::uint32_t>(s.answers_before), static_cast<std::uint32_t>(s.early)};
  state.round = {s.round, s.round_newest, s.bad, s.all, s.interval, static_cast<std::uint32_t>(s.answers)};
  for (std::size_t i = 0; i < std::min(s.last.size(), state.before.last.size()); ++i) state.before.last[i] = s.last[i];
  return state;
}

SuspicionSnapshot snapshot_of(const SuspicionState& state) {
  SuspicionSnapshot s;
  s.share = snapshot_of(state.share);
  s.severe = snapshot_of(state.severe);
  s.gauge = state.gauge.seconds, s.gauge_newest = state.gauge.newest;
  for (const auto& cell : state.cells)
    s.cells.t.push_back(to_us(cell.t)), s.cells.a.push_back(cell.bad), s.cells.b.push_back(cell.all);
  for (const auto& point : state.trend) s.trend.t.push_back(to_us(point.t)), s.trend.a.push_back(point.value);
  for (const auto& restart : state.restarts)
    s.restarts.t.push_back(to_us(restart.t)), s.restarts.a.push_back(restart.target);
  s.pair = state.pair.nats, s.pair_newest = state.pair.newest;
  s.canary_bad = state.pair.canary.bad, s.canary_all = state.pair.canary.all;
  s.control_bad = state.pair.control.bad, s.control_all = state.pair.control.all;
  s.weighed = state.weighed;
  s.steady_since = state.steady.since, s.steady_newest = state.steady.newest;
  s.steady_bad = state.steady.bad, s.steady_all = state.steady.all, s.steady_minutes = state.steady.minutes;
  s.steady_early = state.steady.early;
  return s;
}

SuspicionState suspicion_of(const SuspicionSnapshot& s) {
  SuspicionState state;
  state.share = state_of(s.share);
  state.severe = state_of(s.severe);
  state.gauge = {s.gauge, s.gauge_newest};
  for (std::size_t i = 0; i < std::min({s.cells.t.size(), s.cells.a.size(), s.cells.b.size()}); ++i)
    state.cells.push_back({time_from_us(s.cells.t[i]), s.cells.a[i], s.cells.b[i]});
  for (std::size_t i = 0; i < std::min(s.trend.t.size(), s.trend.a.size()); ++i)
    state.trend.push_back({time_from_us(s.trend.t[i]), s.trend.a[i]});
  for (std::size_t i = 0; i < std::min(s.restarts.t.size(), s.restarts.a.size()); ++i)
    state.restarts.push_back({time_from_us(s.restarts.t[i]), static_cast<std::uint32_t>(s.restarts.a[i])});
  state.pair = {s.pair, s.pair_newest, {s.canary_bad, s.canary_all}, {s.control_bad, s.control_all}};
  state.weighed = s.weighed;
  state.steady = {s.steady_since, s.steady_newest, s.steady_bad, s.steady_all, s.steady_minutes, s.steady_early};
  return state;
}

Level level_from(std::int64_t value) {
  return value >= 2 ? Level::critical : value == 1 ? Level::alert : Level::normal;
}

} // namespace

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

Json snapshot_of(const std::vector<std::vector<BaselineHistory::Block>>& histories) {
  HistoriesSnapshot all;
  for (const auto& blocks : histories) {
    HistorySnapshot& s = all.by_indicator.emplace_back();
    for (const auto& b : blocks) {
      s.start.push_back(to_us(b.start)), s.last.push_back(to_us(b.last)), s.readings.push_back(b.readings);
      s.sum.push_back(b.sum), s.numerator.push_back(b.numerator), s.requests.push_back(b.requests);
    }
  }
  return to_json(all);
}

Result<std::vector<std::vector<BaselineHistory::Block>>> histories_of(const Json& json) {
  HistoriesSnapshot all;
  if (Status s = from_json(json, all); !s) return s.error().in("the saved histories do not read");
  std::vector<std::vector<BaselineHistory::Block>> histories;
  for (const HistorySnapshot& s : all.by_indicator) {
    auto& blocks = histories.emplace_back();
    const std::size_t n = std::min(
        {s.start.size(), s.last.size(), s.readings.size(), s.sum.size(), s.numerator.size(), s.requests.size()});
    for (std::size_t i = 0; i < n; ++i)
      blocks.push_back({time_from_us(s.start[i]), time_from_us(s.last[i]), s.sum[i], s.numerator[i], s.requests[i],
                        static_cast<std::uint32_t>(s.readings[i])});
  }
  return histories;
}

Json snapshot_of(const SettlingWatch::State& s) {
  return Json::object()
      .set("finished_us", to_us(s.finished))
      .set("starting", s.starting)
      .set("start_us", std::int64_t{s.seen.start.count()})
      .set("breach_us", std::int64_t{s.seen.breach.count()});
}

SettlingWatch::State settling_of(const Json& snapshot) {
  return {time_from_us(snapshot.integer("finished_us")),
          snapshot.flag("starting"),
          {Duration{snapshot.integer("start_us")}, Duration{snapshot.integer("breach_us")}}};
}

} // namespace backstop
