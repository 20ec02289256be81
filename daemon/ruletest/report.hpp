#pragma once
#include "daemon/json.hpp"
#include "daemon/ruletest/run.hpp"
#include <string>
#include <vector>

namespace backstop::ruletest {

/// The outcomes of a file's tests; none where the file has faults.
struct Report {
  std::string file;
  std::vector<config::Fault> faults;
  std::vector<Outcome> outcomes;
};
Report run_suite(const Suite& suite);

[[nodiscard]] bool passed(const std::vector<Report>& reports);
/// For people: each failure, and at the end "3 tests, 1 failed". Faults are not in it.
std::string text_of(const std::vector<Report>& reports);
/// The same and the faults, for machines (docs/testing-rules.md).
Json json_of(const std::vector<Report>& reports);
/// Of files and of tests that could not be run, in order.
std::vector<config::Fault> faults_of(const std::vector<Report>& reports);

} // namespace backstop::ruletest
