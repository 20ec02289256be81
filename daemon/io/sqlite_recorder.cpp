#include "daemon/io/sqlite_recorder.hpp"
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

namespace backstop {
namespace {

constexpr std::int64_t kApplicationId = 0x62735231; // "bsR1"
constexpr std::int64_t kSchema = 2;
constexpr int kReaderBusyMs = 2000;

std::string create_text() {
  return std::string(R"sql(
PRAGMA auto_vacuum = INCREMENTAL;
BEGIN;
PRAGMA application_id = 1651724849;
PRAGMA user_version = 2;
CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
)sql") + KeptScrapes::kTables +
         "COMMIT;\n";
}
static_assert(kApplicationId == 1651724849);

Status check_identity(const SqliteDatabase& database) {
  const auto application = database.integer("PRAGMA application_id");
  if (!application) return application.error();
  const auto version = database.integer("PRAGMA user_version");
  if (!version) return version.error();
  if (*application != kApplicationId) return fail(Errc::corrupt, database.path() + ": not a recorder of backstop");
  if (*version > kSchema)
    return fail(Errc::newer, fmt::format("{}: written by a newer backstop (schema {})", database.path(), *version));
  if (*version < kSchema) // nothing in it is worth a conversion: it is begun anew as a spoilt one is
    return fail(Errc::corrupt, fmt::format("{}: written by an older backstop (schema {})", database.path(), *version));
  return {};
}

bool is_spoilt(const Error& error) { return error.code == Errc::corrupt || error.code == Errc::newer; }

} // namespace

SqliteRecorder::~SqliteRecorder() {
  if (database_) static_cast<void>(database_->checkpoint());
}

Result<std::unique_ptr<SqliteRecorder>> SqliteRecorder::open(const std::string& path, Options options) {
  std::unique_ptr<SqliteRecorder> recorder(new SqliteRecorder(path, options));
  Status connected = recorder->connect();
  if (!connected && is_spoilt(connected.error())) connected = recorder->start_anew(Error(connected.error()));
  if (!connected) return connected.error();
  return recorder;
}

std::unique_ptr<SqliteRecorder> SqliteRecorder::unopened(const std::string& path, Options options) {
  return std::unique_ptr<SqliteRecorder>(new SqliteRecorder(path, options));
}

Result<std::vector<KeptScrape>> SqliteRecorder::kept_in(const std::string& path, std::string_view service, Time from,
                                                        Time to, std::size_t most) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0)
    return fail(Errc::not_found, path + ": no such file; the path is recorder.path of the configuration");
  for (auto mode = SqliteDatabase::Mode::read_only;; mode = SqliteDatabase::Mode::immutable) {
    auto database = SqliteDatabase::open(path, mode, kReaderBusyMs);
    if (!database) return database.error();
    Status ours = check_identity(*database);
    if (ours) return KeptScrapes::read(*database, service, from, to, most);
    // As for the journal: without the right to make a -shm file SQLite reads only what nobody writes.
    if (ours.error().code != Errc::io || mode == SqliteDatabase::Mode::immutable) return ours.error();
    if (::stat((path + "-wal").c_str(), &found) == 0 && found.st_size > 0)
      return fail(Errc::io, ours.error().what + "; run this as root or as the user of the daemon");
  }
}

Status SqliteRecorder::connect() {
  struct stat found {};
  if (::stat(path_.c_str(), &found) != 0) {
    // A WAL without its file belongs to one that was removed; SQLite would play it into the new one.
    for (const char* suffix : {"-wal", "-shm"}) ::unlink((path_ + suffix).c_str());
    if (Status made = SqliteDatabase::create(path_, create_text().c_str()); !made) return made;
  } else if (found.st_size == 0) {
    return fail(Errc::corrupt, path_ + ": empty");
  }
  const auto busy_ms = std::chrono::duration_cast<std::chrono::milliseconds>(options_.busy_timeout).count();
  auto opened = SqliteDatabase::open(path_, SqliteDatabase::Mode::write, static_cast<int>(busy_ms));
  if (!opened) return opened.error();
  auto database = std::make_unique<SqliteDatabase>(*std::move(opened));
  if (Status ours = check_identity(*database); !ours) return ours;
  // Structure is not checked as a whole here: it may be 2 GiB. Damage is met when it is met.
  if (Status set = database->run("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL"); !set) return set;

  Statements statements;
  const std::array<std::pair<SqliteStatement*, const char*>, 2> texts = {{
      {&statements.put, "INSERT INTO state VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2"},
      {&statements.remove, "DELETE FROM state WHERE key = ?"},
  }};
  for (const auto& [statement, text] : texts) {
    auto prepared = database->prepare(text);
    if (!prepared) return prepared.error();
    *statement = *std::move(prepared);
  }
  Result<KeptScrapes> scrapes = KeptScrapes::prepare(*database);
  if (!scrapes) return scrapes.error();
  statements_ = std::move(statements);
  scrapes_ = std::make_unique<KeptScrapes>(*std::move(scrapes));
  database_ = std::move(database);
  return {};
}

