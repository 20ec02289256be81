#pragma once
#include "rules/deployment.hpp"
#include "rules/verdict.hpp"
#include "rules/watch.hpp"
#include <string>
#include <string_view>
#include <vector>

namespace backstop {

enum class DecisionKind { keep_watching, accept, roll_back, undecided };
std::string_view name_of(DecisionKind kind); ///< "KeepWatching", "Accept", "RollBack", "Undecided"

/// What to do with a watched deployment, and why. Whether it is carried out is the daemon's (mode, hold, limits).
struct Decision {
  DecisionKind kind = DecisionKind::keep_watching;
  std::vector<std::string> rules; ///< those that decided
  Mode mode = Mode::automatic;    ///< the most permissive among the rules that decided: each rule alone would suffice
  std::string why;                ///< one sentence
  bool good = false; ///< good_after (or the bake) has passed, and no enforced row is blind or critical: verified good
  Time next_due = kNever; ///< when time alone may change the decision
};

/// Decides over one evaluation. Pure: all it knows is in its arguments.
/// - deploying: no rule acts (restarts and cold caches are part of deploying), but one that counts at once.
/// - watching: any rule that is critical after its timers and not pre-existing, in an evaluation later than the warm-up:
///   RollBack. One that counts at once: in the warm-up too.
/// - end of the bake: Accept, but not while the newest reading of an enforced rule is critical; or Undecided while an
///   enforced rule has no usable data, or too few requests were weighed to tell. What was critical before the deployment and still is is not blamed on it, but
///   nor does the version count as good: nobody would want to go back to it.
Decision decide(const Evaluation& evaluation, const WatchWindow& window, Time now);

} // namespace backstop
