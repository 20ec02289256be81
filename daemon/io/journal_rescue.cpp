#include "daemon/io/journal_rescue.hpp"
#include "daemon/fold.hpp"
#include "daemon/frozen_config.hpp"
#include "daemon/removed_records.hpp"
#include <cerrno>
#include <cstdio>
#include <fmt/core.h>
#include <span>
#include <sys/stat.h>
#include <unistd.h>

namespace backstop {
namespace {

constexpr std::size_t kCopied = 256; ///< records in one transaction of the copy

bool exists(const std::string& path) {
  struct stat found {};
  return ::lstat(path.c_str(), &found) == 0;
}

/// Nobody else may write while it is read. Where there is no lock file no daemon ever had it; one of ours would have
/// the wrong owner.
Result<std::optional<LockFile>> locked(const std::string& path) {
  if (!exists(path + ".lock")) return std::optional<LockFile>();
  Result<LockFile> lock = LockFile::take(path + ".lock");
  if (lock) return std::optional<LockFile>(*std::move(lock));
  const std::string what = lock.error().what;
  if (lock.error().code == Errc::busy)
    return fail(Errc::busy, what.substr(0, what.find(';')) + "; stop it first: systemctl stop backstopd");
  return fail(lock.error().code, what.substr(0, what.find(';')) + "; run this as root or as the user of the daemon");
}

void remove_part(const std::string& part) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal", ".lock"}) ::unlink((part + suffix).c_str());
}

/// The first `found.records` of `from` as a new journal at `part`.
Status copy_good(const SqliteJournal& from, const JournalReport& found, const std::string& part) {
  SqliteJournal::Options options;
  options.reserve = 0;
  Result<std::unique_ptr<SqliteJournal>> to = SqliteJournal::open(part, options);
  if (!to) return to.error();
  std::vector<Record> batch;
  Status copied;
  const auto flush = [&] {
    if (copied) copied = (*to)->copy(batch, from);
    batch.clear();
  };
  // Where the good ones end is known; why reading ends there was said already.
  static_cast<void>(from.read(0, [&](const Record& record) -> Status {
    if (record.seq > found.end.seq) return fail(Errc::corrupt, "enough");
    batch.push_back(record);
    if (batch.size() == kCopied) flush();
    return copied;
  }));
  flush();
  if (!copied) return copied;
  if ((*to)->end() != found.end)
    return fail(Errc::corrupt,
                fmt::format("{}: the copy does not end as the original does at record {}", part, found.end.seq));
  return (*to)->checkpoint(); // one file is what is moved
}

/// The owner and mode of `like`, so that the daemon's user can write it.
std::string give_to_owner_of(const std::string& like, const std::string& file) {
  struct stat owner {};
  if (::stat(like.c_str(), &owner) != 0) return {};
  if (::chmod(file.c_str(), owner.st_mode & 0777U) == 0 && ::chown(file.c_str(), owner.st_uid, owner.st_gid) == 0)
    return {};
  return fmt::format("it does not belong to the owner of {} yet: chown --reference={} {}", like, like, file);
}

} // namespace

Result<JournalReport> check_journal(const std::string& path) {
  JournalReport report;
  report.path = path;
  const Result<std::unique_ptr<SqliteJournal>> journal = SqliteJournal::open_damaged(path);
  if (!journal) {
    if (journal.error().code != Errc::corrupt && journal.error().code != Errc::newer) return journal.error();
    report.fault = journal.error();
    return report;
  }
  report.removed = count_of((*journal)->removed());
  report.compacted = (*journal)->compacted();
  Fold fold(read_frozen);
  Status whole = (*journal)->read(0, [&](const Record& record) -> Status {
    if (Status folded = fold_in(fold, record); !folded) return folded;
    if (report.records == 0) report.first = record.time;
    report.last = record.time;
    ++report.records;
    report.end = {record.seq, hash_of(record)};
    return {};
  });
  if (whole) {
    const Result<ChainEnd> verified = (*journal)->verify();
    if (!verified) whole = verified.error();
  }
  if (!whole && whole.error().code != Errc::corrupt && whole.error().code != Errc::newer) return whole.error();
  if (!whole) {
    report.fault = whole.error();
    report.beyond = (*journal)->glimpse_after(report.end.seq);
  }
  return report;
}

Result<RestoredJournal> restore_journal(const std::string& path) {
  const Result<std::optional<LockFile>> lock = locked(path);
  if (!lock) return lock.error();
  Result<JournalReport> report = check_journal(path);
  if (!report) return report.error();
  RestoredJournal restored{*std::move(report), path + ".restored", ""};
  const JournalReport& found = restored.found;
  if (!found.fault) return fail(Errc::invalid, path + ": nothing is wrong with it, there is nothing to restore");
  if (found.fault->code == Errc::newer) return *found.fault;
  if (found.records == 0)
    return fail(Errc::invalid, found.fault->what + "; not one record of it is good: put a backup back, or begin anew "
                                                   "(\"Observe-only\" in docs/operations.md)");
  if (found.end.seq < found.compacted)
    return fail(
        Errc::invalid,
        fmt::format("{}: old records of it were removed, and record {}, which says what they told, is behind the "
                    "fault: put a backup back, or begin anew (\"Observe-only\" in docs/operations.md)",
                    found.fault->what, found.compacted));
  if (exists(restored.file))
    return fail(Errc::invalid, restored.file + ": is there already; move it away, then repeat this");
  const std::string part = path + ".restoring";
  remove_part(part);
  const Result<std::unique_ptr<SqliteJournal>> from = SqliteJournal::open_damaged(path);
  if (!from) return from.error();
  Status copied = copy_good(**from, found, part);
  if (copied) {
    restored.caveat = give_to_owner_of(path, part);
    if (::rename(part.c_str(), restored.file.c_str()) != 0)
      copied = system_error("cannot rename " + part + " to " + restored.file, errno);
    else
      copied = sync_directory_of(restored.file);
  }
  remove_part(part);
  if (!copied) return copied.error();
  return restored;
}

} // namespace backstop
