#include "collectors/promql_probe.hpp"
#include <algorithm>
#include <utility>

namespace backstop {

void AddedUp::take(const PromqlQuery& query, const PromqlAnswer& answer, std::vector<RawSample>& out) {
  ++answers_;
  for (const PromqlSeries& series : answer.series) {
    Count& count = counts_[series.labels];
    count.sum += std::max(0.0, series.points.back().value);
    count.seen = answers_;
    out.push_back({query.metric, series.labels, count.sum});
  }
  const std::uint32_t kept = counts_.size() > kMost ? 0 : kForgotten;
  std::erase_if(counts_, [&](const auto& entry) { return answers_ - entry.second.seen > kept; });
}

PromqlProbe::PromqlProbe(HttpFetcher& fetcher, PromqlAsking asking, WallClock wall)
    : engine_(std::move(asking.engine)), interval_(asking.interval), query_offset_(asking.query_offset),
      wall_(std::move(wall)), round_(fetcher, std::move(asking.queries), asking.limits),
      added_up_(round_.queries().size()) {}

void PromqlProbe::start(Done done) {
  const Time asked = std::chrono::floor<std::chrono::milliseconds>(wall_() - query_offset_);
  if (counted_until_ >= asked) counted_until_ = Time{}; // the clock was set back
  if (counted_until_ == Time{}) counted_until_ = asked - interval_;
  const Duration window = std::min(asked - counted_until_, kLongestWindow);
  round_.start(
      [&](const PromqlQuery& query) { return instant_query(engine_, resolve_window(query.expression, window), asked); },
      [this, asked, done = std::move(done)](Result<std::vector<PromqlAnswer>> answers) {
        if (!answers) return done(answers.error());
        done(ProbeAnswer{taken(*answers, asked)});
      });
}

SamplesAnswer PromqlProbe::taken(std::vector<PromqlAnswer>& answers, Time asked) {
  SamplesAnswer samples;
  bool counted = false, counts = false;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const PromqlQuery& query = round_.queries()[i];
    if (query.adds_up) {
      counts = true;
      counted = counted || !answers[i].series.empty();
      added_up_[i].take(query, answers[i], samples.samples);
    } else {
      for (PromqlSeries& series : answers[i].series)
        samples.samples.push_back({query.metric, std::move(series.labels), series.points.back().value});
    }
    if (!answers[i].notes.empty())
      samples.note += (samples.note.empty() ? "query " : "; query ") + query.name + ": " + answers[i].notes;
  }
  // A window with fewer than two samples in it has no increase: what there was is in the next one, which is longer.
  if (counted || !counts) counted_until_ = asked;
  return samples;
}

} // namespace backstop
