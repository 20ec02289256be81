#include "daemon/io/http_server.hpp"
#include "daemon/io/http_call.hpp"
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <deque>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <unordered_map>

namespace backstop {
namespace {

/// Out of file descriptors, the listening socket stays readable: look away for a while instead of spinning.
constexpr Duration kAcceptPause = std::chrono::milliseconds(100);

/// Clients are served for so long at a stretch, of it so long are connections taken; then nothing is done here for as long
/// again. What is more urgent comes at least so often, and what is idle work comes at all, however many clients there are.
/// By the time that this thread ran: on a crowded host a turn would else be over before anybody was served.
constexpr Duration kTurn = std::chrono::milliseconds(2);
constexpr Duration kAccepting = std::chrono::milliseconds(1);

Duration cpu_time() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return std::chrono::seconds(t.tv_sec) + std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(t.tv_nsec));
}

constexpr std::string_view kFull =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 21\r\n"
    "Connection: close\r\n\r\ntoo many connections\n";

std::string address_text(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "?";
  if (address.ss_family == AF_INET)
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof text);
  if (address.ss_family == AF_INET6)
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text, sizeof text);
  return text;
}

} // namespace

HttpPeers::Limits HttpServer::Limits::trusting_own_users() {
  HttpPeers::Limits limits;
  limits.trusted = {"0", std::to_string(geteuid())};
  return limits;
}

struct HttpServer::Impl {
  struct Connection {
    std::optional<web::Peer> peer;
    std::string peer_key;      ///< as HttpPeers knows it
    Time request_due = kNever; ///< kNever while a request is being answered
    std::shared_ptr<HttpCall> call;
  };

