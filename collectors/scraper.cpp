#include "collectors/scraper.hpp"
#include <algorithm>
#include <functional>
#include <utility>

namespace backstop {
namespace {
constexpr Duration kJitter = std::chrono::milliseconds(50);
} // namespace

struct Scraper::Slot {
  ScrapeTarget target;
  std::unique_ptr<SampleStore> store;
  Time due{};
  bool in_flight = false;
  bool again = false; ///< asked for while a read was under way
  Scrape scrape;      ///< its vector is used again and again
};

Scraper::Scraper(const std::string& service, std::vector<ScrapeTarget> targets, Time start, Now now, OnScrape on_scrape)
    : now_(std::move(now)), on_scrape_(std::move(on_scrape)) {
  for (ScrapeTarget& target : targets) {
    auto slot = std::make_unique<Slot>();
    SampleStoreLimits limits;
    limits.index.series = target.max_series;
    slot->store = std::make_unique<SampleStore>(target.selectors, limits);
    const std::string name = service + '/' + std::to_string(target.source) + '/' + std::to_string(target.target);
    const auto interval = static_cast<std::size_t>(std::max<std::int64_t>(1, target.interval.count()));
    slot->due = start + Duration{static_cast<std::int64_t>(std::hash<std::string>{}(name) % interval)};
    slot->scrape.source = target.source;
    slot->scrape.target = target.target;
    slot->target = std::move(target);
    slot->target.probe->on_change([this, s = slot.get()] { read_now(*s); });
    slots_.push_back(std::move(slot));
  }
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
  for (const auto& slot : slots_) {
    if (slot->target.source == source && slot->target.target == target) read_now(*slot);
  }
}

void Scraper::read_now(Slot& slot) {
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
  DropCounts sum;
  for (const auto& slot : slots_) {
    for (std::size_t i = 0; i < kDropReasons; ++i) sum.counts[i] += slot->store->dropped().counts[i];
  }
  return sum;
}

} // namespace backstop
