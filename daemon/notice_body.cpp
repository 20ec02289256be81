#include "daemon/notice_body.hpp"
#include "daemon/config/service_key.hpp"
#include "daemon/views.hpp"
#include <optional>

namespace backstop {
namespace {

constexpr std::size_t kMostNumbers = 10;

struct Doing {
  std::string did, todo;
};

/// What the daemon did, and what a person must do. The event without what tells several of one kind apart.
std::optional<Doing> of_rollback(const std::string& event, const DeploymentState& d, Time review_due) {
  const std::string versions = d.version + " to " + d.previous;
  if (event == "rollback_started") return Doing{"is rolling back " + versions, "nothing yet: how it ends is told"};
  if (event == "rolled_back") {
    const Json due = wall(review_due);
    return Doing{"rolled back " + versions + " and verified it; " + d.version + " is quarantined",
                 "review the incident" + (due.as_string() ? " by " + *due.as_string() : "")};
  }
  if (event == "rollback_failed")
    return Doing{"stopped in the rollback of " + versions + "; the service is LOCKED",
                 "mend it by hand, then backstopctl unlock " + d.service + "; backstopctl explain " + d.id +
                     " says more"};
  return std::nullopt;
}

Doing doing_of(const std::string& event, const DeploymentState& d, const State& state, Time review_due) {
  if (auto doing = of_rollback(event, d, review_due)) return *doing;
  const std::string decide = "look at it, then backstopctl rollback " + d.service + " or accept " + d.service;
  if (event == "decision") {
    const auto made = state.decisions.find(d.last_decision_id);
    const std::string because = made == state.decisions.end() ? "" : made->second.made.because;
    const std::string did = "did not roll back" + (because.empty() ? "" : ": " + because);
    if (d.confirmation) return {did, "backstopctl confirm " + d.id + " or decline " + d.id};
    return {did, decide};
  }
  if (event == "undecided" || event == "confirmation_timed_out") return {"nothing", decide};
  if (event == "kept") return {"keeps " + d.version, "nothing"};
  if (event == "gone") return {"nothing", "nothing, or look why it came and went"};
  if (event == "refused") return {"did not begin the deployment", "mend what it says, then begin it again"};
  if (event == "escalated" || event == "repeat")
    return {"waits for somebody to take it",
            "backstopctl ack " + d.incident + ", then look: backstopctl explain " + d.id};
  if (event.starts_with("review_"))
    return {"nothing more", "backstopctl incident review " + d.incident + " --root-cause … --prevention …"};
  if (event == "deployed") return {"watches " + d.version, "nothing"};
  return {};
}

/// What was measured when the daemon last decided about the deployment: that which was not well alone.
Json numbers_of(const State& state, const DeploymentState& d) {
  Json numbers = Json::array();
  const auto made = state.decisions.find(d.last_decision_id);
  if (made == state.decisions.end()) return numbers;
  for (const Evidence& e : made->second.made.evidence) {
    if (e.level != "critical" && e.level != "alert") continue;
    if (numbers.as_array()->size() == kMostNumbers) break;
    numbers.push(Json::object()
                     .set("rule", e.rule)
                     .set("level", e.level)
                     .set("value", e.value ? Json(*e.value) : Json())
                     .set("limit", e.limit)
                     .set("baseline", e.baseline ? Json(*e.baseline) : Json())
                     .set("requests", e.requests)
                     .set("window_s", to_seconds(e.window))
                     .set("text", e.why));
  }
  return numbers;
}

void add_incident(Json& body, const IncidentState& i) {
  body.set("incident_severity", i.severity).set("incident_began_as", i.began_as);
  body.set("opened", wall(i.opened)).set("opened_us", to_us(i.opened)).set("resolved", wall(i.resolved));
  if (i.acknowledged_by.empty()) return;
  body.set("acknowledged_by", i.acknowledged_by).set("comment", i.comment);
}

} // namespace

Json notice_body(const State& state, const Announcement& a, Time now) {
  Json body = Json::object();
  body.set("event", a.event).set("deployment", a.deployment).set("incident", a.incident).set("at", wall(now));
  const auto incident = state.incidents.find(a.incident);
  if (const DeploymentState* d = state.deployment(a.deployment)) {
    body.set("service", d->service).set("environment", std::string(config::environment_in(d->service)));
    body.set("version", d->version).set("previous_version", d->previous);
    body.set("phase", name_of(d->phase)).set("why", d->outcome_why).set("cause", d->rollback ? d->rollback->cause : "");
    const Time due = incident == state.incidents.end() ? Time{} : incident->second.review_due;
    const Doing doing = doing_of(a.event.substr(0, a.event.find('.')), *d, state, due);
    body.set("did", doing.did).set("todo", doing.todo).set("numbers", numbers_of(state, *d));
  }
  if (incident != state.incidents.end()) add_incident(body, incident->second);
  return body;
}

} // namespace backstop
