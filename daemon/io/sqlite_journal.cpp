#include "daemon/io/sqlite_journal.hpp"
#include "daemon/codec.hpp"
#include "daemon/removed_records.hpp"
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fmt/core.h>
#include <sys/stat.h>
#include <system_error>
#include <tuple>
#include <utility>

namespace backstop {
namespace {

constexpr std::int64_t kApplicationId = 0x62735031; // "bsP1"
constexpr std::int64_t kSchema = 2;                 // 1: nothing was removed yet
constexpr std::int64_t kTail = 100;                 // records whose chain open() checks
constexpr int kBatch = 64;                          // records held in memory at once while reading
constexpr int kReaderBusyMs = 2000;                 // offline: a person waits, no loop

// The triggers stop a slip in a sqlite3 shell, not somebody who means it: that is what the hashes are for.
// The second one, kForbidRemoving, and COMMIT follow where a file is made.
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
)sql";
static_assert(kApplicationId == 1651724337);

constexpr const char* kAllowRemoving = "DROP TRIGGER IF EXISTS records_are_not_removed";
constexpr const char* kForbidRemoving = "CREATE TRIGGER records_are_not_removed BEFORE DELETE ON records "
                                        "BEGIN SELECT RAISE(ABORT, 'records are append-only'); END";
/// Which record says what is not kept any more. What it says stands in the chain alone.
constexpr const char* kCompacted = R"sql(
CREATE TABLE IF NOT EXISTS compacted (id INTEGER PRIMARY KEY CHECK (id = 1), record INTEGER NOT NULL) STRICT;
PRAGMA user_version = 2;
)sql";

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

/// What `said` removes is well formed: in order, apart from each other, and before the record that says so.
bool is_sound(const std::vector<RemovedRecords>& said, std::uint64_t record) {
  const std::size_t digits = ChainEnd{}.hash.size();
  std::uint64_t end = 0;
  for (const RemovedRecords& r : said) {
    if (r.from <= end || r.to < r.from || r.before.size() != digits || r.after.size() != digits) return false;
    end = r.to + 1; // else they would be one
  }
  return !said.empty() && end <= record;
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

/// The whole file, and that no record is missing but those that were removed.
Status SqliteJournal::check_structure() const {
  const auto check = database_.value("PRAGMA quick_check(1)");
  if (!check) return check.error();
  if (*check != "ok") {
    std::string why = *check;
    std::replace(why.begin(), why.end(), '\n', ' ');
    return fail(Errc::corrupt, fmt::format("{}: damaged: {}", database_.path(), why));
  }
  const auto last = database_.integer("SELECT coalesce(max(seq), 0) FROM records");
  if (!last) return last.error();
  auto between = database_.prepare("SELECT count(*) FROM records WHERE seq BETWEEN ? AND ?");
  if (!between) return between.error();
  const auto check_stretch = [&](std::uint64_t from, std::uint64_t to) -> Status {
    between->bind(1, static_cast<std::int64_t>(from)).bind(2, static_cast<std::int64_t>(to));
    const auto row = between->step();
    if (!row) return row.error();
    const std::int64_t count = between->integer(0), wanted = static_cast<std::int64_t>(to - from) + 1;
    between->reset();
    if (count == wanted) return {};
    return fail(Errc::corrupt, fmt::format("{}: {} records from number {} to number {}: records are missing",
                                           database_.path(), count, from, to));
  };
  std::uint64_t from = 1;
  for (const RemovedRecords& r : removed_) {
    if (from < r.from)
      if (Status whole = check_stretch(from, r.from - 1); !whole) return whole;
    from = r.to + 1;
  }
  const auto end = static_cast<std::uint64_t>(*last);
  return from > end ? Status() : check_stretch(from, end);
}

Status SqliteJournal::load_removed() const {
  removed_.clear();
  compacted_ = 0;
  const auto version = database_.integer("PRAGMA user_version");
  if (!version) return version.error();
  if (*version < kSchema) return {};
  const auto record = database_.integer("SELECT coalesce(max(record), 0) FROM compacted");
  if (!record) return record.error();
  if (*record == 0) return {};
  auto rows = database_.prepare("SELECT type, payload FROM records WHERE seq = ?");
  if (!rows) return rows.error();
  compacted_ = static_cast<std::uint64_t>(*record);
  const auto row = rows->bind(1, *record).step();
  if (!row) return row.error();
  JournalCompacted said;
  const Result<Json> payload = *row ? Json::parse(rows->text(1)) : Result<Json>(fail(Errc::corrupt, "it is missing"));
  if (!payload || rows->text(0) != JournalCompacted::kType || !from_json(*payload, said) ||
      !is_sound(said.removed, static_cast<std::uint64_t>(*record)))
    return fail(
        Errc::corrupt,
        fmt::format("{}: record {}, which says what is not kept any more, cannot be read or says something else",
                    database_.path(), *record));
  removed_ = std::move(said.removed);
  return {};
}

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
    if (Status made = SqliteDatabase::create(path, (std::string(kCreate) + kForbidRemoving + "; COMMIT;").c_str());
        !made)
      return made.error();
  }
  const auto busy_ms = std::chrono::duration_cast<std::chrono::milliseconds>(options.busy_timeout).count();
  auto database = SqliteDatabase::open(path, SqliteDatabase::Mode::write, static_cast<int>(busy_ms));
  if (!database) return database.error();
  std::unique_ptr<SqliteJournal> journal(
      new SqliteJournal(*std::move(database), SpaceReserve(path + ".reserve", options.reserve)));
  journal->created_ = size < 0;
  if (Status ours = check_identity(journal->database_); !ours) return ours.error();
  if (Status known = journal->load_removed(); !known) return known.error();
  if (Status whole = journal->check_structure(); !whole) return whole.error();
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
  if (Status set = database_.run("PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=256; PRAGMA secure_delete=ON");
      !set)
    return set;
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
    if (read) read = journal->load_removed();
    if (!check_end && !read && read.error().code == Errc::corrupt) read = {}; // what is missing will show
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

