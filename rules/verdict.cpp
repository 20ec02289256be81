#include "rules/verdict.hpp"
#include <algorithm>
#include <cmath>

namespace backstop {
namespace {

std::string show_seconds(Duration d) { return show(to_seconds(d), Unit::seconds); }

/// The timers, once it is known what the newest reading says. Shared by rows and criteria.
class Timers {
public:
  Timers(const Timing& timing, RuleState& state) : timing_(timing), state_(state) {}

  /// New data at `newest` after data at state.newest: settles holes in between.
  void advance_to(Time newest, Duration interval) {
    const Duration step = state_.newest == Time{} ? Duration{} : newest - state_.newest;
    if (step > timing_.max_gap) {
      forget();
    } else if (step > 2 * interval) {
      const Duration hole = step - interval;
      for (Time* since : {&state_.alert_since, &state_.critical_since}) {
        if (*since != Time{}) *since += hole;
      }
    }
    state_.newest = newest;
  }

  void forget() {
    state_.alert_since = state_.critical_since = Time{};
    state_.history.clear();
  }

  void judge(Level reading_level, Time at, bool armed) {
    state_.reading_level = reading_level;
    if (!armed) {
      forget();
      state_.level = Level::normal;
      return;
    }
    state_.history.push_back(static_cast<std::uint8_t>(reading_level));
    while (state_.history.size() > static_cast<std::size_t>(std::max(1, timing_.n)))
      state_.history.erase(state_.history.begin());
    const bool alert = settle(Level::alert, state_.alert_since, state_.alert_held, timing_.for_alert, at);
    const bool critical =
        settle(Level::critical, state_.critical_since, state_.critical_held, timing_.for_critical, at);
    state_.level = critical ? Level::critical : alert ? Level::alert : Level::normal;
  }

private:
  /// True when the level fires: its condition has held for `needed`, or it fired and is kept firing.
  bool settle(Level at_least, Time& since, Time& held, Duration needed, Time at) {
    const auto hits = std::count_if(state_.history.begin(), state_.history.end(),
                                    [&](std::uint8_t l) { return l >= static_cast<std::uint8_t>(at_least); });
    if (hits >= std::max(1, timing_.m)) {
      if (since == Time{}) since = at;
      held = at;
    } else {
      since = Time{};
    }
    if (since != Time{} && at - since >= needed) return true;
    if (state_.level < at_least) return false;
    // What fired ends when its condition is known to hold no more. Neither timers nor a history that start anew after a
    // gap in the data say so: absence clears nothing.
    const auto unknown = static_cast<std::ptrdiff_t>(std::max(1, timing_.n)) - std::ssize(state_.history);
    if (hits + unknown >= std::max(1, timing_.m)) return true;
    return held != Time{} && at - held < timing_.keep_firing_for;
  }

