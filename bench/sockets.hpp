#pragma once
#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstdlib>
#include <netinet/in.h>
#include <sched.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <utility>

/// Sockets and the clock, as the load of the benches uses them.
namespace backstop::bench {

/// A bad client or server is scheduled as everything else on the host, not as the daemon that it is started beside.
inline void step_back() {
  const sched_param none{0};
  (void)::sched_setscheduler(0, SCHED_OTHER, &none);
}

inline double wall_now() {
  timespec t{};
  ::clock_gettime(CLOCK_REALTIME, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// A connection that does not block, to a socket's path or a port of loopback; -1: there was no room.
inline int connect_to(const std::string& address, int flags = SOCK_NONBLOCK) {
  const bool is_path = address.find('/') != std::string::npos;
  const int fd = ::socket(is_path ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  sockaddr_un local{};
  sockaddr_in port{};
  local.sun_family = AF_UNIX;
  address.copy(local.sun_path, sizeof local.sun_path - 1);
  port.sin_family = AF_INET;
  port.sin_port = htons(static_cast<std::uint16_t>(std::atoi(address.c_str())));
  port.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int r = is_path ? ::connect(fd, reinterpret_cast<sockaddr*>(&local), sizeof local)
                        : ::connect(fd, reinterpret_cast<sockaddr*>(&port), sizeof port);
  if (r == 0 || errno == EINPROGRESS) return fd;
  ::close(fd);
  return -1;
}

/// Sends `request`, waits for the end of the answer. Its status; 0: none came within 10 s, -1: no connection.
inline int ask_once(const std::string& address, const std::string& request) {
  const int fd = connect_to(address, 0);
  if (fd < 0) return -1;
  timeval most{10, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
  (void)::send(fd, request.data(), request.size(), MSG_NOSIGNAL);
  std::string answer;
  char buffer[65536];
  for (ssize_t n = 0; (n = ::recv(fd, buffer, sizeof buffer, 0)) > 0 || (n < 0 && errno == EINTR);)
    answer.append(buffer, static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
  ::close(fd);
  return answer.size() > 12 ? std::atoi(answer.c_str() + 9) : 0;
}

} // namespace backstop::bench
