#include "daemon/io/curl_fetcher.hpp"
#include "daemon/io/local_fetcher.hpp"
#include "tests/integration/raw_server.hpp"
#include <atomic>
#include <gtest/gtest.h>
#include <memory>
#include <vector>

namespace backstop {
namespace {

using namespace std::chrono_literals;

template <class Fetcher> class KeptConnections : public testing::Test {};
using Fetchers = testing::Types<CurlFetcher, LocalFetcher>;
TYPED_TEST_SUITE(KeptConnections, Fetchers);

/// More servers than the connections that are kept without being asked to, each read twice in turn.
TYPED_TEST(KeptConnections, OneToEachServerThatIsAskedAgain) {
  constexpr std::size_t servers = 140;
  block_signals();
  auto made = EventLoop::create();
  ASSERT_TRUE(made);
  const std::unique_ptr<EventLoop> loop = *std::move(made);
  TypeParam fetcher(*loop);
  fetcher.keep_connections(servers);
  std::atomic<int> connections = 0;
  std::vector<std::unique_ptr<RawServer>> all;
  for (std::size_t i = 0; i < servers; ++i)
    all.push_back(std::make_unique<RawServer>([&](RawServer::Connection& c) {
      ++connections;
      while (c.read_request() && c.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nup 1\n")) {
      }
    }));
  for (int round = 0; round < 2; ++round) {
    for (const auto& server : all) {
      HttpRequest request;
      request.url = server->url("/metrics");
      request.timeout = 10s;
      bool answered = false;
      fetcher.start(request, [&](const Result<HttpResponse>& r) {
        EXPECT_TRUE(r && r->body == "up 1\n");
        answered = true;
      });
      EXPECT_FALSE(answered) << "an answer comes from the loop";
      const Time limit = loop->fresh_now() + 30s; // for a failing test alone
      while (!answered && loop->fresh_now() < limit) loop->run_once(1s);
      ASSERT_TRUE(answered);
    }
  }
  EXPECT_EQ(connections, static_cast<int>(servers));
}

} // namespace
} // namespace backstop
