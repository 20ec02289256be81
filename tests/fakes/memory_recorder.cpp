#include "tests/fakes/memory_recorder.hpp"
#include <algorithm>

namespace backstop {

Status MemoryRecorder::put(std::string_view key, const Json& value) {
  if (!broken.empty()) return fail(Errc::io, broken);
  ++puts[std::string(key)];
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

Status MemoryRecorder::note_scrapes(std::span<const KeptScrape> scrapes) {
  if (!broken.empty()) return fail(Errc::io, broken);
  for (KeptScrape scrape : scrapes) {
    scrape.of = std::make_shared<ScrapedTarget>(*scrape.of);
    for (KeptScrape::Value& value : scrape.values) value.series = SharedText(value.series.view());
    scrapes_.push_back(std::move(scrape));
  }
  return {};
}

Result<std::vector<KeptScrape>> MemoryRecorder::scrapes(std::string_view service, Time from, Time to,
                                                        std::size_t most) const {
  std::vector<KeptScrape> found;
  for (const KeptScrape& s : scrapes_)
    if (s.of->service == service && s.t >= from && s.t < to) found.push_back(s);
  std::stable_sort(found.begin(), found.end(), [](const KeptScrape& a, const KeptScrape& b) { return a.t < b.t; });
  std::size_t taken = 0, n = 0;
  for (; n < found.size() && (taken < most || n == 0 || found[n].t == found[n - 1].t); ++n)
    taken += 1 + found[n].values.size();
  found.resize(n);
  return found;
}

Status MemoryRecorder::forget_scrapes(std::string_view service, Time from, Time to) {
  if (!broken.empty()) return fail(Errc::io, broken);
  std::erase_if(scrapes_, [&](const KeptScrape& s) { return s.of->service == service && s.t >= from && s.t < to; });
  return {};
}

} // namespace backstop
