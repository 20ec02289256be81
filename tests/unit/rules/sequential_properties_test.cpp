// What must hold of a watch whatever the figures are; of one kind of evidence: share_evidence_test.cpp.
#include "rules/decision.hpp"
#include "rules/watch.hpp"
#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <random>

namespace backstop {
namespace {

using std::chrono::seconds;

constexpr std::uint32_t kTargets = 3;

Time at(double s) { return time_from_us(1'000'000'000'000) + seconds_f(s); }

/// Three ratios, of 0.5 %, 1 % and 2 % bad requests; rows in the order `order`.
WatchSpec spec_of(const std::vector<std::size_t>& order) {
  WatchSpec spec;
  for (std::uint32_t i = 0; i < 3; ++i) {
    IndicatorSpec indicator;
    indicator.name = std::string(1, static_cast<char>('a' + i));
    indicator.unit = Unit::ratio;
    RatioSpec ratio;
    ratio.errors = 2 * i, ratio.total = 2 * i + 1;
    indicator.kind = ratio;
    spec.indicators.push_back(indicator);
    spec.intervals.push_back(seconds(5));
  }
  for (const std::size_t i : order) {
    Row row;
    row.name = spec.indicators[i].name;
    row.indicator = static_cast<std::uint32_t>(i);
    row.unit = Unit::ratio;
    row.normal.high = 0.03, row.normal.high_inclusive = false;
    row.alert = {0.03, 0.05, true, true};
    row.critical.low = 0.05, row.critical.low_inclusive = false;
    spec.table.rows.push_back(row);
  }
  spec.sequential = SequentialSpec{};
  return spec;
}

/// Three targets under chance: the shares of `bad` from the deployment at 0 on.
class Watched {
public:
  Watched(std::vector<std::size_t> rows, std::vector<std::uint32_t> targets)
      : watch_(spec_of(rows)), targets_(std::move(targets)) {
    window_.begun = window_.finished = at(0);
    window_.warm_up = seconds(60);
    window_.bake = window_.good_after = seconds(1200);
    while (t_ < 0) step({0.005, 0.01, 0.02});
    watch_.set_baselines(watch_.freeze(at(0)));
    watch_.set_lines(watch_.freeze_lines());
  }
  Decision step(const std::array<double, 3>& shares, bool answers = true) {
    t_ += 5;
    std::mt19937 random(static_cast<unsigned>(t_ + 10'000)); // the same for all runs, whatever the order
    std::vector<Scrape> scrapes(kTargets);
    for (std::uint32_t target = 0; target < kTargets; ++target) {
      Scrape& s = scrapes[target];
      s.t = s.arrived = at(t_);
      s.target = target;
      if (!answers) s.health = ScrapeHealth::error, s.why = "connection refused";
      for (std::uint32_t i = 0; i < 3; ++i) {
        std::poisson_distribution<int> requests(100);
        const int all = requests(random);
        all_[target][i] += all;
        bad_[target][i] += std::binomial_distribution<int>(all, shares[i])(random);
        if (!answers) continue;
        const std::uint32_t series = 10 * target + 2 * i;
        s.samples.push_back({2 * i, series, bad_[target][i], 0});
        s.samples.push_back({2 * i + 1, series + 1, all_[target][i], 0});
      }
    }
    for (const std::uint32_t target : targets_) {
      watch_.observe(scrapes[target]);
      last = watch_.evaluate(at(t_), t_ >= 60, t_ < 0);
    }
    Decision decision = decide(last, window_, at(t_));
    std::sort(decision.rules.begin(), decision.rules.end());
    return decision;
  }
  Evaluation last;
  [[nodiscard]] double t() const { return t_; }

private:
  Watch watch_;
  std::vector<std::uint32_t> targets_;
  WatchWindow window_;
  double t_ = -1800;
  double all_[kTargets][3] = {}, bad_[kTargets][3] = {};
};

TEST(SequentialProperties, TheOrderOfRowsAndTargetsChangesNothing) {
  std::vector<std::size_t> rows{0, 1, 2};
  do {
    for (const std::vector<std::uint32_t>& targets : {std::vector<std::uint32_t>{0, 1, 2}, {2, 0, 1}, {2, 1, 0}}) {
      Watched plain({0, 1, 2}, {0, 1, 2}), other(rows, targets);
      for (int i = 0; i < 60; ++i) {
        const Decision a = plain.step({0.09, 0.01, 0.11}), b = other.step({0.09, 0.01, 0.11});
        ASSERT_EQ(a.kind, b.kind) << plain.t();
        ASSERT_EQ(a.rules, b.rules) << plain.t();
      }
      EXPECT_EQ(plain.last.level, Level::critical);
    }
  } while (std::next_permutation(rows.begin(), rows.end()));
}

TEST(SequentialProperties, AbsenceIsNeitherAPassNorARollback) {
  for (const double bad : {0.005, 0.2}) {
    Watched run({0, 1, 2}, {0, 1, 2});
    for (int i = 0; i < 4; ++i) run.step({bad, bad, bad});
    Decision decision;
    while (run.t() < 1200) {
      decision = run.step({bad, bad, bad}, false);
      ASSERT_NE(decision.kind, DecisionKind::roll_back) << run.t();
      ASSERT_FALSE(decision.good) << run.t();
    }
    EXPECT_EQ(decision.kind, DecisionKind::undecided);
  }
}

} // namespace
} // namespace backstop
