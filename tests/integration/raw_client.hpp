#pragma once
#include <arpa/inet.h>
#include <cerrno>
#include <cstdint>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace backstop {

/// A client that writes what it likes. Never blocks.
class RawClient {
public:
  explicit RawClient(const std::string& socket_path) : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("cannot connect");
  }
  explicit RawClient(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("cannot connect");
  }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient() { leave(); }
  void send(std::string_view text) const { (void)::send(fd_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT); }
  void leave() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }
  /// Everything that came so far.
  const std::string& received() {
    char buffer[65536];
    for (;;) {
      const ssize_t got = recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
      if (got > 0)
        received_.append(buffer, static_cast<std::size_t>(got));
      else
        closed_ = closed_ || got == 0 || (errno != EAGAIN && errno != EINTR);
      if (got <= 0) return received_;
    }
  }
  void forget_received() { received_.clear(); }
  bool closed() {
    received();
    return closed_;
  }

  /// Waits until `text` has come, or the other side has closed; true where it has come. Gives up after `ms`.
  bool wait_for(const std::string& text, int ms) {
    while (received().find(text) == std::string::npos) {
      pollfd readable{fd_, POLLIN, 0};
      if (closed_ || ms <= 0) return false;
      poll(&readable, 1, 50);
      ms -= 50;
    }
    return true;
  }
  /// Waits until there is something to receive; false where nothing comes for `ms`, or the other side has closed.
  bool wait_for_more(int ms) const {
    pollfd readable{fd_, POLLIN, 0};
    return !closed_ && poll(&readable, 1, ms) > 0;
  }
  /// Waits until the other side has closed. Gives up after `ms`.
  bool wait_closed(int ms) {
    for (; !closed() && ms > 0; ms -= 50) {
      pollfd readable{fd_, POLLIN, 0};
      poll(&readable, 1, 50);
    }
    return closed();
  }

private:
  int fd_;
  std::string received_;
  bool closed_ = false;
};

} // namespace backstop
