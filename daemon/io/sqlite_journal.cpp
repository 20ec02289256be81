#include "daemon/io/sqlite_journal.hpp"
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fmt/core.h>
#include <sys/stat.h>
#include <system_error>

namespace backstop {
namespace {

constexpr std::int64_t kApplicationId = 0x62735031; // "bsP1"
constexpr std::int64_t kSchema = 1;
constexpr std::int64_t kTail = 100; // records whose chain open() checks
constexpr int kBatch = 64;          // records held in memory at once while reading
constexpr int kReaderBusyMs = 2000; // offline: a person waits, no loop

// The triggers stop a slip in a sqlite3 shell, not somebody who means it: that is what the hashes are for.
constexpr const char* kCreate = R"sql(
PRAGMA synchronous = FULL;
BEGIN;
PRAGMA application_id = 1651724337;
PRAGMA user_version = 1;
CREATE TABLE records (
  seq       INTEGER PRIMARY KEY,
  time_us   INTEGER NOT NULL,
  boot      TEXT NOT NULL,
  actor     TEXT NOT NULL,
  subject   TEXT NOT NULL,
  type      TEXT NOT NULL,
  version   INTEGER NOT NULL,
  payload   TEXT NOT NULL,
  prev_hash TEXT NOT NULL,
  hash      TEXT NOT NULL
) STRICT;
CREATE TRIGGER records_are_not_changed BEFORE UPDATE ON records BEGIN SELECT RAISE(ABORT, 'records are append-only'); END;
CREATE TRIGGER records_are_not_removed BEFORE DELETE ON records BEGIN SELECT RAISE(ABORT, 'records are append-only'); END;
COMMIT;
)sql";
static_assert(kApplicationId == 1651724337);

/// Without symbolic links: SQLite puts -wal beside the real file, and the lock must be one for all its names.
std::string resolved(const std::string& path) {
  std::error_code missing;
  const auto real = std::filesystem::canonical(path, missing);
  return missing ? path : real.string();
}

/// Size, or -1 where there is no such file.
std::int64_t size_of(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 ? std::int64_t{found.st_size} : -1;
}

Status check_identity(const SqliteDatabase& database) {
  const auto application = database.integer("PRAGMA application_id");
  if (!application) return application.error();
  const auto version = database.integer("PRAGMA user_version");
  if (!version) return version.error();
  if (*application != kApplicationId)
    return fail(Errc::corrupt, database.path() + ": not a journal of backstop (a database of another program?)");
  if (*version > kSchema)
    return fail(Errc::newer, fmt::format("{}: written by a newer backstop (schema {}, this one knows {}); install that "
                                         "version again, or move the file away to begin anew",
                                         database.path(), *version, kSchema));
  if (*version < 1) return fail(Errc::corrupt, fmt::format("{}: damaged: schema {}", database.path(), *version));
  return {};
}

constexpr const char* kRows = "SELECT seq, time_us, boot, actor, subject, type, version, payload, prev_hash, hash "
                              "FROM records WHERE seq > ? ORDER BY seq LIMIT ?";

/// All but the payload of a row of kRows.
Record envelope(const SqliteStatement& row) {
  Record record;
  record.seq = static_cast<std::uint64_t>(row.integer(0));
  record.time = time_from_us(row.integer(1));
  record.boot = row.text(2);
  record.actor = row.text(3);
  record.subject = row.text(4);
  record.type = row.text(5);
  record.version = static_cast<int>(row.integer(6));
  record.prev_hash = row.text(8);
  return record;
}

Status check_structure(const SqliteDatabase& database) {
  const auto check = database.value("PRAGMA quick_check(1)");
  if (!check) return check.error();
  if (*check != "ok") {
    std::string why = *check;
    std::replace(why.begin(), why.end(), '\n', ' ');
    return fail(Errc::corrupt, fmt::format("{}: damaged: {}", database.path(), why));
  }
  const auto count = database.integer("SELECT count(*) FROM records");
  if (!count) return count.error();
  const auto last = database.integer("SELECT coalesce(max(seq), 0) FROM records");
  if (!last) return last.error();
  if (*count != *last)
    return fail(Errc::corrupt, fmt::format("{}: {} records, but the last is number {}: records are missing",
                                           database.path(), *count, *last));
  return {};
}

Status missing_file(const std::string& path) {
  if (size_of(path + "-wal") > 0)
    return fail(Errc::corrupt,
                fmt::format("{0} is missing, but {0}-wal is there and may hold its last records; put the "
                            "file back, or move {0}-wal away too to begin anew",
                            path));
  return {};
}

Status empty_file(const std::string& path) {
  return fail(Errc::corrupt,
              path + ": empty, a journal never is; put a copy back, or move the file away to begin anew");
}

} // namespace

