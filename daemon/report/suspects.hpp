#pragma once
#include "daemon/report/course.hpp"
#include "daemon/report/story.hpp"
#include <optional>
#include <string>
#include <vector>

namespace backstop::report {

/// An indicator that moved, or a signal that somebody raised, before the end was decided.
struct Suspect {
  std::string name;          ///< of the indicator; of a signal its kind
  Time onset{};              ///< since when it was away from what it had been
  bool from_records = false; ///< onset by a rule's level and how long its condition had held: no readings are kept
  std::optional<double> low_before, high_before; ///< of its readings before the deployment
  std::optional<double> worst;                   ///< until the end was decided
  Unit unit = Unit::count;
  std::string level;    ///< the worst that a rule on it reached: "alert", "critical"; empty: no rule said anything
  bool decided = false; ///< the decision rests on it
  std::string said;     ///< of a signal: its evidence
};

/// Ranked by onset: what moved first comes first; at the same time what decided, then what became critical.
/// An indicator has moved when its readings were outside of their range in the half hour before `deploy begin` (from the 5th
/// to the 95th of a hundred), widened on its worse side by half its width and at least 5 % of its edge, from the onset on, for three readings or more, without a
/// break up to the decision (or, without one, to the first level that was reached, or to the end).
/// Where fewer than ten readings were kept of before, the onset is when its rule's condition began to hold, by the record of
/// the level.
std::vector<Suspect> suspects_of(const Story& story, const Courses& courses);

} // namespace backstop::report
