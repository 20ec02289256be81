#include "daemon/ctl/render.hpp"
#include "rules/band.hpp"
#include <algorithm>
#include <fmt/format.h>
#include <sstream>

namespace backstop::ctl {
namespace {

std::string paint(const Style& style, const std::string& text, const char* code) {
  return style.color ? "\033[" + std::string(code) + "m" + text + "\033[0m" : text;
}

/// Levels are words; the color only repeats them.
std::string level_word(const Style& style, const std::string& level) {
  if (level == "critical") return paint(style, "CRITICAL", "1;31");
  if (level == "alert") return paint(style, "alert", "33");
  return level;
}

std::string bold(const Style& style, const std::string& text) { return paint(style, text, "1"); }

Unit unit_named(const std::string& name) {
  for (const Unit unit : {Unit::ratio, Unit::percent, Unit::seconds, Unit::bytes, Unit::count}) {
    if (name_of(unit) == name) return unit;
  }
  return Unit::count;
}

std::string value_text(const Json& rule) {
  double value = 0;
  if (!rule["value"].as_number(value)) return rule.text("health");
  return show(value, unit_named(rule.text("unit")));
}

/// "10:04:05" of an ISO time.
std::string clock_of(const Json& time) {
  const std::string* text = time.as_string();
  return text && text->size() > 19 ? text->substr(11, 12) : "-";
}
std::string day_and_clock(const Json& time) {
  const std::string* text = time.as_string();
  return text && text->size() > 19 ? text->substr(0, 10) + " " + text->substr(11, 8) + "Z" : "-";
}

/// Columns padded to their widest cell; the last one is free.
std::string table(const std::vector<std::vector<std::string>>& rows, const std::string& indent) {
  std::vector<std::size_t> width;
  const auto visible = [](const std::string& cell) {
    std::size_t n = 0;
    for (std::size_t i = 0; i < cell.size(); ++i) {
      if (cell[i] == '\033')
        i = cell.find('m', i);
      else if ((static_cast<unsigned char>(cell[i]) & 0xC0U) != 0x80U)
        ++n;
    }
    return n;
  };
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (width.size() <= i) width.push_back(0);
      width[i] = std::max(width[i], visible(row[i]));
    }
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line = indent;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line += std::string(width[i] - visible(row[i]) + 2, ' ');
    }
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return out;
}

const Json::Array& list(const Json& json) {
  static const Json::Array kNone;
  return json.as_array() ? *json.as_array() : kNone;
}

std::string held(const Json& rule) {
  const double seconds = rule.number("held_s");
  if (rule.text("reading_level") == "normal" || seconds <= 0) return "";
  const double needed = rule.number("needed_s");
  return seconds < needed ? short_duration(seconds) + " of " + short_duration(needed)
                          : "for " + short_duration(seconds);
}

std::string rules_table(const Json& service, const Style& style) {
  std::vector<std::vector<std::string>> rows{{"rule", "level", "value", "limit", "baseline", "held"}};
  for (const Json& rule : list(service["rules"])) {
    double baseline = 0;
    const bool has_baseline = rule["baseline"].as_number(baseline);
    std::string level = level_word(style, rule.text("level"));
    if (rule.text("mode") == "observe") level += " (observe)";
    if (rule.flag("preexisting")) level += " (before)";
    rows.push_back({rule.text("rule"), level, value_text(rule), rule.text("limit"),
                    has_baseline ? show(baseline, unit_named(rule.text("unit"))) : "-", held(rule)});
    if (rule.text("health") != "ok") rows.back().back() = rule.text("why");
  }
  return table(rows, "    ");
}

std::string phase_text(const Json& service) {
  const Json& d = service["deployment"];
  if (d.is_null()) return "no deployment under way";
  std::string text = d.text("id") + " " + d.text("phase") + " " + d.text("version");
  if (d.text("phase") == "watching") {
    if (!service.flag("armed")) text += ", warming up";
    if (!d.flag("verified_good"))
      text += ", good in " + short_duration(service.number("good_in_s"));
    else
      text += ", verified good";
    text += ", watched for " + short_duration(service.number("bake_left_s")) + " more";
  }
  if (const Json& v = service["verifying"]; !v.is_null()) {
    text += ", verifying " + d.text("previous") + ": good for " + short_duration(v.number("good_for_s")) + " of " +
            short_duration(v.number("wanted_s"));
  }
  if (!d["confirm_until"].is_null())
    text += "; ROLL BACK? backstopctl confirm|decline " + d.text("id") + " --reason ...";
  return text;
}

