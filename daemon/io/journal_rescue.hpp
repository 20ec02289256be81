#pragma once
#include "daemon/io/sqlite_journal.hpp"
#include <optional>
#include <string>
#include <vector>

namespace backstop {

/// What a journal is worth: its good records, from the first to the one before the first fault.
struct JournalReport {
  std::string path;
  std::uint64_t records = 0;   ///< good ones
  Time first{}, last{};        ///< of the good ones
  ChainEnd end;                ///< of the good ones
  std::uint64_t removed = 0;   ///< records that are not kept any more (journal.keep)
  std::uint64_t compacted = 0; ///< the record that says so
  std::optional<Error> fault;
  std::vector<SqliteJournal::Glimpse> beyond; ///< what can still be read behind the fault, unchecked
};

/// Reads the whole journal: hashes, chain, and that every record is one that this program understands. Takes no lock and
/// changes nothing. Errors: not_found, and io where it cannot be read at all; a damaged one is a report.
Result<JournalReport> check_journal(const std::string& path);

struct RestoredJournal {
  JournalReport found;
  std::string file;   ///< PATH.restored
  std::string caveat; ///< what a person must mend about it; empty: nothing
};

/// Copies the good records of a damaged journal into a new file beside it, PATH.restored, with the owner of the old one.
/// The old files are only read. Errors: busy (a daemon has it open), invalid (nothing is wrong with it, or nothing of it
/// is good), newer (a newer backstop wrote it), exists already, io.
Result<RestoredJournal> restore_journal(const std::string& path);

} // namespace backstop
