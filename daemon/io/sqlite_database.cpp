#include "daemon/io/sqlite_database.hpp"
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fmt/core.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

namespace backstop {
namespace {

constexpr std::string_view kNoSpace = "no space left";

/// In the words of the person who must mend it. Right after the failed call: SQLite keeps only the last error.
Error error_of(sqlite3* connection, int code) {
  const char* file = connection ? sqlite3_db_filename(connection, "main") : nullptr;
  const std::string path = file && *file ? file : "database";
  const int system = connection ? sqlite3_system_errno(connection) : 0;
  const int primary = code & 0xFF;
  const bool io = primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN;
  const std::string detail = connection ? sqlite3_errmsg(connection) : sqlite3_errstr(code);

  if (primary == SQLITE_FULL || (io && (system == ENOSPC || system == EDQUOT)))
    return fail(Errc::io, fmt::format("{}: {} on this file system (or a quota is used up)", path, kNoSpace));
  if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED)
    return fail(Errc::busy, path + ": locked by another program (a sqlite3 shell, a backup?)");
  if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB)
    return fail(Errc::corrupt, fmt::format("{}: damaged: {}", path, detail));
  if (primary == SQLITE_CONSTRAINT)
    return fail(Errc::corrupt, fmt::format("{}: another program has written into it: {}", path, detail));
  if (primary == SQLITE_READONLY || system == EROFS)
    return fail(Errc::io, path + ": it can be read but not written (read-only file system, or the owner is wrong)");
  if (primary == SQLITE_TOOBIG) return fail(Errc::too_large, fmt::format("{}: {}", path, detail));
  if (io && system != 0) return fail(Errc::io, fmt::format("{}: {}: {}", path, detail, std::strerror(system)));
  return fail(Errc::io, fmt::format("{}: {} (SQLite error {})", path, detail, code));
}

/// As the URI that says: nobody writes this file, so SQLite needs no -shm beside it.
std::string immutable_uri(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#')
      uri += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    else
      uri += c;
  }
  return uri + "?immutable=1";
}

} // namespace

bool is_no_space(const Error& error) {
  return error.code == Errc::io && error.what.find(kNoSpace) != std::string::npos;
}

Error system_error(std::string_view what, int error_number) {
  if (error_number == ENOSPC || error_number == EDQUOT)
    return fail(Errc::io, fmt::format("{}: {} on this file system (or a quota is used up)", what, kNoSpace));
  return fail(Errc::io, fmt::format("{}: {}", what, std::strerror(error_number)));
}

Status sync_directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return system_error("cannot open " + directory, errno);
  const int failed = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  if (failed) return system_error("cannot sync " + directory, failed);
  return {};
}

void SqliteDatabase::Closer::operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
void SqliteStatement::Finalizer::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Result<SqliteDatabase> SqliteDatabase::open(const std::string& path, Mode mode, int busy_timeout_ms) {
  const bool immutable = mode == Mode::immutable;
  const int flags =
      (mode == Mode::write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | (immutable ? SQLITE_OPEN_URI : 0);
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2((immutable ? immutable_uri(path) : path).c_str(), &connection, flags, nullptr);
  SqliteDatabase database;
  database.connection_.reset(connection);
  database.path_ = path;
  if (code != SQLITE_OK) return error_of(connection, code);
  sqlite3_extended_result_codes(connection, 1);
  // The last connection that closes would write the WAL back and remove it. Where the -shm file could be opened for reading
  // only (an I/O error, no descriptor left, another owner), SQLite takes the WAL for empty then, and what it held is gone.
  if (const int set = sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr); set != SQLITE_OK)
    return error_of(connection, set);
  sqlite3_busy_timeout(connection, busy_timeout_ms);
  // A file from elsewhere must not run code through its schema, and damaged cells are to be seen, not followed.
  // Rows are added at the end of tables and hardly ever read: pages kept for that would be most of the daemon's memory.
  if (Status safe = database.run("PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA cache_size=-256"); !safe)
    return safe.error();
  return database;
}

