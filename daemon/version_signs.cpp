#include "daemon/version_signs.hpp"
#include <algorithm>
#include <utility>

namespace backstop {

VersionSigns::VersionSigns(const config::Service& service, const config::CompiledService& compiled) {
  if (!compiled.detect) return;
  source_ = compiled.detect->source;
  selector_ = compiled.detect->selector;
  wanted_ = compiled.sources[*source_].selectors[selector_].selector;
  if (const auto* series = std::get_if<config::DetectSeries>(&service.detect)) label_ = series->label;
}

bool VersionSigns::take(const Scrape& scrape) {
  if (scrape.source != source_) return false;
  if (!label_.empty()) return take_labels(scrape);
  if (scrape.health != ScrapeHealth::ok) return false;
  const auto sample = std::find_if(scrape.samples.begin(), scrape.samples.end(),
                                   [this](const Sample& s) { return s.selector == selector_; });
  if (sample == scrape.samples.end()) return false;
  return std::exchange(starts_, sample->value) != sample->value;
}

/// A series is named once, also in an answer that turned out to be an error.
void VersionSigns::take_names(const Scrape& scrape) {
  SampleView series;
  for (const NamedSeries& named : scrape.named) {
    if (!reader_.series(named.text.view(), series) || !wanted_->matches(series.name, series.labels)) continue;
    for (const LabelView& label : series.labels)
      if (label.name == label_) names_[scrape.target][named.series] = label.value;
  }
}

bool VersionSigns::take_labels(const Scrape& scrape) {
  take_names(scrape);
  int& failed = failed_[scrape.target];
  if (scrape.health != ScrapeHealth::ok) return ++failed == kFailuresToBeDown;
  failed = 0;
  // A program that shows the versions before as well says 0 of them. Of several the one that came last.
  const auto& names = names_[scrape.target];
  const std::string* version = nullptr;
  for (const Sample& sample : scrape.samples) {
    if (sample.selector != selector_ || sample.value == 0) continue;
    if (const auto name = names.find(sample.series); name != names.end() && !name->second.empty())
      version = &name->second;
  }
  if (!version) return versions_.erase(scrape.target) > 0;
  return std::exchange(versions_[scrape.target], *version) != *version;
}

void VersionSigns::forget_version(std::uint32_t source, std::uint32_t place) {
  if (source != source_) return;
  versions_.erase(place);
  failed_.erase(place);
}

void VersionSigns::forget_series(std::uint32_t source, std::uint32_t place) {
  if (source == source_) names_.erase(place);
}

std::optional<VersionSigns::Seen> VersionSigns::shown(const TargetPlaces& places, const std::string& known) const {
  std::map<std::string, int> targets;
  int all = 0;
  for (std::uint32_t place = 0; place < places.size(); ++place) {
    if (!places.present(place) || places.is_none(place)) continue;
    if (const auto failed = failed_.find(place); failed != failed_.end() && failed->second >= kFailuresToBeDown)
      continue;
    ++all;
    if (const auto version = versions_.find(place); version != versions_.end()) ++targets[version->second];
  }
  if (targets.empty()) return std::nullopt;
  const auto fits_less = [&](const auto& a, const auto& b) {
    const bool a_known = a.first == known, b_known = b.first == known;
    return a_known != b_known ? a_known : a.second < b.second;
  };
  const auto most = std::max_element(targets.begin(), targets.end(), fits_less);
  return Seen{most->first, most->second == all};
}

} // namespace backstop
