#include "daemon/io/http_peers.hpp"
#include <algorithm>

namespace backstop {
namespace {

/// Peers remembered before those are looked for that have gone. Far more than can be connected.
constexpr std::size_t kRemembered = 1024;

} // namespace

std::optional<Duration> RequestBucket::take(const RequestRate& rate, Time now) {
  const Time after = std::max(full_at_, now) + rate.every;
  const Duration over = (after - now) - rate.every * rate.burst;
  if (over > Duration::zero()) return over;
  full_at_ = after;
  return std::nullopt;
}

bool HttpPeers::enter(const std::string& peer, Time now) {
  const bool trusted = limits_.trusted.contains(peer);
  if (!trusted && counted_ >= limits_.connections) return false;
  if (peers_.size() >= kRemembered) forget_idle(now);
  Peer& p = peers_[peer];
  if (p.connections >= limits_.connections_per_peer) return false;
  ++p.connections;
  if (!trusted) ++counted_;
  return true;
}

/// A peer that leaves is remembered until its bucket is full: coming back gives it no new one.
void HttpPeers::leave(const std::string& peer, Time now) {
  const auto found = peers_.find(peer);
  if (found == peers_.end() || found->second.connections == 0) return;
  if (!limits_.trusted.contains(peer)) --counted_;
  if (--found->second.connections == 0 && found->second.bucket.full(now)) peers_.erase(found);
}

std::optional<Duration> HttpPeers::ask(const std::string& peer, Time now) {
  return peers_[peer].bucket.take(rate_of(peer), now);
}

const RequestRate& HttpPeers::rate_of(const std::string& peer) const {
  return limits_.trusted.contains(peer) ? limits_.trusted_rate : limits_.rate;
}

void HttpPeers::forget_idle(Time now) {
  std::erase_if(peers_,
                [now](const auto& entry) { return entry.second.connections == 0 && entry.second.bucket.full(now); });
}

} // namespace backstop
