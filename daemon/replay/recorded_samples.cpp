#include "daemon/replay/recorded_samples.hpp"
#include "collectors/exposition.hpp"
#include "collectors/raw_sample.hpp"
#include "daemon/replay/series_places.hpp"
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <tuple>
#include <utility>

namespace backstop::replay {
namespace {

/// One value of one series of one target.
struct Point {
  std::int64_t t_us = 0;
  Place place;
  std::uint32_t series = 0;
  double value = 0;
};

/// Takes every sample line in; the first fault ends it, though the reader goes on to the end of the text.
class Lines final : public ExpositionVisitor {
public:
  Lines(SeriesPlaces& places, const std::string& file) : places_(places), file_(file) {}

  void on_sample(const SampleView& sample) override {
    if (!fault.empty()) return;
    const std::string where = file_ + ":" + std::to_string(sample.line) + ": ";
    if (!sample.has_timestamp) {
      fault = where + "the sample has no timestamp (recorded samples are lines like `up 1 1767225600.5`, in seconds)";
      return;
    }
    if (!std::isfinite(sample.timestamp) || std::abs(sample.timestamp) > kMostSeconds) {
      fault = where + "the timestamp is out of range (it is in seconds since 1970)";
      return;
    }
    if (!found_ || sample.series != last_) { // lines of one series mostly follow each other
      Result<const RecordedSeries*> found = places_.find(sample);
      if (!found) {
        fault = where + found.error().what;
        return;
      }
      found_ = *found;
      last_ = sample.series;
    }
    const std::int64_t t = to_us(Time{} + seconds_f(sample.timestamp));
    for (const Place& place : found_->places) points.push_back({t, place, found_->id, sample.value});
  }

  std::vector<Point> points;
  std::string fault;

private:
  static constexpr double kMostSeconds = 1e11; ///< far beyond any date, and within microseconds of 64 bits
  SeriesPlaces& places_;
  const std::string& file_;
  const RecordedSeries* found_ = nullptr;
  std::string_view last_; ///< the text of found_; looks into the text that is read
};

constexpr double kLongest = 86400; ///< seconds that an answer took, beyond which nobody would have waited

/// What one target answered, time by time.
class TargetReader {
public:
  TargetReader(const SeriesPlaces& places, const config::CompiledSource& source, SampleStoreLimits limits)
      : places_(places), store_(source.selectors, limits) {}

  /// `first` to `last`: the points of one time, in order of series. False: no attempt, and nothing that makes one.
  bool take(const Point* first, const Point* last, Scrape& scrape) {
    const Point* attempt = nullptr;
    bool answered = false;
    for (const Point* p = first; p != last; ++p) {
      const RecordedSeries& series = places_.series(p->series);
      if (series.took) scrape.arrived = scrape.t + std::max(Duration{}, seconds_f(std::min(p->value, kLongest)));
      if (series.attempt) attempt = p;
      answered = answered || (!series.attempt && !series.took && !series.start_time);
    }
    if (!attempt && !answered) return false;
    if (attempt && attempt->value == 0) {
      scrape.health = ScrapeHealth::error;
      scrape.why = places_.series(attempt->series).why;
      return true;
    }
    fill(first, last);
    store_.take(answer_, scrape);
    return true;
  }
  [[nodiscard]] const DropCounts& dropped() const { return store_.dropped(); }

private:
  /// The answer of the time before is used again where it has the same series: only the values change.
  void fill(const Point* first, const Point* last) {
    std::size_t n = 0;
    for (const Point* p = first; p != last; ++p) {
      if (places_.series(p->series).attempt || places_.series(p->series).took) continue;
      if (n == ids_.size()) {
        ids_.push_back(p->series);
        answer_.push_back(places_.series(p->series).sample);
      } else if (ids_[n] != p->series) {
        ids_[n] = p->series;
        answer_[n] = places_.series(p->series).sample;
      }
      answer_[n++].value = p->value;
    }
    ids_.resize(n);
    answer_.resize(n);
  }

