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
  if (spec_.sequential) {
    for (Row& row : spec_.table.rows) {
      if (is_fact(row.indicator)) continue;
      row.timing.for_critical = kByEvidence;
      const std::optional<double>& edge = row.higher_is_worse ? row.critical.low : row.critical.high;
      const Op op = row.higher_is_worse ? Op::greater : Op::less;
      conditions_.push_back({row.indicator, row.unit, Limit{op, edge.value_or(0)}, {}});
    }
    for (Criterion& criterion : spec_.table.criteria) {
      if (on_facts(criterion)) continue;
      criterion.timing.for_critical = kByEvidence;
      conditions_.insert(conditions_.end(), criterion.conditions.begin(), criterion.conditions.end());
    }
    traces_.assign(spec_.indicators.size(), Trace(spec_.baseline.window));
    marks_.assign(spec_.indicators.size(), 0);
    set_lines(freeze_lines());
  }
  last_value_.resize(rules_.size());
}

bool Watch::on_facts(const Criterion& criterion) const {
  return std::all_of(criterion.conditions.begin(), criterion.conditions.end(),
                     [this](const Condition& c) { return is_fact(c.indicator); });
}

void Watch::observe(const Scrape& scrape) {
  for (Indicator& indicator : indicators_) indicator.observe(scrape);
}

void Watch::target_left(std::uint32_t source, std::uint32_t target) {
  for (Indicator& indicator : indicators_) indicator.target_left(source, target);
}

void Watch::forget_target(std::uint32_t source, std::uint32_t target) {
  for (Indicator& indicator : indicators_) indicator.forget_target(source, target);
}

void Watch::set_groups(std::uint32_t source, const std::vector<std::uint32_t>& canary,
                       const std::vector<std::uint32_t>& control) {
  for (IndicatorSpec& indicator : spec_.indicators) {
    if (source_of(indicator.kind) != source) continue;
    indicator.canary = canary;
    indicator.control = control;
  }
}

void Watch::set_judged(std::uint32_t source, const std::vector<std::uint32_t>& targets) {
  for (std::size_t i = 0; i < indicators_.size(); ++i)
    if (source_of(spec_.indicators[i].kind) == source) indicators_[i].set_judged(targets);
}

