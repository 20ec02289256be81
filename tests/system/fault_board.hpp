#pragma once
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

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

/// The test's side: a new board in the file `path`. Ends the program where there can be none.
inline Board* make_board(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  void* at = MAP_FAILED;
  if (fd >= 0 && ::ftruncate(fd, sizeof(Board)) == 0)
    at = ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ::close(fd);
  if (at == MAP_FAILED) std::abort();
  return static_cast<Board*>(at);
}

} // namespace backstop::faults