  const Timing& timing_;
  RuleState& state_;
};

OnAbsence policy_for(const AbsencePolicy& policy, Health health) {
  switch (health) {
  case Health::ok: return OnAbsence::keep;
  case Health::no_data: return policy.no_data;
  case Health::insufficient: return policy.insufficient;
  case Health::gap: return policy.gap;
  case Health::error: return policy.error;
  }
  return OnAbsence::keep;
}

/// Absence that counts as a level must last as long as a reading of that level must: the windows of a new version are
/// empty at first, which is no fault of it.
void apply_absence(const AbsencePolicy& policy, const Timing& timing, RuleState& state, Time now, bool armed,
                   Verdict& verdict) {
  const OnAbsence what = policy_for(policy, verdict.health);
  if (!armed || what == OnAbsence::keep) {
    state.absent_since = Time{};
    return;
  }
  if (state.absent_since == Time{}) state.absent_since = now;
  const Level level = what == OnAbsence::critical ? Level::critical : Level::alert;
  const Duration needed = level == Level::critical ? timing.for_critical : timing.for_alert;
  if (level > verdict.level && now - state.absent_since >= needed) {
    verdict.level = level;
    verdict.why += level == Level::critical ? "; the rule says: critical" : "; the rule says: alert";
  }
}

bool worsened(double value, double at_begin, double factor, bool higher_is_worse) {
  return higher_is_worse ? value > at_begin * factor : value < at_begin / factor;
}

Level band_of(const Row& row, double value, Level before) {
  if (row.critical.contains(value)) return Level::critical;
  if (row.alert.contains(value)) return Level::alert;
  if (row.normal.contains(value)) return Level::normal;
  return std::min(before, Level::alert); // in a hole: natural hysteresis
}

/// The edge of the band that decided, for people and records.
void fill_limit(const Row& row, Level level, Verdict& verdict) {
  const Band& band = level == Level::normal ? row.alert : level == Level::alert ? row.alert : row.critical;
  verdict.limit = show(band, row.unit);
  const auto& edge = row.higher_is_worse ? band.low : band.high;
  verdict.threshold = edge.value_or(0);
}

void fill_held(const Timing& timing, const RuleState& state, Verdict& verdict) {
  const bool critical = state.critical_since != Time{};
  const Time since = critical ? state.critical_since : state.alert_since;
  verdict.held = since == Time{} ? Duration{} : state.newest - since;
  verdict.needed = critical && timing.for_critical != kByEvidence ? timing.for_critical : timing.for_alert;
}

std::string absent_why(const Reading& reading) {
  std::string why(name_of(reading.health));
  if (!reading.why.empty()) why += ": " + reading.why;
  return why;
}

std::string held_clause(const Verdict& verdict) {
  if (verdict.reading_level == Level::normal) return {};
  std::string clause = " for " + show_seconds(verdict.held);
  if (verdict.held < verdict.needed) clause += " of " + show_seconds(verdict.needed);
  return clause;
}

struct ConditionCheck {
  bool holds = true;
  bool any = false;     ///< something was compared at all
  std::string left_out; ///< why its baseline was not compared with
  std::string text;
  std::string limit;
  double threshold = 0;
};

void check_part(ConditionCheck& check, const Reading& reading, Unit unit, const Limit& limit,
                const std::string& written) {
  check.any = true;
  const bool holds = limit.holds(reading.value);
  check.holds = check.holds && holds;
  if (!check.text.empty()) check.text += " and ";
  check.text += show(reading.value, unit) + (holds ? " " : " not ") + written;
  check.limit += (check.limit.empty() ? "" : " and ") + written;
  if (check.threshold == 0) check.threshold = limit.value;
}

ConditionCheck check_condition(const Condition& condition, const IndicatorView& view) {
  ConditionCheck check;
  if (condition.limit) {
    check_part(check, *view.reading, condition.unit, *condition.limit, show(*condition.limit, condition.unit));
  }
  if (condition.of_baseline && !view.baseline) {
    check.left_out = "there is no baseline without a deployment";
  } else if (condition.of_baseline && !view.baseline->usable) {
    check.left_out = "its baseline is not usable (" + view.baseline->why + ")";
  } else if (condition.of_baseline) {
    const double limit = condition.of_baseline->value * view.baseline->value;
    const std::string written = std::string(name_of(condition.of_baseline->op)) + " " +
                                show(condition.of_baseline->value, Unit::count) + "x baseline (" +
                                show(limit, condition.unit) + ")";
    check_part(check, *view.reading, condition.unit, {condition.of_baseline->op, limit}, written);
  }
  return check;
}

/// Lifts or applies the excuse of a condition that was critical before the deployment.
Level excuse(Level level, RuleState& state, double value, double factor, bool upward, bool armed, bool& preexisting) {
  if (!state.value_at_begin) return level;
  // It recovered: what comes now is new. While it deploys, a service that restarts looks well for a moment.
  if (level == Level::normal && armed) state.value_at_begin.reset();
  if (level != Level::critical) return level;
  if (worsened(value, *state.value_at_begin, factor, upward)) return level;
  preexisting = true;
  return Level::alert;
}

} // namespace

Verdict judge_row(const Row& row, RuleState& state, const IndicatorView& view, Time now, bool armed) {
  const Reading& reading = *view.reading;
  Verdict verdict;
  verdict.rule = row.name;
  verdict.indicator = row.indicator;
  verdict.reading = reading;
  verdict.health = reading.health;
  verdict.mode = row.mode;
  if (view.baseline && view.baseline->usable) verdict.baseline = view.baseline->value;

  Timers timers(row.timing, state);
  if (reading.usable() && reading.newest > state.newest) {
    timers.advance_to(reading.newest, view.interval);
    const Level raw = band_of(row, reading.value, state.reading_level);
    const Level counted =
        excuse(raw, state, reading.value, row.worsen_factor, row.higher_is_worse, armed, verdict.preexisting);
    timers.judge(counted, reading.newest, armed);
  } else if (state.newest != Time{} && now - state.newest > row.timing.max_gap) {
    timers.forget();
    if (verdict.health == Health::ok) verdict.health = Health::gap;
  }
  verdict.preexisting = verdict.preexisting || (state.value_at_begin && state.reading_level == Level::alert);
  verdict.level = state.level;
  verdict.reading_level = state.reading_level;
  fill_limit(row, std::max(state.level, state.reading_level), verdict);
  fill_held(row.timing, state, verdict);
  if (reading.usable()) {
    verdict.why.reserve(160); // the sentence of nearly every scrape, with what the evidence adds
    verdict.why += show(reading.value, row.unit);
    verdict.why.append(" (").append(name_of(state.reading_level)).append(" is ");
    verdict.why += show(state.reading_level == Level::normal     ? row.normal
                        : state.reading_level == Level::critical ? row.critical
                                                                 : row.alert,
                        row.unit);
    verdict.why += ')';
    verdict.why += held_clause(verdict);
    if (verdict.preexisting) verdict.why += "; it was critical before the deployment";
  } else {
    verdict.why = absent_why(reading);
  }
  apply_absence(row.absence, row.timing, state, now, armed, verdict);
  return verdict;
}

Verdict judge_criterion(const Criterion& criterion, RuleState& state, std::span<const IndicatorView> views, Time now,
                        bool armed) {
  Verdict verdict;
  verdict.rule = criterion.name;
  verdict.mode = criterion.mode;
  verdict.health = Health::ok;
  const bool upward = is_upward(criterion.conditions.front());
  bool holds = true;
  bool compared = false;
  std::string left_out;
  Time newest{};
  Duration interval{};
  for (std::size_t i = 0; i < views.size(); ++i) {
    const Reading& reading = *views[i].reading;
    if (i == 0) {
      verdict.indicator = criterion.conditions[i].indicator;
      verdict.reading = reading;
      if (views[i].baseline && views[i].baseline->usable) verdict.baseline = views[i].baseline->value;
    }
    interval = std::max(interval, views[i].interval);
    newest = std::max(newest, reading.newest);
    if (!reading.usable()) {
      if (verdict.health == Health::ok) verdict.health = reading.health;
      verdict.why += (verdict.why.empty() ? "" : "; ") + absent_why(reading);
      continue;
    }
    const ConditionCheck check = check_condition(criterion.conditions[i], views[i]);
    holds = holds && check.holds; // what could not be compared is left out
    compared = compared || check.any;
    if (left_out.empty()) left_out = check.left_out;
    if (check.any) verdict.why += (verdict.why.empty() ? "" : " and ") + check.text;
    if (verdict.limit.empty()) {
      verdict.limit = check.limit;
      verdict.threshold = check.threshold;
    }
  }
  Timers timers(criterion.timing, state);
  const bool usable = verdict.health == Health::ok;
  if (usable && newest > state.newest) {
    timers.advance_to(newest, interval);
    const Level raw = holds && compared ? Level::critical : Level::normal;
    timers.judge(excuse(raw, state, verdict.reading.value, criterion.worsen_factor, upward, armed, verdict.preexisting),
                 newest, armed);
  } else if (state.newest != Time{} && now - state.newest > criterion.timing.max_gap) {
    timers.forget();
    if (usable) verdict.health = Health::gap;
  }
  // A criterion knows no alert level: an excused one is shown as pre-existing, and stays normal.
  verdict.level = state.level == Level::alert ? Level::normal : state.level;
  verdict.reading_level = state.reading_level;
  fill_held(criterion.timing, state, verdict);
  if (usable && !compared) verdict.why = "not judged: " + left_out;
  verdict.why += usable && compared ? held_clause(verdict) : "";
  if (usable && compared && !left_out.empty()) verdict.why += "; " + left_out;
  if (verdict.preexisting) verdict.why += "; it held before the deployment";
  apply_absence(criterion.absence, criterion.timing, state, now, armed, verdict);
  return verdict;
}

Level fold_level(std::span<const Verdict> verdicts) {
  Level level = Level::normal;
  for (const Verdict& v : verdicts) level = worst(level, v.level);
  return level;
}

} // namespace backstop
