#include "daemon/ctl/report_material.hpp"
#include "daemon/ctl/answers.hpp"
#include "daemon/fold.hpp"
#include "daemon/frozen_config.hpp"
#include "daemon/io/sqlite_journal.hpp"
#include "daemon/io/sqlite_recorder.hpp"
#include "daemon/past_views.hpp"
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <limits>

namespace backstop::ctl {
namespace {

std::string with_hint(const Error& error, const std::string& journal) {
  return error.what + (error.code == Errc::corrupt ? "; see: backstopctl audit verify " + journal : "");
}

/// The same pages as the daemon gives, from its files.
FetchedMaterial read_material(const std::string& id, const Origin& from) {
  FetchedMaterial read;
  Result<std::unique_ptr<SqliteJournal>> journal = SqliteJournal::open_read_only(from.journal);
  if (!journal) return {{}, wrong(with_hint(journal.error(), from.journal))};
  Fold fold(read_frozen);
  const Status folded = fold_journal(**journal, fold);
  if (!folded) return {{}, wrong(with_hint(folded.error(), from.journal))};
  const DeploymentState* d = told_deployment(fold.state(), id, read.material.incident);
  if (!d) return {{}, wrong("'" + id + "' is neither a deployment nor an incident that is in " + from.journal)};
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
      SqliteRecorder::kept_in(from.recorder, d->service, first, end, std::numeric_limits<std::size_t>::max());
  if (kept)
    read.material.scrapes = *std::move(kept);
  else
    read.material.no_scrapes = kept.error().what;
  return read;
}

} // namespace

FetchedMaterial material_of(const Invocation& invocation, const std::string& id, const Origin& from) {
  return from.offline ? read_material(id, from) : fetch_material(invocation, id);
}

report::LocalClock local_clock(Time t) {
  const auto seconds = static_cast<std::time_t>(to_us(t) / 1'000'000);
  std::tm local{};
  if (!::localtime_r(&seconds, &local)) return {};
  return {std::chrono::seconds(local.tm_gmtoff), local.tm_zone};
}

Said written(const std::string& path, std::string text, const std::string& headline) {
  if (path.empty()) return {kDone, std::move(text), ""};
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) return wrong(path + ": cannot be written: " + std::strerror(errno));
  return {kDone, "", path + ": " + headline + "\n"};
}

} // namespace backstop::ctl
