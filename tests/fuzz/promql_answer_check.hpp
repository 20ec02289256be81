#pragma once
#include "collectors/number.hpp"
#include "collectors/promql_answer.hpp"
#include "collectors/sample_store.hpp"
#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

/// What holds for any bytes that an engine answers: shared by the fuzzer and the replay of its corpus.
namespace backstop::fuzz {

/// The rule that is broken, empty when all hold.
inline std::string check_promql_answer(std::string_view data) {
  const std::string text(data); // a copy of its exact size, so that reading past its end is seen
  constexpr PromqlLimits limits{20, 100};
  const Result<PromqlAnswer> answer = read_promql_answer(text, limits);
  const auto fit = [](const std::string& shown) {
    return is_utf8(shown) && std::none_of(shown.begin(), shown.end(),
                                          [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  };
  if (!answer) return fit(answer.error().what) && answer.error().what.size() < 1000 ? "" : "an error fit to be shown";
  if (!fit(answer->notes)) return "notes fit to be shown";
  if (answer->series.size() > limits.series) return "no more series than the limit";
  std::size_t points = 0;
  std::vector<RawSample> samples;
  for (const PromqlSeries& series : answer->series) {
    if (series.points.empty()) return "no series without points";
    points += series.points.size();
    for (std::size_t i = 0; i < series.points.size(); ++i) {
      if (!std::isfinite(series.points[i].value) || !std::isfinite(series.points[i].t)) return "numbers are finite";
      if (i > 0 && series.points[i].t <= series.points[i - 1].t) return "points are in order";
    }
    if (!std::is_sorted(series.labels.begin(), series.labels.end())) return "labels are sorted";
    samples.push_back({"x", series.labels, series.points.back().value});
  }
  if (points > limits.points) return "no more points than the limit";

  SampleStore store({{*Selector::parse("x"), SeriesKind::gauge, false}});
  Scrape scrape;
  store.take(samples, scrape);
  if (scrape.health != ScrapeHealth::ok || scrape.samples.size() != samples.size()) return "the store takes all of it";
  return "";
}

} // namespace backstop::fuzz
