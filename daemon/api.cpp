#include "daemon/api.hpp"
#include "daemon/api_commands.hpp"
#include "daemon/past_views.hpp"
#include "daemon/views.hpp"
#include "daemon/words.hpp"
#include <algorithm>
#include <charconv>
#include <utility>

namespace backstop {
namespace {

int status_of(const std::string& reason) {
  if (reason == "not_found") return 404;
  if (reason == "invalid") return 400;
  if (reason == "unauthorized") return 403;
  if (reason == "journal") return 503;
  return 409;
}

ApiReply no_such(const std::string& what, const std::string& how) {
  return api_error(404, "not_found", what, "does not exist", how);
}

/// "checkout" → "checkout/production" where that is the only one; empty and an error otherwise.
std::string service_key(const App& app, const std::string& name, ApiReply& error) {
  std::string found, all;
  for (const auto& [key, watch] : app.watches()) {
    all += (all.empty() ? "" : ", ") + key;
    if (key == name) return key;
    if (watch->config.service != name) continue;
    if (!found.empty()) {
      error = api_error(400, "invalid", "service '" + name + "'", "is ambiguous: " + found + " and " + key,
                        "name it as SERVICE/ENVIRONMENT");
      return {};
    }
    found = key;
  }
  if (found.empty())
    error = no_such("service '" + name + "'", all.empty() ? "no service is configured" : "configured are: " + all);
  return found;
}

/// What whoever has a role may do without being an operator.
bool signs(const std::string& path) {
  const std::vector<std::string> parts = segments_of(path);
  return parts.size() == 4 && parts[1] == "deployments" && (parts[3] == "approve" || parts[3] == "revoke");
}

/// What helps against a refusal that came after `deploy begin` had been taken.
std::string how_to_begin(const std::string& code) {
  if (code == "traffic")
    return "move it there, or say where it is: `backstopctl adopt SERVICE VERSION --side SIDE --reason …`; then begin "
           "again";
  if (code == "conflict") return "`backstopctl status` tells how it stands; then begin again";
  if (code == "not_found") return "put its file back, then `backstopctl reload`";
  return "mend the rollback's preflight, or begin with --irreversible";
}

/// The number of that name in the query, where it is there.
ApiReply number_of(const ApiRequest& request, const char* name, std::int64_t& number) {
  const auto q = request.query.find(name);
  if (q == request.query.end()) return {};
  const char* end = q->second.data() + q->second.size();
  const auto [at, error] = std::from_chars(q->second.data(), end, number);
  if (error == std::errc{} && at == end && number >= 0) return {};
  return api_error(400, "invalid", q->first + " '" + q->second + "'", "is no number", "take it from the page before");
}

} // namespace

ApiReply api_error(int status, const std::string& code, const std::string& what, const std::string& why,
                   const std::string& how) {
  ApiReply reply;
  reply.status = status;
  reply.body.set("error", Json::object().set("code", code).set("what", what).set("why", why).set("how", how));
  return reply;
}

Api::Api(App& app, std::function<std::vector<std::string>()> reload) : app_(app), reload_(std::move(reload)) {}

void Api::handle(const ApiRequest& request, Time now, Answer answer) {
  if (!request.caller.may_see) {
    const config::Control& c = app_.config().daemon.control;
    return answer(api_error(403, "unauthorized", request.caller.name, "may not see this daemon",
                            "join group " + c.observers + " (see) or " + c.operators + " (act)"));
  }
  if (request.method == "GET") return answer(see(request, now));
  if (request.method != "POST")
    return answer(api_error(405, "invalid", "method " + request.method, "is not served here", "use GET or POST"));
  if (!request.caller.may_act && !(signs(request.path) && !request.caller.roles.empty())) {
    const std::string& way = request.caller.to_act;
    return answer(api_error(403, "unauthorized", request.caller.name, "may not act",
                            way.empty() ? "join group " + app_.config().daemon.control.operators : way));
  }
  if (const auto path = segments_of(request.path);
      path.size() == 4 && path[0] == "v1" && path[1] == "channels" && path[3] == "test")
    return test_channel(path[2], request, now, std::move(answer));
  std::string wait_for;
  const ApiReply reply = act(request, now, wait_for);
  if (wait_for.empty()) return answer(reply);
  waiting_.push_back({wait_for, std::move(answer)});
  poll();
}

void Api::test_channel(const std::string& channel, const ApiRequest& request, Time now, Answer answer) {
  const Result<Json> body = request.body.empty() ? Result<Json>(Json::object()) : Json::parse(request.body);
  if (!body || !body->as_object() || !body->as_object()->empty())
    return answer(api_error(400, "invalid", "the body", "is not empty", "a test of a channel takes no fields"));
  app_.test_channel(channel, request.caller.name, now, [answer = std::move(answer)](const Reply& reply) {
    if (!reply.ok) return answer(api_error(status_of(reply.reason), reply.reason, reply.what, reply.why, reply.how));
    answer({200, reply.details});
  });
}

void Api::poll() {
  for (std::size_t i = 0; i < waiting_.size();) {
    if (!ready(waiting_[i].id)) {
      ++i;
      continue;
    }
    const Waiting over = std::move(waiting_[i]);
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    if (const Json& game_day = app_.game_day(over.id); !game_day.is_null())
      over.answer({200, Json::object().set("id", over.id).set("game_day", game_day)});
    else
      over.answer(begun(over.id));
  }
}

bool Api::ready(const std::string& id) const {
  if (id.starts_with("G")) return !app_.game_day(id).is_null();
  const DeploymentState* d = app_.state().deployment(id);
  return !d || d->phase != Phase::gated;
}

ApiReply Api::begun(const std::string& id) const {
  const DeploymentState* d = app_.state().deployment(id);
  if (d && d->phase == Phase::requested) {
    ApiReply reply = api_error(409, "gate", "deployment " + id, "missing: " + join(d->gates->missing, "; "),
                               "give what is missing (backstopctl checklist " + id + "), then begin again");
    Json list = Json::array();
    for (const std::string& m : d->gates->missing) list.push(m);
    reply.body.set("missing", std::move(list));
    return reply;
  }
  if (!d || d->phase == Phase::refused) {
    const std::string code = d && !d->refused_as.empty() ? d->refused_as : "no_target";
    return api_error(409, code, "deployment " + id, d ? d->outcome_why : "is gone", how_to_begin(code));
  }
  ApiReply reply;
  reply.body.set("id", id).set("deployment", deployment_view(app_.state(), *d, false));
  return reply;
}

ApiReply Api::see(const ApiRequest& request, Time now) const {
  const std::vector<std::string> path = segments_of(request.path);
  const State& state = app_.state();
  ApiReply reply;
  if (path.size() < 2 || path[0] != "v1")
    return no_such(request.path, "routes begin with /v1/; see docs/control-api.md");
  if (path[1] == "status" && path.size() == 2) {
    std::string key;
    if (const auto q = request.query.find("service"); q != request.query.end() && !q->second.empty()) {
      key = service_key(app_, q->second, reply);
      if (key.empty()) return reply;
    }
    reply.body = status_view(app_, key, now);
    return reply;
  }
  if (path[1] == "deployments" && path.size() == 2) {
    Json list = Json::array();
    for (auto it = state.deployment_order.rbegin(); it != state.deployment_order.rend(); ++it) {
      if (const DeploymentState* d = state.deployment(*it)) list.push(deployment_view(state, *d, false));
    }
    reply.body.set("deployments", std::move(list));
    return reply;
  }
  if (path[1] == "deployments") return see_deployment(request, path, now);
  if (path[1] == "records" && path.size() == 3) return see_told(request, path[2]);
  if (path[1] == "incidents" && path.size() == 2) {
    Json list = Json::array();
    for (auto it = state.incident_order.rbegin(); it != state.incident_order.rend(); ++it) {
      list.push(incident_view(state, state.incidents.at(*it), false));
    }
    reply.body.set("incidents", std::move(list));
    return reply;
  }
  if (path[1] == "incidents" && path.size() == 3) {
    const auto it = state.incidents.find(path[2]);
    if (it == state.incidents.end())
      return no_such("incident '" + path[2] + "'", "`backstopctl incident list` shows the ids");
    reply.body.set("incident", incident_view(state, it->second, true));
    return reply;
  }
  if (path[1] == "explain" && path.size() == 3) {
    reply.body = explain_view(state, path[2]);
    if (reply.body.is_null())
      return no_such("'" + path[2] + "'", "give the id of a deployment (D1), an incident (I1) or a decision (E1)");
    return reply;
  }
  if (path[1] == "me" && path.size() == 2) {
    Json roles = Json::array();
    for (const std::string& role : request.caller.roles) roles.push(role);
    reply.body.set("name", request.caller.name).set("may_act", request.caller.may_act).set("roles", std::move(roles));
    return reply;
  }
  if (path[1] == "readings" && (path.size() == 3 || path.size() == 4)) return see_readings(request, path, now);
  if (path[1] == "quarantine" && path.size() == 2) {
    reply.body.set("quarantine", quarantine_view(state));
    return reply;
  }
  return no_such(request.path, "see docs/control-api.md for the routes");
}

ApiReply Api::see_deployment(const ApiRequest& request, const std::vector<std::string>& path, Time now) const {
  const State& state = app_.state();
  const std::string what = path.size() == 4 ? path[3] : "";
  if (what == "samples" || what == "records") return see_past(request, path[2], what == "samples");
  if (path.size() > 3 && what != "checklist") return no_such(request.path, "see docs/control-api.md for the routes");
  const DeploymentState* d = state.deployment(path[2]);
  if (!d) return no_such("deployment '" + path[2] + "'", "`backstopctl deploy list` shows the ids");
  const auto found = app_.watches().find(d->service);
  const ServiceWatch* watch = found == app_.watches().end() ? nullptr : found->second.get();
  ApiReply reply;
  if (what == "checklist") {
    reply.body.set("checklist", d->gates ? checklist_view(*d, watch, now, app_.wall_clock) : Json());
    return reply;
  }
  reply.body.set("deployment", deployment_view(state, *d, true));
  reply.body.set("service", service_view(state, watch, d->service, now));
  return reply;
}

ApiReply Api::see_readings(const ApiRequest& request, const std::vector<std::string>& path, Time now) const {
  ApiReply reply;
  const std::string key = service_key(app_, path.size() == 4 ? path[2] + "/" + path[3] : path[2], reply);
  if (key.empty()) return reply;
  std::int64_t from = 0;
  if (ApiReply wrong = number_of(request, "from_us", from); wrong.status != 200) return wrong;
  reply.body = readings_view(app_.state(), *app_.watches().at(key), time_from_us(from), now);
  return reply;
}

/// What a deployment can be replayed from, page by page.
ApiReply Api::see_past(const ApiRequest& request, const std::string& id, bool samples) const {
  const DeploymentState* d = app_.state().deployment(id);
  if (!d) return no_such("deployment '" + id + "'", "`backstopctl deploy list` shows the ids");
  const std::string what = (samples ? "the samples of " : "the records of ") + id;
  if (!d->rolls_back.empty())
    return api_error(409, "conflict", what, "it is the rollback of " + d->rolls_back, "ask for " + d->rolls_back);
  if (d->begun == Time{})
    return api_error(409, "conflict", what, "it was never begun", "`backstopctl deploy show " + id + "` tells why");
  std::int64_t from = 0;
  if (ApiReply wrong = number_of(request, samples ? "from_us" : "after", from); wrong.status != 200) return wrong;
  const Result<Json> page = samples ? samples_page(app_.flight(), *d, time_from_us(from))
                                    : records_page(app_.journal(), *d, static_cast<std::uint64_t>(from));
  if (!page)
    return api_error(503, samples ? "recorder" : "journal", what, "cannot be read: " + page.error().what,
                     "mend the file that it names");
  if (samples && from == 0 && (*page)["scrapes"].as_array()->empty())
    return api_error(404, "not_found", what, "are not there: nothing was recorded, or it is too old",
                     "recorder.keep and recorder.max_size in backstop.yaml say how long they stay");
  ApiReply reply;
  reply.body = *page;
  return reply;
}

/// What a report is made of, page by page.
ApiReply Api::see_told(const ApiRequest& request, const std::string& id) const {
  std::string incident;
  const DeploymentState* d = told_deployment(app_.state(), id, incident);
  if (!d)
    return no_such("'" + id + "'", "give the id of a deployment (D1) or an incident (I1), as `backstopctl deploy list` "
                                   "and `incident list` show them");
  std::int64_t after = 0;
  if (ApiReply wrong = number_of(request, "after", after); wrong.status != 200) return wrong;
  Result<Json> page = told_page(app_.journal(), app_.state(), *d, static_cast<std::uint64_t>(after));
  if (!page)
    return api_error(503, "journal", "the records of " + id, "cannot be read: " + page.error().what,
                     "mend the file that it names");
  ApiReply reply;
  reply.body = *std::move(page);
  reply.body.set("deployment", d->id).set("incident", incident.empty() ? Json() : Json(incident));
  return reply;
}

ApiReply Api::act(const ApiRequest& request, Time now, std::string& wait_for) {
  if (request.path == "/v1/reload") {
    const std::vector<std::string> faults = reload_();
    ApiReply reply;
    if (faults.empty()) {
      reply.body.set("config_hash", app_.config().hash);
      return reply;
    }
    reply =
        api_error(422, "config", "the configuration", "has faults; the old one stays in force", "mend them and reload");
    Json list = Json::array();
    for (const std::string& f : faults) list.push(f);
    reply.body.set("faults", std::move(list));
    return reply;
  }
  Result<Json> body = request.body.empty() ? Result<Json>(Json::object()) : Json::parse(request.body);
  if (!body) return api_error(400, "invalid", "the body", "is not JSON: " + body.error().what, "send one JSON object");
  Result<Command> command = command_of(request.path, *body);
  if (!command && command.error().code == Errc::not_found)
    return no_such(request.path, "see docs/control-api.md for the routes");
  if (!command) return api_error(400, "invalid", "the request", command.error().what, "see docs/control-api.md");
  const bool begins =
      std::holds_alternative<BeginDeployment>(*command) || std::holds_alternative<HoldGameDay>(*command);
  if (auto* approve = std::get_if<Approve>(&*command)) approve->held = request.caller.roles;
  if (auto* revoke = std::get_if<Revoke>(&*command)) revoke->held = request.caller.roles;
  const Reply done = app_.on_command(*command, request.caller.name, now);
  if (!done.ok) {
    ApiReply refused = api_error(status_of(done.reason), done.reason, done.what, done.why, done.how);
    if (!done.details["missing"].is_null()) refused.body.set("missing", done.details["missing"]);
    return refused;
  }
  if (begins) {
    wait_for = done.id;
    return {};
  }
  ApiReply reply;
  reply.body = done.details;
  reply.body.set("ok", true).set("id", done.id);
  return reply;
}

} // namespace backstop
