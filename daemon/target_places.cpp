#include "daemon/target_places.hpp"
#include <algorithm>

namespace backstop {

TargetPlaces::TargetPlaces(const config::Source& source) {
  const config::TargetList* list = config::targets_of(source);
  if (!list) {
    places_.push_back({{}, true, true, true, {}});
    return;
  }
  discovers_ = list->discovers();
  for (const config::TargetConfig& target : list->targets) places_.push_back({target, true, true, true, {}});
  if (places_.empty()) places_.emplace_back();
}

const std::string TargetPlaces::kNone = "none";

const std::string& TargetPlaces::name(std::uint32_t place) const {
  return is_none(place) ? kNone : places_[place].target.name();
}

std::optional<std::uint32_t> TargetPlaces::place_of(std::string_view name_of_target) const {
  for (std::uint32_t i = 0; i < size(); ++i)
    if (places_[i].present && name(i) == name_of_target) return i;
  return std::nullopt;
}

/// Where it was, else where nothing is remembered any more, else at the end.
std::uint32_t TargetPlaces::place_for(const config::TargetConfig& target, Time now, Change& change) {
  const auto known =
      std::find_if(places_.begin(), places_.end(), [&](const Place& p) { return p.target.name() == target.name(); });
  if (known != places_.end()) {
    const auto at = static_cast<std::uint32_t>(known - places_.begin());
    if (!known->present && now - known->left >= kKept) change.replaced.push_back(at);
    return at;
  }
  const auto is_free = [](const Place& p) { return !p.present && !p.target.name().empty(); }; // not that of "none"
  const auto longer_gone = [&](const Place& a, const Place& b) {
    return is_free(a) != is_free(b) ? is_free(a) : a.left < b.left;
  };
  const auto oldest = std::min_element(places_.begin(), places_.end(), longer_gone);
  if (oldest != places_.end() && is_free(*oldest) && (now - oldest->left >= kKept || places_.size() >= kMost)) {
    const auto at = static_cast<std::uint32_t>(oldest - places_.begin());
    change.replaced.push_back(at);
    places_[at].target = {};
    return at;
  }
  places_.push_back({{}, false, false, false, {}});
  return size() - 1;
}

TargetPlaces::Change TargetPlaces::set(const std::vector<config::TargetConfig>& found, Time now) {
  Change change;
  std::vector<bool> wanted(places_.size(), false);
  std::size_t n = 0;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    wanted[i] = places_[i].written;
    n += wanted[i];
  }
  for (const config::TargetConfig& target : found) {
    if (n == config::kMostTargets) break;
    const std::uint32_t at = place_for(target, now, change);
    wanted.resize(places_.size(), false);
    if (wanted[at]) continue; // it is written, or stands in the list twice
    wanted[at] = true;
    ++n;
    Place& place = places_[at];
    if (place.present && place.target == target) continue;
    (place.present ? change.relabelled : change.joined).push_back(at);
    place.from_start = !listed_ || (place.present && place.from_start);
    place.target = target;
    place.present = true;
  }
  const auto none = std::find_if(places_.begin(), places_.end(),
                                 [](const Place& p) { return !p.written && p.target.name().empty(); });
  if (n == 0 && none == places_.end()) {
    places_.push_back({{}, false, false, false, {}});
    wanted.push_back(true);
    change.joined.push_back(size() - 1);
    places_.back().present = true;
  } else if (n == 0) {
    const auto at = static_cast<std::uint32_t>(none - places_.begin());
    wanted[at] = true;
    if (!none->present) change.joined.push_back(at);
    none->present = true;
  }
  for (std::uint32_t i = 0; i < size(); ++i) {
    if (wanted[i] || !places_[i].present) continue;
    places_[i].present = false;
    places_[i].left = now;
    change.left.push_back(i);
  }
  listed_ = true;
  return change;
}

std::vector<std::uint32_t> TargetPlaces::with(std::string_view name, std::string_view value) const {
  std::vector<std::uint32_t> found;
  for (std::uint32_t i = 0; i < size(); ++i) {
    const auto label = places_[i].target.labels.find(std::string(name));
    if (places_[i].present && label != places_[i].target.labels.end() && label->second == value) found.push_back(i);
  }
  return found;
}

std::vector<config::TargetConfig> TargetPlaces::found() const {
  std::vector<config::TargetConfig> found;
  for (const Place& place : places_)
    if (!place.written && place.present && !place.target.name().empty()) found.push_back(place.target);
  return found;
}

} // namespace backstop
