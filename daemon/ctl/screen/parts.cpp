#include "daemon/ctl/screen/parts.hpp"
#include "daemon/ctl/pages.hpp"
#include <algorithm>
#include <set>
#include <sstream>

namespace backstop::ctl::screen {
namespace {

constexpr std::size_t kTail = 40; ///< lines of a step's output that are kept

Mark mark_named(const std::string& level) {
  return level == "critical" ? Mark::critical : level == "alert" ? Mark::alert : Mark::normal;
}

Mark mark_of(const Json& rule) {
  const std::string health = rule.text("health");
  if (health != "ok") return health == "insufficient" ? Mark::unknown : Mark::blind;
  return mark_named(rule.text("level"));
}

/// The text of a limit has one edge ("< 99%") or two, of which the nearer one is the threshold ("95% - 99%").
bool is_lower_worse(const std::string& limit, const std::string& threshold) {
  if (limit.find(" - ") == std::string::npos && limit.find(" and ") == std::string::npos) return limit.starts_with('<');
  return limit.ends_with(threshold);
}

Indicator indicator_of(const Json& rule) {
  Indicator out;
  out.name = rule.text("rule");
  out.indicator = rule.text("indicator");
  out.mark = mark_of(rule);
  out.reading =
      out.mark == Mark::unknown || out.mark == Mark::blind ? out.mark : mark_named(rule.text("reading_level"));
  out.remark = rule.text("mode") == "observe" ? "observe" : rule.flag("preexisting") ? "pre-existing" : "";
  out.value = value_text(rule);
  out.limit = rule.text("limit");
  double number = 0;
  if (rule["baseline"].as_number(number)) out.baseline = show(number, unit_named(rule.text("unit")));
  if (rule["threshold"].as_number(number)) {
    out.threshold = number;
    out.lower_is_worse = is_lower_worse(out.limit, show(number, unit_named(rule.text("unit"))));
  }
  out.held = held_text(rule);
  if (rule.text("health") != "ok") out.why = rule.text("why").empty() ? rule.text("health") : rule.text("why");
  const bool by_evidence = rule["evidence"].as_number(number);
  const double have = by_evidence ? number : rule.text("reading_level") == "normal" ? 0 : rule.number("held_s");
  const double need = rule.number(by_evidence ? "evidence_needed" : "needed_s");
  out.evidence = need > 0 ? std::clamp(have / need, 0.0, 1.0) : have > 0 ? 1 : 0;
  return out;
}

Step::State state_of(const std::string& status) {
  if (status == "pending") return Step::State::pending;
  if (status == "done") return Step::State::done;
  if (status == "running") return Step::State::running;
  if (status.rfind("failed, continued", 0) == 0) return Step::State::left_out;
  return status.rfind("failed", 0) == 0 ? Step::State::failed : Step::State::waiting;
}

std::vector<std::string> last_lines(const std::string& output) {
  std::vector<std::string> lines;
  std::istringstream in(output);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  if (lines.size() > kTail) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kTail));
  return lines;
}

Trouble trouble_of_standing(const Json& s) {
  const Json& d = s["deployment"];
  const std::string standing = standing_of_rollback(d), status = d.text("decision_status");
  if (standing == "awaiting_confirmation")
    return {true, "ROLL BACK?",
            d.text("decision_why") + "; until " + clock_of(d["confirm_until"]).substr(0, 8) +
                "Z, without an answer nothing is done",
            "c confirm, d decline"};
  const std::size_t colon = status.find(':');
  const std::string because = standing == "held"           ? "it is held"
                              : colon == std::string::npos ? ""
                                                           : status.substr(colon + 1);
  return {true, "NOT rolled back", because + "; critical: " + d.text("decision_why"),
          standing == "waiting" ? "" : "r roll back"};
}

/// Those that are not usable, in one; without a label where all are.
Trouble trouble_of_baselines(const Json& baselines) {
  std::string names, why;
  int n = 0;
  for (const Json& b : list(baselines)) {
    if (b.flag("usable")) continue;
    names += (names.empty() ? "" : ", ") + b.text("indicator");
    why = b.text("why") + "; ";
    ++n;
  }
  if (n == 0) return {};
  return {false, "no baseline for " + names, (n == 1 ? why : "") + "only absolute limits count"};
}

void add_sources(const Json& s, std::vector<Trouble>& out) {
  for (const Json& source : list(s["sources"])) {
    const std::string target = source.text("target");
    const std::string name = "source " + source.text("source") + (target.empty() ? "" : " " + target);
    if (source.integer("scrapes") + source.integer("failures") == 0 || source.flag("up")) continue;
    out.push_back({true, name + " is DOWN",
                   "last read " + (source["last_ok"].is_null() ? "never" : day_and_clock(source["last_ok"])) + ": " +
                       source.text("why")});
  }
}

} // namespace

