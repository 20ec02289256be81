#include "collectors/exposition.hpp"
#include "collectors/line_reader.hpp"
#include "collectors/name_chars.hpp"
#include "collectors/quick_reader.hpp"
#include <array>
#include <cstring>

namespace backstop {

std::string_view name_of(Format format) { return format == Format::openmetrics ? "openmetrics" : "prometheus"; }

std::string_view name_of(MetricType type) {
  switch (type) {
  case MetricType::unknown: return "unknown";
  case MetricType::counter: return "counter";
  case MetricType::gauge: return "gauge";
  case MetricType::histogram: return "histogram";
  case MetricType::gaugehistogram: return "gaugehistogram";
  case MetricType::summary: return "summary";
  case MetricType::info: return "info";
  case MetricType::stateset: return "stateset";
  }
  return "unknown";
}

std::span<const std::string_view> suffixes_of(MetricType type) {
  static constexpr std::array<std::string_view, 2> counter{"_total", "_created"};
  static constexpr std::array<std::string_view, 4> histogram{"_bucket", "_count", "_sum", "_created"};
  static constexpr std::array<std::string_view, 5> gaugehistogram{"_bucket", "_gcount", "_gsum", "_count", "_sum"};
  static constexpr std::array<std::string_view, 3> summary{"_count", "_sum", "_created"};
  static constexpr std::array<std::string_view, 1> info{"_info"};
  switch (type) {
  case MetricType::counter: return counter;
  case MetricType::histogram: return histogram;
  case MetricType::gaugehistogram: return gaugehistogram;
  case MetricType::summary: return summary;
  case MetricType::info: return info;
  case MetricType::unknown:
  case MetricType::gauge:
  case MetricType::stateset: return {};
  }
  return {};
}

Format detect_format(std::string_view content_type) {
  constexpr std::string_view kOpenMetrics = "application/openmetrics-text";
  while (!content_type.empty() && is_blank(content_type.front())) content_type.remove_prefix(1);
  if (content_type.size() < kOpenMetrics.size()) return Format::prometheus;
  for (std::size_t i = 0; i < kOpenMetrics.size(); ++i) {
    const char c = content_type[i];
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    if (lower != kOpenMetrics[i]) return Format::prometheus;
  }
  const bool whole = content_type.size() == kOpenMetrics.size() || content_type[kOpenMetrics.size()] == ';' ||
                     is_blank(content_type[kOpenMetrics.size()]);
  return whole ? Format::openmetrics : Format::prometheus;
}

namespace {

class Parser {
public:
  Parser(std::string_view text, Format format, const ExpositionLimits& limits, ExpositionVisitor& visitor, bool quickly)
      : text_(text), format_(format), quickly_(quickly), quick_(text, limits), reader_(format, limits),
        visitor_(visitor) {}

  bool run() { return format_ == Format::openmetrics ? run_strict() : run_plain(); }

  ExpositionCounts counts;
  ExpositionFault fault;

private:
  /// The next line without its newline.
  void next_line() {
    const char* from = text_.data() + pos_;
    const auto left = text_.size() - pos_;
    const void* newline = std::memchr(from, '\n', left);
    ended_ = newline != nullptr;
    const std::size_t length = ended_ ? static_cast<std::size_t>(static_cast<const char*>(newline) - from) : left;
    line_ = {from, length};
    pos_ += length + (ended_ ? 1 : 0);
    ++counts.lines;
  }

  bool fail(std::size_t column, std::string reason) {
    fault = {counts.lines, column, std::move(reason)};
    return false;
  }
  bool fail_from_reader() { return fail(reader_.fault_column() + indent_, reader_.fault_reason()); }

  bool run_plain() {
    while (pos_ < text_.size()) {
      if (read_quickly()) continue;
      next_line();
      indent_ = 0;
      while (indent_ < line_.size() && is_blank(line_[indent_])) ++indent_;
      line_.remove_prefix(indent_);
      if (line_.empty()) continue;
      if (!(line_.front() == '#' ? metadata() : sample())) return false;
    }
    return true;
  }

