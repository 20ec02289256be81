#include "collectors/selector.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace backstop {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Selector make(std::string_view text) {
  auto selector = Selector::parse(text);
  EXPECT_TRUE(selector) << text << ": " << selector.error().what;
  return selector ? *selector : *Selector::parse("unreadable");
}

bool matches(std::string_view text, std::string_view name, std::vector<LabelView> labels) {
  return make(text).matches(name, labels);
}

std::string error_of(std::string_view text) {
  const auto selector = Selector::parse(text);
  return selector ? "" : selector.error().what;
}

TEST(Selector, the_name_is_exact) {
  EXPECT_TRUE(matches("a", "a", {}));
  EXPECT_TRUE(matches(" a ", "a", {{"x", "1"}}));
  EXPECT_TRUE(matches("a{}", "a", {}));
  EXPECT_FALSE(matches("a", "ab", {}));
  EXPECT_FALSE(matches("ab", "a", {}));
  EXPECT_TRUE(matches("{\"my.name\", x=\"1\"}", "my.name", {{"x", "1"}}));
}

TEST(Selector, all_conditions_must_hold) {
  const char* text = R"x(http_requests_total{code=~"5..", method!="GET", path!~"/(health|ready)"})x";
  EXPECT_TRUE(matches(text, "http_requests_total", {{"code", "503"}, {"method", "POST"}, {"path", "/pay"}}));
  EXPECT_FALSE(matches(text, "http_requests_total", {{"code", "404"}, {"method", "POST"}, {"path", "/pay"}}));
  EXPECT_FALSE(matches(text, "http_requests_total", {{"code", "503"}, {"method", "GET"}, {"path", "/pay"}}));
  EXPECT_FALSE(matches(text, "http_requests_total", {{"code", "503"}, {"method", "POST"}, {"path", "/ready"}}));
}

TEST(Selector, an_absent_label_is_an_empty_one) {
  EXPECT_TRUE(matches("a{x=\"\"}", "a", {}));
  EXPECT_TRUE(matches("a{x=\"\"}", "a", {{"x", ""}}));
  EXPECT_TRUE(matches("a{x!=\"1\"}", "a", {}));
  EXPECT_TRUE(matches("a{x=~\".*\"}", "a", {}));
  EXPECT_FALSE(matches("a{x=~\".+\"}", "a", {}));
  EXPECT_FALSE(matches("a{x=\"1\"}", "a", {}));
}

TEST(Selector, expressions_match_whole_values) {
  EXPECT_FALSE(matches("a{x=~\"b\"}", "a", {{"x", "abc"}}));
  EXPECT_TRUE(matches("a{x=~\"b|abc\"}", "a", {{"x", "abc"}}));
  EXPECT_FALSE(matches("a{x=~\"b|abc\"}", "a", {{"x", "abcd"}}));
  EXPECT_TRUE(matches("a{x=~\"b.c\"}", "a", {{"x", "b\nc"}}));
  EXPECT_TRUE(matches("a{x=~\"(?i)B.\"}", "a", {{"x", "bé"}}));
}

TEST(Selector, quotes_and_escapes) {
  EXPECT_TRUE(matches(R"(a{x="q\"\\\n\t\x41\u00e9"})", "a", {{"x", "q\"\\\n\tAé"}}));
  EXPECT_TRUE(matches(R"(a{x='it\'s "so"'})", "a", {{"x", "it's \"so\""}}));
  EXPECT_TRUE(matches(R"(a{x=~`5\d\d`})", "a", {{"x", "512"}}));
  EXPECT_TRUE(matches(R"(a{x=~"5\\d\\d"})", "a", {{"x", "512"}}));
  EXPECT_TRUE(matches("a{x=\"1\",}", "a", {{"x", "1"}}));
}

TEST(Selector, faults_give_the_column_and_the_way_out) {
  EXPECT_EQ(error_of(""), "column 1: expected a metric name, as in http_requests_total{code=\"500\"}");
  EXPECT_EQ(error_of("{x=\"1\"}"), "column 1: write the metric name before '{'");
  EXPECT_EQ(error_of("a{x==\"1\"}"), "column 4: write = for equal");
  EXPECT_EQ(error_of("a{x=1}"), "column 5: put the value of x in quotes");
  EXPECT_EQ(error_of("a{x=\"1\""), "column 8: '}' is missing");
  EXPECT_EQ(error_of("a{"), "column 3: '}' is missing");
  EXPECT_EQ(error_of("a{x=\"1}"), "column 5: the closing \" is missing");
  EXPECT_EQ(error_of("a{x=\"1\" y=\"2\"}"), "column 9: expected ',' or '}' after a value");
  EXPECT_THAT(error_of("a{x=~\"5\\d\"}"), StartsWith("column 8: unknown escape \\d: write \\\\"));
  EXPECT_THAT(error_of("a{x=~\"(\"}"),
              StartsWith("column 6: \"(\" is not a regular expression (RE2 syntax): missing )"));
  EXPECT_THAT(error_of("a{x=~\"*\"}"), HasSubstr("write .* for anything"));
  EXPECT_THAT(error_of("a[5m]"), StartsWith("column 2: only a plain selector is possible here"));
  EXPECT_THAT(error_of("sum(a)"), StartsWith("column 4: only a plain selector"));
  EXPECT_THAT(error_of("a.b"), StartsWith("column 2: a metric name with '.' or '-' goes into the braces"));
  EXPECT_THAT(error_of("{__name__=\"a\"}"), StartsWith("column 2: write the metric name before '{' instead"));
  EXPECT_THAT(error_of("a{\"b\"}"), StartsWith("column 3: the selector has a name already"));
  EXPECT_THAT(error_of("a{x=~\"(a{1000}){1000}\"}"), StartsWith("column 6:"));
  EXPECT_THAT(error_of(std::string(5000, 'a')), StartsWith("column 1: a selector has at most 4096 bytes"));
}

TEST(Selector, the_buckets_of_a_histogram) {
  const Selector buckets = make("h{x=\"1\"}").with_suffix("_bucket");
  EXPECT_EQ(buckets.text(), "h_bucket{x=\"1\"}");
  EXPECT_TRUE(buckets.matches("h_bucket", std::vector<LabelView>{{"x", "1"}, {"le", "5"}}));
  EXPECT_FALSE(buckets.matches("h", std::vector<LabelView>{{"x", "1"}}));
}

} // namespace
} // namespace backstop