std::vector<Indicator> indicators_of(const Json& service) {
  std::vector<Indicator> out;
  std::set<std::string> judged;
  for (const Json& rule : list(service["rules"])) {
    out.push_back(indicator_of(rule));
    judged.insert(rule.text("indicator"));
  }
  std::stable_sort(out.begin(), out.end(), [](const Indicator& a, const Indicator& b) {
    const auto rank = [](const Indicator& i) { return i.remark == "observe" ? -1 : static_cast<int>(i.mark); };
    return rank(a) > rank(b);
  });
  for (const Json& reading : list(service["readings"])) {
    if (judged.contains(reading.text("indicator"))) continue;
    Indicator only;
    only.name = only.indicator = reading.text("indicator");
    only.remark = "no rule";
    only.value = reading.text("shown");
    only.why = reading.text("health") == "ok" ? "" : reading.text("why");
    out.push_back(std::move(only));
  }
  return out;
}

std::vector<Step> steps_of(const Json& steps, Time now) {
  std::vector<Step> out;
  for (const Json& s : list(steps)) {
    Step step;
    step.state = state_of(s.text("status"));
    step.path = s.text("path");
    step.name = s.text("name");
    double took = 0;
    std::string time = s["took_s"].as_number(took) ? short_duration(took) : "";
    if (step.state == Step::State::running && time_of(s["started"]) != Time{} && now > time_of(s["started"]))
      time = short_duration(to_seconds(now - time_of(s["started"])));
    step.words = step.state == Step::State::pending ? "" : s.text("status");
    if (!time.empty()) step.words += " " + time;
    if (s.integer("attempt") > 1) step.words += ", attempt " + std::to_string(s.integer("attempt"));
    if (!s.text("why").empty() && step.state != Step::State::done) step.words += ": " + s.text("why");
    step.output = last_lines(s.text("output"));
    out.push_back(std::move(step));
  }
  return out;
}

std::vector<PlanPhase> plan_of(const Json& plan) {
  std::vector<PlanPhase> out;
  for (const Json& phase : list(plan["phases"])) {
    double took = 0;
    out.push_back({state_of(phase.text("status")), phase.text("name"),
                   phase["took_s"].as_number(took) ? short_duration(took) : ""});
  }
  return out;
}

std::vector<Trouble> troubles_of(const Json& s) {
  std::vector<Trouble> out;
  const Json& d = s["deployment"];
  const std::string standing = standing_of_rollback(d);
  if (s.flag("locked"))
    out.push_back({true, "LOCKED", s.text("locked_why") + "; the ways out: backstopctl status " + s.text("service")});
  else if (!standing.empty() && standing != "enforced")
    out.push_back(trouble_of_standing(s));
  if (const Json& h = s["hold"]; !h.is_null())
    out.push_back({true, "HELD",
                   "until " + clock_of(h["until"]).substr(0, 8) + "Z by " + person_name(h.text("by")) + ": " +
                       h.text("reason") + (h.flag("all") ? " (all services)" : "")});
  if (const Json& paused = d["plan"]["paused"]; !paused.is_null() && d.text("phase") == "deploying")
    out.push_back({true, "PAUSED",
                   "by " + person_name(paused.text("by")) + ": " + paused.text("why") +
                       "; go on: backstopctl deploy resume " + d.text("id")});
  const auto& rules = list(s["rules"]);
  if (std::any_of(rules.begin(), rules.end(),
                  [](const Json& rule) { return mark_of(rule) == Mark::blind && rule.text("mode") != "observe"; }))
    out.push_back({true, "BLIND", "what cannot be read leads to no rollback, and no deployment can begin"});
  add_sources(s, out);
  if (s.text("version").empty() && d.is_null())
    out.push_back(
        {false, "version unknown", "say it: backstopctl adopt " + s.text("service") + " VERSION --reason ..."});
  for (const Json& request : list(s["requests"]))
    out.push_back({false, request.text("id") + " " + request.text("version") + " waits for its gates",
                   "backstopctl checklist " + request.text("id")});
  if (d.text("phase") == "deploying" && d.text("rolls_back").empty() && d["plan"].is_null())
    out.push_back({false, "when the traffic is on it", "backstopctl deploy finish " + d.text("id")});
  if (Trouble none = trouble_of_baselines(d["baselines"]); !none.label.empty()) out.push_back(std::move(none));
  return out;
}

Trouble trouble_of_incident(const Json& i) {
  const std::string id = i.text("id"), state = i.text("state");
  if (state == "open") return {true, id + " open (" + i.text("severity") + ")", i.text("title"), "a acknowledge"};
  if (state == "acknowledged")
    return {true, id + " acknowledged by " + person_name(i.text("acknowledged_by")),
            i.text("comment") + (i.text("comment").empty() ? "" : "; ") + i.text("title")};
  return {false, id + " resolved, review due by " + day_and_clock(i["review_due"]), i.text("title")};
}

std::vector<TimelineLine> timeline_of(const Json& d) {
  std::vector<TimelineLine> out;
  for (const Json& e : list(d["timeline"])) {
    std::string text = e.text("text");
    for (const std::string& name : {d.text("id"), d.text("service")})
      if (text.starts_with(name + ": ")) text.erase(0, name.size() + 2);
    const std::string actor = e.text("actor");
    out.push_back({clock_of(e["at"]), std::move(text), actor == "backstopd" ? "" : person_name(actor)});
  }
  return out;
}

} // namespace backstop::ctl::screen
