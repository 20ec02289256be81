#include "daemon/config/show.hpp"
#include "daemon/ctl/actions.hpp"
#include "daemon/ctl/answers.hpp"
#include "daemon/io/files.hpp"
#include "daemon/ruletest/report.hpp"

namespace backstop::ctl {
namespace {

Result<std::string> read_bounded(const std::string& path) { return read_file(path, std::size_t{1} << 20); }

ruletest::Report report_of(const std::string& file) {
  const Result<std::string> text = read_bounded(file);
  if (text) return ruletest::run_suite(ruletest::read_suite(*text, file, read_bounded));
  const std::string why = text.error().what;
  return {file, {{file, 0, 0, why.rfind(file + ": ", 0) == 0 ? why.substr(file.size() + 2) : why, ""}}, {}};
}

} // namespace

Said run_test_rules(const Invocation& invocation, const TestRules& wanted) {
  std::vector<ruletest::Report> reports;
  reports.reserve(wanted.files.size());
  for (const std::string& file : wanted.files) reports.push_back(report_of(file));
  Said said{ruletest::passed(reports) ? kDone : kInputError, "", ""};
  if (invocation.json) {
    said.out = ruletest::json_of(reports).dump(2) + "\n";
    return said;
  }
  said.out = ruletest::text_of(reports);
  said.err = config::show_faults(ruletest::faults_of(reports));
  return said;
}

} // namespace backstop::ctl
