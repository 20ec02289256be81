#include "collectors/number.hpp"
#include "collectors/quick_reader.hpp"
#include "tests/fuzz/exposition_told.hpp"
#include "tests/unit/collectors/end_of_page.hpp"
#include <bit>
#include <charconv>
#include <gtest/gtest.h>
#include <random>
#include <string>

namespace backstop {
namespace {

void expect_same(std::string_view text, const ExpositionLimits& limits = {}) {
  const EndOfPage page(text);
  for (const Format format : {Format::prometheus, Format::openmetrics})
    ASSERT_EQ(told_of(page.text(), format, limits, true), told_of(page.text(), format, limits, false)) << text;
}

const std::string kUsual = "# HELP h_seconds how long\n# TYPE h_seconds histogram\n"
                           "h_seconds_bucket{path=\"/a\",code=\"200\",le=\"0.1\"} 5\n"
                           "h_seconds_bucket{path=\"/a\",code=\"200\",le=\"+Inf\"} 17\n"
                           "h_seconds_sum{path=\"/a\",code=\"200\"} 1.25e-05\n"
                           "h_seconds_count{path=\"/a\",code=\"200\"} 17\n"
                           "h_seconds_bucket{path=\"/\xC3\xA4\",code=\"200\",le=\"0.1\"} 0\n"
                           "# TYPE a gauge\na 1\na{b=\"x y\"} -2.5\na{b=\"x z\",c=\"1\"} 1 15\n";

TEST(QuickReader, reads_the_usual_form_and_leaves_the_rest) {
  using Outcome = QuickReader::Outcome;
  const std::string text = "a{b=\"1\",c=\"2\"} 1.5\na{b=\"1\",c=\"\xC3\xA4\"} 2\na 3\na{b=\"1\"} Inf\na{b=\"\\n\"} 1\n";
  QuickReader reader(text, {});
  SampleView sample;
  ASSERT_EQ(reader.sample(text.data(), sample), Outcome::sample);
  EXPECT_FALSE(reader.same_name());
  ASSERT_EQ(reader.sample(reader.next(), sample), Outcome::sample);
  EXPECT_TRUE(reader.same_name());
  EXPECT_EQ(sample.series, "a{b=\"1\",c=\"\xC3\xA4\"}");
  EXPECT_EQ(sample.name, "a");
  ASSERT_EQ(sample.labels.size(), 2U);
  EXPECT_EQ(sample.labels[0].value, "1");
  EXPECT_EQ(sample.labels[1].value, "\xC3\xA4");
  EXPECT_EQ(sample.value, 2);
  ASSERT_EQ(reader.sample(reader.next(), sample), Outcome::sample);
  EXPECT_EQ(sample.series, "a");
  EXPECT_TRUE(sample.labels.empty());
  const char* infinite = reader.next();
  ASSERT_EQ(reader.sample(infinite, sample), Outcome::series);
  EXPECT_EQ(sample.series, "a{b=\"1\"}");
  EXPECT_EQ(reader.sample(infinite + sample.series.size() + 5, sample), Outcome::unusual);
}

TEST(QuickReader, a_text_cut_off_anywhere_is_read_as_line_by_line) {
  for (std::size_t size = 0; size <= kUsual.size(); ++size) {
    expect_same(kUsual.substr(0, size));
    expect_same(kUsual.substr(0, size) + "# EOF\n");
  }
}

TEST(QuickReader, a_text_with_any_byte_replaced_is_read_as_line_by_line) {
  for (std::size_t at = 0; at < kUsual.size(); ++at) {
    for (const char c : std::string("\"\\\n{},= \t#_:x7-+.e\r\xC3\x80\0", 21)) {
      std::string text = kUsual + "# EOF\n";
      text[at] = c;
      expect_same(text);
    }
  }
}

TEST(QuickReader, what_a_line_shares_with_the_one_before_is_read_again_where_it_must_be) {
  for (const char* text : {
           "a{b=\"1\",c=\"2\"} 1\na{b=\"1\",c=\"2\",c=\"3\"} 1\n", // a name twice, once in what is shared
           "a{b=\"1\",c=\"2\"} 1\na{b=\"1\",b=\"3\"} 1\n",
           "a{b=\"1\",c=\"2\"} 1\na{b=\"1\",} 1\n",
           "a{b=\"1\",c=\"2\"} 1\na{b=\"1\", c=\"2\"} 1\na{b=\"1\",c=\"2\"} 1\n",
           "a{b=\"1\",c=\"2\"} 1\na{b=\"1\",__name__=\"2\"} 1\n",
           "a{b=\"1\",c=\"2\"} 1\na{b=\"1\",c=\"\\\"2\"} 1\na{b=\"1\",c=\"2\"} 2\n",
           "a{b=\"1\"} 1\na{b=\"1\"} 2\na{b=\"12\"} 3\na 4\nab 5\na{b=\"1\"} 6\n",
           "a{b=\"1\"} 1\n# TYPE b gauge\na{b=\"2\"} 2\nb 1\na{b=\"3\"} 3\n",
           "a{b=\"1\"} 1 5\na{b=\"2\"} 2\na{b=\"3\"} Inf\na{b=\"4\"} 0x1\n",
           "a{b=\"\xC3\"} 1\n",
           "a{b=\"\xC3\xA4\xC3\xB6\xC3\xBC\",c=\"\xE2\x82\xAC\"} 1\na{b=\"\xC3\xA4\xC3\xB6\xC3\xBC\",c=\"\xE2\x82\"} "
           "1\n",
       })
    expect_same(text);
}

TEST(QuickReader, limits_hold_at_the_same_places) {
  const std::string text = "abc{de=\"1\",fg=\"2\"} 123\nabc{de=\"1\",fg=\"2\",h=\"3\"} 123\nabcd{efg=\"1\"} 1\n# EOF\n";
  for (std::size_t n = 0; n < 35; ++n) {
    expect_same(text, {n, 128, 1024});
    expect_same(text, {1024, n, 1024});
    expect_same(text, {1024, 128, n});
  }
}

/// What from_chars makes of the same number.
double exact(const std::string& text) {
  double v = 0;
  std::from_chars(text.data(), text.data() + text.size(), v);
  return v;
}

TEST(ShortNumber, is_the_nearest_double) {
  std::mt19937_64 random(7);
  int read = 0;
  for (int i = 0; i < 40'000; ++i) {
    std::string text =
        std::to_string(random() % 1'000'000'000'000'000 / (random() % 4 == 0 ? 1 : 1 + random() % 1'000'000));
    if (random() % 2 == 0) text.insert(1 + random() % text.size(), ".");
    if (text.back() == '.') text += '0';
    if (random() % 3 == 0) text.insert(0, "0.000");
    if (text.find('.') != text.rfind('.')) text.erase(text.rfind('.'), 1);
    if (random() % 2 == 0) text += "e" + std::to_string(static_cast<int>(random() % 60) - 30);
    if (random() % 5 == 0) text.insert(0, "-");
    const EndOfPage page(text);
    double v = 0;
    const char* end = read_short_number(page.text().data(), page.text().data() + text.size(), v);
    if (end == nullptr) continue;
    ++read;
    ASSERT_EQ(end, page.text().data() + text.size()) << text;
    ASSERT_EQ(std::bit_cast<std::uint64_t>(v), std::bit_cast<std::uint64_t>(exact(text))) << text;
  }
  EXPECT_GT(read, 20'000);
}

TEST(ShortNumber, leaves_what_is_long_or_otherwise_written) {
  double v = 5;
  for (const std::string text : {"", "-", "+1", ".5", "5.", "1e", "1e-", "1e+", "1234567890123456", "1.234567890123456",
                                 "0.000000000000001", "1e23", "1e-23", "1e00022", "NaN", "Inf", "x"}) {
    EXPECT_EQ(read_short_number(text.data(), text.data() + text.size(), v), nullptr) << text;
    EXPECT_EQ(v, 5) << text;
  }
}

} // namespace
} // namespace backstop
