/// bench_load KIND ADDRESS UID SECONDS AMOUNT [PATH]: a bad (or good) client of backstopd, as user UID, with one thread.
/// ADDRESS is a socket's path or a port of loopback. Prints one line of figures at its end; SIGTERM brings it early.
///   flood   AMOUNT requests/s over 16 connections, PATH wanted; a connection that is cut comes back
///   crowd   AMOUNT connections at once: silent, half a head byte by byte, half a body, an answer that is not read
///   bodies  AMOUNT connections, each sending 100 MB: with a length, or in chunks
///   user    AMOUNT requests/s, each on a connection of its own, one after another: who is served beside the others
#include "bench/sockets.hpp"
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <grp.h>
#include <map>
#include <sys/epoll.h>
#include <vector>

namespace {

using namespace backstop::bench;

constexpr std::size_t kFloodConnections = 16;
constexpr std::size_t kDeepest = 64; ///< requests sent and not answered, on one connection
constexpr std::size_t kBody = 100'000'000;

volatile std::sig_atomic_t g_over = 0;

enum class Kind { flood, silent, drip, half_body, deaf, body_length, body_chunks };

struct Client {
  int fd = -1;
  Kind kind = Kind::flood;
  std::size_t open = 0; ///< requests without an answer yet
  std::size_t sent = 0; ///< bytes of a body
  bool begun = false;
  std::string rest; ///< of a chunk, not sent yet
  std::string tail; ///< of what was received: a status line may be cut in two
};

struct Figures {
  std::map<int, long> answers;
  double seconds = 0;
  long connects = 0, no_room = 0, cut = 0, requests = 0, body_bytes = 0;
};

class Load {
public:
  Load(std::string address, std::string path) : address_(std::move(address)), path_(std::move(path)) {}

  void add(Kind kind, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) clients_.push_back({-1, kind, 0, 0, false, {}, {}});
  }

  void run(double seconds, double rate) {
    const double begin = wall_now(), end = begin + seconds;
    double last = begin, due = 0;
    epoll_event events[512];
    while (last < end && !g_over) {
      for (Client& c : clients_) {
        if (c.fd < 0) join(c);
      }
      const double now = wall_now();
      due =
          std::min(due + rate * (now - std::exchange(last, now)), rate); // what could not be sent for a second is lost
      due -= static_cast<double>(flood(static_cast<std::size_t>(due)));
      act();
      const int ready = epoll_wait(epoll_, events, 512, 1);
      for (int i = 0; i < ready; ++i) read(clients_[events[i].data.u64]);
    }
    figures.seconds = wall_now() - begin;
  }