  Impl(EventLoop& l, Listener s, web::Handler h, Limits m)
      : loop(l), listener(std::move(s)), handler(std::move(h)), limits(std::move(m)), peers(limits.peers) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    ending = true;
    accepting.reset();
    running.reset();
    waiting.clear();
    // libmicrohttpd will not end with suspended connections
    for (auto& [fd, c] : connections)
      if (c.call) c.call->wake();
    if (daemon) MHD_stop_daemon(daemon);
  }

  Status start() {
    daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, nullptr, nullptr,
                              &Impl::on_request, this, MHD_OPTION_NOTIFY_COMPLETED, &Impl::on_completed, this,
                              MHD_OPTION_NOTIFY_CONNECTION, &Impl::on_connection, this, MHD_OPTION_CONNECTION_LIMIT,
                              static_cast<unsigned>(peers.most() + 1), MHD_OPTION_CONNECTION_MEMORY_LIMIT, limits.head,
                              MHD_OPTION_CONNECTION_TIMEOUT, limits.stalled_seconds, MHD_OPTION_STRICT_FOR_CLIENT, 1,
                              MHD_OPTION_END);
    if (!daemon) return fail(Errc::io, "cannot start the HTTP server: libmicrohttpd refuses");
    const int epoll = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    running = loop.add_io(
        epoll, EPOLLIN, [this](std::uint32_t) { turn(); }, EventLoop::kControl);
    run_due = loop.add_timer([this] { turn(); }, EventLoop::kControl);
    accepting = loop.add_io(
        listener.fd(), EPOLLIN, [this](std::uint32_t) { turn(); }, EventLoop::kControl);
    accept_again = loop.add_timer([this] { accepting->set_events(EPOLLIN); }, EventLoop::kControl);
    rested = loop.add_timer([this] { go_on(); }, EventLoop::kControl);
    sweep_due = loop.add_timer([this] { sweep(); }, EventLoop::kControl);
    return {};
  }

  void turn() {
    turn_began = cpu_time();
    handed_over = 0;
    while (cpu_time() - turn_began < kAccepting && accept_one()) {
    }
    while (!waiting.empty() && !turn_over()) {
      const auto call = waiting.front();
      waiting.pop_front();
      ++handed_over;
      call->hand_over(handler);
    }
    run();
    if (turn_over()) rest();
  }
  /// One request at least is served in each turn.
  [[nodiscard]] bool turn_over() const { return handed_over > 0 && cpu_time() - turn_began >= kTurn; }

  void rest() {
    resting = true;
    accepting->set_events(0);
    running->set_events(0);
    run_due->disarm();
    rested->arm(loop.fresh_now() + kTurn);
  }
  void go_on() {
    resting = false;
    accept_again->disarm();
    accepting->set_events(EPOLLIN);
    running->set_events(EPOLLIN);
    turn();
  }

  void run() {
    resumed = false;
    MHD_run(daemon);
    MHD_UNSIGNED_LONG_LONG ms = 0;
    if (resumed || !waiting.empty())
      run_due->arm(loop.now());
    else if (MHD_get_timeout(daemon, &ms) == MHD_YES)
      run_due->arm(loop.fresh_now() + std::chrono::milliseconds(ms));
    else
      run_due->disarm();
  }

  /// libmicrohttpd 0.9.75 driven by another loop does not notice by itself that a connection was resumed.
  void run_soon() {
    resumed = true;
    if (!resting) run_due->arm(loop.now());
  }

  /// We accept, not libmicrohttpd: it could not tell one uid from another. False: nobody waits any more, or there is no
  /// descriptor for whoever does.
  bool accept_one() {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    const int fd = accept4(listener.fd(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        accepting->set_events(0);
        accept_again->arm(loop.now() + kAcceptPause);
      }
      return errno == ECONNABORTED || errno == EINTR;
    }
    Connection c;
    if (listener.is_unix()) {
      Result<web::Peer> peer = peer_of(fd);
      if (!peer) { // gone already, or nobody we could hold responsible
        close(fd);
        return true;
      }
      c.peer_key = std::to_string(peer->uid);
      c.peer = std::move(*peer);
    } else {
      c.peer_key = address_text(address);
    }
    if (!peers.enter(c.peer_key, loop.now())) {
      (void)send(fd, kFull.data(), kFull.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      close(fd);
      return true;
    }
    give_time(c);
    connections.emplace(fd, std::move(c));
    if (MHD_add_connection(daemon, fd, reinterpret_cast<sockaddr*>(&address), size) != MHD_YES)
      forget(fd); // it has closed fd
    return true;
  }

  void forget(int fd) {
    const auto found = connections.find(fd);
    if (found == connections.end()) return;
    peers.leave(found->second.peer_key, loop.now());
    connections.erase(found);
  }

  void give_time(Connection& c) {
    c.request_due = loop.now() + limits.request_within;
    if (!sweep_armed) sweep_due->arm(c.request_due); // later ones are due later
    sweep_armed = true;
  }

  /// Cuts who has not sent a whole request in time: also those that send a byte now and then.
  void sweep() {
    Time next = kNever;
    for (auto& [fd, c] : connections) {
      if (c.request_due <= loop.now()) {
        shutdown(fd, SHUT_RDWR);
        c.request_due = kNever;
      }
      next = std::min(next, c.request_due);
    }
    sweep_armed = next != kNever;
    if (sweep_armed) sweep_due->arm(next);
  }

  static int fd_of(MHD_Connection* c) {
    return MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
  }

  MHD_Result serve(MHD_Connection* c, const char* path, const char* method, const char* version,
                   std::string_view data) {
    Connection& connection = connections.at(fd_of(c));
    std::shared_ptr<HttpCall> call = connection.call;
    if (!call) {
      call = std::make_shared<HttpCall>(loop, c, fd_of(c), listener.is_unix(),
                                        HttpCall::Limits{limits.body, limits.stream_buffer, &limits.headers},
                                        [this] { run_soon(); });
      connection.call = call;
      const Time now = loop.now();
      if (const auto wait = peers.ask(connection.peer_key, now))
        return call->refuse_for(*wait, peers.rate_of(connection.peer_key));
      return call->begin(method, path, version, connection.peer);
    }
    if (!data.empty()) return call->receive(data);
    connection.request_due = kNever;
    if (!call->handed_over()) {
      if (call->gone()) return MHD_NO; // while it waited
      if (!waiting.empty() || turn_over()) {
        waiting.push_back(call);
        return call->wait_turn();
      }
      ++handed_over;
      call->hand_over(handler);
    }
    return call->proceed();
  }

  static MHD_Result on_request(void* self, MHD_Connection* c, const char* path, const char* method, const char* version,
                               const char* data, std::size_t* size, void** seen) noexcept {
    auto& server = *static_cast<Impl*>(self);
    *seen = self; // else libmicrohttpd does not tell of the end of this request
    const std::string_view part(data, std::exchange(*size, 0));
    return server.loop.barrier().run(MHD_NO, [&] { return server.serve(c, path, method, version, part); });
  }
  static void on_completed(void* self, MHD_Connection* c, void**, MHD_RequestTerminationCode) noexcept {
    auto& server = *static_cast<Impl*>(self);
    server.loop.barrier().run([&] {
      Connection& connection = server.connections.at(fd_of(c));
      if (const auto call = std::exchange(connection.call, nullptr)) call->ended(server.ending);
      if (!server.ending) server.give_time(connection);
    });
  }
  static void on_connection(void* self, MHD_Connection* c, void**, MHD_ConnectionNotificationCode code) noexcept {
    auto& server = *static_cast<Impl*>(self);
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) server.loop.barrier().run([&] { server.forget(fd_of(c)); });
  }

  EventLoop& loop;
  Listener listener;
  web::Handler handler;
  Limits limits;
  MHD_Daemon* daemon = nullptr;
  std::unordered_map<int, Connection> connections; ///< by file descriptor
  HttpPeers peers;
  std::deque<std::shared_ptr<HttpCall>> waiting; ///< complete, and not handed over: the turn was over
  Duration turn_began{};                         ///< by cpu_time()
  int handed_over = 0;                           ///< in this turn
  bool resting = false;
  std::unique_ptr<EventLoop::Io> accepting;
  std::unique_ptr<EventLoop::Io> running;
  std::unique_ptr<EventLoop::Timer> run_due;
  std::unique_ptr<EventLoop::Timer> accept_again;
  std::unique_ptr<EventLoop::Timer> rested;
  std::unique_ptr<EventLoop::Timer> sweep_due;
  bool resumed = false; ///< since libmicrohttpd was last run
  bool sweep_armed = false;
  bool ending = false;
};

HttpServer::HttpServer() = default;
HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>> HttpServer::start(EventLoop& loop, Listener listener, web::Handler handler,
                                                      Limits limits) {
  std::unique_ptr<HttpServer> server(new HttpServer);
  server->impl_ = std::make_unique<Impl>(loop, std::move(listener), std::move(handler), std::move(limits));
  if (Status started = server->impl_->start(); !started) return started.error();
  return server;
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(EventLoop& loop, Listener listener, web::Handler handler) {
  return start(loop, std::move(listener), std::move(handler), Limits{});
}

int HttpServer::port() const { return impl_->listener.port(); }
std::size_t HttpServer::connections() const { return impl_->connections.size(); }

} // namespace backstop
