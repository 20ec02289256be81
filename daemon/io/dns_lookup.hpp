#pragma once
#include "daemon/config/sources.hpp"
#include "daemon/io/event_loop.hpp"
#include "rules/result.hpp"
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace backstop {

/// Asks name servers for the records of several names at once, without blocking the loop (c-ares). Destroying it gives
/// the answers up. Names are completed by the host's search list, as by everything else there.
class DnsLookup {
public:
  /// "HOST:PORT" of what was found, by name: sorted, each once. No such name, or none of its records: an empty list. Errors:
  /// timeout, io with the resolver's words.
  using Answers = std::map<std::string, Result<std::vector<std::string>>>;

  /// Ends within kLongest. `done` is called once from the loop, never from inside the constructor; destroying the
  /// lookup in it is fine.
  DnsLookup(EventLoop& loop, const config::DnsDiscovery& wanted, std::function<void(Answers)> done);
  ~DnsLookup();
  DnsLookup(const DnsLookup&) = delete;
  DnsLookup& operator=(const DnsLookup&) = delete;

  static constexpr Duration kLongest = std::chrono::seconds(10);

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace backstop
