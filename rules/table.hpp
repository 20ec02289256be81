#pragma once
#include "rules/band.hpp"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace backstop {

/// May the daemon act on it by itself?
enum class Mode {
  observe, ///< measure and tell, never act
  confirm, ///< ask a named person, act on their word
  automatic,
};
std::string_view name_of(Mode mode); ///< "observe", "confirm", "auto"
constexpr Mode strictest(Mode a, Mode b) { return a < b ? a : b; }

/// As `for_critical`: no time makes it critical, evidence does (rules/sequential.hpp).
inline constexpr Duration kByEvidence = Duration::max();

/// What a row does while its indicator cannot be read in one of the ways below.
enum class OnAbsence { keep, alert, critical };

/// Timers of a rule, in the usual terms.
struct Timing {
  Duration for_alert{};       ///< the reading must be in the alert band this long (0: at the first evaluation)
  Duration for_critical{};    ///< likewise critical
  Duration keep_firing_for{}; ///< a level is kept this long after its condition last held
  int m = 1;                  ///< M of N: at least m of the last n evaluations ...
  int n = 1;                  ///< ... were in the band (1 of 1: every one), besides `for`
  Duration max_gap{std::chrono::seconds(30)}; ///< no reading for longer: timers start anew, the row is unhealthy
  bool operator==(const Timing&) const = default;
};

/// What happens on each kind of absence: keep the level (default), or, only if written, treat it as alert or critical
/// once it has lasted for that level's `for`.
struct AbsencePolicy {
  OnAbsence no_data = OnAbsence::keep;
  OnAbsence error = OnAbsence::keep;
  OnAbsence insufficient = OnAbsence::keep;
  OnAbsence gap = OnAbsence::keep;
  bool operator==(const AbsencePolicy&) const = default;
};

/// One row of the threshold table: three bands over one indicator.
struct Row {
  std::string name; ///< the rule's name: that of the indicator unless set
  std::uint32_t indicator = 0;
  Unit unit = Unit::count;
  bool higher_is_worse = true;
  Band normal, alert, critical;
  Timing timing;
  AbsencePolicy absence;
  Mode mode = Mode::automatic;
  double worsen_factor = 1.5; ///< already critical at begin: acts only when this many times worse than it was then
};

/// One condition of a criterion. At least one of the two parts is set; both set: both must hold.
struct Condition {
  std::uint32_t indicator = 0;
  Unit unit = Unit::count;
  std::optional<Limit> limit;       ///< "> 5%"
  std::optional<Limit> of_baseline; ///< "> 2x baseline": value is the factor
};

/// More is worse: as its limit compares, or else its baseline factor.
bool is_upward(const Condition& condition);

/// A rollback criterion: critical while all its conditions hold for `timing.for_critical`. It knows no alert level.
struct Criterion {
  std::string name;
  std::vector<Condition> conditions;
  Timing timing;
  AbsencePolicy absence;
  Mode mode = Mode::automatic;
  double worsen_factor = 1.5;
};

struct Table {
  std::vector<Row> rows;
  std::vector<Criterion> criteria;
};

} // namespace backstop
