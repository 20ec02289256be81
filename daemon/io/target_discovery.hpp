#pragma once
#include "daemon/io/event_loop.hpp"
#include "daemon/service_watch.hpp"
#include "daemon/target_places.hpp"
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace backstop {

/// Looks for the targets of those sources of a service that have files or DNS names for it, every now and then.
///
/// - A file is read when it was changed, and has been left alone for a second since: a writer may be in the middle of it.
/// - A name that was found no longer counts as gone at the third answer in a row without it: name servers give parts.
/// - A file or name that cannot be read keeps what it gave before. Until each of them could be read once, nothing is told but
///   why: what is known from before a restart is more than a part. Of names that count as gone in the same way.
/// - Changes are told at once, but of one source after kBurst of them only each kPause: they are records.
class TargetDiscovery {
public:
  using OnFound = std::function<void(const std::string& source, const FoundTargets&)>;

  /// What `watch` knows of targets is what was found before. `on_found` is called from the loop, after each look that
  /// changed something, never from inside the constructor.
  TargetDiscovery(EventLoop& loop, const ServiceWatch& watch, OnFound on_found);
  ~TargetDiscovery();
  TargetDiscovery(const TargetDiscovery&) = delete;
  TargetDiscovery& operator=(const TargetDiscovery&) = delete;

  static constexpr int kMissesToLeave = 3;
  static constexpr int kBurst = 5;
  static constexpr Duration kPause = std::chrono::seconds(10);

private:
  struct OfSource;
  std::vector<std::unique_ptr<OfSource>> sources_;
};

} // namespace backstop
