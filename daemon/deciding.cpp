#include "daemon/deciding.hpp"
#include "daemon/config/quantities.hpp"
#include "daemon/learning.hpp"
#include "daemon/notice_text.hpp"
#include "daemon/rollout.hpp"
#include <algorithm>
#include <map>
#include <memory>

namespace backstop {
namespace {

bool recently_deployed(const State& state, const std::string& service) { return state.active(service) != nullptr; }

/// Each step of a plan has its own end in time.
constexpr Duration kPlanEndsItself = std::chrono::hours(24 * 365);

int rollbacks_within(const ServiceState& service, Duration window, Time now) {
  return static_cast<int>(
      std::count_if(service.rollbacks.begin(), service.rollbacks.end(), [&](Time t) { return now - t < window; }));
}

/// Which word of the configuration or of a person lets the daemon only tell.
std::string why_observed(const DeploymentState& d, const Decision& decision, Time now) {
  const WatchWindow window = window_of(d);
  if (window.mode == Mode::observe) return "the mode is observe";
  if (decision.rules == std::vector<std::string>{"deploy_timeout"}) return "bake.on_deploy_timeout is alert";
  if (now > window.acts_until()) return "bake.act_for is over";
  return "the mode of the rule is observe";
}

} // namespace

Mode mode_in_force(const DeploymentState& d, Mode rule_mode) {
  Mode mode = strictest(d.mode, rule_mode);
  if (d.config) mode = strictest(mode, d.config->mode);
  return d.irreversible ? strictest(mode, Mode::confirm) : mode;
}

WatchWindow window_of(const DeploymentState& d) {
  WatchWindow window;
  window.begun = d.begun;
  window.finished = d.finished;
  window.watched_from = d.watched_from;
  window.mode = mode_in_force(d, Mode::automatic);
  if (d.config) {
    window.bake = d.config->bake.duration;
    window.good_after = d.config->bake.good_after;
    window.deploy_timeout = d.config->bake.deploy_timeout;
    window.act_for = d.config->bake.act_for;
    window.warm_up = judge_in_force(*d.config, &d).warm_up;
  }
  if (d.phase == Phase::watching && watched_by_plan(d)) window.warm_up = Duration{};
  if (d.phase == Phase::deploying && d.rollout) {
    window.deploy_timeout = kPlanEndsItself;
    window.act_for.reset();
    if (const StepProgress* bake = bake_of(d)) {
      window.finished = bake->started;
      window.bake = window.good_after = step_at_hand(d)->lasts;
    }
  }
  return window;
}

Decision decision_for(const DeploymentState& d, const Evaluation& evaluation, Time now) {
  const WatchWindow window = window_of(d);
  // Before any traffic went to the new side, what is measured is the old version's.
  const bool unseen = d.phase == Phase::deploying && !had_traffic(d);
  Decision decision = unseen ? Decision{} : decide(evaluation, window, now);
  if (unseen) decision.next_due = window.begun + window.deploy_timeout;
  if (unseen && bake_of(d)) {
    decision.kind = DecisionKind::undecided;
    decision.why = "no traffic goes to the new version, so there is nothing to watch";
  }
  if (!d.signals.empty()) {
    decision.kind = DecisionKind::roll_back;
    decision.mode = window.mode;
    for (const std::string& signal : d.signals) {
      decision.rules.push_back("signal:" + signal.substr(0, signal.find(':')));
      decision.why = "signal " + signal + (decision.why.empty() ? "" : "; " + decision.why);
    }
    decision.good = false; // no metric shows what it tells
    if (now >= window.bake_end() && window.mode != Mode::automatic) {
      decision.kind = DecisionKind::undecided;
      decision.why = "the bake window ended, and nobody acted on it: " + decision.why;
    }
  } else if (plan_failed(d) && decision.kind != DecisionKind::roll_back) {
    decision.kind = DecisionKind::roll_back;
    decision.rules = {"plan"};
    decision.mode = window.mode;
    decision.why = d.rollout->progress.why;
  } else if (d.phase == Phase::deploying && now >= window.begun + window.deploy_timeout) {
    decision.kind = DecisionKind::roll_back;
    decision.rules = {"deploy_timeout"};
    decision.mode = d.config && d.config->bake.rollback_on_deploy_timeout ? window.mode : Mode::observe;
    decision.why = "no `deploy finish` within " + config::show_duration(window.deploy_timeout) + " of `deploy begin`";
  }
  return decision;
}

std::string suspected_dependency(const State& state,
                                 const std::map<std::string, std::unique_ptr<ServiceWatch>>& watches,
                                 const ServiceWatch& watch) {
  for (const std::string& dependency : watch.config.depends_on) {
    for (const auto& [key, other] : watches) {
      if (other.get() == &watch || other->last.level != Level::critical || recently_deployed(state, key)) continue;
      const auto& theirs = other->config.depends_on;
      const bool shares = std::find(theirs.begin(), theirs.end(), dependency) != theirs.end();
      if (shares || other->config.service == dependency || key == dependency) {
        return dependency + " (" + key + " is critical too, and was not deployed)";
      }
    }
  }
  return {};
}

Standing standing_of(const State& state, const DeploymentState& d, const Decision& decision,
                     const config::Limits& limits, const std::string& dependency, Time now) {
  const Mode mode = d.irreversible ? strictest(decision.mode, Mode::confirm) : decision.mode;
  if (const HoldState* hold = state.hold(d.service); hold && mode != Mode::observe)
    return {"held", "held by " + hold->by + ": " + hold->reason, false, false};
  if (d.rollout && !is_live(d) && d.config) return {}; // the service was not touched: only what the plan did is undone
  if (mode == Mode::observe) return {"observed", why_observed(d, decision, now), false, false};
  const ServiceState* service = state.service(d.service);
  if (!d.config) return {"blocked", "its frozen configuration cannot be read", true, false};
  if (service && !service->locked_by.empty())
    return {"blocked", "the service is LOCKED: " + service->locked_why, false, false};
  if (d.previous.empty()) return {"blocked", "there is no version to go back to", true, false};
  if (service && service->quarantine.contains(d.previous)) {
    return {"blocked", d.previous + " is quarantined itself: going back to it would go in circles", true, true};
  }
  if (service && rollbacks_within(*service, limits.rollbacks.window, now) >= limits.rollbacks.count) {
    return {"blocked",
            "this service was rolled back " +
                (limits.rollbacks.count == 1 ? "once" : std::to_string(limits.rollbacks.count) + " times") +
                " within " + config::show_duration(limits.rollbacks.window) + " (limits.rollbacks)",
            true, true};
  }
  if (!dependency.empty()) return {"blocked", "it points to a shared dependency: " + dependency, true, false};
  if (mode == Mode::confirm && d.declined)
    return {"declined", "a person said no, or nobody answered in time", false, false};
  if (mode == Mode::confirm) return {"awaiting_confirmation", "a person must confirm it", false, false};
  const auto running = static_cast<int>(state.in_phase(Phase::rolling_back).size());
  if (running >= limits.concurrent_rollbacks) {
    return {"waiting",
            std::to_string(running) + " rollback under way, limits.concurrent_rollbacks is " +
                std::to_string(limits.concurrent_rollbacks),
            false, false};
  }
  return {};
}

std::string open_incident(Ledger& ledger, const DeploymentState& d, const std::string& severity,
                          const std::string& title, Time now, const std::string& actor) {
  const State& state = ledger.state();
  if (const auto it = state.incidents.find(d.incident); it != state.incidents.end() && it->second.open()) {
    if (severity == "critical" && it->second.severity != "critical") {
      ledger.add(IncidentEscalated{d.incident, severity, title}, now, actor);
    }
    return d.incident;
  }
  const std::string id = "I" + std::to_string(state.next_incident);
  ledger.add(IncidentOpened{id, d.service, d.id, severity, title}, now, actor);
  return id;
}

void start_rollback(Ledger& ledger, const DeploymentState& d, const std::string& cause, Time now,
                    const std::string& actor, bool quarantines) {
  const std::string title = d.service + " " + d.version + ": " + cause;
  const bool untouched = d.rollout && !is_live(d);
  const bool grave = quarantines && !untouched;
  const std::string incident = open_incident(ledger, d, grave ? "critical" : "alert", title, now, actor);
  const std::string rollback = "D" + std::to_string(ledger.state().next_deployment);
  if (grave) ledger.add(VersionQuarantined{d.service, d.version, d.id, cause}, now, actor);
  ledger.add(RollbackStarted{d.id, rollback, incident, d.version, d.previous, cause, undo_of(d), untouched}, now,
             actor);
}

void end_deployment(Ledger& ledger, const DeploymentState& d, Phase outcome, const std::string& why,
                    const config::Daemon& daemon, Time now, const std::string& actor) {
  const std::string id = d.id, incident = d.incident, what = d.service + " " + d.version + ": " + why;
  const std::string event = outcome == Phase::succeeded ? "kept" : std::string(name_of(outcome));
  ledger.add(DeploymentEnded{id, std::string(name_of(outcome)), why}, now, actor);
  const auto it = ledger.state().incidents.find(incident);
  const bool open = it != ledger.state().incidents.end() && it->second.open();
  if (open) ledger.add(IncidentResolved{incident, why}, now, actor);
  announce(ledger, {event, open ? "resolved" : "info", what, incident, id}, daemon, {}, now);
}

} // namespace backstop
