#include "collectors/series_index.hpp"
#include "collectors/byte_scan.hpp"
#include "collectors/name_chars.hpp"
#include "collectors/series_text.hpp"
#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
#include <utility>

namespace backstop {
namespace {
constexpr std::uint64_t kSweepEvery = 256; // scrapes: looking for old series goes over all of them
constexpr std::size_t kWholeEvery = 16;    // steps: so many are gone through at most to tell how one is written
} // namespace

SeriesIndex::SeriesIndex(Limits limits) : limits_(limits) {
  limits_.bytes = std::min<std::size_t>(limits_.bytes, std::numeric_limits<std::uint32_t>::max());
}

void SeriesIndex::Order::clear() {
  steps.clear();
  rests.clear();
}

void SeriesIndex::Order::shrink() {
  steps.shrink_to_fit();
  rests.shrink_to_fit();
}

bool SeriesIndex::Order::has(std::uint32_t place, std::uint32_t entry) const {
  return place < steps.size() && steps[place].entry == entry;
}

void SeriesIndex::Order::append(std::uint32_t entry, std::string_view written, std::string_view before) {
  const std::size_t most = steps.size() % kWholeEvery == 0 ? 0 : std::min(written.size(), before.size());
  const std::size_t shared = byte_scan::best::common_prefix(written.data(), before.data(), most);
  steps.push_back({entry, static_cast<std::uint32_t>(written.size()), static_cast<std::uint32_t>(shared),
                   static_cast<std::uint32_t>(rests.size())});
  rests.append(written.substr(shared));
}

void SeriesIndex::Order::assign_front(const Order& other, std::size_t n) {
  const auto end = static_cast<std::ptrdiff_t>(n);
  steps.assign(other.steps.begin(), other.steps.begin() + end);
  rests.assign(other.rests, 0, n < other.steps.size() ? other.steps[n].rest : other.rests.size());
}

bool SeriesIndex::Order::is_written(std::size_t place, std::string_view written) const {
  if (steps[place].size != written.size()) return false;
  std::size_t same = written.size(); // from there on
  for (const Step* step = &steps[place]; same > 0; --step) {
    if (step->shared >= same) continue;
    if (std::memcmp(written.data() + step->shared, rests.data() + step->rest, same - step->shared) != 0) return false;
    same = step->shared;
  }
  return true;
}

void SeriesIndex::begin_scrape() {
  ++scrape_;
  cursor_ = 0;
  line_ = nullptr;
  left_ = false;
}

void SeriesIndex::end_scrape() {
  if (!left_ && cursor_ < order_.steps.size()) leave_order(); // its end did not come
  if (left_) std::swap(order_, new_order_);
  new_order_.clear();
  if (scrape_ % kSweepEvery == 0)
    forget_if([&](const SeriesEntry& e) { return e.seen + limits_.forget_after < scrape_; });
  if (scrape_ == 1 || scrape_ % kSweepEvery == 0) shrink();
}

SeriesEntry* SeriesIndex::predict(const char* at, const char* end, std::size_t& size) {
  if (cursor_ >= order_.steps.size()) return nullptr;
  const Step& next = order_.steps[cursor_];
  if (static_cast<std::size_t>(end - at) <= next.size) return nullptr;
  const char* rest = order_.rests.data() + next.rest;
  if (!byte_scan::best::equal(at + next.shared, rest, next.size - next.shared) ||
      !byte_scan::best::equal(at, line_, next.shared))
    return nullptr;
  const char* behind = at + next.size;
  if (*behind == '\n') return nullptr;
  if (behind[-1] != '}') { // the same text may also be the start of a longer name, or have labels behind blanks
    if (!is_blank(*behind)) return nullptr;
    while (behind < end && is_blank(*behind)) ++behind;
    if (behind < end && *behind == '{') return nullptr;
  }
  size = next.size;
  return &entries_[next.entry];
}

void SeriesIndex::accept(const char* at) {
  const Step& step = order_.steps[cursor_];
  if (left_) append(step.entry, {at, step.size});
  ++cursor_;
  line_ = at;
}

void SeriesIndex::leave_order() {
  if (left_) return;
  new_order_.assign_front(order_, cursor_);
  appended_ = cursor_ == 0 ? std::string_view{} : std::string_view(line_, order_.steps[cursor_ - 1].size);
  left_ = true;
}

/// Once a scrape: a target that repeats a series must not fill the memory.
void SeriesIndex::append(std::uint32_t entry, std::string_view written) {
  std::uint32_t& place = entries_[entry].place;
  if (new_order_.has(place, entry) || new_order_.rests.size() + written.size() > limits_.bytes) return;
  place = static_cast<std::uint32_t>(new_order_.steps.size());
  new_order_.append(entry, written, appended_);
  appended_ = written;
}

void SeriesIndex::note(SeriesEntry& entry, std::string_view written) {
  const std::uint32_t position = position_of(entry);
  const bool due = order_.has(entry.place, position);
  if (left_ ? new_order_.has(entry.place, position) : due && entry.place < cursor_) return; // it came before
  leave_order();
  if (due && order_.is_written(entry.place, written)) {
    cursor_ = entry.place + std::size_t{1};
    line_ = written.data();
  }
  append(position, written);
}

SeriesEntry* SeriesIndex::find(std::string_view name, std::span<const LabelView> labels) {
  labels_.assign(labels.begin(), labels.end());
  write_series_text(key_, name, labels_);
  key_hash_ = std::hash<std::string_view>{}(key_);
  const auto found = table_.find(key_hash_, [&](std::uint32_t e) { return entries_[e].text.view() == key_; });
  return found ? &entries_[*found] : nullptr;
}

bool SeriesIndex::has_room(bool wanted, std::size_t bytes) const {
  const std::size_t alike = wanted ? wanted_ : known() - wanted_;
  return alike < limits_.series && bytes_ + bytes <= limits_.bytes;
}

SeriesEntry* SeriesIndex::add(SeriesEntry entry) {
  const bool wanted = entry.wanted;
  if (!has_room(wanted, key_.size())) {
    if (!wanted || cleared_in_ == scrape_) return nullptr;
    // Those of the last scrape may still come in this one: taking them for new would count their whole life.
    cleared_in_ = scrape_;
    forget_if([&](const SeriesEntry& e) { return e.seen + 1 < scrape_; });
    if (!has_room(wanted, key_.size())) return nullptr;
  }
  if (wanted) {
    entry.id = next_id_++;
    ++wanted_;
  }
  bytes_ += key_.size();
  entry.text = SharedText(key_);
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(entries_.size()));
    entries_.emplace_back();
  }
  const std::uint32_t position = free_.back();
  free_.pop_back();
  table_.insert(key_hash_, position);
  entries_[position] = std::move(entry);
  return &entries_[position];
}

void SeriesIndex::forget_name(std::uint32_t name) {
  forget_if([&](const SeriesEntry& e) { return e.name == name; });
}

template <class Old> void SeriesIndex::forget_if(Old old) {
  bool in_order = false, any = false;
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    SeriesEntry& entry = entries_[i];
    if (entry.text.empty() || !old(entry)) continue;
    any = true;
    in_order = in_order || order_.has(entry.place, i) || new_order_.has(entry.place, i);
    bytes_ -= entry.text.view().size();
    if (entry.wanted) --wanted_;
    entry = {};
    free_.push_back(i);
  }
  if (any) table_.erase_if([&](std::uint32_t i) { return entries_[i].text.empty(); });
  if (in_order) { // steps stand on the ones before them: lines are looked up until a scrape has gone by
    order_.clear();
    new_order_.clear();
    appended_ = {};
    cursor_ = 0;
    line_ = nullptr;
    left_ = true;
  }
}

/// Most targets show all they have in the first scrape, and then the same again and again.
void SeriesIndex::shrink() {
  entries_.shrink_to_fit();
  free_.shrink_to_fit();
  order_.shrink();
  new_order_.shrink();
}

} // namespace backstop
