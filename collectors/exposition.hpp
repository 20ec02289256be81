#pragma once
#include "rules/result.hpp"
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace backstop {

/// How a target writes its metrics. What it says in Content-Type decides, not what it was asked for: most exporters
/// answer 0.0.4 whatever the request accepts.
enum class Format {
  prometheus,  ///< text format 0.0.4: free white space, integer millisecond timestamps
  openmetrics, ///< OpenMetrics 1.0: strict white space, float second timestamps, exemplars, ends with "# EOF"
};
std::string_view name_of(Format format);

/// application/openmetrics-text is OpenMetrics; everything else, nothing at all included, is read as 0.0.4.
Format detect_format(std::string_view content_type);

enum class MetricType { unknown, counter, gauge, histogram, gaugehistogram, summary, info, stateset };
std::string_view name_of(MetricType type);

/// Suffixes that samples of a family of this type may carry ("_bucket", "_sum" ...). The bare name is not among them.
std::span<const std::string_view> suffixes_of(MetricType type);

/// Bounds on one line. Bytes in all are bounded by whoever fetched the text. A line that crosses one is an error.
struct ExpositionLimits {
  std::size_t line_bytes = std::size_t{64} << 10U;
  std::size_t labels = 128;      ///< per sample, and per exemplar
  std::size_t name_bytes = 1024; ///< of a metric or label name
};

struct LabelView {
  std::string_view name;
  std::string_view value; ///< unescaped
};

/// One sample line. Every view is good until the visitor returns; `series` looks into the text itself.
struct SampleView {
  std::string_view series; ///< name{labels} as written
  std::string_view name;
  std::span<const LabelView> labels;
  double value = 0;
  bool has_timestamp = false;
  double timestamp = 0; ///< seconds since the epoch, in both formats
  bool has_exemplar = false;
  std::span<const LabelView> exemplar_labels;
  bool trailing_comma = false; ///< {a="b",}: allowed in 0.0.4, tolerated in OpenMetrics
  std::size_t line = 0;        ///< 1 is the first
};

enum class MetadataKind { comment, help, type, unit, eof };
struct MetadataView {
  MetadataKind kind = MetadataKind::comment;
  std::string_view name;                 ///< of the family; empty for comment and eof
  std::string_view text;                 ///< as written, escapes included
  MetricType type = MetricType::unknown; ///< of a TYPE line
  std::size_t line = 0;
};

/// Told of each line in order, up to the first fault.
class ExpositionVisitor {
public:
  virtual ~ExpositionVisitor() = default;
  virtual void on_sample(const SampleView&) {}
  virtual void on_metadata(const MetadataView&) {}
};

struct ExpositionCounts {
  std::size_t lines = 0;
  std::size_t families = 0; ///< runs of lines of one family; a family that comes back later counts again
  std::size_t samples = 0;
};

struct ExpositionFault {
  std::size_t line = 0;   ///< 1 is the first
  std::size_t column = 0; ///< in bytes, 1 is the first
  std::string reason;
};

/// How far the reading came.
struct ExpositionProgress {
  ExpositionCounts counts;
  ExpositionFault fault; ///< meaningful only after an error
};

/// Reads a whole exposition and checks its syntax: one pass, no allocation per sample, nothing kept. Rules that go over
/// several lines (order of buckets, repeated metadata ...) are check_metrics()'s, because a scrape must not be lost to
/// them. Which of the disputed forms are taken: docs/decisions/0010-exposition-choices.md.
/// Errors: Errc::invalid "line L, column C: why"; `progress`, if given, gets the same in parts.
Result<ExpositionCounts> parse_exposition(std::string_view text, Format format, const ExpositionLimits& limits,
                                          ExpositionVisitor& visitor, ExpositionProgress* progress = nullptr);

namespace detail {
/// The same by LineReader alone, without QuickReader: what it must come to, for tests that compare the two.
Result<ExpositionCounts> parse_line_by_line(std::string_view text, Format format, const ExpositionLimits& limits,
                                            ExpositionVisitor& visitor, ExpositionProgress* progress = nullptr);
} // namespace detail

} // namespace backstop
