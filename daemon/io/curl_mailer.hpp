#pragma once
#include "daemon/io/event_loop.hpp"
#include "daemon/mail_sender.hpp"
#include <memory>

namespace backstop {

/// Mail by libcurl on the loop, over a connection of its own each. TLS 1.2 at least and always verified. The loop must
/// outlive it. Destroying it gives up what is under way (no `done` is called).
class CurlMailer final : public MailSender {
public:
  explicit CurlMailer(EventLoop& loop);
  ~CurlMailer() override;
  CurlMailer(const CurlMailer&) = delete;
  CurlMailer& operator=(const CurlMailer&) = delete;

  void send(Mail mail, Done done) override;
  /// Mail will be sent: what it needs is made ready now, not with the first one.
  void prepare();

private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

} // namespace backstop
