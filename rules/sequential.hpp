#pragma once
#include "rules/baseline.hpp"
#include "rules/crash_loop.hpp"
#include "rules/creep.hpp"
#include "rules/gauge_evidence.hpp"
#include "rules/pair_evidence.hpp"
#include "rules/share_evidence.hpp"
#include "rules/steady_evidence.hpp"
#include "rules/table.hpp"
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The sequential judge: the table draws the lines, evidence says whether they are crossed. It decides when there is enough
/// of it, at whatever time that is; docs/decision-quality.md has what it was measured to reach.
namespace backstop {

/// How much evidence it takes: the policy of a service.
struct SequentialSpec {
  Duration sustain{std::chrono::seconds(80)}; ///< no evidence shorter than this suffices
  Duration severe{std::chrono::seconds(20)};  ///< likewise where most requests fail, which counts in the warm-up too
  bool operator==(const SequentialSpec&) const = default;
};

/// What one condition of one rule is held against: the table's line, moved away from what was normal before.
struct EvidenceLine {
  enum class Kind {
    none,       ///< not judged, `why` says why
    share,      ///< of requests that are errors
    slow_share, ///< of requests slower than `slower_than`
    gauge,
  };
  Kind kind = Kind::none;
  bool inverted = false; ///< share: the ratio is of good requests, the others are bad
  ShareLine share;
  double slower_than = 0;                        ///< in the unit of the indicator
  double severe_share = 0;                       ///< share: the line of the severe path; 0: it has none
  std::uint32_t crash_loop = CrashLoop::kFewest; ///< restarts of one target that are one; 0: it restarts by itself
  GaugeLine gauge;
  std::string why; ///< of none; else how it was moved, or empty
  bool operator==(const EvidenceLine&) const = default;
};

std::string_view name_of(EvidenceLine::Kind kind);             ///< "none", "share", "slow_share", "gauge"
EvidenceLine::Kind evidence_kind_named(std::string_view name); ///< none for others

/// What the evidence says of one rule at one time.
struct Finding {
  double evidence = 0; ///< in nats (of what is counted in time: as the share of its bar that would be)
  double bar = 0;      ///< nats that suffice
  bool proven = false;
  bool severe = false;       ///< proven by the severe path: counts in the warm-up and while deploying
  double weighed = 0;        ///< requests, since the watch is armed
  double weighed_needed = 0; ///< that it takes at least to tell twice the line from it; 0: no requests are weighed
  std::string how;           ///< one clause: "evidence 3.1 of 8 nats"; empty: not judged by evidence
};

/// What of a suspicion must survive a restart.
struct SuspicionState {
  ShareEvidence::State share, severe;
  SteadyEvidence::State steady;
  std::vector<Intermittence::Cell> cells;
  GaugeEvidence::State gauge;
  std::vector<Trend::Point> trend; ///< of a gauge, or of the logarithm of a quantile
  std::vector<CrashLoop::Restart> restarts;
  PairEvidence::State pair;
  double weighed = 0;
  bool operator==(const SuspicionState&) const = default;
};

/// What an indicator showed at one evaluation: increases for shares, a value for gauges.
struct Observed {
  const Increase* increase = nullptr; ///< of the canary group, where there are groups
  const Increase* control = nullptr;  ///< of the control group; null: there are no groups
  const Reading* reading = nullptr;
  Duration interval{std::chrono::seconds(1)};
  bool armed = true; ///< false: in the warm-up
};

/// Evidence for one condition, gathered scrape by scrape.
class Suspicion {
public:
  Suspicion(EvidenceLine line, double quantile, const SequentialSpec& spec);
  void add(const Observed& observed);
  void start(); ///< of a version: nothing is gathered, and there is a head start
  [[nodiscard]] Finding finding(Time now) const;
  /// As the bar of its line counts: nats (steady evidence as the share of its own bar that would be), or seconds of a gauge.
  [[nodiscard]] double gathered() const;
  [[nodiscard]] const EvidenceLine& line() const { return line_; }
  [[nodiscard]] SuspicionState save() const;
  void restore(SuspicionState state);

private:
  void add_share(Time t, double bad, double all, const Observed& observed);
  void add_creep(const Increase& increase, Duration interval);
  [[nodiscard]] double bad_of(const Increase& increase) const;
  [[nodiscard]] double steady_nats() const;
  void find_share(Finding& f, Time now) const;
  void find_gauge(Finding& f, Time now) const;

  EvidenceLine line_;
  double quantile_; ///< slow_share: the quantile that the table's line is for
  ShareEvidence share_, severe_;
  SteadyEvidence steady_;
  Intermittence intermittence_;
  GaugeEvidence gauge_;
  CrashLoop crash_loop_;
  PairEvidence pair_;
  bool grouped_ = false;        ///< a control group was shown
  double weighed_ = 0;          ///< requests, since the watch is armed
  Trend trend_;                 ///< of the gauge
  Creep creep_;                 ///< of the quantile
  std::vector<Bucket> filling_; ///< requests for the next point of a creep ...
  Time filling_since_{}, filling_newest_{};
  Time newest_{}; ///< of the gauge
};

/// What an indicator did while a good version ran, finely enough to be gone through again. Bounded: kCells.
class Trace {
public:
  static constexpr std::size_t kCells = 400;
  struct Cell {
    Time t{};
    double bad = 0, all = 0;
    std::vector<Bucket> histogram;
    std::optional<double> value;
    std::vector<std::uint32_t> restarted;
  };
  explicit Trace(Duration window) : window_(window) {}
  void add(const Observed& observed, Time now);
  void clear() { cells_.clear(); }
  /// Puts what another trace had before the first cell of this one in front of it.
  void prepend(const Trace& before);
  [[nodiscard]] const std::vector<Cell>& cells() const { return cells_; }

private:
  Duration window_;
  std::vector<Cell> cells_; ///< oldest first
};

/// The line for one condition, from the table's limit and from what was before. `before` of an indicator with groups draws no
/// line of a share: the control group tells what is normal now.
EvidenceLine line_for(const IndicatorSpec& indicator, const Condition& condition, const Trace& before,
                      const SequentialSpec& spec, Duration interval);

} // namespace backstop
