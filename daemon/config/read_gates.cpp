#include "daemon/config/read_parts.hpp"
#include "daemon/config/standard_gates.hpp"
#include "daemon/config/text_check.hpp"
#include <algorithm>
#include <fmt/format.h>
#include <optional>

/// gates: what must be given before a deployment may begin.
namespace backstop::config {

namespace {

bool is_standard(const Node& node) { return node.kind == Node::Kind::scalar && node.text == "standard"; }

/// The items of a list, or a fault that names the built-in one too.
const std::vector<Node>& items_or_standard(const Mapping& gates, std::string_view key, const Node& node) {
  static const std::vector<Node> none;
  if (node.kind != Node::Kind::scalar) return items_of(gates.sheet(), node, gates.path_of(key));
  gates.fault(key, fmt::format("\"{}\" is not known", shortened(node.text)), "write standard, or a list of your own");
  return none;
}

void read_item_command(const Mapping& item, const Node& node, ChecklistItem& out) {
  const Mapping command(item.sheet(), node, "checklist/command", item.path_of("command"));
  if (!command.ok()) return;
  RunStep& run = out.kind.emplace<CommandItem>().run;
  read_run_step(command, run);
  run.on_unknown = OnUnknown::rerun; // it only looks
}

void read_item_indicator(const Mapping& item, const Service& service, ChecklistItem& out) {
  IndicatorItem& kind = out.kind.emplace<IndicatorItem>();
  item.name("indicator", kind.indicator);
  std::string text;
  item.text("is", text);
  if (!item.has("is")) return item.fault("indicator", "nothing says what it must be", "add is: \"< 1%\"");
  const Indicator* indicator = find_indicator(service, kind.indicator);
  if (indicator == nullptr && !kind.indicator.empty()) {
    std::vector<std::string_view> known;
    for (const Indicator& i : service.indicators) known.push_back(i.name);
    return item.fault("indicator", fmt::format("there is no indicator \"{}\"", kind.indicator),
                      suggestion(kind.indicator, known, "indicators"));
  }
  if (indicator == nullptr || text.empty()) return;
  Mistake mistake;
  const auto condition = parse_condition(shortened(text), unit_of(*indicator), mistake);
  if (!condition) return item.fault("is", mistake.what, mistake.how);
  const auto* limit = std::get_if<Limit>(&*condition);
  if (limit == nullptr)
    return item.fault("is", "before a deployment there is no baseline to compare with", "write a limit, as \"< 1%\"");
  kind.limit = *limit;
}

void read_item_source(const Mapping& item, const Service& service, ChecklistItem& out) {
  std::string& name = out.kind.emplace<ProbeItem>().source;
  item.name("source", name);
  if (name.empty() || find_source(service, name) != nullptr) return;
  std::vector<std::string_view> known;
  for (const Source& source : service.sources) known.push_back(source.name);
  item.fault("source", fmt::format("there is no source \"{}\"", name), suggestion(name, known, "sources"));
}

/// What an item of one's own and a change of a standard one have in common.
void read_item(const Mapping& item, const Service& service, ChecklistItem& out) {
  item.name("title", out.title, NameKind::any);
  item.name("group", out.group, NameKind::any);
  item.name("role", out.role);
  const int ways = item.has("command") + item.has("indicator") + item.has("source");
  if (ways > 1)
    item.sheet().fault(item.place(), item.path() + ": several of command, indicator and source",
                       "keep one, or write several items");
  if (const Node* command = item.find("command")) read_item_command(item, *command, out);
  if (item.has("indicator")) read_item_indicator(item, service, out);
  if (item.has("source")) read_item_source(item, service, out);
  if (item.has("is") && !item.has("indicator"))
    item.fault("is", "it says nothing without an indicator", "add indicator: NAME");
}

std::vector<ChecklistItem> standard_checklist() {
  std::vector<ChecklistItem> out;
  for (const StandardGroup& group : kStandardChecklist)
    for (const StandardItem& item : group.items)
      out.push_back({std::string(item.name), std::string(item.title), std::string(group.title), std::string(group.role),
                     SignOff{}});
  return out;
}

void read_checklist(const Mapping& gates, const Service& service, std::vector<ChecklistItem>& out) {
  const Node* node = gates.find("checklist");
  if (node == nullptr) return;
  if (is_standard(*node)) {
    out = standard_checklist();
    return;
  }
  const auto& items = items_or_standard(gates, "checklist", *node);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Mapping item(gates.sheet(), items[i], "checklist/item", fmt::format("gates.checklist[{}]", i));
    if (!item.ok()) continue;
    ChecklistItem& read = out.emplace_back();
    item.name("name", read.name);
    read.title = read.name;
    read_item(item, service, read);
  }
}

void read_change(const Mapping& gates, const Entry& entry, const Service& service, std::vector<ChecklistItem>& list) {
  const std::string path = "gates.items." + entry.key.text;
  const auto item =
      std::find_if(list.begin(), list.end(), [&](const ChecklistItem& i) { return i.name == entry.key.text; });
  if (item == list.end()) {
    std::vector<std::string_view> known;
    for (const ChecklistItem& i : list) known.push_back(i.name);
    return gates.sheet().fault(entry.key.place, fmt::format("gates.items: there is no item \"{}\"", entry.key.text),
                               suggestion(entry.key.text, known, "items"));
  }
  if (entry.value.kind != Node::Kind::scalar) {
    const Mapping change(gates.sheet(), entry.value, "checklist/change", path);
    if (change.ok()) read_item(change, service, *item);
  } else if (entry.value.text == "off") {
    list.erase(item);
  } else {
    gates.sheet().fault(entry.value.place, fmt::format("{}: \"{}\" is not known", path, shortened(entry.value.text)),
                        "write off to leave the item out, or {command: {argv: [...]}}");
  }
}

void read_changes(const Mapping& gates, const Service& service, std::vector<ChecklistItem>& list) {
  const Node* items = gates.find("items");
  if (items == nullptr) return;
  if (!gates.has("checklist"))
    return gates.fault("items", "there is no checklist to change", "add checklist: standard");
  if (list.empty()) return; // it could not be read
  for (const Entry* entry : named_entries(gates.sheet(), *items, "gates.items"))
    read_change(gates, *entry, service, list);
}

void read_approvals(const Mapping& gates, std::vector<ApprovalRole>& out) {
  const Node* node = gates.find("approvals");
  if (node == nullptr) return;
  if (is_standard(*node)) {
    for (const StandardApproval& approval : kStandardApprovals)
      out.push_back({std::string(approval.role), std::string(approval.title)});
    return;
  }
  const auto& items = items_or_standard(gates, "approvals", *node);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Mapping approval(gates.sheet(), items[i], "approval", fmt::format("gates.approvals[{}]", i));
    if (!approval.ok()) continue;
    ApprovalRole& read = out.emplace_back();
    approval.name("role", read.role);
    read.title = read.role;
    approval.name("title", read.title, NameKind::any);
  }
}

