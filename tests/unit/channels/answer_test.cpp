#include "tests/unit/channels/occasions.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// What an answer means, and that what is told of it gives nothing away.
namespace backstop::channels::test {
namespace {

using testing::HasSubstr;
using testing::Not;

Delivery of(int status, const std::string& body = "", const std::string& retry_after = "",
            const std::string& redirects_to = "") {
  HttpResponse answer;
  answer.status = status;
  answer.body = body;
  answer.retry_after = retry_after;
  answer.redirects_to = redirects_to;
  Sending sending = sending_of(config::ChannelType::slack, {"k", "it", "info", "t", "{}"});
  sending.secrets.url = "https://hooks.example/services/T0/B0/tokentoken";
  return judge(sending, answer);
}

TEST(Answer, OfAStatusThatIsTaken) {
  EXPECT_TRUE(of(200).status && of(202).status && of(204).status);
  EXPECT_EQ(of(202, "{\"status\":\"success\"}").answer, "answered 202: {\"status\":\"success\"}");
}

TEST(Answer, OfAServiceThatIsBusyOrBrokenIsNoRefusal) {
  for (const int status : {408, 425, 429, 500, 502, 503}) {
    ASSERT_FALSE(of(status).status) << status;
    EXPECT_EQ(of(status).status.error().code, Errc::io) << status;
  }
  EXPECT_EQ(of(429, "", "30").retry_after, std::chrono::seconds(30));
  EXPECT_EQ(of(503, "", "86400").retry_after, std::chrono::hours(1)) << "no service may silence us for a day";
  EXPECT_EQ(of(503, "", "Wed, 21 Oct 2026 07:28:00 GMT").retry_after, Duration{});
}

TEST(Answer, OfARefusalSaysWhatAPersonHasToMend) {
  const std::pair<int, const char*> meanings[]{{400, "does not take this payload"},
                                               {401, "does not accept the credential"},
                                               {403, "does not accept the credential"},
                                               {404, "is the URL right?"},
                                               {410, "is the URL right?"},
                                               {413, "too large"},
                                               {422, "does not take this payload"}};
  for (const auto& [status, meaning] : meanings) {
    const Delivery refused = of(status, "invalid_payload");
    EXPECT_EQ(refused.status.error().code, Errc::refused) << status;
    EXPECT_THAT(refused.status.error().what, HasSubstr(meaning));
    EXPECT_THAT(refused.status.error().what, HasSubstr("answered " + std::to_string(status) + ": invalid_payload"));
    EXPECT_GE(refused.retry_after, std::chrono::minutes(10));
  }
}

TEST(Answer, ARedirectIsNotFollowedAndSaysSo) {
  const Delivery elsewhere = of(302, "", "", "https://evil.example:443");
  EXPECT_EQ(elsewhere.status.error().what,
            "answered 302 and points to https://evil.example:443, which is not followed: write the URL that is meant");
  EXPECT_EQ(elsewhere.status.error().code, Errc::refused);
}

TEST(Answer, WhatItRepeatsOfOurSecretsIsNotTold) {
  const std::string told = of(404, "no team for https://hooks.example/services/T0/B0/tokentoken, "
                                   "/services/T0/B0/tokentoken or tokentoken; key the-key\x1b[31m\nx")
                               .status.error()
                               .what;
  for (const char* secret : {"tokentoken", "T0/B0", "the-key", "\x1b", "\n"}) EXPECT_THAT(told, Not(HasSubstr(secret)));
  EXPECT_THAT(told, HasSubstr("no team for ***"));
}

} // namespace
} // namespace backstop::channels::test
