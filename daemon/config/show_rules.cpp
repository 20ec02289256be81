#include "daemon/config/quantities.hpp"
#include "daemon/config/read_parts.hpp"
#include "daemon/config/show_parts.hpp"
#include <algorithm>
#include <fmt/format.h>

/// Indicators, rows and criteria with every default filled in.
namespace backstop::config {

namespace {

/// With operators on both edges: "2% - 5%" does not say to whom 5% belongs.
std::string show_band(const Band& band, Unit unit) {
  const auto low = [&] { return Limit{band.low_inclusive ? Op::greater_equal : Op::greater, *band.low}; };
  const auto high = [&] { return Limit{band.high_inclusive ? Op::less_equal : Op::less, *band.high}; };
  if (band.low && band.high) return show(low(), unit) + " and " + show(high(), unit);
  if (band.low) return show(low(), unit);
  return band.high ? show(high(), unit) : "any";
}

std::string_view name_of(OnAbsence on) {
  switch (on) {
  case OnAbsence::keep: return "keep";
  case OnAbsence::alert: return "alert";
  case OnAbsence::critical: return "critical";
  }
  return "keep";
}

/// What is not at its usual value; nothing said: the usual.
void add_rest(const Timing& timing, const AbsencePolicy& absence, Mode mode, double worsen_factor,
              std::vector<std::string>& words) {
  if (timing.keep_firing_for.count() > 0) words.push_back("keeps firing for " + show_duration(timing.keep_firing_for));
  if (timing.n > 1) words.push_back(fmt::format("{} of {} evaluations", timing.m, timing.n));
  words.push_back("gap at most " + show_duration(timing.max_gap));
  const std::pair<std::string_view, OnAbsence> kinds[] = {{"no_data", absence.no_data},
                                                          {"error", absence.error},
                                                          {"insufficient", absence.insufficient},
                                                          {"gap", absence.gap}};
  bool usual = true;
  for (const auto& [name, on] : kinds) {
    if (on == OnAbsence::keep) continue;
    words.push_back(fmt::format("{}: {}", name, name_of(on)));
    usual = false;
  }
  if (usual) words.push_back("absence keeps the level");
  if (mode != Mode::automatic) words.push_back(fmt::format("mode {}", name_of(mode)));
  words.push_back(fmt::format("worse than at begin by {}x", worsen_factor));
}

/// How long a rule on these indicators must be critical: "30s"; "evidence" where the sequential judge gathers it.
std::string show_critical(const Service& service, const std::vector<std::string>& indicators, Duration duration) {
  const bool on_facts = std::all_of(indicators.begin(), indicators.end(), [&](const std::string& name) {
    const Indicator* indicator = find_indicator(service, name);
    const Source* source = indicator ? find_source(service, source_of(*indicator)) : nullptr;
    return source && std::holds_alternative<SystemdSource>(source->kind);
  });
  return service.judge.kind == JudgeKind::table || on_facts ? show_duration(duration) : "evidence";
}

void show_row(const Service& service, const RowConfig& config, Lines& out) {
  const Row& row = config.row;
  std::string bands = fmt::format("normal {}  alert {}  critical {}  for {}/{}", show_band(row.normal, row.unit),
                                  show_band(row.alert, row.unit), show_band(row.critical, row.unit),
                                  show_duration(row.timing.for_alert),
                                  show_critical(service, {config.indicator}, row.timing.for_critical));
  if (config.indicator != row.name) bands += "  of " + config.indicator;
  out.entry(2, row.name, {bands});
  std::vector<std::string> words;
  add_rest(row.timing, row.absence, row.mode, row.worsen_factor, words);
  out.entry(2, "", words);
}

std::string show_condition(const ConditionConfig& config) {
  const auto& condition = config.condition;
  std::string text = config.indicator;
  if (condition.limit) text += " " + show(*condition.limit, condition.unit);
  if (condition.of_baseline)
    text += fmt::format("{} {} {}x baseline", condition.limit ? " and" : "",
                        backstop::name_of(condition.of_baseline->op), condition.of_baseline->value);
  return text;
}

void show_criterion(const Service& service, const CriterionConfig& criterion, Lines& out) {
  std::string all;
  std::vector<std::string> indicators;
  for (const auto& condition : criterion.all) {
    all += (all.empty() ? "" : " and ") + show_condition(condition);
    indicators.push_back(condition.indicator);
  }
  out.line(2, {fmt::format("critical when {}  for {}", all,
                           show_critical(service, indicators, criterion.timing.for_critical))});
  std::vector<std::string> words;
  if (criterion.name != all) words.push_back("named \"" + criterion.name + "\"");
  add_rest(criterion.timing, criterion.absence, criterion.mode, criterion.worsen_factor, words);
  out.line(4, words);
}

struct What {
  std::string operator()(const Ratio& r) const {
    return fmt::format("ratio {} / {} from {}", r.errors.text, r.total.text, r.source);
  }
  std::string operator()(const Quantile& q) const {
    return fmt::format("quantile {} of {} from {}", q.q, q.histogram.text, q.source);
  }
  std::string operator()(const Rate& r) const { return fmt::format("rate of {} from {}", r.counter.text, r.source); }
  std::string operator()(const Gauge& g) const {
    const std::string_view how = g.aggregate ? backstop::name_of(*g.aggregate) : "";
    return fmt::format("{}{}{} from {}", how, how.empty() ? "" : " of ", g.gauge.text, g.source);
  }
};

} // namespace

void show_indicator(const Indicator& indicator, Lines& out) {
  std::vector<std::string> words{std::visit(What{}, indicator.kind)};
  if (!std::holds_alternative<Gauge>(indicator.kind)) words.push_back("window " + show_duration(indicator.window));
  if (std::holds_alternative<Ratio>(indicator.kind) || std::holds_alternative<Quantile>(indicator.kind))
    words.push_back(fmt::format("at least {} requests", indicator.min_requests));
  words.push_back(fmt::format("unit {}", backstop::name_of(unit_of(indicator))));
  if (indicator.stale_after) words.push_back("stale after " + show_duration(*indicator.stale_after));
  if (indicator.query_offset.count() > 0) words.push_back("judged " + show_duration(indicator.query_offset) + " late");
  out.entry(2, indicator.name, words);
}

void show_rules(const Service& service, Lines& out) {
  out.line(0, {service.rows.empty() ? "thresholds  none" : "thresholds"});
  for (const RowConfig& row : service.rows) show_row(service, row, out);
  out.line(0, {service.criteria.empty() ? "criteria  none" : "criteria (any one is enough)"});
  for (const CriterionConfig& criterion : service.criteria) show_criterion(service, criterion, out);
}

} // namespace backstop::config
