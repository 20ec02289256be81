#include "daemon/io/http_peers.hpp"
#include <gtest/gtest.h>

namespace backstop {
namespace {

using namespace std::chrono_literals;

constexpr Time kStart = time_from_us(1'700'000'000'000'000);

/// How many of `count` requests at one time are served.
int served(RequestBucket& bucket, const RequestRate& rate, Time now, int count) {
  int n = 0;
  for (int i = 0; i < count; ++i) n += !bucket.take(rate, now);
  return n;
}

TEST(RequestBucket, GivesTheBurstThenOneEverySoOften) {
  const RequestRate rate{20ms, 100};
  RequestBucket bucket;
  EXPECT_EQ(served(bucket, rate, kStart, 1000), 100);
  EXPECT_EQ(served(bucket, rate, kStart + 19ms, 10), 0);
  EXPECT_EQ(served(bucket, rate, kStart + 20ms, 10), 1);
  EXPECT_EQ(served(bucket, rate, kStart + 1s, 1000), 49);
  EXPECT_EQ(served(bucket, rate, kStart + 1h, 1000), 100) << "a long pause gives one burst and not more";
}

TEST(RequestBucket, TenThousandASecondGetTheRateAndNoMore) {
  const RequestRate rate{20ms, 100};
  RequestBucket bucket;
  int n = 0;
  for (int i = 0; i < 100'000; ++i) n += !bucket.take(rate, kStart + i * 100us);
  EXPECT_EQ(n, 100 + 499);
}

TEST(RequestBucket, WhoWaitsAsLongAsToldIsServed) {
  const RequestRate rate{Duration(33'333), 3};
  RequestBucket bucket;
  ASSERT_EQ(served(bucket, rate, kStart, 3), 3);
  Time now = kStart + 7ms;
  for (int i = 0; i < 50; ++i) {
    const auto wait = bucket.take(rate, now);
    ASSERT_TRUE(wait) << i;
    EXPECT_TRUE(bucket.take(rate, now + *wait - 1us)) << i;
    EXPECT_FALSE(bucket.take(rate, now + *wait)) << i;
    now += *wait;
  }
}

TEST(RequestBucket, RefusedRequestsCostNothing) {
  const RequestRate rate{20ms, 1};
  RequestBucket bucket;
  EXPECT_FALSE(bucket.take(rate, kStart));
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(bucket.take(rate, kStart), 20ms);
  EXPECT_FALSE(bucket.full(kStart + 19ms));
  EXPECT_TRUE(bucket.full(kStart + 20ms));
  EXPECT_FALSE(bucket.take(rate, kStart + 20ms));
}

HttpPeers::Limits small() {
  HttpPeers::Limits limits;
  limits.connections = 5;
  limits.connections_per_peer = 3;
  limits.rate = {1s, 2};
  limits.trusted = {"0"};
  limits.trusted_rate = {1ms, 10};
  return limits;
}

/// How many of `count` further connections a peer gets.
int entered(HttpPeers& peers, const std::string& peer, int count) {
  int n = 0;
  for (int i = 0; i < count; ++i) n += peers.enter(peer, kStart);
  return n;
}

TEST(HttpPeers, ConnectionsAreBoundedPerPeerAndInAll) {
  HttpPeers peers(small());
  EXPECT_EQ(entered(peers, "1000", 10), 3);
  EXPECT_EQ(entered(peers, "1001", 10), 2) << "five in all";
  EXPECT_EQ(entered(peers, "1002", 10), 0);
  peers.leave("1000", kStart);
  EXPECT_EQ(entered(peers, "1002", 10), 1);
}

TEST(HttpPeers, TrustedPeersGetThroughWhoeverElseIsConnected) {
  HttpPeers peers(small());
  ASSERT_EQ(entered(peers, "1000", 3) + entered(peers, "1001", 3), 5);
  EXPECT_EQ(entered(peers, "0", 10), 3);
  EXPECT_EQ(peers.most(), 8U);
  for (int i = 0; i < 3; ++i) peers.leave("0", kStart);
  EXPECT_EQ(entered(peers, "1002", 1), 0) << "theirs are their own";
}

TEST(HttpPeers, OneAtItsRateLeavesTheOthersAlone) {
  HttpPeers peers(small());
  for (const char* peer : {"1000", "1001", "0"}) ASSERT_TRUE(peers.enter(peer, kStart));
  EXPECT_FALSE(peers.ask("1000", kStart));
  EXPECT_FALSE(peers.ask("1000", kStart));
  EXPECT_EQ(peers.ask("1000", kStart), 1s);
  EXPECT_FALSE(peers.ask("1001", kStart));
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(peers.ask("0", kStart)) << i;
  EXPECT_EQ(peers.ask("0", kStart), 1ms);
}

TEST(HttpPeers, ComingBackGivesNoNewBurst) {
  HttpPeers peers(small());
  ASSERT_TRUE(peers.enter("1000", kStart));
  EXPECT_FALSE(peers.ask("1000", kStart));
  EXPECT_FALSE(peers.ask("1000", kStart));
  peers.leave("1000", kStart);
  for (int i = 0; i < 5000; ++i) { // so many that those who have gone are looked for
    const std::string stranger = "10.0.0." + std::to_string(i);
    ASSERT_TRUE(peers.enter(stranger, kStart));
    peers.leave(stranger, kStart);
  }
  ASSERT_TRUE(peers.enter("1000", kStart));
  EXPECT_TRUE(peers.ask("1000", kStart));
  EXPECT_FALSE(peers.ask("1000", kStart + 1s));
}

} // namespace
} // namespace backstop
