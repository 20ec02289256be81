#include "daemon/ctl/pages.hpp"

/// What waits for a person, and the commands with which a person answers.
namespace backstop::ctl {
namespace {

std::string locked_text(const Json& s, const Style& style) {
  const std::string unlock = "unlock " + s.text("service");
  const std::string step = s.text("locked_step");
  std::vector<std::pair<std::string, std::string>> choices{{"look first", "deploy show " + s.text("locked_by")}};
  if (!step.empty()) {
    choices.emplace_back("go on with the rollback", unlock + " --retry-from " + step + " --reason ...");
    choices.emplace_back("you brought it back by hand", unlock + " --done-by-hand --reason ...");
  }
  choices.emplace_back("only take the lock away", unlock + " --reason ...");
  return "  " + red(style, "LOCKED") + ": " + wrapped(s.text("locked_why"), 10) +
         "\n    nothing acts on it, and no deployment of it can begin, until a person unlocks it\n" + ways(choices);
}

std::string hold_text(const Json& s, const Style& style) {
  const Json& h = s["hold"];
  return "  " + red(style, "HELD") + " until " + day_and_clock(h["until"]) + " by " + h.text("by") + ": " +
         h.text("reason") + "\n" +
         ways({{"end the hold", h.flag("all") ? "unhold --all" : "unhold " + s.text("service")}});
}

/// A rollback that is decided and not carried out: why, and who can do what.
std::string stopped_rollback(const Json& s, const Style& style) {
  const Json& d = s["deployment"];
  const std::string standing = standing_of_rollback(d);
  if (standing.empty() || standing == "enforced") return "";
  const std::string status = d.text("decision_status");
  const std::size_t colon = status.find(':');
  const std::string because = standing == "held"           ? "it is held"
                              : colon == std::string::npos ? ""
                                                           : status.substr(colon + 1);
  const std::string why = d.text("decision_why");
  const std::string id = d.text("id");
  if (standing == "awaiting_confirmation") {
    return "  " + red(style, "ROLL BACK?") + " " + wrapped(why, 13) + "\n    waits for a person until " +
           day_and_clock(d["confirm_until"]) + "; without an answer nothing is done\n" +
           ways({{"yes", "confirm " + id + " --reason ..."}, {"no", "decline " + id + " --reason ..."}});
  }
  const std::string out = "  " + red(style, "NOT rolled back") + ": " + wrapped(because, 19) + "\n    " +
                          wrapped("critical: " + why, 4) + "\n";
  if (standing == "waiting") return out;
  const std::string reason = s.text("service") + " --reason ...";
  return out +
         ways({{"why", "explain " + id}, {"roll back now", "rollback " + reason}, {"keep it", "accept " + reason}});
}

} // namespace

std::string ways(const std::vector<std::pair<std::string, std::string>>& choices) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [what, command] : choices) rows.push_back({what + ":", "backstopctl " + command});
  return table(rows, "    ");
}

std::string what_stops_it(const Json& s, const Style& style) {
  if (s.flag("locked")) return locked_text(s, style) + (s["hold"].is_null() ? "" : hold_text(s, style));
  return (s["hold"].is_null() ? "" : hold_text(s, style)) + stopped_rollback(s, style);
}

bool needs_a_person(const Json& s, const Json& d) {
  const std::string standing = standing_of_rollback(d);
  if (standing == "held") return !s["hold"].is_null();
  if (standing == "awaiting_confirmation") return !d["confirm_until"].is_null();
  return standing == "blocked";
}

} // namespace backstop::ctl
