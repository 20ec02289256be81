#pragma once
#include "rules/baseline.hpp"
#include "rules/indicator.hpp"
#include "rules/sequential.hpp"
#include "rules/table.hpp"
#include "rules/verdict.hpp"
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace backstop {

/// What a service is watched by: compiled from its configuration.
struct WatchSpec {
  std::vector<IndicatorSpec> indicators;
  std::vector<Duration> intervals; ///< scrape interval of each indicator's source, by indicator
  Table table;
  BaselineSpec baseline;
  std::optional<SequentialSpec> sequential; ///< evidence makes rules critical; none: their timers do
  /// By indicator: it tells facts of the host (a unit failed, was killed, was started again), not samples of a behaviour. The
  /// timers of rules on facts alone decide with the sequential judge too, and from the moment the version is out. Empty: none.
  std::vector<bool> facts;
};

/// One evaluation: every reading, every verdict, folded worst-of.
struct Evaluation {
  Time t{};
  std::vector<Reading> readings; ///< by indicator
  std::vector<Verdict> verdicts; ///< rows first, then criteria
  Level level = Level::normal;
};

/// What of a watch must survive a restart: the timers and the history before the deployment. Windows fill again by
/// themselves; meanwhile readings are insufficient, which neither advances nor resets a timer.
struct WatchState {
  std::vector<RuleState> rules;                             ///< rows first, then criteria
  std::vector<std::vector<BaselineHistory::Block>> history; ///< by indicator
  Time clean_since{};
  Time evaluated{};                       ///< the newest evaluation; zero: none
  std::vector<SuspicionState> suspicions; ///< by condition of the rules in order; none where timers decide
  bool operator==(const WatchState&) const = default;
};

/// One service under observation, at all times, with or without a deployment. The main path of the rules: observe()
/// takes scrapes, evaluate() judges. Deterministic: the same scrapes and calls give the same evaluations.
class Watch {
public:
  explicit Watch(WatchSpec spec);

  void observe(const Scrape& scrape);

  /// What Indicator has of the same names, for all indicators.
  void target_left(std::uint32_t source, std::uint32_t target);
  void forget_target(std::uint32_t source, std::uint32_t target);
  /// The groups among the targets of a source, see IndicatorSpec::canary.
  void set_groups(std::uint32_t source, const std::vector<std::uint32_t>& canary,
                  const std::vector<std::uint32_t>& control);

  /// Of a source, only these targets are judged from now on, whatever the others do; empty: all of them.
  void set_judged(std::uint32_t source, const std::vector<std::uint32_t>& targets);

  /// Judges everything as of `now`. `armed` false (warm-up, no deployment finished): shown, no timer runs.
  /// `learn` true: a verified-good version runs undisturbed, so the readings enter the history for baselines.
  /// `out`: since when the version is out (`deploy finish`); kNever: not yet; zero: there is no deployment.
  [[nodiscard]] Evaluation evaluate(Time now, bool armed, bool learn, Time out = Time{});

  /// A new version starts: windows begin at `since`, timers anew.
  void start_clean(Time since);
  /// What the sources say that they would have shown before they were read, oldest first: of the version that is
  /// learned from, and so put in front of what was learned by itself. Judges nothing.
  void learn_past(std::span<const Scrape> past);
  /// How long a stretch before `now` every indicator has a history of.
  [[nodiscard]] Duration learned_for(Time now) const;
  /// The history so far was that of another version: start it anew.
  void forget_history();

  /// The baseline of every indicator as of `now`, to be kept in the record of the deployment.
  [[nodiscard]] std::vector<Baseline> freeze(Time now) const;
  void set_baselines(std::vector<Baseline> baselines); ///< by indicator; empty: none

  /// The lines of the sequential judge, by condition of the rules in order, to be kept likewise; none where
  /// timers decide. What was gathered of evidence is forgotten when they are set.
  [[nodiscard]] std::vector<EvidenceLine> freeze_lines() const;
  void set_lines(std::vector<EvidenceLine> lines);
  /// Of the sequential judge, for lines that are drawn or set after it.
  void set_sustain(Duration sustain);

  /// Rules whose newest reading is critical now: they are excused until they worsen by their factor.
  std::vector<std::string> excuse_preexisting();

  [[nodiscard]] const WatchSpec& spec() const { return spec_; }
  [[nodiscard]] const std::vector<Baseline>& baselines() const { return baselines_; }

  [[nodiscard]] const std::vector<RuleState>& rules() const { return rules_; }
  [[nodiscard]] Time clean_since() const { return clean_since_; }
  /// The newest evaluation, in this run or, by restore(), in the one before; zero: none.
  [[nodiscard]] Time evaluated() const { return evaluated_; }
  /// Longer between two evaluations means that nobody watched: the longer of 30 s and five scrapes of the fastest source.
  [[nodiscard]] Duration longest_pause() const;

  [[nodiscard]] WatchState save() const;
  /// Puts back what save() gave, where it fits this specification and `now`; otherwise starts anew and says false.
  bool restore(WatchState state, Time now);
  /// The same for WatchState::history alone, before anything was learned; of another number of indicators: nothing.
  void restore_histories(const std::vector<std::vector<BaselineHistory::Block>>& histories, Time now);

private:
  struct Held {
    std::uint32_t indicator = 0;
    Suspicion suspicion;
  };
  [[nodiscard]] bool is_fact(std::uint32_t indicator) const {
    return spec_.sequential && indicator < spec_.facts.size() && spec_.facts[indicator];
  }
  [[nodiscard]] bool on_facts(const Criterion& criterion) const;
  void gather(const std::vector<Reading>& readings, Time now, bool armed, bool learn);
  void weigh(std::size_t rule, std::size_t first, std::size_t conditions, Time now, bool armed, Verdict& verdict);

  WatchSpec spec_;
  std::vector<Indicator> indicators_;
  std::vector<BaselineHistory> history_;
  std::vector<Baseline> baselines_;
  std::vector<RuleState> rules_;
  std::vector<Condition> conditions_; ///< of the rules that evidence decides, in order
  std::vector<Held> held_;            ///< by condition
  std::vector<Trace> traces_;         ///< by indicator
  std::vector<std::uint64_t> marks_;  ///< by indicator: how far its increases were looked at
  std::vector<double> last_value_;    ///< of each rule's first indicator, for excuse_preexisting()
  Time clean_since_{};
  Time evaluated_{};
};

} // namespace backstop
