#pragma once
#include "collectors/exposition.hpp"
#include "collectors/line_reader.hpp"
#include "collectors/raw_sample.hpp"
#include "collectors/selector.hpp"
#include "collectors/series_index.hpp"
#include "collectors/series_scanner.hpp"
#include "rules/sample.hpp"
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace backstop {

/// Why a value was left out of a scrape that was otherwise good.
enum class DropReason {
  nan,                    ///< not a number
  infinite,               ///< +Inf or -Inf
  negative_counter,       ///< a counter or bucket below 0
  inconsistent,           ///< a bucket without a readable `le`
  duplicate,              ///< the series stands twice in one answer: the first one counts
  too_many_series,        ///< over the limit; the scrape is an error then
  all_zero_after_restart, ///< every wanted gauge (two or more) was 0 right after a restart
};
inline constexpr std::size_t kDropReasons = 7;
std::string_view name_of(DropReason reason);

struct DropCounts {
  std::array<std::uint64_t, kDropReasons> counts{};
  [[nodiscard]] std::uint64_t of(DropReason reason) const { return counts[static_cast<std::size_t>(reason)]; }
  [[nodiscard]] std::uint64_t total() const;
  void add(const DropCounts& other);
};

struct SampleStoreLimits {
  SeriesIndex::Limits index; ///< index.series is the config's max_series
  ExpositionLimits exposition;
};

/// The samples of one target: finds the wanted series in what it answers, gives each an id for the life of the target,
/// and keeps out what cannot be true. A value that cannot be true is dropped and counted; only an answer that cannot be
/// read, that has too many wanted series, or that changes the type of a wanted metric is an error of the whole scrape.
/// Ids are dense, never used again, and stay the same as long as the series is seen every now and then
/// (SeriesIndex::Limits::forget_after). A scrape like the one before it costs no allocation and matches no regex.
class SampleStore : private ScanSink {
public:
  explicit SampleStore(std::vector<CompiledSelector> selectors, SampleStoreLimits limits = {});
  ~SampleStore() override;
  SampleStore(const SampleStore&) = delete;
  SampleStore& operator=(const SampleStore&) = delete;

  /// Reads an answer. Sets health, why, samples and named of `out` and leaves the rest of it alone; its vector is used again.
  void take(std::string_view body, Format format, Scrape& out);
  /// The same for values that come from elsewhere than an exposition.
  void take(std::span<const RawSample> samples, Scrape& out);

  /// Since the store was made.
  [[nodiscard]] const DropCounts& dropped() const { return dropped_; }
  /// Wanted series known at present.
  [[nodiscard]] std::size_t series() const { return index_.wanted(); }
  [[nodiscard]] const std::vector<CompiledSelector>& selectors() const { return selectors_; }

private:
  struct Name { ///< a metric name that some selector wants
    std::vector<std::uint32_t> selectors;
    MetricType type = MetricType::unknown;     ///< as declared in earlier scrapes
    MetricType type_now = MetricType::unknown; ///< as declared in this one
    bool exact_now = false;
  };

  bool on_wanted(std::uint32_t name, std::string_view line, LinePlace place) override;
  bool on_quoted(std::string_view line, LinePlace place) override;
  bool on_type(std::uint32_t name, MetricType type, bool exact) override;
  const char* read_on(const char* at, const char* end, std::size_t& number) override;

  void begin(Scrape& out);
  void finish(Scrape& out);
  void put_in_order(std::vector<Sample>& samples);
  std::string check_types();
  void drop_zero_gauges(std::vector<Sample>& samples);
  void drop(DropReason reason, std::uint64_t n = 1) { dropped_.counts[static_cast<std::size_t>(reason)] += n; }
  bool fail_line(LinePlace place);
  std::uint32_t combination(const std::vector<std::uint32_t>& selectors);
  SeriesEntry* resolve(std::uint32_t name, std::span<const LabelView> labels);
  void take_value(SeriesEntry& entry, double value);
  void take_start_time(double value);
  [[nodiscard]] std::optional<std::uint32_t> name_index(std::string_view name) const;

  std::vector<CompiledSelector> selectors_;
  SampleStoreLimits limits_;
  SeriesScanner scanner_;
  std::vector<Name> names_; ///< as scanner_.names()
  std::uint32_t start_time_name_ = 0;
  SeriesIndex index_;
  DropCounts dropped_;
  LineReader readers_[2]; ///< by Format
  LineReader* reader_ = nullptr;
  ExpositionFault fault_;
  SampleView sample_;
  std::vector<std::vector<std::uint32_t>> combinations_; ///< of selectors that want some series together
  /// Samples are written where they belong in Scrape::samples, by how many each selector had in the last scrape: from
  /// starts_[i] on, up to starts_[i + 1]. Where there are more, the others are spilled.
  std::vector<std::uint32_t> starts_;
  std::vector<std::uint32_t> next_; ///< by selector: where its next one is written
  Sample* samples_ = nullptr;       ///< of the scrape at hand
  std::vector<Sample> spilled_;
  std::vector<NamedSeries> named_; ///< in this scrape
  std::vector<LabelView> labels_;
  std::optional<double> start_time_;
  bool start_time_taken_ = false; ///< in this scrape
  bool restarted_ = false;        ///< seen, and no good scrape since
  bool too_many_ = false;
};

} // namespace backstop
