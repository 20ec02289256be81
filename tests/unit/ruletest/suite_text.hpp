#pragma once
#include "daemon/ruletest/report.hpp"
#include "tests/unit/daemon/shop_config.hpp"
#include <string>

/// Tests of the service of ShopConfig: a scrape each second, critical above 5 % for 3 s in a window of 5 s.
namespace backstop::ruletest::test {

inline Suite suite_of(const std::string& text, const ShopConfig& config = {}) {
  return read_suite(text, "t/shop_test.yaml", [&](const std::string& path) -> Result<std::string> {
    if (path == "t/shop.yaml") return config.text();
    return fail(Errc::not_found, path + ": no such file");
  });
}

/// A file with one test; `expect` are lines as "{never: RollBack}".
struct OneTest {
  std::string ok = "0+100x119 +80x40";
  std::string failed = "0x119 +20x40";
  std::string events = "{at: 100s, begin: v2}, {at: 100s, finish: true}";
  std::string expect;
  [[nodiscard]] std::string text() const {
    return "service: shop.yaml\n"
           "tests:\n"
           "  - name: a fifth fails\n"
           "    series:\n"
           "      'r{code=\"200\"}': '" +
           ok + "'\n      'r{code=\"500\"}': '" + failed + "'\n    events: [" + events + "]\n    expect:\n      - " +
           expect + "\n";
  }
};

/// What a user sees: faults, then failures, then the count.
inline std::string outcome_of(const std::string& text, const ShopConfig& config = {}) {
  const std::vector<Report> reports{run_suite(suite_of(text, config))};
  std::string out;
  for (const config::Fault& fault : faults_of(reports)) out += config::text_of(fault) + "\n";
  return out + text_of(reports);
}

} // namespace backstop::ruletest::test
