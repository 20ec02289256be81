#include "collectors/sample_store.hpp"
#include "tests/unit/collectors/end_of_page.hpp"
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>
#include <map>
#include <random>

namespace backstop {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

CompiledSelector counter(std::string_view text) { return {*Selector::parse(text), SeriesKind::counter, false}; }
CompiledSelector gauge(std::string_view text) { return {*Selector::parse(text), SeriesKind::gauge, false}; }
CompiledSelector buckets(std::string_view text) {
  return {Selector::parse(text)->with_suffix("_bucket"), SeriesKind::counter, true};
}

/// "selector/series=value", with the bound behind it for buckets.
std::vector<std::string> shown(const Scrape& scrape) {
  std::vector<std::string> out;
  for (const Sample& s : scrape.samples) {
    char text[96];
    std::snprintf(text, sizeof text, s.le != 0 ? "%u/%u=%g le %g" : "%u/%u=%g", s.selector, s.series, s.value, s.le);
    out.emplace_back(text);
  }
  return out;
}

struct Store {
  explicit Store(std::vector<CompiledSelector> selectors, SampleStoreLimits limits = {})
      : store(std::move(selectors), limits) {}
  std::vector<std::string> take(std::string_view body, Format format = Format::prometheus) {
    store.take(body, format, scrape);
    return shown(scrape);
  }
  [[nodiscard]] std::uint64_t dropped(DropReason reason) const { return store.dropped().of(reason); }
  SampleStore store;
  Scrape scrape;
};

TEST(SampleStore, gives_the_wanted_series_sorted_by_selector_and_series) {
  Store s({counter("r{code=~\"5..\"}"), counter("r"), gauge("g")});
  EXPECT_THAT(s.take("# TYPE r counter\nr{code=\"200\"} 9\nother 1\ng 4\nr{code=\"500\"} 1\nrr 5\nr_total 5\n"),
              ElementsAre("0/2=1", "1/0=9", "1/2=1", "2/1=4"));
  EXPECT_EQ(s.scrape.health, ScrapeHealth::ok);
  EXPECT_EQ(s.store.series(), 3U);
}

TEST(SampleStore, keeps_ids_over_order_white_space_and_label_order) {
  Store s({gauge("a"), gauge("b")});
  EXPECT_THAT(s.take("a{x=\"1\",y=\"2\"} 1\na{x=\"2\"} 2\nb 3\n"), ElementsAre("0/0=1", "0/1=2", "1/2=3"));
  EXPECT_THAT(s.take("b 3\na{x=\"2\"} 2\na{x=\"1\",y=\"2\"} 1\n"), ElementsAre("0/0=1", "0/1=2", "1/2=3"));
  EXPECT_THAT(s.take("a {y=\"2\", x = \"1\",z=\"\"} 1\na{x=\"2\",} 2\n b\t3 1000\n"),
              ElementsAre("0/0=1", "0/1=2", "1/2=3"));
  EXPECT_THAT(s.take("{\"a\",y=\"2\",x=\"1\"} 1\nb{} 3\nb{n=\"1\"} 4\n# EOF\n", Format::openmetrics),
              ElementsAre("0/0=1", "1/2=3", "1/3=4"));
}

TEST(SampleStore, tells_once_which_series_an_id_stands_for) {
  const auto named = [](const Scrape& scrape) {
    std::vector<std::string> out;
    for (const NamedSeries& n : scrape.named)
      out.push_back(std::to_string(n.series) + " " + std::string(n.text.view()));
    return out;
  };
  Store s({gauge("a"), gauge("b")});
  s.take("a{y=\"2\",x=\"1\",z=\"\"} 1\nother 1\nb 3\n");
  EXPECT_THAT(named(s.scrape), ElementsAre(R"(0 a{x="1",y="2"})", "1 b"));
  s.take("b 3\na{x=\"1\",y=\"2\"} 1\na{x=\"\\\"\\\\\\n\"} 1\n");
  EXPECT_THAT(named(s.scrape), ElementsAre(R"(2 a{x="\"\\\n"})"));
  s.take("a{x=\"3\"} 1\nb broken\n");
  EXPECT_EQ(s.scrape.health, ScrapeHealth::error);
  EXPECT_THAT(named(s.scrape), ElementsAre(R"(3 a{x="3"})")) << "in an answer that fails too: it has its id now";
}

TEST(SampleStore, a_name_is_not_taken_for_one_that_begins_alike) {
  Store s({gauge("a"), gauge("a_long_name_indeed"), gauge("a_long_name_indeed_2")});
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(s.take("a 1\nab 2\na_long_name_indeed_2 3\na_long_name_indeed 4\na_long_name_indeed_23 5\n"),
                ElementsAre("0/0=1", "1/2=4", "2/1=3"));
  }
  EXPECT_THAT(s.take("a {x=\"1\"} 7\na 1\n"), ElementsAre("0/0=1", "0/3=7"));
}

