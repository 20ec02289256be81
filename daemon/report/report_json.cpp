#include "daemon/report/report.hpp"
#include "daemon/views.hpp"

namespace backstop::report {
namespace {

Json number_or_null(const std::optional<double>& v) { return v ? Json(*v) : Json(); }
Json seconds_or_null(const std::optional<Duration>& d) { return d ? Json(to_seconds(*d)) : Json(); }
Json strings(const std::vector<std::string>& words) {
  Json list = Json::array();
  for (const std::string& w : words) list.push(w);
  return list;
}
template <class T, class F> Json listed(const std::vector<T>& things, F&& one) {
  Json list = Json::array();
  for (const T& thing : things) list.push(one(thing));
  return list;
}

const char* name_of(Moment::Tone tone) {
  return tone == Moment::Tone::good ? "good" : tone == Moment::Tone::bad ? "bad" : "plain";
}

Json band_json(const Band& b) {
  return Json::object()
      .set("low", number_or_null(b.low))
      .set("high", number_or_null(b.high))
      .set("low_inclusive", b.low_inclusive)
      .set("high_inclusive", b.high_inclusive);
}

Json course_json(const Course& c) {
  Json json = Json::object();
  json.set("indicator", c.indicator).set("unit", backstop::name_of(c.unit)).set("window_s", to_seconds(c.window));
  json.set("higher_is_worse", c.higher_is_worse).set("baseline", number_or_null(c.baseline));
  json.set("bands", c.row ? Json::object()
                                .set("normal", band_json(c.row->normal))
                                .set("alert", band_json(c.row->alert))
                                .set("critical", band_json(c.row->critical))
                          : Json());
  json.set("limits", listed(c.limits, [](const LimitLine& l) {
             return Json::object().set("rule", l.rule).set("limit", l.text).set("value", l.value);
           }));
  return json.set("readings", listed(c.points, [](const Point& p) {
                    return Json::array().push(wall(p.at)).push(number_or_null(p.value));
                  }));
}

Json suspect_json(const Suspect& s) {
  return Json::object()
      .set("name", s.name)
      .set("onset", wall(s.onset))
      .set("from", s.from_records ? "records" : "readings")
      .set("unit", backstop::name_of(s.unit))
      .set("low_before", number_or_null(s.low_before))
      .set("high_before", number_or_null(s.high_before))
      .set("worst", number_or_null(s.worst))
      .set("level", s.level.empty() ? "normal" : s.level)
      .set("decided", s.decided)
      .set("said", s.said);
}

Json step_json(const StepStory& s) {
  return Json::object()
      .set("procedure", s.procedure)
      .set("path", s.path)
      .set("name", s.name)
      .set("purpose", s.purpose)
      .set("attempt", s.attempt)
      .set("command", strings(s.argv))
      .set("began", wall(s.began))
      .set("ended", wall(s.ended))
      .set("took_s", to_seconds(s.took))
      .set("good", s.good)
      .set("how", s.how)
      .set("output", s.output)
      .set("output_cut", s.output_cut);
}

Json incident_json(const IncidentStory& i) {
  return Json::object()
      .set("id", i.id)
      .set("severity", i.severity)
      .set("title", i.title)
      .set("opened", wall(i.opened))
      .set("resolved", wall(i.resolved))
      .set("how_resolved", i.how_resolved)
      .set("acknowledged_by", i.acknowledged_by)
      .set("acknowledged", wall(i.acknowledged))
      .set("comment", i.comment)
      .set("review_due", wall(i.review_due))
      .set("reviewed", wall(i.reviewed))
      .set("reviewed_by", i.reviewed_by)
      .set("root_cause", i.root_cause)
      .set("prevention", i.prevention);
}

Json notice_json(const NoticeStory& n) {
  return Json::object()
      .set("channel", n.channel)
      .set("severity", n.severity)
      .set("title", n.title)
      .set("queued", wall(n.queued))
      .set("ended", wall(n.ended))
      .set("delivered", n.delivered)
      .set("attempts", n.attempts)
      .set("error", n.error);
}

Json decision_json(const DecisionState& d) {
  return Json::object()
      .set("id", d.made.id)
      .set("at", wall(d.at))
      .set("decision", d.made.decision)
      .set("status", d.made.status)
      .set("because", d.made.because)
      .set("why", d.made.why)
      .set("rules", strings(d.made.rules))
      .set("evidence", listed(d.made.evidence, evidence_view));
}

Json figures_json(const Figures& f) {
  return Json::object()
      .set("first_sign", wall(f.first_sign))
      .set("to_decide_s", seconds_or_null(f.to_decide))
      .set("to_begin_s", seconds_or_null(f.to_begin))
      .set("to_restore_s", seconds_or_null(f.to_restore))
      .set("to_verify_s", seconds_or_null(f.to_verify))
      .set("sign_to_end_s", seconds_or_null(f.sign_to_end))
      .set("exposed_s", seconds_or_null(f.exposed))
      .set("to_tell_s", seconds_or_null(f.to_tell))
      .set("to_acknowledge_s", seconds_or_null(f.to_acknowledge))
      .set("notices", static_cast<std::int64_t>(f.notices))
      .set("delivered", static_cast<std::int64_t>(f.delivered))
      .set("lost", static_cast<std::int64_t>(f.lost))
      .set("commands", static_cast<std::int64_t>(f.commands))
      .set("repeated", static_cast<std::int64_t>(f.repeated))
      .set("failed", static_cast<std::int64_t>(f.failed));
}

Json deployment_json(const Story& s) {
  return Json::object()
      .set("id", s.deployment)
      .set("service", s.service)
      .set("version", s.version)
      .set("previous", s.previous)
      .set("type", s.kind)
      .set("mode", s.mode)
      .set("components", strings(s.components))
      .set("irreversible", s.irreversible)
      .set("began_by", s.began_by)
      .set("requested", wall(s.requested))
      .set("begun", wall(s.begun))
      .set("finished", wall(s.finished))
      .set("restored", wall(s.restored()))
      .set("ended", wall(s.ended))
      .set("outcome", s.outcome.empty() ? Json() : Json(s.outcome))
      .set("why", s.outcome_why)
      .set("verified_good", wall(s.verified_good))
      .set("quarantined", wall(s.quarantined))
      .set("config_hash", s.config_hash);
}

} // namespace

Json json_of(const Report& r) {
  const Story& s = r.story;
  Json json = Json::object();
  json.set("report", r.incident.empty() ? "deployment_log" : "incident_review").set("schema", 1);
  json.set("headline", headline_of(r)).set("incident", r.incident.empty() ? Json() : Json(r.incident));
  json.set("deployment", deployment_json(s)).set("incidents", listed(s.incidents, incident_json));
  json.set("figures", figures_json(r.figures));
  json.set("requests", listed(r.courses.requests, [](const Requests& q) {
             return Json::object().set("indicator", q.indicator).set("all", q.all).set("bad", q.bad);
           }));
  json.set("suspects", listed(r.suspects, suspect_json));
  json.set("decisions", listed(s.decisions, decision_json));
  json.set("timeline", listed(s.timeline, [](const Moment& m) {
             return Json::object()
                 .set("at", wall(m.at))
                 .set("who", m.actor.empty() ? "backstopd" : m.actor)
                 .set("what", m.text)
                 .set("tone", name_of(m.tone));
           }));
  json.set("steps", listed(s.steps, step_json)).set("notices", listed(s.notices, notice_json));
  json.set("acts", listed(s.acts, [](const ActStory& a) {
             return Json::object().set("at", wall(a.at)).set("who", a.who).set("what", a.did);
           }));
  json.set("went_well", strings(r.judgement.well)).set("went_badly", strings(r.judgement.badly));
  json.set("records", Json::object()
                          .set("count", s.records)
                          .set("first", s.first_record)
                          .set("last", s.last_record)
                          .set("last_time", wall(s.last_time)));
  json.set("samples", Json::object()
                          .set("scrapes", static_cast<std::int64_t>(r.courses.scrapes))
                          .set("failed", static_cast<std::int64_t>(r.courses.failed))
                          .set("first", wall(r.courses.first))
                          .set("last", wall(r.courses.last))
                          .set("missing", r.courses.missing.empty() ? Json() : Json(r.courses.missing)));
  return json.set("indicators", listed(r.courses.courses, course_json));
}

} // namespace backstop::report
