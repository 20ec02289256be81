#include "daemon/views.hpp"
#include "daemon/deadman.hpp"
#include "daemon/deciding.hpp"
#include "daemon/learning.hpp"
#include "daemon/queries_view.hpp"
#include "daemon/rollout.hpp"
#include <algorithm>
#include <chrono>
#include <fmt/format.h>

namespace backstop {
namespace {

Json optional_number(const std::optional<double>& v) { return v ? Json(*v) : Json(); }
Json seconds(Duration d) { return Json(to_seconds(d)); }

Json strings(const std::vector<std::string>& words) {
  Json array = Json::array();
  for (const std::string& w : words) array.push(w);
  return array;
}

Json timeline_view(const std::vector<TimelineEntry>& timeline) {
  Json array = Json::array();
  for (const TimelineEntry& e : timeline) {
    array.push(Json::object().set("at", wall(e.at)).set("type", e.type).set("actor", e.actor).set("text", e.text));
  }
  return array;
}

Json baselines_view(const std::vector<FrozenBaseline>& baselines) {
  Json array = Json::array();
  for (const FrozenBaseline& b : baselines) {
    array.push(Json::object()
                   .set("indicator", b.indicator)
                   .set("usable", b.usable)
                   .set("value", b.usable ? Json(b.value) : Json())
                   .set("readings", b.readings)
                   .set("covers_s", seconds(b.covers))
                   .set("why", b.why));
  }
  return array;
}

Json steps_view(const DeploymentState& d) {
  Json array = Json::array();
  if (!d.rollback) return array;
  for (std::size_t i = 0; i < d.plan.size() && i < d.rollback->progress.steps.size(); ++i) {
    const StepProgress& step = d.rollback->progress.steps[i];
    const bool ended = step.ended != Time{} && step.ended >= step.started;
    array.push(Json::object()
                   .set("path", d.plan[i].path)
                   .set("name", d.plan[i].name)
                   .set("status", name_of(step.status))
                   .set("attempt", step.attempt)
                   .set("started", wall(step.started))
                   .set("took_s", ended ? seconds(step.ended - step.started) : Json())
                   .set("why", step.why)
                   .set("output", step.output));
  }
  return array;
}

/// Path of the step at which the rollback of a deployment ended; "" where there is none.
std::string failed_step(const DeploymentState* d) {
  if (!d || !d->rollback) return "";
  for (std::size_t i = 0; i < d->plan.size() && i < d->rollback->progress.steps.size(); ++i) {
    if (d->rollback->progress.steps[i].status == StepProgress::Status::failed) return d->plan[i].path;
  }
  return "";
}

/// Evidence with the unit of its indicator, which the frozen configuration knows.
Json with_unit(const Evidence& e, const DeploymentState* d) {
  Json json = evidence_view(e);
  if (!d || !d->config) return json;
  for (const config::Indicator& indicator : d->config->indicators) {
    if (indicator.name == e.indicator) json.set("unit", name_of(config::unit_of(indicator)));
  }
  return json;
}

Json verdict_view(const Verdict& v, const Watch& watch) {
  Json json = evidence_view(evidence_of(v, watch));
  const std::uint32_t i = v.indicator;
  json.set("reading_level", name_of(v.reading_level)).set("mode", name_of(v.mode)).set("preexisting", v.preexisting);
  json.set("unit", name_of(watch.spec().indicators[i].unit));
  return json;
}

/// Why a target could not be read, beside its name: "connection refused".
std::string without_target(const std::string& why, const std::string& target) {
  const std::string request = "GET " + target + ": ";
  return why.rfind(request, 0) == 0 ? why.substr(request.size()) : why;
}

Json sources_view(const ServiceWatch& watch) {
  Json array = Json::array();
  for (std::size_t i = 0; i < watch.sources.size(); ++i) {
    for (std::uint32_t t = 0; t < watch.sources[i].size(); ++t) {
      if (!watch.places[i].present(t)) continue;
      const SourceHealth& h = watch.sources[i][t];
      Json labels = Json::object();
      for (const auto& [name, value] : watch.places[i].target(t).labels) labels.set(name, value);
      array.push(Json::object()
                     .set("source", watch.config.sources[i].name)
                     .set("target", watch.places[i].name(t))
                     .set("labels", std::move(labels))
                     .set("not_found", watch.not_found[i])
                     .set("up", h.up)
                     .set("last_ok", wall(h.last_ok))
                     .set("took_s", seconds(h.took))
                     .set("scrapes", h.scrapes)
                     .set("failures", h.failures)
                     .set("why", without_target(h.why, watch.places[i].name(t))));
    }
  }
  return array;
}

/// How long a judge waits.
Json times_of(const config::Judge& judge) {
  const bool sequential = judge.kind == config::JudgeKind::sequential;
  return Json::object()
      .set("kind", sequential ? "sequential" : "table")
      .set("warm_up_s", seconds(judge.warm_up))
      .set("sustain_s", sequential ? seconds(judge.sequential.sustain) : Json())
      .set("severe_s", sequential ? seconds(judge.sequential.severe) : Json());
}

/// Of a deployment; null where its frozen configuration cannot be read.
Json judge_view(const DeploymentState& d) {
  if (!d.config) return {};
  Json json = times_of(judge_in_force(*d.config, &d));
  return json.set("learned_from", d.learned_from);
}

/// As the configuration says, and as good deployments of the service justify.
Json judge_view(const State& state, const ServiceWatch& watch) {
  const config::Judge& judge = watch.config.judge;
  Json json = times_of(judge);
  const std::optional<LearnedTimes> learned = learned_by(state, watch);
  return json.set("learned", learned ? Json::object()
                                           .set("warm_up_s", seconds(learned->warm_up))
                                           .set("sustain_s", seconds(learned->sustain))
                                           .set("deployments", static_cast<std::int64_t>(learned->deployments))
                                           .set("used", judge.learn == config::Learn::use)
                                     : Json());
}

} // namespace

Json wall(Time t) {
  if (t == Time{} || t == kNever) return {};
  const std::int64_t us = to_us(t);
  const std::chrono::sys_time<std::chrono::microseconds> point{std::chrono::microseconds(us)};
  const auto day = std::chrono::floor<std::chrono::days>(point);
  const std::chrono::year_month_day date{day};
  const std::int64_t ms = std::chrono::duration_cast<std::chrono::milliseconds>(point - day).count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), ms / 3'600'000,
                     ms / 60'000 % 60, ms / 1000 % 60, ms % 1000);
}

