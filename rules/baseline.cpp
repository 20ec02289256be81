#include "rules/baseline.hpp"
#include "rules/median.hpp"
#include <algorithm>
#include <vector>

namespace backstop {
namespace {

constexpr int kBlocks = 60;

} // namespace

Averaging averaging_of(const IndicatorKind& kind) {
  return std::holds_alternative<RatioSpec>(kind) ? Averaging::pooled : Averaging::median;
}

BaselineHistory::BaselineHistory(BaselineSpec spec, Averaging averaging) : spec_(spec), averaging_(averaging) {}

Duration BaselineHistory::block_length() const { return std::max(spec_.window / kBlocks, Duration{1}); }

void BaselineHistory::add(const Reading& reading) {
  if (!reading.usable()) return;
  const bool first = blocks_.empty();
  if (!first && reading.t <= blocks_.back().last) return;

  double share = 1; // of the reading's window that no reading before it covered
  if (!first && reading.window > Duration::zero()) {
    share = std::min(1.0, to_seconds(reading.t - blocks_.back().last) / to_seconds(reading.window));
  }
  const Duration length = block_length();
  const auto cell = [&](Time t) { return t.time_since_epoch() / length; };
  if (first || cell(reading.t) != cell(blocks_.back().start)) {
    Block block;
    block.start = reading.t;
    blocks_.push_back(block);
  }
  Block& block = blocks_.back();
  block.last = reading.t;
  block.sum += reading.value;
  block.numerator += reading.numerator * share;
  block.requests += reading.requests * share;
  ++block.readings;
  const auto over = [&] { return blocks_.front().start <= reading.t - spec_.window || blocks_.size() > kBlocks + 1; };
  while (blocks_.size() > 1 && over()) blocks_.erase(blocks_.begin());
}

Baseline BaselineHistory::freeze(Time now) const {
  Baseline baseline;
  std::vector<double> means;
  Time from{};
  Time to{};
  for (const Block& block : blocks_) {
    if (block.start <= now - spec_.window || block.start > now) continue;
    if (means.empty()) from = block.start;
    to = block.last;
    means.push_back(block.sum / block.readings);
    baseline.numerator += block.numerator;
    baseline.requests += block.requests;
    baseline.readings += block.readings;
  }
  baseline.covers = to - from;
  if (means.empty()) {
    baseline.why = "nothing measured";
    return baseline;
  }
  if (averaging_ == Averaging::median) {
    baseline.value = median(std::move(means));
  } else if (baseline.requests > 0) {
    baseline.value = baseline.numerator / baseline.requests;
  }
  if (baseline.readings < spec_.min_samples) {
    baseline.why = std::to_string(baseline.readings) + (baseline.readings == 1 ? " reading, " : " readings, ") +
                   std::to_string(spec_.min_samples) + " wanted";
  } else if (baseline.value == 0) {
    baseline.why = "zero";
  } else if (baseline.value < 0) {
    baseline.why = "negative";
  } else {
    baseline.usable = true;
  }
  return baseline;
}

void BaselineHistory::prepend(const BaselineHistory& before) {
  const Time first = blocks_.empty() ? Time::max() : blocks_.front().start;
  const auto to =
      std::find_if(before.blocks_.begin(), before.blocks_.end(), [first](auto& b) { return b.last >= first; });
  const auto room = static_cast<std::ptrdiff_t>(kBlocks + 1 - std::min<std::size_t>(blocks_.size(), kBlocks + 1));
  blocks_.insert(blocks_.begin(), to - std::min(room, to - before.blocks_.begin()), to);
}

void BaselineHistory::restore(const std::vector<Block>& blocks, Time now) {
  blocks_.clear();
  for (const Block& block : blocks) {
    const bool in_window = block.start > now - spec_.window && block.last <= now;
    const bool in_order = block.last >= block.start && (blocks_.empty() || block.start > blocks_.back().last);
    if (in_window && in_order && block.readings > 0) blocks_.push_back(block);
  }
  if (blocks_.size() > kBlocks + 1) blocks_.erase(blocks_.begin(), blocks_.end() - (kBlocks + 1));
}

} // namespace backstop
