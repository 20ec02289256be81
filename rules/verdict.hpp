#pragma once
#include "rules/baseline.hpp"
#include "rules/indicator.hpp"
#include "rules/table.hpp"
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace backstop {

/// What one rule says at one time, with everything that made it say so.
struct Verdict {
  std::string rule;
  std::uint32_t indicator = 0;         ///< of a criterion: its first condition's
  Level level = Level::normal;         ///< after timers; what counts
  Level reading_level = Level::normal; ///< what the newest reading alone says
  Health health = Health::no_data;     ///< apart from level: a source that is down neither clears nor raises it
  Reading reading;
  std::string limit;              ///< the comparison in force, as written: "> 5%", "> 2x baseline (410ms)"
  double threshold = 0;           ///< its number, in the indicator's unit; 0 where none applies
  std::optional<double> baseline; ///< frozen value, where there is a usable one
  Duration held{};                ///< how long the condition has held, on the clock of usable readings
  Duration needed{};              ///< its `for`
  Mode mode = Mode::automatic;
  std::optional<double> evidence; ///< nats; none where timers decide
  double evidence_needed = 0;     ///< nats that suffice
  /// Requests that were weighed since the watch is armed, and how many it takes at least to tell twice the critical share
  /// from it. Zero where no requests are weighed.
  double weighed = 0, weighed_needed = 0;
  bool at_once = false; ///< counts in the warm-up and while deploying too: by the severe path, or a fact of the host
  bool preexisting = false; ///< critical already when the deployment began, and not worse since
  std::string why;          ///< one clause: "6.2% > 5% for 12s of 30s", "no data: connection refused"
};

/// The timers of one rule. Survives a restart as it is.
struct RuleState {
  Level level = Level::normal;
  Level reading_level = Level::normal;
  Time newest{};      ///< newest data judged so far; zero: none yet
  Time alert_since{}; ///< zero: not active
  Time critical_since{};
  Time alert_held{}; ///< when the condition last held (for keep_firing_for)
  Time critical_held{};
  Time absent_since{}; ///< since when absence has counted as a level, see AbsencePolicy; zero: it does not now
  std::vector<std::uint8_t> history;    ///< reading levels of the last n evaluations, newest last
  std::optional<double> value_at_begin; ///< set while a pre-existing critical condition is excused
  bool proven = false;                  ///< by evidence; over once the evidence has gone down to half of what suffices
  bool operator==(const RuleState&) const = default;
};

/// What evaluating needs besides the rule: one indicator's present reading, its frozen baseline and its scrape interval.
struct IndicatorView {
  const Reading* reading = nullptr;
  const Baseline* baseline = nullptr; ///< null: no deployment, no baseline
  Duration interval{std::chrono::seconds(1)};
};

/// Judges a row. `armed` false (warm-up): the reading is shown, no timer starts. Timers run on the time of the data: an
/// evaluation without newer data neither advances nor resets them, and a hole in the data of more than two intervals
/// advances them by one interval only; longer than max_gap: they start anew. A level that fired stays until a reading
/// says that its condition is over; absence changes it only as the row's policy says, after its `for` on the clock.
Verdict judge_row(const Row& row, RuleState& state, const IndicatorView& view, Time now, bool armed);

/// Judges a criterion: all conditions must hold. `views` are those of its conditions in order. Conditions on a baseline
/// that is not usable are left out; a criterion with none left says so and stays normal.
Verdict judge_criterion(const Criterion& criterion, RuleState& state, std::span<const IndicatorView> views, Time now,
                        bool armed);

/// The worst level of all, over rules whose mode lets them act or not alike.
Level fold_level(std::span<const Verdict> verdicts);

} // namespace backstop
