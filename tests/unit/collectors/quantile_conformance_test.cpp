// Prometheus's own cases for histogram_quantile, histogram_fraction, rate and increase. They stand here and not with
// the rules because this executable has a JSON reader.
#include "rules/histogram.hpp"
#include "rules/prometheus_rate.hpp"
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace backstop {
namespace {

using nlohmann::json;

double number(const json& j) {
  if (j.is_number()) return j.get<double>();
  const auto text = j.get<std::string>();
  if (text == "+Inf") return std::numeric_limits<double>::infinity();
  if (text == "-Inf") return -std::numeric_limits<double>::infinity();
  EXPECT_EQ(text, "NaN");
  return std::numeric_limits<double>::quiet_NaN();
}

bool matches(double got, double want) {
  if (std::isnan(want)) return std::isnan(got);
  if (std::isinf(want)) return got == want;
  return std::abs(got - want) <= 1e-9 * std::max(1e-3, std::abs(want));
}

std::vector<Bucket> buckets_of(const json& test) {
  std::vector<Bucket> buckets;
  for (const json& b : test.at("buckets")) buckets.push_back({number(b.at(0)), number(b.at(1))});
  return buckets;
}

class QuantileConformance : public testing::Test {
protected:
  void SetUp() override {
    const char* shared = std::getenv("BACKSTOP_SHARED");
    const std::string path =
        std::string(shared ? shared : BACKSTOP_SOURCE_DIR "/../shared") + "/conformance/quantile_rate.json";
    std::ifstream file(path);
    if (!file) {
      std::fprintf(stderr, "NOT RUN: no %s (set BACKSTOP_SHARED)\n", path.c_str());
      GTEST_SKIP();
    }
    cases_ = json::parse(file);
  }

  /// Checks all cases of one kind; `run` gives the value, absent where there is no output.
  template <class Run> void check(const char* kind, std::size_t at_least, Run run) {
    std::size_t ran = 0;
    std::size_t matched = 0;
    for (const json& test : cases_.at(kind)) {
      ++ran;
      const std::optional<double> got = run(test);
      const json& want = test.at("expected");
      const bool ok = want.is_null() ? !got : got && matches(*got, number(want));
      if (ok) ++matched;
      EXPECT_TRUE(ok) << test.at("id") << " " << test.at("source") << ": " << (got ? std::to_string(*got) : "no output")
                      << ", expected " << want;
    }
    std::printf("%s: %zu of %zu cases match\n", kind, matched, ran);
    EXPECT_GE(ran, at_least) << "the file has lost cases";
  }

  json cases_;
};

TEST_F(QuantileConformance, Quantile) {
  check("quantile", 102, [](const json& test) -> std::optional<double> {
    return histogram_quantile(number(test.at("q")), buckets_of(test));
  });
}

TEST_F(QuantileConformance, Fraction) {
  check("fraction", 29, [](const json& test) -> std::optional<double> {
    return histogram_fraction(number(test.at("lower")), number(test.at("upper")), buckets_of(test));
  });
}

TEST_F(QuantileConformance, RateAndIncrease) {
  check("rate", 123, [](const json& test) -> std::optional<double> {
    EXPECT_EQ(test.at("modifier"), "none");
    std::vector<TimedValue> points;
    for (const json& p : test.at("samples")) points.push_back({Time{seconds_f(number(p.at(0)))}, number(p.at(1))});
    const Time end{seconds_f(number(test.at("at")))};
    const Time start = end - seconds_f(number(test.at("window")));
    return test.at("func") == "rate" ? prometheus_rate(points, start, end) : prometheus_increase(points, start, end);
  });
}

} // namespace
} // namespace backstop