  Figures figures;

private:
  void join(Client& c) {
    c = {connect_to(address_), c.kind, 0, 0, false, {}, {}};
    if (c.fd < 0) {
      ++figures.no_room;
      return;
    }
    ++figures.connects;
    epoll_event event{};
    event.events = EPOLLIN | EPOLLRDHUP;
    event.data.u64 = static_cast<std::uint64_t>(&c - clients_.data());
    if (c.kind != Kind::deaf) epoll_ctl(epoll_, EPOLL_CTL_ADD, c.fd, &event);
  }
  void leave(Client& c) {
    ++figures.cut;
    close(std::exchange(c.fd, -1));
  }
  /// False once the other side has closed.
  bool put(Client& c, std::string_view text) {
    const ssize_t n = send(c.fd, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) c.sent += static_cast<std::size_t>(n);
    if (c.kind == Kind::body_chunks) c.rest = text.substr(static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    if (n >= 0 || errno == EAGAIN) return true;
    leave(c);
    return false;
  }
  std::size_t flood(std::size_t wanted) {
    const std::string request = "GET " + path_ + " HTTP/1.1\r\nHost: x\r\n\r\n";
    std::size_t done = 0;
    for (std::size_t depth = 1; depth <= kDeepest && done < wanted; ++depth) {
      for (Client& c : clients_) {
        if (c.kind != Kind::flood || c.fd < 0 || c.open >= depth || done == wanted) continue;
        if (put(c, request)) ++c.open, ++done;
      }
    }
    figures.requests += static_cast<long>(done);
    return done;
  }
  void act() {
    static const std::string block(65536, 'x'), chunk = "10000\r\n" + block + "\r\n";
    ++turn_;
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      Client& c = clients_[i];
      if (c.fd < 0) continue;
      const bool first = !std::exchange(c.begun, true);
      switch (c.kind) {
      case Kind::flood:
      case Kind::silent: break;
      case Kind::drip:
        if (first || (turn_ + i) % 1000 == 0) put(c, first ? "GET / HTTP/1.1\r\nX: " : "x");
        break;
      case Kind::half_body:
        if (first) put(c, "POST /v1/hold HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{\"service\":");
        break;
      case Kind::deaf:
        if (first || (turn_ + i) % 100 == 0) put(c, "GET " + path_ + " HTTP/1.1\r\nHost: x\r\n\r\n");
        break;
      case Kind::body_length:
      case Kind::body_chunks: {
        const bool length = c.kind == Kind::body_length;
        const std::size_t before = c.sent;
        if (first)
          put(c, std::string("POST /v1/hold HTTP/1.1\r\nHost: x\r\n") +
                     (length ? "Content-Length: " + std::to_string(kBody) : "Transfer-Encoding: chunked") + "\r\n\r\n");
        else
          put(c, length ? block : c.rest.empty() ? chunk : std::string(c.rest));
        figures.body_bytes += static_cast<long>(c.sent - before);
        break;
      }
      }
    }
  }
  void read(Client& c) {
    if (c.fd < 0) return;
    static char buffer[1 << 18];
    const ssize_t n = recv(c.fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return leave(c);
    c.tail.append(buffer, static_cast<std::size_t>(n));
    std::size_t from = 0;
    for (auto at = c.tail.find("HTTP/1.1 "); at != std::string::npos && at + 12 <= c.tail.size();
         at = c.tail.find("HTTP/1.1 ", from)) {
      ++figures.answers[std::atoi(c.tail.c_str() + at + 9)];
      from = at + 12;
      if (c.open > 0) --c.open;
    }
    c.tail.erase(0, std::max(from, c.tail.size() - std::min<std::size_t>(c.tail.size(), 11)));
  }

  std::string address_, path_;
  int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  std::vector<Client> clients_;
  std::size_t turn_ = 0;
};

/// One request after another, as backstopctl would send it; the longest wait is a figure.
void be_a_user(const std::string& address, const std::string& path, double seconds, double rate) {
  const double end = wall_now() + seconds;
  std::map<int, long> answers;
  double longest = 0;
  for (double next = wall_now(); wall_now() < end && !g_over; next += 1 / rate) {
    while (wall_now() < next) usleep(1000);
    const double begun = wall_now();
    ++answers[ask_once(address, "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")];
    longest = std::max(longest, wall_now() - begun);
  }
  std::printf("answers");
  for (const auto& [status, count] : answers) std::printf(" %d:%ld", status, count);
  std::printf(" longest_ms:%.0f\n", longest * 1e3);
}

bool kind_is_bad(const std::string& kind) { return kind != "user"; }

} // namespace

int main(int argc, char** argv) {
  if (argc < 6) {
    std::fprintf(stderr, "usage: bench_load KIND ADDRESS UID SECONDS AMOUNT [PATH]\n");
    return 2;
  }
  if (kind_is_bad(argv[1])) step_back();
  std::signal(SIGTERM, [](int) { g_over = 1; });
  const std::string kind = argv[1], address = argv[2], path = argc > 6 ? argv[6] : "/v1/status";
  const auto uid = static_cast<uid_t>(std::atoi(argv[3]));
  const double seconds = std::atof(argv[4]), amount = std::atof(argv[5]);
  if (uid != 0 && (setgroups(0, nullptr) != 0 || setgid(65534) != 0 || setuid(uid) != 0)) {
    std::fprintf(stderr, "bench_load: cannot become user %s: run it as root\n", argv[3]);
    return 2;
  }
  if (kind == "user") {
    be_a_user(address, path, seconds, amount);
    return 0;
  }
  Load load(address, path);
  const auto count = static_cast<std::size_t>(amount);
  if (kind == "flood") load.add(Kind::flood, kFloodConnections);
  if (kind == "crowd") {
    for (const Kind k : {Kind::silent, Kind::drip, Kind::half_body, Kind::deaf}) load.add(k, count / 4);
  }
  if (kind == "bodies") load.add(Kind::body_length, count / 2), load.add(Kind::body_chunks, count - count / 2);
  load.run(seconds, kind == "flood" ? amount : 0);
  const Figures& f = load.figures;
  std::printf("answers");
  for (const auto& [status, times] : f.answers) std::printf(" %d:%ld", status, times);
  std::printf(" requests_per_s:%.0f connects:%ld cut:%ld no_room:%ld body_mb:%ld\n",
              static_cast<double>(f.requests) / f.seconds, f.connects, f.cut, f.no_room, f.body_bytes / 1'000'000);
  return 0;
}
