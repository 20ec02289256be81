#include "daemon/io/curl_fetcher.hpp"
#include "daemon/io/curl_exchange.hpp"
#include <algorithm>
#include <stdexcept>
#include <sys/epoll.h>
#include <unordered_map>

namespace backstop {
namespace {

/// Idle connections kept for the next exchange at least. libcurl's own default follows the number of exchanges under way,
/// and would close most connections between two rounds of scrapes.
constexpr std::size_t kKeptConnections = 128;

/// A larger answer takes long to read: it is told of when nothing else is to be done, one in each turn of the loop.
constexpr std::size_t kSoon = AnswersUnderWay::small;

/// And while it comes: a socket that was served so often for one answer is served when nothing else is to be done.
constexpr int kServedSoon = AnswersUnderWay::small / CurlExchange::kReadAtOnce;

void check(CURLMcode code) {
  if (code != CURLM_OK) throw std::runtime_error(std::string("libcurl: ") + curl_multi_strerror(code));
}

std::uint32_t epoll_of(int what) {
  return (what & CURL_POLL_IN ? std::uint32_t{EPOLLIN} : 0U) | (what & CURL_POLL_OUT ? std::uint32_t{EPOLLOUT} : 0U);
}

int select_of(std::uint32_t revents) {
  return (revents & (EPOLLIN | EPOLLHUP | EPOLLERR) ? CURL_CSELECT_IN : 0) |
         (revents & (EPOLLOUT | EPOLLERR) ? CURL_CSELECT_OUT : 0);
}

} // namespace

/// Shared with the handlers that run it: a `done` may destroy the fetcher.
struct CurlFetcher::Impl : std::enable_shared_from_this<CurlFetcher::Impl> {
  struct Pending {
    std::unique_ptr<CurlExchange> exchange;
    Done done;
    Id id = 0;
  };

  struct Watched {
    std::unique_ptr<EventLoop::Io> io;
    int served = 0; ///< for the exchange under way: libcurl lets go of the socket between two
  };

