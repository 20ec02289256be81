#pragma once
#include "daemon/ledger.hpp"
#include "daemon/state.hpp"
#include <string>
#include <vector>

namespace backstop {

/// Something people outside should hear of. The first line says the whole thing.
struct Announcement {
  std::string event;    ///< part of the key: rollback_started, rolled_back, rollback_failed, undecided, kept ...
  std::string severity; ///< info, alert, critical, resolved
  std::string title;
  std::string incident; ///< may be empty
  std::string deployment;
};

/// Queues `announcement` in the outbox for the channels and roles of `to`; where that is empty, for those that the routes
/// say, and of an end ("resolved") for all who heard of the incident. A key that was queued before is not queued again, so a
/// restart repeats nothing. What of the same still waits for more (notify.group_wait) goes with it, as one notice.
void announce(Ledger& ledger, const Announcement& announcement, const config::Daemon& daemon,
              const std::vector<std::string>& to, Time now);

/// When to try again after `attempts` failed: 1 s doubling to 5 min, spread by a tenth per key so that many notices that
/// failed together do not return together; never earlier than the other side asked for.
Duration backoff(const std::string& key, int attempts, Duration retry_after);

} // namespace backstop
