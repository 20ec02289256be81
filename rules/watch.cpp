#include "rules/watch.hpp"
#include <algorithm>
#include <utility>

namespace backstop {

Watch::Watch(WatchSpec spec) : spec_(std::move(spec)) {
  for (std::size_t i = 0; i < spec_.indicators.size(); ++i) {
    indicators_.emplace_back(static_cast<std::uint32_t>(i), spec_.indicators[i]);
    history_.emplace_back(spec_.baseline, averaging_of(spec_.indicators[i].kind));
  }
  rules_.resize(spec_.table.rows.size() + spec_.table.criteria.size());
  last_value_.resize(rules_.size());
}

void Watch::observe(const Scrape& scrape) {
  for (Indicator& indicator : indicators_) indicator.observe(scrape);
}

Evaluation Watch::evaluate(Time now, bool armed, bool learn) {
  Evaluation result;
  result.t = evaluated_ = now;
  result.readings.reserve(indicators_.size());
  for (std::size_t i = 0; i < indicators_.size(); ++i) {
    result.readings.push_back(indicators_[i].read(now, clean_since_));
    if (learn) history_[i].add(result.readings.back());
  }
  const auto view = [&](std::uint32_t i) {
    return IndicatorView{&result.readings[i], i < baselines_.size() ? &baselines_[i] : nullptr, spec_.intervals[i]};
  };
  std::size_t rule = 0;
  for (const Row& row : spec_.table.rows) {
    result.verdicts.push_back(judge_row(row, rules_[rule], view(row.indicator), now, armed));
    if (result.readings[row.indicator].usable()) last_value_[rule] = result.readings[row.indicator].value;
    ++rule;
  }
  for (const Criterion& criterion : spec_.table.criteria) {
    std::vector<IndicatorView> views;
    for (const Condition& condition : criterion.conditions) views.push_back(view(condition.indicator));
    result.verdicts.push_back(judge_criterion(criterion, rules_[rule], views, now, armed));
    if (views.front().reading->usable()) last_value_[rule] = views.front().reading->value;
    ++rule;
  }
  result.level = fold_level(result.verdicts);
  return result;
}

void Watch::start_clean(Time since) {
  clean_since_ = since;
  for (RuleState& state : rules_) {
    const auto excused = state.value_at_begin;
    state = RuleState{};
    state.value_at_begin = excused;
  }
}

void Watch::forget_history() {
  for (std::size_t i = 0; i < history_.size(); ++i) {
    history_[i] = BaselineHistory(spec_.baseline, averaging_of(spec_.indicators[i].kind));
  }
}

std::vector<Baseline> Watch::freeze(Time now) const {
  std::vector<Baseline> frozen;
  frozen.reserve(history_.size());
  for (const BaselineHistory& history : history_) frozen.push_back(history.freeze(now));
  return frozen;
}

void Watch::set_baselines(std::vector<Baseline> baselines) { baselines_ = std::move(baselines); }

std::vector<std::string> Watch::excuse_preexisting() {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    rules_[i].value_at_begin.reset();
    if (rules_[i].reading_level != Level::critical) continue;
    rules_[i].value_at_begin = last_value_[i];
    const std::size_t rows = spec_.table.rows.size();
    names.push_back(i < rows ? spec_.table.rows[i].name : spec_.table.criteria[i - rows].name);
  }
  return names;
}

WatchState Watch::save() const {
  WatchState state;
  state.rules = rules_;
  for (const BaselineHistory& history : history_) state.history.push_back(history.blocks());
  state.clean_since = clean_since_;
  state.evaluated = evaluated_;
  return state;
}

bool Watch::restore(WatchState state, Time now) {
  if (state.rules.size() != rules_.size() || state.history.size() != history_.size()) return false;
  // The clock was set back over a reboot: no new sample would count until it is there again.
  bool ahead = std::max(state.clean_since, state.evaluated) > now;
  for (const RuleState& rule : state.rules) ahead = ahead || rule.newest > now;
  if (ahead) return false;
  rules_ = std::move(state.rules);
  for (std::size_t i = 0; i < history_.size(); ++i) history_[i].restore(state.history[i], now);
  clean_since_ = state.clean_since;
  evaluated_ = state.evaluated;
  return true;
}

Duration Watch::longest_pause() const {
  const auto fastest = std::min_element(spec_.intervals.begin(), spec_.intervals.end());
  return std::max<Duration>(std::chrono::seconds(30), fastest == spec_.intervals.end() ? Duration{} : 5 * *fastest);
}

} // namespace backstop
