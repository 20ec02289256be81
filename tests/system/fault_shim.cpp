/// Preloaded into a real backstopd by the crash tests: stands between it and libc, so that it can be ended at an exact
/// instant, and so that the disk and the clock can lie to it. Nothing of this is compiled into the daemon.
#include "tests/system/fault_board.hpp"
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using backstop::faults::Board;

template <class F> F* real(const char* name) { return reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name)); }

Board* board() {
  static Board* const mapped = []() -> Board* {
    const char* const path = std::getenv(backstop::faults::kBoardVariable);
    if (!path) return nullptr;
    const int fd = real<int(const char*, int, ...)>("open")(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) std::abort();
    void* const at = ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ::close(fd);
    if (at == MAP_FAILED) std::abort();
    return static_cast<Board*>(at);
  }();
  return mapped;
}

std::string_view directory() {
  static const char* const path = std::getenv(backstop::faults::kDirectoryVariable);
  return path ? path : "";
}

/// What is below the state directory of `path` relative to `at`; empty: it is elsewhere.
std::string below(int at, const char* path) {
  std::string full = path ? path : "";
  if (full.empty() || full.front() != '/') {
    char link[64];
    char target[PATH_MAX];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", at);
    const ssize_t n = at >= 0 ? ::readlink(link, target, sizeof target) : -1;
    if (n < 0) return {};
    full = std::string(target, static_cast<std::size_t>(n)) + (full.empty() ? "" : "/" + full);
  }
  const std::string_view top = directory();
  if (top.empty() || !full.starts_with(top) || full.size() <= top.size() + 1) return {};
  return full.substr(top.size() + 1);
}
std::string below(int fd) { return below(fd, nullptr); }

bool is_journal(const std::string& path) { return path.starts_with("journal.db"); }
bool is_log(const std::string& path) { return path == "journal.db-wal"; }
bool is_step(const std::string& path) { return path.starts_with("steps/"); }

void instant(const char* side, const char* act, const std::string& path) {
  Board* const b = board();
  if (!b) return;
  const std::uint64_t number = b->instants.fetch_add(1) + 1;
  if (number != b->die_at.load()) return;
  std::snprintf(b->died_at, sizeof b->died_at, "%s %s %s", side, act, path.c_str());
  ::kill(::getpid(), SIGKILL);
  for (;;) ::pause();
}

/// Whether this call fails now; sets errno.
bool fails(const std::string& path) {
  Board* const b = board();
  if (!b || path.empty() || !(is_journal(path) || is_step(path))) return false;
  const int error = b->disk_error.load();
  if (error == 0) return false;
  static unsigned seed = static_cast<unsigned>(::getpid());
  if (static_cast<int>(rand_r(&seed) % 1000U) >= b->error_permille.load()) return false;
  errno = error;
  return true;
}
bool full_or_broken(const std::string& path) { // what a full disk allows as well
  return board() && board()->disk_error.load() != ENOSPC && fails(path);
}

template <class Act> auto around(const char* act, const std::string& path, bool counts, Act&& call) {
  if (!counts) return call();
  instant("before", act, path);
  const auto result = call();
  const int error = errno;
  instant("after", act, path);
  errno = error;
  return result;
}

bool in_append = false; // of the journal: the daemon has one thread that writes it

template <class Write> ssize_t write_below(int fd, Write&& write) {
  const std::string path = below(fd);
  if (fails(path)) return -1;
  const bool begins = is_log(path) && !in_append;
  if (is_log(path)) in_append = true;
  return around("append to", path, begins, write);
}

int sync_below(int fd, const char* name) {
  const std::string path = below(fd);
  if (full_or_broken(path)) return -1;
  if (is_log(path)) in_append = false;
  return around("sync of", path, is_log(path) || is_step(path), [&] { return real<int(int)>(name)(fd); });
}

/// The file that tells another boot's id, where `path` asks for the boot id and another boot is played; else `path`.
const char* other_boot(const char* path, char* instead, std::size_t size) {
  const std::uint32_t boot = board() ? board()->boot.load() : 0;
  if (boot == 0 || std::strcmp(path, "/proc/sys/kernel/random/boot_id") != 0) return path;
  std::snprintf(instead, size, "%.*s/boot-%u", static_cast<int>(directory().size()), directory().data(), boot);
  return instead;
}

