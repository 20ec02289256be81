#include "daemon/channel_notifier.hpp"
#include "daemon/json.hpp"
#include "tests/fakes/scripted_fetcher.hpp"
#include "tests/fakes/scripted_mails.hpp"
#include "tests/fakes/scripted_step_runner.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// How a notice leaves: what a webhook and a command get, and what is told when they do not take it.
namespace backstop {
namespace {

using testing::HasSubstr;

const std::string kHook = "https://hooks.example/T0/secret-token";

class ChannelNotifierTest : public ::testing::Test {
protected:
  ChannelNotifierTest() {
    notifier_.set_channels({{"hook", config::ChannelType::webhook, {"", "/hook", ""}, {}, std::chrono::seconds(5)},
                            {"pager", config::ChannelType::command, {}, {"/bin/page"}, std::chrono::seconds(5)}});
    steps_.on_finished = [this](const StepKey& key, const StepOutcome& outcome) {
      EXPECT_TRUE(notifier_.on_step_finished(key, outcome));
    };
  }
  struct Ended {
    int calls = 0;
    std::string error;
    std::string answer;
    bool refused = false;
    Duration retry_after{};
  };
  /// One attempt to deliver, to its end.
  Ended send(const std::string& channel) {
    Ended result;
    notifier_.send({"I1.opened." + channel, channel, "critical", "shop: rolled back", R"({"incident":"I1"})"},
                   [&](const Delivery& told) {
                     ++result.calls;
                     result.error = told.status ? "" : told.status.error().what;
                     result.answer = told.answer;
                     result.refused = !told.status && told.status.error().code == Errc::refused;
                     result.retry_after = told.retry_after;
                   });
    fetcher_.advance(std::chrono::seconds(6));
    steps_.advance(now_ += std::chrono::seconds(6));
    EXPECT_EQ(result.calls, 1);
    return result;
  }

