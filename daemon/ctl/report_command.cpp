#include "daemon/ctl/actions.hpp"
#include "daemon/ctl/answers.hpp"
#include "daemon/ctl/fetch.hpp"
#include "daemon/fold.hpp"
#include "daemon/frozen_config.hpp"
#include "daemon/io/sqlite_journal.hpp"
#include "daemon/io/sqlite_recorder.hpp"
#include "daemon/past_views.hpp"
#include "daemon/report/report.hpp"
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <limits>

namespace backstop::ctl {
namespace {

/// As the zone of this host (TZ) has it.
report::LocalClock local_clock(Time t) {
  const auto seconds = static_cast<std::time_t>(to_us(t) / 1'000'000);
  std::tm local{};
  if (!::localtime_r(&seconds, &local)) return {};
  return {std::chrono::seconds(local.tm_gmtoff), local.tm_zone};
}

std::string with_hint(const Error& error, const std::string& journal) {
  return error.what + (error.code == Errc::corrupt ? "; see: backstopctl audit verify " + journal : "");
}

/// The same pages as the daemon gives, from its files.
FetchedMaterial read_material(const Report& wanted) {
  FetchedMaterial read;
  Result<std::unique_ptr<SqliteJournal>> journal = SqliteJournal::open_read_only(wanted.journal);
  if (!journal) return {{}, wrong(with_hint(journal.error(), wanted.journal))};
  Fold fold(read_frozen);
  const Status folded = (*journal)->read(0, [&](const Record& record) -> Status {
    const Result<Payload> payload = decode(record);
    if (!payload) return payload.error();
    fold.apply(record, *payload);
    return {};
  });
  if (!folded) return {{}, wrong(with_hint(folded.error(), wanted.journal))};
  const DeploymentState* d = told_deployment(fold.state(), wanted.id, read.material.incident);
  if (!d)
    return {{}, wrong("'" + wanted.id + "' is neither a deployment nor an incident that is in " + wanted.journal)};
  read.material.deployment = d->id;
  for (std::uint64_t after = 0;;) {
    const Result<Json> page = told_page(**journal, fold.state(), *d, after);
    if (!page) return {{}, wrong(page.error().what)};
    const Result<std::uint64_t> next = read_records_page(*page, read.material.records);
    if (!next) return {{}, wrong(next.error().what)};
    if (*next == 0) break;
    after = *next;
  }
  if (d->begun == Time{}) return read;
  const auto [first, end] = FlightRecorder::span_of(*d);
  Result<std::vector<KeptScrape>> kept =
      SqliteRecorder::kept_in(wanted.recorder, d->service, first, end, std::numeric_limits<std::size_t>::max());
  if (kept)
    read.material.scrapes = *std::move(kept);
  else
    read.material.no_scrapes = kept.error().what;
  return read;
}

std::string text_of(const report::Report& report, Report::Format format) {
  if (format == Report::Format::json) return report::json_of(report).dump(2) + "\n";
  const report::Document document = report::document_of(report, local_clock);
  return format == Report::Format::html ? report::html_of(document) : report::markdown_of(document);
}

} // namespace

Said run_report(const Invocation& invocation, const Report& wanted) {
  FetchedMaterial got = wanted.offline ? read_material(wanted) : fetch_material(invocation, wanted.id);
  if (got.fault.exit_code != kDone) return got.fault;
  const Result<report::Report> report = report::report_of(got.material, read_frozen);
  if (!report) return wrong(report.error().what);
  std::string text = text_of(*report, wanted.format);
  if (wanted.file.empty()) return {kDone, std::move(text), ""};
  std::ofstream file(wanted.file, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) return wrong(wanted.file + ": cannot be written: " + std::strerror(errno));
  return {kDone, "", wanted.file + ": " + report::headline_of(*report) + "\n"};
}

} // namespace backstop::ctl
