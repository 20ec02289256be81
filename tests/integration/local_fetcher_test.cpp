#include "daemon/io/local_fetcher.hpp"
#include "daemon/io/local_request.hpp"
#include "tests/integration/raw_server.hpp"
#include <atomic>
#include <gmock/gmock.h>

namespace backstop {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

HttpRequest get(const std::string& url) {
  HttpRequest r;
  r.url = url;
  return r;
}

std::string place(const HttpRequest& request) {
  const auto local = local_request(request);
  return local ? local->place : "not local";
}

TEST(LocalRequest, IsAPlainGetToThisHost) {
  EXPECT_EQ(place(get("http://127.0.0.1:9100/metrics")), "127.0.0.1:9100");
  EXPECT_EQ(place(get("http://127.1.2.3/metrics")), "127.1.2.3:80");
  EXPECT_EQ(place(get("http://localhost:9100?a=b#c")), "localhost:9100");
  EXPECT_EQ(place(get("http://[::1]:9100")), "[::1]:9100");
  for (const char* other :
       {"https://127.0.0.1:9100/", "http://10.0.0.1:9100/", "http://127.0.0.1.example:80/", "http://127.1/",
        "http://[::2]/", "http://[::1]x/", "http://localhost.:80/", "http://a@127.0.0.1/", "http://127.0.0.1:0/",
        "http://127.0.0.1:70000/", "http://127.0.0.1:/", "http://127.0.0.1:8 0/", "http://127.0.0.1/a b",
        "http://127.0.0.1/a/../b", "http:///", "127.0.0.1:9100", "", "http://127.0.0.1/\r\nX: y"})
    EXPECT_EQ(place(get(other)), "not local") << other;
  HttpRequest by_path = get("http://app/metrics");
  EXPECT_EQ(place(by_path), "not local");
  by_path = get("http://localhost/metrics");
  by_path.unix_socket = "/run/app.sock";
  EXPECT_EQ(place(by_path), "/run/app.sock");
}

TEST(LocalRequest, WhatBearsMoreThanAnAddressIsNotPlain) {
  const auto changed = [](auto change) {
    HttpRequest r = get("http://127.0.0.1:1/");
    change(r);
    return place(r);
  };
  EXPECT_EQ(changed([](auto& r) { r.headers = {{"Accept", "text/plain"}, {"X-Scope", "a"}}; }), "127.0.0.1:1");
  EXPECT_EQ(changed([](auto& r) { r.method = "HEAD"; }), "not local");
  EXPECT_EQ(changed([](auto& r) { r.body = "x"; }), "not local");
  EXPECT_EQ(changed([](auto& r) { r.basic_credential = "a:b"; }), "not local");
  EXPECT_EQ(changed([](auto& r) { r.bearer_token = "a\r\nX: y"; }), "not local");
  EXPECT_EQ(changed([](auto& r) { r.own_connection = true; }), "not local");
  EXPECT_EQ(changed([](auto& r) { r.connect_only = true; }), "not local");
  EXPECT_EQ(changed([](auto& r) { r.headers = {{"Host", "other"}}; }), "not local");
  EXPECT_EQ(changed([](auto& r) { r.headers = {{"X", "a\nb"}}; }), "not local");
}

class LocalFetcherTest : public testing::Test {
protected:
  LocalFetcherTest() {
    block_signals();
    loop_ = *EventLoop::create();
    fetcher_ = std::make_unique<LocalFetcher>(*loop_);
  }
  void run_until(const std::function<bool()>& enough) {
    const Time limit = loop_->fresh_now() + 30s; // for a failing test alone
    while (!enough() && loop_->fresh_now() < limit) loop_->run_once(100ms);
  }
  std::string body(const std::string& url) {
    std::optional<Result<HttpResponse>> outcome;
    fetcher_->start(get(url), [&](Result<HttpResponse> r) { outcome = std::move(r); });
    run_until([&] { return outcome.has_value(); });
    if (!outcome) return "done was never called";
    return *outcome ? (*outcome)->body : outcome->error().what;
  }

  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<LocalFetcher> fetcher_;
};

/// "up 1\n", stored.
std::string gzipped() {
  constexpr char head[] = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x01\x05\x00\xfa\xff",
                 check[] = "\x72\x90\xea\x82\x05\x00\x00\x00";
  return std::string(head, sizeof head - 1) + "up 1\n" + std::string(check, sizeof check - 1);
}

TEST_F(LocalFetcherTest, AnswerThatIsCompressedUnaskedIsReadAndItsServerIsAskedOnceALookFromThenOn) {
  std::atomic<int> asked = 0;
  RawServer server([&](RawServer::Connection& c) {
    while (c.read_request()) {
      ++asked;
      if (!c.send(http_answer(200, gzipped(), "Content-Encoding: gzip\r\n"))) return;
    }
  });
  EXPECT_EQ(body(server.url()), "up 1\n");
  EXPECT_EQ(asked, 2); // it was not known before
  EXPECT_EQ(body(server.url()), "up 1\n");
  EXPECT_EQ(asked, 3);
}

TEST_F(LocalFetcherTest, BytesThatNobodyAskedForEndTheConnection) {
  std::atomic<bool> left = false;
  RawServer server([&](RawServer::Connection& c) {
    while (c.read_request()) {
      c.send(http_answer(200, "up 1\n"));
      c.send(http_answer(200, "forged\n"));
    }
    left = true;
  });
  EXPECT_EQ(body(server.url()), "up 1\n");
  run_until([&] { return left.load(); });
  EXPECT_TRUE(left);
  EXPECT_EQ(body(server.url()), "up 1\n");
}

TEST_F(LocalFetcherTest, ConnectionIsNotUsedAgainWhereTheAnswerCameBeforeTheWholeRequestWasSent) {
  std::atomic<int> connections = 0;
  RawServer server([&](RawServer::Connection& c) {
    ++connections;
    if (connections == 1) { // it has heard enough
      c.wait(-1);
      c.send(http_answer(431, "too much"));
      return c.hold();
    }
    while (c.read_request() && c.send(http_answer(200, "up 1\n"))) {
    }
  });
  HttpRequest long_one = get(server.url());
  long_one.headers = {{"X-Long", std::string(std::size_t{16} << 20, 'x')}};
  int status = 0;
  fetcher_->start(long_one, [&](const Result<HttpResponse>& r) { status = r ? r->status : -1; });
  run_until([&] { return status != 0; });
  EXPECT_EQ(status, 431);
  EXPECT_EQ(body(server.url()), "up 1\n");
  EXPECT_EQ(connections, 2);
}

TEST_F(LocalFetcherTest, ConnectionThatNobodyUsesIsClosed) {
  fetcher_ = std::make_unique<LocalFetcher>(*loop_, 20ms);
  std::atomic<bool> left = false;
  RawServer server([&](RawServer::Connection& c) {
    while (c.read_request() && c.send(http_answer(200, "up 1\n"))) {
    }
    left = true;
  });
  EXPECT_EQ(body(server.url()), "up 1\n");
  run_until([&] { return left.load(); });
  EXPECT_TRUE(left);
}

TEST_F(LocalFetcherTest, LocalhostIsAlsoTheAddressThatListens) {
  RawServer server([](RawServer::Connection& c) { // on 127.0.0.1 alone
    while (c.read_request() && c.send(http_answer(200, "up 1\n"))) {
    }
  });
  std::string url = server.url();
  url.replace(url.find("127.0.0.1"), 9, "localhost");
  EXPECT_EQ(body(url), "up 1\n");
}

TEST_F(LocalFetcherTest, ThrownByOneThatIsLateDoesNotKeepTheOthersFromHearing) {
  RawServer server([](RawServer::Connection& c) { c.hold(); });
  int told = 0;
  for (int i = 0; i < 3; ++i) {
    HttpRequest request = get(server.url());
    request.timeout = 50ms;
    fetcher_->start(request, [&](const Result<HttpResponse>& r) {
      EXPECT_FALSE(r);
      if (++told == 1) throw std::runtime_error("boom");
    });
  }
  EXPECT_THROW(run_until([&] { return told == 3; }), std::runtime_error);
  run_until([&] { return told == 3; });
  EXPECT_EQ(told, 3);
}

} // namespace
} // namespace backstop