SqliteJournal::SqliteJournal(SqliteDatabase database, SpaceReserve reserve)
    : database_(std::move(database)), reserve_(std::move(reserve)) {}

SqliteJournal::~SqliteJournal() {
  if (writable_) static_cast<void>(checkpoint());
}

Status SqliteJournal::checkpoint() const { return database_.checkpoint(); }

Result<std::unique_ptr<SqliteJournal>> SqliteJournal::open(const std::string& named, Options options) {
  const std::string path = resolved(named);
  auto lock = LockFile::take(path + ".lock");
  if (!lock) return lock.error();
  auto journal = connect(path, options);
  // A full disk at start: even -wal and -shm need some room.
  bool released = false;
  if (!journal && is_no_space(journal.error()) && SpaceReserve(path + ".reserve", options.reserve).release()) {
    released = true;
    journal = connect(path, options);
  }
  // We have the lock, so it is no other backstopd; this is no reason not to start.
  if (!journal) return fail(journal.error().code == Errc::busy ? Errc::io : journal.error().code, journal.error().what);
  SqliteJournal& opened = **journal;
  opened.lock_ = *std::move(lock);
  opened.low_space_ = released || !opened.reserve_.fill();
  return journal;
}

Result<std::unique_ptr<SqliteJournal>> SqliteJournal::connect(const std::string& path, const Options& options) {
  const std::int64_t size = size_of(path);
  if (size == 0) return empty_file(path).error();
  if (size < 0) {
    if (Status gone = missing_file(path); !gone) return gone.error();
    if (Status made = SqliteDatabase::create(path, kCreate); !made) return made.error();
  }
  const auto busy_ms = std::chrono::duration_cast<std::chrono::milliseconds>(options.busy_timeout).count();
  auto database = SqliteDatabase::open(path, SqliteDatabase::Mode::write, static_cast<int>(busy_ms));
  if (!database) return database.error();
  std::unique_ptr<SqliteJournal> journal(
      new SqliteJournal(*std::move(database), SpaceReserve(path + ".reserve", options.reserve)));
  journal->created_ = size < 0;
  if (Status ours = check_identity(journal->database_); !ours) return ours.error();
  if (Status whole = check_structure(journal->database_); !whole) return whole.error();
  if (Status end = journal->load_end(); !end) return end.error();
  if (Status ready = journal->prepare_to_write(); !ready) return ready.error();
  return journal;
}

Status SqliteJournal::prepare_to_write() {
  const auto mode = database_.value("PRAGMA journal_mode=WAL");
  if (!mode) return mode.error();
  if (*mode != "wal")
    return fail(Errc::io,
                database_.path() + ": this file system cannot hold it (a network file system?); use a local one");
  // A short WAL is what a checkpoint writes at once, and what has to fit beside the reserve.
  if (Status set = database_.run("PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=256"); !set) return set;
  auto insert = database_.prepare("INSERT INTO records VALUES (?,?,?,?,?,?,?,?,?,?)");
  if (!insert) return insert.error();
  insert_ = *std::move(insert);
  // Find out now, not in an incident; a transaction that writes nothing begins on a read-only file as well.
  if (database_.is_read_only())
    return fail(Errc::io,
                database_.path() + ": it can be read but not written (read-only file system, or the owner is wrong)");
  if (Status write = database_.transaction([] { return Status(); }); !write) return write;
  writable_ = true;
  return {};
}

