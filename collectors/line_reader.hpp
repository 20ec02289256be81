#pragma once
#include "collectors/exposition.hpp"
#include <string>
#include <vector>

namespace backstop {

/// Reads single lines of an exposition. One is kept and used for many lines, so that its buffers are allocated once.
/// Every read gives false at a fault, which fault_column() and fault_reason() then tell. Lines come without their newline.
class LineReader {
public:
  LineReader(Format format, const ExpositionLimits& limits)
      : openmetrics_(format == Format::openmetrics), limits_(limits) {}

  /// A whole sample line. 0.0.4: blanks in front are the caller's to skip.
  bool sample(std::string_view line, SampleView& out);
  /// Only name{labels}: series, name, labels and trailing_comma of `out` are set.
  bool series(std::string_view line, SampleView& out);
  /// Only what follows the first `from` bytes of the line, which are a name{labels} read before.
  bool tail(std::string_view line, std::size_t from, SampleView& out);
  /// A line that starts with '#'.
  bool metadata(std::string_view line, MetadataView& out);

  [[nodiscard]] std::size_t fault_column() const { return fault_column_; }
  [[nodiscard]] const char* fault_reason() const { return fault_reason_; }

private:
  bool start(std::string_view line);
  bool fail(const char* reason);
  bool fail_at(const char* where, const char* reason);
  void skip_blanks();
  bool read_series(SampleView& out);
  bool read_tail(SampleView& out);
  bool read_plain_tail(SampleView& out);
  bool read_strict_tail(SampleView& out);
  bool read_exemplar(SampleView& out);
  bool read_labels(std::vector<LabelView>& labels, std::string_view* name, bool& trailing_comma);
  bool read_label(std::vector<LabelView>& labels, std::string_view* name);
  bool read_quoted(std::string_view& out);
  bool check_labels(const std::vector<LabelView>& labels, const char* where);
  bool read_plain_metadata(MetadataView& out);
  bool read_strict_metadata(MetadataView& out);
  bool read_metadata_name(MetadataView& out);
  bool check_metadata(MetadataView& out, const char* text_at);
  std::string_view token();
  bool read_value(double& out);
  bool read_seconds(double& out);
  std::string_view unescape(std::string_view raw);

  bool openmetrics_;
  ExpositionLimits limits_;
  const char* begin_ = nullptr;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  std::vector<LabelView> labels_;
  std::vector<LabelView> exemplar_labels_;
  std::string unescaped_; ///< views look into it: it never grows past its capacity within a line
  std::size_t fault_column_ = 0;
  const char* fault_reason_ = "";
};

} // namespace backstop
