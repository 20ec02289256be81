#pragma once
#include "collectors/probe.hpp"
#include "collectors/sample_store.hpp"
#include "rules/sample.hpp"
#include "rules/time.hpp"
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace backstop {

/// One target of one source, ready to be read.
struct ScrapeTarget {
  std::uint32_t source = 0;
  std::uint32_t target = 0;
  Duration interval{};
  std::vector<CompiledSelector> selectors; ///< the source's
  std::uint32_t max_series = 50'000;
  std::unique_ptr<Probe> probe;
  Duration query_offset{}; ///< its values hold so long before the read
};

/// Reads every target of one service at its interval: starts spread over the interval (by the names, so that a restart
/// keeps the spread), one read in flight a target, a slow target delays no other. Every attempt gives one Scrape. A
/// target that is told of a change by itself is read at once, besides its grid. The times of a target's scrapes
/// increase.
class Scraper {
public:
  using OnScrape = std::function<void(Scrape&)>;
  using Now = std::function<Time()>; ///< judge time, read afresh

  Scraper(const std::string& service, std::vector<ScrapeTarget> targets, Time start, Now now, OnScrape on_scrape);
  ~Scraper();
  Scraper(const Scraper&) = delete;
  Scraper& operator=(const Scraper&) = delete;

  /// Starts what is due. Gives when it wants to be called again.
  Time tick(Time now);
  /// Reads one target now, besides its grid. While a read of it is under way: once more right after it, as the values
  /// on their way may be those from before. Not from inside on_scrape.
  void poke(std::uint32_t source, std::uint32_t target);
  /// The target is read from now on. One that was there before (see remove) goes on with its probe and its series, unless
  /// it is `another` one. Not from inside on_scrape.
  void add(ScrapeTarget target, Time now, bool another);
  /// The target is not read any more; a read under way is still told. Its probe is kept: it may count.
  void remove(std::uint32_t source, std::uint32_t target);
  /// Samples left out so far, by reason, over all targets.
  [[nodiscard]] DropCounts dropped() const;

private:
  struct Slot;
  [[nodiscard]] Slot* slot_of(std::uint32_t source, std::uint32_t target);
  [[nodiscard]] Time first_due(const ScrapeTarget& target, Time start) const;
  void read_now(Slot& slot);
  void begin(Slot& slot, Time t);
  void finished(Slot& slot, Result<ProbeAnswer> answer);
  std::string service_;
  std::vector<std::unique_ptr<Slot>> slots_;
  DropCounts dropped_; ///< of stores that are gone
  Now now_;
  OnScrape on_scrape_;
};

} // namespace backstop
