#include "tests/fakes/temporary_directory.hpp"
#include "tests/integration/configured_targets.hpp"
#include "tests/integration/raw_server.hpp"
#include "tests/integration/tls_server.hpp"
#include <fstream>
#include <gmock/gmock.h>
#include <mutex>

/// Sources of type http as configured, against real servers: which of what can happen to a request counts as what.
namespace backstop {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr double kDay = 24 * 3600;

std::string source(const std::string& url, const std::string& more = "") {
  return "{web: {type: http, targets: [{url: \"" + url + "\"}]" + more + "}}\n";
}

/// A server that gives one answer to whatever comes, and keeps what came last.
class OnePage {
public:
  explicit OnePage(std::string answer) : answer_(std::move(answer)) {}
  [[nodiscard]] std::string url() const { return server_.url("/health"); }
  [[nodiscard]] int connections() const { return server_.connections(); }
  std::string last() {
    const std::scoped_lock lock(mutex_);
    return last_;
  }

private:
  std::mutex mutex_;
  std::string last_;
  std::string answer_;
  RawServer server_{[this](RawServer::Connection& c) {
    while (const auto request = c.read_request()) {
      {
        const std::scoped_lock lock(mutex_);
        last_ = *request;
      }
      if (!c.send(answer_)) return;
    }
  }};
};

TEST(HttpSourceReal, AnExpectedAnswerIsASuccess) {
  OnePage page(http_answer(200, "all ready"));
  ConfiguredTargets targets(source(page.url(), ", expect_body: ready, headers: {Host: shop.example}"));
  ASSERT_EQ(targets.size(), 1U);
  const auto answer = targets.read();
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_THAT(answer->note, IsEmpty());
  EXPECT_EQ(answer->samples.at("probe_success"), 1);
  EXPECT_EQ(answer->samples.at("probe_http_status_code"), 200);
  EXPECT_EQ(answer->samples.at("probe_attempts_total"), 1);
  EXPECT_EQ(answer->samples.at("probe_failures_total"), 0);
  EXPECT_GT(answer->samples.at("probe_duration_seconds"), 0);
  EXPECT_EQ(answer->samples.count("probe_tls_expiry_seconds"), 0U);
  EXPECT_THAT(page.last(), HasSubstr("Host: shop.example\r\n"));
}

TEST(HttpSourceReal, EveryAttemptConnectsAnew) {
  OnePage page(http_answer(200, ""));
  ConfiguredTargets targets(source(page.url()));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(targets.read());
  EXPECT_EQ(page.connections(), 3);
}

TEST(HttpSourceReal, AnotherStatusCountsAgainstTheService) {
  OnePage page(http_answer(301, "", "Location: /elsewhere\r\n"));
  ConfiguredTargets strict(source(page.url(), ", method: HEAD"));
  const auto answer = strict.read();
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->note, "answered status 301, 2xx wanted");
  EXPECT_EQ(answer->samples.at("probe_failures_total"), 1);
  EXPECT_THAT(page.last(), HasSubstr("HEAD /health "));
  ConfiguredTargets lenient(source(page.url(), ", expect_status: [2xx, 301]"));
  EXPECT_EQ(lenient.read()->samples.at("probe_success"), 1);
}

TEST(HttpSourceReal, NobodyThereCountsAgainstTheService) {
  ConfiguredTargets targets(source("http://127.0.0.1:1/health"));
  const auto answer = targets.read();
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->samples, (std::map<std::string, double>{
                                 {"probe_success", 0}, {"probe_attempts_total", 1}, {"probe_failures_total", 1}}));
  EXPECT_EQ(answer->note, "GET http://127.0.0.1:1/health: connection refused");
}

TEST(HttpSourceReal, NoAnswerInTimeCountsAgainstTheService) {
  RawServer silent([](RawServer::Connection& c) { c.hold(); });
  ConfiguredTargets targets(source(silent.url(), ", timeout: 200ms"));
  const auto answer = targets.read();
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->samples.at("probe_success"), 0);
  EXPECT_THAT(answer->note, HasSubstr("no answer within 200 ms"));
}

TEST(HttpSourceReal, ACertificateShowsWhenItExpiresEachTime) {
  const TlsServer server;
  ConfiguredTargets targets(source(server.url("127.0.0.1"), ", ca_file: " + server.path("cert.pem")));
  for (int i = 0; i < 2; ++i) {
    const auto answer = targets.read();
    ASSERT_TRUE(answer) << answer.error().what;
    ASSERT_THAT(answer->note, IsEmpty());
    EXPECT_GT(answer->samples.at("probe_tls_expiry_seconds"), 1.9 * kDay);
    EXPECT_LE(answer->samples.at("probe_tls_expiry_seconds"), 2 * kDay);
  }
}

TEST(HttpSourceReal, ACertificateThatIsNotAcceptedCountsAgainstTheService) {
  const TlsServer server;
  ConfiguredTargets targets(source(server.url("127.0.0.1")));
  const auto answer = targets.read();
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->samples.at("probe_failures_total"), 1);
  EXPECT_THAT(answer->note, HasSubstr("the server's certificate is not accepted"));
}

TEST(HttpSourceReal, WhatTellsNothingOfTheServiceIsAFailedRead) {
  ConfiguredTargets nameless(source("http://no-such-host.invalid/"));
  const auto unknown = nameless.read();
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Errc::not_found) << unknown.error().what;

  const TlsServer server;
  ConfiguredTargets rootless(source(server.url("127.0.0.1"), ", ca_file: /nonexistent/roots.pem"));
  const auto no_roots = rootless.read();
  ASSERT_FALSE(no_roots);
  EXPECT_THAT(no_roots.error().what, HasSubstr("cannot read the trusted roots in /nonexistent/roots.pem"));

  OnePage large(http_answer(200, std::string((std::size_t{1} << 20) + 1, 'x')));
  ConfiguredTargets much(source(large.url()));
  const auto too_large = much.read();
  ASSERT_FALSE(too_large);
  EXPECT_THAT(too_large.error().what, HasSubstr("the answer is larger than 1 MiB"));

  ConfiguredTargets secretless(source("http://127.0.0.1:1/", ", bearer: {file: /nonexistent/token}"));
  ASSERT_FALSE(secretless.read());
}

TEST(HttpSourceReal, ASocketAndASecretAreUsed) {
  const TemporaryDirectory dir;
  std::ofstream(dir.path() + "/token") << "t0ken\n";
  std::mutex mutex;
  std::string request;
  RawServer server(dir.path() + "/web.sock", [&](RawServer::Connection& c) {
    const auto got = c.read_request();
    const std::scoped_lock lock(mutex);
    request = got.value_or("");
    c.send(http_answer(204, ""));
  });
  ConfiguredTargets targets("{web: {type: http, bearer: {file: " + dir.path() +
                            "/token}, targets: [{url: \"http://shop/\", unix_socket: " + dir.path() +
                            "/web.sock}]}}\n");
  const auto answer = targets.read();
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->samples.at("probe_success"), 1);
  const std::scoped_lock lock(mutex);
  EXPECT_THAT(request, HasSubstr("Authorization: Bearer t0ken\r\n"));
}

} // namespace
} // namespace backstop
