#include "tests/fakes/memory_recorder.hpp"
#include <algorithm>

namespace backstop {

Status MemoryRecorder::put(std::string_view key, const Json& value) {
  if (value.is_null()) {
    if (const auto found = values_.find(key); found != values_.end()) values_.erase(found);
    return {};
  }
  std::string text = value.dump();
  if (const auto back = Json::parse(text); !back) return back.error().in(key);
  values_.insert_or_assign(std::string(key), std::move(text));
  return {};
}

Result<Json> MemoryRecorder::get(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? Json{} : Json::parse(found->second);
}

Status MemoryRecorder::note_readings(std::span<const KeptReading> readings) {
  for (KeptReading reading : readings) {
    if (reading.health != Health::ok) reading.value = 0;
    readings_.push_back(std::move(reading));
  }
  return {};
}

Result<std::vector<KeptReading>> MemoryRecorder::readings(std::string_view service, std::string_view indicator,
                                                          Time from, Time to, std::size_t limit) const {
  std::vector<KeptReading> found;
  for (const KeptReading& r : readings_)
    if (r.service == service && r.indicator == indicator && r.t >= from && r.t < to) found.push_back(r);
  std::stable_sort(found.begin(), found.end(), [](const KeptReading& a, const KeptReading& b) { return a.t < b.t; });
  if (found.size() > limit) found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(limit));
  return found;
}

} // namespace backstop
