#include "daemon/ruletest/suite.hpp"
#include "collectors/exposition.hpp"
#include "daemon/config/compile.hpp"
#include "daemon/config/read.hpp"
#include "daemon/config/yaml.hpp"
#include "daemon/record.hpp"
#include "daemon/replay/series_places.hpp"
#include "daemon/ruletest/fields.hpp"
#include "daemon/ruletest/read_parts.hpp"
#include <algorithm>
#include <optional>

namespace backstop::ruletest {
namespace {

using config::Node;
using config::show_duration;

std::string beside(const std::string& file, const std::string& path) {
  const std::size_t slash = file.rfind('/');
  if (slash == std::string::npos || path.rfind('/', 0) == 0) return path;
  return file.substr(0, slash + 1) + path;
}

/// The series of one line of text.
struct OneSeries final : ExpositionVisitor {
  explicit OneSeries(replay::SeriesPlaces& all) : places(all) {}
  void on_sample(const SampleView& sample) override {
    ++count;
    const auto found = places.find(sample);
    if (found)
      series = *found;
    else
      why = found.error().what;
  }
  replay::SeriesPlaces& places;
  const replay::RecordedSeries* series = nullptr;
  std::string why;
  int count = 0;
};

class Reader {
public:
  Reader(Suite& suite, std::string_view text) : suite_(suite), text_(text) { sheet_.file = suite.file; }

  void read(const ReadFile& read_file) {
    const std::optional<Node> root = config::parse_yaml(text_, suite_.file, sheet_.faults);
    if (root) read_root(*root, read_file);
    suite_.faults.insert(suite_.faults.end(), sheet_.faults.begin(), sheet_.faults.end());
    config::put_in_order(suite_.faults);
  }

private:
  void read_root(const Node& root, const ReadFile& read_file) {
    const Fields fields(sheet_, root, "the file", {"service", "tests"});
    const Node* service = fields.need("service", "the path of the service file, from the folder of this one");
    const Node* tests = fields.need("tests", "tests: [{name: ..., series: {...}, events: [...], expect: [...]}]");
    if (!service || !tests || !load_service(*service, read_file)) return;
    for (const Node& test : config::items_of(sheet_, *tests, "tests")) read_test(test);
    if (tests->kind == Node::Kind::sequence && tests->items.empty())
      sheet_.fault(tests->place, "there is no test in it");
  }

  bool load_service(const Node& node, const ReadFile& read_file) {
    const auto path = config::scalar_of(sheet_, node, "service");
    if (!path) return false;
    const std::string file = beside(suite_.file, *path);
    const Result<std::string> text = read_file(file);
    if (!text) {
      sheet_.fault(node.place, "service: " + text.error().what, "the path is seen from the folder of this file");
      return false;
    }
    config::ServiceOutcome outcome = config::load_service(*text, file);
    if (!outcome.ok()) {
      suite_.faults = outcome.faults;
      return false;
    }
    suite_.service = std::move(outcome.service);
    suite_.service.text = *text;
    suite_.service.hash = sha256_hex(*text);
    const auto compiled = config::compile(suite_.service);
    if (!compiled) {
      sheet_.fault(node.place, file + ": " + compiled.error().what);
      return false;
    }
    compiled_ = *compiled;
    for (const Row& row : compiled_.table.rows) suite_.rules.push_back(row.name);
    for (const Criterion& criterion : compiled_.table.criteria) suite_.rules.push_back(criterion.name);
    return true;
  }

  void read_test(const Node& node) {
    const Fields fields(sheet_, node, "a test", {"name", "interval", "series", "events", "expect"});
    if (!fields.ok()) return;
    Test test;
    test.place = node.place;
    if (fields.need("name", "what it shows")) test.name = fields.text("name").value_or("");
    for (const Test& other : suite_.tests) {
      if (other.name == test.name) sheet_.fault(node.place, "two tests are named \"" + test.name + "\"");
    }
    test.interval = suite_.service.sources.empty() ? Duration(1) : suite_.service.sources.front().interval;
    for (const config::Source& source : suite_.service.sources)
      test.interval = std::min(test.interval, source.interval);
    if (const auto interval = fields.duration("interval")) {
      test.interval = *interval;
      if (*interval <= Duration{}) return sheet_.fault(fields.find("interval")->place, "interval: 0 is none");
    }
    const std::size_t before = sheet_.faults.size();
    if (const Node* series = fields.need("series", R"(series: {'requests_total{code="200"}': '0+80x400'})"))
      read_series(*series, test);
    if (const Node* events = fields.need("events", "events: [{at: 30m, begin: v2}, {at: 30m, finish: true}]"))
      read_events(sheet_, *events, suite_.service.key(), test);
    if (const Node* expect = fields.need("expect", "expect: [{by: 33m, decision: RollBack}]"))
      read_expectations(sheet_, *expect, suite_.rules, test);
    if (sheet_.faults.size() == before) check_times(test);
    suite_.tests.push_back(std::move(test));
  }

