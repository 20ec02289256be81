#include "daemon/detections.hpp"
#include "daemon/executor.hpp"
#include <algorithm>
#include <utility>
#include <variant>

namespace backstop {
namespace {

constexpr Duration kLookEvery = std::chrono::seconds(1);
constexpr Duration kTryAgain = std::chrono::seconds(10);
constexpr Duration kNoLinkFor = std::chrono::seconds(30); ///< longer than a deployment is between two versions
constexpr int kFewReads = 3; ///< tries after which a source that is not read yet is told of

bool detects(const config::Service& service) { return !std::holds_alternative<std::monostate>(service.detect); }

/// Whether the version that is seen is under way, or was and ended as it did.
bool is_known(const State& state, const ServiceState& service, const std::string& key, const std::string& version) {
  if (service.version == version) return true;
  for (auto it = state.deployment_order.rbegin(); it != state.deployment_order.rend(); ++it) {
    const DeploymentState* d = state.deployment(*it);
    if (d && d->service == key && d->rolls_back.empty()) return d->version == version && d->phase != Phase::superseded;
  }
  return false;
}

/// It was there before: one target that still shows it is one that was left behind.
bool ran_before(const State& state, const ServiceState& service, const std::string& key, const std::string& version) {
  if (service.versions.contains(version)) return true;
  return std::any_of(state.deployments.begin(), state.deployments.end(), [&](const auto& entry) {
    return entry.second.service == key && (entry.second.version == version || entry.second.previous == version);
  });
}

} // namespace

Detections::Detections(const ServiceWatches& watches, const State& state, Outside outside)
    : watches_(watches), state_(state), outside_(std::move(outside)) {}

void Detections::begin_anew(Time now) {
  const bool any =
      std::any_of(watches_.begin(), watches_.end(), [](const auto& entry) { return detects(entry.second->config); });
  next_look_ = any ? now : kNever;
  starts_.clear(); // they are counted from the beginning of a watch
  no_link_.clear();
}

void Detections::put_off(Time now) {
  if (next_look_ != kNever && next_look_ <= now) next_look_ = now + kLookEvery;
}

void Detections::look(Time now) {
  if (now < next_look_) return;
  next_look_ = kNever;
  std::vector<std::string> keys; // a command may end the life of a watch
  for (const auto& [key, watch] : watches_)
    if (detects(watch->config)) keys.push_back(key);
  if (keys.empty()) return;
  next_look_ = now + kLookEvery;
  for (const std::string& key : keys) {
    const auto watch = watches_.find(key);
    const ServiceState* service = state_.service(key);
    if (watch == watches_.end() || !service || service->version.empty()) continue; // nobody said what runs: see adopt
    if (const std::optional<Seen> found = seen(*watch->second, *service, now)) look_at(key, *service, *found, now);
  }
}

std::optional<Detections::Seen> Detections::seen(const ServiceWatch& watch, const ServiceState& service, Time now) {
  const std::string& key = watch.key;
  const auto at_link = [&](const std::string& link) -> std::optional<std::string> {
    const Result<std::string> target = outside_.read_link(link);
    if (!target) {
      miss_link(key, target.error(), now);
      return std::nullopt;
    }
    no_link_.erase(key);
    return version_in(*target);
  };
  if (const auto* link = std::get_if<config::DetectLink>(&watch.config.detect)) {
    const std::optional<std::string> version = at_link(link->link);
    if (!version) return std::nullopt;
    return Seen{*version, true, "link " + link->link, link->link + " points to"};
  }
  if (const auto* series = std::get_if<config::DetectSeries>(&watch.config.detect)) {
    const auto shown = watch.signs.shown(watch.places[watch.compiled.detect->source], service.version);
    if (!shown) return std::nullopt;
    return Seen{shown->version, shown->everywhere, "series " + series->series.text, series->series.text + " shows"};
  }
  const auto* restart = std::get_if<config::DetectRestart>(&watch.config.detect);
  const std::optional<double> starts = restart ? watch.signs.starts() : std::nullopt;
  if (!starts) return std::nullopt;
  // Looked at once when it is first read, in case it was restarted while nobody looked, and after each start.
  const auto known = starts_.find(key);
  const DeploymentState* active = state_.active(key);
  const bool open = unwatched_.contains(key) || (active && active->phase == Phase::deploying);
  if (known != starts_.end() && known->second == *starts && !open) return std::nullopt;
  const std::optional<std::string> version = at_link(watch.config.running_version_link);
  if (!version) return std::nullopt;
  starts_[key] = *starts;
  return Seen{*version, true, "restart of " + restart->source, restart->source + " was restarted with"};
}

/// For a moment there may be none. Longer, and nothing would ever be noticed: the path is wrong, or not to be seen from here.
void Detections::miss_link(const std::string& key, const Error& why, Time now) {
  NoLink& missing = no_link_.try_emplace(key, NoLink{now, false}).first->second;
  if (missing.told || now - missing.since < kNoLinkFor) return;
  missing.told = true;
  outside_.tell({"unwatched." + key + ".link", "alert",
                 key + ": " + why.what +
                     ": while it cannot be read no deployment is noticed; mend the link or its path in " +
                     "the service's file (the daemon has a /tmp of its own)",
                 "", ""},
                now);
}

void Detections::look_at(const std::string& key, const ServiceState& service, const Seen& seen, Time now) {
  const std::string actor = "backstopd(" + seen.how + ")";
  const auto before = shown_.find(key);
  const std::string shown = seen.version + (seen.everywhere ? "" : ", here and there");
  const bool first = before == shown_.end(), changed = first || before->second != shown;
  shown_[key] = shown;
  const DeploymentState* active = state_.active(key);
  if (active && active->phase == Phase::rolling_back) return; // its steps bring the old version back
  if (active && active->phase == Phase::deploying && active->version == seen.version && active->began_by == actor) {
    if (seen.everywhere) (void)outside_.command(FinishDeployment{active->id}, actor, now);
    return;
  }
  // One that was announced has not come to where it is seen yet.
  const bool not_yet = active && active->version != seen.version && active->previous == seen.version &&
                       (first || active->phase == Phase::deploying);
  const bool left_behind = !seen.everywhere && ran_before(state_, service, key, seen.version);
  if (not_yet || left_behind || is_known(state_, service, key, seen.version)) {
    unwatched_.erase(key);
    return;
  }
  if (changed || unwatched_.contains(key)) begin(key, seen, now);
}

void Detections::begin(const std::string& key, const Seen& seen, Time now) {
  const std::string actor = "backstopd(" + seen.how + ")";
  Unwatched& unwatched = unwatched_[key];
  if (unwatched.version != seen.version) unwatched = {seen.version, 0, Time{}};
  if (now < unwatched.again) return;
  unwatched.again = now + kTryAgain;
  ++unwatched.tries;
  BeginDeployment begin;
  begin.service = key;
  begin.version = seen.version;
  const Reply reply = outside_.command(begin, actor, now);
  if (reply.ok) {
    unwatched_.erase(key);
    const DeploymentState* begun = state_.deployment(reply.id);
    if (begun && begun->phase == Phase::deploying && seen.everywhere)
      (void)outside_.command(FinishDeployment{reply.id}, actor, now);
    return;
  }
  // Right after a start the sources are still being read for the first time.
  if (unwatched.tries != (reply.reason == "blind" ? kFewReads : 1)) return;
  outside_.tell(
      {"unwatched." + key + "." + seen.version, "alert",
       key + ": " + seen.where + " " + seen.version + ", which is not watched: " + reply.why + "; " + reply.how, "",
       ""},
      now);
}

} // namespace backstop
