#include "daemon/traffic/placed_file.hpp"
#include "daemon/traffic/text.hpp"
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace backstop::traffic {
namespace {

constexpr std::size_t kMostText = std::size_t{1} << 20;
constexpr mode_t kNewMode = 0644;

/// Gives the new file owner and mode of the old one, if there is one.
bool take_after(int folder, const char* old, int fresh) {
  struct stat was {};
  struct stat is {};
  if (::fstatat(folder, old, &was, 0) != 0) return errno == ENOENT && ::fchmod(fresh, kNewMode) == 0;
  if (::fstat(fresh, &is) != 0) return false;
  if ((was.st_uid != is.st_uid || was.st_gid != is.st_gid) && ::fchown(fresh, was.st_uid, was.st_gid) != 0)
    return false;
  return ::fchmod(fresh, was.st_mode & 07777) == 0;
}

} // namespace

Error PlacedFile::failed(const std::string& name, const char* what) const {
  const int error = errno;
  return fail(error == EACCES || error == EPERM ? Errc::unauthorized : Errc::io,
              folder_path_ + "/" + name + ": " + what + ": " + error_text(error));
}

Result<PlacedFile> PlacedFile::open(const std::string& path, bool to_write) {
  char real[PATH_MAX];
  const std::string whole = ::realpath(path.c_str(), real) != nullptr ? real : path;
  const std::size_t slash = whole.rfind('/');
  PlacedFile out;
  out.folder_path_ = slash == 0 ? "/" : whole.substr(0, slash);
  out.name_ = whole.substr(slash + 1);
  out.folder_ = step::Fd(::open(out.folder_path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!out.folder_) return fail(Errc::not_found, out.folder_path_ + ": " + error_text(errno) + " (see --file)");
  if (to_write && ::flock(out.folder_.get(), LOCK_EX | LOCK_NB) != 0)
    return fail(Errc::busy, path + ": another backstop-traffic is writing it (run it again when that has ended)");
  return out;
}

Result<std::optional<std::string>> PlacedFile::read(const std::string& name) const {
  const step::Fd file(::openat(folder_.get(), name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!file && errno == ENOENT) return std::optional<std::string>();
  std::string out;
  if (!file || !step::read_all(file.get(), out, kMostText)) return failed(name, "cannot be read");
  return std::optional(std::move(out));
}

Status PlacedFile::replace(const std::string& name, std::string_view text) const {
  // One name for all: what a killed one left is overwritten by the next.
  const std::string fresh = "." + name_ + ".new";
  const step::Fd file(
      ::openat(folder_.get(), fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file || !step::write_all(file.get(), text)) return failed(fresh, "cannot be written");
  if (!take_after(folder_.get(), name_.c_str(), file.get())) return failed(name, "cannot keep its owner and mode");
  if (::fsync(file.get()) != 0) return failed(fresh, "cannot be written");
  if (::renameat(folder_.get(), fresh.c_str(), folder_.get(), name.c_str()) != 0 || ::fsync(folder_.get()) != 0)
    return failed(name, "cannot be replaced");
  return {};
}

Status PlacedFile::remove(const std::string& name) const {
  if (::unlinkat(folder_.get(), name.c_str(), 0) != 0) {
    if (errno == ENOENT) return {};
    return failed(name, "cannot be removed");
  }
  if (::fsync(folder_.get()) != 0) return failed(name, "cannot be removed");
  return {};
}

} // namespace backstop::traffic