Status SqliteJournal::load_end() {
  const auto last = database_.integer("SELECT coalesce(max(seq), 0) FROM records");
  if (!last) return last.error();
  const auto tail = static_cast<std::uint64_t>(std::max<std::int64_t>(0, *last - kTail));
  if (Status whole = read(tail, [](const Record&) { return Status(); }); !whole) return whole;
  auto end = end_at(static_cast<std::uint64_t>(*last));
  if (!end) return end.error();
  end_ = *std::move(end);
  return {};
}

Result<std::unique_ptr<SqliteJournal>> SqliteJournal::open_read_only(const std::string& path) {
  return open_to_read(path, true);
}

Result<std::unique_ptr<SqliteJournal>> SqliteJournal::open_damaged(const std::string& path) {
  return open_to_read(path, false);
}

Result<std::unique_ptr<SqliteJournal>> SqliteJournal::open_to_read(const std::string& named, bool check_end) {
  const std::string path = resolved(named);
  const std::int64_t size = size_of(path);
  if (size < 0) {
    if (Status gone = missing_file(path); !gone) return gone.error();
    return fail(Errc::not_found, path + ": no such file; the path is journal.path of the configuration");
  }
  if (size == 0) return empty_file(path).error();

  auto mode = SqliteDatabase::Mode::read_only;
  for (;;) {
    auto database = SqliteDatabase::open(path, mode, kReaderBusyMs);
    if (!database) return database.error();
    std::unique_ptr<SqliteJournal> journal(new SqliteJournal(*std::move(database), SpaceReserve(path, 0)));
    Status read = check_identity(journal->database_);
    if (read && check_end) read = journal->load_end();
    if (read) return journal;
    // Without the right to make a -shm file SQLite does not read a WAL database. Where no -wal is there nobody writes.
    if (read.error().code != Errc::io || mode == SqliteDatabase::Mode::immutable) return read.error();
    if (size_of(path + "-wal") > 0)
      return fail(Errc::io, read.error().what + "; run this as root or as the user of the daemon");
    mode = SqliteDatabase::Mode::immutable;
  }
}

Status SqliteJournal::insert(std::span<const Record> records) {
  return database_.transaction([&]() -> Status {
    for (const Record& record : records) {
      const std::string payload = record.payload.dump();
      const std::string hash = hash_of(record, payload);
      insert_.bind(1, static_cast<std::int64_t>(record.seq)).bind(2, to_us(record.time)).bind(3, record.boot);
      insert_.bind(4, record.actor).bind(5, record.subject).bind(6, record.type);
      insert_.bind(7, std::int64_t{record.version}).bind(8, payload).bind(9, record.prev_hash).bind(10, hash);
      if (Status inserted = insert_.run(); !inserted) return inserted;
    }
    return {};
  });
}

Status SqliteJournal::append(std::span<Record> records) {
  if (!writable_) return fail(Errc::refused, database_.path() + ": opened for reading only");
  if (records.empty()) return {};
  const auto began = std::chrono::steady_clock::now();
  auto end = chain(records, end_);
  if (!end) return end.error().in(database_.path());
  Status done = insert(records);
  if (!done && is_no_space(done.error())) {
    low_space_ = true;
    if (reserve_.release()) done = insert(records);
  }
  if (done) end_ = *std::move(end);
  last_commit_ = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - began);
  return done;
}

Status SqliteJournal::restore_reserve() {
  Status filled = reserve_.refill();
  low_space_ = !filled;
  return filled;
}

