#pragma once
#include "collectors/exposition.hpp"
#include <cstdint>
#include <string_view>
#include <vector>

namespace backstop {

/// Reads sample lines of one text in the form in which nearly all are written: no blanks but one before the value, no
/// escapes, no names in quotes, a short number. What it reads means what LineReader says; what it does not read may be
/// right or wrong: LineReader must look then. Quick for two reasons: no byte is looked at twice, the newline included,
/// and what a line has in common with the one read before, most of it in a histogram, is compared and not read.
class QuickReader {
public:
  /// The text must outlive the reader: views of a sample may look into a line before it that has the same bytes.
  QuickReader(std::string_view text, const ExpositionLimits& limits)
      : end_(text.data() + text.size()), limits_(limits) {}

  enum class Outcome {
    sample,  ///< all of it was read; next() is behind its newline
    series,  ///< what stands in braces ended the series, and is set; LineReader::tail must read the rest
    unusual, ///< nothing was read
  };
  /// The line that begins at `at`. Sets all of `out` but `line`, of an Outcome::series only series, name and labels.
  Outcome sample(const char* at, SampleView& out);
  [[nodiscard]] const char* next() const { return next_; }
  /// The metric's name is that of the sample before.
  [[nodiscard]] bool same_name() const { return same_name_; }

private:
  struct Start {             ///< of a label
    std::size_t offset = 0;  ///< in the line
    std::uint64_t names = 0; ///< a bit for each name before it, as bit_of() has it
  };
  const char* read_name(const char* at);
  const char* read_labels(const char* at, const char* from, std::uint64_t names);
  [[nodiscard]] bool is_name_taken(std::string_view name) const;

  const char* end_;
  ExpositionLimits limits_;
  const char* next_ = nullptr;
  bool same_name_ = false;
  const char* last_ = nullptr; ///< the line read before; name_, labels_ and starts_ are of it
  std::size_t last_size_ = 0;  ///< of its series
  std::string_view name_;
  std::vector<LabelView> labels_;
  std::vector<Start> starts_; ///< of the labels
};

} // namespace backstop
