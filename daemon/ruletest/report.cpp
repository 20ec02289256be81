#include "daemon/ruletest/report.hpp"
#include "daemon/config/quantities.hpp"
#include "daemon/views.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace backstop::ruletest {
namespace {

std::string counted(double n, const char* one, const char* many) {
  return fmt::format("{:.0f} {}", n, n == 1 ? one : many);
}

/// "error_rate: value 3.8%, critical is > 5%, baseline 0.5%; 2.1 of 9.2 nats; 4800 requests, 12 scrapes in 60s"
std::string evidence_text(const Shown& shown) {
  const Evidence& e = shown.evidence;
  std::string text = e.rule + ": value " + (e.value ? show(*e.value, shown.unit) : "none");
  if (!e.limit.empty()) text += ", threshold " + e.limit;
  text += ", baseline " + (e.baseline ? show(*e.baseline, shown.unit) : "none");
  if (e.evidence)
    text += fmt::format("; evidence {:.1f} of {:.1f} nats", *e.evidence, e.evidence_needed);
  else
    text += "; held for " + config::show_duration(e.held) + " of " + config::show_duration(e.needed);
  const bool windowed = e.window > Duration{}; // a gauge is its newest sample
  if (windowed) text += "; " + counted(e.requests, "request", "requests");
  text += (windowed ? ", " : "; ") + counted(static_cast<double>(e.scrapes), "scrape", "scrapes");
  if (windowed) text += " in " + config::show_duration(e.window);
  if (e.health != "ok") text += "; health " + e.health;
  return text;
}

std::string failures_text(const std::string& file, const Outcome& outcome) {
  std::string text;
  for (const Failure& f : outcome.failures) {
    text += fmt::format("{}:{}:{}: {}\n  expected: {}\n  got:      {}\n", file, f.place.line, f.place.column,
                        outcome.name, f.expected, f.got);
    for (const Shown& shown : f.evidence) text += "  evidence: " + evidence_text(shown) + "\n";
  }
  return text;
}

Json failure_json(const Failure& f) {
  Json evidence = Json::array();
  for (const Shown& shown : f.evidence) {
    Json one = evidence_view(shown.evidence);
    one.set("unit", name_of(shown.unit))
        .set("evidence", shown.evidence.evidence ? Json(*shown.evidence.evidence) : Json());
    one.set("evidence_needed", shown.evidence.evidence ? Json(shown.evidence.evidence_needed) : Json());
    evidence.push(std::move(one));
  }
  return Json::object()
      .set("line", f.place.line)
      .set("column", f.place.column)
      .set("expected", f.expected)
      .set("got", f.got)
      .set("evidence", std::move(evidence));
}

struct Count {
  int tests = 0, failed = 0;
};
Count count(const std::vector<Report>& reports) {
  Count n;
  for (const Report& report : reports) {
    n.tests += static_cast<int>(report.outcomes.size());
    for (const Outcome& outcome : report.outcomes) n.failed += outcome.ok() ? 0 : 1;
  }
  return n;
}

} // namespace

Report run_suite(const Suite& suite) {
  Report report{suite.file, suite.faults, {}};
  if (!suite.ok()) return report;
  for (const Test& test : suite.tests) report.outcomes.push_back(run_test(suite, test));
  return report;
}

bool passed(const std::vector<Report>& reports) { return faults_of(reports).empty() && count(reports).failed == 0; }

std::string text_of(const std::vector<Report>& reports) {
  std::string text;
  for (const Report& report : reports) {
    for (const Outcome& outcome : report.outcomes) text += failures_text(report.file, outcome);
  }
  const Count n = count(reports);
  const auto unread = std::count_if(reports.begin(), reports.end(), [](const Report& r) { return !r.faults.empty(); });
  text += counted(n.tests, "test", "tests") + (n.failed > 0  ? fmt::format(", {} failed", n.failed)
                                               : n.tests > 0 ? ", all passed"
                                                             : "");
  if (unread > 0)
    text += fmt::format("; {} with faults, not run", counted(static_cast<double>(unread), "file", "files"));
  return text + "\n";
}

Json json_of(const std::vector<Report>& reports) {
  Json tests = Json::array();
  for (const Report& report : reports) {
    for (const Outcome& outcome : report.outcomes) {
      Json failures = Json::array();
      for (const Failure& f : outcome.failures) failures.push(failure_json(f));
      tests.push(Json::object()
                     .set("file", report.file)
                     .set("line", outcome.place.line)
                     .set("name", outcome.name)
                     .set("passed", outcome.ok())
                     .set("failures", std::move(failures)));
    }
  }
  Json faults = Json::array();
  for (const config::Fault& f : faults_of(reports))
    faults.push(Json::object()
                    .set("file", f.file)
                    .set("line", f.line)
                    .set("column", f.column)
                    .set("what", f.what)
                    .set("how", f.how));
  const Count n = count(reports);
  return Json::object()
      .set("passed", passed(reports))
      .set("tests", n.tests)
      .set("failed", n.failed)
      .set("results", std::move(tests))
      .set("faults", std::move(faults));
}

std::vector<config::Fault> faults_of(const std::vector<Report>& reports) {
  std::vector<config::Fault> faults;
  for (const Report& report : reports) {
    faults.insert(faults.end(), report.faults.begin(), report.faults.end());
    for (const Outcome& outcome : report.outcomes)
      faults.insert(faults.end(), outcome.faults.begin(), outcome.faults.end());
  }
  return faults;
}

} // namespace backstop::ruletest
