#pragma once
#include "rules/shared_text.hpp"
#include "rules/time.hpp"
#include <cstdint>
#include <string>
#include <vector>

namespace backstop {

/// What a wanted series is used for. Counters get resets handled; gauges are taken as they are.
enum class SeriesKind { counter, gauge };

/// One value of one wanted series, from one scrape.
struct Sample {
  std::uint32_t selector = 0; ///< which of the source's wanted selectors matched (index into CompiledSource::selectors)
  std::uint32_t series = 0;   ///< dense id of the series within its target, stable while the target lives
  double value = 0;           ///< finite: NaN and Inf never get here
  double le = 0;              ///< upper bound of a histogram bucket (+Inf allowed); 0 where the series is no bucket
};

enum class ScrapeHealth {
  ok,    ///< an answer that could be read
  error, ///< no answer, or one that could not be read; `why` says which
};

/// Which series an id stands for.
struct NamedSeries {
  std::uint32_t series = 0; ///< as in Sample
  SharedText text; ///< name{label="value",...}, labels in order of their names; the same object in every scrape
};

/// Everything one attempt to read one target gave. The arrow between the collectors and the rules.
struct Scrape {
  std::uint32_t source = 0; ///< index into the service's sources
  std::uint32_t target = 0; ///< index into the source's targets
  Time t{};                 ///< when the request was sent: the time at which the values are taken to hold
  Time arrived{};           ///< when the answer was whole
  ScrapeHealth health = ScrapeHealth::ok;
  std::string why;             ///< empty when health is ok
  std::string note;            ///< the read is good, and something is amiss (a part is missing): what; for people
  std::vector<Sample> samples; ///< sorted by (selector, series)
  /// Series that were given their ids in this scrape, also where it failed then. No evidence: for who keeps samples.
  std::vector<NamedSeries> named;
};

} // namespace backstop
