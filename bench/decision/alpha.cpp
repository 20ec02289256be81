/// alpha [WATCHES [HOURS]]: how often a version is rolled back whose share of failing requests stays inside the alert band.
/// The share is constant but for noise of 25 % (lognormal, autoregressive, one minute), a scrape every 5 s, shipped
/// defaults. Half of the watches have no baseline; before the others 0.5 % failed, with the same noise. The null of the
/// judge is the table's own line, 5 %.
#include "rules/sequential.hpp"
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <thread>
#include <vector>

namespace {

using namespace backstop;

constexpr double kDt = 5, kNoise = 0.25, kStays = 60, kShareBefore = 0.005, kBefore = 1800;
constexpr Duration kInterval = seconds_f(kDt);

/// What a service with so much traffic shows, scrape by scrape.
class Service {
public:
  Service(double per_second, std::uint64_t seed) : random_(seed), requests_(per_second * kDt) {
    noise_ = kNoise * normal_(random_);
  }

  const Increase& next(double share) {
    const double keep = std::exp(-kDt / kStays);
    noise_ = keep * noise_ + kNoise * std::sqrt(1 - keep * keep) * normal_(random_);
    increase_.t = (t_ += kInterval);
    const int all = requests_(random_);
    const double bad = std::min(1.0, share * std::exp(noise_));
    increase_.all = all;
    increase_.bad = all > 0 ? std::binomial_distribution<int>(all, bad)(random_) : 0;
    return increase_;
  }

private:
  std::mt19937_64 random_;
  std::normal_distribution<double> normal_;
  std::poisson_distribution<int> requests_;
  double noise_ = 0;
  Time t_ = time_from_us(1'000'000'000'000);
  Increase increase_;
};

struct Case {
  double share = 0, per_second = 0;
  bool baseline = false;
};

bool rolls_back(const Case& c, double hours, std::uint64_t seed) {
  Service service(c.per_second, seed);
  const Reading none;
  Trace before(seconds_f(kBefore));
  for (double t = 0; c.baseline && t < kBefore; t += kDt) {
    const Increase& increase = service.next(kShareBefore);
    before.add({&increase, nullptr, &none, kInterval, false}, increase.t);
  }
  IndicatorSpec errors;
  errors.unit = Unit::ratio;
  errors.kind = RatioSpec{};
  const Condition condition{0, Unit::ratio, Limit{Op::greater, 0.05}, {}};
  Suspicion suspicion(line_for(errors, condition, before, SequentialSpec{}, kInterval), 0, SequentialSpec{});
  suspicion.start();
  for (double t = 0; t < hours * 3600; t += kDt) {
    const Increase& increase = service.next(c.share);
    suspicion.add({&increase, nullptr, &none, kInterval, true});
    if (suspicion.finding(increase.t).proven) return true;
  }
  return false;
}

int count(const Case& c, int watches, double hours) {
  std::atomic<int> proven{0}, next{0};
  const auto work = [&] {
    for (int i = next++; i < watches; i = next++)
      proven += rolls_back(c, hours, static_cast<std::uint64_t>(i) * 2654435761U + 1);
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  return proven;
}

} // namespace

int main(int argc, char** argv) {
  const int watches = argc > 1 ? std::atoi(argv[1]) : 10'000;
  const double hours = argc > 2 ? std::atof(argv[2]) : 2;
  if (watches < 1 || hours <= 0) {
    std::fprintf(stderr, "usage: alpha [WATCHES [HOURS]]\n");
    return 2;
  }
  std::printf("%d watches of %g h each; rolled back, of all\n%8s %10s %12s %12s %9s\n", watches, hours, "share",
              "baseline", "requests/s", "rolled back", "share");
  for (const bool baseline : {false, true}) {
    for (const double share : {0.04, 0.049}) {
      for (const double per_second : {1.0, 10.0, 100.0, 1000.0}) {
        const int n = count({share, per_second, baseline}, watches, hours);
        std::printf("%7.1f%% %10s %12g %12d %8.2f%%\n", share * 100, baseline ? "0.5%" : "none", per_second, n,
                    100.0 * n / watches);
        std::fflush(stdout);
      }
    }
  }
}
