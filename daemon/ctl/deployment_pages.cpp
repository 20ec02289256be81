#include "daemon/ctl/pages.hpp"
#include <algorithm>
#include <sstream>

namespace backstop::ctl {
namespace {

const Json* running_step(const Json& deployment) {
  for (const Json& step : list(deployment["steps"])) {
    const std::string status = step.text("status");
    if (status != "pending" && status != "done" && status.rfind("failed", 0) != 0) return &step;
  }
  return nullptr;
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
    std::string status = s.text("status");
    if (s.integer("attempt") > 1) status += ", attempt " + std::to_string(s.integer("attempt"));
    rows.push_back({s.text("path"), s.text("name"), status, has ? short_duration(took) : "", s.text("why")});
  }
  return rows.empty() ? "" : "rollback:\n" + table(rows, "  ") + last_words(deployment);
}

std::string warnings_of(const Json& d) {
  std::string out;
  for (const Json& b : list(d["baselines"])) {
    if (!b.flag("usable"))
      out +=
          "  " +
          wrapped("no baseline for " + b.text("indicator") + ": " + b.text("why") + "; only its absolute limits count",
                  4) +
          "\n";
  }
  for (const Json& p : list(d["preexisting"]))
    out += "  " + wrapped("critical already before it: " + p.text("rule") + " " + p.text("why"), 4) + "\n";
  return out;
}

} // namespace

std::string phase_words(const std::string& phase) {
  if (phase == "rolled_back_verified") return "rolled back, verified";
  std::string words = phase;
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

std::string standing_of_rollback(const Json& d) {
  const std::string phase = d.text("phase"), status = d.text("decision_status");
  if (d.text("decision") != "RollBack" || (phase != "deploying" && phase != "watching")) return "";
  return status.substr(0, status.find(':'));
}

std::string phase_text(const Json& service) {
  const Json& d = service["deployment"];
  if (d.is_null()) return "no deployment under way";
  const std::string phase = d.text("phase");
  std::string text = d.text("id") + " " + phase_words(phase) + " " + d.text("version");
  if (phase == "deploying") text += ", since " + day_and_clock(d["begun"]);
  if (const std::string at = plan_at(d); phase == "deploying" && !at.empty()) text += "; " + at;
  if (phase == "rolling_back") text += " to " + (d.text("previous").empty() ? "nothing" : d.text("previous"));
  if (phase == "watching") {
    if (!service["armed"].is_null() && !service.flag("armed")) text += ", warming up";
    double left = 0;
    if (d.flag("verified_good"))
      text += ", verified good";
    else if (service.text("level") == "normal" && service["good_in_s"].as_number(left))
      text += ", good in " + short_duration(left);
    if (service["bake_left_s"].as_number(left)) text += ", watched for " + short_duration(left) + " more";
  }
  if (const Json* step = running_step(d); step && phase == "rolling_back") {
    text += ", step " + step->text("path") + " " + step->text("name");
    if (step->text("status") != "running") text += " (" + step->text("status") + ")";
  }
  if (const Json& v = service["verifying"]; !v.is_null())
    text += ": good for " + short_duration(v.number("good_for_s")) + " of " + short_duration(v.number("wanted_s"));
  return text;
}

std::string timeline(const Json& entries, const std::string& title, const std::vector<std::string>& known) {
  std::vector<std::vector<std::string>> rows;
  std::string day, first_day;
  for (const Json& e : list(entries)) {
    const std::string today = e.text("at").substr(0, 10);
    if (first_day.empty()) first_day = today;
    if (!day.empty() && today != day) rows.push_back({today, ""});
    day = today;
    std::string text = e.text("text");
    for (const std::string& name : known) {
      if (!name.empty() && text.rfind(name + ": ", 0) == 0) text.erase(0, name.size() + 2);
    }
    const std::string actor = e.text("actor");
    rows.push_back({clock_of(e["at"]), text + (actor == "backstopd" ? "" : "  [" + actor + "]")});
  }
  return rows.empty() ? "" : title + " (UTC, " + first_day + "):\n" + table(rows, "  ");
}

std::string deployment_page(const Json& d, const Style& style) {
  std::string out = bold(style, d.text("id")) + "  " + d.text("service") + "  " + d.text("version") + "  " +
                    d.text("type") + "  " + phase_words(d.text("phase")) + "\n";
  if (!d.text("why").empty()) out += "  " + wrapped(d.text("why"), 2) + "\n";
  if (!d.text("rolls_back").empty())
    out += "  it undid " + d.text("rolls_back") + "; the steps: backstopctl deploy show " + d.text("rolls_back") + "\n";
  if (!d.text("cause").empty() && d.text("rolls_back").empty())
    out += "  " + wrapped("its rollback is " + d.text("rollback") + ", because " + d.text("cause"), 2) + "\n";
  if (d["begun"].is_null() && !d.text("requested_by").empty()) {
    out += "  requested " + day_and_clock(d["requested"]) + " by " + d.text("requested_by") +
           "; what is missing: backstopctl checklist " + d.text("id") + "\n";
    return out + timeline(d["timeline"], "timeline", {d.text("id"), d.text("service")});
  }
  out += "  begun " + day_and_clock(d["begun"]) + " by " + d.text("began_by") + ", mode " + d.text("mode") +
         (d.flag("irreversible") ? ", irreversible" : "");
  if (d.text("rolls_back").empty())
    out += ", " + (d.text("previous").empty() ? "nothing to go back to" : "would go back to " + d.text("previous"));
  out += "\n";
  if (d.flag("locked"))
    out += "  " + red(style, "LOCKED") + " since then; the ways out: backstopctl status " + d.text("service") + "\n";
  if (const Json& o = d["overridden"]; !o.is_null())
    out += "  " + red(style, "EMERGENCY OVERRIDE") + " of its gates by " + o.text("by") + ": " +
           wrapped(o.text("why"), 4) + "\n";
  if (!d["plan"].is_null()) {
    out += "  " + plan_line(d) + "\n";
    if (const std::string traffic = traffic_line(d); !traffic.empty()) out += "  " + traffic + "\n";
    out += plan_stops(d, style);
  }
  out += warnings_of(d) + steps_table(d);
  return out + timeline(d["timeline"], "timeline", {d.text("id"), d.text("service")});
}

std::string deployments_page(const Json& doc) {
  std::vector<std::vector<std::string>> rows{{"id", "service", "version", "type", "requested", "phase"}};
  for (const Json& d : list(doc["deployments"]))
    rows.push_back({d.text("id"), d.text("service"), d.text("version"), d.text("type"), day_and_clock(d["requested"]),
                    phase_words(d.text("phase"))});
  return rows.size() == 1 ? "no deployments\n" : table(rows, "");
}

std::string begun_page(const Json& doc) { return doc.text("id") + "\n"; }

std::string begun_warnings(const Json& doc) {
  std::string out;
  for (const Json& p : list(doc["deployment"]["preexisting"]))
    out += "WARNING: critical already before this deployment, it will not be blamed: " + p.text("rule") + " " +
           p.text("why") + "\n";
  return out;
}

} // namespace backstop::ctl