  const SeriesPlaces& places_;
  SampleStore store_;
  std::vector<std::uint32_t> ids_;
  std::vector<RawSample> answer_;
};

std::string nothing_wanted(const std::string& file, const config::Service& service,
                           const config::CompiledService& compiled, const SeriesPlaces& places) {
  std::string wanted;
  for (const config::CompiledSource& source : compiled.sources) {
    for (const CompiledSelector& s : source.selectors) {
      wanted += (wanted.empty() ? "" : ", ") + s.selector.text() + (s.buckets ? " (its buckets)" : "");
    }
  }
  return file + ": no series of it is wanted by " + service.key() + ": it has " + places.some_names() +
         ", and wanted are " + wanted + " (change the selectors in " + service.file + ", or the names)";
}

/// What nobody tells of was not there to be read, and failed each time.
void add_absent(const config::Service& service, const std::vector<std::vector<bool>>& told, Recording& recording) {
  const Time first = recording.scrapes.front().t, last = recording.scrapes.back().t;
  for (std::uint32_t source = 0; source < told.size(); ++source) {
    for (std::uint32_t target = 0; target < told[source].size(); ++target) {
      if (told[source][target]) continue;
      for (Time t = first; t <= last; t += service.sources[source].interval) {
        Scrape& scrape = recording.scrapes.emplace_back();
        scrape.source = source;
        scrape.target = target;
        scrape.t = scrape.arrived = t;
        scrape.health = ScrapeHealth::error;
        scrape.why = "nothing was recorded of it";
      }
    }
  }
}

} // namespace

Result<Recording> read_recording(std::string_view text, const std::string& file, const config::Service& service,
                                 const config::CompiledService& compiled) {
  SeriesPlaces places(service, compiled);
  Lines lines(places, file);
  ExpositionProgress progress;
  const auto parsed = parse_exposition(text, Format::openmetrics, {}, lines, &progress);
  if (!lines.fault.empty()) return fail(Errc::invalid, lines.fault);
  if (!parsed)
    return fail(Errc::invalid, file + ":" + std::to_string(progress.fault.line) + ":" +
                                   std::to_string(progress.fault.column) + ": " + progress.fault.reason);
  if (!places.any_wanted()) return fail(Errc::invalid, nothing_wanted(file, service, compiled, places));

  std::vector<Point>& points = lines.points;
  std::stable_sort(points.begin(), points.end(), [](const Point& a, const Point& b) {
    return std::tie(a.t_us, a.place, a.series) < std::tie(b.t_us, b.place, b.series);
  });
  Recording recording;
  std::vector<std::vector<bool>> told(compiled.sources.size(), std::vector<bool>(1, false));
  std::map<Place, std::unique_ptr<TargetReader>> readers;
  for (auto from = points.cbegin(); from != points.cend();) {
    const auto to = std::find_if(from, points.cend(),
                                 [&](const Point& p) { return p.t_us != from->t_us || p.place != from->place; });
    const Place place = from->place;
    std::unique_ptr<TargetReader>& reader = readers[place];
    if (!reader)
      reader = std::make_unique<TargetReader>(places, compiled.sources[place.source], limits_of(service, place.source));
    Scrape scrape;
    scrape.source = place.source;
    scrape.target = place.target;
    scrape.t = scrape.arrived = time_from_us(from->t_us);
    if (reader->take(&*from, &*from + (to - from), scrape)) {
      recording.scrapes.push_back(std::move(scrape));
      std::vector<bool>& targets = told[place.source];
      targets.resize(std::max<std::size_t>(targets.size(), place.target + 1));
      targets[place.target] = true;
    }
    from = to;
  }
  for (const auto& [at, reader] : readers) {
    for (std::size_t i = 0; i < kDropReasons; ++i) recording.dropped.counts[i] += reader->dropped().counts[i];
  }
  for (std::uint32_t source = 0; source < told.size(); ++source) {
    const config::TargetList* list = config::targets_of(service.sources[source]);
    if (list && list->discovers()) std::fill(told[source].begin(), told[source].end(), true); // they came and went
    recording.targets.push_back(static_cast<std::uint32_t>(told[source].size()));
    recording.names.push_back(places.targets(source));
  }
  add_absent(service, told, recording);
  std::stable_sort(recording.scrapes.begin(), recording.scrapes.end(), [](const Scrape& a, const Scrape& b) {
    return std::tie(a.arrived, a.t, a.source, a.target) < std::tie(b.arrived, b.t, b.source, b.target);
  });
  return recording;
}

} // namespace backstop::replay
