#include "daemon/ctl/pages.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace backstop::ctl {
namespace {

bool is_blind(const Json& rule) {
  const std::string health = rule.text("health");
  return rule.text("mode") != "observe" && health != "ok" && health != "insufficient";
}

bool blind(const Json& service) {
  const auto& rules = list(service["rules"]);
  return std::any_of(rules.begin(), rules.end(), is_blind);
}

std::string rules_table(const Json& service, const Style& style) {
  std::vector<std::vector<std::string>> rows{{"rule", "level", "value", "limit", "baseline", "held"}};
  const auto& sources = list(service["sources"]);
  const bool some_down = std::any_of(sources.begin(), sources.end(), [](const Json& s) { return !s.flag("up"); });
  for (const Json& rule : list(service["rules"])) {
    double baseline = 0;
    const bool has_baseline = rule["baseline"].as_number(baseline);
    std::string level = level_word(style, rule.text("level"));
    if (rule.text("mode") == "observe") level += " (observe)";
    if (rule.flag("preexisting")) level += " (pre-existing)";
    rows.push_back({rule.text("rule"), level, value_text(rule), rule.text("limit"),
                    has_baseline ? show(baseline, unit_named(rule.text("unit"))) : "-", held_text(rule)});
    if (rule.text("health") != "ok")
      rows.back().back() = rule.text("health") == "error" && some_down ? "see DOWN below" : rule.text("why");
  }
  return rows.size() == 1 ? "" : table(rows, "    ");
}

std::string header(const Json& s, const Style& style) {
  std::string out = bold(style, s.text("service")) + "  " +
                    (s.text("version").empty() ? "version unknown" : s.text("version")) +
                    (s.flag("version_good") ? " (good)" : "");
  if (s["level"].is_null()) return out; // from the journal: nothing is measured there
  out += "  " + (s["evaluated"].is_null() ? "not measured yet" : level_word(style, s.text("level")));
  return out + (blind(s) ? ", " + red(style, "BLIND") : "") + "  mode " + s.text("mode");
}

/// What the service's own good deployments justify, where that is something else than what is in force.
std::string learned_line(const Json& service) {
  const Json &now = service["deployment"]["judge"], &judge = service["judge"], &learned = judge["learned"];
  if (const auto from = now.integer("learned_from"); from > 0)
    return "  judged with " + judge_times(now) + ", learned from " + std::to_string(from) + " good deployments\n";
  if (learned.is_null() || judge_times(learned) == judge_times(judge)) return "";
  const std::string says =
      std::to_string(learned.integer("deployments")) + " good deployments justify " + judge_times(learned);
  return "  " +
         wrapped(says + (learned.flag("used") ? ", which the next one is judged with"
                                              : " instead of " + judge_times(judge) + "; judge.learn: use takes them"),
                 4) +
         "\n";
}

std::string service_page(const Json& s, const Style& style) {
  const Json& d = s["deployment"];
  std::string out = header(s, style) + "\n  " + phase_text(s) + "\n";
  if (s.text("version").empty() && d.is_null())
    out += "  no deployment can begin before it is known what runs\n" +
           ways({{"say it", "adopt " + s.text("service") + " VERSION --reason ..."}});
  for (const Json& request : list(s["requests"]))
    out += "  " + request.text("id") + " " + request.text("version") + " waits for its gates since " +
           day_and_clock(request["at"]) + ": backstopctl checklist " + request.text("id") + "\n";
  if (!d["plan"].is_null()) {
    out += "  " + plan_line(d) + "\n";
    if (const std::string traffic = traffic_line(d); !traffic.empty()) out += "  " + traffic + "\n";
    out += plan_stops(d, style);
  } else if (d.text("phase") == "deploying" && d.text("rolls_back").empty())
    out += ways({{"when the traffic is on it", "deploy finish " + d.text("id")}});
  out += what_stops_it(s, style);
  if (const Json& day = s["last_game_day"]; !day.is_null())
    out += "  " +
           wrapped("game day " + day_and_clock(day["at"]) + ": " +
                       (day.flag("works") ? "a rollback would work" : "a rollback would NOT work: " + day.text("why")),
                   4) +
           "\n";
  out += learned_line(s);
  out += rules_table(s, style);
  if (blind(s))
    out += "  " + red(style, "BLIND") + ": what cannot be read leads to no rollback, and no deployment can begin\n";
  std::string looked;
  for (const Json& source : list(s["sources"])) {
    if (const std::string why = source.text("not_found"); !why.empty() && source.text("source") != looked) {
      looked = source.text("source");
      out += "  " +
             wrapped("source " + looked + ": its targets cannot be looked for, those known are read on: " + why, 4) +
             "\n";
    }
    if (source.integer("scrapes") + source.integer("failures") == 0) continue;
    const std::string where =
        source.text("source") + (source.text("target").empty() ? "" : " " + source.text("target"));
    if (source.flag("up")) {
      if (!source.text("why").empty()) out += "  " + wrapped("source " + where + ": " + source.text("why"), 4) + "\n";
      continue;
    }
    out += "  source " + where + " is " + red(style, "DOWN") + ", last read " +
           (source["last_ok"].is_null() ? "never" : day_and_clock(source["last_ok"])) + "\n    " +
           wrapped(source.text("why"), 4) + "\n";
  }
  return out;
}

std::string incident_lines(const Json& i) {
  std::string out =
      wrapped(i.text("id") + " " + i.text("state") + " (" + i.text("severity") + "): " + i.text("title"), 2);
  out += "\n";
  const std::string id = i.text("id");
  if (i.text("state") == "open")
    out += ways({{"why", "explain " + id}, {"you are on it", "ack " + id + " --comment ..."}});
  if (!i["review_due"].is_null())
    out += "    review due by " + day_and_clock(i["review_due"]) + "\n" +
           ways({{"close it", "incident review " + id + " --root-cause ... --prevention ..."}});
  return out;
}

std::string notices(const Json& doc) {
  std::string out;
  for (const Json& n : list(doc["undelivered_notices"])) {
    out += wrapped("notice not delivered yet: " + n.text("key") + " to " + n.text("channel") + ", " +
                       std::to_string(n.integer("attempts")) + (n.integer("attempts") == 1 ? " attempt" : " attempts") +
                       (n.text("error").empty() ? "" : ": " + n.text("error")),
                   2) +
           "\n";
  }
  if (const auto lost = doc.integer("dead_letters"); lost > 0)
    out += std::to_string(lost) + (lost == 1 ? " notice was" : " notices were") +
           " given up: nobody got it on that channel (see the journal)\n";
  return out;
}

std::string deadman_line(const Json& deadman, const Style& style) {
  if (deadman.is_null()) return "";
  const std::string last = deadman["last_ok"].is_null() ? "none was taken yet"
                                                        : "the last was taken at " + day_and_clock(deadman["last_ok"]);
  if (deadman.flag("well")) return "dead-man pings: " + last + "\n";
  const bool silent = !deadman.text("silent").empty();
  return red(style, silent ? "dead-man pings are not sent" : "dead-man pings are not taken") + ":\n  " +
         wrapped((silent ? deadman.text("silent") : deadman.text("error")) + "; " + last, 2) + "\n";
}

} // namespace

