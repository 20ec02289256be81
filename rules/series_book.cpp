#include "rules/series_book.hpp"
#include <algorithm>
#include <cmath>
#include <iterator>

namespace backstop {
namespace {

/// Finds the slot of `series` at or after `from`, inserting an empty one where there is none. `from` moves along: both
/// lists are sorted, so a scrape with the series of the last one is a plain walk.
template <class Slots>
typename Slots::value_type& slot_of(Slots& slots, std::size_t& from, std::uint32_t series, bool& is_new) {
  while (from < slots.size() && slots[from].series < series) ++from;
  is_new = from == slots.size() || slots[from].series != series;
  if (is_new) {
    typename Slots::value_type slot;
    slot.series = series;
    slots.insert(std::next(slots.begin(), static_cast<std::ptrdiff_t>(from)), std::move(slot));
  }
  return slots[from];
}

} // namespace

SampleRange samples_of(const Scrape& scrape, std::uint32_t selector) {
  const Sample* begin = scrape.samples.data();
  const Sample* end = begin + scrape.samples.size();
  const Sample* first =
      std::lower_bound(begin, end, selector, [](const Sample& s, std::uint32_t n) { return s.selector < n; });
  const Sample* last =
      std::upper_bound(first, end, selector, [](std::uint32_t n, const Sample& s) { return n < s.selector; });
  return {first, last};
}

CounterBook::Step CounterBook::take(SampleRange samples, Time t, bool first, std::vector<double>& increases) {
  Step step;
  std::size_t from = 0;
  if (slots_.empty()) slots_.reserve(samples.size());
  for (const Sample& sample : samples) {
    double increase = 0;
    if (!std::isfinite(sample.value) || sample.value < 0) {
      ++step.impossible;
      increases.push_back(increase);
      continue;
    }
    bool is_new = false;
    Slot& slot = slot_of(slots_, from, sample.series, is_new);
    if (is_new) {
      if (!first) increase = sample.value;
      slot.seen = t; // its `from` is the target's last good scrape, which the caller knows
    } else if (sample.value < slot.last) {
      increase = sample.value;
      step.restarted = true;
    } else {
      increase = sample.value - slot.last;
    }
    if (increase > 0) step.from = std::min(step.from, slot.seen);
    slot.last = sample.value;
    slot.seen = t;
    increases.push_back(increase);
  }
  return step;
}

void CounterBook::restart_absent(Time t) {
  for (Slot& slot : slots_) {
    if (slot.seen == t) continue;
    slot.last = 0;
    slot.seen = t;
  }
}

std::uint32_t GaugeBook::take(SampleRange samples, Time t, Duration keep) {
  std::uint32_t impossible = 0;
  std::size_t from = 0;
  if (slots_.empty()) slots_.reserve(samples.size());
  for (const Sample& sample : samples) {
    if (!std::isfinite(sample.value)) {
      ++impossible;
      continue;
    }
    bool is_new = false;
    Slot& slot = slot_of(slots_, from, sample.series, is_new);
    if (!is_new && keep > Duration::zero()) {
      slot.past.push_back(slot.last);
      const auto old =
          std::find_if(slot.past.begin(), slot.past.end(), [&](const TimedValue& v) { return v.t >= t - keep; });
      slot.past.erase(slot.past.begin(), old);
    }
    slot.last = {t, sample.value};
  }
  return impossible;
}

Time GaugeBook::newest(Time at) const {
  Time newest = Time::min();
  for (const Slot& slot : slots_) {
    if (const TimedValue* v = slot.at(at)) newest = std::max(newest, v->t);
  }
  return newest;
}

const TimedValue* GaugeBook::Slot::at(Time t) const {
  if (last.t <= t) return &last;
  const auto v = std::find_if(past.rbegin(), past.rend(), [&](const TimedValue& p) { return p.t <= t; });
  return v == past.rend() ? nullptr : &*v;
}

} // namespace backstop