Json evidence_view(const Evidence& e) {
  return Json::object()
      .set("rule", e.rule)
      .set("indicator", e.indicator)
      .set("level", e.level)
      .set("health", e.health)
      .set("value", optional_number(e.value))
      .set("threshold", optional_number(e.threshold))
      .set("limit", e.limit)
      .set("baseline", optional_number(e.baseline))
      .set("held_s", seconds(e.held))
      .set("needed_s", seconds(e.needed))
      .set("evidence", optional_number(e.evidence))
      .set("evidence_needed", e.evidence_needed)
      .set("window_s", seconds(e.window))
      .set("requests", e.requests)
      .set("numerator", e.numerator)
      .set("scrapes", e.scrapes)
      .set("scraped", wall(e.scraped))
      .set("why", e.why);
}

Json deployment_view(const State& state, const DeploymentState& d, bool with_timeline) {
  Json json = Json::object();
  json.set("id", d.id).set("service", d.service).set("version", d.version).set("previous", d.previous);
  json.set("type", d.kind).set("components", strings(d.components)).set("phase", name_of(d.phase));
  json.set("final", is_final(d.phase))
      .set("why", d.outcome_why)
      .set("mode", name_of(mode_in_force(d, Mode::automatic)));
  json.set("irreversible", d.irreversible).set("began_by", d.began_by).set("requested", wall(d.requested));
  json.set("begun", wall(d.begun)).set("finished", wall(d.finished)).set("ended", wall(d.ended));
  const WatchWindow window = window_of(d);
  json.set("good_at", wall(window.good_at())).set("bake_end", wall(window.bake_end()));
  json.set("watched_from", wall(d.watched_from));
  json.set("verified_good", d.verified_good).set("incident", d.incident).set("rolls_back", d.rolls_back);
  json.set("rollback", d.rollback ? d.rollback->rollback : "").set("cause", d.rollback ? d.rollback->cause : "");
  json.set("decision", d.last_decision)
      .set("decision_status", d.last_decision_status)
      .set("decision_id", d.last_decision_id);
  const auto made = state.decisions.find(d.last_decision_id);
  json.set("decision_why", made == state.decisions.end() ? "" : made->second.made.why);
  json.set("confirm_until", d.confirmation ? wall(d.confirmation->until) : Json());
  json.set("config_hash", d.config_hash).set("judge", judge_view(d)).set("baselines", baselines_view(d.baselines));
  Json preexisting = Json::array();
  for (const Evidence& e : d.preexisting) preexisting.push(with_unit(e, &d));
  json.set("preexisting", std::move(preexisting)).set("signals", strings(d.signals)).set("steps", steps_view(d));
  const ServiceState* s = state.service(d.service);
  json.set("locked", s && s->locked_by == d.id);
  json.set("plan", plan_view(d)).set("traffic", traffic_view(d));
  json.set("requested_by", d.gates ? d.gates->opened_by : "");
  json.set("overridden", d.gates && !d.gates->overridden_by.empty()
                             ? Json::object().set("by", d.gates->overridden_by).set("why", d.gates->overridden_why)
                             : Json());
  if (with_timeline) json.set("timeline", timeline_view(d.timeline));
  return json;
}

