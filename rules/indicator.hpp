#pragma once
#include "rules/band.hpp"
#include "rules/histogram.hpp"
#include "rules/sample.hpp"
#include "rules/time.hpp"
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace backstop {

enum class Aggregation { sum, min, max, avg };
std::string_view name_of(Aggregation a);

/// Errors per request over a window: sum of increases of `errors` / sum of increases of `total`.
struct RatioSpec {
  std::uint32_t source = 0;
  std::uint32_t errors = 0; ///< selector index within the source
  std::uint32_t total = 0;  ///< selector index within the source
  Duration window{std::chrono::seconds(30)};
  double min_requests = 1; ///< fewer in the window: insufficient
};

/// A quantile of a classic histogram, merged over all matched series and targets, over a window. The series of one
/// target share one set of bounds at a time; targets (and times) may differ, see merge_histograms. A quantile in the
/// +Inf bucket gives the highest finite bound, and the reading says so.
struct QuantileSpec {
  std::uint32_t source = 0;
  std::uint32_t buckets = 0; ///< selector index of name_bucket
  double q = 0.95;
  Duration window{std::chrono::seconds(30)};
  double min_requests = 1;
};

/// The newest value of a gauge, aggregated over its series and targets. Several series without an aggregation are
/// refused at run time as an error reading ("2 series match and no aggregate is set"), never "the last one wins".
struct GaugeSpec {
  std::uint32_t source = 0;
  std::uint32_t gauge = 0;
  std::optional<Aggregation> aggregate;
};

/// Increase per second of a counter: per target the increase over the measured stretch of the window, summed.
struct RateSpec {
  std::uint32_t source = 0;
  std::uint32_t counter = 0;
  Duration window{std::chrono::seconds(30)};
};

using IndicatorKind = std::variant<RatioSpec, QuantileSpec, GaugeSpec, RateSpec>;
std::uint32_t source_of(const IndicatorKind& kind);

struct IndicatorSpec {
  std::string name;
  Unit unit = Unit::count;
  IndicatorKind kind;
  Duration stale_after{std::chrono::seconds(30)}; ///< a series or target not seen for longer is stale, not zero
  Duration query_offset{};                        ///< late metrics: judged as of now - query_offset
  /// Targets that run the new version, and those beside them that do not (labels group: canary, control). Evidence compares
  /// them; readings are of all targets. Both empty: no groups.
  std::vector<std::uint32_t> canary = {}, control = {};
  /// The counters of one target are of many processes (what an engine tells of a fleet): where one begins anew, the others go
  /// on, and one after another in a rollout is no crash loop.
  bool many_processes = false;
  [[nodiscard]] bool grouped() const { return !canary.empty() && !control.empty(); }
};

/// What the counters of an indicator did since they were last looked at.
struct Increase {
  Time t{};                             ///< of the newest scrape in it; zero: nothing new
  double bad = 0;                       ///< errors (ratio)
  double all = 0;                       ///< requests (ratio, quantile)
  std::vector<Bucket> histogram;        ///< quantile
  std::vector<std::uint32_t> restarted; ///< targets whose counters began anew, once for each time
};

enum class Health {
  ok,
  no_data,      ///< nothing usable: no scrape yet, only NaN, nothing matched
  insufficient, ///< fewer than min_requests in the window
  gap,          ///< there was data; none newer than stale_after
  error,        ///< the source answers with errors, or the answer cannot be interpreted (`why`)
};
std::string_view name_of(Health health);

/// The value of an indicator at one time, or why there is none.
struct Reading {
  std::uint32_t indicator = 0;
  Time t{}; ///< the `now` it was read at; the values are those of now - query_offset
  Health health = Health::no_data;
  double value = 0;          ///< meaningful only when health is ok
  double numerator = 0;      ///< errors in the window (ratio)
  double requests = 0;       ///< total in the window (ratio, quantile); scrapes used (gauge, rate)
  Duration window{};         ///< the stretch the increases come from: longer than the spec's after an outage; gauge: 0
  std::uint32_t scrapes = 0; ///< scrapes that contributed (gauge: targets)
  std::string why;           ///< one clause when health is not ok, or a caveat of an ok value
  Time newest{};             ///< t of the newest scrape that contributed
  [[nodiscard]] bool usable() const { return health == Health::ok; }
};

/// One indicator over the scrapes of its source. Feed it every scrape of the source in order of time per target; the
/// order of targets among each other changes nothing. Memory is bounded: one entry per scrape within the window (or
/// stale_after, if longer), and the last value of each series.
///
/// Increases of counters are taken per series at each scrape, then summed:
/// - a value lower than the last one: the counter restarted, the increase is the new value;
/// - a series that appears in a target scraped before counts from 0; one that was away counts from its last value, or
///   from 0 if another counter of the indicator restarted in that target meanwhile;
/// - the first good scrape of a target counts nothing; a failed one neither adds nor resets;
/// - the first scrape after an outage has the increase of all of it: the requests did happen. It is not hidden:
///   Reading.window says how long a stretch is covered, and a rate is taken over that stretch.
/// A ratio passes over an answer without any `total`; absent errors beside a total are 0. Where errors grew more than
/// total, both increases of that scrape are dropped (`dropped`), likewise buckets that cannot be put together.
class Indicator {
public:
  Indicator(std::uint32_t index, IndicatorSpec spec);
  Indicator(Indicator&&) noexcept;
  Indicator& operator=(Indicator&&) noexcept;
  ~Indicator();

  [[nodiscard]] const IndicatorSpec& spec() const;
  /// Takes what concerns it out of `scrape`; ignores other sources.
  void observe(const Scrape& scrape);
  /// The target is not among those of its source any more: its gauges count no longer, and its failures do not either.
  /// What its counters did before stays. When it comes back it goes on as after an outage, but for a counter that began anew
  /// meanwhile: as in a new target, its first scrape counts nothing then.
  void target_left(std::uint32_t source, std::uint32_t target);
  /// From now on `target` is another one: nothing is known of it.
  void forget_target(std::uint32_t source, std::uint32_t target);
  /// From now on readings, and increases of no targets in particular, are of these alone, whatever the others do; empty: of
  /// all.
  void set_judged(std::vector<std::uint32_t> targets);
  /// The reading over (now - window, now], no data before `since` counted (a new version starts with a clean window): a
  /// scrape whose increases reach back before `since` counts only if a counter restarted in it. `now` is not before
  /// the newest observed scrape.
  [[nodiscard]] Reading read(Time now, Time since = Time::min()) const;
  /// Histogram of the window (quantile indicators only; empty otherwise), for evidence and baselines.
  [[nodiscard]] std::vector<Bucket> histogram(Time now, Time since = Time::min()) const;
  /// The scrapes taken in so far: a mark for increase_after().
  [[nodiscard]] std::uint64_t taken() const;
  /// The increases of the scrapes taken in after the mark, in whatever order targets answered; `since` as for read().
  /// Scrapes that cannot be believed are left out. Nothing for gauges and rates. A mark older than the window: what is left.
  /// `targets`: of these alone; empty: of those that are judged.
  [[nodiscard]] Increase increase_after(std::uint64_t mark, Time since = Time::min(),
                                        std::span<const std::uint32_t> targets = {}) const;
  /// Impossible samples (negative or not finite) and scrapes (errors > total, buckets that do not fit) since the start.
  [[nodiscard]] std::uint64_t dropped() const;

private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace backstop