  Time now_ = time_from_us(1'767'225'600'000'000);
  ScriptedFetcher fetcher_;
  ScriptedMails mails_;
  ScriptedStepRunner steps_;
  bool secret_readable_ = true;
  ChannelNotifier notifier_{{fetcher_, mails_, steps_},
                            [this](const config::Secret&) -> Result<std::string> {
                              if (!secret_readable_) return fail(Errc::io, "/hook: no such file");
                              return kHook;
                            },
                            [this] { return now_; },
                            "host-1"};
};

TEST_F(ChannelNotifierTest, AWebhookGetsTheNoticeAsJson) {
  fetcher_.always(kHook, 204, "");
  EXPECT_EQ(send("hook").error, "");
  ASSERT_EQ(fetcher_.requests().size(), 1U);
  const HttpRequest& request = fetcher_.requests().front();
  EXPECT_EQ(request.method, "POST");
  const Result<Json> body = Json::parse(request.body);
  ASSERT_TRUE(body);
  EXPECT_EQ(body->text("severity"), "critical");
  EXPECT_EQ(body->text("title"), "shop: rolled back");
  EXPECT_EQ((*body)["details"].text("incident"), "I1");
  EXPECT_EQ(body->text("key"), "I1.opened.hook") << "a receiver can tell a repeated delivery";
}

TEST_F(ChannelNotifierTest, EachEndIsToldWithItsTime) {
  int ends = 0;
  std::vector<Time> at;
  notifier_.after_done = [&] {
    ++ends;
    EXPECT_EQ(at.size(), static_cast<std::size_t>(ends)) << "what it changed is there by then";
  };
  const auto send_to = [&](const std::string& channel) {
    notifier_.send({"I1.opened." + channel, channel, "critical", "shop: rolled back", "{}"},
                   [&](const Delivery& told) { at.push_back(told.at); });
  };
  const Time begun = now_;
  fetcher_.always(kHook, 204, "");
  send_to("hook");
  EXPECT_EQ(ends, 0);
  now_ += std::chrono::seconds(6);
  fetcher_.advance(std::chrono::seconds(6));
  secret_readable_ = false;
  now_ += std::chrono::seconds(1);
  send_to("hook");
  EXPECT_THAT(at, testing::ElementsAre(begun + std::chrono::seconds(6), begun + std::chrono::seconds(7)));
  EXPECT_EQ(ends, 2);
}

TEST_F(ChannelNotifierTest, AnAnswerThatIsNot2xxIsNoDelivery) {
  fetcher_.once(kHook, HttpResponse{429, "", "7", "", {}, {}, ""});
  const Ended busy = send("hook");
  EXPECT_THAT(busy.error, HasSubstr("429"));
  EXPECT_EQ(busy.retry_after, std::chrono::seconds(7));
  fetcher_.once(kHook, 302, "");
  EXPECT_THAT(send("hook").error, HasSubstr("302"));
}

TEST_F(ChannelNotifierTest, TheUrlOfAWebhookIsASecret) {
  fetcher_.hang(kHook);
  const Ended result = send("hook");
  EXPECT_THAT(result.error, HasSubstr("channel hook"));
  EXPECT_TRUE(fetcher_.requests().front().secret_path) << "the fetcher leaves the path out of its errors";
}

TEST_F(ChannelNotifierTest, ASecretThatCannotBeReadIsSaid) {
  secret_readable_ = false;
  EXPECT_EQ(send("hook").error, "channel hook: /hook: no such file");
}

TEST_F(ChannelNotifierTest, ACommandGetsTheNoticeInItsEnvironment) {
  EXPECT_EQ(send("pager").error, "");
  ASSERT_EQ(steps_.log.size(), 1U);
  const StepCommand& command = steps_.log.front().command;
  EXPECT_EQ(command.argv, std::vector<std::string>{"/bin/page"});
  const auto& environment = command.environment;
  EXPECT_EQ(environment.at("BACKSTOP_NOTICE_TITLE"), "shop: rolled back");
  EXPECT_EQ(environment.at("BACKSTOP_NOTICE_SEVERITY"), "critical");
  EXPECT_EQ(environment.at("BACKSTOP_NOTICE_BODY"), R"({"incident":"I1"})");
}

TEST_F(ChannelNotifierTest, ACommandThatFailsIsNoDeliveryAndMayRunAgain) {
  steps_.script("/bin/page", {ScriptedStepRunner::Script::exits(3), ScriptedStepRunner::Script::exits(0)});
  EXPECT_THAT(send("pager").error, HasSubstr("3"));
  EXPECT_EQ(send("pager").error, "");
  EXPECT_EQ(steps_.log.size(), 2U);
}

TEST_F(ChannelNotifierTest, ARedirectIsNotFollowed) {
  HttpResponse elsewhere;
  elsewhere.status = 302;
  elsewhere.redirects_to = "https://evil.example:443";
  fetcher_.always(kHook, elsewhere);
  const Ended ended = send("hook");
  EXPECT_THAT(ended.error, HasSubstr("points to https://evil.example:443, which is not followed"));
  EXPECT_TRUE(ended.refused);
  EXPECT_EQ(fetcher_.requests().size(), 1U);
}

TEST_F(ChannelNotifierTest, WhatWasAnsweredIsTold) {
  fetcher_.always(kHook, 200, "ok");
  EXPECT_EQ(send("hook").answer, "answered 200: ok");
}

class MailTest : public ChannelNotifierTest {
protected:
  MailTest() {
    config::Channel mail;
    mail.name = "mail";
    mail.type = config::ChannelType::email;
    mail.key = {"", "/password", ""};
    mail.mail = {"mail.example.org:587", config::MailRoute::Tls::starttls, "me", "a@example.org", {"b@example.org"}};
    notifier_.set_channels({mail});
  }
  Ended mail(const Result<MailAnswer>& answer) {
    mails_.answer = answer;
    Ended result;
    notifier_.send({"I1/x/mail", "mail", "critical", "shop: rolled back", "{}"}, [&](const Delivery& told) {
      ++result.calls;
      result.error = told.status ? "" : told.status.error().what;
      result.refused = !told.status && told.status.error().code == Errc::refused;
      result.answer = told.answer;
    });
    EXPECT_EQ(result.calls, 0) << "from the loop";
    mails_.deliver();
    EXPECT_EQ(result.calls, 1);
    return result;
  }
};

TEST_F(MailTest, IsGivenToItsServer) {
  EXPECT_EQ(mail(MailAnswer{250, "250 OK id=1"}).answer, "the mail server answered 250 OK id=1");
  ASSERT_EQ(mails_.sent.size(), 1U);
  EXPECT_EQ(mails_.sent[0].server, "mail.example.org:587");
  EXPECT_EQ(mails_.sent[0].password, kHook);
  EXPECT_THAT(mails_.sent[0].message, HasSubstr("Subject: [critical] shop: rolled back\r\n"));
}

TEST_F(MailTest, ThatIsNotTakenNowIsNoRefusal) {
  const Ended later = mail(MailAnswer{451, "451 greylisted"}), never = mail(MailAnswer{550, "550 no such user"}),
              broken = mail(fail(Errc::io, "mail server x: no TLS"));
  EXPECT_FALSE(later.refused || broken.refused);
  EXPECT_TRUE(never.refused);
  EXPECT_THAT(never.error, HasSubstr("channel mail: the mail server answered 550 no such user"));
}

TEST_F(ChannelNotifierTest, AChannelThatIsGoneIsNamed) {
  const Ended result = send("fax");
  EXPECT_EQ(result.error, "channel 'fax' is not configured any more");
  EXPECT_GT(result.retry_after, Duration{});
}

} // namespace
} // namespace backstop
