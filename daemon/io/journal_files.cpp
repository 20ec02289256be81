#include "daemon/io/journal_files.hpp"
#include "daemon/io/sqlite_database.hpp"
#include <cerrno>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <utility>

namespace backstop {

Result<LockFile> LockFile::take(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (fd < 0) {
    const Error error = system_error("cannot create " + path, errno);
    return fail(error.code, error.what + "; the directory must exist and belong to the user of the daemon");
  }
  LockFile lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_error("cannot lock " + path, errno);
    char holder[32] = {};
    const bool known = ::pread(fd, holder, sizeof holder - 1, 0) > 0;
    return fail(Errc::busy,
                fmt::format("{}: another backstopd has this journal open (pid {}); stop that one first, or "
                            "give this one another journal.path",
                            path, known ? std::string(holder, std::string_view(holder).find('\n')) : "unknown"));
  }
  // On a full disk the pid may not get in. The lock holds without it.
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) < 0) errno = 0;
  return lock;
}

LockFile::LockFile(LockFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
LockFile& LockFile::operator=(LockFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}
LockFile::~LockFile() {
  if (fd_ >= 0) ::close(fd_);
}

bool SpaceReserve::is_whole() const {
  // A sparse file of the right length would hold nothing back.
  struct stat now {};
  return bytes_ <= 0 ||
         (::stat(path_.c_str(), &now) == 0 && now.st_size >= bytes_ && std::int64_t{now.st_blocks} * 512 >= bytes_);
}

Status SpaceReserve::fill() const {
  if (is_whole()) return {};
  const int fd = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (fd < 0) return system_error("cannot create " + path_, errno);
  const int failed = ::posix_fallocate(fd, 0, bytes_);
  ::close(fd);
  if (failed == 0) return {};
  ::unlink(path_.c_str());
  return system_error("cannot reserve " + std::to_string(bytes_) + " bytes in " + path_, failed);
}

Status SpaceReserve::refill() const {
  if (is_whole()) return {};
  struct statvfs room {};
  const auto slash = path_.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
  if (::statvfs(directory.c_str(), &room) != 0) return system_error("cannot look at " + directory, errno);
  if (room.f_bavail < 2 * static_cast<std::uint64_t>(bytes_) / room.f_frsize)
    return system_error("cannot reserve " + std::to_string(bytes_) + " bytes in " + path_, ENOSPC);
  return fill();
}

bool SpaceReserve::release() const { return ::unlink(path_.c_str()) == 0; }

} // namespace backstop