  void read_series(const Node& node, Test& test) {
    if (node.kind != Node::Kind::mapping || node.entries.empty())
      return sheet_.fault(node.place, "series: names of series with their values are wanted");
    replay::SeriesPlaces places(suite_.service, compiled_);
    for (const config::Entry& entry : node.entries) {
      Series series;
      series.name = entry.key.text;
      series.place = entry.key.place;
      for (const Series& other : test.series) {
        if (other.name == series.name)
          sheet_.fault(series.place, "the series " + series.name + " is written twice",
                       "the first is in line " + std::to_string(other.place.line));
      }
      const auto values = config::scalar_of(sheet_, entry.value, "the values of " + series.name);
      if (!values) continue;
      NotationFault fault;
      if (!read_values(*values, series.values, fault))
        sheet_.fault(place_within(text_, entry.value, fault.offset), fault.what, fault.how);
      settle(places, series);
      test.series.push_back(std::move(series));
    }
  }

  /// Finds where the series is scraped from.
  void settle(replay::SeriesPlaces& places, Series& series) {
    OneSeries one(places);
    ExpositionProgress progress;
    const std::string line = series.name + " 0 0\n# EOF\n";
    const auto parsed = parse_exposition(line, Format::openmetrics, {}, one, &progress);
    if (!parsed || one.count != 1)
      return sheet_.fault(series.place,
                          "\"" + series.name + "\" is no series" + (parsed ? "" : ": " + progress.fault.reason),
                          R"(write it as in /metrics: name{label="value"})");
    if (!one.series) return sheet_.fault(series.place, one.why);
    if (one.series->attempt)
      return sheet_.fault(series.place, "backstop_scrape is for recordings", "write fail where a scrape fails");
    if (one.series->places.empty())
      return sheet_.fault(series.place, "no rule of " + suite_.service.file + " reads the series " + series.name,
                          "it reads " + wanted());
    for (const replay::Place& place : one.series->places)
      series.targets.emplace_back(compiled_.sources[place.source].name, std::to_string(place.target));
  }
  [[nodiscard]] std::string wanted() const {
    std::string text;
    for (const config::CompiledSource& source : compiled_.sources) {
      for (const CompiledSelector& s : source.selectors)
        text += (text.empty() ? "" : ", ") + s.selector.text() + (s.buckets ? " (its buckets)" : "");
    }
    return text;
  }

  void check_times(Test& test) {
    std::size_t longest = 0;
    for (const Series& series : test.series) longest = std::max(longest, series.values.slots.size());
    const auto time_of_slot = [&](std::size_t n) { return test.interval * static_cast<std::int64_t>(n); };
    const Duration all = time_of_slot(longest - 1);
    test.end = Duration{};
    for (Expectation& e : test.expect) {
      if (e.when == Expectation::When::never) e.time = all;
      test.end = std::max(test.end, e.time);
    }
    for (const Series& series : test.series) {
      const Duration last = time_of_slot(series.values.slots.size() - 1);
      if (last < test.end && !series.values.gone)
        sheet_.fault(series.place,
                     "the samples of " + series.name + " end at " + show_duration(last) +
                         ", the last expectation is at " + show_duration(test.end),
                     "make the series longer, or end it with stale");
    }
    std::size_t first = longest;
    for (const Series& series : test.series) {
      const auto& slots = series.values.slots;
      const auto value = std::find_if(slots.begin(), slots.end(), [](Slot s) { return s.kind == Slot::Kind::value; });
      first = std::min(first, static_cast<std::size_t>(value - slots.begin()));
    }
    if (first == longest) return sheet_.fault(test.place, "no series has a value");
    const std::string from = "the first sample is at " + show_duration(time_of_slot(first));
    for (const Expectation& e : test.expect) {
      if (e.time < time_of_slot(first))
        sheet_.fault(e.place, "nothing can be expected at " + show_duration(e.time), from);
    }
    for (std::size_t i = 0; i < test.events.size(); ++i) {
      const Duration t = since_start(test.events[i].t);
      if (t <= time_of_slot(first))
        sheet_.fault(test.event_places[i], "the event at " + show_duration(t) + " is not after the first sample",
                     from + ", and the baseline comes from what is before the deployment");
      else if (t > test.end)
        sheet_.fault(test.event_places[i], "the event at " + show_duration(t) + " is after the last expectation",
                     "that is at " + show_duration(test.end) + "; expect something of it, or leave it out");
    }
  }

  Suite& suite_;
  std::string_view text_;
  config::Sheet sheet_;
  config::CompiledService compiled_;
};

} // namespace

Suite read_suite(std::string_view text, const std::string& file, const ReadFile& read) {
  Suite suite;
  suite.file = file;
  Reader(suite, text).read(read);
  return suite;
}

} // namespace backstop::ruletest