TEST(SampleStore, buckets_carry_their_bound) {
  Store s({buckets("h")});
  const auto shown_buckets = s.take("# TYPE h histogram\nh_bucket{le=\"0.5\"} 1\nh_bucket{le=\"+Inf\"} "
                                    "3\nh_bucket{le=\"x\"} 3\nh_bucket 3\nh_sum 1\nh_count 3\n");
  EXPECT_THAT(shown_buckets, ElementsAre("0/0=1 le 0.5", "0/1=3 le inf"));
  EXPECT_EQ(s.dropped(DropReason::inconsistent), 2U);
}

TEST(SampleStore, impossible_values_are_dropped_and_counted_and_the_rest_stays) {
  Store s({counter("c"), gauge("g")});
  EXPECT_THAT(s.take("c{i=\"0\"} -1\nc{i=\"1\"} NaN\nc{i=\"2\"} +Inf\nc{i=\"3\"} 3\nc{i=\"3\"} 4\ng -1\n"),
              ElementsAre("0/3=3", "1/4=-1"));
  EXPECT_EQ(s.scrape.health, ScrapeHealth::ok);
  EXPECT_EQ(s.dropped(DropReason::negative_counter), 1U);
  EXPECT_EQ(s.dropped(DropReason::nan), 1U);
  EXPECT_EQ(s.dropped(DropReason::infinite), 1U);
  EXPECT_EQ(s.dropped(DropReason::duplicate), 1U);
  EXPECT_EQ(s.store.dropped().total(), 4U);
}

TEST(SampleStore, an_unreadable_wanted_line_fails_the_scrape_and_says_where) {
  Store s({gauge("a")});
  EXPECT_THAT(s.take("a 1\nnonsense, but not wanted\n"), ElementsAre("0/0=1"));
  EXPECT_THAT(s.take("x 1\n  a oops\n"), IsEmpty());
  EXPECT_EQ(s.scrape.health, ScrapeHealth::error);
  EXPECT_EQ(s.scrape.why, "unreadable metrics: line 2, column 5: the value is not a number");
  EXPECT_THAT(s.take("a 1\n", Format::openmetrics), IsEmpty());
  EXPECT_THAT(s.scrape.why, HasSubstr("must end with \"# EOF\""));
  EXPECT_THAT(s.take("a 2\n"), ElementsAre("0/0=2"));
  EXPECT_EQ(s.scrape.health, ScrapeHealth::ok);
  EXPECT_EQ(s.scrape.why, "");
}

