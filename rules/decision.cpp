#include "rules/decision.hpp"
#include <algorithm>
#include <cmath>

namespace backstop {
namespace {

bool enforced(const Verdict& verdict) { return verdict.mode != Mode::observe; }

/// Evidence is gathered also while there are too few requests for a reading.
bool is_weighed(const Verdict& v) { return v.weighed_needed > 0; }

std::string blind_rules(const Evaluation& evaluation) {
  std::string names;
  for (const Verdict& v : evaluation.verdicts) {
    if (!enforced(v) || v.health == Health::ok || (v.health == Health::insufficient && is_weighed(v))) continue;
    names += (names.empty() ? "" : "; ") + v.rule + ": " + v.why;
  }
  return names;
}

/// Enforced rules that would not have been noticed to be critical: so few requests there were.
std::string too_few(const Evaluation& evaluation) {
  std::string names;
  for (const Verdict& v : evaluation.verdicts) {
    if (!enforced(v) || v.weighed >= v.weighed_needed) continue;
    names += (names.empty() ? "" : "; ") + v.rule + ": " + show(std::floor(v.weighed), Unit::count) +
             " requests, and it takes about " + show(std::ceil(v.weighed_needed), Unit::count) +
             " to tell twice the critical share from it";
  }
  return names;
}

/// The newest reading of an enforced rule is critical, though not yet for long enough. One that cannot be read now is blind.
bool turning_critical(const Evaluation& evaluation) {
  return std::any_of(evaluation.verdicts.begin(), evaluation.verdicts.end(), [](const Verdict& v) {
    return enforced(v) && v.health == Health::ok && v.reading_level == Level::critical && !v.preexisting;
  });
}

/// Enforced rules that were critical before the deployment and still are.
std::string critical_as_before(const Evaluation& evaluation) {
  std::string names;
  for (const Verdict& v : evaluation.verdicts) {
    if (enforced(v) && v.preexisting) names += (names.empty() ? "" : ", ") + v.rule;
  }
  return names;
}

void decide_critical(const Evaluation& evaluation, bool armed, Decision& decision) {
  for (const Verdict& v : evaluation.verdicts) {
    if (v.level != Level::critical || v.preexisting || (!armed && !v.at_once)) continue;
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
    decide_critical(evaluation, false, decision);
    decision.mode = strictest(decision.mode, window.mode);
    return decision;
  }
  for (const Time due : {window.armed_at(), window.good_at(), window.bake_end()}) {
    if (due > now) decision.next_due = std::min(decision.next_due, due);
  }
  // What was measured before the watch is armed, of the version before or in the warm-up, blames nobody.
  decide_critical(evaluation, evaluation.t > window.armed_at(), decision);
  const bool only_observed = decision.kind == DecisionKind::roll_back && decision.mode == Mode::observe;
  const bool enforced_critical = decision.kind == DecisionKind::roll_back && !only_observed;
  decision.mode = now > window.acts_until() ? Mode::observe : strictest(decision.mode, window.mode);
  const bool measured = evaluation.t > window.armed_at();
  const std::string blind = measured ? blind_rules(evaluation) : "nothing was measured since the watch began";
  const std::string few = too_few(evaluation);
  const std::string as_before = critical_as_before(evaluation);
  decision.good = now >= std::min(window.good_at(), window.bake_end()) && blind.empty() && few.empty() &&
                  as_before.empty() && !enforced_critical && !turning_critical(evaluation);
  if (now < window.bake_end() || (enforced_critical && decision.mode == Mode::automatic)) return decision;
  if (enforced_critical) {
    // Critical to the last, and nobody let the daemon act: neither kept nor undone, a person must look.
    decision.kind = DecisionKind::undecided;
    decision.why = "the bake window ended while critical: " + decision.why;
    return decision;
  }
  if (turning_critical(evaluation)) return decision; // it passes, or its rule decides
  decision.rules.clear();
  decision.kind = blind.empty() && few.empty() ? DecisionKind::accept : DecisionKind::undecided;
  if (!blind.empty())
    decision.why = "the bake window ended without usable data: " + blind;
  else if (!few.empty())
    decision.why = "the bake window ended with too little traffic to decide: " + few;
  else if (!as_before.empty())
    decision.why =
        "the bake window ended and nothing got worse; not verified good, as critical before it and still: " + as_before;
  else
    decision.why = "the bake window ended with every enforced rule healthy";
  return decision;
}

} // namespace backstop
