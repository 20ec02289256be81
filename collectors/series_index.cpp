#include "collectors/series_index.hpp"
#include "collectors/name_chars.hpp"
#include <algorithm>

namespace backstop {
namespace {
constexpr std::uint64_t kSweepEvery = 64; // scrapes: looking for old series goes over all of them
}

void SeriesIndex::begin_scrape() {
  ++scrape_;
  cursor_ = 0;
  new_order_.clear();
}

void SeriesIndex::end_scrape() {
  if (scrape_ % kSweepEvery == 0)
    forget_if([&](const SeriesEntry& e) { return e.seen + limits_.forget_after < scrape_; });
  order_.swap(new_order_);
}

SeriesEntry* SeriesIndex::predict(std::string_view line, std::size_t& size) {
  if (cursor_ >= order_.size()) return nullptr;
  Texts::value_type& next = *order_[cursor_];
  const std::string& text = next.first;
  if (line.size() <= text.size() || line.substr(0, text.size()) != text) return nullptr;
  if (text.back() != '}') { // the same text may also be the start of a longer name, or have labels behind blanks
    if (!is_blank(line[text.size()])) return nullptr;
    std::size_t i = text.size();
    while (i < line.size() && is_blank(line[i])) ++i;
    if (i < line.size() && line[i] == '{') return nullptr;
  }
  size = text.size();
  note_order(next);
  ++cursor_;
  return next.second.entry;
}

SeriesEntry* SeriesIndex::find_text(std::string_view series) {
  const auto found = texts_.find(series);
  if (found == texts_.end()) return nullptr;
  const Text& text = found->second;
  if (text.seen + 1 == scrape_) cursor_ = text.position + 1;
  note_order(*found);
  return found->second.entry;
}

void SeriesIndex::note_order(Texts::value_type& text) {
  text.second.seen = scrape_;
  text.second.position = new_order_.size();
  new_order_.push_back(&text);
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
  return found == entries_.end() ? nullptr : &found->second;
}

bool SeriesIndex::has_room(bool wanted, std::size_t bytes) const {
  const std::size_t alike = wanted ? wanted_ : entries_.size() - wanted_;
  return alike < limits_.series && bytes_ + bytes <= limits_.bytes;
}

SeriesEntry* SeriesIndex::add(SeriesEntry entry) {
  const bool wanted = !entry.selectors.empty();
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
  return &entries_.emplace(key_, std::move(entry)).first->second;
}

void SeriesIndex::remember_text(std::string_view series, SeriesEntry& entry) {
  if (bytes_ + series.size() > limits_.bytes || texts_.size() >= limits_.series * 4) return;
  const auto [text, added] = texts_.emplace(std::string(series), Text{&entry, scrape_, 0});
  if (!added) return;
  bytes_ += series.size();
  note_order(*text);
}

void SeriesIndex::forget_name(std::uint32_t name) {
  forget_if([&](const SeriesEntry& e) { return e.name == name; });
}

template <class Old> void SeriesIndex::forget_if(Old old) {
  const auto old_text = [&](const Text& t) { return old(*t.entry) || t.seen + limits_.forget_after < scrape_; };
  const auto gone = [&](const Texts::value_type* t) { return old_text(t->second); };
  // The orders point to texts. The cursor may end up off by some lines: the next lookup by text sets it right.
  std::erase_if(order_, gone);
  std::erase_if(new_order_, gone);
  for (std::size_t i = 0; i < order_.size(); ++i)
    if (order_[i]->second.seen + 1 == scrape_) order_[i]->second.position = i;
  for (std::size_t i = 0; i < new_order_.size(); ++i) new_order_[i]->second.position = i;
  std::erase_if(texts_, [&](const auto& t) {
    if (!old_text(t.second)) return false;
    bytes_ -= t.first.size();
    return true;
  });
  std::erase_if(entries_, [&](const auto& e) {
    if (!old(e.second)) return false;
    bytes_ -= e.first.size();
    if (!e.second.selectors.empty()) --wanted_;
    return true;
  });
}

} // namespace backstop
