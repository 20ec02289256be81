#pragma once
#include "bench/rounds.hpp"
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <sched.h>
#include <stdexcept>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <time.h>
#include <unistd.h>
#include <utility>
#include <vector>

/// Programs under measurement: pinned, asked what they took, ended by pid.
namespace backstop::bench {

/// CPU time of a process so far, user and system, all threads: the kernel's own account in ns, not the ticks of
/// /proc/PID/stat. 0: there is no such process.
inline double cpu_s(pid_t pid) {
  clockid_t clock{};
  timespec t{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &t) != 0) return 0;
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

inline double mib(long kib) { return static_cast<double>(kib) / 1024; }

/// The cores: the load on the first of those that we may use, what is measured on the last.
struct Cores {
  int load = 0, measured = 0;
};
inline Cores cores() {
  cpu_set_t may;
  CPU_ZERO(&may);
  Cores found{-1, -1};
  if (::sched_getaffinity(0, sizeof may, &may) != 0) return {};
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (!CPU_ISSET(i, &may)) continue;
    if (found.load < 0) found.load = i;
    found.measured = i;
  }
  return found;
}

/// As many descriptors as the system lets us have: thousands of targets, a connection each.
inline void raise_descriptors() {
  rlimit most{};
  if (::getrlimit(RLIMIT_NOFILE, &most) != 0) return;
  most.rlim_cur = most.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &most);
}

/// A program on one core. It dies with this object, and with the bench.
class Pinned {
public:
  /// `core`: -1 any. What it prints goes into the file `log`. `environment` in addition to ours: "NAME=value".
  Pinned(const std::vector<std::string>& argv, int core, std::string log,
         const std::vector<std::string>& environment = {})
      : log_(std::move(log)) {
    pid_ = ::fork();
    if (pid_ != 0) return;
    cpu_set_t one;
    CPU_ZERO(&one);
    if (core >= 0) CPU_SET(core, &one);
    if (core >= 0 && ::sched_setaffinity(0, sizeof one, &one) != 0) ::_exit(125);
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) ::_exit(125);
    const int fd = ::open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0 || ::dup2(fd, STDOUT_FILENO) < 0 || ::dup2(fd, STDERR_FILENO) < 0) ::_exit(125);
    for (const std::string& pair : environment) ::putenv(const_cast<char*>(pair.c_str()));
    std::vector<char*> words;
    for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    ::execv(words[0], words.data());
    ::_exit(127);
  }
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;
  ~Pinned() { end(); }

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] double cpu() const { return cpu_s(pid_); }
  [[nodiscard]] Held held() const { return held_by(pid_); }
  [[nodiscard]] bool runs() const {
    siginfo_t ended{};
    const auto id = static_cast<id_t>(pid_);
    return pid_ > 0 && ::waitid(P_PID, id, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid == 0;
  }
  /// What went wrong, for a person.
  [[nodiscard]] std::string said() const { return shop::read_text(log_); }
  void end() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    for (int i = 0; i < 300 && runs(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ::kill(pid_, SIGKILL);
    ::waitpid(std::exchange(pid_, -1), nullptr, 0);
  }

private:
  std::string log_;
  pid_t pid_ = -1;
};

inline void sleep_s(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

} // namespace backstop::bench