Json incident_view(const State& state, const IncidentState& i, bool with_timeline) {
  Json json = Json::object();
  json.set("id", i.id).set("service", i.service).set("deployment", i.deployment).set("severity", i.severity);
  json.set("state", i.open() ? (i.acknowledged_by.empty() ? "open" : "acknowledged") : "resolved")
      .set("title", i.title);
  json.set("opened", wall(i.opened)).set("resolved", wall(i.resolved)).set("how_resolved", i.how_resolved);
  json.set("acknowledged_by", i.acknowledged_by).set("acknowledged_at", wall(i.acknowledged_at));
  json.set("acknowledged_until", wall(i.acknowledged_until))
      .set("comment", i.comment)
      .set("review_due", wall(i.review_due));
  json.set("reviewed", wall(i.reviewed))
      .set("reviewed_by", i.reviewed_by)
      .set("root_cause", i.root_cause)
      .set("prevention", i.prevention);
  const DeploymentState* d = state.deployment(i.deployment);
  if (with_timeline && d) json.set("timeline", timeline_view(d->timeline));
  return json;
}

Json service_view(const State& state, const ServiceWatch* watch, const std::string& key, Time now) {
  Json json = Json::object();
  const ServiceState* s = state.service(key);
  json.set("service", key).set("version", s ? s->version : "");
  const bool good = s && s->versions.contains(s->version) && s->versions.at(s->version).good;
  json.set("version_good", good).set("rollback_target", s ? state.rollback_target(key, s->version) : "");
  json.set("locked", s && !s->locked_by.empty()).set("locked_why", s ? s->locked_why : "");
  json.set("locked_by", s ? s->locked_by : "").set("locked_step", s ? failed_step(state.deployment(s->locked_by)) : "");
  const HoldState* hold = state.hold(key);
  json.set("hold", hold ? Json::object()
                              .set("by", hold->by)
                              .set("reason", hold->reason)
                              .set("until", wall(hold->until))
                              .set("all", !state.holds.contains(key))
                        : Json());
  json.set("last_game_day", s && s->game_day ? Json::object()
                                                   .set("at", wall(s->game_day->at))
                                                   .set("by", s->game_day->by)
                                                   .set("works", s->game_day->works)
                                                   .set("why", s->game_day->why)
                                             : Json());
  const DeploymentState* d = state.active(key);
  json.set("deployment", d ? deployment_view(state, *d, false) : Json());
  Json requests = Json::array();
  for (const std::string& id : state.deployment_order) {
    const DeploymentState* waits = state.deployment(id);
    if (!waits || waits->service != key || waits->phase != Phase::requested || !waits->gates) continue;
    requests.push(Json::object()
                      .set("id", id)
                      .set("version", waits->version)
                      .set("by", waits->gates->opened_by)
                      .set("at", wall(waits->requested)));
  }
  json.set("requests", std::move(requests));
  if (!watch) return json;
  json.set("judge", judge_view(state, *watch));
  json.set("mode", name_of(watch->config.mode))
      .set("level", name_of(watch->last.level))
      .set("evaluated", wall(watch->last.t));
  if (d) {
    const WatchWindow window = window_of(*d);
    const bool watching = watched_since(*d) != Time{};
    json.set("armed", watching && now >= window.armed_at());
    json.set("good_in_s", watching ? seconds(std::max(Duration{}, window.good_at() - now)) : Json());
    json.set("bake_left_s", watching ? seconds(std::max(Duration{}, window.bake_end() - now)) : Json());
  }
  if (watch->verification) {
    const Verification& v = *watch->verification;
    const Duration good_so_far = v.good_since == Time{} ? Duration{} : now - v.good_since;
    json.set("verifying", Json::object()
                              .set("good_for_s", seconds(good_so_far))
                              .set("wanted_s", seconds(v.good_for))
                              .set("deadline", wall(v.deadline)));
  }
  Json verdicts = Json::array();
  for (const Verdict& v : watch->last.verdicts) verdicts.push(verdict_view(v, watch->watch));
  json.set("rules", std::move(verdicts));
  Json readings = Json::array();
  for (const Reading& r : watch->last.readings) {
    const IndicatorSpec& spec = watch->watch.spec().indicators[r.indicator];
    readings.push(Json::object()
                      .set("indicator", spec.name)
                      .set("unit", name_of(spec.unit))
                      .set("health", name_of(r.health))
                      .set("value", r.usable() ? Json(r.value) : Json())
                      .set("shown", r.usable() ? show(r.value, spec.unit) : std::string(name_of(r.health)))
                      .set("requests", r.requests)
                      .set("why", r.why));
  }
  json.set("readings", std::move(readings)).set("sources", sources_view(*watch));
  return json;
}