Status SqliteJournal::let_go(std::uint64_t compacted) {
  removing_ = true;
  if (compacted == compacted_) return {};
  if (!writable_) return fail(Errc::refused, database_.path() + ": opened for reading only");
  auto point = [&](const SqliteDatabase& database) -> Status {
    if (Status made = database.run(kCompacted); !made) return made;
    auto statement = database.prepare("INSERT OR REPLACE INTO compacted VALUES (1, ?)");
    if (!statement) return statement.error();
    return statement->bind(1, static_cast<std::int64_t>(compacted)).run();
  };
  const auto before = std::pair(removed_, compacted_);
  Status done = database_.transaction([&]() -> Status {
    if (Status pointed = point(database_); !pointed) return pointed;
    return load_removed();
  });
  if (!done) std::tie(removed_, compacted_) = before;
  return done;
}

Status SqliteJournal::remove_some(std::size_t most) {
  if (!removing_ || !writable_) return {};
  auto find = database_.prepare("SELECT seq FROM records WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?");
  if (!find) return find.error();
  std::vector<std::int64_t> chosen;
  for (const RemovedRecords& r : removed_) {
    find->bind(1, static_cast<std::int64_t>(r.from)).bind(2, static_cast<std::int64_t>(r.to));
    find->bind(3, static_cast<std::int64_t>(most - chosen.size()));
    for (auto row = find->step();; row = find->step()) {
      if (!row) return row.error();
      if (!*row) break;
      chosen.push_back(find->integer(0));
    }
    find->reset();
    if (chosen.size() >= most) break;
  }
  removing_ = !chosen.empty();
  if (!removing_) return {};
  return database_.transaction([&]() -> Status {
    if (Status allowed = database_.run(kAllowRemoving); !allowed) return allowed;
    auto remove = database_.prepare("DELETE FROM records WHERE seq = ?");
    if (!remove) return remove.error();
    for (const std::int64_t seq : chosen)
      if (Status gone = remove->bind(1, seq).run(); !gone) return gone;
    return database_.run(kForbidRemoving);
  });
}

