#pragma once
#include "collectors/metrics_report.hpp"
#include "collectors/sample_store.hpp"
#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

/// What holds for any bytes as an answer of a target: shared by the fuzzer and the replay of its corpus.
namespace backstop::fuzz {

struct Wanted : ExpositionVisitor {
  const std::vector<CompiledSelector>* selectors = nullptr;
  std::size_t samples = 0; ///< wanted ones that a store keeps
  std::set<std::string> seen;
  bool nameless = false;
  void on_sample(const SampleView& s) override {
    nameless = nameless || s.series.empty() || s.name.empty();
    std::set<std::string> labels;
    for (const LabelView& l : s.labels)
      if (!l.value.empty()) labels.insert(std::string(l.name) + '\xFE' + std::string(l.value));
    std::string key(s.name);
    for (const std::string& l : labels) key += '\xFF' + l;
    bool wanted = false;
    for (const CompiledSelector& selector : *selectors) wanted = wanted || selector.selector.matches(s.name, s.labels);
    if (!wanted || !seen.insert(key).second || !std::isfinite(s.value)) return;
    for (const CompiledSelector& selector : *selectors)
      samples +=
          selector.selector.matches(s.name, s.labels) && (selector.kind == SeriesKind::gauge || s.value >= 0) ? 1 : 0;
  }
};

inline const std::vector<CompiledSelector>& selectors() {
  static const std::vector<CompiledSelector> all{
      {*Selector::parse("a"), SeriesKind::gauge, false},
      {*Selector::parse("a_total{b=~\".*x.*\"}"), SeriesKind::counter, false},
      {*Selector::parse("a{b!=\"1\"}"), SeriesKind::gauge, false},
      {*Selector::parse("{\"b.c\"}"), SeriesKind::gauge, false}};
  return all;
}

/// The rule that is broken, empty when all hold. The first byte of `data` picks the format.
inline std::string check_exposition(std::string_view data) {
  if (data.empty()) return "";
  const Format format = (static_cast<unsigned char>(data.front()) & 1U) != 0 ? Format::openmetrics : Format::prometheus;
  const std::string text(data.substr(1)); // a copy of its exact size, so that reading past its end is seen
  Wanted wanted;
  wanted.selectors = &selectors();
  const auto counts = parse_exposition(text, format, {}, wanted);
  if (wanted.nameless) return "every sample has a name";
  if (counts && counts->samples > counts->lines) return "no more samples than lines";
  const MetricsReport report = check_metrics(text, format);
  if (report.readable != counts.ok()) return "readable is what the parser says";
  if (report.valid != report.faults.empty()) return "valid is without faults";

  SampleStore store(selectors());
  Scrape first, second;
  store.take(text, format, first);
  store.take(text, format, second);
  if (!counts) return "";
  if (first.health != ScrapeHealth::ok || second.health != ScrapeHealth::ok)
    return "the store reads what the parser reads";
  if (first.samples.size() != wanted.samples) return "the store finds what the parser finds";
  if (store.dropped().of(DropReason::all_zero_after_restart) > 0) return "";
  if (second.samples.size() != first.samples.size()) return "the same text gives the same samples";
  for (std::size_t i = 0; i < first.samples.size(); ++i)
    if (first.samples[i].series != second.samples[i].series || first.samples[i].value != second.samples[i].value)
      return "the same text gives the same series and values";
  return "";
}

} // namespace backstop::fuzz
