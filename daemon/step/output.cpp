#include "daemon/step/output.hpp"
#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

namespace backstop::step {
namespace {

constexpr std::size_t kMostAtOnce = std::size_t{1} << 20;

void wait_for(int fd) {
  pollfd p{fd, POLLIN, 0};
  while (::poll(&p, 1, -1) < 0 && errno == EINTR) {
  }
}

[[noreturn]] void drain(int output, int life) {
  ::prctl(PR_SET_NAME, "backstop-drain"); // not the name of the supervisor: who kills that one by name shall not hit us
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::dup2(output, 0);
  ::dup2(life, 1);
  ::close_range(2, ~0U, 0);
  ::send(1, "r", 1, MSG_NOSIGNAL); // a supervisor killed already must not take us with it
  wait_for(1);
  char buffer[16384];
  for (ssize_t n = 1; n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));) {
    wait_for(0);
    n = ::read(0, buffer, sizeof buffer);
  }
  ::_exit(0);
}

} // namespace

bool Output::open() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  read_ = Fd(ends[0]);
  write_ = Fd(ends[1]);
  return ::fcntl(read_.get(), F_SETFL, O_NONBLOCK) == 0;
}

void Output::start_drain() {
  write_.reset();
  int life[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, life) != 0) return;
  const Fd theirs(life[0]);
  life_ = Fd(life[1]);
  drain_ = ::fork();
  if (drain_ == 0) drain(read_.get(), theirs.get());
}

void Output::settle_drain() const {
  char ready = 0;
  while (life_ && ::read(life_.get(), &ready, 1) < 0 && errno == EINTR) {
  }
}

void Output::read_some() {
  char buffer[65536];
  for (std::size_t had = total_; read_ && total_ - had < kMostAtOnce;) {
    const ssize_t n = ::read(read_.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) read_.reset();
    if (n <= 0) return;
    total_ += static_cast<std::size_t>(n);
    if (echo_ >= 0) ::send(echo_, buffer, static_cast<std::size_t>(n), MSG_DONTWAIT | MSG_NOSIGNAL); // the journal's socket
    kept_.append(buffer, static_cast<std::size_t>(n));
    // Seldom, as it moves what is kept.
    if (kept_.size() > 2 * limit_ + sizeof buffer) kept_.erase(0, kept_.size() - limit_);
  }
}

std::string Output::tail() const { return kept_.substr(kept_.size() - std::min(kept_.size(), limit_)); }

} // namespace backstop::step
