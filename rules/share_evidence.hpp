#pragma once
#include "rules/time.hpp"
#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

/// Evidence that too large a share of requests is bad: fails, or is slower than a limit. O(1) for each scrape, but for the
/// three minutes that tell an outage that comes and goes from a single one.
namespace backstop {

/// What a share is held against.
struct ShareLine {
  /// A variance of a tenth (32 %) for two minutes, of errors at least: half an hour of baseline does not tell that a service
  /// wanders less (bench/decision/alpha).
  static constexpr double kWanderAssumed = 0.1 * 120;
  double share = 0.05; ///< the null hypothesis: at most this share is bad
  /// How much the share of a service that is well wanders by itself: its relative variance times the time over which it
  /// stays away, in seconds. It bounds what any number of requests in a short time can prove.
  double wander = 0;
  double bar = 7.5; ///< nats that suffice
  bool operator==(const ShareLine&) const = default;
};

/// What is bad from the start of a version needs less evidence, as most regressions show at once: a CUSUM with a head start
/// (fast initial response, Lucas and Crosier 1982) of this share of its default bar. It is told as evidence that counts for
/// more until it has spoken against as much as the head start was: then nothing seems gathered before a request was seen, and
/// what evidence must span at least stays as it is.
class HeadStart {
public:
  static constexpr double kShare = 0.4;
  /// `bar`: what suffices; `standard`: the default bar, in the same unit, which `bar` is above half of.
  HeadStart(double bar, double standard)
      : counts_(bar / (bar - kShare * standard)), spent_(kShare * standard * counts_) {}
  /// What `gathered` and `more` are together, at least 0 but in the head start; ends that once it is spent.
  [[nodiscard]] double sum(double gathered, double more, bool& early) const {
    if (early && gathered + more > -spent_) return gathered + more;
    const double sum = early ? 0 : std::max(0.0, gathered + more);
    early = false;
    return sum;
  }
  [[nodiscard]] double counts(bool early) const { return early ? counts_ : 1; }

private:
  double counts_, spent_;
};

/// Alternatives that the evidence is weighed for, as multiples of the null's share; none is above 97 %.
inline constexpr std::array<double, 6> kTimesWorse{1.25, 1.7, 2.5, 4, 8, 20};
/// Those of the severe path, above its own line.
inline constexpr std::array<double, 2> kSeverelyWorse{1.5, 2.1};

/// A CUSUM of log-likelihood ratios for each alternative p over the null q (Page 1954; the requests of one scrape are a
/// binomial sample): with k bad of n,
///   x = (k ln(p/q) + (n-k) ln((1-p)/(1-q))) / D,   C = max(0, C + clip(x, -most dt, +most dt)).
/// D is the variance of k over the binomial one where the share wanders: 1 + (n/dt) q wander. `most` nats a second make
/// bar/most the least time that any amount of evidence must span, which no shorter blip can bring about.
/// Answers of several targets that come within half a scrape interval are a round, weighed as one once as many are there as
/// in the round before, or the time is over: their order decides nothing.
class ShareEvidence {
public:
  struct Sum {
    std::vector<double> nats;     ///< by alternative
    std::array<double, 3> last{}; ///< the last increments of the greatest
    Time newest{};
    std::uint32_t answers = 0; ///< of the last round
    std::uint32_t early = 0;   ///< bit i: alternative i has its head start still
    bool operator==(const Sum&) const = default;
  };
  /// The answers that may still get company.
  struct Round {
    Time t{}; ///< of the first; zero: there is none
    Time newest{};
    double bad = 0, all = 0;
    Duration interval{};
    std::uint32_t answers = 0;
    bool operator==(const Round&) const = default;
  };
  struct State {
    Sum before; ///< the round
    Round round;
    bool operator==(const State&) const = default;
  };

  ShareEvidence(ShareLine line, double most_per_second, std::span<const double> times_worse);

  /// `bad` of `all` requests, up to `t`. `interval`: what the first of all covers. No requests: no evidence.
  void add(Time t, double bad, double all, Duration interval);
  void clear();
  /// As clear, at the start of a version: with a head start.
  void start();

  [[nodiscard]] double nats(Time now) const; ///< 0 at least
  /// The bar is reached, and it was not one scrape that did it: of the last three two speak against it.
  [[nodiscard]] bool proven(Time now) const;
  /// No more answers of this round are waited for.
  [[nodiscard]] bool is_whole(Time now) const;
  [[nodiscard]] const ShareLine& line() const { return line_; }
  [[nodiscard]] const State& state() const { return state_; }
  void restore(State state);

private:
  void weigh();
  [[nodiscard]] const Sum& sum(Time now) const { return is_whole(now) ? now_ : state_.before; }

  ShareLine line_;
  HeadStart head_start_;
  double most_per_second_;
  /// Nats for the alternative that a bad and a good request are; both 0: the alternative is not above the line.
  struct Weight {
    double bad = 0, good = 0;
  };
  std::vector<Weight> weights_; ///< by alternative
  State state_;
  Sum now_; ///< with the round
};

/// Outages that come and go, each too short to be proven by itself: over the last three minutes the share is above the
/// line beyond doubt (the log-likelihood ratio of what was seen over the line, with the same dispersion), and it still is
/// without the worst stretch as long as the longest blip that is tolerated.
class Intermittence {
public:
  struct Cell {
    Time t{};
    double bad = 0, all = 0;
    bool operator==(const Cell&) const = default;
  };

  Intermittence(ShareLine line, Duration tolerated) : line_(line), tolerated_(tolerated) {}
  void add(Time t, double bad, double all);
  void clear() { cells_.clear(); }
  void forget_before(Time t) {
    cells_.erase(cells_.begin(), std::find_if(cells_.begin(), cells_.end(), [t](const Cell& c) { return c.t >= t; }));
  }
  [[nodiscard]] bool proven() const;
  [[nodiscard]] const std::vector<Cell>& cells() const { return cells_; }
  void restore(std::vector<Cell> cells) { cells_ = std::move(cells); }

private:
  ShareLine line_;
  Duration tolerated_;
  std::vector<Cell> cells_; ///< of the last three minutes, oldest first, at most one a second
};

} // namespace backstop
