#pragma once
#include "daemon/mail_sender.hpp"
#include <utility>
#include <vector>

namespace backstop {

/// A MailSender that keeps what it was given and answers what the test says, at the next deliver().
class ScriptedMails final : public MailSender {
public:
  void send(Mail mail, Done done) override {
    sent.push_back(std::move(mail));
    waiting_.push_back(std::move(done));
  }
  void deliver() {
    for (const Done& done : std::exchange(waiting_, {})) done(answer);
  }
  Result<MailAnswer> answer = MailAnswer{250, "250 2.0.0 Ok: queued"};
  std::vector<Mail> sent;

private:
  std::vector<Done> waiting_;
};

} // namespace backstop
