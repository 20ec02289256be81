#pragma once
#include "daemon/app.hpp"
#include "daemon/json.hpp"
#include <string>

/// What the daemon knows, as the documents of the control API (docs/control-api.md). Read-only.
namespace backstop {

Json deployment_view(const State& state, const DeploymentState& deployment, bool with_timeline);
/// The checklist of a deployment that was requested, as a form; and what is missing before it may begin.
Json checklist_view(const DeploymentState& deployment, const ServiceWatch* watch, Time now, const WallClock& clock);
/// The plan of a deployment, phase by phase, with where it stands; null where it has none.
Json plan_view(const DeploymentState& deployment);
/// Where a deployment sent the traffic; null where nothing moves it.
Json traffic_view(const DeploymentState& deployment);
Json incident_view(const State& state, const IncidentState& incident, bool with_timeline);
Json evidence_view(const Evidence& evidence);
/// Everything of one service: version, deployment, levels, readings, baselines, bake progress, sources, hold, lock.
Json service_view(const State& state, const ServiceWatch* watch, const std::string& key, Time now);
/// The newest readings after `after` as curves: one time axis, and the values of each indicator on it.
Json readings_view(const State& state, const ServiceWatch& watch, Time after, Time now);
/// All services (or the one of that key), incidents, holds, outbox, and whether the daemon acts.
Json status_view(const App& app, const std::string& only_service, Time now);
/// Why: of an incident, a deployment or a decision. Null when `id` is none of them.
Json explain_view(const State& state, const std::string& id);
Json quarantine_view(const State& state);

/// Wall time of a judge time, ISO 8601 UTC with milliseconds: "2026-01-31T10:00:00.123Z". Null for zero and kNever.
Json wall(Time t);

/// What is being done, in one line for the service manager: "watching 3 services; D5 shop/production v2 rolling_back".
std::string status_line(const App& app);

} // namespace backstop
