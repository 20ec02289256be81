#pragma once
#include "collectors/number.hpp"
#include "collectors/plugin_output.hpp"
#include "collectors/sample_store.hpp"
#include <cmath>
#include <set>
#include <string>
#include <string_view>

/// What holds for any bytes that a plugin prints: shared by the fuzzer and the replay of its corpus.
namespace backstop::fuzz {

/// The rule that is broken, empty when all hold.
inline std::string check_plugin_output(std::string_view data) {
  const std::string text(data); // a copy of its exact size, so that reading past its end is seen
  const PluginOutput output = read_plugin_output(text);
  for (const std::string* shown : {&output.text, &output.first_left_out}) {
    if (shown->size() > 200 || !is_utf8(*shown)) return "what is shown is short and UTF-8";
    for (const char c : *shown)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return "what is shown has no control characters";
  }
  if (output.first_left_out.empty() != (output.left_out == 0)) return "the first that was left out is named";
  std::set<std::string> labels;
  for (const RawSample& s : output.samples) {
    if (s.name != "plugin_perfdata" && s.name != "plugin_perfdata_total") return "only the two families";
    if (s.labels.size() != 1 || s.labels[0].first != "label") return "one label";
    if (s.labels[0].second.empty() || !is_utf8(s.labels[0].second)) return "labels are UTF-8 and not empty";
    if (!labels.insert(s.labels[0].second).second) return "each label once";
    if (!std::isfinite(s.value)) return "values are finite";
  }
  if (output.samples.size() + output.left_out > text.size()) return "no more pieces than bytes";

  SampleStore store({{*Selector::parse("plugin_perfdata"), SeriesKind::gauge, false}});
  Scrape scrape;
  store.take(output.samples, scrape);
  if (scrape.health != ScrapeHealth::ok) return "the store takes what was read";
  return "";
}

} // namespace backstop::fuzz