  Impl(EventLoop& l, AnswersUnderWay* shared) : loop(l), under_way(shared ? *shared : own) {
    static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (global != CURLE_OK) throw std::runtime_error("libcurl cannot be initialised");
    multi = curl_multi_init();
    if (!multi) throw std::runtime_error("libcurl gives no multi handle");
    timer = loop.add_timer([this] { drive(CURL_SOCKET_TIMEOUT, 0); });
    check(curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &Impl::on_socket));
    check(curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this));
    check(curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &Impl::on_timer));
    check(curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this));
    keep_connections(kKeptConnections);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void keep_connections(std::size_t most) {
    check(curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(most)));
  }

  void close() {
    for (auto& [id, p] : pending) curl_multi_remove_handle(multi, p.exchange->easy());
    pending.clear();
    curl_multi_cleanup(std::exchange(multi, nullptr));
    sockets.clear();
    timer.reset();
  }

  static int on_socket(CURL*, curl_socket_t fd, int what, void* argument, void*) noexcept {
    auto& self = *static_cast<Impl*>(argument);
    self.loop.barrier().run([&] { self.watch(fd, what); });
    return 0;
  }
  static int on_timer(CURLM*, long timeout_ms, void* argument) noexcept {
    auto& self = *static_cast<Impl*>(argument);
    self.loop.barrier().run([&] {
      if (timeout_ms < 0)
        self.timer->disarm();
      else
        self.timer->arm(self.loop.fresh_now() + std::chrono::milliseconds(timeout_ms));
    });
    return 0;
  }

  void watch(int fd, int what) {
    if (what == CURL_POLL_REMOVE) {
      sockets.erase(fd);
      return;
    }
    Watched& watched = sockets[fd];
    if (watched.io)
      watched.io->set_events(epoll_of(what));
    else
      watched.io = loop.add_io(fd, epoll_of(what), [this, fd](std::uint32_t revents) { on_ready(fd, revents); });
  }

  void on_ready(int fd, std::uint32_t revents) {
    Watched& watched = sockets.at(fd);
    if (++watched.served == kServedSoon) watched.io->set_priority(EventLoop::kIdle);
    drive(fd, select_of(revents));
  }

  void drive(curl_socket_t fd, int events) {
    int running = 0;
    check(curl_multi_socket_action(multi, fd, events, &running));
    take_ended();
  }

  void take_ended() {
    const auto self = shared_from_this();
    if (loop.barrier().caught()) return; // the loop is about to end with it
    int left = 0;
    while (multi) {
      const CURLMsg* message = curl_multi_info_read(multi, &left);
      if (!message) break;
      if (message->msg == CURLMSG_DONE) finish(message->easy_handle, message->data.result);
    }
  }

  /// Lets what was added begin at once: its request is sent before the loop turns. What ends by it is told from the loop.
  void begin() {
    int running = 0;
    check(curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running));
    if (static_cast<std::size_t>(running) == pending.size()) return;
    loop.post([weak = weak_from_this()] { // not by the timer: libcurl tells only once when it wants it
      if (const auto self = weak.lock()) self->take_ended();
    });
  }

  void finish(CURL* easy, CURLcode code) {
    char* owner = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &owner);
    const Pending& p = *reinterpret_cast<Pending*>(owner);
    check(curl_multi_remove_handle(multi, easy));
    if (code != CURLE_OK || p.exchange->received() <= kSoon) return tell(p.id, code);
    loop.post(
        [weak = weak_from_this(), id = p.id, code] {
          if (const auto self = weak.lock()) self->tell(id, code);
        },
        EventLoop::kIdle);
  }

  void tell(Id id, CURLcode code) {
    const auto found = pending.find(id);
    if (found == pending.end()) return; // cancelled meanwhile
    Pending p = std::move(found->second);
    pending.erase(found);
    Result<HttpResponse> outcome = p.exchange->outcome(code);
    p.exchange.reset();
    p.done(std::move(outcome));
  }

  /// For a request that cannot even be made: told from the loop like every other outcome.
  void fail_later(Id id, Error error) {
    loop.post([weak = weak_from_this(), id, error = std::move(error)] {
      const auto self = weak.lock();
      if (!self) return;
      const auto found = self->pending.find(id);
      if (found == self->pending.end()) return;
      const Done done = std::move(found->second.done);
      self->pending.erase(found);
      done(error);
    });
  }

  EventLoop& loop;
  AnswersUnderWay own; // before pending, which counts down
  AnswersUnderWay& under_way;
  CURLM* multi = nullptr;
  std::unique_ptr<EventLoop::Timer> timer;
  std::unordered_map<int, Watched> sockets;
  std::unordered_map<Id, Pending> pending;
  Id last_id = 0;
};

CurlFetcher::CurlFetcher(EventLoop& loop, AnswersUnderWay* under_way)
    : impl_(std::make_shared<Impl>(loop, under_way)) {}
CurlFetcher::~CurlFetcher() { impl_->close(); }

HttpFetcher::Id CurlFetcher::start(HttpRequest request, Done done) {
  const Id id = ++impl_->last_id;
  Impl::Pending& p = impl_->pending[id];
  p = {std::make_unique<CurlExchange>(std::move(request), impl_->loop.barrier(), &impl_->under_way), std::move(done),
       id};
  if (Status prepared = p.exchange->prepare(); !prepared) {
    impl_->fail_later(id, prepared.error());
    return id;
  }
  curl_easy_setopt(p.exchange->easy(), CURLOPT_PRIVATE, &p);
  check(curl_multi_add_handle(impl_->multi, p.exchange->easy()));
  impl_->begin();
  return id;
}

void CurlFetcher::keep_connections(std::size_t servers) {
  impl_->keep_connections(std::max(servers, kKeptConnections));
}

void CurlFetcher::cancel(Id id) {
  const auto found = impl_->pending.find(id);
  if (found == impl_->pending.end()) return;
  curl_multi_remove_handle(impl_->multi, found->second.exchange->easy()); // no member, no harm
  impl_->pending.erase(found);
}

} // namespace backstop