Json quarantine_view(const State& state) {
  Json array = Json::array();
  for (const auto& [key, s] : state.services) {
    for (const auto& [version, why] : s.quarantine) {
      array.push(Json::object().set("service", key).set("version", version).set("why", why));
    }
  }
  return array;
}

Json status_view(const App& app, const std::string& only_service, Time now) {
  const State& state = app.state();
  Json json = Json::object();
  json.set("now", wall(now)).set("acts", app.degraded().empty()).set("degraded", app.degraded());
  json.set("config_hash", app.config().hash)
      .set("config_faults", strings(app.config_faults()))
      .set("records", state.last_record)
      .set("steps_run_as", std::string(app.steps_run_as()))
      .set("steps_unconfined", strings(app.unconfined_steps()))
      .set("shutdown", wall(state.shutdown))
      .set("deadman", app.deadman ? deadman_view(app.deadman->health()) : Json());
  Json services = Json::array();
  for (const auto& [key, watch] : app.watches()) {
    if (only_service.empty() || key == only_service) services.push(service_view(state, watch.get(), key, now));
  }
  json.set("services", std::move(services));
  Json incidents = Json::array();
  for (const auto& [id, incident] : state.incidents) {
    if (incident.needs_care()) incidents.push(incident_view(state, incident, false));
  }
  json.set("incidents", std::move(incidents));
  Json outbox = Json::array();
  for (const auto& [key, entry] : state.outbox) {
    outbox.push(Json::object()
                    .set("key", key)
                    .set("channel", entry.notice.channel)
                    .set("queued", wall(entry.queued))
                    .set("attempts", entry.attempts)
                    .set("next_attempt", wall(entry.next_attempt))
                    .set("error", entry.last_error));
  }
  json.set("undelivered_notices", std::move(outbox))
      .set("dead_letters", static_cast<std::int64_t>(state.dead_letters.size()));
  return json;
}

Json explain_view(const State& state, const std::string& id) {
  std::string deployment = id, decision = id;
  if (const auto i = state.incidents.find(id); i != state.incidents.end()) deployment = i->second.deployment;
  if (const DeploymentState* d = state.deployment(deployment)) {
    if (!d->rolls_back.empty()) deployment = d->rolls_back;
    decision.clear();
    // The decision that acted is the one to explain; else the last one.
    for (const auto& [key, made] : state.decisions) {
      if (made.made.deployment != deployment) continue;
      const bool better = decision.empty() ||
                          (made.made.status == "enforced") >= (state.decisions.at(decision).made.status == "enforced");
      if (better && (decision.empty() || made.at >= state.decisions.at(decision).at || made.made.status == "enforced"))
        decision = key;
    }
  } else if (const auto made = state.decisions.find(id); made != state.decisions.end()) {
    deployment = made->second.made.deployment;
  } else {
    return {};
  }
  Json json = Json::object();
  const DeploymentState* d = state.deployment(deployment);
  if (d) json.set("deployment", deployment_view(state, *d, true)).set("queries", queries_view(*d));
  const auto made = state.decisions.find(decision);
  if (made == state.decisions.end()) return json.set("decision", Json());
  const DecisionMade& m = made->second.made;
  Json evidence = Json::array();
  for (const Evidence& e : m.evidence) evidence.push(with_unit(e, d));
  json.set("decision", Json::object()
                           .set("id", m.id)
                           .set("at", wall(made->second.at))
                           .set("decision", m.decision)
                           .set("status", m.status)
                           .set("rules", strings(m.rules))
                           .set("why", m.why)
                           .set("because", m.because)
                           .set("sample_arrived", wall(m.sample_arrived))
                           .set("evidence", std::move(evidence)));
  return json;
}

std::string status_line(const App& app) {
  if (const std::string why = app.degraded(); !why.empty()) return "OBSERVING ONLY: " + why;
  std::string text =
      "watching " + std::to_string(app.watches().size()) + (app.watches().size() == 1 ? " service" : " services");
  for (const auto& [key, watch] : app.watches()) {
    if (const DeploymentState* d = app.state().active(key))
      text += "; " + d->id + " " + key + " " + d->version + " " + std::string(name_of(d->phase));
  }
  return text;
}

} // namespace backstop
