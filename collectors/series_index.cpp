#include "collectors/series_index.hpp"
#include "collectors/byte_scan.hpp"
#include "collectors/name_chars.hpp"
#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

namespace backstop {
namespace {
constexpr std::uint64_t kSweepEvery = 256;    // scrapes: looking for old series goes over all of them
constexpr std::size_t kLeast = 8, kMost = 64; // entries in a block: a target with few series must not hold many
} // namespace

SeriesIndex::SeriesIndex(Limits limits) : limits_(limits) {
  limits_.bytes = std::min<std::size_t>(limits_.bytes, std::numeric_limits<std::uint32_t>::max());
}

void SeriesIndex::Order::clear() {
  steps.clear();
  rests.clear();
  texts.clear();
}

bool SeriesIndex::Order::has(const Texts::value_type& text) const {
  return text.second.position < texts.size() && texts[text.second.position] == &text;
}

void SeriesIndex::Order::append(Texts::value_type& text) {
  const std::string_view now = text.first;
  const std::string_view before = texts.empty() ? std::string_view{} : std::string_view(texts.back()->first);
  const std::size_t shared =
      byte_scan::best::common_prefix(now.data(), before.data(), std::min(now.size(), before.size()));
  text.second.position = texts.size();
  texts.push_back(&text);
  steps.push_back({text.second.entry, static_cast<std::uint32_t>(now.size()), static_cast<std::uint32_t>(shared),
                   static_cast<std::uint32_t>(rests.size())});
  rests.append(now.substr(shared));
}

void SeriesIndex::Order::assign_front(const Order& other, std::size_t n) {
  const auto end = static_cast<std::ptrdiff_t>(n);
  steps.assign(other.steps.begin(), other.steps.begin() + end);
  texts.assign(other.texts.begin(), other.texts.begin() + end);
  rests.assign(other.rests, 0, n < other.steps.size() ? other.steps[n].rest : other.rests.size());
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
  cursor_ = order_.steps.size();
  left_ = false;
  if (scrape_ % kSweepEvery == 0)
    forget_if([&](const SeriesEntry& e) { return e.seen + limits_.forget_after < scrape_; });
}

SeriesEntry* SeriesIndex::predict(const char* at, const char* end, std::size_t& size) const {
  if (cursor_ >= order_.steps.size()) return nullptr;
  const Step& next = order_.steps[cursor_];
  if (static_cast<std::size_t>(end - at) <= next.size) return nullptr;
  if (line_ != nullptr) {
    const char* rest = order_.rests.data() + next.rest;
    if (!byte_scan::best::equal(at + next.shared, rest, next.size - next.shared) ||
        !byte_scan::best::equal(at, line_, next.shared))
      return nullptr;
  } else if (std::memcmp(at, order_.texts[cursor_]->first.data(), next.size) != 0) {
    return nullptr;
  }
  const char* behind = at + next.size;
  if (*behind == '\n') return nullptr;
  if (behind[-1] != '}') { // the same text may also be the start of a longer name, or have labels behind blanks
    if (!is_blank(*behind)) return nullptr;
    while (behind < end && is_blank(*behind)) ++behind;
    if (behind < end && *behind == '{') return nullptr;
  }
  size = next.size;
  return next.entry;
}

void SeriesIndex::accept(const char* at) {
  if (left_) append(*order_.texts[cursor_]);
  ++cursor_;
  line_ = at;
}

SeriesEntry* SeriesIndex::find_text(std::string_view series) {
  const auto found = texts_.find(series);
  if (found == texts_.end()) return nullptr;
  note(*found, series);
  return found->second.entry;
}

/// Brings up to date when the texts of order_ were seen.
void SeriesIndex::mark_seen() {
  for (std::size_t i = 0; i < order_.texts.size(); ++i) {
    std::uint64_t& seen = order_.texts[i]->second.seen;
    seen = std::max(seen, !left_ && i < cursor_ ? scrape_ : scrape_ - 1);
  }
}

void SeriesIndex::leave_order() {
  if (left_) return;
  mark_seen();
  new_order_.assign_front(order_, cursor_);
  left_ = true;
}

/// Once a scrape: a target that repeats a series must not fill the memory.
void SeriesIndex::append(Texts::value_type& text) {
  if (std::exchange(text.second.seen, scrape_) != scrape_) new_order_.append(text);
}

/// A text that was not predicted comes next in this scrape.
void SeriesIndex::note(Texts::value_type& text, std::string_view line) {
  line_ = nullptr;
  if (!left_ && order_.has(text) && text.second.position < cursor_) return; // it came before
  leave_order();
  if (text.second.seen != scrape_ && order_.has(text)) {
    cursor_ = text.second.position + 1;
    line_ = line.data();
  }
  append(text);
}

SeriesEntry* SeriesIndex::find(std::string_view name, std::span<const LabelView> labels) {
  sorted_.assign(labels.begin(), labels.end());
  std::sort(sorted_.begin(), sorted_.end(), [](const LabelView& a, const LabelView& b) { return a.name < b.name; });
  key_.assign(name);
  for (const LabelView& label : sorted_) {
    if (label.value.empty()) continue;
    key_ += '\xFF'; // no byte of UTF-8
    key_ += label.name;
    key_ += '\xFE';
    key_ += label.value;
  }
  const auto found = entries_.find(std::string_view(key_));
  return found == entries_.end() ? nullptr : found->second;
}

bool SeriesIndex::has_room(bool wanted, std::size_t bytes) const {
  const std::size_t alike = wanted ? wanted_ : entries_.size() - wanted_;
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
  if (free_.empty()) {
    const std::size_t n = std::clamp(entries_.size(), kLeast, kMost);
    SeriesEntry* block = blocks_.emplace_back(std::make_unique<SeriesEntry[]>(n)).get();
    for (std::size_t i = n; i-- > 0;) free_.push_back(block + i);
  }
  SeriesEntry* added = free_.back();
  free_.pop_back();
  *added = entry;
  entries_.emplace(key_, added);
  return added;
}

void SeriesIndex::remember_text(std::string_view series, SeriesEntry& entry) {
  if (bytes_ + series.size() > limits_.bytes || texts_.size() >= limits_.series * 4) return;
  const auto [text, added] = texts_.emplace(std::string(series), Text{&entry, 0, 0});
  if (!added) return;
  bytes_ += series.size();
  note(*text, series);
}

void SeriesIndex::forget_name(std::uint32_t name) {
  forget_if([&](const SeriesEntry& e) { return e.name == name; });
}

template <class Old> void SeriesIndex::forget_if(Old old) {
  mark_seen();
  bool in_order = false;
  std::erase_if(texts_, [&](const Texts::value_type& t) {
    if (!old(*t.second.entry) && t.second.seen + limits_.forget_after >= scrape_) return false;
    in_order = in_order || order_.has(t) || new_order_.has(t);
    bytes_ -= t.first.size();
    return true;
  });
  if (in_order) { // steps stand on the ones before them: lines are looked up until a scrape has gone by
    order_.clear();
    new_order_.clear();
    cursor_ = 0;
    line_ = nullptr;
    left_ = true;
  }
  std::erase_if(entries_, [&](const Entries::value_type& e) {
    if (!old(*e.second)) return false;
    bytes_ -= e.first.size();
    if (e.second->wanted) --wanted_;
    free_.push_back(e.second);
    return true;
  });
}

} // namespace backstop
