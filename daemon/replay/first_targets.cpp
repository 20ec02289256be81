#include "daemon/replay/first_targets.hpp"
#include "daemon/target_places.hpp"
#include "daemon/target_records.hpp"
#include <algorithm>
#include <set>
#include <utility>
#include <variant>

namespace backstop::replay {
namespace {

/// Whether it is known to have joined before its first scrape, at `first`.
bool joined_before(const std::vector<Event>& events, const std::string& source, const std::string& name, Time first) {
  return std::any_of(events.begin(), events.end(), [&](const Event& event) {
    if (!event.targets || event.targets->source != source || event.t > first) return false;
    const auto& joined = event.targets->joined;
    return std::any_of(joined.begin(), joined.end(),
                       [&](const FoundTarget& found) { return target_of(found).name() == name; });
  });
}

config::TargetConfig called(const std::string& name, const config::Source& source) {
  config::TargetConfig target;
  (std::holds_alternative<config::TcpSource>(source.kind) ? target.address : target.url) = name;
  return target;
}

} // namespace

std::map<std::string, std::vector<config::TargetConfig>>
first_targets(const config::Service& service, const Request& request, const Recording& recording) {
  std::map<std::string, std::vector<config::TargetConfig>> all;
  for (std::uint32_t i = 0; i < service.sources.size(); ++i) {
    const config::Source& source = service.sources[i];
    const config::TargetList* list = config::targets_of(source);
    if (!list || !list->discovers()) continue;
    const std::uint32_t written = TargetPlaces(source).size();
    std::vector<std::string> names;
    std::set<std::uint32_t> seen;
    for (const Scrape& scrape : recording.scrapes)
      if (scrape.source == i && scrape.target >= written && seen.insert(scrape.target).second &&
          !joined_before(request.events, source.name, recording.names[i][scrape.target], scrape.t))
        names.push_back(recording.names[i][scrape.target]);
    std::vector<config::TargetConfig>& targets = all[source.name];
    for (const SourceTargets& known : request.frozen ? request.frozen->targets : std::vector<SourceTargets>{}) {
      if (known.source != source.name) continue;
      for (const FoundTarget& found : known.targets) {
        config::TargetConfig target = target_of(found);
        if (std::erase(names, target.name()) > 0) targets.push_back(std::move(target));
      }
    }
    for (const std::string& name : names) targets.push_back(called(name, source));
  }
  return all;
}

} // namespace backstop::replay
