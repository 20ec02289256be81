#include "daemon/ctl/outcome.hpp"
#include "daemon/ctl/invocation.hpp"
#include "daemon/ctl/pages.hpp"

namespace backstop::ctl {
namespace {

/// The rule nearest to its limit.
std::string worst_rule(const Json& service, const Style& style) {
  const Json* worst = nullptr;
  int most = -1;
  for (const Json& rule : list(service["rules"])) {
    const std::string level = rule.text("reading_level");
    const int rank = level == "critical" ? 2 : level == "alert" ? 1 : 0;
    if (rule.text("mode") != "observe" && rank > most) {
      most = rank;
      worst = &rule;
    }
  }
  if (!worst) return "";
  std::string text = worst->text("rule") + " " + value_text(*worst) + ", limit " + worst->text("limit");
  if (most == 0) return text;
  const std::string held = held_text(*worst);
  return text + " (" + level_word(style, worst->text("reading_level")) + (held.empty() ? "" : " " + held) + ")";
}

Outcome end_of_rollback(const Json& d) {
  const std::string name = d.text("id") + ": " + d.text("service");
  if (d.text("phase") == "succeeded")
    return {kDone, name + " is back at " + d.text("version") + " and verified; it undid " + d.text("rolls_back")};
  if (d.text("phase") == "rollback_failed") return {kRollbackFailed, name + ": the ROLLBACK FAILED: " + d.text("why")};
  return {};
}

} // namespace

std::string progress_line(const Json& doc, const Style& style) {
  const Json& d = doc["deployment"];
  const Json& service = doc["service"];
  const std::string rule = worst_rule(service, style);
  std::string line = phase_text(service["deployment"].is_null() ? Json::object().set("deployment", d) : service);
  if (const std::string standing = standing_of_rollback(d); standing == "waiting" || standing == "declined")
    line += ", NOT rolled back: " + standing;
  if (!service["hold"].is_null()) line += ", HELD";
  if (!service.text("level").empty()) line += "; " + level_word(style, service.text("level"));
  return cut(line + (rule.empty() ? "" : "; " + rule), style.width);
}

Outcome outcome_of(const Json& doc, bool whole_bake, const Style& style) {
  const Json& d = doc["deployment"];
  if (!d.text("rolls_back").empty()) return end_of_rollback(d);
  const std::string phase = d.text("phase");
  const std::string id = d.text("id");
  const std::string name = id + ": " + d.text("service") + " " + d.text("version");
  if (phase == "succeeded") return {kDone, name + " is kept: " + d.text("why")};
  if (phase == "rolled_back_verified")
    return {kRolledBack,
            name + " was rolled back to " + d.text("previous") + " and verified, because " + d.text("cause")};
  if (phase == "rollback_failed") {
    const std::string ways_out = what_stops_it(doc["service"], style);
    return {kRollbackFailed,
            name + ": the ROLLBACK FAILED" + (ways_out.empty() ? ": " + d.text("why") : "\n" + ways_out)};
  }
  if (phase == "undecided")
    return {kUndecided, name + " is undecided, a person must look\n  " + wrapped(d.text("why"), 2) +
                            "\nwhy: backstopctl explain " + id};
  if (phase == "superseded" || phase == "aborted") return {kSuperseded, name + ": " + d.text("why")};
  if (phase == "refused") return {kRefused, name + " was refused: " + d.text("why")};
  if (const Json& paused = d["plan"]["paused"]; phase == "deploying" && !paused.is_null())
    return {kUndecided, name + ": its plan is paused, a person must look\n" + plan_stops(d, style) +
                            "then follow it again: backstopctl deploy wait " + id};
  if (needs_a_person(doc["service"], d))
    return {kUndecided, name + " is critical and NOT rolled back, a person must look\n" +
                            what_stops_it(doc["service"], style) + "then follow it again: backstopctl deploy wait " +
                            id};
  if (phase == "watching" && d.flag("verified_good") && !whole_bake)
    return {kDone, name + " is verified good; it is still watched until " + day_and_clock(d["bake_end"])};
  return {};
}

} // namespace backstop::ctl