  bool run_strict() {
    while (pos_ < text_.size()) {
      if (read_quickly()) continue;
      next_line();
      const bool hash = !line_.empty() && line_.front() == '#';
      if (!(hash ? metadata() : sample())) return false;
      if (hash && metadata_.kind == MetadataKind::eof) {
        if (pos_ == text_.size()) return true;
        ++counts.lines;
        return fail(1, "there must be nothing after \"# EOF\"");
      }
      if (!ended_) return fail(line_.size() + 1, "the text must end with \"# EOF\": it may be cut off here");
    }
    if (counts.lines == 0) ++counts.lines;
    return fail(1, "the text must end with \"# EOF\": it may be cut off here");
  }

  /// A sample line of the usual form, as a whole. False: the next line is of another one, of which series_size_ bytes are
  /// read already.
  bool read_quickly() {
    series_size_ = 0;
    if (!quickly_ || text_[pos_] == '#') return false;
    const QuickReader::Outcome outcome = quick_.sample(text_.data() + pos_, sample_);
    if (outcome == QuickReader::Outcome::series) series_size_ = sample_.series.size();
    if (outcome != QuickReader::Outcome::sample) return false;
    pos_ = static_cast<std::size_t>(quick_.next() - text_.data());
    ++counts.lines;
    take_sample(quick_.same_name());
    return true;
  }

  bool metadata() {
    if (!reader_.metadata(line_, metadata_)) return fail_from_reader();
    metadata_.line = counts.lines;
    known_family_ = false;
    if (!metadata_.name.empty() && metadata_.name != family_) begin_family(metadata_.name, MetricType::unknown);
    if (metadata_.kind == MetadataKind::type) type_ = metadata_.type;
    visitor_.on_metadata(metadata_);
    return true;
  }

  bool sample() {
    const bool read = series_size_ > 0 ? reader_.tail(line_, series_size_, sample_) : reader_.sample(line_, sample_);
    if (!read) return fail_from_reader();
    known_family_ = false;
    take_sample(false);
    return true;
  }

  void take_sample(bool same_name) {
    sample_.line = counts.lines;
    ++counts.samples;
    if (!(same_name && known_family_) && !in_family(sample_.name)) begin_family(sample_.name, MetricType::unknown);
    known_family_ = true;
    visitor_.on_sample(sample_);
  }

  void begin_family(std::string_view name, MetricType type) {
    family_.assign(name);
    type_ = type;
    ++counts.families;
  }

  [[nodiscard]] bool in_family(std::string_view name) const {
    if (name.size() < family_.size() || family_.empty() || name.substr(0, family_.size()) != family_) return false;
    const std::string_view suffix = name.substr(family_.size());
    if (suffix.empty()) return true;
    for (const std::string_view allowed : suffixes_of(type_))
      if (suffix == allowed) return true;
    return false;
  }

  std::string_view text_;
  Format format_;
  bool quickly_;
  QuickReader quick_;
  LineReader reader_;
  ExpositionVisitor& visitor_;
  std::size_t pos_ = 0;
  std::string_view line_;
  std::size_t series_size_ = 0; ///< of the next line, if QuickReader read so much of it
  std::size_t indent_ = 0;
  bool ended_ = false;
  MetadataView metadata_;
  SampleView sample_;
  std::string family_; ///< a copy: a quoted name lives in the reader's buffer. Its capacity is kept.
  MetricType type_ = MetricType::unknown;
  bool known_family_ = false; ///< the line before was a sample, which is of family_
};

Result<ExpositionCounts> run(Parser parser, ExpositionProgress* progress) {
  const bool whole = parser.run();
  if (progress != nullptr) *progress = {parser.counts, parser.fault};
  if (whole) return parser.counts;
  return fail(Errc::invalid, "line " + std::to_string(parser.fault.line) + ", column " +
                                 std::to_string(parser.fault.column) + ": " + parser.fault.reason);
}

} // namespace

Result<ExpositionCounts> parse_exposition(std::string_view text, Format format, const ExpositionLimits& limits,
                                          ExpositionVisitor& visitor, ExpositionProgress* progress) {
  return run(Parser(text, format, limits, visitor, true), progress);
}

Result<ExpositionCounts> detail::parse_line_by_line(std::string_view text, Format format,
                                                    const ExpositionLimits& limits, ExpositionVisitor& visitor,
                                                    ExpositionProgress* progress) {
  return run(Parser(text, format, limits, visitor, false), progress);
}

} // namespace backstop
