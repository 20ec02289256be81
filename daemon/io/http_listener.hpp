#pragma once
#include "daemon/web.hpp"
#include "rules/result.hpp"
#include <cstdint>
#include <string>
#include <sys/types.h>

namespace backstop {

/// A listening socket, non-blocking. Owns it, and the file of a Unix socket it made.
class Listener {
public:
  /// Listens at `path` with these rights. `group` gets the socket if it exists ("": it stays as made). A stale socket file
  /// is replaced; Errc::busy if somebody answers there, Errc::refused if the path is no socket.
  static Result<Listener> unix_socket(const std::string& path, mode_t mode, const std::string& group);
  /// `host` is an address or "localhost"; port 0: the system chooses, see port().
  static Result<Listener> tcp(const std::string& host, std::uint16_t port);
  /// A socket handed over by the service manager. Its file, if any, is not ours to remove, and `fd` stays open.
  static Result<Listener> inherited(int fd);

  Listener(Listener&& other) noexcept;
  Listener& operator=(Listener&& other) noexcept;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool is_unix() const { return is_unix_; }
  [[nodiscard]] int port() const; ///< 0 for a Unix socket

private:
  explicit Listener(int fd, bool is_unix) : fd_(fd), is_unix_(is_unix) {}
  int fd_ = -1;
  bool is_unix_ = false;
  std::string path_; ///< of the file to remove at the end
  dev_t device_ = 0; ///< which file that is: another daemon may have replaced it
  ino_t inode_ = 0;
};

/// SO_PEERCRED and SO_PEERGROUPS of a connected Unix socket.
Result<web::Peer> peer_of(int fd);

} // namespace backstop
