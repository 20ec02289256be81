#include "daemon/ctl/pages.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace backstop::ctl {
namespace {

std::string evidence_block(const Json& e, bool decided) {
  std::vector<std::vector<std::string>> rows;
  rows.push_back({decided ? "* rule" : "  rule", e.text("rule") + (decided ? "  (decided)" : "")});
  rows.push_back({"  said", e.text("why")});
  rows.push_back({"  limit", e.text("limit")});
  double baseline = 0;
  rows.push_back(
      {"  baseline", e["baseline"].as_number(baseline) ? show(baseline, unit_named(e.text("unit"))) : "none usable"});
  double nats = 0;
  if (e["evidence"].as_number(nats))
    rows.push_back({"  evidence", fmt::format("{:.1f} of {:.1f} nats", nats, e.number("evidence_needed"))});
  else
    rows.push_back({"  held", short_duration(e.number("held_s")) + " of " + short_duration(e.number("needed_s"))});
  rows.push_back(
      {"  from", fmt::format("{:.0f} requests in {} scrapes over {}, newest at {}", e.number("requests"),
                             e.integer("scrapes"), short_duration(e.number("window_s")), clock_of(e["scraped"]))});
  return table(rows, "  ");
}

std::string decision_block(const Json& m, const Style& style) {
  std::string out = bold(style, m.text("id") + " " + m.text("decision")) + " at " + day_and_clock(m["at"]) + ": " +
                    m.text("status") + (m.text("because").empty() ? "" : ", " + m.text("because")) + "\n  " +
                    wrapped(m.text("why"), 2) + "\n";
  std::vector<std::string> deciders;
  for (const Json& r : list(m["rules"])) {
    if (r.as_string()) deciders.push_back(*r.as_string());
  }
  for (const bool decided : {true, false}) {
    for (const Json& e : list(m["evidence"])) {
      const bool did = std::find(deciders.begin(), deciders.end(), e.text("rule")) != deciders.end();
      if (did == decided) out += evidence_block(e, did);
    }
  }
  return out;
}

/// What PromQL engines were asked.
std::string queries_block(const Json& queries) {
  std::string out;
  for (const Json& q : list(queries))
    out += "  " + wrapped(q.text("source") + " was asked " + q.text("name") + " = " + q.text("query"), 4) + "\n";
  return out;
}

std::string judged_with(const Json& judge) {
  if (judge.text("kind") != "sequential") return "";
  const auto from = judge.integer("learned_from");
  return "  judged with " + judge_times(judge) +
         (from > 0 ? ", learned from " + std::to_string(from) + " good deployments\n" : ", as configured\n");
}

/// What would have turned the decision, as far as that was asked for.
std::string nearest_block(const Json& nearest, const std::string& id) {
  if (nearest.is_null()) return "  what would have turned it: backstopctl explain " + id + " --nearest\n";
  if (!nearest.text("why").empty())
    return "  what would have turned it cannot be told: " + wrapped(nearest.text("why"), 4) + "\n";
  const bool rolls_back = nearest.flag("rolls_back");
  std::string out = rolls_back ? "  it would not have been rolled back with one of\n"
                               : "  it would have been rolled back with one of\n";
  std::vector<std::vector<std::string>> rows;
  for (const Json& c : list(nearest["changes"]))
    rows.push_back({c.text("setting"), c.text("from"), "to " + c.text("to")});
  out = rows.empty() ? "  no change of one setting would have turned it\n" : out + table(rows, "    ");
  std::string in_vain;
  for (const Json& s : list(nearest["in_vain"]))
    in_vain += (in_vain.empty() ? "" : "; ") + (s.as_string() ? *s.as_string() : "");
  if (!in_vain.empty()) out += "    " + wrapped("and not with " + in_vain, 4) + "\n";
  out += "    " +
         wrapped("(replayed " + std::to_string(nearest.integer("replays")) + " times over the samples until " +
                     clock_of(nearest["until"]) + (rolls_back ? ", as if it had gone on)" : ")"),
                 4) +
         "\n";
  return out;
}

} // namespace

std::string incident_page(const Json& i, const Style& style) {
  std::string out = bold(style, i.text("id")) + "  " + i.text("service") + "  " + i.text("severity") + "  " +
                    i.text("state") + "\n  " + wrapped(i.text("title"), 2) + "\n";
  out += "  opened   " + day_and_clock(i["opened"]) + "\n";
  if (!i["resolved"].is_null())
    out += "  resolved " + day_and_clock(i["resolved"]) + ": " + wrapped(i.text("how_resolved"), 33) + "\n";
  if (!i.text("acknowledged_by").empty())
    out += "  acknowledged by " + i.text("acknowledged_by") +
           (i["acknowledged_until"].is_null() ? "" : " until " + day_and_clock(i["acknowledged_until"])) + ": " +
           i.text("comment") + "\n";
  else if (i.text("state") == "open")
    out += "  nobody is on it yet: backstopctl ack " + i.text("id") + " --comment ...\n";
  if (!i["reviewed"].is_null())
    out += "  reviewed " + day_and_clock(i["reviewed"]) + " by " + i.text("reviewed_by") +
           "\n    root cause: " + wrapped(i.text("root_cause"), 16) +
           "\n    prevention: " + wrapped(i.text("prevention"), 16) + "\n";
  else if (!i["review_due"].is_null())
    out += "  review due by " + day_and_clock(i["review_due"]) + "\n" +
           ways({{"close it", "incident review " + i.text("id") + " --root-cause ... --prevention ..."}});
  return out +
         timeline(i["timeline"], "timeline of " + i.text("deployment"), {i.text("deployment"), i.text("service")});
}

std::string incidents_page(const Json& doc) {
  std::vector<std::vector<std::string>> rows{{"id", "service", "severity", "state", "opened", "what"}};
  for (const Json& i : list(doc["incidents"])) {
    const std::string title = i.text("title"), service = i.text("service");
    const bool repeats = title.rfind(service, 0) == 0 && title.size() > service.size() + 1;
    rows.push_back({i.text("id"), service, i.text("severity"), i.text("state"), day_and_clock(i["opened"]),
                    repeats ? title.substr(title.find(' ') + 1) : title});
  }
  return rows.size() == 1 ? "no incidents\n" : table(rows, "");
}

std::string explanation_page(const Json& doc, const Style& style) {
  const Json& m = doc["decision"];
  const Json& d = doc["deployment"];
  std::string out = m.is_null() ? "no decision against " + d.text("id") + " was taken\n" : decision_block(m, style);
  if (d.is_null()) return out;
  out += "  versions " + (d.text("previous").empty() ? "none" : d.text("previous")) + " -> " + d.text("version") +
         ", configuration " + d.text("config_hash").substr(0, 12) + "\n" + judged_with(d["judge"]) +
         queries_block(doc["queries"]) + nearest_block(doc["nearest"], d.text("id")) + "\n";
  return out + deployment_page(d, style);
}

std::string quarantine_page(const Json& doc) {
  std::vector<std::vector<std::string>> rows{{"service", "version", "why"}};
  for (const Json& q : list(doc["quarantine"])) rows.push_back({q.text("service"), q.text("version"), q.text("why")});
  return rows.size() == 1 ? "nothing is quarantined\n" : table(rows, "");
}

} // namespace backstop::ctl
