#pragma once
#include <csignal>
#include <fcntl.h>
#include <memory>
#include <sched.h>
#include <string>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace backstop {

/// Takes all the room there is, and gives it back when destroyed.
class Hog {
public:
  explicit Hog(std::string path) : path_(std::move(path)) {
    const int fd = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const std::string block(4096, 'h');
    while (::write(fd, block.data(), block.size()) > 0) {
    }
    ::close(fd);
  }
  ~Hog() { ::unlink(path_.c_str()); }
  Hog(const Hog&) = delete;
  Hog& operator=(const Hog&) = delete;

private:
  std::string path_;
};

/// A tmpfs at `path` in a mount namespace of its own, held open by a child process: a daemon sees it after enter(), the
/// test reaches it under outside(). Ends with the object, or with the test.
class SmallDisk {
public:
  /// Null where this is not permitted here.
  static std::unique_ptr<SmallDisk> mount(const std::string& path, const std::string& options) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return nullptr;
    const pid_t holder = ::fork();
    if (holder == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      const bool mounted = ::unshare(CLONE_NEWNS) == 0 &&
                           ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                           ::mount("tmpfs", path.c_str(), "tmpfs", 0, options.c_str()) == 0;
      if (!mounted || ::write(ends[1], "y", 1) != 1) ::_exit(1);
      ::close(ends[1]);
      for (;;) ::pause();
    }
    ::close(ends[1]);
    char told = 0;
    const bool mounted = holder > 0 && ::read(ends[0], &told, 1) == 1;
    ::close(ends[0]);
    std::unique_ptr<SmallDisk> disk(new SmallDisk(holder, path));
    return mounted ? std::move(disk) : nullptr;
  }
  ~SmallDisk() {
    if (holder_ <= 0) return;
    ::kill(holder_, SIGKILL);
    ::waitpid(holder_, nullptr, 0);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  /// Called in the child that is to see the disk. False: it does not.
  [[nodiscard]] bool enter() const {
    const int fd = ::open(("/proc/" + std::to_string(holder_) + "/ns/mnt").c_str(), O_RDONLY | O_CLOEXEC);
    return fd >= 0 && ::setns(fd, CLONE_NEWNS) == 0;
  }
  [[nodiscard]] std::string outside() const { return "/proc/" + std::to_string(holder_) + "/root" + path_; }
  /// Mounts it anew with other options ("ro", "rw"), for all who see it.
  [[nodiscard]] bool remount(unsigned long flags) const {
    const pid_t child = ::fork();
    if (child == 0)
      ::_exit(enter() && ::mount("none", path_.c_str(), nullptr, MS_REMOUNT | flags, nullptr) == 0 ? 0 : 1);
    int status = 1;
    return ::waitpid(child, &status, 0) == child && status == 0;
  }

private:
  SmallDisk(pid_t holder, std::string path) : holder_(holder), path_(std::move(path)) {}
  pid_t holder_;
  std::string path_;
};

} // namespace backstop
