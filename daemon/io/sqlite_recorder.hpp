#pragma once
#include "daemon/io/kept_scrapes.hpp"
#include "daemon/io/sqlite_database.hpp"
#include "daemon/seams.hpp"
#include <cstdint>
#include <memory>
#include <string>

namespace backstop {

/// The recorder as one SQLite file (WAL, synchronous=NORMAL: no fsync per call; a power cut may take the last seconds, a
/// killed process nothing). It is never in the way: a file that is damaged, newer, older or foreign is moved to PATH.aside (the
/// one before it is replaced) and a new one is begun, at open() and also later.
class SqliteRecorder : public Recorder {
public:
  struct Options {
    Duration keep{std::chrono::hours(24 * 30)};           ///< scrapes older than the newest by more than this go
    std::int64_t max_size = std::int64_t{2} << 30;        ///< bytes used in the file; beyond it the oldest scrapes go
    Duration busy_timeout{std::chrono::milliseconds(50)}; ///< longest wait for a foreign lock
  };
  /// Errors: io (no directory, not writable, no space left) and busy (another program has it locked).
  static Result<std::unique_ptr<SqliteRecorder>> open(const std::string& path, Options options);
  /// One that is not open yet: empty, and every write tries to open it. For who goes on where open() failed.
  static std::unique_ptr<SqliteRecorder> unopened(const std::string& path, Options options);

  /// What is kept in the file, without writing to it, also while a daemon does. `most` as for scrapes(). Errors: not_found, and
  /// those of open(); corrupt and newer too.
  static Result<std::vector<KeptScrape>> kept_in(const std::string& path, std::string_view service, Time from, Time to,
                                                 std::size_t most);

  ~SqliteRecorder() override;
  SqliteRecorder(const SqliteRecorder&) = delete;
  SqliteRecorder& operator=(const SqliteRecorder&) = delete;

  Status put(std::string_view key, const Json& value) override;
  Result<Json> get(std::string_view key) const override;
  /// One transaction. Also removes what is too old or too much, a bounded number of rows a call, so that the loop never
  /// stands still for it.
  Status note_scrapes(std::span<const KeptScrape> scrapes) override;
  Result<std::vector<KeptScrape>> scrapes(std::string_view service, Time from, Time to,
                                          std::size_t most) const override;
  Status forget_scrapes(std::string_view service, Time from, Time to) override;

  /// Why the last file was moved aside, a sentence for the log; empty where it was not.
  [[nodiscard]] const std::string& moved_aside() const { return moved_aside_; }

private:
  SqliteRecorder(std::string path, Options options) : path_(std::move(path)), options_(options) {}
  struct Statements {
    SqliteStatement put, remove;
  };
  Status connect();
  Status start_anew(const Error& why);
  template <class F> Status write(F&& body);
  Status prune(std::span<const KeptScrape> added);

  std::string path_;
  Options options_;
  std::unique_ptr<SqliteDatabase> database_;
  Statements statements_; ///< after the database: finalized before it is closed
  std::unique_ptr<KeptScrapes> scrapes_;
  std::string moved_aside_;
};

} // namespace backstop
