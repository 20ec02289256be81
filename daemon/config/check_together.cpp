#include "daemon/config/check.hpp"
#include "daemon/config/read_parts.hpp"
#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

/// What is wrong only between files.
namespace backstop::config {

namespace {

void check_notify_steps(const Daemon& daemon, LoadedService& loaded) {
  const std::vector<std::string_view> known = names_of_recipients(daemon);
  const auto check = [&](const Step& step, const std::string& path) {
    const auto* notify = std::get_if<NotifyStep>(&step.kind);
    if (notify != nullptr)
      check_known(loaded.sheet, path + ".to", notify->to, known, "channel or role ", "channels and roles");
  };
  const Service& service = loaded.service;
  for (std::size_t i = 0; i < service.rollback.size(); ++i)
    check(service.rollback[i], fmt::format("procedures.rollback[{}]", i));
  for (const PlanPhase& phase : service.plan.phases)
    for (const Step& step : phase.steps) check(step, place_of(service.plan, step.path, step.name));
}

/// Roles that sign: each must have its group. One fault a role, where it is first wanted.
struct RoleCheck {
  const Daemon& daemon;
  Sheet& sheet;
  std::set<std::string> told = {};

  void operator()(const std::string& role, const std::string& path) {
    if (role.empty() || daemon.roles.count(role) > 0 || !told.insert(role).second) return;
    std::vector<std::string_view> known;
    for (const auto& [name, group] : daemon.roles) known.push_back(name);
    sheet.fault(sheet.places.of(path), fmt::format("{}: nobody can sign as \"{}\"", path, role),
                known.empty() || nearest(role, known).empty()
                    ? fmt::format("add roles: {{{}: GROUP}} to backstop.yaml, GROUP being one of this host", role)
                    : suggestion(role, known, "roles"));
  }
};

void check_roles(const Daemon& daemon, LoadedService& loaded) {
  const Service& service = loaded.service;
  RoleCheck check{daemon, loaded.sheet};
  for (const PlanPhase& phase : service.plan.phases)
    for (const Step& step : phase.steps)
      if (const auto* approve = std::get_if<ApproveStep>(&step.kind))
        check(approve->role, place_of(service.plan, step.path, step.name) + ".role");
  if (!service.gates) return;
  for (std::size_t i = 0; i < service.gates->approvals.size(); ++i)
    check(service.gates->approvals[i].role, fmt::format("gates.approvals[{}].role", i));
  for (std::size_t i = 0; i < service.gates->checklist.size(); ++i) {
    const ChecklistItem& item = service.gates->checklist[i];
    const std::string changed = fmt::format("gates.items.{}.role", item.name);
    check(item.role, loaded.sheet.places.has(changed) ? changed : fmt::format("gates.checklist[{}].role", i));
  }
}

using Index = std::map<std::string, std::size_t>;

Index check_duplicates(std::vector<LoadedService>& services) {
  Index index;
  for (std::size_t i = 0; i < services.size(); ++i) {
    if (services[i].service.service.empty()) continue; // the reader said so
    const auto [first, is_new] = index.emplace(services[i].service.key(), i);
    if (is_new) continue;
    Sheet& sheet = services[i].sheet;
    sheet.fault(sheet.places.of("service"), fmt::format("service {} is written twice", first->first),
                fmt::format("the other is in {}", services[first->second].sheet.file));
  }
  return index;
}

/// depends_on may also name things that are no services here (a shared database): those end a chain.
struct CycleSearch {
  std::vector<LoadedService>& services;
  const Index& index;
  std::vector<int> state = std::vector<int>(services.size(), 0); ///< 0 unseen, 1 on the path, 2 done
  std::vector<std::size_t> path = {};

  [[nodiscard]] std::string key_of(std::size_t from, const std::string& name) const {
    return name.find('/') != std::string::npos ? name : name + "/" + services[from].service.environment;
  }
  void report(std::size_t from, std::size_t item, std::size_t to) const {
    std::string chain;
    for (auto at = std::find(path.begin(), path.end(), to); at != path.end(); ++at)
      chain += services[*at].service.key() + " -> ";
    Sheet& sheet = services[from].sheet;
    const std::string where = fmt::format("depends_on[{}]", item);
    sheet.fault(sheet.places.of(where), fmt::format("{}: a cycle: {}{}", where, chain, services[to].service.key()),
                "take one of these out");
  }
  void visit(std::size_t from) {
    state[from] = 1;
    path.push_back(from);
    const auto& names = services[from].service.depends_on;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto to = index.find(key_of(from, names[i]));
      if (to == index.end()) continue;
      if (state[to->second] == 1)
        report(from, i, to->second);
      else if (state[to->second] == 0)
        visit(to->second);
    }
    path.pop_back();
    state[from] = 2;
  }
};

} // namespace

void check_together(const Daemon& daemon, std::vector<LoadedService>& services) {
  for (LoadedService& loaded : services) {
    check_notify_steps(daemon, loaded);
    check_roles(daemon, loaded);
  }
  const Index index = check_duplicates(services);
  CycleSearch search{services, index};
  for (std::size_t i = 0; i < services.size(); ++i)
    if (search.state[i] == 0) search.visit(i);
}

} // namespace backstop::config
