#include "daemon/io/journal_keeper.hpp"
#include "daemon/records.hpp"
#include <cstdint>
#include <sys/statvfs.h>

namespace backstop {

Result<std::unique_ptr<JournalKeeper>> JournalKeeper::open(const std::string& path) {
  std::unique_ptr<JournalKeeper> keeper(new JournalKeeper(path));
  Result<std::unique_ptr<SqliteJournal>> opened = SqliteJournal::open(path);
  if (opened) {
    keeper->opened_ = opened->get();
    keeper->journal_ = *std::move(opened);
    return keeper;
  }
  if (opened.error().code == Errc::busy) return opened.error();
  keeper->transient_ = opened.error().code == Errc::io;
  auto deferred = std::make_unique<DeferredJournal>(opened.error());
  keeper->deferred_ = deferred.get();
  keeper->journal_ = std::move(deferred);
  return keeper;
}

bool JournalKeeper::try_again() {
  if (!waits()) return false;
  Result<std::unique_ptr<SqliteJournal>> opened = SqliteJournal::open(path_);
  if (!opened) return false;
  opened_ = opened->get();
  deferred_->found(*std::move(opened));
  deferred_ = nullptr;
  return true;
}

Status JournalKeeper::keep_house() {
  if (opened_ == nullptr) return {};
  constexpr std::size_t removed_at_once = 1000; // records: some ten milliseconds
  if (Status reserved = opened_->restore_reserve(); !reserved) return reserved;
  return opened_->remove_some(removed_at_once);
}

bool JournalKeeper::has_room() const {
  constexpr std::uint64_t wanted = std::uint64_t{64} << 20;
  struct statvfs disk {};
  return opened_ != nullptr && !opened_->low_space() && ::statvfs(path_.c_str(), &disk) == 0 &&
         std::uint64_t{disk.f_bavail} * disk.f_frsize > wanted;
}

std::optional<Duration> recorded_anchor(const std::string& journal_path, const std::string& boot) {
  std::optional<Duration> anchor;
  const Result<std::unique_ptr<SqliteJournal>> journal = SqliteJournal::open_read_only(journal_path);
  if (!journal) return anchor;
  // What was read before an error still counts.
  (void)(*journal)->read(0, [&](const Record& record) -> Status {
    if (record.type != DaemonStarted::kType || record.boot != boot) return {};
    const Result<Payload> payload = decode(record);
    if (const auto* started = payload ? std::get_if<DaemonStarted>(&*payload) : nullptr) anchor = started->anchor;
    return {};
  });
  return anchor;
}

} // namespace backstop
