#include "collectors/metrics_report.hpp"
#include "collectors/exposition_rules.hpp"
#include <algorithm>

namespace backstop {

MetricsReport check_metrics(std::string_view text, Format format) {
  const std::unique_ptr<ExpositionRules> rules = ExpositionRules::of(format);
  MetricsReport report;
  ExpositionProgress progress;
  report.readable = parse_exposition(text, format, {}, *rules, &progress).ok();
  if (report.readable) rules->finish();
  report.families = progress.counts.families;
  report.samples = progress.counts.samples;
  report.lines = progress.counts.lines;
  report.faults = rules->faults();
  if (!report.readable) report.faults.push_back(progress.fault);
  report.valid = report.faults.empty();
  if (report.valid) return report;
  report.line = report.faults.front().line;
  report.column = report.faults.front().column;
  report.reason = report.faults.front().reason;
  return report;
}

} // namespace backstop
