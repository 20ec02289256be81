#pragma once
#include "daemon/deferred_journal.hpp"
#include "daemon/io/sqlite_journal.hpp"
#include <memory>
#include <optional>
#include <string>

namespace backstop {

/// Keeps the daemon's journal open. One that cannot be opened, because of what may pass by itself or be mended meanwhile (a
/// full disk, a read-only file system, missing rights), is tried again; a damaged or newer one is not: which file is the
/// right one is for a person to say, and a restart then tells us.
class JournalKeeper {
public:
  /// Opens the journal at `path`, or stands in for it. Only one that another backstopd writes is an error (Errc::busy).
  static Result<std::unique_ptr<JournalKeeper>> open(const std::string& path);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] Journal& journal() { return *journal_; }
  /// The real journal; null while there is only a stand-in.
  [[nodiscard]] const SqliteJournal* opened() const { return opened_; }
  /// True while it is worth to call try_again().
  [[nodiscard]] bool waits() const { return deferred_ && transient_; }
  /// True: the journal could be opened now, and journal() is that one from here on.
  bool try_again();
  /// To be called each minute: the space reserve, and records that were let go.
  Status keep_house();
  /// Whether the disk has room for much at once, beside what an incident may need.
  [[nodiscard]] bool has_room() const;

private:
  explicit JournalKeeper(std::string path) : path_(std::move(path)) {}
  std::string path_;
  std::unique_ptr<Journal> journal_;
  DeferredJournal* deferred_ = nullptr; ///< the journal, while it is a stand-in
  SqliteJournal* opened_ = nullptr;
  bool transient_ = false;
};

/// The anchor (of EventLoop) that the last start of a daemon in boot `boot` recorded; read also where nothing can be written.
std::optional<Duration> recorded_anchor(const std::string& journal_path, const std::string& boot);

} // namespace backstop