std::string service_page(const Json& s, const Style& style) {
  std::string out = bold(style, s.text("service")) + "  " +
                    (s.text("version").empty() ? "version unknown" : s.text("version")) +
                    (s.flag("version_good") ? " (good)" : "") + "  " + level_word(style, s.text("level")) + "  mode " +
                    s.text("mode") + "\n";
  out += "  " + phase_text(s) + "\n";
  if (s.text("version").empty())
    out += "  say which version runs: backstopctl adopt " + s.text("service") + " VERSION --reason ...\n";
  if (s.flag("locked"))
    out += "  " + paint(style, "LOCKED", "1;31") + ": " + s.text("locked_why") +
           "\n  after you looked: backstopctl unlock " + s.text("service") +
           " --reason ... [--retry-from STEP | --done-by-hand]\n";
  if (const Json& h = s["hold"]; !h.is_null())
    out += "  HELD until " + day_and_clock(h["until"]) + " by " + h.text("by") + ": " + h.text("reason") + "\n";
  if (!list(s["rules"]).empty()) out += rules_table(s, style);
  for (const Json& source : list(s["sources"])) {
    if (!source.flag("up"))
      out +=
          "  source " + source.text("source") + " " + source.text("target") + " is DOWN: " + source.text("why") + "\n";
  }
  return out;
}

std::string status_page(const Json& doc, const Style& style) {
  std::string out;
  if (!doc.flag("acts"))
    out += paint(style, "OBSERVING ONLY, nothing is rolled back", "1;31") + ": " + doc.text("degraded") + "\n\n";
  if (const auto& faults = list(doc["config_faults"]); !faults.empty()) {
    out += paint(style, "the configuration on disk has faults, the old one is in force", "1;31") + ":\n";
    for (const Json& fault : faults) out += "  " + (fault.as_string() ? *fault.as_string() : "") + "\n";
    out += "  mend them, then: backstopctl reload\n\n";
  }
  if (list(doc["services"]).empty()) out += "no service is configured\n";
  for (const Json& s : list(doc["services"])) out += service_page(s, style) + "\n";
  for (const Json& i : list(doc["incidents"])) {
    out += i.text("id") + " " + i.text("state") + " (" + i.text("severity") + "): " + i.text("title") + "\n";
    if (i.text("state") == "open") out += "  take it: backstopctl ack " + i.text("id") + " --comment ...\n";
    if (!i["review_due"].is_null()) out += "  review due by " + day_and_clock(i["review_due"]) + "\n";
  }
  for (const Json& n : list(doc["undelivered_notices"])) {
    out += "notice not delivered yet: " + n.text("key") + ", " + std::to_string(n.integer("attempts")) + " attempts" +
           (n.text("error").empty() ? "" : ": " + n.text("error")) + "\n";
  }
  if (doc.integer("dead_letters") > 0) out += std::to_string(doc.integer("dead_letters")) + " notices were given up\n";
  return out;
}

std::string timeline(const Json& entries) {
  std::vector<std::vector<std::string>> rows;
  for (const Json& e : list(entries))
    rows.push_back(
        {clock_of(e["at"]), e.text("text") + (e.text("actor") == "backstopd" ? "" : "  [" + e.text("actor") + "]")});
  return table(rows, "  ");
}

/// The last lines that failed steps printed.
std::string last_words(const Json& deployment) {
  constexpr std::size_t kLines = 8;
  std::string out;
  for (const Json& s : list(deployment["steps"])) {
    if (s.text("status").find("failed") == std::string::npos || s.text("output").empty()) continue;
    std::vector<std::string> lines;
    std::istringstream in(s.text("output"));
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    out += "  the last words of step " + s.text("path") + " (" + s.text("name") + "):\n";
    for (std::size_t i = lines.size() > kLines ? lines.size() - kLines : 0; i < lines.size(); ++i)
      out += "    | " + lines[i] + "\n";
  }
  return out;
}

std::string steps_table(const Json& deployment) {
  std::vector<std::vector<std::string>> rows;
  for (const Json& s : list(deployment["steps"])) {
    double took = 0;
    const bool has = s["took_s"].as_number(took);
    rows.push_back({s.text("path"), s.text("name"), s.text("status"), has ? short_duration(took) : "", s.text("why")});
  }
  return rows.empty() ? "" : "rollback:\n" + table(rows, "  ") + last_words(deployment);
}

std::string deployment_page(const Json& d, const Style& style) {
  std::string out = bold(style, d.text("id")) + "  " + d.text("service") + "  " + d.text("version") + "  " +
                    d.text("type") + "  " + d.text("phase") + "\n";
  if (!d.text("why").empty()) out += "  " + d.text("why") + "\n";
  if (!d.text("rolls_back").empty()) out += "  rolls back " + d.text("rolls_back") + "\n";
  out += "  begun " + day_and_clock(d["begun"]) + " by " + d.text("began_by") + ", mode " + d.text("mode") +
         (d.flag("irreversible") ? ", irreversible" : "") + ", back to " +
         (d.text("previous").empty() ? "nothing" : d.text("previous")) + "\n";
  for (const Json& b : list(d["baselines"])) {
    if (!b.flag("usable"))
      out += "  no baseline for " + b.text("indicator") + ": " + b.text("why") + "; absolute limits only\n";
  }
  for (const Json& p : list(d["preexisting"]))
    out += "  critical already before it: " + p.text("rule") + " " + p.text("why") + "\n";
  out += steps_table(d);
  if (!list(d["timeline"]).empty()) out += "timeline (UTC):\n" + timeline(d["timeline"]);
  return out;
}

