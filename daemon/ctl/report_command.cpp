#include "daemon/ctl/actions.hpp"
#include "daemon/ctl/answers.hpp"
#include "daemon/ctl/render.hpp"
#include "daemon/ctl/report_material.hpp"
#include "daemon/frozen_config.hpp"
#include "daemon/report/confirmation.hpp"
#include "daemon/report/report.hpp"

namespace backstop::ctl {
namespace {

Result<std::string> text_of(const report::Report& report, const Report& wanted) {
  if (wanted.format == Report::Format::json) return report::json_of(report).dump(2) + "\n";
  const Result<report::Document> document = wanted.confirmation ? report::deployment_confirmation(report, local_clock)
                                                                : report::document_of(report, local_clock);
  if (!document) return document.error();
  return wanted.format == Report::Format::html ? report::html_of(*document) : report::markdown_of(*document);
}

} // namespace

Said run_report(const Invocation& invocation, const Report& wanted) {
  FetchedMaterial got = material_of(invocation, wanted.id, wanted.from);
  if (got.fault.exit_code != kDone) return got.fault;
  const Result<report::Report> report = report::report_of(got.material, read_frozen);
  if (!report) return wrong(report.error().what);
  Result<std::string> text = text_of(*report, wanted);
  if (!text) return wrong(printable_text(text.error().what));
  return written(wanted.file, *std::move(text), report::headline_of(*report));
}

} // namespace backstop::ctl