TEST(SampleStore, a_changed_type_is_an_error_once_and_starts_the_series_anew) {
  Store s({counter("r_total"), gauge("g")});
  EXPECT_THAT(s.take("# TYPE r_total counter\nr_total 5\ng 1\n"), ElementsAre("0/0=5", "1/1=1"));
  EXPECT_THAT(s.take("# TYPE r counter\nr_total 6\ng 1\n# EOF\n", Format::openmetrics), ElementsAre("0/0=6", "1/1=1"));
  EXPECT_THAT(s.take("r_total 7\ng 1\n"), ElementsAre("0/0=7", "1/1=1"));
  EXPECT_THAT(s.take("# TYPE r_total untyped\nr_total 7\ng 1\n"), ElementsAre("0/0=7", "1/1=1"));
  EXPECT_THAT(s.take("# TYPE r_total gauge\nr_total 8\ng 1\n"), IsEmpty());
  EXPECT_EQ(s.scrape.why, "r_total changed its type from counter to gauge: its series start anew with the next scrape");
  EXPECT_THAT(s.take("# TYPE r_total gauge\nr_total 9\ng 1\n"), ElementsAre("0/2=9", "1/1=1"));
}

TEST(SampleStore, the_family_named_as_the_series_decides_its_type) {
  Store s({gauge("a_count")});
  s.take("# TYPE a histogram\n# TYPE a_count gauge\na_count 5\n");
  EXPECT_THAT(s.take("# TYPE a_count gauge\na_count 5\n# TYPE a histogram\n"), ElementsAre("0/0=5"));
  EXPECT_THAT(s.take("# TYPE a gauge\na_count 5\n"), ElementsAre("0/0=5"));
}

SampleStoreLimits limited(std::size_t series, std::uint64_t forget_after = 3600) {
  SampleStoreLimits limits;
  limits.index.series = series;
  limits.index.forget_after = forget_after;
  return limits;
}

TEST(SampleStore, too_many_series_is_an_error_that_says_what_to_do) {
  Store s({gauge("a{x=~\".+\"}")}, limited(2));
  EXPECT_THAT(s.take("a{x=\"1\"} 1\na{x=\"2\"} 2\na 1\n"), ElementsAre("0/0=1", "0/1=2"));
  EXPECT_THAT(s.take("a{x=\"1\"} 1\na{x=\"2\"} 2\na{x=\"3\"} 3\n"), IsEmpty());
  EXPECT_EQ(s.scrape.health, ScrapeHealth::error);
  EXPECT_EQ(s.scrape.why, "more wanted series than max_series allows (2): narrow the selectors or raise max_series");
  EXPECT_EQ(s.dropped(DropReason::too_many_series), 1U);
  EXPECT_THAT(s.take("a{x=\"2\"} 2\n"), ElementsAre("0/1=2"));
}

TEST(SampleStore, makes_room_by_forgetting_series_that_are_gone_and_never_reuses_an_id) {
  Store s({gauge("a")}, limited(2));
  s.take("a{x=\"1\"} 1\na{x=\"2\"} 2\n");
  s.take("a{x=\"2\"} 2\n");
  EXPECT_THAT(s.take("a{x=\"3\"} 3\na{x=\"2\"} 2\n"), ElementsAre("0/1=2", "0/2=3"));
  EXPECT_THAT(s.take("a{x=\"3\"} 3\n"), ElementsAre("0/2=3"));
  EXPECT_THAT(s.take("a{x=\"1\"} 1\na{x=\"3\"} 3\n"), ElementsAre("0/2=3", "0/3=1"));
}

TEST(SampleStore, forgets_what_was_not_seen_for_long) {
  Store s({gauge("a")}, limited(1000, 100));
  s.take("a{x=\"1\"} 1\n");
  for (int i = 0; i < 99; ++i) s.take("a{x=\"2\"} 2\n");
  EXPECT_THAT(s.take("a{x=\"1\"} 1\n"), ElementsAre("0/0=1"));
  for (int i = 0; i < 300; ++i) s.take("a{x=\"2\"} 2\n");
  EXPECT_EQ(s.store.series(), 1U);
  EXPECT_THAT(s.take("a{x=\"1\"} 1\n"), ElementsAre("0/2=1"));
}

