#include "daemon/io/http_listener.hpp"
#include "daemon/io/os_error.hpp"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace backstop {
namespace {

/// A crowd that is turned away waits here, and whoever comes next behind it: a client that does not block is told to go
/// when there is no more room. The kernel bounds it by net.core.somaxconn.
constexpr int kBacklog = 4096;
constexpr int kFlags = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

Error listen_error(const std::string& where, const std::string& hint = "") {
  const int number = errno;
  return fail(number == EADDRINUSE ? Errc::busy : Errc::io,
              "cannot listen on " + where + ": " + errno_text(number) + hint);
}

/// Removes what a daemon that died left at `path`; leaves everything else, with the reason.
Status clear_stale(const std::string& path, const sockaddr_un& address) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) return {};
  if (!S_ISSOCK(info.st_mode))
    return fail(Errc::refused, "cannot listen on " + path + ": it exists and is no socket (move it away)");
  const int probe = socket(AF_UNIX, kFlags, 0);
  if (probe < 0) return listen_error(path);
  const bool answered = connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  const int number = errno;
  close(probe);
  if (answered || number == EAGAIN)
    return fail(Errc::busy,
                "cannot listen on " + path + ": another process answers there (is backstopd running already?)");
  errno = number;
  if (number != ECONNREFUSED || unlink(path.c_str()) != 0) return listen_error(path);
  return {};
}

Status give_to_group(const std::string& path, const std::string& group) {
  if (group.empty()) return {};
  const struct group* entry = getgrnam(group.c_str());
  if (!entry) return {}; // the host has no such group: root and the daemon's own user remain
  if (chown(path.c_str(), static_cast<uid_t>(-1), entry->gr_gid) == 0) return {};
  return fail(Errc::io, "cannot give " + path + " to group " + group + ": " + errno_text(errno) +
                            " (is the daemon's user a member of it?)");
}

} // namespace

Listener::Listener(Listener&& other) noexcept { *this = std::move(other); }

Listener& Listener::operator=(Listener&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(is_unix_, other.is_unix_);
  std::swap(path_, other.path_);
  std::swap(device_, other.device_);
  std::swap(inode_, other.inode_);
  return *this;
}

Listener::~Listener() {
  if (fd_ < 0) return;
  struct stat info {};
  if (!path_.empty() && lstat(path_.c_str(), &info) == 0 && info.st_dev == device_ && info.st_ino == inode_)
    unlink(path_.c_str());
  close(fd_);
}

Result<Listener> Listener::unix_socket(const std::string& path, mode_t mode, const std::string& group) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return fail(Errc::invalid, "cannot listen on '" + path + "': the path of a socket has 1 to " +
                                   std::to_string(sizeof address.sun_path - 1) + " bytes");
  std::memcpy(address.sun_path, path.c_str(), path.size());
  if (Status cleared = clear_stale(path, address); !cleared) return cleared.error();

  Listener made(socket(AF_UNIX, kFlags, 0), true);
  // The rights are set on the socket before it has a name: there is no moment at which anybody may connect.
  if (made.fd_ < 0 || fchmod(made.fd_, mode) != 0 ||
      bind(made.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return listen_error(path);
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) return listen_error(path);
  made.path_ = path;
  made.device_ = info.st_dev;
  made.inode_ = info.st_ino;
  if (Status given = give_to_group(path, group); !given) return given.error();
  if (chmod(path.c_str(), mode) != 0 || listen(made.fd_, kBacklog) != 0)
    return listen_error(path); // chmod: the umask took its part
  return made;
}

Result<Listener> Listener::tcp(const std::string& host, std::uint16_t port) {
  const std::string where = host + ":" + std::to_string(port);
  addrinfo hints{};
  hints.ai_family = host == "localhost" ? AF_INET : AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_PASSIVE;
  addrinfo* found = nullptr;
  const std::string address = host == "localhost" ? "127.0.0.1" : host;
  if (getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found) != 0)
    return fail(Errc::invalid, "cannot listen on " + where + ": write an address (127.0.0.1, ::1) or localhost");
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> info(found, &freeaddrinfo);
  Listener made(socket(info->ai_family, kFlags, 0), false);
  const int on = 1;
  if (made.fd_ < 0 || setsockopt(made.fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      bind(made.fd_, info->ai_addr, info->ai_addrlen) != 0 || listen(made.fd_, kBacklog) != 0)
    return listen_error(where, errno == EADDRINUSE ? " (who: ss -ltnp)" : "");
  return made;
}

Result<Listener> Listener::inherited(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  int listening = 0;
  socklen_t flag_size = sizeof listening;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &flag_size) != 0 || listening == 0)
    return fail(Errc::invalid, "the file descriptor " + std::to_string(fd) +
                                   " handed over is no listening socket (ListenStream= in the .socket unit)");
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
    return listen_error("the socket handed over");
  const int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (own < 0) return listen_error("the socket handed over");
  return Listener(own, address.ss_family == AF_UNIX);
}

int Listener::port() const {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (is_unix_ || getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  if (address.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

Result<web::Peer> peer_of(int fd) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
    return fail(Errc::io, "cannot tell who connected: " + errno_text(errno));
  web::Peer peer{credentials.uid, credentials.gid, credentials.pid, std::vector<gid_t>(32)};
  for (;;) {
    size = static_cast<socklen_t>(peer.groups.size() * sizeof(gid_t));
    const int r = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, peer.groups.data(), &size);
    const int number = errno;
    const std::size_t had = peer.groups.size();
    peer.groups.resize(size / sizeof(gid_t)); // too small: the kernel says how many there are
    if (r == 0) return peer;
    if (number != ERANGE || peer.groups.size() <= had)
      return fail(Errc::io, "cannot tell the groups of who connected: " + errno_text(number));
  }
}

} // namespace backstop