Status SqliteRecorder::start_anew(const Error& why) {
  statements_ = {};
  scrapes_.reset();
  database_.reset();
  const std::string aside = path_ + ".aside";
  for (const char* suffix : {"", "-wal", "-shm"}) {
    ::unlink((aside + suffix).c_str());
    if (::rename((path_ + suffix).c_str(), (aside + suffix).c_str()) != 0 && errno != ENOENT)
      return system_error(fmt::format("{}; cannot move it to {}", why.what, aside), errno);
  }
  moved_aside_ = fmt::format("{}; it was moved to {} and a new one begun", why.what, aside);
  return connect();
}

template <class F> Status SqliteRecorder::write(F&& body) {
  if (!database_) { // an earlier start_anew() found no way, a full disk say
    if (Status connected = connect(); !connected) return connected;
  }
  Status done = database_->transaction(body);
  if (!done) scrapes_->forget_books();
  if (done || !is_spoilt(done.error())) return done;
  if (Status anew = start_anew(Error(done.error())); !anew) return anew;
  return database_->transaction(body);
}

Status SqliteRecorder::put(std::string_view key, const Json& value) {
  const std::string text = value.dump();
  // What would not read back is worth less than what is there.
  if (const auto back = Json::parse(text); !back) return back.error().in(key);
  return write([&]() -> Status {
    if (value.is_null()) return statements_.remove.bind(1, key).run();
    return statements_.put.bind(1, key).bind(2, std::string_view(text)).run();
  });
}

Result<Json> SqliteRecorder::get(std::string_view key) const {
  if (!database_) return Json{};
  auto statement = database_->prepare("SELECT value FROM state WHERE key = ?");
  if (!statement) return statement.error();
  const auto row = statement->bind(1, key).step();
  if (!row) return row.error();
  return *row ? Json::parse(statement->text(0)) : Json{};
}

Status SqliteRecorder::note_scrapes(std::span<const KeptScrape> scrapes) {
  if (scrapes.empty()) return {};
  return write([&]() -> Status {
    for (const KeptScrape& scrape : scrapes)
      if (Status added = scrapes_->add(scrape); !added) return added;
    return prune(scrapes);
  });
}

Status SqliteRecorder::prune(std::span<const KeptScrape> added) {
  const auto page_size = database_->integer("PRAGMA page_size");
  if (!page_size) return page_size.error();
  const auto pages = database_->integer("PRAGMA page_count");
  if (!pages) return pages.error();
  const auto free_pages = database_->integer("PRAGMA freelist_count");
  if (!free_pages) return free_pages.error();

  // More than was added, so that a lowered bound is reached in time; few, so that no call takes long.
  const auto rows = static_cast<std::int64_t>(std::max<std::size_t>(200, 2 * added.size()));
  const Time newest = std::max_element(added.begin(), added.end(), [](auto& a, auto& b) { return a.t < b.t; })->t;
  // By size the first that came go, whatever their time: one bad clock must not keep rows for ever.
  const bool too_much = (*pages - *free_pages) * *page_size > options_.max_size;
  if (Status removed = scrapes_->forget_oldest(rows, too_much ? Time::max() : newest - options_.keep); !removed)
    return removed;
  return *pages * *page_size > options_.max_size ? database_->run("PRAGMA incremental_vacuum(64)") : Status();
}

Result<std::vector<KeptScrape>> SqliteRecorder::scrapes(std::string_view service, Time from, Time to,
                                                        std::size_t most) const {
  if (!database_) return std::vector<KeptScrape>{};
  return KeptScrapes::read(*database_, service, from, to, most);
}

Status SqliteRecorder::forget_scrapes(std::string_view service, Time from, Time to) {
  return write([&]() -> Status { return scrapes_->forget(service, from, to); });
}

} // namespace backstop
