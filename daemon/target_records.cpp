#include "daemon/target_records.hpp"
#include <algorithm>

namespace backstop {

FoundTarget found_of(const config::TargetConfig& target) {
  FoundTarget found{target.url, target.address, {}};
  for (const auto& [name, value] : target.labels) found.labels.push_back({name, value});
  return found;
}

config::TargetConfig target_of(const FoundTarget& found) {
  config::TargetConfig target;
  target.url = found.url;
  target.address = found.address;
  for (const TargetLabel& label : found.labels) target.labels[label.name] = label.value;
  return target;
}

void change_targets(const TargetsChanged& change, std::vector<config::TargetConfig>& targets) {
  std::erase_if(targets, [&](const config::TargetConfig& target) {
    return std::find(change.left.begin(), change.left.end(), target.name()) != change.left.end();
  });
  for (const FoundTarget& joined : change.joined) {
    config::TargetConfig target = target_of(joined);
    const auto known = std::find_if(targets.begin(), targets.end(),
                                    [&](const config::TargetConfig& other) { return other.name() == target.name(); });
    known == targets.end() ? void(targets.push_back(std::move(target))) : void(*known = std::move(target));
  }
}

} // namespace backstop
