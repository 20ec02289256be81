/// bench_fleet_reader PORTS drop|find: the floor: reads every target of the file PORTS once a second, spread over the
/// second, over a connection that is kept, and does nothing with the answer; or finds the lines of http_requests_total in
/// it and adds up what fails of what. One thread, plain sockets and epoll; what a reader cannot do without.
#include "bench/process.hpp"
#include <charconv>
#include <cstring>
#include <fstream>
#include <string_view>
#include <sys/epoll.h>
#include <sys/timerfd.h>

namespace {

using namespace backstop::bench;

struct Target {
  int fd = -1;
  std::string head; ///< of the answer, until it is whole
  std::size_t left = 0;
  std::string body; ///< of one that came in pieces, kept only to be searched
  double failed = 0, all = 0;
};

void find(Target& t, std::string_view body) {
  static constexpr std::string_view wanted = "\nhttp_requests_total{", code = "code=\"";
  t.failed = t.all = 0;
  for (std::size_t at = body.find(wanted); at != std::string::npos; at = body.find(wanted, at)) {
    const std::size_t end = body.find('\n', at + 1), of_code = body.find(code, at), value = body.find(' ', at);
    double v = 0;
    std::from_chars(body.data() + value + 1, body.data() + std::min(end, body.size()), v);
    t.all += v;
    if (body[of_code + code.size()] == '5') t.failed += v;
    at = end;
  }
}

class Reader {
public:
  Reader(std::vector<std::string> ports, bool find) : ports_(std::move(ports)), find_(find), targets_(ports_.size()) {
    itimerspec every{};
    every.it_interval.tv_nsec = every.it_value.tv_nsec = 1'000'000'000L / static_cast<long>(ports_.size());
    if (ports_.size() == 1) every.it_interval.tv_sec = every.it_value.tv_sec = 1;
    ::timerfd_settime(timer_, 0, &every, nullptr);
    watch(timer_, targets_.size());
  }
  void run() {
    epoll_event events[64];
    for (;;) {
      const int ready = ::epoll_wait(epoll_, events, 64, -1);
      for (int i = 0; i < ready; ++i) {
        if (events[i].data.u64 == targets_.size())
          ask();
        else
          take(targets_[events[i].data.u64]);
      }
    }
  }

private:
  void watch(int fd, std::size_t index) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = index;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }
  void ask() {
    std::uint64_t due = 0;
    if (::read(timer_, &due, sizeof due) != sizeof due) return;
    for (; due > 0; --due, next_ = (next_ + 1) % targets_.size()) {
      Target& t = targets_[next_];
      if (t.fd < 0) {
        t.fd = connect_to(ports_[next_], 0);
        watch(t.fd, next_);
      }
      static constexpr std::string_view request = "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
      (void)::send(t.fd, request.data(), request.size(), MSG_NOSIGNAL);
    }
  }
  void take(Target& t) {
    static char buffer[1 << 16];
    const ssize_t n = ::recv(t.fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
      ::close(std::exchange(t.fd, -1));
      return;
    }
    std::string_view came(buffer, static_cast<std::size_t>(n));
    if (t.left == 0) {
      if (!t.head.empty()) came = t.head.append(came);
      const auto end = came.find("\r\n\r\n");
      if (end == std::string_view::npos) {
        t.head = came;
        return;
      }
      const auto length = came.find("Content-Length: ");
      t.left = std::strtoull(came.data() + length + std::strlen("Content-Length: "), nullptr, 10);
      came.remove_prefix(end + 4);
    }
    t.left -= std::min(t.left, came.size());
    if (find_ && t.body.empty() && t.left == 0) {
      find(t, came);
    } else if (find_) {
      t.body.append(came);
      if (t.left == 0) find(t, t.body), t.body.clear();
    }
    if (!t.head.empty()) t.head = {};
  }

  std::vector<std::string> ports_;
  bool find_ = false;
  std::vector<Target> targets_;
  int epoll_ = ::epoll_create1(EPOLL_CLOEXEC), timer_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  std::size_t next_ = 0;
};

} // namespace

int main(int argc, char** argv) {
  const std::string what = argc == 3 ? argv[2] : "";
  if (what != "drop" && what != "find") {
    std::fprintf(stderr, "usage: bench_fleet_reader PORTS drop|find\n");
    return 2;
  }
  raise_descriptors();
  std::ifstream file(argv[1]);
  std::vector<std::string> ports;
  for (std::string port; file >> port;) ports.push_back(port);
  if (ports.empty()) return 1;
  Reader(std::move(ports), what == "find").run();
}
