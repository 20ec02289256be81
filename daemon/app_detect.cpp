#include "daemon/app.hpp"
#include "daemon/notice_text.hpp"
#include <algorithm>

/// Deployments that nobody announced: the link to the version that runs was set to another one.
namespace backstop {
namespace {

constexpr Duration kLookEvery = std::chrono::seconds(1);
constexpr Duration kTryAgain = std::chrono::seconds(10);
constexpr int kFewReads = 3; ///< tries after which a source that is not read yet is told of

std::string actor_of(const std::string& link) { return "backstopd(link " + link + ")"; }

/// Whether the version that the link shows is under way, or was and ended as it did.
bool is_known(const State& state, const ServiceState& service, const std::string& key, const std::string& version) {
  if (service.version == version) return true;
  for (auto it = state.deployment_order.rbegin(); it != state.deployment_order.rend(); ++it) {
    const DeploymentState* d = state.deployment(*it);
    if (d && d->service == key && d->rolls_back.empty()) return d->version == version && d->phase != Phase::superseded;
  }
  return false;
}

} // namespace

void App::look_for_deployments(Time now) {
  if (now < next_look_) return;
  next_look_ = kNever;
  std::vector<std::string> keys; // a command may end the life of a watch
  for (const auto& [key, watch] : watches_)
    if (!watch->config.detect_link.empty()) keys.push_back(key);
  if (keys.empty()) return;
  next_look_ = now + kLookEvery;
  if (!degraded().empty()) return;
  for (const std::string& key : keys)
    if (const auto it = watches_.find(key); it != watches_.end())
      look_at_link(key, it->second->config.detect_link, now);
}

void App::look_at_link(const std::string& key, const std::string& link, Time now) {
  const ServiceState* service = state().service(key);
  if (!service || service->version.empty()) return; // nobody said what runs: see adopt
  const Result<std::string> target = seams_.read_link(link);
  if (!target) return; // between two versions there may be none
  const std::string version = version_in(*target), actor = actor_of(link);
  const auto seen = shown_.find(key);
  const bool first = seen == shown_.end(), changed = first || seen->second != version;
  shown_[key] = version;
  const DeploymentState* active = state().active(key);
  if (active && active->phase == Phase::rolling_back) return; // its step sets the link
  if (active && active->phase == Phase::deploying && active->version == version && active->began_by == actor) {
    (void)on_command(FinishDeployment{active->id}, actor, now);
    return;
  }
  // One that was announced has not come to its link yet.
  const bool not_yet = active && active->version != version && active->previous == version &&
                       (first || active->phase == Phase::deploying);
  if (not_yet || is_known(state(), *service, key, version)) {
    unwatched_.erase(key);
    return;
  }
  if (!changed && !unwatched_.contains(key)) return;
  Unwatched& unwatched = unwatched_[key];
  if (unwatched.version != version) unwatched = {version, 0, Time{}};
  if (now < unwatched.again) return;
  unwatched.again = now + kTryAgain;
  ++unwatched.tries;
  BeginDeployment begin;
  begin.service = key;
  begin.version = version;
  const Reply reply = on_command(begin, actor, now);
  if (reply.ok) {
    unwatched_.erase(key);
    const DeploymentState* begun = state().deployment(reply.id);
    if (begun && begun->phase == Phase::deploying) (void)on_command(FinishDeployment{reply.id}, actor, now);
    return;
  }
  // Right after a start the sources are still being read for the first time.
  if (unwatched.tries != (reply.reason == "blind" ? kFewReads : 1)) return;
  announce(ledger_,
           {"unwatched." + key + "." + version, "alert",
            key + ": " + link + " points to " + version + ", which is not watched: " + reply.why + "; " + reply.how, "",
            ""},
           config_.daemon.channels, {}, now);
  settle(now);
}

} // namespace backstop
