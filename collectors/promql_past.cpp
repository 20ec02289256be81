#include "collectors/promql_past.hpp"
#include "collectors/sample_store.hpp"
#include <algorithm>
#include <utility>

namespace backstop {

PromqlPast::PromqlPast(HttpFetcher& fetcher, PromqlAsking asking, std::vector<CompiledSelector> selectors,
                       std::uint32_t source)
    : fetcher_(fetcher), asking_(std::move(asking)), selectors_(std::move(selectors)), source_(source),
      running_(asking_.queries.size()), answers_(asking_.queries.size()) {}

PromqlPast::~PromqlPast() { cancel(); }

void PromqlPast::start(const Stretch& stretch, Done done) {
  stretch_ = stretch;
  done_ = std::move(done);
  for (std::size_t i = 0; i < asking_.queries.size(); ++i) {
    answers_[i].reset();
    running_[i] =
        fetcher_.start(range_query(asking_.engine, resolve_window(asking_.queries[i].expression, stretch_.step),
                                   stretch_.from, stretch_.to, stretch_.step),
                       [this, i](Result<HttpResponse> response) { answered(i, std::move(response)); });
  }
}

void PromqlPast::answered(std::size_t query, Result<HttpResponse> response) {
  running_[query] = 0;
  Result<PromqlAnswer> answer = answer_to(asking_.queries[query], response, asking_.limits);
  if (!answer) {
    cancel();
    return std::exchange(done_, nullptr)(answer.error());
  }
  answers_[query] = *std::move(answer);
  if (std::all_of(answers_.begin(), answers_.end(), [](const auto& a) { return a.has_value(); }))
    std::exchange(done_, nullptr)(scrapes());
}

Result<std::vector<Scrape>> PromqlPast::scrapes() const {
  struct Cursor {
    const PromqlQuery* query;
    const PromqlSeries* series;
    std::size_t next = 0; ///< point
    double sum = 0;
  };
  std::vector<Cursor> cursors;
  for (std::size_t q = 0; q < answers_.size(); ++q)
    for (const PromqlSeries& series : answers_[q]->series) cursors.push_back({&asking_.queries[q], &series});

  const double half = to_seconds(stretch_.step) / 2;
  std::vector<Scrape> scrapes;
  SampleStore store(selectors_);
  std::vector<RawSample> read; // one at a time: the labels of all of them would be large
  for (Time t = stretch_.from; t <= stretch_.to; t += stretch_.step) {
    read.clear();
    const double at = to_seconds(t.time_since_epoch());
    for (Cursor& c : cursors) {
      if (c.next == c.series->points.size() || c.series->points[c.next].t >= at + half) continue;
      const PromqlPoint& point = c.series->points[c.next++];
      if (point.t < at - half)
        return fail(Errc::invalid, "query " + c.query->name + ": a point at a time that was not asked for");
      c.sum = c.query->adds_up ? c.sum + std::max(0.0, point.value) : point.value;
      read.push_back({c.query->metric, c.series->labels, c.sum});
    }
    if (read.empty()) continue;
    Scrape& scrape = scrapes.emplace_back();
    scrape.source = source_;
    scrape.t = scrape.arrived = t + stretch_.to_judge;
    store.take(read, scrape);
    scrape.named.clear();
  }
  return scrapes;
}

void PromqlPast::cancel() {
  for (HttpFetcher::Id& id : running_)
    if (const HttpFetcher::Id running = std::exchange(id, 0); running != 0) fetcher_.cancel(running);
}

} // namespace backstop
