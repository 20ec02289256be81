#include "rules/decision.hpp"
#include <algorithm>

namespace backstop {
namespace {

bool enforced(const Verdict& verdict) { return verdict.mode != Mode::observe; }

std::string blind_rules(const Evaluation& evaluation) {
  std::string names;
  for (const Verdict& v : evaluation.verdicts) {
    if (!enforced(v) || v.health == Health::ok) continue;
    names += (names.empty() ? "" : "; ") + v.rule + ": " + v.why;
  }
  return names;
}

void decide_critical(const Evaluation& evaluation, Decision& decision) {
  for (const Verdict& v : evaluation.verdicts) {
    if (v.level != Level::critical || v.preexisting) continue;
    decision.mode = decision.rules.empty() ? v.mode : std::max(decision.mode, v.mode);
    decision.rules.push_back(v.rule);
    decision.why += (decision.why.empty() ? "" : "; ") + v.rule + " " + v.why;
  }
  if (!decision.rules.empty()) decision.kind = DecisionKind::roll_back;
}

} // namespace

std::string_view name_of(DecisionKind kind) {
  switch (kind) {
  case DecisionKind::keep_watching: return "KeepWatching";
  case DecisionKind::accept: return "Accept";
  case DecisionKind::roll_back: return "RollBack";
  case DecisionKind::undecided: return "Undecided";
  }
  return "";
}

Decision decide(const Evaluation& evaluation, const WatchWindow& window, Time now) {
  Decision decision;
  if (window.finished == Time{}) {
    const Time due = window.begun + window.deploy_timeout;
    if (due > now) decision.next_due = due;
    return decision;
  }
  for (const Time due : {window.armed_at(), window.good_at(), window.bake_end()}) {
    if (due > now) decision.next_due = std::min(decision.next_due, due);
  }
  // What was measured up to the finish says nothing of the new version in the traffic: with begin and finish between two
  // scrapes, it would be blamed for what was critical before it.
  if (evaluation.t > window.finished) decide_critical(evaluation, decision);
  const bool only_observed = decision.kind == DecisionKind::roll_back && decision.mode == Mode::observe;
  const bool enforced_critical = decision.kind == DecisionKind::roll_back && !only_observed;
  decision.mode = now > window.acts_until() ? Mode::observe : strictest(decision.mode, window.mode);
  const std::string blind = evaluation.t == Time{} ? "nothing was measured" : blind_rules(evaluation);
  decision.good = now >= window.good_at() && blind.empty() && !enforced_critical;
  if (now < window.bake_end() || (enforced_critical && decision.mode == Mode::automatic)) return decision;
  if (enforced_critical) {
    // Critical to the last, and nobody let the daemon act: neither kept nor undone, a person must look.
    decision.kind = DecisionKind::undecided;
    decision.why = "the bake window ended while critical: " + decision.why;
    return decision;
  }
  decision.rules.clear();
  decision.kind = blind.empty() ? DecisionKind::accept : DecisionKind::undecided;
  decision.why = blind.empty() ? "the bake window ended with every enforced rule healthy"
                               : "the bake window ended without usable data: " + blind;
  return decision;
}

} // namespace backstop
