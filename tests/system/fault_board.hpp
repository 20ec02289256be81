#pragma once
#include <atomic>
#include <cstdint>

namespace backstop::faults {

/// Shared by a test and the daemon that it torments (fault_shim.cpp, preloaded): a file of this size, mapped by both. Zero
/// bytes mean: nothing goes wrong.
struct Board {
  /// Instants passed so far: right before and right after each append to the journal and each act (see README.md).
  std::atomic<std::uint64_t> instants;
  std::atomic<std::uint64_t> die_at; ///< the daemon ends itself by SIGKILL at this instant; 0: at none
  char died_at[160];                 ///< what that instant was: "before sync journal.db-wal"
  /// Writing, making, removing and syncing in the state directory fail with this errno; 0: they work.
  std::atomic<int> disk_error;
  std::atomic<int> error_permille;          ///< how many of them fail while disk_error is set
  std::atomic<std::int64_t> clock_shift_us; ///< what the wall clock shows beside the real time
  std::atomic<std::uint32_t> boot;          ///< another number is another boot id; 0: the real one
};

constexpr const char* kBoardVariable = "BACKSTOP_FAULT_BOARD";         ///< path of the board's file
constexpr const char* kDirectoryVariable = "BACKSTOP_FAULT_DIRECTORY"; ///< the state directory, without a last slash

} // namespace backstop::faults