Result<ChainEnd> SqliteJournal::end_at(std::uint64_t seq) const {
  if (seq == 0) return ChainEnd{};
  auto statement = database_.prepare("SELECT hash FROM records WHERE seq = ?");
  if (!statement) return statement.error();
  statement->bind(1, static_cast<std::int64_t>(seq));
  const auto row = statement->step();
  if (!row) return row.error();
  if (!*row) return fail(Errc::corrupt, fmt::format("{}: record {} is missing", database_.path(), seq));
  return ChainEnd{seq, statement->text(0)};
}

/// The good records before an error are in `batch` all the same.
Status SqliteJournal::batch_after(const ChainEnd& from, std::vector<Record>& batch, ChainEnd& end) const {
  auto rows = database_.prepare(kRows);
  if (!rows) return rows.error();
  rows->bind(1, static_cast<std::int64_t>(from.seq)).bind(2, std::int64_t{kBatch});
  batch.clear();
  end = from;
  for (auto row = rows->step();; row = rows->step()) {
    if (!row) return row.error();
    if (!*row) return {};
    Record record = envelope(*rows);
    const std::string payload = rows->text(7);
    if (Status link = follows(record, end); !link) return link.error().in(database_.path());
    end = {record.seq, hash_of(record, payload)};
    // The version is hashed as the int it is in a Record: what does not fit was never written by us.
    if (end.hash != rows->text(9) || record.version != rows->integer(6))
      return fail(Errc::corrupt,
                  fmt::format("{}: record {}: its hash does not fit, it was changed", database_.path(), record.seq));
    auto parsed = Json::parse(payload);
    if (!parsed)
      return fail(Errc::corrupt,
                  fmt::format("{}: record {}: payload: {}", database_.path(), record.seq, parsed.error().what));
    record.payload = *std::move(parsed);
    batch.push_back(std::move(record));
  }
}

Status SqliteJournal::read(std::uint64_t after, const std::function<Status(const Record&)>& each) const {
  if (after > 0) { // from the start even a file whose last pages are damaged is read
    const auto last = database_.integer("SELECT coalesce(max(seq), 0) FROM records");
    if (!last) return last.error();
    if (after >= static_cast<std::uint64_t>(*last)) return {};
  }
  auto at = end_at(after);
  if (!at) return at.error();
  // In batches, so that no read stays open while `each` runs: it may append, and a long read would stop checkpoints.
  std::vector<Record> batch;
  for (;;) {
    ChainEnd next;
    const Status good = batch_after(*at, batch, next);
    for (const Record& record : batch)
      if (Status status = each(record); !status) return status;
    if (!good || batch.empty()) return good;
    *at = std::move(next);
  }
}

Status SqliteJournal::read_stored(
    const std::function<void(const Record&, std::string_view payload, const std::string& hash)>& each) const {
  auto rows = database_.prepare(kRows);
  if (!rows) return rows.error();
  rows->bind(1, std::int64_t{-1}).bind(2, std::int64_t{-1}); // no limit
  for (auto row = rows->step();; row = rows->step()) {
    if (!row) return row.error();
    if (!*row) return {};
    each(envelope(*rows), rows->text(7), rows->text(9));
  }
}

std::vector<SqliteJournal::Glimpse> SqliteJournal::glimpse_after(std::uint64_t seq) const {
  std::vector<Glimpse> seen;
  auto rows = database_.prepare("SELECT seq, time_us, type, subject FROM records WHERE seq > ? ORDER BY seq");
  if (!rows) return seen;
  rows->bind(1, static_cast<std::int64_t>(seq));
  for (auto row = rows->step(); row && *row; row = rows->step())
    seen.push_back(
        {static_cast<std::uint64_t>(rows->integer(0)), time_from_us(rows->integer(1)), rows->text(2), rows->text(3)});
  return seen;
}

Result<ChainEnd> SqliteJournal::verify() const {
  if (Status whole = check_structure(database_); !whole) return whole.error();
  ChainEnd end;
  Status chain_whole = read(0, [&](const Record& record) {
    end.seq = record.seq;
    return Status();
  });
  if (!chain_whole) return chain_whole.error();
  return end_at(end.seq);
}

} // namespace backstop
