#include "daemon/ctl/screen/model.hpp"
#include "daemon/ctl/pages.hpp"
#include "daemon/ctl/screen/parts.hpp"
#include <algorithm>

namespace backstop::ctl::screen {
namespace {

Mark mark_of_service(const Json& s, const std::vector<Indicator>& indicators) {
  if (s["level"].is_null() || s["evaluated"].is_null()) return Mark::unknown;
  const std::string level = s.text("level");
  if (level == "critical") return Mark::critical;
  if (level == "alert") return Mark::alert;
  const bool blind = std::any_of(indicators.begin(), indicators.end(),
                                 [](const Indicator& i) { return i.mark == Mark::blind && i.remark != "observe"; });
  return blind ? Mark::blind : Mark::normal;
}

std::optional<Progress> progress_of_bake(const Json& s) {
  const Json& d = s["deployment"];
  double left = 0;
  if (d.text("phase") != "watching" || !s["bake_left_s"].as_number(left)) return {};
  const Time end = time_of(d["bake_end"]), from = std::max(time_of(d["finished"]), time_of(d["watched_from"]));
  const double whole = to_seconds(end - from);
  Progress progress;
  progress.share = whole > 0 ? std::clamp(1 - left / whole, 0.0, 1.0) : 0;
  progress.text = short_duration(left) + " left";
  return progress;
}

std::optional<Progress> progress_of_rollback(const Json& s, const std::vector<Step>& steps) {
  if (const Json& v = s["verifying"]; !v.is_null()) {
    const double wanted = v.number("wanted_s"), good = v.number("good_for_s");
    return Progress{wanted > 0 ? std::clamp(good / wanted, 0.0, 1.0) : 0,
                    "good " + short_duration(good) + " of " + short_duration(wanted)};
  }
  if (s["deployment"].text("phase") != "rolling_back" || steps.empty()) return {};
  const auto done = std::count_if(steps.begin(), steps.end(), [](const Step& step) {
    return step.state == Step::State::done || step.state == Step::State::left_out;
  });
  return Progress{static_cast<double>(done) / static_cast<double>(steps.size()),
                  std::to_string(done) + " of " + std::to_string(steps.size()) + " steps"};
}

std::string brief_of(const Json& s) {
  const Json& d = s["deployment"];
  if (s.flag("locked")) return "LOCKED";
  if (d.is_null()) {
    const auto& requests = list(s["requests"]);
    return requests.empty() ? "" : requests.front().text("id") + " waits for its gates";
  }
  const std::string phase = d.text("phase"), id = d.text("id") + " ";
  if (!d["plan"]["paused"].is_null() && phase == "deploying") return id + "PAUSED";
  if (phase == "rolling_back") return id + "rolling back";
  if (const std::string standing = standing_of_rollback(d); standing == "awaiting_confirmation")
    return id + "ROLL BACK?";
  else if (!standing.empty() && standing != "enforced")
    return id + "NOT rolled back";
  if (phase == "watching" && !s["armed"].is_null() && !s.flag("armed")) return id + "warming up";
  if (phase == "watching" && d.flag("verified_good")) return id + "good, watching on";
  return id + phase;
}

} // namespace

int Service::urgency() const {
  int grave = 0;
  for (const Trouble& trouble : troubles) grave += trouble.grave;
  const int level = mark == Mark::critical ? 3 : mark == Mark::alert || mark == Mark::blind ? 2 : 0;
  return (asked ? 100 : 0) + (grave > 0 ? 50 : 0) + level * 10 + (deployment.empty() ? 0 : 5);
}

Service service_of(const Json& s, const Json& incidents, const Json& deployment, Time now) {
  Service out;
  const Json& under_way = s["deployment"];
  const Json& shown = under_way.is_null() ? deployment : under_way;
  out.name = s.text("service");
  out.version = s.text("version");
  out.version_good = s.flag("version_good");
  out.mode = s.text("mode");
  out.target = under_way.is_null() ? s.text("rollback_target") : under_way.text("previous");
  out.deployment = under_way.text("id");
  out.shown = shown.text("id");
  out.begun = time_of(shown["begun"]);
  if (!under_way.is_null())
    out.phase = phase_text(s);
  else if (!shown.is_null())
    out.phase = "last: " + shown.text("id") + " " + shown.text("version") + ", " + phase_words(shown.text("phase"));
  else
    out.phase = "no deployment under way";
  out.brief = brief_of(s);
  out.asked = standing_of_rollback(under_way) == "awaiting_confirmation";
  out.indicators = indicators_of(s);
  out.mark = mark_of_service(s, out.indicators);
  out.steps = steps_of(shown["steps"], now);
  out.plan = plan_of(shown["plan"]);
  out.traffic = traffic_line(shown);
  out.progress = progress_of_bake(s);
  if (!out.progress) out.progress = progress_of_rollback(s, out.steps);
  out.troubles = troubles_of(s);
  for (const Json& i : list(incidents)) {
    if (i.text("service") != out.name) continue;
    out.troubles.push_back(trouble_of_incident(i));
    if (i.text("state") == "open" && out.incident.empty()) out.incident = i.text("id");
    if (i.text("state") != "resolved" && out.any_incident.empty()) out.any_incident = i.text("id");
  }
  std::stable_partition(out.troubles.begin(), out.troubles.end(), [](const Trouble& t) { return t.grave; });
  return out;
}

std::vector<Trouble> host_troubles(const Json& status) {
  std::vector<Trouble> out;
  if (!status.flag("acts"))
    out.push_back({true, "OBSERVING ONLY", "nothing is rolled back: " + status.text("degraded")});
  if (const auto& faults = list(status["config_faults"]); !faults.empty())
    out.push_back({true, "CONFIGURATION REFUSED",
                   "the old one is in force: " + (faults.front().as_string() ? *faults.front().as_string() : "")});
  if (!status["shutdown"].is_null())
    out.push_back({true, "THE HOST SHUTS DOWN", "steps of a rollback are started after the boot"});
  if (const Json& deadman = status["deadman"]; !deadman.is_null() && !deadman.flag("well")) {
    const bool silent = !deadman.text("silent").empty();
    out.push_back({true, silent ? "dead-man pings are not sent" : "dead-man pings are not taken",
                   silent ? deadman.text("silent") : deadman.text("error")});
  }
  if (const auto& notices = list(status["undelivered_notices"]); !notices.empty())
    out.push_back(
        {false, std::to_string(notices.size()) + (notices.size() == 1 ? " notice" : " notices") + " not delivered yet",
         "to " + notices.front().text("channel") +
             (notices.front().text("error").empty() ? "" : ": " + notices.front().text("error"))});
  if (const auto lost = status.integer("dead_letters"); lost > 0)
    out.push_back({false, std::to_string(lost) + (lost == 1 ? " notice was" : " notices were") + " given up",
                   "nobody got it on that channel"});
  return out;
}

} // namespace backstop::ctl::screen