Status SqliteJournal::copy(std::span<const Record> records, const SqliteJournal& from) {
  if (records.empty()) return {};
  removed_ = from.removed_;
  for (const Record& record : records) {
    if (Status skipped = skip_removed(end_); !skipped) return skipped;
    if (Status link = follows(record, end_); !link) return link.error().in(database_.path());
    end_ = {record.seq, hash_of(record)};
  }
  if (Status inserted = insert(records); !inserted) return inserted;
  return records.back().seq >= from.compacted_ && from.compacted_ != 0 ? let_go(from.compacted_) : Status();
}

/// Whether the chain goes on behind records that are not kept; some of them may be there still.
Status SqliteJournal::skip_removed(ChainEnd& end) const {
  const RemovedRecords* const gap = next_removed(removed_, end.seq + 1);
  if (gap == nullptr || gap->from > end.seq + 1) return {};
  if (gap->from == end.seq + 1 && gap->before != end.hash)
    return fail(Errc::corrupt, fmt::format("{}: record {} is not the one that stood before those that were removed",
                                           database_.path(), end.seq));
  end = {gap->to, gap->after};
  return {};
}

/// True: the daemon has removed records since this reader last looked.
bool SqliteJournal::learned_of_removal() const {
  const std::uint64_t known = compacted_;
  return !writable_ && load_removed() && compacted_ != known;
}

Result<ChainEnd> SqliteJournal::end_at(std::uint64_t seq) const {
  if (seq == 0) return ChainEnd{};
  if (const RemovedRecords* const gap = next_removed(removed_, seq); gap != nullptr && gap->from <= seq)
    return ChainEnd{gap->to, gap->after};
  auto statement = database_.prepare("SELECT hash FROM records WHERE seq = ?");
  if (!statement) return statement.error();
  statement->bind(1, static_cast<std::int64_t>(seq));
  const auto row = statement->step();
  if (!row) return row.error();
  if (!*row) return fail(Errc::corrupt, fmt::format("{}: record {} is missing", database_.path(), seq));
  return ChainEnd{seq, statement->text(0)};
}

/// The good records before an error are in `batch` all the same. None, and no error: that was all.
Status SqliteJournal::batch_after(const ChainEnd& from, std::vector<Record>& batch, ChainEnd& end) const {
  batch.clear();
  end = from;
  if (Status skipped = skip_removed(end); !skipped) return skipped;
  const RemovedRecords* const gap = next_removed(removed_, end.seq + 1);
  const std::uint64_t until = gap == nullptr ? std::uint64_t{INT64_MAX} : gap->from;
  auto rows = database_.prepare(kRows);
  if (!rows) return rows.error();
  const auto most = std::min<std::uint64_t>(kBatch, until - end.seq - 1);
  rows->bind(1, static_cast<std::int64_t>(end.seq)).bind(2, static_cast<std::int64_t>(most));
  for (auto row = rows->step();; row = rows->step()) {
    if (!row) return row.error();
    if (!*row) break;
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
  if (batch.empty() && gap != nullptr)
    return fail(Errc::corrupt, fmt::format("{}: record {} is missing", database_.path(), end.seq + 1));
  return {};
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
    if (!good && !(good.error().code == Errc::corrupt && learned_of_removal())) return good;
    if (good && batch.empty()) return good;
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
  Status structure = check_structure();
  if (!structure && learned_of_removal()) structure = check_structure();
  if (!structure) return structure.error();
  ChainEnd end;
  Status chain_whole = read(0, [&](const Record& record) {
    end.seq = record.seq;
    return Status();
  });
  if (!chain_whole) return chain_whole.error();
  return end_at(end.seq);
}

} // namespace backstop
