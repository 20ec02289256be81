#pragma once
#include "rules/result.hpp"
#include <cstdint>
#include <string>

namespace backstop {

/// The right to write a journal: a file that is flock()ed while this lives. The kernel gives it back when the process
/// ends, however it ends; the pid in the file only serves the message. The file stays, removing it would race.
class LockFile {
public:
  /// Errc::busy, naming the process, where another has it.
  static Result<LockFile> take(const std::string& path);
  LockFile(LockFile&& other) noexcept;
  LockFile& operator=(LockFile&& other) noexcept;
  ~LockFile();

private:
  explicit LockFile(int fd) : fd_(fd) {}
  int fd_ = -1;
};

/// Disk space kept back for the day the disk is full, so that a rollback can still be written down: a file of that many
/// really allocated bytes, which is removed when they are needed.
class SpaceReserve {
public:
  SpaceReserve(std::string path, std::int64_t bytes) : path_(std::move(path)), bytes_(bytes) {}
  /// Makes the file, where it is not there and whole. An error leaves none.
  Status fill() const;
  /// The same, but where it is to be made only if twice as much is free, so that it does not take the last of it.
  Status refill() const;
  /// True where there was a reserve and its space is free now.
  bool release() const;

private:
  [[nodiscard]] bool is_whole() const;
  std::string path_;
  std::int64_t bytes_;
};

} // namespace backstop
