#include "daemon/config/check.hpp"
#include <fmt/format.h>
#include <map>

/// Checklist and approvals.
namespace backstop::config {

void check_gates(const Service& service, Sheet& sheet) {
  if (!service.gates) return;
  const auto unique = [&](std::map<std::string, std::size_t>& seen, const std::string& name, std::size_t i,
                          const std::string& path, std::string_view thing) {
    if (name.empty()) return; // the reader said so
    if (const auto [first, is_new] = seen.emplace(name, i); !is_new)
      sheet.fault(sheet.places.of(path), fmt::format("{}: \"{}\" is {} {} too", path, name, thing, first->second + 1),
                  "write it once");
  };
  std::map<std::string, std::size_t> items, roles;
  for (std::size_t i = 0; i < service.gates->checklist.size(); ++i) {
    const ChecklistItem& item = service.gates->checklist[i];
    unique(items, item.name, i, fmt::format("gates.checklist[{}].name", i), "item");
    const auto* command = std::get_if<CommandItem>(&item.kind);
    if (command == nullptr) continue;
    // Of an item that was changed by name, its command stands there.
    const std::string changed = fmt::format("gates.items.{}.command", item.name);
    const std::string path = sheet.places.has(changed) ? changed : fmt::format("gates.checklist[{}].command", i);
    check_run(command->run, kAtBegin, path, sheet);
    check_confinement(command->run, service.deploy_lock, path, sheet);
  }
  for (std::size_t i = 0; i < service.gates->approvals.size(); ++i)
    unique(roles, service.gates->approvals[i].role, i, fmt::format("gates.approvals[{}].role", i), "approval");
}

} // namespace backstop::config
