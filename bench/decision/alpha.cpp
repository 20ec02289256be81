/// alpha [WATCHES [HOURS]]: how often a version is rolled back whose share of failing requests stays inside the alert band.
/// The share is constant but for noise of 25 % (lognormal, autoregressive, one minute), a scrape every 5 s, no baseline that
/// would say so, shipped defaults. The null of the judge is the table's own line, 5 %.
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

constexpr double kDt = 5, kNoise = 0.25, kStays = 60;

EvidenceLine line_without_baseline() {
  IndicatorSpec errors;
  errors.unit = Unit::ratio;
  errors.kind = RatioSpec{};
  const Condition condition{0, Unit::ratio, Limit{Op::greater, 0.05}, {}};
  return line_for(errors, condition, Trace(std::chrono::minutes(30)), SequentialSpec{}, std::chrono::seconds(5));
}

bool rolls_back(const EvidenceLine& line, double share, double per_second, double hours, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  std::poisson_distribution<int> requests(per_second * kDt);
  Suspicion suspicion(line, 0, SequentialSpec{});
  const double keep = std::exp(-kDt / kStays);
  double noise = kNoise * normal(random);
  for (double t = kDt; t <= hours * 3600; t += kDt) {
    noise = keep * noise + kNoise * std::sqrt(1 - keep * keep) * normal(random);
    const int all = requests(random);
    const double bad = std::min(1.0, share * std::exp(noise));
    const Time at = time_from_us(1'000'000'000'000) + seconds_f(t);
    Increase increase;
    increase.t = at;
    increase.all = all;
    increase.bad = all > 0 ? std::binomial_distribution<int>(all, bad)(random) : 0;
    const Reading none;
    suspicion.add({&increase, nullptr, &none, std::chrono::seconds(5), true});
    if (suspicion.finding(at).proven) return true;
  }
  return false;
}

int count(const EvidenceLine& line, double share, double per_second, int watches, double hours) {
  std::atomic<int> proven{0}, next{0};
  const auto work = [&] {
    for (int i = next++; i < watches; i = next++) {
      std::mt19937_64 random(static_cast<std::uint64_t>(i) * 2654435761U + 1);
      proven += rolls_back(line, share, per_second, hours, random);
    }
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
  const EvidenceLine line = line_without_baseline();
  std::printf("%d watches of %g h each; rolled back, of all\n%8s %12s %10s %9s\n", watches, hours, "share",
              "requests/s", "rolled back", "share");
  for (const double share : {0.04, 0.049}) {
    for (const double per_second : {1.0, 10.0, 100.0, 1000.0}) {
      const int n = count(line, share, per_second, watches, hours);
      std::printf("%7.1f%% %12g %10d %8.2f%%\n", share * 100, per_second, n, 100.0 * n / watches);
      std::fflush(stdout);
    }
  }
}
