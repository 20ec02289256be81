#include "collectors/sample_store.hpp"
#include "collectors/number.hpp"
#include <algorithm>
#include <cmath>
#include <numeric>

namespace backstop {
namespace {

constexpr std::string_view kStartTime = "process_start_time_seconds";

std::vector<std::string> names_of(const std::vector<CompiledSelector>& selectors) {
  std::vector<std::string> names{std::string(kStartTime)};
  for (const CompiledSelector& s : selectors)
    if (std::find(names.begin(), names.end(), s.selector.name()) == names.end()) names.push_back(s.selector.name());
  return names;
}

} // namespace

std::string_view name_of(DropReason reason) {
  switch (reason) {
  case DropReason::nan: return "nan";
  case DropReason::infinite: return "infinite";
  case DropReason::negative_counter: return "negative_counter";
  case DropReason::inconsistent: return "inconsistent";
  case DropReason::duplicate: return "duplicate";
  case DropReason::too_many_series: return "too_many_series";
  case DropReason::all_zero_after_restart: return "all_zero_after_restart";
  }
  return "inconsistent";
}

std::uint64_t DropCounts::total() const { return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}); }

void DropCounts::add(const DropCounts& other) {
  for (std::size_t i = 0; i < kDropReasons; ++i) counts[i] += other.counts[i];
}

SampleStore::SampleStore(std::vector<CompiledSelector> selectors, SampleStoreLimits limits)
    : selectors_(std::move(selectors)), limits_(limits), scanner_(names_of(selectors_)),
      names_(scanner_.names().size()),
      index_(limits.index), readers_{{Format::prometheus, limits.exposition}, {Format::openmetrics, limits.exposition}},
      starts_(selectors_.size() + 1), next_(selectors_.size()) {
  for (std::uint32_t i = 0; i < selectors_.size(); ++i)
    names_[*name_index(selectors_[i].selector.name())].selectors.push_back(i);
  start_time_name_ = *name_index(kStartTime);
}

SampleStore::~SampleStore() = default;

std::optional<std::uint32_t> SampleStore::name_index(std::string_view name) const {
  const auto& names = scanner_.names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<std::uint32_t>(found - names.begin());
}

void SampleStore::begin(Scrape& out) {
  index_.begin_scrape();
  out.samples.resize(starts_.back());
  samples_ = out.samples.data();
  std::copy(starts_.begin(), std::prev(starts_.end()), next_.begin());
  spilled_.clear();
  out.health = ScrapeHealth::ok;
  out.why.clear();
  std::vector<NamedSeries>().swap(named_); // mostly there are none: what the first scrape took is not kept
  for (Name& name : names_) {
    name.type_now = MetricType::unknown;
    name.exact_now = false;
  }
  too_many_ = false;
  start_time_taken_ = false;
}

void SampleStore::take(std::string_view body, Format format, Scrape& out) {
  begin(out);
  reader_ = &readers_[format == Format::openmetrics ? 1 : 0];
  if (!scanner_.scan(body, format, *reader_, *this, fault_)) {
    out.health = ScrapeHealth::error;
    out.why = "unreadable metrics: line " + std::to_string(fault_.line) + ", column " + std::to_string(fault_.column) +
              ": " + fault_.reason;
  }
  finish(out);
}

void SampleStore::take(std::span<const RawSample> samples, Scrape& out) {
  begin(out);
  for (const RawSample& raw : samples) {
    const std::optional<std::uint32_t> name = name_index(raw.name);
    if (!name) continue;
    if (*name == start_time_name_ && raw.labels.empty()) take_start_time(raw.value);
    labels_.clear();
    for (const auto& [label, value] : raw.labels) labels_.push_back({label, value});
    if (SeriesEntry* entry = resolve(*name, labels_)) take_value(*entry, raw.value);
  }
  finish(out);
}

void SampleStore::finish(Scrape& out) {
  index_.end_scrape();
  out.named.swap(named_);
  if (out.health == ScrapeHealth::ok && too_many_)
    out.why = "more wanted series than max_series allows (" + std::to_string(limits_.index.series) +
              "): narrow the selectors or raise max_series";
  if (out.why.empty()) out.why = check_types();
  if (!out.why.empty()) {
    out.health = ScrapeHealth::error;
    out.samples.clear();
    return;
  }
  put_in_order(out.samples);
  if (restarted_) drop_zero_gauges(out.samples);
  restarted_ = false;
}

