#pragma once
#include "collectors/scraper.hpp"
#include "daemon/io/event_loop.hpp"
#include "daemon/io/probes.hpp"
#include "daemon/io/target_discovery.hpp"
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace backstop {

class App;
class LocalFetcher;
class Telemetry;

/// Reads the targets of every watched service when they are due, looks for those that are found, and hands all of it to the App.
class Scrapers {
public:
  /// All of `probes`, `app`, `fetcher` and `telemetry` outlive them. `after_event` is called after each answer that the app has seen.
  Scrapers(ProbeParts probes, App& app, LocalFetcher& fetcher, Telemetry& telemetry, std::function<void()> after_event);

  /// To be called when services came, went or changed: what has not changed goes on.
  void rebuild();
  void change_targets(const ServiceWatch& watch, std::uint32_t source, const TargetPlaces::Change& change);
  /// Counts samples that could not be used, since it was called last.
  void tell_dropped();

private:
  struct OfService {
    /// Of the watch it feeds: series ids are remembered on both sides, so they belong together.
    std::uint64_t generation = 0;
    std::unique_ptr<Scraper> scraper;
    std::unique_ptr<TargetDiscovery> discovery;
  };
  void schedule();
  void tick();

  ProbeParts probes_;
  App& app_;
  LocalFetcher& fetcher_;
  Telemetry& telemetry_;
  std::function<void()> after_event_;
  std::map<std::string, OfService> services_;
  std::multimap<Time, Scraper*> due_; ///< when each of `services_` wants to be called
  std::map<std::string, double> dropped_told_;
  std::unique_ptr<EventLoop::Timer> timer_;
};

} // namespace backstop
