#include "examples/checkout/process.hpp"
#include <arpa/inet.h>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <netinet/in.h>
#include <string_view>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace checkout {
namespace {

constexpr int kBacklog = 128;

bool parse_address(const std::string& text, sockaddr_in& out) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return false;
  unsigned port = 0;
  const char* end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data() + colon + 1, end, port);
  out = {};
  out.sin_family = AF_INET;
  out.sin_port = htons(static_cast<std::uint16_t>(port));
  return error == std::errc{} && last == end && port > 0 && port <= 65535 &&
         ::inet_pton(AF_INET, text.substr(0, colon).c_str(), &out.sin_addr) == 1;
}

int bound_socket(const sockaddr_in& address, bool shared) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  // Old connections in TIME_WAIT are no reason to refuse; a listener is.
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (shared) ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 && ::listen(fd, kBacklog) == 0)
    return fd;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  errno = error;
  return -1;
}

pid_t pid_in(const std::string& path) {
  std::ifstream file(path);
  pid_t pid = 0;
  return file >> pid && pid > 1 ? pid : 0;
}

/// Whether `argument` is one of the arguments of the living process. A zombie has none.
bool has_argument(pid_t pid, std::string_view argument) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/cmdline");
  for (std::string each; std::getline(file, each, '\0');)
    if (each == argument) return true;
  return false;
}

} // namespace

void log_line(const std::string& text) {
  using namespace std::chrono;
  const auto now = system_clock::now();
  const std::time_t seconds = system_clock::to_time_t(now);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char time[32];
  std::strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%S", &utc);
  const auto ms = static_cast<int>(duration_cast<milliseconds>(now.time_since_epoch()).count() % 1000);
  std::printf("%s.%03dZ [%d] %s\n", time, ms, ::getpid(), text.c_str());
  std::fflush(stdout);
}

int listen_on(const std::string& address, bool shared, std::string& why) {
  sockaddr_in parsed{};
  if (!parse_address(address, parsed)) {
    why = "--listen " + address + ": not an address like 127.0.0.1:8080";
    return -1;
  }
  if (!shared) {
    // A shared socket would be let in beside anybody else's shared one, so ask with one that would not.
    const int probe = bound_socket(parsed, false);
    if (probe < 0) {
      why = "cannot listen on " + address + ": " + std::strerror(errno);
      return -1;
    }
    ::close(probe);
  }
  const int fd = bound_socket(parsed, true);
  if (fd < 0) why = "cannot listen on " + address + ": " + std::strerror(errno);
  return fd;
}

int free_port() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = bound_socket(address, false);
  if (fd < 0) return 0;
  socklen_t length = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  ::close(fd);
  return ntohs(address.sin_port);
}

bool live_with_parent(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  return ::getppid() == parent; // asked after, so that no end of it is missed
}

void outlive_parent() { ::prctl(PR_SET_PDEATHSIG, 0); }

std::optional<pid_t> PidFile::predecessor() const {
  const pid_t pid = path_.empty() ? 0 : pid_in(path_);
  if (pid == 0 || pid == ::getpid() || !has_argument(pid, path_)) return std::nullopt;
  return pid;
}

bool PidFile::claim(std::string& why) const {
  if (path_.empty()) return true;
  const std::string fresh = path_ + "." + std::to_string(::getpid());
  std::ofstream file(fresh);
  file << ::getpid() << '\n';
  file.close();
  if (file && std::rename(fresh.c_str(), path_.c_str()) == 0) return true;
  why = path_ + ": " + std::strerror(errno);
  return false;
}

void PidFile::release() const {
  if (!path_.empty() && pid_in(path_) == ::getpid()) ::unlink(path_.c_str());
}

} // namespace checkout