/// Mostly they stand where they belong: each selector had as many as the last time.
void SampleStore::put_in_order(std::vector<Sample>& samples) {
  const auto from = [&](std::size_t selector) {
    return samples.begin() + static_cast<std::ptrdiff_t>(starts_[selector]);
  };
  if (!spilled_.empty() || !std::equal(next_.begin(), next_.end(), std::next(starts_.begin()))) {
    std::vector<std::uint32_t> counts(next_.size());
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = next_[i] - starts_[i];
    for (const Sample& sample : spilled_) ++counts[sample.selector];
    std::vector<Sample> all;
    all.reserve(std::accumulate(counts.begin(), counts.end(), std::size_t{0}));
    std::sort(spilled_.begin(), spilled_.end(),
              [](const Sample& a, const Sample& b) { return a.selector < b.selector; });
    auto spilled = spilled_.begin();
    for (std::size_t i = 0; i < counts.size(); ++i) {
      all.insert(all.end(), from(i), from(i) + (next_[i] - starts_[i]));
      for (; spilled != spilled_.end() && spilled->selector == i; ++spilled) all.push_back(*spilled);
    }
    std::partial_sum(counts.begin(), counts.end(), std::next(starts_.begin()));
    samples = std::move(all);
    std::vector<Sample>().swap(spilled_);
  }
  const auto by_series = [](const Sample& a, const Sample& b) { return a.series < b.series; };
  for (std::size_t i = 0; i < next_.size(); ++i)
    if (!std::is_sorted(from(i), from(i + 1), by_series)) std::sort(from(i), from(i + 1), by_series);
}

std::string SampleStore::check_types() {
  std::string why;
  for (std::uint32_t i = 0; i < names_.size(); ++i) {
    Name& name = names_[i];
    if (name.selectors.empty() || name.type_now == MetricType::unknown) continue;
    const MetricType before = std::exchange(name.type, name.type_now);
    if (before == MetricType::unknown || before == name.type_now) continue;
    index_.forget_name(i);
    if (why.empty())
      why = scanner_.names()[i] + " changed its type from " + std::string(name_of(before)) + " to " +
            std::string(name_of(name.type_now)) + ": its series start anew with the next scrape";
  }
  return why;
}

void SampleStore::drop_zero_gauges(std::vector<Sample>& samples) {
  const auto is_gauge = [&](const Sample& sample) { return selectors_[sample.selector].kind == SeriesKind::gauge; };
  std::uint64_t zeros = 0;
  std::optional<std::uint32_t> lone;
  bool several = false;
  for (const Sample& sample : samples) {
    if (!is_gauge(sample)) continue;
    if (sample.value != 0) return;
    several = several || (lone && *lone != sample.series);
    lone = sample.series;
    ++zeros;
  }
  if (!several) return;
  std::erase_if(samples, is_gauge);
  drop(DropReason::all_zero_after_restart, zeros);
}

bool SampleStore::fail_line(LinePlace place) {
  fault_ = {place.number, reader_->fault_column() + place.indent, reader_->fault_reason()};
  return false;
}

bool SampleStore::on_wanted(std::uint32_t name, std::string_view line, LinePlace place) {
  std::size_t size = 0;
  SeriesEntry* entry = index_.predict(line.data(), line.data() + line.size(), size);
  if (entry != nullptr) {
    index_.accept(line.data());
  } else {
    if (!reader_->series(line, sample_)) return fail_line(place);
    size = sample_.series.size();
    entry = resolve(name, sample_.labels);
    if (entry != nullptr) index_.note(*entry, sample_.series);
  }
  const bool wanted = entry != nullptr && entry->wanted;
  if (!wanted && name != start_time_name_) {
    if (entry != nullptr) entry->seen = index_.scrape();
    return true;
  }
  if (!reader_->tail(line, size, sample_)) return fail_line(place);
  // With labels it would tell of several processes, of which we cannot know which one matters.
  if (name == start_time_name_ && size == kStartTime.size()) take_start_time(sample_.value);
  if (wanted)
    take_value(*entry, sample_.value);
  else if (entry != nullptr)
    entry->seen = index_.scrape();
  return true;
}

