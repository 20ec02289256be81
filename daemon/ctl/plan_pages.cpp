#include "daemon/ctl/pages.hpp"
#include <algorithm>

/// Plans and checklists as people read them.
namespace backstop::ctl {
namespace {

/// A mark that needs no color.
std::string mark_of(const std::string& status) {
  if (status == "done") return "[x]";
  if (status == "pending") return "[ ]";
  if (status.rfind("failed, continued", 0) == 0) return "[-]"; // left out, or so be it
  if (status == "failed") return "[!]";
  return "[>]";
}

std::string percent(double share) { return show(share, Unit::ratio); }

std::string step_time(const Json& step) {
  double took = 0;
  if (step["took_s"].as_number(took)) return short_duration(took);
  return step["until"].is_null() ? "" : "until " + clock_of(step["until"]);
}

std::string step_words(const Json& step) {
  const std::string status = step.text("status"), kind = step.text("kind");
  if (status == "running" && kind == "approve") return "waits for " + step.text("role");
  if (status == "pending") return step.flag("irreversible") ? "irreversible" : "";
  std::string words = status == "done" ? "" : status;
  if (step.integer("attempt") > 1)
    words += std::string(words.empty() ? "" : ", ") + "attempt " + std::to_string(step.integer("attempt"));
  if (status == "done" || step.text("why").empty()) return words.empty() && kind != "run" ? step.text("why") : words;
  return words + ": " + step.text("why");
}

} // namespace

std::string plan_line(const Json& d) {
  std::string out;
  for (const Json& phase : list(d["plan"]["phases"])) {
    double took = 0;
    out += (out.empty() ? "" : "  ") + mark_of(phase.text("status")) + " " + phase.text("name");
    if (phase["took_s"].as_number(took)) out += " " + short_duration(took);
  }
  return out;
}

std::string plan_at(const Json& d) {
  const Json& plan = d["plan"];
  for (const Json& phase : list(plan["phases"])) {
    for (const Json& step : list(phase["steps"])) {
      if (step.text("path") != plan.text("at")) continue;
      const std::string words = step_words(step), time = step_time(step);
      std::string text = phase.text("name") + ": " + step.text("name");
      if (step.text("status") == "running" && step.text("kind") == "watch") text += " (watched)";
      return text + (time.empty() ? "" : ", " + time) + (words.empty() || words == "running" ? "" : ", " + words);
    }
  }
  return "";
}

std::string traffic_line(const Json& d) {
  const Json& t = d["traffic"];
  if (t.is_null() || t["since"].is_null()) return "";
  const double share = t.number("share");
  if (!t.flag("known"))
    return "traffic: being moved so that " + percent(t.number("wanted")) + " goes to " + t.text("side") + "; it was " +
           percent(share) + ", and how it is now is not known yet";
  return "traffic: " + percent(share) + " to " + t.text("side") + " (" + d.text("version") + "), " +
         percent(1 - share) + " to " + t.text("other_side") + ", since " + day_and_clock(t["since"]);
}

std::string plan_stops(const Json& d, const Style& style) {
  const Json& paused = d["plan"]["paused"];
  if (paused.is_null() || d.text("phase") != "deploying") return "";
  const std::string id = d.text("id");
  return "  " + red(style, "PAUSED") + " since " + day_and_clock(paused["at"]) + " by " + paused.text("by") + "\n    " +
         wrapped(paused.text("why"), 4) + "\n" +
         ways({{"go on, or try again", "deploy resume " + id},
               {"it was watched enough", "deploy promote " + id + " --reason ..."},
               {"leave the step out", "deploy skip " + id + " --reason ..."},
               {"take it back", "deploy abort " + id + " --reason ..."}});
}

std::string plan_page(const Json& d, const Style& style) {
  if (d["plan"].is_null())
    return d.text("id") + " has no plan: whoever deploys goes on by himself, and says `deploy finish`\n";
  std::string out = bold(style, d.text("id")) + "  " + d.text("service") + "  " + d.text("version") + "\n";
  for (const Json& phase : list(d["plan"]["phases"])) {
    double took = 0;
    out += mark_of(phase.text("status")) + " " + phase.text("name") +
           (phase["took_s"].as_number(took) ? "  " + short_duration(took) : "") + "\n";
    std::vector<std::vector<std::string>> rows;
    for (const Json& step : list(phase["steps"]))
      rows.push_back({mark_of(step.text("status")), step.text("path"), step.text("name"), step.text("kind"),
                      clock_of(step["started"]), step_time(step), step_words(step)});
    out += table(rows, "    ");
  }
  if (const std::string traffic = traffic_line(d); !traffic.empty()) out += traffic + "\n";
  return out + plan_stops(d, style);
}

std::string checklist_page(const Json& doc, const Style& style) {
  const Json& c = doc["checklist"];
  if (c.is_null()) return "there is no checklist: it was begun without a request\n";
  std::string out = bold(style, c.text("deployment")) + "  " + c.text("service") + "  " + c.text("version") + "  " +
                    c.text("type") + ", requested by " + c.text("requested_by") + " " + day_and_clock(c["requested"]) +
                    "\n";
  std::string group;
  std::vector<std::vector<std::string>> rows;
  const auto flush = [&] {
    out += table(rows, "  ");
    rows.clear();
  };
  for (const Json& item : list(c["items"])) {
    if (item.text("group") != group) {
      flush();
      group = item.text("group");
      out += group + " (" + item.text("role") + ")\n";
    }
    const bool given = item.flag("given"), failed = item.flag("failed");
    const std::string how = given && !item.flag("automatic") ? item.text("by") + " " + day_and_clock(item["at"])
                            : item.flag("automatic")
                                ? "automatic" + (item.text("why").empty() ? "" : ": " + item.text("why"))
                                : "";
    rows.push_back({given ? "[x]" : failed ? "[!]" : "[ ]", item.text("name"), item.text("title"), how});
  }
  flush();
  if (!list(c["approvals"]).empty()) out += "Approvals\n";
  for (const Json& a : list(c["approvals"]))
    rows.push_back({a.text("by").empty() ? "[ ]" : "[x]", a.text("role"), a.text("title"),
                    a.text("by").empty() ? ""
                                         : a.text("by") + " " + day_and_clock(a["at"]) +
                                               (a.text("comment").empty() ? "" : ": " + a.text("comment"))});
  flush();
  const std::string id = c.text("deployment");
  if (!c.text("overridden_by").empty())
    out += red(style, "EMERGENCY OVERRIDE") + " by " + c.text("overridden_by") + ": " +
           wrapped(c.text("overridden_why"), 2) + "\n";
  if (c.text("phase") != "requested") return out + "it is " + c.text("phase") + "\n";
  if (c.flag("ready")) return out + "nothing is missing: backstopctl deploy begin " + id + "\n";
  out += "missing before it may begin:\n";
  for (const Json& m : list(c["missing"])) out += "  " + wrapped(m.as_string() ? *m.as_string() : "", 4) + "\n";
  return out;
}

} // namespace backstop::ctl
