#include "daemon/app.hpp"
#include "daemon/message_ids.hpp"
#include "daemon/target_records.hpp"
#include <algorithm>
#include <utility>

/// Targets that come and go while their service is watched.
namespace backstop {
namespace {

std::optional<std::uint32_t> source_named(const ServiceWatch& watch, const std::string& name) {
  for (std::uint32_t i = 0; i < watch.config.sources.size(); ++i)
    if (watch.config.sources[i].name == name) return i;
  return std::nullopt;
}

/// What has changed from `before` to `after`; nothing that is the same.
TargetsChanged change_of(const std::vector<config::TargetConfig>& before,
                         const std::vector<config::TargetConfig>& after) {
  TargetsChanged change;
  for (const config::TargetConfig& target : after) // other labels too
    if (std::find(before.begin(), before.end(), target) == before.end()) change.joined.push_back(found_of(target));
  for (const config::TargetConfig& target : before) {
    const auto same = [&](const config::TargetConfig& other) { return other.name() == target.name(); };
    if (std::none_of(after.begin(), after.end(), same)) change.left.push_back(target.name());
  }
  return change;
}

} // namespace

void App::on_targets(const std::string& service, const std::string& source, const FoundTargets& found, Time now) {
  const auto it = watches_.find(service);
  if (it == watches_.end()) return;
  ServiceWatch& watch = *it->second;
  const std::optional<std::uint32_t> index = source_named(watch, source);
  const config::TargetList* list = index ? config::targets_of(watch.config.sources[*index]) : nullptr;
  if (!list || !list->discovers()) return; // it was configured otherwise meanwhile
  if (std::exchange(watch.not_found[*index], found.why) != found.why && !found.why.empty())
    seams_.log.write(LogLevel::warning,
                     service + ": targets of source " + source +
                         " cannot be looked for, the known ones stay: " + found.why,
                     {message_field(Message::targets_not_found), {"BACKSTOP_SERVICE", service}});
  if (!found.targets) return;
  const std::vector<config::TargetConfig> before = watch.places[*index].found();
  const TargetPlaces::Change change = watch.set_targets(*index, *found.targets, now);
  if (change.none()) return;
  if (on_targets_changed) on_targets_changed(watch, *index, change);
  if (!refused_journal_.empty()) return;
  TargetsChanged record = change_of(before, watch.places[*index].found());
  record.service = service;
  record.source = source;
  if (!record.joined.empty() || !record.left.empty()) ledger_.add(std::move(record), now);
  settle(now);
}

/// What was known of them when it was last recorded: who looks for them may need a while, or not find them at all.
void App::restore_targets(ServiceWatch& watch, Time now) {
  const ServiceState* service = state().service(watch.key);
  for (std::uint32_t i = 0; service && i < watch.config.sources.size(); ++i) {
    const config::TargetList* list = config::targets_of(watch.config.sources[i]);
    const auto known = service->targets.find(watch.config.sources[i].name);
    if (list && list->discovers() && known != service->targets.end() && !known->second.empty())
      (void)watch.set_targets(i, known->second, now);
  }
}

std::vector<SourceTargets> targets_found(const ServiceWatch& watch) {
  std::vector<SourceTargets> all;
  for (std::uint32_t i = 0; i < watch.config.sources.size(); ++i) {
    const config::TargetList* list = config::targets_of(watch.config.sources[i]);
    if (!list || !list->discovers()) continue;
    SourceTargets& of_source = all.emplace_back();
    of_source.source = watch.config.sources[i].name;
    for (const config::TargetConfig& target : watch.places[i].found()) of_source.targets.push_back(found_of(target));
  }
  return all;
}

} // namespace backstop