const char* SampleStore::read_on(const char* at, const char* end, std::size_t& number) {
  for (;; ++number) {
    std::size_t size = 0;
    SeriesEntry* entry = index_.predict(at, end, size);
    if (entry == nullptr || entry->name == start_time_name_ || at[size] != ' ') return at;
    double value = 0;
    const char* line_end = read_short_number(at + size + 1, end, value);
    if (line_end == nullptr || line_end == end || *line_end != '\n') return at;
    if (static_cast<std::size_t>(line_end - at) > limits_.exposition.line_bytes) return at;
    index_.accept(at);
    if (entry->wanted)
      take_value(*entry, value);
    else
      entry->seen = index_.scrape();
    at = line_end + 1;
  }
}

bool SampleStore::on_quoted(std::string_view line, LinePlace place) {
  if (!reader_->series(line, sample_)) return fail_line(place);
  const std::optional<std::uint32_t> name = name_index(sample_.name);
  return !name || on_wanted(*name, line, place);
}

bool SampleStore::on_type(std::uint32_t name, MetricType type, bool exact) {
  Name& n = names_[name];
  if (n.exact_now && !exact) return true;
  n.type_now = type;
  n.exact_now = exact;
  return true;
}

std::uint32_t SampleStore::combination(const std::vector<std::uint32_t>& selectors) {
  const auto found = std::find(combinations_.begin(), combinations_.end(), selectors);
  const auto index = static_cast<std::uint32_t>(found - combinations_.begin());
  if (found == combinations_.end()) combinations_.push_back(selectors);
  return index;
}

SeriesEntry* SampleStore::resolve(std::uint32_t name, std::span<const LabelView> labels) {
  if (SeriesEntry* known = index_.find(scanner_.names()[name], labels)) return known;
  SeriesEntry entry;
  entry.name = name;
  entry.seen = index_.scrape() - 1; // not seen in this scrape so far
  std::vector<std::uint32_t> selectors;
  for (const std::uint32_t i : names_[name].selectors)
    if (selectors_[i].selector.matches_labels(labels)) selectors.push_back(i);
  entry.wanted = !selectors.empty();
  entry.selectors = combination(selectors);
  const auto le = std::find_if(labels.begin(), labels.end(), [](const LabelView& l) { return l.name == "le"; });
  entry.has_le = le != labels.end() && parse_number(le->value, entry.le) && !std::isnan(entry.le);
  const bool wanted = entry.wanted;
  SeriesEntry* added = index_.add(entry);
  if (added == nullptr && wanted) {
    too_many_ = true;
    drop(DropReason::too_many_series);
  }
  if (added != nullptr && wanted) named_.push_back({added->id, added->text});
  return added;
}

void SampleStore::take_start_time(double value) {
  if (start_time_taken_ || !std::isfinite(value)) return; // twice in one answer: the first one counts
  start_time_taken_ = true;
  restarted_ = restarted_ || (start_time_ && *start_time_ != value);
  start_time_ = value;
}

void SampleStore::take_value(SeriesEntry& entry, double value) {
  if (entry.seen == index_.scrape()) return drop(DropReason::duplicate);
  entry.seen = index_.scrape();
  if (std::isnan(value)) return drop(DropReason::nan);
  if (std::isinf(value)) return drop(DropReason::infinite);
  bool counter = false;
  for (const std::uint32_t i : combinations_[entry.selectors]) {
    const CompiledSelector& selector = selectors_[i];
    if (selector.buckets && !entry.has_le) {
      drop(DropReason::inconsistent);
      continue;
    }
    if (selector.kind == SeriesKind::counter) {
      if (value < 0) {
        drop(DropReason::negative_counter);
        continue;
      }
      counter = true;
    }
    const Sample sample{i, entry.id, value, selector.buckets ? entry.le : 0.0};
    if (next_[i] < starts_[i + 1])
      samples_[next_[i]++] = sample;
    else
      spilled_.push_back(sample);
  }
  if (!counter) return;
  restarted_ = restarted_ || value < entry.last;
  entry.last = value;
}

} // namespace backstop
