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

Result<PromqlAnswer> answer_to(const PromqlQuery& query, const Result<HttpResponse>& response,
                               const PromqlLimits& limits) {
  if (!response) return response.error();
  constexpr int kOk = 200;
  Result<PromqlAnswer> answer = read_promql_answer(response->body, limits);
  // A proxy in between answers with a page of its own: then the status says more.
  if (response->status != kOk && (answer || answer.error().code == Errc::invalid))
    return fail(Errc::io, "answered status " + std::to_string(response->status) + ", 200 wanted");
  if (!answer) return answer.error().in("query " + query.name);
  return answer;
}

PromqlProbe::PromqlProbe(HttpFetcher& fetcher, PromqlAsking asking, WallClock wall)
    : fetcher_(fetcher), asking_(std::move(asking)), wall_(std::move(wall)), added_up_(asking_.queries.size()),
      running_(asking_.queries.size()), answers_(asking_.queries.size()) {}

PromqlProbe::~PromqlProbe() { cancel(); }

void PromqlProbe::start(Done done) {
  done_ = std::move(done);
  asked_ = std::chrono::floor<std::chrono::milliseconds>(wall_() - asking_.query_offset);
  if (counted_until_ >= asked_) counted_until_ = Time{}; // the clock was set back
  if (counted_until_ == Time{}) counted_until_ = asked_ - asking_.interval;
  const Duration window = std::min(asked_ - counted_until_, kLongestWindow);
  for (std::size_t i = 0; i < asking_.queries.size(); ++i) {
    answers_[i].reset();
    running_[i] =
        fetcher_.start(instant_query(asking_.engine, resolve_window(asking_.queries[i].expression, window), asked_),
                       [this, i](Result<HttpResponse> response) { answered(i, std::move(response)); });
  }
}

void PromqlProbe::answered(std::size_t query, Result<HttpResponse> response) {
  running_[query] = 0;
  Result<PromqlAnswer> answer = answer_to(asking_.queries[query], response, asking_.limits);
  if (!answer) return finish(answer.error());
  answers_[query] = *std::move(answer);
  if (std::any_of(answers_.begin(), answers_.end(), [](const auto& a) { return !a; })) return;
  SamplesAnswer samples;
  bool counted = false, counts = false;
  for (std::size_t i = 0; i < answers_.size(); ++i) {
    const PromqlQuery& asked = asking_.queries[i];
    if (asked.adds_up) {
      counts = true;
      counted = counted || !answers_[i]->series.empty();
      added_up_[i].take(asked, *answers_[i], samples.samples);
    } else {
      for (PromqlSeries& series : answers_[i]->series)
        samples.samples.push_back({asked.metric, std::move(series.labels), series.points.back().value});
    }
    if (!answers_[i]->notes.empty())
      samples.note += (samples.note.empty() ? "query " : "; query ") + asked.name + ": " + answers_[i]->notes;
  }
  // A window with fewer than two samples in it has no increase: what there was is in the next one, which is longer.
  if (counted || !counts) counted_until_ = asked_;
  finish(ProbeAnswer{std::move(samples)});
}

void PromqlProbe::finish(Result<ProbeAnswer> answer) {
  cancel(); // of one read that fails, what else is under way
  std::exchange(done_, nullptr)(std::move(answer));
}

void PromqlProbe::cancel() {
  for (HttpFetcher::Id& id : running_)
    if (const HttpFetcher::Id running = std::exchange(id, 0); running != 0) fetcher_.cancel(running);
}

} // namespace backstop
