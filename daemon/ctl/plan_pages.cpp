#include "daemon/ctl/pages.hpp"
#include <algorithm>
#include <map>

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
  const bool timed = status == "running" && !step["until"].is_null(); // until when stands beside it
  std::string words = status == "done" || timed ? "" : status;
  if (step.integer("attempt") > 1)
    words += std::string(words.empty() ? "" : ", ") + "attempt " + std::to_string(step.integer("attempt"));
  if (status == "done" || step.text("why").empty())
    return words.empty() && kind == "approve" ? step.text("why") : words;
  return words + ": " + step.text("why");
}

std::string last_line(const std::string& output) {
  const std::size_t end = output.find_last_not_of('\n');
  if (end == std::string::npos) return "";
  const std::size_t before = output.find_last_of('\n', end);
  return output.substr(before == std::string::npos ? 0 : before + 1,
                       end - (before == std::string::npos ? 0 : before + 1) + 1);
}

std::string how_given(const Json& item) {
  if (item.flag("automatic")) {
    const std::string said = last_line(item.text("output"));
    return "looked at: " + (!said.empty() ? said : item.text("why").empty() ? "not yet" : item.text("why"));
  }
  return item.flag("given") ? person_name(item.text("by")) + " " + day_and_clock(item["at"]) : "";
}

/// What each role has to sign yet, and how; in the order of the approvals. What it tells of is left out of `missing`.
std::string to_sign(const Json& c, std::vector<std::string>& missing) {
  std::vector<std::string> roles;
  std::map<std::string, std::size_t> items;
  std::map<std::string, bool> approval;
  const auto forget = [&](const std::string& line) { std::erase(missing, line); };
  const auto add = [&](const std::string& role) {
    if (std::find(roles.begin(), roles.end(), role) == roles.end()) roles.push_back(role);
  };
  for (const Json& a : list(c["approvals"])) {
    add(a.text("role"));
    approval[a.text("role")] = a.text("by").empty();
    forget("approval of " + a.text("role"));
  }
  for (const Json& item : list(c["items"])) {
    if (item.flag("automatic") || item.flag("given")) continue;
    add(item.text("role"));
    ++items[item.text("role")];
    forget(item.text("name") + " (" + item.text("role") + "): not signed");
  }
  std::vector<std::vector<std::string>> rows;
  for (const std::string& role : roles) {
    const std::size_t open = items[role];
    if (open == 0 && !approval[role]) continue;
    const std::string what = open == 0 ? "" : std::to_string(open) + (open == 1 ? " item" : " items") + " to sign";
    rows.push_back(
        {role, what + (open > 0 && approval[role] ? ", " : "") + (approval[role] ? "approval" : ""),
         "backstopctl approve " + c.text("deployment") + " --role " + role + (open > 0 ? " --all-items" : "")});
  }
  return table(rows, "  ");
}

} // namespace

std::string person_name(const std::string& actor) {
  const std::size_t open = actor.find('(');
  return open == std::string::npos || actor.back() != ')' ? actor : actor.substr(open + 1, actor.size() - open - 2);
}

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
      const std::string text = phase.text("name") + ": " + step.text("name");
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
                      step["started"].is_null() ? "" : clock_of(step["started"]), step_time(step), step_words(step)});
    out += table(rows, "    ");
  }
  if (const std::string traffic = traffic_line(d); !traffic.empty()) out += traffic + "\n";
  return out + plan_stops(d, style);
}

std::string checklist_page(const Json& doc, const Style& style) {
  const Json& c = doc["checklist"];
  if (c.is_null()) return "there is no checklist: it was begun without a request\n";
  std::string out = bold(style, c.text("deployment")) + "  " + c.text("service") + "  " + c.text("version") + "  " +
                    c.text("type") + ", requested by " + person_name(c.text("requested_by")) + " " +
                    day_and_clock(c["requested"]) + "\n";
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
    rows.push_back({given ? "[x]" : failed ? "[!]" : "[ ]", item.text("name"), item.text("title"), how_given(item)});
  }
  flush();
  if (!list(c["approvals"]).empty()) out += "Approvals\n";
  for (const Json& a : list(c["approvals"]))
    rows.push_back({a.text("by").empty() ? "[ ]" : "[x]", a.text("role"), a.text("title"),
                    a.text("by").empty() ? ""
                                         : person_name(a.text("by")) + " " + day_and_clock(a["at"]) +
                                               (a.text("comment").empty() ? "" : ": " + a.text("comment"))});
  flush();
  const std::string id = c.text("deployment");
  if (!c.text("overridden_by").empty())
    out += red(style, "EMERGENCY OVERRIDE") + " by " + c.text("overridden_by") + ": " +
           wrapped(c.text("overridden_why"), 2) + "\n";
  if (c.text("phase") != "requested") return out + "it is " + c.text("phase") + "\n";
  if (c.flag("ready")) return out + "nothing is missing: backstopctl deploy begin " + id + "\n";
  std::vector<std::string> missing;
  for (const Json& m : list(c["missing"])) missing.push_back(m.as_string() ? *m.as_string() : "");
  out += "missing before it may begin:\n" + to_sign(c, missing);
  for (const std::string& m : missing) out += "  " + wrapped(m, 4) + "\n";
  return out;
}

} // namespace backstop::ctl
