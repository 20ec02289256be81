/// bench_fleet_targets COUNT SERIES PORTS ARRIVALS [SLOW_MS]: the scraped side of a fleet, in one program, so that its CPU
/// counts for nobody: COUNT targets, each on a port of its own on loopback, connections kept, each with SERIES series whose
/// values move. Writes the ports into the file PORTS when all listen, and at its end (SIGTERM) into ARRIVALS a line for each
/// request: the target's number and when it came, in s of the monotonic clock. The first target answers after SLOW_MS.
/// A POST is read to its end and answered 204: what agents push has somewhere to go.
#include "bench/made_metrics.hpp"
#include "bench/process.hpp"
#include <cstring>
#include <memory>
#include <queue>
#include <string_view>
#include <sys/epoll.h>

namespace {

using namespace backstop::bench;

volatile std::sig_atomic_t g_over = 0;

double monotonic_s() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

class Fleet {
public:
  Fleet(std::size_t count, int series, double slow_s) : slow_s_(slow_s) {
    for (std::size_t i = 0; i < count; ++i) {
      metrics_.emplace_back(series);
      listen_on_loopback();
    }
  }

  [[nodiscard]] std::string ports() const {
    std::string text;
    for (const int port : ports_) text += std::to_string(port) + "\n";
    return text;
  }
  [[nodiscard]] std::string arrivals() const {
    std::string text;
    char line[64];
    for (const auto& [target, t] : arrivals_)
      text.append(line, static_cast<std::size_t>(std::snprintf(line, sizeof line, "%zu %.6f\n", target, t)));
    return text;
  }

  void run() {
    epoll_event events[256];
    while (!g_over) {
      const double wait = late_.empty() ? 1 : std::max(0.0, late_.top().due - monotonic_s());
      const int ready = ::epoll_wait(epoll_, events, 256, static_cast<int>(wait * 1e3) + 1);
      for (int i = 0; i < ready; ++i) {
        const auto fd = static_cast<std::size_t>(events[i].data.fd);
        if (peers_[fd].listens)
          welcome(events[i].data.fd);
        else if (events[i].events & EPOLLOUT)
          put(events[i].data.fd);
        else
          take(events[i].data.fd);
      }
      while (!late_.empty() && late_.top().due <= monotonic_s()) {
        const Late late = late_.top();
        late_.pop();
        if (peers_[static_cast<std::size_t>(late.fd)].generation == late.generation) answer(late.fd);
      }
    }
  }

private:
  struct Peer {
    std::size_t target = 0;
    bool listens = false;
    std::uint64_t generation = 0; ///< of the connection on this descriptor
    std::string in, out;
    std::size_t body_left = 0; ///< of a POST
  };
  struct Late {
    double due = 0;
    int fd = -1;
    std::uint64_t generation = 0;
    bool operator<(const Late& other) const { return due > other.due; }
  };

  Peer& peer(int fd) {
    if (peers_.size() <= static_cast<std::size_t>(fd)) peers_.resize(static_cast<std::size_t>(fd) + 64);
    return peers_[static_cast<std::size_t>(fd)];
  }
  void watch(int fd, std::uint32_t what, int how = EPOLL_CTL_ADD) const {
    epoll_event event{};
    event.events = what;
    event.data.fd = fd;
    ::epoll_ctl(epoll_, how, fd, &event);
  }
  void listen_on_loopback() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(fd, 64) != 0 ||
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0)
      throw std::runtime_error("no port for target " + std::to_string(ports_.size()));
    peer(fd).listens = true;
    peer(fd).target = ports_.size();
    ports_.push_back(ntohs(address.sin_port));
    watch(fd, EPOLLIN);
  }
  void welcome(int listening) {
    for (int fd = 0; (fd = ::accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
      const std::size_t target = peer(listening).target;
      const std::uint64_t generation = peer(fd).generation + 1;
      peer(fd) = {target, false, generation, {}, {}, 0};
      watch(fd, EPOLLIN);
    }
  }
  void leave(int fd) {
    ++peer(fd).generation;
    ::close(fd);
  }
  void take(int fd) {
    static char buffer[1 << 16];
    const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return leave(fd);
    Peer& p = peer(fd);
    std::string_view came(buffer, static_cast<std::size_t>(n));
    const std::size_t of_body = std::min(p.body_left, came.size());
    p.body_left -= of_body;
    came.remove_prefix(of_body);
    if (of_body > 0 && p.body_left == 0) thank(fd);
    p.in.append(came);
    const auto end = p.in.find("\r\n\r\n");
    if (end == std::string::npos) return;
    if (p.in.starts_with("POST")) return take_post(fd, end + 4);
    p.in.erase(0, end + 4);
    arrivals_.emplace_back(p.target, monotonic_s());
    if (p.target == 0 && slow_s_ > 0)
      late_.push({monotonic_s() + slow_s_, fd, p.generation});
    else
      answer(fd);
  }
  void take_post(int fd, std::size_t head) {
    Peer& p = peer(fd);
    const auto length = p.in.find("Content-Length: ");
    const std::size_t body =
        length < head ? std::strtoull(p.in.c_str() + length + std::strlen("Content-Length: "), nullptr, 10) : 0;
    const std::size_t have = std::min(body, p.in.size() - head);
    p.in.erase(0, head + have);
    p.body_left = body - have;
    if (p.body_left == 0) thank(fd);
  }
  void thank(int fd) {
    peer(fd).out += "HTTP/1.1 204 No Content\r\n\r\n";
    put(fd);
  }
  void answer(int fd) {
    Peer& p = peer(fd);
    const std::string& body = metrics_[p.target].at(static_cast<std::uint64_t>((monotonic_s() - begin_) * 1e3));
    p.out += "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: " +
             std::to_string(body.size()) + "\r\n\r\n" + body;
    put(fd);
  }
  void put(int fd) {
    Peer& p = peer(fd);
    const ssize_t n = ::send(fd, p.out.data(), p.out.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) return leave(fd);
    p.out.erase(0, static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    watch(fd, p.out.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    if (p.out.empty()) p.out = {}; // thousands of them
  }

  int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  double slow_s_ = 0, begin_ = monotonic_s();
  std::vector<MadeMetrics> metrics_;
  std::vector<int> ports_;
  std::vector<Peer> peers_; ///< by descriptor
  std::priority_queue<Late> late_;
  std::vector<std::pair<std::size_t, double>> arrivals_;
};

} // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: bench_fleet_targets COUNT SERIES PORTS ARRIVALS [SLOW_MS]\n");
    return 2;
  }
  raise_descriptors();
  struct sigaction end {};
  end.sa_handler = [](int) { g_over = 1; }; // without SA_RESTART: ends the wait
  ::sigaction(SIGTERM, &end, nullptr);
  const std::string ports = argv[3];
  Fleet fleet(static_cast<std::size_t>(std::atoi(argv[1])), std::atoi(argv[2]),
              argc > 5 ? std::atof(argv[5]) / 1e3 : 0);
  backstop::shop::write_file(ports + ".new", fleet.ports());
  std::filesystem::rename(ports + ".new", ports);
  fleet.run();
  backstop::shop::write_file(argv[4], fleet.arrivals());
  return 0;
}
