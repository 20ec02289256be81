#pragma once
#include "rules/time.hpp"
#include <map>
#include <optional>
#include <set>
#include <string>

namespace backstop {

/// How many requests a peer may send: `burst` at once after a pause, then one `every` so often.
struct RequestRate {
  Duration every{std::chrono::milliseconds(20)};
  int burst = 100;
};

/// A token bucket, as the one time at which it is full again. Exact; the times it is given do not decrease.
class RequestBucket {
public:
  /// Nothing: the request may be served, and is counted. Else how long until one may; a refused one is not counted.
  std::optional<Duration> take(const RequestRate& rate, Time now);
  /// It tells no more than a new one would.
  [[nodiscard]] bool full(Time now) const { return full_at_ <= now; }

private:
  Time full_at_ = Time::min();
};

/// Who is connected to an HttpServer, and who may ask. A peer is one uid of a Unix socket, or one address of TCP. It
/// decides only: pure, all times are arguments (judge time).
class HttpPeers {
public:
  struct Limits {
    std::size_t connections = 64;          ///< in all, of peers that are not trusted
    std::size_t connections_per_peer = 16; ///< each, the trusted ones too
    RequestRate rate;
    /// Peers who must get through whoever else is connected: `connections` does not count them.
    std::set<std::string> trusted;
    RequestRate trusted_rate{std::chrono::milliseconds(1), 2000};
  };

  explicit HttpPeers(Limits limits) : limits_(std::move(limits)) {}

  /// May it have one more connection? Then it is counted until leave().
  bool enter(const std::string& peer, Time now);
  void leave(const std::string& peer, Time now);
  /// May a connected peer send one more request? As RequestBucket::take().
  std::optional<Duration> ask(const std::string& peer, Time now);
  /// The rate of one peer, for what it is told.
  [[nodiscard]] const RequestRate& rate_of(const std::string& peer) const;
  /// The most connections that there can be at once.
  [[nodiscard]] std::size_t most() const {
    return limits_.connections + limits_.trusted.size() * limits_.connections_per_peer;
  }

private:
  struct Peer {
    std::size_t connections = 0;
    RequestBucket bucket;
  };
  void forget_idle(Time now);

  Limits limits_;
  std::size_t counted_ = 0; ///< connections of peers that are not trusted
  std::map<std::string, Peer> peers_;
};

} // namespace backstop
