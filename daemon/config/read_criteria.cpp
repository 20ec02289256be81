#include "daemon/config/read_parts.hpp"
#include "daemon/config/text_check.hpp"
#include <fmt/format.h>

/// criteria: a criterion is critical while all of its conditions hold.
namespace backstop::config {

namespace {

/// One of the two texts of a condition. Appends what it says to `said`, for the criterion's name.
void read_part(const Mapping& mapping, std::string_view key, backstop::Condition& out, std::string& said) {
  if (!mapping.has(key)) return;
  std::string text;
  mapping.text(key, text);
  if (text.empty()) return;
  Mistake mistake;
  const auto parsed = parse_condition(shortened(text), out.unit, mistake);
  if (!parsed) return mapping.fault(key, mistake.what, mistake.how);
  const auto* factor = std::get_if<BaselineFactor>(&*parsed);
  if (key == "baseline" && factor == nullptr)
    return mapping.fault(key, fmt::format("\"{}\" does not compare with the baseline", text),
                         "write \"> 3x baseline\"");
  if (factor != nullptr && out.of_baseline)
    return mapping.fault(key, "the condition compares with the baseline twice",
                         "keep one, or write two conditions under all");
  if (factor != nullptr)
    out.of_baseline = factor->limit;
  else
    out.limit = std::get<Limit>(*parsed);
  said += (said.empty() ? "" : " and ") + text;
}

/// The condition of `mapping` (a criterion or an item of `all`). Its interval is the source's, for the timers.
std::optional<ConditionConfig> read_condition(const Mapping& mapping, const Service& service, std::string& said) {
  ConditionConfig out;
  mapping.name("indicator", out.indicator);
  if (out.indicator.empty()) return std::nullopt;
  const Indicator* indicator = find_indicator(service, out.indicator);
  if (indicator == nullptr) {
    std::vector<std::string_view> known;
    for (const Indicator& i : service.indicators) known.push_back(i.name);
    mapping.fault("indicator", fmt::format("there is no indicator \"{}\"", out.indicator),
                  suggestion(out.indicator, known, "indicators"));
    return std::nullopt;
  }
  out.condition.unit = unit_of(*indicator);
  std::string limits;
  read_part(mapping, "critical", out.condition, limits);
  read_part(mapping, "baseline", out.condition, limits);
  if (!mapping.has("critical") && !mapping.has("baseline"))
    mapping.sheet().fault(mapping.place(), fmt::format("{}: nothing to compare with", mapping.path()),
                          "add critical: \"> 5%\" or baseline: \"> 3x baseline\"");
  if (limits.empty()) return std::nullopt;
  said += fmt::format("{}{} {}", said.empty() ? "" : " and ", out.indicator, limits);
  return out;
}

void read_all(const Mapping& criterion, const Node& list, const Service& service, CriterionConfig& out,
              std::string& said) {
  for (const std::string_view key : {"indicator", "critical", "baseline"})
    if (criterion.has(key)) criterion.fault(key, "it stands beside all", "move it into the list of all");
  const auto& items = items_of(criterion.sheet(), list, criterion.path_of("all"));
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Mapping mapping(criterion.sheet(), items[i], "condition", fmt::format("{}[{}]", criterion.path_of("all"), i));
    if (!mapping.ok()) continue;
    if (auto condition = read_condition(mapping, service, said)) out.all.push_back(std::move(*condition));
  }
  if (list.kind == Node::Kind::sequence && items.empty())
    criterion.fault("all", "the list is empty", "add a condition: it would never hold");
}

Duration longest_interval(const CriterionConfig& criterion, const Service& service) {
  Duration longest{};
  for (const auto& condition : criterion.all)
    if (const Indicator* indicator = find_indicator(service, condition.indicator))
      longest = std::max(longest, interval_of(service, *indicator));
  return longest;
}

/// A criterion holds or does not: there is no alert that an absence could be taken for.
void refuse_alert(const Mapping& mapping, const AbsencePolicy& absence) {
  const std::pair<std::string_view, OnAbsence> kinds[] = {{"no_data", absence.no_data},
                                                          {"error", absence.error},
                                                          {"insufficient", absence.insufficient},
                                                          {"gap", absence.gap}};
  for (const auto& [key, on] : kinds)
    if (on == OnAbsence::alert) mapping.fault(key, "a criterion knows no alert level", "write keep or critical");
}

void read_criterion(const Mapping& mapping, Service& service) {
  CriterionConfig out;
  const std::size_t before = mapping.sheet().faults.size();
  if (const Node* list = mapping.find("all")) {
    read_all(mapping, *list, service, out, out.name);
  } else if (!mapping.has("indicator")) {
    mapping.sheet().fault(mapping.place(), fmt::format("{}: \"indicator\" is missing", mapping.path()),
                          "write indicator and critical, or a list under all");
  } else if (auto condition = read_condition(mapping, service, out.name)) {
    out.all.push_back(std::move(*condition));
  }
  mapping.name("name", out.name, NameKind::any);
  out.timing.for_critical = std::chrono::seconds(30);
  mapping.duration("for", out.timing.for_critical, Duration{});
  read_rule(mapping, longest_interval(out, service), out.timing, out.absence);
  refuse_alert(mapping, out.absence);
  read_mode(mapping, out.mode);
  mapping.number("worsen_factor", out.worsen_factor, {1, 1000});
  if (mapping.sheet().faults.size() == before) service.criteria.push_back(std::move(out));
}

} // namespace

void read_criteria(const Mapping& service, Service& out) {
  const Node* node = service.find("criteria");
  if (node == nullptr) return;
  const auto& items = items_of(service.sheet(), *node, "criteria");
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Mapping mapping(service.sheet(), items[i], "criterion", fmt::format("criteria[{}]", i));
    if (mapping.ok()) read_criterion(mapping, out);
  }
}

} // namespace backstop::config
