#include "daemon/io/curl_mailer.hpp"
#include "daemon/io/curl_mail.hpp"
#include <stdexcept>
#include <sys/epoll.h>
#include <unordered_map>

namespace backstop {
namespace {

void check(CURLMcode code) {
  if (code != CURLM_OK) throw std::runtime_error(std::string("libcurl: ") + curl_multi_strerror(code));
}

} // namespace

/// Shared with the handlers that run it: a `done` may destroy the mailer.
struct CurlMailer::Impl : std::enable_shared_from_this<CurlMailer::Impl> {
  struct Pending {
    std::unique_ptr<CurlMail> mail;
    Done done;
  };

  explicit Impl(EventLoop& l) : loop(l) {}

  void prepare() {
    if (multi) return;
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
    for (auto& [easy, p] : pending) curl_multi_remove_handle(multi, easy);
    pending.clear();
    if (multi) curl_multi_cleanup(std::exchange(multi, nullptr));
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
    const std::uint32_t events =
        (what & CURL_POLL_IN ? std::uint32_t{EPOLLIN} : 0U) | (what & CURL_POLL_OUT ? std::uint32_t{EPOLLOUT} : 0U);
    std::unique_ptr<EventLoop::Io>& io = sockets[fd];
    if (io)
      io->set_events(events);
    else
      io = loop.add_io(fd, events, [this, fd](std::uint32_t revents) {
        drive(fd, (revents & (EPOLLIN | EPOLLHUP | EPOLLERR) ? CURL_CSELECT_IN : 0) |
                      (revents & (EPOLLOUT | EPOLLERR) ? CURL_CSELECT_OUT : 0));
      });
  }

  void drive(curl_socket_t fd, int events) {
    const auto self = shared_from_this();
    int running = 0, left = 0;
    check(curl_multi_socket_action(multi, fd, events, &running));
    if (loop.barrier().caught()) return; // the loop is about to end with it
    while (multi) {
      const CURLMsg* message = curl_multi_info_read(multi, &left);
      if (!message) break;
      if (message->msg == CURLMSG_DONE) finish(message->easy_handle, message->data.result);
    }
  }

  void finish(CURL* easy, CURLcode code) {
    check(curl_multi_remove_handle(multi, easy));
    Pending p = std::move(pending.at(easy));
    pending.erase(easy);
    Result<MailAnswer> outcome = p.mail->outcome(code);
    p.mail.reset();
    p.done(std::move(outcome));
  }

  EventLoop& loop;
  CURLM* multi = nullptr;
  std::unique_ptr<EventLoop::Timer> timer;
  std::unordered_map<int, std::unique_ptr<EventLoop::Io>> sockets;
  std::unordered_map<CURL*, Pending> pending;
};

CurlMailer::CurlMailer(EventLoop& loop) : impl_(std::make_shared<Impl>(loop)) {}
CurlMailer::~CurlMailer() { impl_->close(); }

void CurlMailer::prepare() { impl_->prepare(); }

void CurlMailer::send(Mail mail, Done done) {
  impl_->prepare();
  auto prepared = std::make_unique<CurlMail>(std::move(mail), impl_->loop.barrier());
  if (const Status ready = prepared->prepare(); !ready)
    return impl_->loop.post([done = std::move(done), error = ready.error()] { done(error); });
  CURL* easy = prepared->easy();
  impl_->pending[easy] = {std::move(prepared), std::move(done)};
  check(curl_multi_add_handle(impl_->multi, easy)); // begun by the timer that it sets
}

} // namespace backstop
