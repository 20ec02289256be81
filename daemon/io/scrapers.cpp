#include "daemon/io/scrapers.hpp"
#include "daemon/app.hpp"
#include "daemon/io/local_fetcher.hpp"
#include "daemon/telemetry.hpp"
#include <algorithm>
#include <utility>

namespace backstop {

Scrapers::Scrapers(ProbeParts probes, App& app, LocalFetcher& fetcher, Telemetry& telemetry,
                   std::function<void()> after_event)
    : probes_(probes), app_(app), fetcher_(fetcher), telemetry_(telemetry), after_event_(std::move(after_event)) {
  timer_ = probes_.loop.add_timer([this] {
    if (!due_.empty()) telemetry_.loop_lag(std::max(Duration{}, probes_.loop.fresh_now() - due_.begin()->first));
    tick();
  });
}

void Scrapers::rebuild() {
  EventLoop& loop = probes_.loop;
  due_.clear(); // see schedule()
  std::erase_if(services_, [this](const auto& entry) {
    const auto watch = app_.watches().find(entry.first);
    return watch == app_.watches().end() || watch->second->generation != entry.second.generation;
  });
  for (const auto& [key, watch] : app_.watches()) {
    OfService& service = services_[key];
    if (service.scraper) continue;
    service.generation = watch->generation;
    service.scraper = std::make_unique<Scraper>(
        key, make_targets(*watch, probes_), loop.now(), [&loop] { return loop.fresh_now(); },
        [this, service = key](Scrape& scrape) {
          app_.on_scrape(service, scrape, probes_.loop.fresh_now());
          after_event_();
        });
    service.discovery = std::make_unique<TargetDiscovery>(
        loop, *watch,
        [this, service = key, generation = watch->generation](const std::string& source, const FoundTargets& found) {
          const auto now = app_.watches().find(service);
          if (now == app_.watches().end() || now->second->generation != generation) return; // it is about to go
          app_.on_targets(service, source, found, probes_.loop.now());
          after_event_();
        });
  }
  schedule();
}

void Scrapers::change_targets(const ServiceWatch& watch, std::uint32_t source, const TargetPlaces::Change& change) {
  const auto service = services_.find(watch.key);
  if (service == services_.end() || service->second.generation != watch.generation) return; // it is made anew
  Scraper& scraper = *service->second.scraper;
  for (const std::uint32_t place : change.left) scraper.remove(source, place);
  for (const std::uint32_t place : change.joined) {
    const bool another = std::find(change.replaced.begin(), change.replaced.end(), place) != change.replaced.end();
    scraper.add(make_target(watch, source, place, probes_), probes_.loop.now(), another);
  }
  schedule();
}

/// Targets came or went.
void Scrapers::schedule() {
  std::size_t targets = 0;
  for (const auto& [key, watch] : app_.watches())
    for (const auto& source : watch->sources) targets += source.size();
  fetcher_.keep_connections(targets);
  due_.clear();
  for (const auto& [key, service] : services_) due_.emplace(probes_.loop.now(), service.scraper.get());
  tick();
}

/// Those whose time has come, and no others: there may be thousands.
void Scrapers::tick() {
  const EventLoop& loop = probes_.loop;
  while (!due_.empty() && due_.begin()->first <= loop.now()) {
    auto due = due_.extract(due_.begin());
    due.key() = due.mapped()->tick(loop.now());
    if (due.key() != kNever) due_.insert(std::move(due));
  }
  if (!due_.empty()) timer_->arm(due_.begin()->first);
}

void Scrapers::tell_dropped() {
  for (const auto& [key, service] : services_) {
    const DropCounts counts = service.scraper->dropped();
    for (std::size_t i = 0; i < kDropReasons; ++i) {
      const std::string reason(name_of(static_cast<DropReason>(i)));
      double& told = dropped_told_[key + reason];
      const auto count = static_cast<double>(counts.counts[i]);
      if (count > told) telemetry_.samples_dropped(reason, count - told);
      told = count;
    }
  }
}

} // namespace backstop
