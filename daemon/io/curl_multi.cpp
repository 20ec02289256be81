#include "daemon/io/curl_multi.hpp"
#include <stdexcept>
#include <string>
#include <sys/epoll.h>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace backstop {
namespace {

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

/// Shared with the handlers that run it: what is told of an end may destroy the CurlMulti.
struct CurlMulti::Impl : std::enable_shared_from_this<CurlMulti::Impl> {
  struct Watched {
    std::unique_ptr<EventLoop::Io> io;
    int served = 0; ///< for the transfer under way: libcurl lets go of the socket between two
  };

  Impl(EventLoop& l, OnEnded ended, int soon) : loop(l), on_ended(std::move(ended)), served_soon(soon) {
    static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (global != CURLE_OK) throw std::runtime_error("libcurl cannot be initialised");
    multi = curl_multi_init();
    if (!multi) throw std::runtime_error("libcurl gives no multi handle");
    timer = loop.add_timer([this] { drive(CURL_SOCKET_TIMEOUT, 0); });
    check(curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &Impl::on_socket));
    check(curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this));
    check(curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &Impl::on_timer));
    check(curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this));
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void close() {
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
    if (++watched.served == served_soon) watched.io->set_priority(EventLoop::kIdle);
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
      if (message->msg != CURLMSG_DONE) continue;
      CURL* easy = message->easy_handle;
      const CURLcode code = message->data.result; // the message ends with the handle's place here
      check(curl_multi_remove_handle(multi, easy));
      added.erase(easy);
      on_ended(easy, code);
    }
  }

  void begin() {
    int running = 0;
    check(curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running));
    if (static_cast<std::size_t>(running) == added.size()) return;
    loop.post([weak = weak_from_this()] { // not by the timer: libcurl tells only once when it wants it
      if (const auto self = weak.lock()) self->take_ended();
    });
  }

  EventLoop& loop;
  OnEnded on_ended;
  const int served_soon;
  CURLM* multi = nullptr;
  std::unique_ptr<EventLoop::Timer> timer;
  std::unordered_map<int, Watched> sockets;
  std::unordered_set<CURL*> added;
};

CurlMulti::CurlMulti(EventLoop& loop, OnEnded on_ended, int served_soon)
    : impl_(std::make_shared<Impl>(loop, std::move(on_ended), served_soon)) {}
CurlMulti::~CurlMulti() { impl_->close(); }

void CurlMulti::add(CURL* easy) {
  check(curl_multi_add_handle(impl_->multi, easy)); // begun by the timer that it sets
  impl_->added.insert(easy);
}

void CurlMulti::add_and_begin(CURL* easy) {
  add(easy);
  impl_->begin();
}

void CurlMulti::remove(CURL* easy) {
  if (impl_->added.erase(easy) > 0) curl_multi_remove_handle(impl_->multi, easy);
}

void CurlMulti::keep_connections(std::size_t most) {
  check(curl_multi_setopt(impl_->multi, CURLMOPT_MAXCONNECTS, static_cast<long>(most)));
}

} // namespace backstop
