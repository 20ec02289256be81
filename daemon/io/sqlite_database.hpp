#pragma once
#include "rules/result.hpp"
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace backstop {

/// One prepared statement of a SqliteDatabase, which must outlive it. Positions of bind() count from 1, columns from 0.
class SqliteStatement {
public:
  SqliteStatement() = default;
  SqliteStatement& bind(int position, std::int64_t value);
  SqliteStatement& bind(int position, double value);
  SqliteStatement& bind(int position, std::string_view value);
  SqliteStatement& bind_blob(int position, std::string_view bytes);
  SqliteStatement& bind_null(int position);

  /// True: there is a row. False: done.
  Result<bool> step();
  /// Steps to the end and resets, for statements without rows.
  Status run();
  /// Ready for the next use; the bindings are gone. Ends the read that step() began.
  void reset();

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] double number(int column) const;
  [[nodiscard]] std::string text(int column) const; ///< the bytes as they are, NUL included
  [[nodiscard]] bool is_null(int column) const;

private:
  friend class SqliteDatabase;
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
};

/// A connection to one SQLite file, with what all of ours have in common: a bounded busy wait, no trust in the schema,
/// and errors in our own words (corrupt, busy, io with "no space left", ...) that name the file.
class SqliteDatabase {
public:
  enum class Mode { write, read_only, immutable };

  /// Opens a file that must exist. SQLite reads it at the first statement, so damage shows there. Closing leaves the -wal
  /// as it is: see checkpoint().
  static Result<SqliteDatabase> open(const std::string& path, Mode mode, int busy_timeout_ms);
  /// Builds a new file at `path` by running `sql`: under another name first, renamed when it is whole and on the disk.
  /// So an empty or half-made file is never a new one.
  static Status create(const std::string& path, const char* sql);

  /// Runs statements whose rows do not matter.
  Status run(const char* sql) const;
  /// First column of the first row; Errc::corrupt where there is no row.
  Result<std::string> value(const char* sql) const;
  Result<std::int64_t> integer(const char* sql) const;
  Result<SqliteStatement> prepare(const char* sql) const;
  /// All of `body` in one transaction, or nothing of it. After an error the connection can be used again.
  template <class F> Status transaction(F&& body) const {
    if (Status begun = run("BEGIN IMMEDIATE"); !begun) return begun;
    Status done = std::forward<F>(body)();
    if (done) done = run("COMMIT");
    if (!done) roll_back();
    return done;
  }
  [[nodiscard]] const std::string& path() const { return path_; }
  /// Brings all that the -wal holds into the file itself, and empties the -wal.
  [[nodiscard]] Status checkpoint() const;
  /// SQLite opens a file for reading where it cannot for writing, and keeps silent about it.
  [[nodiscard]] bool is_read_only() const;

private:
  SqliteDatabase() = default;
  void roll_back() const;
  struct Closer {
    void operator()(sqlite3* connection) const;
  };
  std::unique_ptr<sqlite3, Closer> connection_;
  std::string path_;
};

/// Whether an error of this file says that the disk (or a quota) is full.
bool is_no_space(const Error& error);

/// Error of the operating system, `what` saying what was tried: "cannot open /x: Permission denied".
Error system_error(std::string_view what, int error_number);

/// Makes the entries of the directory of `path` durable.
Status sync_directory_of(const std::string& path);

} // namespace backstop
