#include "daemon/replay/series_places.hpp"
#include "daemon/config/keys.hpp"
#include "daemon/target_places.hpp"
#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

namespace backstop::replay {
namespace {

constexpr std::string_view kAttempt = "backstop_scrape";
constexpr std::string_view kTook = "backstop_scrape_duration_seconds";
constexpr std::string_view kStartTime = "process_start_time_seconds";

} // namespace

SeriesPlaces::SeriesPlaces(const config::Service& service, const config::CompiledService& compiled)
    : service_(service), compiled_(compiled) {
  for (const config::Source& source : service.sources) {
    const TargetPlaces places(source);
    std::vector<std::string>& names = targets_.emplace_back();
    for (std::uint32_t i = 0; i < places.size(); ++i) names.push_back(places.name(i));
  }
}

Result<const RecordedSeries*> SeriesPlaces::find(const SampleView& sample) {
  if (const auto known = by_text_.find(std::string(sample.series)); known != by_text_.end())
    return &series_[known->second];
  RecordedSeries series;
  series.id = static_cast<std::uint32_t>(series_.size());
  series.sample.name = sample.name;
  series.attempt = sample.name == kAttempt;
  series.took = sample.name == kTook;
  const bool ours = series.attempt || series.took;
  series.why = "failed when it was recorded";
  std::string source, target;
  for (const LabelView& label : sample.labels) {
    if (label.name == "backstop_source" || (ours && label.name == "source"))
      source = label.value;
    else if (label.name == "backstop_target" || (ours && label.name == "target"))
      target = label.value;
    else if (series.attempt && label.name == "why")
      series.why = label.value;
    else
      series.sample.labels.emplace_back(label.name, label.value);
  }
  series.start_time = sample.name == kStartTime && series.sample.labels.empty();
  if (Status s = settle(series, source, target); !s) return s.error();
  by_text_.emplace(sample.series, series.id);
  series_.push_back(std::move(series));
  return &series_.back();
}

Status SeriesPlaces::settle(RecordedSeries& series, const std::string& source, const std::string& target) {
  if (!source.empty()) {
    const Result<std::uint32_t> index = source_named(source);
    if (!index) return index.error();
    const Result<std::uint32_t> of_target = target_named(*index, target);
    if (!of_target) return of_target.error();
    const bool wanted = wants(*index, series.sample);
    any_wanted_ = any_wanted_ || wanted;
    // What is not wanted still shows that the target answered.
    series.places.push_back({*index, *of_target});
    return {};
  }
  if (!target.empty())
    return fail(Errc::invalid, series.attempt ? "the label target needs the label source beside it"
                                              : "the label backstop_target needs the label backstop_source beside it");
  for (std::uint32_t i = 0; i < compiled_.sources.size(); ++i) {
    const bool wanted = wants(i, series.sample);
    any_wanted_ = any_wanted_ || wanted;
    if (wanted || series.attempt || series.took || series.start_time) series.places.push_back({i, 0});
  }
  return {};
}

Result<std::uint32_t> SeriesPlaces::source_named(const std::string& name) const {
  std::vector<std::string_view> known;
  for (std::uint32_t i = 0; i < compiled_.sources.size(); ++i) {
    if (compiled_.sources[i].name == name) return i;
    known.push_back(compiled_.sources[i].name);
  }
  return fail(Errc::invalid, "there is no source \"" + name + "\" in " + service_.file + " (" +
                                 config::suggestion(name, known, "sources") + ")");
}

Result<std::uint32_t> SeriesPlaces::target_named(std::uint32_t source, const std::string& name) {
  if (name.empty()) return std::uint32_t{0};
  std::vector<std::string>& names = targets_[source];
  const std::size_t targets = names.size();
  if (const auto known = std::find(names.begin(), names.end(), name); known != names.end())
    return static_cast<std::uint32_t>(known - names.begin());
  const config::TargetList* list = config::targets_of(service_.sources[source]);
  if (list && list->discovers()) { // whatever was found then
    if (targets == TargetPlaces::kMost)
      return fail(Errc::invalid, "more than " + std::to_string(targets) + " targets of source " +
                                     service_.sources[source].name + " (replay a shorter time)");
    names.push_back(name);
    return static_cast<std::uint32_t>(targets);
  }
  std::uint32_t index = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
  if (error == std::errc{} && end == name.data() + name.size() && index < targets) return index;
  return fail(Errc::invalid, "there is no target \"" + name + "\" of source " + service_.sources[source].name + " in " +
                                 service_.file + " (it has " + std::to_string(targets) +
                                 (targets == 1 ? " target" : " targets") +
                                 "; name it as in that file, or by its place from 0)");
}

bool SeriesPlaces::wants(std::uint32_t source, const RawSample& sample) const {
  std::vector<LabelView> labels;
  for (const auto& [name, value] : sample.labels) labels.push_back({name, value});
  const auto& selectors = compiled_.sources[source].selectors;
  return std::any_of(selectors.begin(), selectors.end(),
                     [&](const CompiledSelector& s) { return s.selector.matches(sample.name, labels); });
}

std::string SeriesPlaces::some_names() const {
  constexpr std::size_t kShown = 8;
  std::set<std::string> names;
  for (const RecordedSeries& series : series_) names.insert(series.sample.name);
  std::string text;
  std::size_t n = 0;
  for (const std::string& name : names) {
    if (n++ == kShown) return text + " …";
    text += (text.empty() ? "" : ", ") + name;
  }
  return text.empty() ? "nothing" : text;
}

SampleStoreLimits limits_of(const config::Service& service, std::uint32_t source) {
  SampleStoreLimits limits;
  if (const auto* prometheus = std::get_if<config::PrometheusSource>(&service.sources[source].kind))
    limits.index.series = prometheus->max_series;
  return limits;
}

} // namespace backstop::replay
