#include "collectors/exposition.hpp"
#include "collectors/metrics_report.hpp"
#include "collectors/number.hpp"
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>
#include <string>
#include <vector>

namespace backstop {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Recorder : ExpositionVisitor {
  std::vector<std::string> samples; ///< "name|label=value|... value@timestamp"
  std::vector<std::string> series;
  std::vector<std::string> metadata;
  void on_sample(const SampleView& s) override {
    std::string text(s.name);
    for (const LabelView& l : s.labels) text.append("|").append(l.name).append("=").append(l.value);
    text += " " + std::to_string(s.value);
    if (s.has_timestamp) text += "@" + std::to_string(s.timestamp);
    for (const LabelView& l : s.exemplar_labels) text.append(" #").append(l.name).append("=").append(l.value);
    samples.push_back(text);
    series.emplace_back(s.series);
  }
  void on_metadata(const MetadataView& m) override {
    if (m.kind == MetadataKind::type) metadata.push_back(std::string(m.name) + ":" + std::string(name_of(m.type)));
  }
};

std::string error_of(std::string_view text, Format format = Format::prometheus, ExpositionLimits limits = {}) {
  Recorder recorder;
  const auto counts = parse_exposition(text, format, limits, recorder);
  return counts ? "" : counts.error().what;
}

TEST(Exposition, reads_the_plain_format) {
  Recorder r;
  const auto counts =
      parse_exposition("# HELP a helps\n# TYPE a counter\na{x=\"1\", y = \"q\\\"\\n\\\\\",} 5 1500\n\n  b\t-2e3\n"
                       "#comment\nc{}+Inf\n# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_count 1",
                       Format::prometheus, {}, r);
  ASSERT_TRUE(counts) << counts.error().what;
  EXPECT_THAT(r.samples, ElementsAre("a|x=1|y=q\"\n\\ 5.000000@1.500000", "b -2000.000000", "c inf",
                                     "h_bucket|le=1 1.000000", "h_count 1.000000"));
  EXPECT_THAT(r.series, ElementsAre("a{x=\"1\", y = \"q\\\"\\n\\\\\",}", "b", "c{}", "h_bucket{le=\"1\"}", "h_count"));
  EXPECT_THAT(r.metadata, ElementsAre("a:counter", "h:histogram"));
  EXPECT_EQ(counts->families, 4U);
  EXPECT_EQ(counts->samples, 5U);
  EXPECT_EQ(counts->lines, 10U);
}

TEST(Exposition, reads_openmetrics) {
  Recorder r;
  const auto counts = parse_exposition(
      "# TYPE a counter\n# UNIT a \na_total{x=\"1\"} 5 1.5 # {trace=\"t\"} 0.5 2\n{\"b.c\",\"d e\"=\"f\"} 1\n# EOF\n",
      Format::openmetrics, {}, r);
  ASSERT_TRUE(counts) << counts.error().what;
  EXPECT_THAT(r.samples, ElementsAre("a_total|x=1 5.000000@1.500000 #trace=t", "b.c|d e=f 1.000000"));
  EXPECT_EQ(counts->families, 2U);
}

TEST(Exposition, faults_tell_line_column_and_reason) {
  EXPECT_EQ(error_of("a 1\n  b{c=1} 2\n"), "line 2, column 7: expected '\"' before a label value");
  EXPECT_EQ(error_of("a 1 1.5\n"), "line 1, column 5: the timestamp is not a whole number of milliseconds");
  EXPECT_EQ(error_of("a 1\r\n"), "line 1, column 4: the line ends in CR LF; only LF is allowed");
  EXPECT_EQ(error_of("a{b=\"c\",b=\"d\"} 1\n"), "line 1, column 2: a label name is used twice");
  EXPECT_EQ(error_of("a{b=\"\xC0\x80\"} 1\n"), "line 1, column 5: the text in quotes is not UTF-8");
  EXPECT_EQ(error_of("# TYPE a meter\n"),
            "line 1, column 10: unknown type; allowed are counter, gauge, histogram, summary, untyped");
  EXPECT_EQ(error_of("a 1\n\n# EOF\n", Format::openmetrics), "line 2, column 1: a blank line is not allowed here");
  EXPECT_EQ(error_of("a  1\n# EOF\n", Format::openmetrics), "line 1, column 3: expected a value");
}

TEST(Exposition, a_cut_off_openmetrics_text_is_no_good_one) {
  const std::string whole = "# TYPE a gauge\na 123\n# EOF\n";
  EXPECT_EQ(error_of(whole, Format::openmetrics), "");
  for (std::size_t n = 0; n + 1 < whole.size(); ++n) {
    if (whole.substr(0, n).ends_with("# EOF")) continue;
    EXPECT_NE(error_of(whole.substr(0, n), Format::openmetrics), "") << n;
  }
  EXPECT_THAT(error_of(whole + "b 1\n", Format::openmetrics),
              HasSubstr("line 4, column 1: there must be nothing after"));
}

TEST(Exposition, bounds_hold_at_their_edge) {
  ExpositionLimits limits;
  limits.line_bytes = 20;
  limits.labels = 2;
  limits.name_bytes = 5;
  EXPECT_EQ(error_of("a{b=\"1234567890\"} 12\n", Format::prometheus, limits), "");
  EXPECT_EQ(error_of("a{b=\"1234567890\"} 123\n", Format::prometheus, limits),
            "line 1, column 1: the line is longer than allowed");
  EXPECT_EQ(error_of("# a comment that is too long\n", Format::prometheus, limits),
            "line 1, column 1: the line is longer than allowed");
  EXPECT_EQ(error_of("a{b=\"\",c=\"\"} 1\n", Format::prometheus, limits), "");
  EXPECT_THAT(error_of("a{b=\"\",c=\"\",d=\"\"}1\n", Format::prometheus, limits),
              HasSubstr("more labels than allowed"));
  EXPECT_EQ(error_of("abcde 1\n", Format::prometheus, limits), "");
  EXPECT_THAT(error_of("abcdef 1\n", Format::prometheus, limits), HasSubstr("the metric name is longer"));
  EXPECT_THAT(error_of("a{abcdef=\"\"} 1\n", Format::prometheus, limits), HasSubstr("the label name is longer"));
}

TEST(Exposition, the_answer_says_its_format_not_the_question) {
  EXPECT_EQ(detect_format("application/openmetrics-text; version=1.0.0; charset=utf-8"), Format::openmetrics);
  EXPECT_EQ(detect_format(" Application/OpenMetrics-Text"), Format::openmetrics);
  EXPECT_EQ(detect_format("text/plain; version=0.0.4"), Format::prometheus);
  EXPECT_EQ(detect_format("application/openmetrics-text2"), Format::prometheus);
  EXPECT_EQ(detect_format(""), Format::prometheus);
}

TEST(Number, words_signs_and_ranges) {
  const double inf = std::numeric_limits<double>::infinity();
  const std::vector<std::pair<std::string, double>> good = {{"0", 0},
                                                            {"+1", 1},
                                                            {"-1", -1},
                                                            {".5", .5},
                                                            {"5.", 5},
                                                            {"08", 8},
                                                            {"1e3", 1000},
                                                            {"1E+3", 1000},
                                                            {"Inf", inf},
                                                            {"+inf", inf},
                                                            {"-Infinity", -inf},
                                                            {"1e-400", 0},
                                                            {"1e400", inf},
                                                            {"-1e400", -inf},
                                                            {"0.1", 0.1},
                                                            {"9223372036854775808", 9223372036854775808.0},
                                                            {"123456789012345", 123456789012345.0},
                                                            {"1" + std::string(400, '0'), inf},
                                                            {"0." + std::string(400, '0') + "1", 0},
                                                            {"0." + std::string(400, '0') + "1e401", 1}};
  for (const auto& [text, value] : good) {
    double v = -7;
    EXPECT_TRUE(parse_number(text, v)) << text;
    EXPECT_EQ(v, value) << text;
  }
  double nan = 0;
  EXPECT_TRUE(parse_number("NaN", nan));
  EXPECT_TRUE(std::isnan(nan));
  for (const char* text : {"", "+", "-", "+NaN", "-NaN", "nan(1)", "0x1", "1_0", "1e", "e1", ".", "--1", "+-1", "1 ",
                           " 1", "1f", "true", "infin"}) {
    double v = -7;
    EXPECT_FALSE(parse_number(text, v)) << text;
    EXPECT_EQ(v, -7) << text;
  }
}

TEST(Number, utf8_edges) {
  for (const char* text : {"", "plain ascii that is long", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                           "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"})
    EXPECT_TRUE(is_utf8(text)) << text;
  for (const char* text : {"\x80", "\xC1\xBF", "\xC2", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                           "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "1234567\xC2", "\xE2\x98"})
    EXPECT_FALSE(is_utf8(text)) << text;
}

TEST(MetricsReport, counts_a_good_text) {
  const MetricsReport r = check_metrics(
      "# TYPE a counter\na_total 1\n# TYPE b gauge\nb{x=\"1\"} 1\nb{x=\"2\"} 1\n# EOF\n", Format::openmetrics);
  EXPECT_TRUE(r.valid && r.readable) << r.reason;
  EXPECT_EQ(r.families, 2U);
  EXPECT_EQ(r.samples, 3U);
  EXPECT_EQ(r.line, 0U);
}

TEST(MetricsReport, tells_unreadable_from_merely_wrong) {
  const MetricsReport unreadable = check_metrics("a 1\nb x\n", Format::prometheus);
  EXPECT_FALSE(unreadable.valid || unreadable.readable);
  EXPECT_EQ(unreadable.line, 2U);
  EXPECT_EQ(unreadable.column, 3U);
  EXPECT_EQ(unreadable.reason, "the value is not a number");
  EXPECT_EQ(unreadable.samples, 1U);

  const MetricsReport wrong =
      check_metrics("# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\n# EOF\n", Format::openmetrics);
  EXPECT_FALSE(wrong.valid);
  EXPECT_TRUE(wrong.readable);
  EXPECT_EQ(wrong.line, 3U);
  EXPECT_EQ(wrong.reason, "the buckets of h must be cumulative");
}

TEST(MetricsReport, the_list_of_faults_is_bounded) {
  std::string text = "# TYPE c counter\n";
  for (int i = 0; i < 500; ++i) text += "c_total{x=\"" + std::to_string(i) + "\"} -1\n";
  const MetricsReport r = check_metrics(text + "# EOF\n", Format::openmetrics);
  EXPECT_EQ(r.faults.size(), 50U);
  EXPECT_EQ(r.samples, 500U);
}

} // namespace
} // namespace backstop
