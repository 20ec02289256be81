#include "daemon/io/promql_pasts.hpp"
#include "daemon/io/probes.hpp"
#include "daemon/service_watch.hpp"
#include <algorithm>
#include <iterator>
#include <utility>

namespace backstop {
namespace {

constexpr int kMostReads = 2'000; ///< engines give 11,000 points of a series at most

} // namespace

PromqlPasts::PromqlPasts(HttpFetcher& fetcher, ReadSecret read_secret, Now now)
    : fetcher_(fetcher), read_secret_(std::move(read_secret)), now_(std::move(now)) {}

PromqlPasts::~PromqlPasts() = default;

bool PromqlPasts::has_past(const ServiceWatch& watch) const {
  return std::any_of(watch.compiled.sources.begin(), watch.compiled.sources.end(),
                     [](const config::CompiledSource& source) { return !source.queries.empty(); });
}

Status PromqlPasts::read(const ServiceWatch& watch, Time from, Time to, Done done) {
  const std::string service = watch.key;
  Reading& reading = readings_[service] = Reading{};
  reading.done = std::move(done);
  const Duration to_judge = now_() - wall_clock();
  std::vector<std::pair<PromqlPast*, PromqlPast::Stretch>> starts;
  for (std::uint32_t i = 0; i < watch.compiled.sources.size(); ++i) {
    const config::CompiledSource& source = watch.compiled.sources[i];
    if (source.queries.empty()) continue;
    Result<PromqlAsking> asking = promql_asking(watch, i, read_secret_);
    if (!asking) {
      readings_.erase(service);
      return asking.error();
    }
    PromqlPast::Stretch stretch;
    stretch.to_judge = to_judge;
    const Duration reach = to - from;
    stretch.step = std::chrono::ceil<std::chrono::milliseconds>(std::max(source.interval, reach / kMostReads));
    stretch.to = std::chrono::floor<std::chrono::milliseconds>(to - to_judge - source.query_offset);
    stretch.from = stretch.to - reach / stretch.step * stretch.step;
    reading.sources.push_back(std::make_unique<PromqlPast>(fetcher_, *std::move(asking), source.selectors, i));
    starts.emplace_back(reading.sources.back().get(), stretch);
  }
  reading.open = starts.size();
  for (auto& [past, stretch] : starts)
    past->start(stretch,
                [this, service](Result<std::vector<Scrape>> scrapes) { answered(service, std::move(scrapes)); });
  return {};
}

/// One of the service's sources. Each that answers helps its own indicators; with one that does not, all fail, so that
/// it is told.
void PromqlPasts::answered(const std::string& service, Result<std::vector<Scrape>> scrapes) {
  const auto it = readings_.find(service);
  if (it == readings_.end()) return;
  Reading& reading = it->second;
  if (scrapes) {
    reading.scrapes.insert(reading.scrapes.end(), std::make_move_iterator(scrapes->begin()),
                           std::make_move_iterator(scrapes->end()));
    if (--reading.open > 0) return;
  }
  std::stable_sort(reading.scrapes.begin(), reading.scrapes.end(),
                   [](const Scrape& a, const Scrape& b) { return a.t < b.t; });
  Result<std::vector<Scrape>> told =
      scrapes ? std::move(reading.scrapes) : Result<std::vector<Scrape>>(scrapes.error());
  const Done done = std::move(reading.done);
  readings_.erase(it);
  done(std::move(told), now_());
  if (after_done) after_done();
}

} // namespace backstop