TEST(SampleStore, memory_stays_bounded_under_churn) {
  SampleStoreLimits limits = limited(10, 5);
  limits.index.bytes = 4096;
  Store s({gauge("a{x=~\"w.*\"}")}, limits);
  for (int i = 0; i < 1000; ++i) {
    s.take("a{x=\"w" + std::to_string(i) + "\"} 1\na{x=\"u" + std::to_string(i) + "\"} 1\n");
    ASSERT_EQ(s.scrape.health, ScrapeHealth::ok) << i << s.scrape.why;
    ASSERT_EQ(s.scrape.samples.size(), 1U) << i;
    ASSERT_EQ(s.scrape.samples[0].series, static_cast<std::uint32_t>(i));
    ASSERT_LE(s.store.series(), 10U);
  }
}

TEST(SampleStore, all_zero_gauges_right_after_a_restart_are_no_data) {
  Store s({gauge("g"), gauge("h"), counter("c")});
  const std::string start1 = "process_start_time_seconds 100\n";
  const std::string start2 = "process_start_time_seconds 200\n";
  EXPECT_THAT(s.take(start1 + "g 0\nh 0\nc 5\n"), ElementsAre("0/0=0", "1/1=0", "2/2=5")) << "no restart is known";
  EXPECT_THAT(s.take(start2 + "g 0\nh 0\nc 5\n"), ElementsAre("2/2=5"));
  EXPECT_EQ(s.dropped(DropReason::all_zero_after_restart), 2U);
  EXPECT_THAT(s.take(start2 + "g 0\nh 0\nc 5\n"), ElementsAre("0/0=0", "1/1=0", "2/2=5"))
      << "only the scrape of the restart";
  EXPECT_THAT(s.take(start2 + "g 0\nh 0\nc 1\n"), ElementsAre("2/2=1")) << "a counter that fell tells of a restart";
  EXPECT_THAT(s.take(start2 + "g 0\nh 1\nc 0\n"), ElementsAre("0/0=0", "1/1=1", "2/2=0")) << "one gauge is not 0";
}

TEST(SampleStore, a_lone_zero_after_a_restart_is_data) {
  Store s({gauge("g"), gauge("g{x=\"\"}"), counter("c")});
  s.take("g 1\nc 5\n");
  EXPECT_THAT(s.take("g 0\nc 1\n"), ElementsAre("0/0=0", "1/0=0", "2/1=1"));
}

TEST(SampleStore, a_restart_seen_in_a_bad_scrape_holds_for_the_next_good_one) {
  Store s({gauge("g"), gauge("h"), counter("c")});
  s.take("g 1\nh 1\nc 5\n");
  s.take("c 1\ng x\n");
  EXPECT_EQ(s.scrape.health, ScrapeHealth::error);
  EXPECT_THAT(s.take("g 0\nh 0\nc 1\n"), ElementsAre("2/2=1"));
}

TEST(SampleStore, takes_values_that_come_from_elsewhere) {
  Store s({gauge("unit_cpu_percent"), counter("host_reads_total{disk!=\"sdb\"}")});
  const std::vector<RawSample> raw = {{"host_reads_total", {{"disk", "sda"}}, 7},
                                      {"host_reads_total", {{"disk", "sdb"}}, 8},
                                      {"unit_cpu_percent", {}, 50},
                                      {"nobody_wants_this", {}, std::nan("")},
                                      {"unit_cpu_percent", {}, 51}};
  s.store.take(raw, s.scrape);
  EXPECT_THAT(shown(s.scrape), ElementsAre("0/1=50", "1/0=7"));
  EXPECT_EQ(s.dropped(DropReason::duplicate), 1U);
  EXPECT_EQ(s.dropped(DropReason::nan), 0U);
}

// The short way through a text must give what the whole parser gives.

std::vector<CompiledSelector> some_selectors() {
  return {counter("m1{l=~\"v[0-4]\"}"), gauge("m2"), gauge("m11"), buckets("m3"), gauge("m3_sum"), gauge("{\"m 4\"}"),
          gauge("m5{l!=\"v1\",k=\"\"}")};
}

