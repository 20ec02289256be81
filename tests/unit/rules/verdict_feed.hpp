#pragma once
#include "rules/verdict.hpp"
#include "tests/unit/rules/indicator_feed.hpp"
#include <gtest/gtest.h>
#include <string>
#include <vector>

/// Feeds one rule with readings, for tests: the state is kept between them as the Watch keeps it.
namespace backstop::feed {

inline Reading value(double t, double v) {
  Reading r;
  r.t = r.newest = at(t);
  r.health = Health::ok;
  r.value = v;
  return r;
}
/// What `newest` was before stays known to nobody: an absent reading tells no time of data.
inline Reading absent(double t, Health health, std::string why = "connection refused") {
  Reading r;
  r.t = at(t);
  r.health = health;
  r.why = std::move(why);
  return r;
}
inline Baseline usable(double v) {
  Baseline b;
  b.usable = true;
  b.value = v;
  return b;
}
inline Baseline unusable(std::string why) {
  Baseline b;
  b.why = std::move(why);
  return b;
}

/// The row error_rate of the standard table, with `for` of 60 s and 30 s.
inline Row error_row() {
  Row row;
  row.name = "error_rate";
  row.unit = Unit::ratio;
  row.normal = {{}, 0.01, true, false};
  row.alert = {0.02, 0.05, true, true};
  row.critical = {0.05, {}, false, true};
  row.timing.for_alert = sec(60);
  row.timing.for_critical = sec(30);
  return row;
}
/// Lower is worse: normal > 99 %, alert 95 - 99 %, critical < 95 %.
inline Row success_row() {
  Row row;
  row.name = "success_rate";
  row.unit = Unit::ratio;
  row.higher_is_worse = false;
  row.normal = {0.99, {}, false, true};
  row.alert = {0.95, 0.99, true, true};
  row.critical = {{}, 0.95, true, false};
  return row;
}
inline Row at_once(Row row) {
  row.timing.for_alert = row.timing.for_critical = Duration{};
  return row;
}

struct RowFeed {
  Row row;
  RuleState state = {};
  bool armed = true;
  const Baseline* baseline = nullptr;

  Verdict operator()(const Reading& reading) {
    return judge_row(row, state, {&reading, baseline, sec(1)}, reading.t, armed);
  }
  Verdict operator()(double t, double v) { return (*this)(value(t, v)); }
  /// One value a second over (from, to]; the last verdict.
  Verdict steady(double from, double to, double v) {
    Verdict last;
    for (double t = from + 1; t <= to; ++t) last = (*this)(t, v);
    return last;
  }
};

struct CriterionFeed {
  Criterion criterion;
  std::vector<Baseline> baselines = {}; ///< by condition; empty: no deployment
  RuleState state = {};
  bool armed = true;

  Verdict operator()(const std::vector<Reading>& readings) {
    std::vector<IndicatorView> views;
    for (std::size_t i = 0; i < readings.size(); ++i) {
      views.push_back({&readings[i], i < baselines.size() ? &baselines[i] : nullptr, sec(1)});
    }
    return judge_criterion(criterion, state, views, readings.front().t, armed);
  }
  Verdict operator()(double t, double v) { return (*this)({value(t, v)}); }
};

inline Criterion criterion_of(std::vector<Condition> conditions, double for_critical = 0) {
  Criterion c;
  c.name = "criterion";
  c.conditions = std::move(conditions);
  c.timing.for_critical = sec(for_critical);
  return c;
}
inline Limit above(double v) { return {Op::greater, v}; }
inline Limit below(double v) { return {Op::less, v}; }

} // namespace backstop::feed
