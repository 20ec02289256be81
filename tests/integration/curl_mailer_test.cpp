#include "daemon/io/curl_mailer.hpp"
#include "tests/integration/private_mail_server.hpp"
#include "tests/integration/raw_server.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>

/// Mail to a real server, and to servers that do what none should.
namespace backstop {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;
using Connection = RawServer::Connection;

class CurlMailerTest : public testing::Test {
protected:
  CurlMailerTest() {
    block_signals();
    loop_ = *EventLoop::create();
    mailer_ = std::make_unique<CurlMailer>(*loop_);
  }
  static Mail mail_to(const std::string& server) {
    Mail mail;
    mail.server = server;
    mail.tls = Mail::Tls::none;
    mail.from = "backstop@example.org";
    mail.to = {"oncall@example.org"};
    mail.message = "Subject: hello\r\n\r\n.a line that begins with a point\r\n";
    mail.timeout = 10s;
    return mail;
  }
  Result<MailAnswer> send(Mail mail) {
    std::optional<Result<MailAnswer>> outcome;
    mailer_->send(std::move(mail), [&](Result<MailAnswer> r) { outcome = std::move(r); });
    EXPECT_FALSE(outcome) << "from the loop";
    const Time limit = loop_->fresh_now() + 30s; // for a failing test alone
    while (!outcome && loop_->fresh_now() < limit) {
      const Time before = loop_->fresh_now();
      loop_->run_once(100ms);
      longest_turn_ = std::max(longest_turn_, loop_->fresh_now() - before);
    }
    return outcome ? *outcome : fail(Errc::invalid, "done was never called");
  }
  static std::string place(const RawServer& server) { return "127.0.0.1:" + std::to_string(server.port()); }
  /// A server that says each line in answer to what comes, and then nothing more.
  static RawServer::Script says(std::vector<std::string> lines) {
    return [lines = std::move(lines)](Connection& c) {
      for (std::size_t i = 0; i < lines.size(); ++i) {
        if (i > 0 && c.read_some().empty()) return;
        if (!c.send(lines[i] + "\r\n")) return;
      }
      c.hold();
    };
  }

  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<CurlMailer> mailer_;
  Duration longest_turn_{};
};

class RealServer : public CurlMailerTest {
protected:
  void SetUp() override {
    if (!PrivateMailServer::possible())
      GTEST_SKIP() << "NOT RUN: there is no mail server (Debian package exim4-daemon-light)";
    server_ = std::make_unique<PrivateMailServer>();
    mail_ = mail_to(server_->place());
    mail_.tls = Mail::Tls::starttls;
    mail_.ca_file = server_->ca_file();
    mail_.user = "backstop";
    mail_.password = "sesame";
  }
  /// A child of the server delivers it.
  bool arrives(const std::string& text) {
    for (int i = 0; i < 200; ++i, std::this_thread::sleep_for(50ms))
      if (server_->mailbox().find(text) != std::string::npos) return true;
    return false;
  }
  std::unique_ptr<PrivateMailServer> server_;
  Mail mail_;
};

TEST_F(RealServer, TakesMailOverTlsAfterALogin) {
  const Result<MailAnswer> answer = send(mail_);
  ASSERT_TRUE(answer) << answer.error().what << server_->log();
  EXPECT_EQ(answer->code, 250);
  EXPECT_THAT(answer->text, HasSubstr("250 OK id="));
  ASSERT_TRUE(arrives("Subject: hello")) << server_->log();
  EXPECT_THAT(server_->mailbox(), HasSubstr("\n.a line that begins with a point\n"));
  EXPECT_THAT(server_->log(), HasSubstr("P=esmtpsa")) << "over TLS, logged in";
}

TEST_F(RealServer, WithAnUnknownCertificateGetsNothing) {
  mail_.ca_file.clear();
  const Result<MailAnswer> answer = send(mail_);
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().what, HasSubstr("certificate is not accepted"));
  EXPECT_EQ(server_->mailbox(), "");
  EXPECT_THAT(server_->log(), Not(HasSubstr("A=plain"))) << "no password was sent";
}

TEST_F(RealServer, ThatRefusesAPasswordOrARecipientIsQuoted) {
  mail_.password = "wrong";
  const Result<MailAnswer> login = send(mail_);
  ASSERT_TRUE(login) << login.error().what;
  EXPECT_EQ(login->code, 535);
  mail_.password = "sesame";
  mail_.to = {"refused@example.org"};
  const Result<MailAnswer> recipient = send(mail_);
  ASSERT_TRUE(recipient) << recipient.error().what;
  EXPECT_EQ(recipient->code, 550);
  EXPECT_THAT(recipient->text, HasSubstr("nobody of that name"));
}

TEST_F(CurlMailerTest, WithoutStarttlsNothingIsSent) {
  RawServer server(says({"220 x", "250 x"}));
  Mail mail = mail_to(place(server));
  mail.tls = Mail::Tls::starttls;
  const Result<MailAnswer> answer = send(mail);
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().what, HasSubstr("does not offer STARTTLS; nothing was sent"));
}

TEST_F(CurlMailerTest, AServerThatHangsIsGivenUp) {
  RawServer server([](Connection& c) { c.hold(); });
  Mail mail = mail_to(place(server));
  mail.timeout = 300ms;
  const Result<MailAnswer> answer = send(mail);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::timeout);
}

/// libcurl waits where it stands for the answer to QUIT.
TEST_F(CurlMailerTest, AServerThatHangsAtTheEndStopsNoLoop) {
  RawServer taking(says({"220 x", "250 x", "250 from", "250 to", "354 go on", "250 taken"}));
  const Result<MailAnswer> taken = send(mail_to(place(taking)));
  ASSERT_TRUE(taken) << taken.error().what;
  EXPECT_EQ(taken->text, "250 taken");
  RawServer refusing(says({"220 x", "250 x", "250 from", "550 no"}));
  const Result<MailAnswer> refused = send(mail_to(place(refusing)));
  ASSERT_TRUE(refused) << refused.error().what;
  EXPECT_EQ(refused->code, 550);
  RawServer plain(says({"220 x", "250 x"}));
  Mail mail = mail_to(place(plain));
  mail.tls = Mail::Tls::starttls;
  EXPECT_FALSE(send(mail));
  EXPECT_LT(longest_turn_, 2s);
}

TEST_F(CurlMailerTest, WhatIsNoAddressGoesNowhere) {
  Mail mail = mail_to("127.0.0.1:1");
  mail.to = {"a@example.org>\r\nDATA"};
  const Result<MailAnswer> answer = send(mail);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::invalid);
}

TEST_F(CurlMailerTest, NobodyThereIsSaid) {
  const Result<MailAnswer> answer = send(mail_to("127.0.0.1:" + std::to_string(free_port())));
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().what, HasSubstr("cannot connect"));
}

} // namespace
} // namespace backstop
