#include "daemon/config/read.hpp"
#include "daemon/config/show.hpp"
#include "daemon/ctl/redact.hpp"
#include "daemon/json.hpp"
#include <gtest/gtest.h>

/// What leaves the host in a debug bundle has no secrets in it, and is still worth reading.
namespace backstop::ctl::test {
namespace {

struct Text {
  const char* text;
  const char* cleaned;
};
class LooksSecret : public testing::TestWithParam<Text> {};

TEST_P(LooksSecret, IsHidden) { EXPECT_EQ(Redactor().clean(GetParam().text), GetParam().cleaned); }

INSTANTIATE_TEST_SUITE_P(
    Ctl, LooksSecret,
    testing::Values(Text{"run --token=abc --name x", "run --token=*** --name x"},
                    Text{"run --api-key abc next", "run --api-key *** next"},
                    Text{R"({"password": "hunter2", "n": 1})", R"({"password": "***", "n": 1})"},
                    Text{R"({"argv":["--secret","abc","x"]})", R"({"argv":["--secret","***","x"]})"},
                    Text{"DB_PASSWORD=hunter2\n", "DB_PASSWORD=***\n"},
                    Text{"Authorization: Bearer abc.def\nHost: h", "Authorization: Bearer ***\nHost: h"},
                    Text{"postgresql://ana:pw@db/shop failed", "postgresql://***@db/shop failed"},
                    Text{"GET https://h/x?key=1&b=2 200", "GET https://h/x?*** 200"},
                    Text{"host=db password='pw pw' x", "host=db password='*** pw' x"}));

class LooksHarmless : public testing::TestWithParam<const char*> {};

TEST_P(LooksHarmless, Stays) { EXPECT_EQ(Redactor().clean(GetParam()), GetParam()); }

INSTANTIATE_TEST_SUITE_P(Ctl, LooksHarmless,
                         testing::Values("error_rate: 30% of 500 requests, limit > 5%",
                                         "the token of the shop was read", "http://127.0.0.1:9477/metrics",
                                         "bearer from file /etc/backstop/token", R"({"deadman":null,"secret":null})",
                                         ""));

TEST(Redactor, KnownSecretsAreHiddenWhereverTheyStand) {
  Redactor redactor;
  redactor.never_show("s3cr\"t\n");
  EXPECT_EQ(redactor.clean("a s3cr\"t b"), "a *** b");
  EXPECT_EQ(redactor.clean(Json("xs3cr\"ty").dump()), "\"x***y\"");
}

TEST(Redactor, ASecretWithinAnotherLeavesNothingOfTheLongerOne) {
  Redactor redactor;
  redactor.never_show("abcd");
  redactor.never_show("abcdefgh");
  EXPECT_EQ(redactor.clean("abcdefgh abcd"), "*** ***");
}

/// Whatever command of a service holds a secret, it is known from there, wherever else it shows up.
TEST(Redactor, SecretsInCommandsOfPlansTrafficAndGatesAreHidden) {
  const auto outcome = config::load_service(
      "service: a\nmode: observe\nsources: {}\nindicators: {}\n"
      "traffic: {driver: command, argv: [/t, \"{side}\", \"{percent}\", --token, secret-1], "
      "check: {argv: [/c, --token=secret-2]}, sides: [x, y]}\n"
      "plan: [{phase: p, steps: [{name: s, kind: run, argv: [/s, --password, secret-3], env: {KEY: secret-4}, "
      "check: {argv: [/c, --token, secret-5]}, undo: {argv: [/u, --token, secret-6]}}, "
      "{name: both, kind: parallel, steps: [{name: b, kind: run, argv: [/b, --token, secret-7]}, "
      "{name: c, kind: notify}]}]}]\n"
      "gates: {checklist: [{name: i, role: r, command: {argv: [/i, --token, secret-8]}}]}\n",
      "f");
  ASSERT_TRUE(outcome.ok()) << config::show_faults(outcome.faults);
  Redactor redactor;
  redactor.never_show(outcome.service, [](const config::Secret&) { return std::string(); });
  for (int i = 1; i <= 8; ++i) {
    const std::string secret = "secret-" + std::to_string(i);
    EXPECT_EQ(redactor.clean("<" + secret + ">"), "<***>") << secret;
  }
}

} // namespace
} // namespace backstop::ctl::test
