#include "daemon/traffic/runtime_api.hpp"
#include "daemon/step/fd.hpp"
#include "daemon/traffic/text.hpp"
#include <cerrno>
#include <csignal>
#include <cstring>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <vector>

namespace backstop::traffic {
namespace {

/// A backend of thousands of servers fits.
constexpr std::size_t kMostAnswer = std::size_t{4} << 20;
/// The queue of a Unix socket is full: nothing tells when it is not.
constexpr int kQueueFullMs = 50;

struct Address {
  sockaddr_storage of{};
  socklen_t size = 0;
};

Error no_socket(const std::string& place, int error) {
  const std::string what = place + ": " + error_text(error);
  if (error == ENOENT)
    return fail(Errc::not_found,
                what + " (does HAProxy run, with `stats socket " + place + " level admin` in its global section?)");
  if (error == ECONNREFUSED) return fail(Errc::io, what + " (nobody listens there: does HAProxy run?)");
  if (error == EACCES || error == EPERM)
    return fail(Errc::unauthorized,
                what + " (run as a user that may use it, or give `stats socket` a mode and a group)");
  return fail(Errc::io, what);
}

Result<std::vector<Address>> path_address(const std::string& path) {
  Address out;
  auto& address = reinterpret_cast<sockaddr_un&>(out.of);
  if (path.size() >= sizeof address.sun_path)
    return fail(Errc::invalid, path + ": too long for a Unix socket (at most " +
                                   std::to_string(sizeof address.sun_path - 1) + " bytes)");
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  out.size = sizeof address;
  return std::vector{out};
}

void out_of_time(int) {
  constexpr std::string_view text =
      "backstop-traffic: --socket: its name was not resolved in time (write its address)\n";
  [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, text.data(), text.size());
  ::_exit(1);
}

/// getaddrinfo cannot be given a deadline; a timer ends the program, which has changed nothing yet.
Result<std::vector<Address>> resolved(const std::string& place, int left_ms) {
  const std::size_t colon = place.rfind(':');
  if (colon == place.npos || colon == 0 || colon + 1 == place.size())
    return fail(Errc::invalid, "--socket: \"" + one_line(place) + "\" is neither the path of a socket nor host:port");
  std::string host = place.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  ::signal(SIGALRM, &out_of_time);
  itimerval timer{};
  timer.it_value = {left_ms / 1000, left_ms % 1000 * 1000 + 1};
  ::setitimer(ITIMER_REAL, &timer, nullptr);
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), place.c_str() + colon + 1, &hints, &found);
  timer.it_value = {};
  ::setitimer(ITIMER_REAL, &timer, nullptr);
  if (error != 0) return fail(Errc::not_found, place + ": " + ::gai_strerror(error) + " (see --socket)");
  std::vector<Address> out;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    Address& address = out.emplace_back();
    std::memcpy(&address.of, each->ai_addr, each->ai_addrlen);
    address.size = each->ai_addrlen;
  }
  ::freeaddrinfo(found);
  return out;
}

Error no_answer(const std::string& place, const Deadline& deadline) {
  return fail(Errc::timeout,
              place + ": no answer within " + deadline.text() + " (does HAProxy hang, or is `stats maxconn` reached?)");
}

/// False: the deadline has passed.
bool wait(int fd, short events, const Deadline& deadline) {
  pollfd waited{fd, events, 0};
  while (!deadline.passed())
    if (::poll(&waited, 1, deadline.left_ms()) > 0) return true;
  return false;
}

Result<step::Fd> connected(const Address& address, const std::string& place, const Deadline& deadline) {
  step::Fd fd(::socket(address.of.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return no_socket(place, errno);
  while (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address.of), address.size) != 0) {
    if (errno == EINTR) continue;
    if (errno == EAGAIN && !deadline.passed()) { // the queue of the listener is full
      ::poll(nullptr, 0, std::min(kQueueFullMs, deadline.left_ms()));
      continue;
    }
    if (errno == EAGAIN) return no_answer(place, deadline);
    if (errno != EINPROGRESS) return no_socket(place, errno);
    if (!wait(fd.get(), POLLOUT, deadline)) return no_answer(place, deadline);
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return no_socket(place, error);
    break;
  }
  return fd;
}

Result<step::Fd> connected_to(const std::string& place, const Deadline& deadline) {
  const auto addresses = place.find('/') != place.npos ? path_address(place) : resolved(place, deadline.left_ms());
  if (!addresses) return addresses.error();
  Error last = fail(Errc::not_found, place + ": has no address");
  for (const Address& address : *addresses) {
    Result<step::Fd> fd = connected(address, place, deadline);
    if (fd) return fd;
    last = fd.error();
  }
  return last;
}

} // namespace

Result<std::string> RuntimeApi::ask(std::string_view command) const {
  Result<step::Fd> fd = connected_to(place_, deadline_);
  if (!fd) return fd.error();
  // A command is far shorter than the buffer of a new connection, so it goes out as a whole.
  const std::string line = std::string(command) + "\n";
  if (::send(fd->get(), line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size()))
    return fail(Errc::io, place_ + ": the command was not taken: " + error_text(errno));
  std::string answer;
  char buffer[16384];
  for (;;) {
    if (!wait(fd->get(), POLLIN, deadline_)) return no_answer(place_, deadline_);
    const ssize_t got = ::recv(fd->get(), buffer, sizeof buffer, 0);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) return fail(Errc::io, place_ + ": the connection broke: " + error_text(errno));
    if (got == 0) break;
    answer.append(buffer, static_cast<std::size_t>(got));
    if (answer.size() > kMostAnswer)
      return fail(Errc::too_large, place_ + ": the answer does not end (is this the runtime API of HAProxy?)");
  }
  // One that only says that it was done is an empty line alone.
  if (answer != "\n" && !answer.ends_with("\n\n"))
    return fail(Errc::io, place_ + ": the answer was cut off after " + std::to_string(answer.size()) +
                              " bytes (did HAProxy end? else: is this its runtime API?)");
  answer.resize(answer.size() - 1);
  return answer;
}

} // namespace backstop::traffic
