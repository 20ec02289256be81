#include "collectors/promql_past.hpp"
#include "collectors/sample_store.hpp"
#include <algorithm>
#include <utility>

namespace backstop {

PromqlPast::PromqlPast(HttpFetcher& fetcher, PromqlAsking asking, std::vector<CompiledSelector> selectors,
                       std::uint32_t source)
    : engine_(std::move(asking.engine)), round_(fetcher, std::move(asking.queries), asking.limits),
      selectors_(std::move(selectors)), source_(source) {}

void PromqlPast::start(const Stretch& stretch, Done done) {
  round_.start(
      [&](const PromqlQuery& query) {
        return range_query(engine_, resolve_window(query.expression, stretch.step), stretch.from, stretch.to,
                           stretch.step);
      },
      [this, stretch, done = std::move(done)](Result<std::vector<PromqlAnswer>> answers) {
        done(answers ? scrapes(*answers, stretch) : Result<std::vector<Scrape>>(answers.error()));
      });
}

Result<std::vector<Scrape>> PromqlPast::scrapes(const std::vector<PromqlAnswer>& answers,
                                                const Stretch& stretch) const {
  struct Cursor {
    const PromqlQuery* query;
    const PromqlSeries* series;
    std::size_t next = 0; ///< point
    double sum = 0;
  };
  std::vector<Cursor> cursors;
  for (std::size_t q = 0; q < answers.size(); ++q)
    for (const PromqlSeries& series : answers[q].series) cursors.push_back({&round_.queries()[q], &series});

  const double half = to_seconds(stretch.step) / 2;
  std::vector<Scrape> scrapes;
  SampleStore store(selectors_);
  std::vector<RawSample> read; // one at a time: the labels of all of them would be large
  for (Time t = stretch.from; t <= stretch.to; t += stretch.step) {
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
    scrape.t = scrape.arrived = t + stretch.to_judge;
    store.take(read, scrape);
    scrape.named.clear();
  }
  return scrapes;
}

} // namespace backstop
