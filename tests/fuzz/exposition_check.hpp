#pragma once
#include "collectors/metrics_report.hpp"
#include "collectors/sample_store.hpp"
#include "tests/fuzz/exposition_told.hpp"
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

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

/// What several service files may want: names that are prefixes of others, shorter and longer than eight bytes, in quotes.
inline const std::vector<std::vector<CompiledSelector>>& selector_sets() {
  const auto of = [](std::string_view text, SeriesKind kind = SeriesKind::gauge) {
    return CompiledSelector{*Selector::parse(text), kind, false};
  };
  static const std::vector<std::vector<CompiledSelector>> all{
      {of("a"), of("a_total{b=~\".*x.*\"}", SeriesKind::counter), of("a{b!=\"1\"}"), of("{\"b.c\"}")},
      {of("aa"), of("h_bucket", SeriesKind::counter), of("h_seconds_bucket{le!=\"+Inf\"}"), of("h_seconds_sum"),
       of("h_seconds_count")},
      {of("process_start_time_seconds"), of("process_cpu_seconds_total", SeriesKind::counter), of("a_info"), of("b")}};
  return all;
}

/// The lines of a text in another order, or some of them: what the next scrape may bring.
inline std::string rearranged(std::string_view text, bool backwards) {
  std::vector<std::string_view> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    lines.push_back(text.substr(at, end - at));
    at = end;
  }
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (backwards)
      out.append(lines[lines.size() - 1 - i]);
    else if (i % 3 != 1)
      out.append(lines[i]);
  }
  return out;
}

/// One store over several texts finds in each what the parser sees in it.
inline std::string check_store(const std::vector<CompiledSelector>& selectors, std::string_view text, Format format) {
  SampleStore store(selectors);
  Scrape scrape, again;
  for (const std::string& now :
       {std::string(text), std::string(text), rearranged(text, false), rearranged(text, true), std::string(text)}) {
    Wanted wanted;
    wanted.selectors = &selectors;
    const auto counts = parse_exposition(now, format, {}, wanted);
    if (wanted.nameless) return "every sample has a name";
    std::uint64_t zeros = store.dropped().of(DropReason::all_zero_after_restart);
    store.take(now, format, scrape);
    zeros = store.dropped().of(DropReason::all_zero_after_restart) - zeros;
    if (!counts) continue;
    if (scrape.health != ScrapeHealth::ok) {
      if (scrape.why.find(" changed its type from ") != std::string::npos) continue;
      return "the store reads what the parser reads";
    }
    if (scrape.samples.size() + zeros != wanted.samples) return "the store finds what the parser finds";
    store.take(now, format, again);
    if (again.health != ScrapeHealth::ok) return "the same text is read again";
    if (zeros > 0) continue;
    if (again.samples.size() != scrape.samples.size()) return "the same text gives the same samples";
    for (std::size_t i = 0; i < again.samples.size(); ++i)
      if (again.samples[i].series != scrape.samples[i].series || again.samples[i].value != scrape.samples[i].value)
        return "the same text gives the same series and values";
  }
  return "";
}

/// The rule that is broken, empty when all hold. The first byte of `data` picks the format.
inline std::string check_exposition(std::string_view data) {
  if (data.empty()) return "";
  const Format format = (static_cast<unsigned char>(data.front()) & 1U) != 0 ? Format::openmetrics : Format::prometheus;
  const std::string text(data.substr(1)); // a copy of its exact size, so that reading past its end is seen
  if (told_of(text, format, {}, true) != told_of(text, format, {}, false))
    return "the quick way tells what line by line tells";
  ExpositionVisitor nobody;
  const auto counts = parse_exposition(text, format, {}, nobody);
  if (counts && counts->samples > counts->lines) return "no more samples than lines";
  const MetricsReport report = check_metrics(text, format);
  if (report.readable != counts.ok()) return "readable is what the parser says";
  if (report.valid != report.faults.empty()) return "valid is without faults";
  for (const std::vector<CompiledSelector>& selectors : selector_sets())
    if (std::string broken = check_store(selectors, text, format); !broken.empty()) return broken;
  return "";
}

} // namespace backstop::fuzz
