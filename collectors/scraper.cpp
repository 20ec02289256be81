#include "collectors/scraper.hpp"
#include <algorithm>
#include <functional>
#include <utility>

namespace backstop {
namespace {
constexpr Duration kJitter = std::chrono::milliseconds(50);

/// At so many moments of an interval reads begin. Of many targets some are read together then, which costs less than to
/// wake up for each: the program is in the processor's caches after the first.
constexpr std::int64_t kMoments = 50;
} // namespace

struct Scraper::Slot {
  ScrapeTarget target;
  std::unique_ptr<SampleStore> store;
  Time due{};
  bool in_flight = false;
  bool again = false; ///< asked for while a read was under way
  bool away = false;  ///< it is not read for now
  Scrape scrape;      ///< its vector is used again and again
};

Scraper::Scraper(const std::string& service, std::vector<ScrapeTarget> targets, Time start, Now now, OnScrape on_scrape)
    : service_(service), now_(std::move(now)), on_scrape_(std::move(on_scrape)) {
  for (ScrapeTarget& target : targets) add(std::move(target), start, false);
}

Scraper::Slot* Scraper::slot_of(std::uint32_t source, std::uint32_t target) {
  for (const auto& slot : slots_)
    if (slot->target.source == source && slot->target.target == target) return slot.get();
  return nullptr;
}

/// Targets of one interval start apart from each other, and where they did before a restart.
Time Scraper::first_due(const ScrapeTarget& target, Time start) const {
  const std::string name = service_ + '/' + std::to_string(target.source) + '/' + std::to_string(target.target);
  const Duration between = std::max(Duration{1}, target.interval / kMoments);
  const Duration to_moment = between - start.time_since_epoch() % between; // one that targets added later have too
  return start + to_moment + static_cast<std::int64_t>(std::hash<std::string>{}(name) % kMoments) * between;
}

void Scraper::add(ScrapeTarget target, Time now, bool another) {
  Slot* slot = slot_of(target.source, target.target);
  if (slot && !another) {
    slot->away = false;
    slot->due = first_due(target, now);
    return;
  }
  if (!slot) slot = slots_.emplace_back(std::make_unique<Slot>()).get();
  if (slot->store) dropped_.add(slot->store->dropped());
  SampleStoreLimits limits;
  limits.index.series = target.max_series;
  slot->store = std::make_unique<SampleStore>(std::move(target.selectors), limits);
  slot->due = first_due(target, now);
  slot->in_flight = slot->again = slot->away = false; // what the probe before had under way goes with it
  slot->scrape.source = target.source;
  slot->scrape.target = target.target;
  slot->target = std::move(target);
  slot->target.probe->on_change([this, slot] { read_now(*slot); });
}

void Scraper::remove(std::uint32_t source, std::uint32_t target) {
  Slot* slot = slot_of(source, target);
  if (!slot) return;
  slot->away = true;
  slot->due = kNever;
}

Scraper::~Scraper() = default;

Time Scraper::tick(Time now) {
  Time next = kNever;
  for (const auto& slot : slots_) {
    if (slot->due <= now) {
      // The phase is kept: a late tick or a slow target moves no later start.
      const Time due = slot->due;
      const auto missed = (now - slot->due) / slot->target.interval;
      slot->due += (missed + 1) * slot->target.interval;
      if (!slot->in_flight) {
        // A start that is late by the loop's own jitter counts as on time: with `for: 3s` and 1 s scrapes, 2.9998 s must
        // not cost a fourth scrape.
        const Time started = now_();
        begin(*slot, started - due <= std::min(kJitter, slot->target.interval / 10) ? due : started);
      }
    }
    next = std::min(next, slot->due);
  }
  return next;
}

void Scraper::poke(std::uint32_t source, std::uint32_t target) {
  Slot* slot = slot_of(source, target);
  if (slot) read_now(*slot);
}

void Scraper::read_now(Slot& slot) {
  if (slot.away) return;
  if (slot.in_flight) {
    slot.again = true;
  } else {
    begin(slot, now_());
  }
}

void Scraper::begin(Slot& slot, Time t) {
  slot.in_flight = true;
  slot.scrape.t = std::max(t - slot.target.query_offset,
                           slot.scrape.t + Duration{1}); // one asked for may have come after the due time
  slot.target.probe->start([this, s = &slot](Result<ProbeAnswer> answer) { finished(*s, std::move(answer)); });
}

void Scraper::finished(Slot& slot, Result<ProbeAnswer> answer) {
  Scrape& scrape = slot.scrape;
  slot.in_flight = false;
  scrape.arrived = now_();
  scrape.note.clear();
  if (!answer) {
    scrape.health = ScrapeHealth::error;
    scrape.why = answer.error().what;
    scrape.samples.clear();
    scrape.named.clear();
  } else if (const auto* text = std::get_if<ExpositionAnswer>(&*answer)) {
    slot.store->take(text->body, detect_format(text->content_type), scrape);
  } else if (const auto* raw = std::get_if<SamplesAnswer>(&*answer)) {
    slot.store->take(raw->samples, scrape);
    scrape.note = raw->note;
  }
  on_scrape_(scrape);
  if (std::exchange(slot.again, false)) read_now(slot);
}

DropCounts Scraper::dropped() const {
  DropCounts sum = dropped_;
  for (const auto& slot : slots_) sum.add(slot->store->dropped());
  return sum;
}

} // namespace backstop