std::string judge_times(const Json& judge) {
  return "warm-up " + short_duration(judge.number("warm_up_s")) + ", sustain " +
         short_duration(judge.number("sustain_s"));
}

std::string held_text(const Json& rule) {
  double nats = 0;
  if (rule["evidence"].as_number(nats))
    return nats < 0.5 ? "" : fmt::format("{:.1f} of {:.1f} nats", nats, rule.number("evidence_needed"));
  const double seconds = rule.number("held_s");
  if (rule.text("reading_level") == "normal" || seconds <= 0) return "";
  const double needed = rule.number("needed_s");
  return seconds < needed ? short_duration(seconds) + " of " + short_duration(needed)
                          : "for " + short_duration(seconds);
}

std::string status_page(const Json& doc, const Style& style) {
  std::string out;
  if (!doc.flag("acts"))
    out += red(style, "OBSERVING ONLY, nothing is rolled back") + ":\n  " + wrapped(doc.text("degraded"), 2) +
           "\n  what to do: \"Observe-only\" in docs/operations.md\n\n";
  if (const auto& faults = list(doc["config_faults"]); !faults.empty()) {
    out += red(style, "the configuration on disk has faults, the old one is in force") + ":\n";
    for (const Json& fault : faults)
      if (fault.as_string()) out += "  " + wrapped(*fault.as_string(), 2) + "\n";
    out += "  mend them, then: backstopctl reload\n\n";
  }
  if (!doc["shutdown"].is_null())
    out += "THE HOST SHUTS DOWN since " + day_and_clock(doc["shutdown"]) +
           "; steps of a rollback are started after the boot\n\n";
  if (list(doc["services"]).empty())
    out += doc.flag("offline") ? "no service is in the journal\n\n"
                               : "no service is configured\n  write one where `services` in backstop.yaml looks for "
                                 "them, then: backstopctl reload\n\n";
  for (const Json& s : list(doc["services"])) out += service_page(s, style) + "\n";
  out += deadman_line(doc["deadman"], style);
  for (const Json& i : list(doc["incidents"])) out += incident_lines(i);
  out += notices(doc);
  if (!doc.text("steps_run_as").empty()) out += "rollback steps run as " + doc.text("steps_run_as") + "\n";
  if (const auto& steps = list(doc["steps_unconfined"]); !steps.empty()) {
    std::string names;
    for (const Json& step : steps) names += (names.empty() ? "" : ", ") + (step.as_string() ? *step.as_string() : "");
    out += "  " + wrapped("their limits and sandbox are NOT enforced: " + names, 2) + "\n";
  }
  return out;
}

} // namespace backstop::ctl