struct FullParse : ExpositionVisitor {
  const std::vector<CompiledSelector>& selectors;
  std::map<std::pair<std::size_t, std::string>, double> values;
  std::map<std::string, bool> seen;
  explicit FullParse(const std::vector<CompiledSelector>& s) : selectors(s) {}
  void on_sample(const SampleView& s) override {
    std::map<std::string, std::string> labels;
    for (const LabelView& l : s.labels)
      if (!l.value.empty()) labels.emplace(l.name, l.value);
    std::string key(s.name);
    for (const auto& [name, value] : labels) key += "|" + name + "=" + value;
    const bool again = !seen.emplace(key, true).second;
    for (std::size_t i = 0; i < selectors.size(); ++i) {
      if (again || !selectors[i].selector.matches(s.name, s.labels) || !std::isfinite(s.value)) continue;
      if (selectors[i].kind == SeriesKind::counter && s.value < 0) continue;
      if (selectors[i].buckets && !labels.contains("le")) continue;
      values.emplace(std::pair{i, key}, s.value);
    }
  }
};

std::string random_text(std::mt19937& random, bool strict) {
  const auto pick = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  const std::vector<std::string> names = {"m1", "m2", "m11", "m3_bucket", "m3_sum", "m5", "m", "m111", "zz", "m3"};
  std::string text;
  const unsigned lines = 5 + pick(40);
  for (unsigned i = 0; i < lines; ++i) {
    if (pick(10) == 0) text += pick(2) != 0U ? "# HELP m1 m2 1\n" : "# TYPE m" + std::to_string(20 + i) + " gauge\n";
    const std::string gap = strict ? "" : std::string(pick(3), ' ');
    if (!strict) text += gap;
    const bool quoted = pick(8) == 0;
    std::vector<std::string> labels;
    if (quoted) labels.push_back(pick(2) != 0U ? "\"m 4\"" : "\"m2\"");
    if (pick(2) != 0U) labels.push_back("l" + gap + "=" + gap + "\"v" + std::to_string(pick(9)) + "\"");
    if (pick(3) == 0) labels.push_back("k=\"" + std::string(pick(2) != 0U ? "} \\\" , # " : "") + "\"");
    if (pick(2) != 0U) labels.push_back("le=\"" + std::to_string(pick(5)) + "\"");
    if (!quoted) text += names[pick(static_cast<unsigned>(names.size()))] + gap;
    std::string joined;
    for (const std::string& l : labels) joined += (joined.empty() ? "" : ",") + l;
    const bool braces = !labels.empty() || pick(3) == 0;
    if (braces) text += "{" + joined + "}";
    text += strict || !braces || pick(2) != 0U ? " " : "";
    // No 0: gauges that are all 0 after a fallen counter are left out, of which the full parse knows nothing.
    const std::vector<std::string> values = {"2", "1", "-3", "1e3", "NaN", "+Inf", "7.25"};
    text += values[pick(7)];
    if (pick(4) == 0) text += " 17";
    if (strict && pick(5) == 0) text += " # {m1=\"x\"} 5";
    text += "\n";
  }
  return strict ? text + "# EOF\n" : text;
}

TEST(SampleStore, lines_that_come_as_before_are_counted_and_limited) {
  SampleStoreLimits limits;
  limits.exposition.line_bytes = 20;
  Store s({gauge("a")}, limits);
  const std::string before = "a{b=\"1\"} 1\na{b=\"2\"} 2\n";
  s.take(before + "a{b=\"3\"} 3\n");
  EXPECT_THAT(s.take(before + "a{b=\"3\"} 1e3\n"), ElementsAre("0/0=1", "0/1=2", "0/2=1000"));
  EXPECT_THAT(s.take(before + "a{b=\"3\"} 3 5\n"), ElementsAre("0/0=1", "0/1=2", "0/2=3"));
  EXPECT_THAT(s.take(before + "a{b=\"3\"} 3"), ElementsAre("0/0=1", "0/1=2", "0/2=3"));
  s.take(before + "a{b=\"3\"} 3x\n");
  EXPECT_EQ(s.scrape.why, "unreadable metrics: line 3, column 10: the value is not a number");
  s.take(before + "a{b=\"3\"} 0.0000000003\n");
  EXPECT_EQ(s.scrape.why, "unreadable metrics: line 3, column 1: the line is longer than allowed");
}

