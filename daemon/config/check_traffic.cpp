#include "daemon/config/check.hpp"
#include "daemon/config/keys.hpp"
#include <algorithm>
#include <fmt/format.h>
#include <map>

/// traffic, and the targets of its sides.
namespace backstop::config {

namespace {

void fault(Sheet& sheet, const std::string& path, std::string_view what, std::string_view how) {
  sheet.fault(sheet.places.of(path), fmt::format("{}: {}", path, what), how);
}

std::vector<std::string_view> names_of(const std::vector<Side>& sides) {
  std::vector<std::string_view> names;
  for (const Side& side : sides) names.push_back(side.name);
  return names;
}

void check_known_side(const std::string& path, const std::string& name, const Traffic& traffic, Sheet& sheet) {
  const auto known = names_of(traffic.sides);
  if (std::find(known.begin(), known.end(), name) == known.end())
    fault(sheet, path, fmt::format("there is no side \"{}\"", name), suggestion(name, known, "sides"));
}

void check_sides(const Traffic& traffic, Sheet& sheet) {
  const std::string path = "traffic.sides";
  if (traffic.sides.empty() && !sheet.faults.empty()) return; // the reader said so
  if (traffic.sides.size() != 2)
    fault(sheet, path, fmt::format("traffic goes to one of two sides, here are {}", traffic.sides.size()),
          "write two, as sides: {blue: [blue1], green: [green1]}");
  else if (traffic.sides[0].name == traffic.sides[1].name)
    fault(sheet, path, fmt::format("both are named \"{}\"", traffic.sides[0].name), "give each a name of its own");
  std::map<std::string, std::string> seen;
  for (const Side& side : traffic.sides) {
    for (std::size_t i = 0; i < side.servers.size(); ++i) {
      const std::string at = fmt::format("{}.{}[{}]", path, side.name, i);
      if (const auto [first, is_new] = seen.emplace(side.servers[i], side.name); !is_new)
        fault(sheet, at, fmt::format("server {} is in side {} already", side.servers[i], first->second),
              "a server is on one side, once");
    }
  }
  if (!traffic.candidate.empty() && !traffic.sides.empty())
    check_known_side("traffic.candidate", traffic.candidate, traffic, sheet);
}

void check_commands(const Traffic& traffic, Sheet& sheet) {
  KnownPlaceholders known = kAtBegin;
  known.insert(known.end(), kTrafficPlaceholders.begin(), kTrafficPlaceholders.end());
  check_argv(traffic.argv, known, "traffic.argv", sheet);
  check_argv(traffic.checked, known, "traffic.check.argv", sheet);
  check_argv(traffic.test, {}, "traffic.test", sheet);
  check_argv(traffic.reload, {}, "traffic.reload", sheet);
  const auto names = [&](std::string_view name) {
    return std::any_of(traffic.argv.begin(), traffic.argv.end(), [&](const std::string& argument) {
      const auto found = placeholders_in(argument);
      return std::find(found.begin(), found.end(), name) != found.end();
    });
  };
  if (traffic.argv.empty()) return;
  if (!names("side") && !names("other_side"))
    fault(sheet, "traffic.argv", "it does not say to which side", "add \"{side}\" to the arguments");
  else if (!names("percent"))
    fault(sheet, "traffic.argv", "it does not say how much", "add \"{percent}\" to the arguments");
}

void check_labels(const std::map<std::string, std::string>& labels, const std::string& path, const Traffic& traffic,
                  Sheet& sheet) {
  const auto side = labels.find(kSideLabel);
  if (side != labels.end())
    check_known_side(fmt::format("{}.labels.{}", path, kSideLabel), side->second, traffic, sheet);
}

void check_targets(const Service& service, Sheet& sheet) {
  for (const Source& source : service.sources) {
    const TargetList* list = targets_of(source);
    if (list == nullptr) continue;
    const std::string path = "sources." + source.name;
    for (std::size_t i = 0; i < list->targets.size(); ++i)
      check_labels(list->targets[i].labels, fmt::format("{}.targets[{}]", path, i), *service.traffic, sheet);
    if (list->file_sd) check_labels(list->file_sd->labels, path + ".file_sd", *service.traffic, sheet);
    if (list->dns_sd) check_labels(list->dns_sd->labels, path + ".dns_sd", *service.traffic, sheet);
  }
}

} // namespace

void check_traffic(const Service& service, Sheet& sheet) {
  if (!service.traffic) return;
  check_sides(*service.traffic, sheet);
  check_commands(*service.traffic, sheet);
  if (!service.traffic->sides.empty()) check_targets(service, sheet);
}

} // namespace backstop::config