Status SqliteDatabase::create(const std::string& path, const char* sql) {
  const std::string made = path + ".new";
  // Left by a crash in here, and never in use.
  for (const char* suffix : {"", "-journal", "-wal", "-shm"}) ::unlink((made + suffix).c_str());
  const int fd = ::open(made.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  if (fd < 0) return system_error("cannot create " + made, errno);
  ::close(fd);
  Status built;
  {
    auto database = open(made, Mode::write, 0);
    built = database ? database->run(sql) : Status(database.error());
  }
  if (built && ::rename(made.c_str(), path.c_str()) != 0) built = system_error("cannot rename " + made, errno);
  if (built) return sync_directory_of(path);
  for (const char* suffix : {"", "-journal", "-wal", "-shm"}) ::unlink((made + suffix).c_str());
  return built;
}

Status SqliteDatabase::run(const char* sql) const {
  const int code = sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error_of(connection_.get(), code);
  return {};
}

Status SqliteDatabase::checkpoint() const {
  auto statement = prepare("PRAGMA wal_checkpoint(TRUNCATE)");
  if (!statement) return statement.error();
  const auto row = statement->step();
  if (!row) return row.error();
  if (*row && statement->integer(0) != 0) return fail(Errc::busy, path_ + ": another program reads it");
  return {};
}

bool SqliteDatabase::is_read_only() const { return sqlite3_db_readonly(connection_.get(), "main") != 0; }

void SqliteDatabase::roll_back() const {
  // SQLite has rolled back by itself after some errors (full, I/O); then there is nothing to do.
  if (sqlite3_get_autocommit(connection_.get()) == 0)
    sqlite3_exec(connection_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

Result<SqliteStatement> SqliteDatabase::prepare(const char* sql) const {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(connection_.get(), sql, -1, &statement, nullptr);
  if (code != SQLITE_OK) return error_of(connection_.get(), code);
  SqliteStatement prepared;
  prepared.statement_.reset(statement);
  return prepared;
}

Result<std::string> SqliteDatabase::value(const char* sql) const {
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  const auto row = statement->step();
  if (!row) return row.error();
  if (!*row) return fail(Errc::corrupt, path_ + ": damaged: no answer to: " + sql);
  return statement->text(0);
}

Result<std::int64_t> SqliteDatabase::integer(const char* sql) const {
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  const auto row = statement->step();
  if (!row) return row.error();
  if (!*row) return fail(Errc::corrupt, path_ + ": damaged: no answer to: " + sql);
  return statement->integer(0);
}

// An out-of-memory in bind shows at step(), as a misuse of the null it leaves would: the columns are NOT NULL.
SqliteStatement& SqliteStatement::bind(int position, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), position, value);
  return *this;
}
SqliteStatement& SqliteStatement::bind(int position, double value) {
  sqlite3_bind_double(statement_.get(), position, value);
  return *this;
}
SqliteStatement& SqliteStatement::bind(int position, std::string_view value) {
  const char* bytes = value.data() ? value.data() : "";
  sqlite3_bind_text64(statement_.get(), position, bytes, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}
SqliteStatement& SqliteStatement::bind_blob(int position, std::string_view bytes) {
  const char* data = bytes.data() ? bytes.data() : "";
  sqlite3_bind_blob64(statement_.get(), position, data, bytes.size(), SQLITE_TRANSIENT);
  return *this;
}
SqliteStatement& SqliteStatement::bind_null(int position) {
  sqlite3_bind_null(statement_.get(), position);
  return *this;
}

Result<bool> SqliteStatement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return error_of(sqlite3_db_handle(statement_.get()), code);
}

Status SqliteStatement::run() {
  auto row = step();
  while (row && *row) row = step();
  reset();
  if (!row) return row.error();
  return {};
}

void SqliteStatement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

std::int64_t SqliteStatement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
double SqliteStatement::number(int column) const { return sqlite3_column_double(statement_.get(), column); }
bool SqliteStatement::is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }
std::string SqliteStatement::text(int column) const {
  const auto* bytes = sqlite3_column_text(statement_.get(), column);
  if (!bytes) return {};
  return {reinterpret_cast<const char*>(bytes),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

} // namespace backstop
