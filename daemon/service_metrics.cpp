#include "daemon/service_metrics.hpp"
#include "daemon/config/service_key.hpp"
#include "daemon/gating.hpp"
#include "daemon/incident_care.hpp"
#include "daemon/rollout.hpp"
#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string_view>

namespace backstop {
namespace {

constexpr std::array kPhases{Phase::requested,       Phase::gated,     Phase::deploying,  Phase::watching,
                             Phase::rolling_back,    Phase::succeeded, Phase::undecided,  Phase::rolled_back_verified,
                             Phase::rollback_failed, Phase::aborted,   Phase::superseded, Phase::refused};

double unix_time(Time t) { return to_seconds(t.time_since_epoch()); }

std::optional<double> band_edge(const Row& row, const Band& band) { return row.higher_is_worse ? band.low : band.high; }

/// Rollbacks are no deployments here.
const DeploymentState* newest_of(const State& state, const std::string& key) {
  for (auto it = state.deployment_order.rbegin(); it != state.deployment_order.rend(); ++it) {
    const DeploymentState* d = state.deployment(*it);
    if (d && d->service == key && d->rolls_back.empty()) return d;
  }
  return nullptr;
}

/// How many rules are blind: all that may act, while nothing was measured yet.
std::size_t blind_rules(const ServiceWatch& watch) {
  if (watch.last.t == Time{}) {
    const auto may_act = [](const auto& rule) { return rule.mode != Mode::observe; };
    const Table& table = watch.watch.spec().table;
    return static_cast<std::size_t>(std::count_if(table.rows.begin(), table.rows.end(), may_act) +
                                    std::count_if(table.criteria.begin(), table.criteria.end(), may_act));
  }
  return static_cast<std::size_t>(std::count_if(watch.last.verdicts.begin(), watch.last.verdicts.end(), is_blind));
}

bool waits_for_signature(const DeploymentState& d) {
  for (std::size_t i = 0; i < d.rollout->steps.size(); ++i) {
    const bool approve = d.rollout->steps[i].kind == StepPlan::Kind::approve;
    if (approve && d.rollout->progress.steps[i].status == StepProgress::Status::running) return true;
  }
  return false;
}

} // namespace

ServiceMetrics::ServiceMetrics(const App& app, Time now) : state_of_all_(app.state()) {
  for (const std::string& id : state_of_all_.cared_for) {
    const IncidentState& i = state_of_all_.incidents.at(id);
    Incidents& of = incidents_of_[i.service];
    if (i.open()) ++(is_acknowledged(i, now) ? of.acknowledged : of.unacknowledged);
    if (i.review_due != Time{} && i.reviewed == Time{}) of.review_due = std::min(of.review_due, i.review_due);
  }
}

void ServiceMetrics::add(const std::string& key, const ServiceWatch& watch, const DeliveryCounts& counts) {
  deployments_.add({{"service", key}}, static_cast<double>(counts.deployments));
  failed_.add({{"service", key}}, static_cast<double>(counts.failed));
  add_state(key, watch);
  add_deployment(key, newest_of(state_of_all_, key));
  add_pending(key);
  add_sources(key, watch);
  add_readings(key, watch);
}

void ServiceMetrics::add_state(const std::string& key, const ServiceWatch& watch) {
  const ServiceState* service = state_of_all_.service(key);
  info_.add({{"service", key}, {"version", service ? service->version : ""}, {"mode", name_of(watch.config.mode)}}, 1);
  locked_.add({{"service", key}}, service && !service->locked_by.empty() ? 1 : 0);
  held_.add({{"service", key}}, state_of_all_.hold(key) ? 1 : 0);
  blind_.add({{"service", key}}, static_cast<double>(blind_rules(watch)));
  const auto it = incidents_of_.find(key);
  const Incidents incidents = it == incidents_of_.end() ? Incidents{} : it->second;
  incidents_.add({{"service", key}, {"acknowledged", "false"}}, incidents.unacknowledged);
  incidents_.add({{"service", key}, {"acknowledged", "true"}}, incidents.acknowledged);
  if (incidents.review_due != kNever) review_due_.add({{"service", key}}, unix_time(incidents.review_due));
}

void ServiceMetrics::add_deployment(const std::string& key, const DeploymentState* newest) {
  for (const Phase phase : kPhases)
    state_.add(
        {{"service", config::service_in(key)}, {"environment", config::environment_in(key)}, {"state", name_of(phase)}},
        newest && newest->phase == phase ? 1 : 0);
  if (!newest) return;
  const std::pair<const char*, Time> events[] = {
      {"begun", newest->begun},
      {"finished", newest->finished},
      {"rollback_started", newest->rollback ? newest->rollback->started : Time{}},
      {"ended", newest->ended}};
  for (const auto& [event, at] : events)
    if (at != Time{})
      times_.add({{"service", key}, {"deployment", newest->id}, {"version", newest->version}, {"event", event}},
                 unix_time(at));
  for (const FrozenBaseline& b : newest->baselines)
    if (b.usable) baseline_.add({{"service", key}, {"indicator", b.indicator}}, b.value);
  add_plan(key, *newest);
}

void ServiceMetrics::add_plan(const std::string& key, const DeploymentState& d) {
  if (!d.side.empty() && d.traffic.known) traffic_.add({{"service", key}, {"side", d.side}}, d.traffic.share);
  if (!d.rollout || !d.config) return;
  const StepPlan* step = d.phase == Phase::deploying ? step_at_hand(d) : nullptr;
  const std::string at = step ? phase_of_step(d, step->path) : "";
  for (const config::PlanPhase& phase : d.config->plan.phases)
    plan_phase_.add({{"service", key}, {"phase", phase.name}}, phase.name == at ? 1 : 0);
  plan_waits_.add({{"service", key}, {"reason", "paused"}}, step && d.rollout->pause ? 1 : 0);
  plan_waits_.add({{"service", key}, {"reason", "approval"}}, step && waits_for_signature(d) ? 1 : 0);
}

void ServiceMetrics::add_pending(const std::string& key) {
  const DeploymentState* d = state_of_all_.active(key);
  if (!d || !is_judged(d->phase) || d->last_decision != "RollBack") return;
  const auto decision = state_of_all_.decisions.find(d->last_decision_id);
  if (decision == state_of_all_.decisions.end() || decision->second.made.status == "enforced") return;
  pending_.add({{"service", key}, {"status", decision->second.made.status}}, 1);
}

void ServiceMetrics::add_sources(const std::string& key, const ServiceWatch& watch) {
  for (std::size_t i = 0; i < watch.sources.size(); ++i) {
    bool up = true; // a source without a target has one that fails
    for (std::uint32_t place = 0; place < watch.sources[i].size(); ++place)
      up = up && (!watch.places[i].present(place) || watch.sources[i][place].up);
    source_up_.add({{"service", key}, {"source", watch.config.sources[i].name}}, up ? 1 : 0);
  }
}

void ServiceMetrics::add_readings(const std::string& key, const ServiceWatch& watch) {
  std::set<std::string_view> told; // a row may have a name of its own; its limits want a unit too
  const auto tell_unit = [&](const std::string& name, Unit unit) {
    if (told.insert(name).second)
      indicator_info_.add({{"service", key}, {"indicator", name}, {"unit", name_of(unit)}}, 1);
  };
  for (const IndicatorSpec& indicator : watch.watch.spec().indicators) tell_unit(indicator.name, indicator.unit);
  for (const Row& row : watch.watch.spec().table.rows) tell_unit(row.name, row.unit);
  for (const Reading& r : watch.last.readings) {
    if (!r.usable()) continue;
    reading_.add({{"service", key}, {"indicator", watch.watch.spec().indicators[r.indicator].name}}, r.value);
  }
  for (const Verdict& v : watch.last.verdicts) {
    level_.add({{"service", key}, {"indicator", v.rule}}, static_cast<double>(v.level));
    const double held = v.held == Duration{} ? 0 : v.held >= v.needed ? 1 : to_seconds(v.held) / to_seconds(v.needed);
    evidence_.add({{"service", key}, {"rule", v.rule}}, held);
  }
  for (const Row& row : watch.watch.spec().table.rows) {
    for (const auto& [band, name] : {std::pair{&row.alert, "alert"}, std::pair{&row.critical, "critical"}}) {
      if (const auto edge = band_edge(row, *band))
        threshold_.add({{"service", key}, {"indicator", row.name}, {"band", name}}, *edge);
    }
  }
}

std::string ServiceMetrics::text() const {
  std::string text;
  for (const FamilyText* family :
       {&info_,     &state_,     &times_, &plan_phase_, &plan_waits_, &traffic_,        &pending_,
        &locked_,   &held_,      &blind_, &incidents_,  &review_due_, &indicator_info_, &reading_,
        &baseline_, &threshold_, &level_, &evidence_,   &source_up_,  &deployments_,    &failed_})
    text += family->text();
  return text;
}

} // namespace backstop
