#include "collectors/line_reader.hpp"
#include "collectors/series_text.hpp"
#include <gtest/gtest.h>
#include <map>
#include <random>

namespace backstop {
namespace {

std::string written(std::string_view name, std::vector<LabelView> labels) {
  std::string text = "what was there before";
  write_series_text(text, name, labels);
  return text;
}

TEST(SeriesText, is_the_same_whatever_the_order_and_without_empty_labels) {
  EXPECT_EQ(written("a", {}), "a");
  EXPECT_EQ(written("a", {{"z", ""}}), "a");
  EXPECT_EQ(written("a", {{"y", "2"}, {"x", "1"}}), R"(a{x="1",y="2"})");
  EXPECT_EQ(written("a", {{"x", "1"}, {"w", ""}, {"y", "2"}}), R"(a{x="1",y="2"})");
}

TEST(SeriesText, what_is_not_of_the_classic_kind_stands_in_quotes) {
  EXPECT_EQ(written("a.b", {}), R"({"a.b"})");
  EXPECT_EQ(written("", {}), R"({""})");
  EXPECT_EQ(written("7", {{"x", "1"}}), R"({"7",x="1"})");
  EXPECT_EQ(written("a:b", {{"x:y", "1"}}), R"(a:b{"x:y"="1"})");
  EXPECT_EQ(written("a", {{"x", "\"\\\n\xC3\xA9"}}), "a{x=\"\\\"\\\\\\n\xC3\xA9\"}");
}

/// It is what a series is known by: two must never have the same one, and a reader of ours takes it back.
TEST(SeriesText, no_two_series_have_the_same_and_it_reads_back) {
  std::mt19937 random(3);
  const std::string bytes = "ab1\"\\\n{},=# :\xC3\xA9";
  const auto some = [&](std::size_t least) {
    std::string text;
    for (std::size_t n = least + random() % 4; n > 0; --n) text += bytes[random() % (bytes.size() - 2)];
    return random() % 4 == 0 ? text + "\xC3\xA9" : text;
  };
  using Series = std::pair<std::string, std::map<std::string, std::string>>;
  std::map<std::string, Series> known;
  LineReader reader(Format::prometheus, {});
  for (int i = 0; i < 20000; ++i) {
    Series series{some(1), {}};
    for (std::size_t n = random() % 3; n > 0; --n) series.second[some(1)] = some(1);
    std::vector<LabelView> labels;
    for (const auto& [name, value] : series.second) labels.insert(labels.begin(), {name, value});
    const std::string text = written(series.first, labels);
    const auto [at, fresh] = known.emplace(text, series);
    ASSERT_TRUE(fresh || at->second == series) << text;
    SampleView read;
    ASSERT_TRUE(reader.series(text, read)) << text << ": " << reader.fault_reason();
    Series back{std::string(read.name), {}};
    for (const LabelView& l : read.labels) back.second.emplace(l.name, l.value);
    ASSERT_EQ(back, series) << text;
  }
}

} // namespace
} // namespace backstop
