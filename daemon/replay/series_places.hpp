#pragma once
#include "collectors/exposition.hpp"
#include "collectors/raw_sample.hpp"
#include "collectors/sample_store.hpp"
#include "daemon/config/compile.hpp"
#include "daemon/config/config.hpp"
#include "rules/result.hpp"
#include <compare>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace backstop::replay {

/// One target of one source.
struct Place {
  std::uint32_t source = 0;
  std::uint32_t target = 0;
  auto operator<=>(const Place&) const = default;
};

/// One series of a recording, and which targets it came from.
struct RecordedSeries {
  std::uint32_t id = 0;      ///< in the order of first appearance
  RawSample sample;          ///< name and labels, without those that say where it came from
  std::vector<Place> places; ///< none: nobody wants it
  bool attempt = false;      ///< of the family backstop_scrape
  bool took = false;         ///< of the family backstop_scrape_duration_seconds
  bool start_time = false;   ///< tells of restarts; by itself no sign that a scrape was made
  std::string why;           ///< of a failed attempt
};

/// Says where each series of a recording belongs, once a series.
class SeriesPlaces {
public:
  SeriesPlaces(const config::Service& service, const config::CompiledService& compiled);

  /// The series of this line. The pointer stays good. Errors: labels that name no source or target.
  Result<const RecordedSeries*> find(const SampleView& sample);

  [[nodiscard]] const RecordedSeries& series(std::uint32_t id) const { return series_[id]; }
  /// A selector of the service matched something.
  [[nodiscard]] bool any_wanted() const { return any_wanted_; }
  /// The targets of a source: those that are written, and whichever were named of one that looks for its targets.
  [[nodiscard]] const std::vector<std::string>& targets(std::uint32_t source) const { return targets_[source]; }
  /// A few of the names that were seen, for a message.
  [[nodiscard]] std::string some_names() const;

private:
  [[nodiscard]] Result<std::uint32_t> source_named(const std::string& name) const;
  [[nodiscard]] Result<std::uint32_t> target_named(std::uint32_t source, const std::string& name);
  [[nodiscard]] bool wants(std::uint32_t source, const RawSample& sample) const;
  Status settle(RecordedSeries& series, const std::string& source, const std::string& target);

  const config::Service& service_;
  const config::CompiledService& compiled_;
  std::vector<std::vector<std::string>> targets_; ///< names, by source
  std::deque<RecordedSeries> series_;
  std::unordered_map<std::string, std::uint32_t> by_text_;
  bool any_wanted_ = false;
};

/// As the scraper bounds the series of a target of this source.
SampleStoreLimits limits_of(const config::Service& service, std::uint32_t source);

} // namespace backstop::replay