void read_windows(const Mapping& gates, std::vector<Calendar>& out) {
  std::vector<std::string> texts;
  gates.texts("windows", texts);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string path = fmt::format("gates.windows[{}]", i);
    const auto fault = [&](std::string_view what, std::string_view how) {
      gates.sheet().fault(gates.sheet().places.of(path), fmt::format("{}: {}", path, what), how);
    };
    auto calendar = Calendar::parse(texts[i]);
    if (!calendar)
      fault(calendar.error().what, "write it like \"Mon..Thu *-*-* 09..15:*\" (systemd.time(7), without seconds)");
    else if (calendar->moments_only())
      fault(fmt::format("\"{}\" names moments, and a window lasts", shortened(texts[i])),
            "name every minute of it: 09..15:* is open from 09:00 to 15:59");
    else
      out.push_back(*std::move(calendar));
  }
}

/// "2026-12-20", a day that there is.
bool is_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  int parts[3] = {0, 0, 0};
  for (std::size_t i = 0, part = 0; i < text.size(); ++i) {
    if (i == 4 || i == 7) {
      ++part;
    } else {
      if (text[i] < '0' || text[i] > '9') return false;
      parts[part] = parts[part] * 10 + (text[i] - '0');
    }
  }
  return parts[0] >= 1970 && parts[2] >= 1 && parts[2] <= days_in(parts[0], parts[1]);
}

void read_day(const Mapping& freeze, std::string_view key, std::string& out) {
  std::string text;
  freeze.text(key, text);
  if (text.empty()) return;
  if (!is_day(text))
    return freeze.fault(key, fmt::format("\"{}\" is no day", shortened(text)), "write it like 2026-12-20");
  out = text;
}

void read_freezes(const Mapping& gates, std::vector<Freeze>& out) {
  const Node* node = gates.find("freeze");
  if (node == nullptr) return;
  const auto& items = items_of(gates.sheet(), *node, "gates.freeze");
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Mapping mapping(gates.sheet(), items[i], "freeze", fmt::format("gates.freeze[{}]", i));
    if (!mapping.ok()) continue;
    Freeze& freeze = out.emplace_back();
    read_day(mapping, "from", freeze.from);
    freeze.to = freeze.from;
    read_day(mapping, "to", freeze.to);
    mapping.name("why", freeze.why, NameKind::any);
    if (freeze.to < freeze.from) // days sort as they are written
      mapping.fault("to", fmt::format("{} is before {}", freeze.to, freeze.from), "swap them");
  }
}

} // namespace

void read_gates(const Mapping& service, Service& out) {
  const Node* node = service.find("gates");
  if (node == nullptr) return;
  const Mapping mapping(service.sheet(), *node, "gates", "gates");
  if (!mapping.ok()) return;
  Gates& gates = out.gates.emplace();
  read_checklist(mapping, out, gates.checklist);
  read_changes(mapping, out, gates.checklist);
  read_approvals(mapping, gates.approvals);
  read_flag(mapping, "ordered", gates.ordered);
  read_flag(mapping, "four_eyes", gates.four_eyes);
  read_flag(mapping, "one_role_per_person", gates.one_role_per_person);
  read_flag(mapping, "monitoring", gates.monitoring);
  read_windows(mapping, gates.windows);
  read_freezes(mapping, gates.freezes);
}

} // namespace backstop::config