Evaluation Watch::evaluate(Time now, bool armed, bool learn, Time out) {
  Evaluation result;
  result.t = evaluated_ = now;
  result.readings.reserve(indicators_.size());
  result.verdicts.reserve(rules_.size());
  for (std::size_t i = 0; i < indicators_.size(); ++i) {
    const bool of_this_version = is_fact(static_cast<std::uint32_t>(i)) && out != kNever;
    result.readings.push_back(indicators_[i].read(now, of_this_version ? std::max(clean_since_, out) : clean_since_));
    if (learn) history_[i].add(result.readings.back());
  }
  if (spec_.sequential) gather(result.readings, now, armed, learn);
  std::size_t condition = 0;
  const auto view = [&](std::uint32_t i) {
    return IndicatorView{&result.readings[i], i < baselines_.size() ? &baselines_[i] : nullptr, spec_.intervals[i]};
  };
  std::size_t rule = 0;
  for (const Row& row : spec_.table.rows) {
    const bool fact = is_fact(row.indicator);
    result.verdicts.push_back(judge_row(row, rules_[rule], view(row.indicator), now, fact ? out != kNever : armed));
    result.verdicts.back().at_once = fact;
    if (spec_.sequential && !fact) weigh(rule, condition++, 1, now, armed, result.verdicts.back());
    if (result.readings[row.indicator].usable()) last_value_[rule] = result.readings[row.indicator].value;
    ++rule;
  }
  for (const Criterion& criterion : spec_.table.criteria) {
    std::vector<IndicatorView> views;
    for (const Condition& c : criterion.conditions) views.push_back(view(c.indicator));
    const bool fact = spec_.sequential && on_facts(criterion);
    result.verdicts.push_back(judge_criterion(criterion, rules_[rule], views, now, fact ? out != kNever : armed));
    result.verdicts.back().at_once = fact;
    if (spec_.sequential && !fact) {
      weigh(rule, condition, criterion.conditions.size(), now, armed, result.verdicts.back());
      condition += criterion.conditions.size();
    }
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
  for (Held& held : held_) held.suspicion.start();
}

/// Shows what is new to every suspicion, and to the trace that later lines are drawn from.
void Watch::gather(const std::vector<Reading>& readings, Time now, bool armed, bool learn) {
  for (std::size_t i = 0; i < indicators_.size(); ++i) {
    const IndicatorSpec& indicator = spec_.indicators[i];
    const Increase all = indicators_[i].increase_after(marks_[i], clean_since_);
    Increase canary, control;
    Observed observed{&all, nullptr, &readings[i], spec_.intervals[i], armed};
    if (learn) traces_[i].add(observed, now);
    if (indicator.grouped()) {
      canary = indicators_[i].increase_after(marks_[i], clean_since_, indicator.canary);
      control = indicators_[i].increase_after(marks_[i], clean_since_, indicator.control);
      observed.increase = &canary, observed.control = &control;
    }
    marks_[i] = indicators_[i].taken();
    for (Held& held : held_) {
      if (held.indicator == i) held.suspicion.add(observed);
    }
  }
}

/// Lets the evidence decide what the timers left open: a rule is critical when it is proven in each of its conditions.
void Watch::weigh(std::size_t rule, std::size_t first, std::size_t conditions, Time now, bool armed, Verdict& verdict) {
  RuleState& state = rules_[rule];
  bool proven = true, severe = true, faded = false, judged = false;
  for (std::size_t i = first; i < first + conditions; ++i) {
    const Finding f = held_[i].suspicion.finding(now);
    verdict.why.append(i == first ? "; " : " and ").append(f.how);
    if (held_[i].suspicion.line().kind == EvidenceLine::Kind::none) continue; // left out, as in the table
    judged = true;
    if (f.weighed_needed > 0 &&
        (verdict.weighed_needed == 0 || f.weighed / f.weighed_needed < verdict.weighed / verdict.weighed_needed))
      verdict.weighed = f.weighed, verdict.weighed_needed = f.weighed_needed;
    proven = proven && f.proven;
    severe = severe && f.severe;
    faded = faded || f.evidence < f.bar / 2;
    if (verdict.evidence && *verdict.evidence / verdict.evidence_needed <= f.evidence / f.bar) continue;
    verdict.evidence = f.evidence; // the least: all of them must be proven
    verdict.evidence_needed = f.bar;
  }
  state.proven = judged && (armed || severe) && (proven || (state.proven && !faded));
  if (!state.proven) return;
  verdict.at_once = severe;
  verdict.preexisting = false; // its line is away from what was before
  verdict.level = state.level = Level::critical;
}

std::vector<EvidenceLine> Watch::freeze_lines() const {
  std::vector<EvidenceLine> lines;
  for (const Condition& c : conditions_)
    lines.push_back(line_for(spec_.indicators[c.indicator], c, traces_[c.indicator], *spec_.sequential,
                             spec_.intervals[c.indicator]));
  return lines;
}

void Watch::set_lines(std::vector<EvidenceLine> lines) {
  if (lines.size() != conditions_.size()) return; // of other rules
  held_.clear();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto* quantile = std::get_if<QuantileSpec>(&spec_.indicators[conditions_[i].indicator].kind);
    held_.push_back(
        {conditions_[i].indicator, Suspicion(std::move(lines[i]), quantile ? quantile->q : 0, *spec_.sequential)});
  }
}

void Watch::set_sustain(Duration sustain) {
  if (spec_.sequential) spec_.sequential->sustain = sustain;
}

void Watch::learn_past(std::span<const Scrape> past) {
  Watch then(spec_);
  for (const Scrape& scrape : past) {
    then.observe(scrape);
    (void)then.evaluate(scrape.t, false, true);
  }
  for (std::size_t i = 0; i < history_.size(); ++i) history_[i].prepend(then.history_[i]);
  for (std::size_t i = 0; i < traces_.size(); ++i) traces_[i].prepend(then.traces_[i]);
}

Duration Watch::learned_for(Time now) const {
  Duration least = Duration::max();
  for (const BaselineHistory& history : history_) least = std::min(least, history.freeze(now).covers);
  return history_.empty() ? Duration{} : least;
}

void Watch::forget_history() {
  for (std::size_t i = 0; i < history_.size(); ++i) {
    history_[i] = BaselineHistory(spec_.baseline, averaging_of(spec_.indicators[i].kind));
  }
  for (Trace& trace : traces_) trace.clear();
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
  for (const Held& held : held_) state.suspicions.push_back(held.suspicion.save());
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
  for (std::size_t i = 0; i < std::min(held_.size(), state.suspicions.size()); ++i)
    held_[i].suspicion.restore(std::move(state.suspicions[i]));
  return true;
}

void Watch::restore_histories(const std::vector<std::vector<BaselineHistory::Block>>& histories, Time now) {
  if (histories.size() != history_.size()) return;
  for (std::size_t i = 0; i < history_.size(); ++i) history_[i].restore(histories[i], now);
}

Duration Watch::longest_pause() const {
  const auto fastest = std::min_element(spec_.intervals.begin(), spec_.intervals.end());
  return std::max<Duration>(std::chrono::seconds(30), fastest == spec_.intervals.end() ? Duration{} : 5 * *fastest);
}

} // namespace backstop
