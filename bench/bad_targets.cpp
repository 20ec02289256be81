/// bench_bad_targets: a server on a port of loopback (printed first). It answers scrapes as it should until "b" (bad)
/// comes on its standard input, and again after "g" (good); it ends with its input. What a bad one does stands in the
/// path: /hang says nothing, /reset cuts, /flood sends without end, /garbage answers bytes that are no HTTP, /nonsense
/// bytes that are no metrics, /drip sends a byte now and then.
#include "bench/sockets.hpp"
#include <cstdio>
#include <map>
#include <random>
#include <sys/epoll.h>

namespace {

constexpr std::size_t kSmall = 30000;
constexpr const char* kHead = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n\r\n";

struct Client {
  std::string asked;
  std::string out;
  bool endless = false;
  bool drips = false;
};

class BadTargets {
public:
  BadTargets() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 4096) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      std::exit(1);
    port = ntohs(address.sin_port);
    watch(listener_, EPOLLIN);
    watch(STDIN_FILENO, EPOLLIN);
    std::mt19937 random(1);
    for (std::size_t i = 0; i < kSmall; ++i) noise_ += static_cast<char>(random());
    for (std::size_t i = 0; flood_.size() < 65536; ++i)
      flood_ += "flood_total{series=\"" + std::to_string(i) + "\"} 1\n";
  }
  void run() {
    epoll_event events[256];
    for (unsigned turn = 0;; ++turn) {
      const int ready = epoll_wait(epoll_, events, 256, 10);
      for (int i = 0; i < ready; ++i) {
        const int fd = events[i].data.fd;
        if (fd == STDIN_FILENO && !obey()) return;
        if (fd == STDIN_FILENO) continue;
        if (fd == listener_)
          take();
        else
          serve(fd, events[i].events);
      }
      for (const auto& [fd, client] : clients_) {
        if (client.drips && turn % 10 == 0) (void)send(fd, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
      }
    }
  }
  int port = 0;

private:
  void watch(int fd, std::uint32_t what, int operation = EPOLL_CTL_ADD) const {
    epoll_event event{};
    event.events = what;
    event.data.fd = fd;
    epoll_ctl(epoll_, operation, fd, &event);
  }
  bool obey() {
    char order = 0;
    if (read(STDIN_FILENO, &order, 1) <= 0) return false;
    bad_ = order == 'b';
    return true;
  }
  void take() {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    clients_[fd] = {};
    watch(fd, EPOLLIN);
  }
  void end(int fd, bool reset) {
    const linger now{1, 0};
    if (reset) setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
    clients_.erase(fd);
  }
  void serve(int fd, std::uint32_t events) {
    Client& c = clients_[fd];
    if (events & EPOLLIN) {
      char buffer[4096];
      const ssize_t n = recv(fd, buffer, sizeof buffer, 0);
      if (n <= 0) return end(fd, false);
      c.asked.append(buffer, static_cast<std::size_t>(n));
      if (c.asked.find("\r\n\r\n") == std::string::npos) return;
      if (!bad_) {
        static const std::string fine = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nConnection: "
                                        "close\r\nContent-Length: 12\r\n\r\nbulk_up 1.0\n";
        (void)send(fd, fine.data(), fine.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        return end(fd, false);
      }
      if (c.asked.find("/reset") != std::string::npos) return end(fd, true);
      if (c.asked.find("/garbage") != std::string::npos) c.out = noise_;
      if (c.asked.find("/nonsense") != std::string::npos) c.out = kHead + noise_;
      if (c.asked.find("/flood") != std::string::npos) c.out = kHead, c.endless = true;
      if (c.asked.find("/drip") != std::string::npos) c.drips = true;
      if (!c.out.empty()) watch(fd, EPOLLOUT, EPOLL_CTL_MOD);
      return;
    }
    if (events & (EPOLLERR | EPOLLHUP)) return end(fd, false);
    const std::string& from = c.out.empty() ? flood_ : c.out;
    const ssize_t n = send(fd, from.data(), from.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN) return end(fd, false);
    if (!c.out.empty() && n > 0) c.out.erase(0, static_cast<std::size_t>(n));
    if (c.out.empty() && !c.endless) end(fd, false);
  }

  int listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  std::map<int, Client> clients_;
  std::string noise_, flood_;
  bool bad_ = false;
};

} // namespace

int main() {
  backstop::bench::step_back();
  BadTargets targets;
  std::printf("%d\n", targets.port);
  std::fflush(stdout);
  targets.run();
  return 0;
}
