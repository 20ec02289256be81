#pragma once
#include "collectors/exposition.hpp"
#include <bit>
#include <string>
#include <string_view>

namespace backstop {

/// All that a visitor is told, values by their bits.
struct Told : ExpositionVisitor {
  std::string all;
  void labels(std::span<const LabelView> list) {
    for (const LabelView& l : list) all.append("[").append(l.name).append("=").append(l.value).append("]");
  }
  void on_sample(const SampleView& s) override {
    all.append(std::to_string(s.line)).append(" ").append(s.series).append(" ").append(s.name);
    labels(s.labels);
    all.append(" ").append(std::to_string(std::bit_cast<std::uint64_t>(s.value)));
    if (s.has_timestamp) all.append(" at ").append(std::to_string(std::bit_cast<std::uint64_t>(s.timestamp)));
    if (s.has_exemplar) all.append(" exemplar");
    labels(s.exemplar_labels);
    all.append(s.trailing_comma ? " ,\n" : "\n");
  }
  void on_metadata(const MetadataView& m) override {
    all.append(std::to_string(m.line)).append("#").append(m.name).append(" ").append(m.text).append("\n");
  }
};

/// All that is told of a text, its counts and its fault. The quick way must tell what line by line tells.
inline std::string told_of(std::string_view text, Format format, const ExpositionLimits& limits, bool quickly) {
  Told visitor;
  ExpositionProgress progress;
  const auto counts = quickly ? parse_exposition(text, format, limits, visitor, &progress)
                              : detail::parse_line_by_line(text, format, limits, visitor, &progress);
  const ExpositionCounts& c = progress.counts;
  visitor.all += std::to_string(c.lines) + "/" + std::to_string(c.families) + "/" + std::to_string(c.samples);
  return visitor.all + (counts ? "" : " " + counts.error().what);
}

} // namespace backstop
