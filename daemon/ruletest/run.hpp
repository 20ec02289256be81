#pragma once
#include "daemon/records.hpp"
#include "daemon/ruletest/suite.hpp"
#include "rules/band.hpp"
#include <string>
#include <utility>
#include <vector>

namespace backstop::ruletest {

/// What a rule had to go by.
struct Shown {
  Evidence evidence;
  Unit unit = Unit::count;
};

struct Failure {
  config::Place place;
  std::string expected, got;
  std::vector<Shown> evidence; ///< of the rules that it is about, as of the time of the expectation
};

struct Outcome {
  std::string name;
  config::Place place;
  std::vector<Failure> failures;     ///< in the order of the expectations
  std::vector<config::Fault> faults; ///< why the test could not be run
  [[nodiscard]] bool ok() const { return failures.empty() && faults.empty(); }
};

/// Runs a test of a suite without fault: the daemon itself under a virtual clock (daemon/replay). Pure.
Outcome run_test(const Suite& suite, const Test& test);

} // namespace backstop::ruletest