/// The same series as a target may write it: other blanks, another order of labels, labels without a value.
std::string another_spelling(const std::string& series, unsigned which) {
  const std::size_t brace = series.find('{');
  const std::string name = series.substr(0, brace), inner = series.substr(brace + 1, series.size() - brace - 2);
  const std::size_t comma = inner.find(',');
  switch (which % 4) {
  case 0: return name + " {" + inner + ",}";
  case 1: return name + "{" + inner + ",empty=\"\"}";
  case 2:
    return comma == std::string::npos ? series
                                      : name + "{" + inner.substr(comma + 1) + "," + inner.substr(0, comma) + "}";
  default: return series;
  }
}

TEST(SampleStore, follows_series_through_any_change_of_order_and_spelling) {
  std::mt19937 random(11);
  Store s({gauge("a"), gauge("ab{x!=\"3\"}")});
  std::map<std::string, std::uint32_t> ids;
  std::vector<std::pair<std::string, std::string>> series; // as it is known, as it is written
  for (int i = 0; i < 40; ++i) {
    const std::string text = (i % 2 == 0 ? "a{x=\"" : "ab{a=\"z\",x=\"") + std::to_string(i / 2) + "\"}";
    series.emplace_back(text, text);
  }
  for (int round = 0; round < 3000; ++round) {
    // Mostly as before; now and then some go, come, change places, are written otherwise or stand twice.
    for (int changes = static_cast<int>(random() % 8) - 4; changes > 0; --changes)
      std::swap(series[random() % series.size()], series[random() % series.size()]);
    for (int changes = static_cast<int>(random() % 6) - 4; changes > 0; --changes) {
      auto& [text, written] = series[random() % series.size()];
      written = another_spelling(text, static_cast<unsigned>(random()));
    }
    const std::size_t from = random() % 4 == 0 ? random() % series.size() : 0;
    const std::size_t to = random() % 4 == 0 ? from + random() % (series.size() - from) : series.size();
    std::string text;
    std::map<std::string, double> values;
    for (std::size_t i = from; i < to; ++i) {
      if (round % 7 == 0 && random() % 10 == 0) text += "other{x=\"1\"} 5\n";
      const int repeats = round % 11 == 0 && random() % 10 == 0 ? 2 : 1;
      for (int n = 0; n < repeats; ++n) {
        const double value = static_cast<double>(random() % 1000);
        const std::string written =
            n == 0 ? series[i].second : another_spelling(series[i].first, static_cast<unsigned>(random()));
        text += written + " " + std::to_string(static_cast<int>(value)) + "\n";
        if (series[i].first.find("ab{a=\"z\",x=\"3\"") == std::string::npos) values.emplace(series[i].first, value);
      }
    }
    s.take(text);
    ASSERT_EQ(s.scrape.health, ScrapeHealth::ok);
    for (const NamedSeries& named : s.scrape.named) {
      ASSERT_TRUE(ids.emplace(named.text.view(), named.series).second) << named.text.view() << " is named twice";
    }
    std::map<std::uint32_t, double> have, want;
    for (const Sample& sample : s.scrape.samples) have.emplace(sample.series, sample.value);
    for (const auto& [text_of_series, value] : values) want.emplace(ids.at(text_of_series), value);
    ASSERT_EQ(have, want) << text;
  }
}
/// Lines are told by what they have in common with the ones before them, which must be those of the scrape before.
TEST(SampleStore, a_line_behind_one_that_is_written_otherwise_is_not_taken_for_another) {
  Store s({gauge("a")});
  EXPECT_THAT(s.take("a{x=\"11\"} 1\na{x=\"12\"} 2\na{x=\"2\"} 3\n"), ElementsAre("0/0=1", "0/1=2", "0/2=3"));
  EXPECT_THAT(s.take("a {x=\"11\"} 1\na {x=\"2\"} 3\n"), ElementsAre("0/0=1", "0/2=3"));
  Store t({gauge("a")});
  EXPECT_THAT(t.take("a{x=\"1\",y=\"0\"} 1\na{x=\"1\",y=\"1\"} 2\na{x=\"1\",y=\"2\"} 3\na{x=\"2\",y=\"1\"} 4\n"),
              ElementsAre("0/0=1", "0/1=2", "0/2=3", "0/3=4"));
  EXPECT_THAT(t.take("a{x=\"1\",y=\"0\"} 1\na{y=\"1\",x=\"1\"} 2\na{y=\"1\",x=\"2\"} 4\n"),
              ElementsAre("0/0=1", "0/1=2", "0/3=4"));
}

