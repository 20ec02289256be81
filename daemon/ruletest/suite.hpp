#pragma once
#include "daemon/config/config.hpp"
#include "daemon/config/faults.hpp"
#include "daemon/replay/events.hpp"
#include "daemon/ruletest/notation.hpp"
#include "rules/band.hpp"
#include "rules/result.hpp"
#include "rules/time.hpp"
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace backstop::ruletest {

/// One series of a test and what each scrape has of it.
struct Series {
  std::string name; ///< as in OpenMetrics text: http_requests_total{code="200"}
  config::Place place;
  Values values;
  std::vector<std::pair<std::string, std::string>> targets; ///< source and place of the target it is scraped from
};

struct Expectation {
  enum class Kind { level, decision, notice };
  enum class When {
    at,    ///< it holds then
    by,    ///< it has happened until then
    never, ///< in the whole test
  };
  Kind kind = Kind::level;
  When when = When::at;
  config::Place place;
  Duration time{};                                   ///< from the start; never: the end of the test
  std::vector<std::pair<std::string, Level>> levels; ///< by rule
  std::string word;                                  ///< the decision, or what the title of the notice has in it
  std::string status;                                ///< of the decision; empty: any
  std::vector<std::string> rules;                    ///< each must have decided
};

struct Test {
  std::string name;
  config::Place place;
  Duration interval{};
  std::vector<Series> series;
  std::vector<replay::Event> events;       ///< in order of time
  std::vector<config::Place> event_places; ///< of each
  std::vector<Expectation> expect;
  Duration end{}; ///< nothing is looked at after it
};

/// One file of tests, and the service whose rules they are of.
struct Suite {
  std::string file;
  config::Service service;
  std::vector<std::string> rules; ///< names, rows first
  std::vector<Test> tests;
  std::vector<config::Fault> faults; ///< of the file, or of the service's; in order
  [[nodiscard]] bool ok() const { return faults.empty(); }
};

/// The bytes of a file.
using ReadFile = std::function<Result<std::string>(const std::string& path)>;

/// Tests begin then: any time would do.
inline constexpr std::int64_t kStartSeconds = 1'767'225'600;
inline Time time_of(Duration since_start) { return time_from_us(kStartSeconds * 1'000'000) + since_start; }
inline Duration since_start(Time t) { return t - time_of(Duration{}); }

/// Reads a file of tests (docs/testing-rules.md) and its service file. Every fault is found in one go.
Suite read_suite(std::string_view text, const std::string& file, const ReadFile& read);

} // namespace backstop::ruletest