std::string deployments_page(const Json& doc) {
  std::vector<std::vector<std::string>> rows{{"id", "service", "version", "type", "phase", "begun", "why"}};
  for (const Json& d : list(doc["deployments"]))
    rows.push_back({d.text("id"), d.text("service"), d.text("version"), d.text("type"), d.text("phase"),
                    day_and_clock(d["requested"]), d.text("why")});
  return rows.size() == 1 ? "no deployments\n" : table(rows, "");
}

std::string incident_page(const Json& i, const Style& style) {
  std::string out = bold(style, i.text("id")) + "  " + i.text("service") + "  " + i.text("severity") + "  " +
                    i.text("state") + "\n  " + i.text("title") + "\n";
  out += "  opened " + day_and_clock(i["opened"]);
  if (!i["resolved"].is_null()) out += ", resolved " + day_and_clock(i["resolved"]) + ": " + i.text("how_resolved");
  out += "\n";
  if (!i.text("acknowledged_by").empty())
    out += "  acknowledged by " + i.text("acknowledged_by") + ": " + i.text("comment") + "\n";
  if (!i["review_due"].is_null()) out += "  review due by " + day_and_clock(i["review_due"]) + "\n";
  out += "timeline of " + i.text("deployment") + " (UTC):\n" + timeline(i["timeline"]);
  return out;
}

std::string incidents_page(const Json& doc) {
  std::vector<std::vector<std::string>> rows{{"id", "service", "severity", "state", "opened", "what"}};
  for (const Json& i : list(doc["incidents"]))
    rows.push_back({i.text("id"), i.text("service"), i.text("severity"), i.text("state"), day_and_clock(i["opened"]),
                    i.text("title")});
  return rows.size() == 1 ? "no incidents\n" : table(rows, "");
}

std::string evidence_block(const Json& e, bool decided) {
  std::vector<std::vector<std::string>> rows;
  rows.push_back({decided ? "* rule" : "  rule", e.text("rule") + (decided ? "  (decided)" : "")});
  rows.push_back({"  said", e.text("why")});
  rows.push_back({"  limit", e.text("limit")});
  double baseline = 0;
  rows.push_back({"  baseline", e["baseline"].as_number(baseline) ? show(baseline, Unit::count) : "none usable"});
  rows.push_back({"  held", short_duration(e.number("held_s")) + " of " + short_duration(e.number("needed_s"))});
  rows.push_back(
      {"  from", fmt::format("{} requests in {} scrapes over {}, newest at {}", e.number("requests"),
                             e.integer("scrapes"), short_duration(e.number("window_s")), clock_of(e["scraped"]))});
  return table(rows, "  ");
}

std::string explanation_page(const Json& doc, const Style& style) {
  const Json& m = doc["decision"];
  const Json& d = doc["deployment"];
  std::string out;
  if (m.is_null()) {
    out += "no decision against " + d.text("id") + " was taken\n\n";
  } else {
    out += bold(style, m.text("id") + " " + m.text("decision")) + " (" + m.text("status") +
           (m.text("because").empty() ? "" : ": " + m.text("because")) + ") at " + day_and_clock(m["at"]) + "\n  " +
           m.text("why") + "\n";
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
  }
  if (d.is_null()) return out;
  out += "  versions " + d.text("previous") + " -> " + d.text("version") + ", configuration " +
         d.text("config_hash").substr(0, 12) + "\n\n";
  return out + deployment_page(d, style);
}

std::string quarantine_page(const Json& doc) {
  std::vector<std::vector<std::string>> rows{{"service", "version", "why"}};
  for (const Json& q : list(doc["quarantine"])) rows.push_back({q.text("service"), q.text("version"), q.text("why")});
  return rows.size() == 1 ? "nothing is quarantined\n" : table(rows, "");
}

std::string begun_page(const Json& doc) {
  std::string out = doc.text("id") + "\n";
  for (const Json& p : list(doc["deployment"]["preexisting"]))
    out += "WARNING: critical already before this deployment, it will not be blamed: " + p.text("rule") + " " +
           p.text("why") + "\n";
  return out;
}

