#include "daemon/io/curl_mailer.hpp"
#include "daemon/io/curl_mail.hpp"
#include "daemon/io/curl_multi.hpp"
#include <unordered_map>

namespace backstop {

/// Shared with the handlers that run it: a `done` may destroy the mailer.
struct CurlMailer::Impl : std::enable_shared_from_this<CurlMailer::Impl> {
  struct Pending {
    std::unique_ptr<CurlMail> mail;
    Done done;
  };

  explicit Impl(EventLoop& l) : loop(l) {}

  void prepare() {
    if (multi) return;
    multi = std::make_unique<CurlMulti>(loop, [this](CURL* easy, CURLcode code) {
      const auto self = shared_from_this();
      finish(easy, code);
    });
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void close() {
    for (auto& [easy, p] : pending) multi->remove(easy);
    pending.clear();
    multi.reset();
  }

  void finish(CURL* easy, CURLcode code) {
    Pending p = std::move(pending.at(easy));
    pending.erase(easy);
    Result<MailAnswer> outcome = p.mail->outcome(code);
    p.mail.reset();
    p.done(std::move(outcome));
  }

  EventLoop& loop;
  std::unordered_map<CURL*, Pending> pending;
  std::unique_ptr<CurlMulti> multi; ///< null: no mail was wanted yet
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
  impl_->multi->add(easy);
}

} // namespace backstop