TEST(SampleStore, what_is_too_long_for_the_order_is_read_all_the_same) {
  SampleStoreLimits limits;
  limits.index.bytes = 40;
  Store s({gauge("a")}, limits);
  const std::string blanks(30, ' ');
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(s.take("a{x=\"1\"} 1\na{" + blanks + "x=\"2\"} 2\na{x=\"3\"} 3\na{x=\"4\"" + blanks + "} 4\n"),
                ElementsAre("0/0=1", "0/1=2", "0/2=3", "0/3=4"));
    EXPECT_EQ(s.scrape.health, ScrapeHealth::ok);
  }
}

TEST(SampleStore, as_many_samples_as_there_are_each_time) {
  Store s({counter("r{code=~\"5..\"}"), counter("r"), gauge("g")});
  const std::string two = "r{code=\"200\"} 9\nr{code=\"500\"} 1\n";
  EXPECT_THAT(s.take(two), ElementsAre("0/1=1", "1/0=9", "1/1=1"));
  EXPECT_THAT(s.take(two + "g 4\nr{code=\"501\"} 2\n"),
              ElementsAre("0/1=1", "0/3=2", "1/0=9", "1/1=1", "1/3=2", "2/2=4"));
  EXPECT_THAT(s.take("r{code=\"501\"} 2\ng 5\n"), ElementsAre("0/3=2", "1/3=2", "2/2=5"));
  EXPECT_THAT(s.take("nonsense\nr x\n"), IsEmpty());
  EXPECT_THAT(s.take(""), IsEmpty());
  EXPECT_THAT(s.take(two + "g 6\n"), ElementsAre("0/1=1", "1/0=9", "1/1=1", "2/2=6"));
  s.scrape.samples.clear(); // as after an attempt without an answer
  EXPECT_THAT(s.take(two + "g 6\n"), ElementsAre("0/1=1", "1/0=9", "1/1=1", "2/2=6"));
}

TEST(SeriesScanner, gives_what_the_full_parser_gives) {
  std::mt19937 random(20240611);
  const std::vector<CompiledSelector> selectors = some_selectors();
  for (const Format format : {Format::prometheus, Format::openmetrics}) {
    SampleStore store(selectors); // over all rounds, so that remembered texts and the order of the last scrape matter
    std::size_t compared = 0;
    std::string text;
    for (int round = 0; round < 400; ++round) {
      if (round % 3 != 2) text = random_text(random, format == Format::openmetrics);
      FullParse full(selectors);
      const auto counts = parse_exposition(text, format, {}, full);
      ASSERT_TRUE(counts) << counts.error().what << "\n" << text;
      Scrape scrape;
      const EndOfPage page(text);
      store.take(page.text(), format, scrape);
      ASSERT_EQ(scrape.health, ScrapeHealth::ok) << scrape.why << "\n" << text;
      std::map<std::pair<std::size_t, double>, int> want, have;
      for (const auto& [key, value] : full.values) ++want[{key.first, value}];
      for (const Sample& s : scrape.samples) ++have[{s.selector, s.value}];
      ASSERT_EQ(want, have) << text;
      compared += scrape.samples.size();
    }
    EXPECT_GT(compared, 1000U);
  }
}

} // namespace
} // namespace backstop
