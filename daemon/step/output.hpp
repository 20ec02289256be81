#pragma once
#include "daemon/step/fd.hpp"
#include <cstddef>
#include <string>
#include <sys/types.h>

namespace backstop::step {

/// Where a step writes: a pipe of which the last bytes are kept. A second process, the drain, keeps it open: when we
/// are gone, killed or done, it reads on into nothing until the last writer went. Without it the next line that a
/// command, or a service that it started, prints would end it by SIGPIPE. Why no file:
/// docs/decisions/0020-step-supervisor.md.
class Output {
public:
  /// `echo`: a descriptor that everything is copied to, -1: none. A slow or full one loses bytes, it holds nothing up.
  explicit Output(std::size_t limit, int echo = -1) : limit_(limit), echo_(echo) {}
  /// False with errno set where there can be no pipe.
  bool open();
  /// Forks the drain. After the fork of the command, as the command shall not wait for it; then also our write end
  /// goes, so that the end of the last writer is seen.
  void start_drain();
  /// Waits until the drain let go of all that it inherited; from then on our end is seen as our end.
  void settle_drain() const;
  [[nodiscard]] int write_end() const { return write_.get(); }
  /// To poll for POLLIN; -1 after the end.
  [[nodiscard]] int read_end() const { return read_.get(); }
  /// Takes in what is there, at most a few pipes full, so that a flood cannot hold us up.
  void read_some();
  /// The last `limit` bytes.
  [[nodiscard]] std::string tail() const;
  /// Whether there were more.
  [[nodiscard]] bool cut() const { return total_ > limit_; }
  [[nodiscard]] pid_t drain_pid() const { return drain_; }

private:
  std::size_t limit_;
  int echo_;
  Fd read_;
  Fd write_;
  Fd life_;          ///< a socket to the drain: it says when it is ready, and hears of our end by its end
  pid_t drain_ = -1; ///< where the host is out of processes, so it stays: the step matters more
  std::string kept_;
  std::size_t total_ = 0;
};

} // namespace backstop::step
