#pragma once
#include "daemon/io/journal_files.hpp"
#include "daemon/io/sqlite_database.hpp"
#include "daemon/records.hpp"
#include "daemon/seams.hpp"
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace backstop {

/// The journal as one SQLite file (WAL, synchronous=FULL: append() returns after the fsync). Beside it lie PATH-wal and
/// PATH-shm while it is open, PATH.lock (who writes) and PATH.reserve (space for a full disk). See docs/decisions/0030.
///
/// What append() says: ok means on the disk. An error means nothing was appended as far as anybody can read it now; only
/// after an I/O error of the very last sync a crash that follows may bring the records back, all of them.
class SqliteJournal : public Journal {
public:
  struct Options {
    Duration busy_timeout{std::chrono::milliseconds(100)}; ///< longest wait for a foreign lock (a sqlite3 shell)
    std::int64_t reserve = std::int64_t{4} << 20;          ///< bytes kept back for a full disk
  };

  /// Opens PATH for writing; where there is no such file, a new one is made. Takes PATH.lock. Checks the whole file's
  /// structure, that no seq is missing, and the chain of the last records (read() checks all of it). Errors:
  ///   newer    written by a newer backstop; nothing was changed
  ///   corrupt  no database, damaged, a record missing, the chain broken, a foreign database; nothing was changed
  ///   busy     another backstopd has it (its pid is named)
  ///   io       no space left, not writable, no directory, locked by another program
  static Result<std::unique_ptr<SqliteJournal>> open(const std::string& path, Options options);
  static Result<std::unique_ptr<SqliteJournal>> open(const std::string& path) { return open(path, Options{}); }

  /// For status --offline and journal check, also while a daemon writes PATH. Takes no lock; append() is refused.
  /// Errors as open(); not_found where there is no such file.
  static Result<std::unique_ptr<SqliteJournal>> open_read_only(const std::string& path);
  /// The same for a damaged one: what its records are worth is not looked at before they are read.
  static Result<std::unique_ptr<SqliteJournal>> open_damaged(const std::string& path);

  /// Brings everything into PATH itself where it can; what cannot stays in PATH-wal, and nothing is lost.
  ~SqliteJournal() override;
  SqliteJournal(const SqliteJournal&) = delete;
  SqliteJournal& operator=(const SqliteJournal&) = delete;
  /// The same, told whether it could: before PATH is moved or copied alone.
  Status checkpoint() const;

  Status append(std::span<Record> records) override;
  /// They are removed by remove_some(). From here on an older backstop does not open the file (it would miss them).
  Status let_go(std::uint64_t compacted) override;
  /// Removes some of the records that were let go: to be called from time to time.
  Status remove_some(std::size_t most);
  /// For a copy of another journal, into a new one: `records` as they are, as they follow there.
  Status copy(std::span<const Record> records, const SqliteJournal& from);
  /// Checks hash, chain and form of every record on the way; Errc::corrupt names the first bad one, after `each` was
  /// given all before it.
  Status read(std::uint64_t after, const std::function<Status(const Record&)>& each) const override;

  /// Reads everything and gives the end of the chain, which a person may compare with one noted elsewhere: that records
  /// at the end were cut off cannot be seen from the file alone.
  [[nodiscard]] Result<ChainEnd> verify() const;

  /// Every record as it is stored, unchecked, in order of seq, with the bytes of its payload (which `record` is without) and its
  /// hash. Errors: io, and corrupt where the file itself is damaged; what could be read before was given.
  Status
  read_stored(const std::function<void(const Record&, std::string_view payload, const std::string& hash)>& each) const;

  /// A record behind the first bad one, as far as it can be read. Nothing of it is checked.
  struct Glimpse {
    std::uint64_t seq = 0;
    Time time{};
    std::string type, subject;
  };
  [[nodiscard]] std::vector<Glimpse> glimpse_after(std::uint64_t seq) const;

  /// True where open() made a new file: worth a line in the log, for a journal that got lost looks the same.
  [[nodiscard]] bool created() const { return created_; }
  /// What is not kept any more, in order, and the record that says so (0: all are there).
  [[nodiscard]] const std::vector<RemovedRecords>& removed() const { return removed_; }
  [[nodiscard]] std::uint64_t compacted() const { return compacted_; }
  /// The end of the chain as this process wrote or found it.
  [[nodiscard]] const ChainEnd& end() const { return end_; }
  /// Duration of the last append(), failed or not: how long the loop stood still.
  [[nodiscard]] Duration last_commit_duration() const { return last_commit_; }
  /// True from the moment the disk was too full to append or to hold a reserve, until restore_reserve() succeeds.
  [[nodiscard]] bool low_space() const { return low_space_; }
  /// To be called from time to time (minutes): takes the reserve again where it is gone and there is room for it twice.
  /// Cheap where it is there.
  Status restore_reserve();

private:
  SqliteJournal(SqliteDatabase database, SpaceReserve reserve);
  static Result<std::unique_ptr<SqliteJournal>> connect(const std::string& path, const Options& options);
  Status prepare_to_write();
  Status load_end();
  Status insert(std::span<const Record> records);
  static Result<std::unique_ptr<SqliteJournal>> open_to_read(const std::string& path, bool check_end);
  Status load_removed() const;
  [[nodiscard]] Status check_structure() const;
  Status skip_removed(ChainEnd& end) const;
  [[nodiscard]] bool learned_of_removal() const;
  Status batch_after(const ChainEnd& from, std::vector<Record>& batch, ChainEnd& end) const;
  Result<ChainEnd> end_at(std::uint64_t seq) const;

  std::optional<LockFile> lock_; ///< first: let go of after the database is closed
  SqliteDatabase database_;
  SqliteStatement insert_;
  SpaceReserve reserve_;
  // A reader may learn of more while it reads: the daemon goes on.
  mutable std::vector<RemovedRecords> removed_;
  mutable std::uint64_t compacted_ = 0;
  bool removing_ = false; ///< some of `removed_` may be there still, and whoever read the journal says that they may go
  ChainEnd end_;
  Duration last_commit_{};
  bool writable_ = false;
  bool created_ = false;
  bool low_space_ = false;
};

} // namespace backstop