template <class Open> int open_below(int at, const char* name, int flags, Open&& open) {
  char instead[PATH_MAX];
  name = other_boot(name, instead, sizeof instead);
  const std::string path = below(at, name);
  const bool writes = (flags & (O_WRONLY | O_RDWR)) != 0;
  const bool makes = (flags & O_CREAT) != 0;
  // A file that is there can be opened on a full disk.
  if (writes && (makes ? fails(path) : full_or_broken(path))) return -1;
  return around("making of", path, makes && is_step(path), [&] { return open(name); });
}

mode_t mode_of(int flags, va_list arguments) { return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0; }

} // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_below(AT_FDCWD, path, flags,
                    [&](const char* file) { return real<int(const char*, int, ...)>("open")(file, flags, mode); });
}
int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_below(AT_FDCWD, path, flags,
                    [&](const char* file) { return real<int(const char*, int, ...)>("open64")(file, flags, mode); });
}
int openat(int at, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_below(at, path, flags, [&](const char* file) {
    return real<int(int, const char*, int, ...)>("openat")(at, file, flags, mode);
  });
}

ssize_t write(int fd, const void* data, size_t size) {
  return write_below(fd, [&] { return real<ssize_t(int, const void*, size_t)>("write")(fd, data, size); });
}
ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  return write_below(fd,
                     [&] { return real<ssize_t(int, const void*, size_t, off_t)>("pwrite")(fd, data, size, offset); });
}
ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
  return write_below(
      fd, [&] { return real<ssize_t(int, const void*, size_t, off64_t)>("pwrite64")(fd, data, size, offset); });
}
int fsync(int fd) { return sync_below(fd, "fsync"); }
int fdatasync(int fd) { return sync_below(fd, "fdatasync"); }

int fallocate(int fd, int mode, off_t offset, off_t size) {
  if (fails(below(fd))) return -1;
  return real<int(int, int, off_t, off_t)>("fallocate")(fd, mode, offset, size);
}
int posix_fallocate(int fd, off_t offset, off_t size) {
  if (fails(below(fd))) return errno; // that is how it tells
  return real<int(int, off_t, off_t)>("posix_fallocate")(fd, offset, size);
}
int ftruncate64(int fd, off64_t size) {
  if (fails(below(fd))) return -1;
  return real<int(int, off64_t)>("ftruncate64")(fd, size);
}

int mkdirat(int at, const char* name, mode_t mode) {
  const std::string path = below(at, name);
  if (fails(path)) return -1;
  return around("claim", path, is_step(path),
                [&] { return real<int(int, const char*, mode_t)>("mkdirat")(at, name, mode); });
}
int mkfifoat(int at, const char* name, mode_t mode) {
  const std::string path = below(at, name);
  if (fails(path)) return -1;
  return around("making of", path, is_step(path),
                [&] { return real<int(int, const char*, mode_t)>("mkfifoat")(at, name, mode); });
}
int unlinkat(int at, const char* name, int flags) {
  const std::string path = below(at, name);
  if (full_or_broken(path)) return -1;
  // Of the files of a step that go one after the other, one stands for all.
  return around("removal of", path, is_step(path) && path.ends_with("/command"),
                [&] { return real<int(int, const char*, int)>("unlinkat")(at, name, flags); });
}

int posix_spawn(pid_t* pid, const char* program, const posix_spawn_file_actions_t* actions,
                const posix_spawnattr_t* attributes, char* const argv[], char* const environment[]) {
  const std::string path = argv[0] && argv[1] ? below(AT_FDCWD, argv[1]) : "";
  return around("start of", path, is_step(path), [&] {
    return real<int(pid_t*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*, char* const[],
                    char* const[])>("posix_spawn")(pid, program, actions, attributes, argv, environment);
  });
}

int clock_gettime(clockid_t clock, timespec* out) {
  const int result = real<int(clockid_t, timespec*)>("clock_gettime")(clock, out);
  if (result != 0 || clock != CLOCK_REALTIME || !board()) return result;
  const std::int64_t shifted = out->tv_nsec + board()->clock_shift_us.load() % 1'000'000 * 1000;
  out->tv_sec += board()->clock_shift_us.load() / 1'000'000 + (shifted < 0 ? -1 : shifted / 1'000'000'000);
  out->tv_nsec = (shifted + 1'000'000'000) % 1'000'000'000;
  return result;
}

} // extern "C"
