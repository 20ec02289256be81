#include "daemon/app.hpp"
#include "daemon/config/quantities.hpp"
#include "daemon/deciding.hpp"
#include "daemon/learning.hpp"
#include "daemon/notice_text.hpp"
#include "daemon/rollout.hpp"
#include "daemon/words.hpp"
#include <algorithm>
#include <utility>

/// What time brings: deployments that leave their preflight, and what runs out.
namespace backstop {
namespace {

constexpr Duration kRequestKept = std::chrono::hours(24 * 30);

/// What `deploy begin` had checked, and what the time that preflight takes may have changed. Empty: nothing.
std::string changed_while_gated(const State& state, const DeploymentState& d) {
  if (const DeploymentState* old = state.active(d.service); old && old->phase == Phase::rolling_back)
    return old->id + " is being rolled back; begin again after its end";
  const ServiceState* service = state.service(d.service);
  if (!service) return {};
  if (!service->locked_by.empty()) return "the service is LOCKED: " + service->locked_why;
  for (const std::string& version : {d.version, d.previous}) {
    if (const auto q = service->quarantine.find(version); q != service->quarantine.end())
      return version + " is quarantined: " + q->second;
  }
  if (d.config && candidate_side(*d.config, service->live_side) != d.side)
    return "all traffic goes to " + d.side + " meanwhile, where it was to come to; begin again";
  return {};
}

/// Every target that counts was asked often enough for a rate.
bool is_measured(const ServiceWatch& watch) {
  for (std::uint32_t i = 0; i < watch.sources.size(); ++i)
    for (std::uint32_t place = 0; place < watch.sources[i].size(); ++place)
      if (watch.places[i].present(place) && watch.judges(i, place) && watch.sources[i][place].scrapes < 2) return false;
  return watch.last.t != Time{};
}

std::string why_traffic_is_elsewhere(const DeploymentState& d, const StepProgress& look) {
  return "not all traffic goes to " + d.other_side + ", where it is thought to be, or that cannot be told (" +
         look.why + ")" + (look.output.empty() ? "" : ": " + look.output);
}

} // namespace

/// What is over by then. Before samples are judged, that is before they came: the timer may be late.
void App::expire(Time by, Time now) {
  std::vector<std::string> holds, confirmations;
  for (const auto& [key, hold] : state().holds) {
    hold.until <= by ? holds.push_back(key) : void(next_due_ = std::min(next_due_, hold.until));
  }
  for (const std::string& id : state().open) {
    const auto& confirmation = state().deployment(id)->confirmation;
    if (!confirmation) continue;
    confirmation->until <= by ? confirmations.push_back(id)
                              : void(next_due_ = std::min(next_due_, confirmation->until));
  }
  if (const Time begun = state().shutdown; begun != Time{}) {
    const Time most = begun + kShutdownMost;
    if (most <= by) {
      ledger_.add(ShutdownAnnounced{false, "it was announced and did not come"}, now);
    } else {
      next_due_ = std::min(next_due_, most);
    }
  }
  end_old_requests(by, now);
  for (const std::string& key : holds) ledger_.add(HoldEnded{key, "expired"}, now);
  for (const std::string& id : confirmations) {
    const DeploymentState& d = *state().deployment(id);
    const std::string what = d.service + " " + d.version + ": nobody answered whether to roll back (" +
                             d.confirmation->why + "); nothing was done";
    const std::string incident = d.incident;
    ledger_.add(ConfirmationAnswered{id, "timed_out", "no answer in time"}, now);
    announce(ledger_, {"confirmation_timed_out", "critical", what, incident, id}, config_.daemon, {}, now);
  }
}

/// After its preflight: whoever began it may not be looking any more.
void App::refuse(const DeploymentState& d, const std::string& reason, const std::string& why, Time now) {
  const std::string id = d.id, what = d.service + " " + d.version + ": not begun: " + why;
  pasts_.erase(id);
  ledger_.add(DeploymentRefused{id, reason, why}, now);
  announce(ledger_, {"refused", "alert", what, "", id}, config_.daemon, {}, now);
}

/// A daemon that was only just started has seen little of what is normal. A source that keeps a past is asked for it,
/// back to when the version that runs now came.
bool App::waits_for_past(ServiceWatch& watch, const DeploymentState& d, Time now) {
  if (const auto asked = pasts_.find(d.id); asked != pasts_.end()) return !asked->second;
  if (past == nullptr || !past->has_past(watch)) return false;
  Time from = now - watch.config.baseline.window;
  for (const auto& [id, other] : state().deployments)
    if (other.service == d.service && id != d.id) from = std::max(from, other.ended);
  restore_watch(watch, now);
  const Duration known = watch.watch.learned_for(now), room = now - from;
  if (known >= room - room / 10) return false;
  const Status asked = past->read(
      watch, from, now, [this, service = d.service, id = d.id](const Result<std::vector<Scrape>>& scrapes, Time then) {
        on_past(service, id, scrapes, then);
      });
  pasts_[d.id] = !asked;
  if (!asked) tell_of_no_past(d, asked.error());
  return static_cast<bool>(asked);
}

void App::tell_of_no_past(const DeploymentState& d, const Error& why) {
  seams_.log.write(LogLevel::warning,
                   d.service + " " + d.version +
                       ": its baseline is of what was measured here alone; the past could not be read: " + why.what,
                   {{"BACKSTOP_DEPLOYMENT", d.id}});
}

void App::on_past(const std::string& service, const std::string& deployment, const Result<std::vector<Scrape>>& scrapes,
                  Time now) {
  const auto asked = pasts_.find(deployment);
  if (asked == pasts_.end()) return; // refused meanwhile
  asked->second = true;
  const auto it = watches_.find(service);
  if (!scrapes) {
    if (const DeploymentState* d = state().deployment(deployment)) tell_of_no_past(*d, scrapes.error());
  } else if (it != watches_.end()) {
    it->second->watch.learn_past(*scrapes);
  }
  settle(now);
}

/// Items of the checklist that are commands run once more as it begins. One that fails leaves the request open.
bool App::items_fail(const DeploymentState& d, bool& waiting, Time now) {
  if (!d.gates || !d.config || !d.config->gates || !d.gates->overridden_by.empty()) return false;
  const bool running = std::any_of(d.gates->checks.begin(), d.gates->checks.end(), [](const auto& check) {
    return check.second.status != StepProgress::Status::done && check.second.status != StepProgress::Status::failed;
  });
  if (running) waiting = true;
  if (running) return false;
  const std::vector<std::string> missing = open_commands(d);
  if (missing.empty()) return false;
  ledger_.add(GateRefused{d.id, missing}, now);
  return true;
}

/// What was given when it was to begin may be so no more: the preflight took its time, or the host went down.
bool App::gates_closed(const DeploymentState& d, const ServiceWatch& watch, Time now) {
  if (!d.gates || !d.gates->overridden_by.empty()) return false;
  if (!is_measured(watch)) return true; // after a restart: what its items ask for is not known yet
  std::vector<std::string> missing = missing_before(d, watch, now, wall_clock);
  if (missing.empty()) return false;
  const std::string id = d.id, what = d.service + " " + d.version + ": not begun, missing: " + join(missing, "; ");
  ledger_.add(GateRefused{id, std::move(missing)}, now);
  announce(ledger_, {"gate_refused." + std::to_string(to_us(now)), "alert", what, "", id}, config_.daemon, {}, now);
  return true;
}

/// A request that nobody begins or ends would be kept for ever, with all that was recorded since.
void App::end_old_requests(Time by, Time now) {
  std::vector<std::string> old;
  for (const DeploymentState* d : state().in_phase(Phase::requested)) {
    const Time until = d->gates ? d->gates->opened + kRequestKept : kNever;
    until <= by ? old.push_back(d->id) : void(next_due_ = std::min(next_due_, until));
  }
  for (const std::string& id : old)
    end_deployment(ledger_, *state().deployment(id), Phase::aborted,
                   "nobody began it within " + config::show_duration(kRequestKept) + " of its request", config_.daemon,
                   now, "backstopd");
}

void App::gate(Time now) {
  std::vector<std::string> gated;
  for (const DeploymentState* d : state().in_phase(Phase::gated)) gated.push_back(d->id);
  for (const std::string& id : gated) {
    const DeploymentState& d = *state().deployment(id);
    std::string failed;
    bool waiting = false;
    if (items_fail(d, waiting, now)) continue;
    for (const auto& [path, step] : d.preflight) {
      if (step.status == StepProgress::Status::failed)
        failed += (failed.empty() ? "" : "; ") + ("preflight of step " + path + ": " + step.why);
      waiting = waiting || (step.status != StepProgress::Status::failed && step.status != StepProgress::Status::done);
    }
    const auto traffic = d.preflight.find(kTrafficBack);
    if (traffic != d.preflight.end() && traffic->second.status == StepProgress::Status::failed) {
      refuse(d, "traffic", why_traffic_is_elsewhere(d, traffic->second), now);
      continue;
    }
    if (!failed.empty() && !d.irreversible) {
      refuse(d, "no_target", "the rollback would be impossible: " + failed, now);
      continue;
    }
    if (waiting) continue;
    const auto it = watches_.find(d.service);
    if (it == watches_.end()) {
      refuse(d, "not_found", "the service is not configured any more", now);
      continue;
    }
    if (d.config_hash != it->second->config.hash) {
      refuse(d, "conflict", it->second->config.file + " was changed meanwhile; begin again", now);
      continue;
    }
    if (const std::string changed = changed_while_gated(state(), d); !changed.empty()) {
      refuse(d, "conflict", changed, now);
      continue;
    }
    if (gates_closed(d, *it->second, now)) continue;
    if (waits_for_past(*it->second, d, now)) continue;
    pasts_.erase(id);
    if (const DeploymentState* old = state().active(d.service)) {
      end_deployment(ledger_, *old, Phase::superseded, "superseded by " + id + " (" + d.version + ")", config_.daemon,
                     now, "backstopd");
    }
    ServiceWatch& watch = *it->second;
    restore_watch(watch, now);
    DeploymentBegun begun;
    begun.id = id;
    begun.targets = targets_found(watch);
    if (const ServiceState* service = state().service(d.service)) begun.ran = service->version;
    set_judge_times(begun, state(), watch);
    const std::vector<Baseline> frozen = watch.watch.freeze(now);
    for (std::size_t i = 0; i < frozen.size(); ++i)
      begun.baselines.push_back(frozen_of(watch.watch.spec().indicators[i], frozen[i]));
    const std::vector<std::string> excused = watch.watch.excuse_preexisting();
    for (const Verdict& v : watch.last.verdicts) {
      if (std::find(excused.begin(), excused.end(), v.rule) != excused.end())
        begun.preexisting.push_back(evidence_of(v, watch.watch));
    }
    watch.watch.set_sustain(begun.sustain);
    for (const EvidenceLine& line : watch.watch.freeze_lines()) begun.lines.push_back(frozen_of(line));
    if (on_freeze) on_freeze(begun);
    judge_by(watch.watch, begun.baselines, begun.lines, begun.sustain);
    ledger_.add(std::move(begun), now);
    save_watch(watch, now);
    save_histories(watch, now);
  }
}

} // namespace backstop