/// The rule nearest to its limit, for one line.
std::string worst_rule(const Json& service, const Style& style) {
  const Json* worst = nullptr;
  double most = -1;
  for (const Json& rule : list(service["rules"])) {
    const std::string level = rule.text("reading_level");
    const double rank = level == "critical" ? 2 : level == "alert" ? 1 : 0;
    if (rule.text("mode") != "observe" && rank > most) {
      most = rank;
      worst = &rule;
    }
  }
  if (!worst) return "";
  std::string text = worst->text("rule") + " " + value_text(*worst);
  if (most > 0) text += " (" + level_word(style, worst->text("reading_level")) + " " + held(*worst) + ")";
  return text;
}

} // namespace

std::string short_duration(double seconds) {
  if (seconds < 1 && seconds > 0) return fmt::format("{:.0f}ms", seconds * 1000);
  const auto s = static_cast<std::int64_t>(seconds + 0.5);
  if (s < 60) return fmt::format("{}s", s);
  if (s < 3600) return s % 60 ? fmt::format("{}m{}s", s / 60, s % 60) : fmt::format("{}m", s / 60);
  return s / 60 % 60 ? fmt::format("{}h{}m", s / 3600, s / 60 % 60) : fmt::format("{}h", s / 3600);
}

Json printable(const Json& document) {
  if (const std::string* text = document.as_string()) {
    std::string clean = *text;
    std::replace_if(
        clean.begin(), clean.end(), [](unsigned char c) { return (c < 0x20 && c != '\n') || c == 0x7f; }, '?');
    return clean;
  }
  if (const Json::Array* array = document.as_array()) {
    Json out = Json::array();
    for (const Json& e : *array) out.push(printable(e));
    return out;
  }
  if (const Json::Object* object = document.as_object()) {
    Json out = Json::object();
    for (const auto& [name, value] : *object) out.set(name, printable(value));
    return out;
  }
  return document;
}

std::string render(Page page, const Json& doc, const Style& style) {
  switch (page) {
  case Page::done: return doc.text("note").empty() ? "" : doc.text("note") + "\n";
  case Page::begun: return begun_page(doc);
  case Page::status: return status_page(doc, style);
  case Page::deployment: return deployment_page(doc["deployment"], style);
  case Page::deployments: return deployments_page(doc);
  case Page::incident: return incident_page(doc["incident"], style);
  case Page::incidents: return incidents_page(doc);
  case Page::explanation: return explanation_page(doc, style);
  case Page::quarantine: return quarantine_page(doc);
  }
  return "";
}

std::string render_error(const Json& doc) {
  const Json& e = doc["error"];
  if (e.is_null()) return "the daemon's answer is not understood: " + doc.dump();
  std::string text = e.text("what") + ": " + e.text("why") + (e.text("how").empty() ? "" : " (" + e.text("how") + ")");
  for (const Json& fault : list(doc["faults"])) text += "\n  " + (fault.as_string() ? *fault.as_string() : "");
  return text;
}

std::string progress_line(const Json& doc, const Style& style) {
  const Json& d = doc["deployment"];
  Json service = doc["service"];
  const std::string rule = worst_rule(service, style);
  std::string line = phase_text(service["deployment"].is_null() ? Json::object().set("deployment", d) : service);
  if (d.text("phase") == "rolling_back") {
    for (const Json& step : list(d["steps"])) {
      if (step.text("status") == "running") line += ", step " + step.text("path") + " " + step.text("name");
    }
  }
  return line + "; " + level_word(style, service.text("level")) + (rule.empty() ? "" : "; " + rule);
}

Outcome outcome_of(const Json& doc, bool whole_bake) {
  const Json& d = doc["deployment"];
  const std::string phase = d.text("phase");
  const std::string name = d.text("id") + ": " + d.text("service") + " " + d.text("version");
  if (phase == "succeeded") return {kDone, name + " is kept: " + d.text("why")};
  if (phase == "rolled_back_verified")
    return {kRolledBack,
            name + " was rolled back to " + d.text("previous") + " and verified, because " + d.text("cause")};
  if (phase == "rollback_failed")
    return {kRollbackFailed, name + ": the ROLLBACK FAILED, the service is LOCKED: " + d.text("why") +
                                 "\nlook at it, then: backstopctl unlock " + d.text("service") + " --reason ..."};
  if (phase == "undecided") return {kUndecided, name + " is undecided, a person must look: " + d.text("why")};
  if (phase == "superseded" || phase == "aborted") return {kSuperseded, name + ": " + d.text("why")};
  if (phase == "refused") return {kRefused, name + " was refused: " + d.text("why")};
  if (phase == "watching" && d.flag("verified_good") && !whole_bake)
    return {kDone, name + " is verified good; it is still watched until " + day_and_clock(d["bake_end"])};
  return {};
}

} // namespace backstop::ctl
