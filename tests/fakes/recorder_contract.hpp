#pragma once
#include "daemon/seams.hpp"
#include <bit>
#include <functional>
#include <gtest/gtest.h>
#include <memory>

/// What every Recorder must do. Include in one test file of an executable and instantiate RecorderContract there.
namespace backstop {

struct RecorderPlace {
  std::string name;
  std::function<std::shared_ptr<Recorder>(const std::string& test)> fresh;
  std::function<std::shared_ptr<Recorder>(std::shared_ptr<Recorder>)> reopen;
};

/// A good scrape of the first target of a shop at `seconds`, with one value a series: r{n="0"}, r{n="1"}, ...
inline KeptScrape a_scrape(std::int64_t seconds, const std::vector<double>& values,
                           const std::string& service = "shop") {
  KeptScrape scrape;
  scrape.of = std::make_shared<ScrapedTarget>(ScrapedTarget{service, "app", "http://127.0.0.1/metrics"});
  scrape.t = time_from_us(seconds * 1000000);
  scrape.took = Duration{1234};
  for (std::size_t i = 0; i < values.size(); ++i)
    scrape.values.push_back({SharedText("r{n=\"" + std::to_string(i) + "\"}"), values[i]});
  return scrape;
}

/// "1:app 10,20 5:app! refused": when, of which source, with which values or why not.
inline std::string text_of(const std::vector<KeptScrape>& scrapes) {
  std::string text;
  for (const KeptScrape& s : scrapes) {
    text += (text.empty() ? "" : " ") + std::to_string(to_us(s.t) / 1000000) + ":" + s.of->source;
    for (const KeptScrape::Value& v : s.values) text += (&v == s.values.data() ? " " : ",") + Json(v.value).dump();
    if (!s.ok) text += "! " + s.why;
  }
  return text;
}

class RecorderContract : public testing::TestWithParam<RecorderPlace> {
protected:
  void SetUp() override {
    recorder = GetParam().fresh(testing::UnitTest::GetInstance()->current_test_info()->name());
    ASSERT_TRUE(recorder);
  }
  void restart() {
    recorder = GetParam().reopen(std::move(recorder));
    ASSERT_TRUE(recorder);
  }
  Json get(std::string_view key) {
    const auto value = recorder->get(key);
    EXPECT_TRUE(value) << value.error().what;
    return value.value_or(Json("error"));
  }
  std::vector<KeptScrape> scrapes(std::int64_t from, std::int64_t to, std::size_t most = 1000) {
    auto found = recorder->scrapes("shop", time_from_us(from * 1000000), time_from_us(to * 1000000), most);
    EXPECT_TRUE(found) << found.error().what;
    return found ? *std::move(found) : std::vector<KeptScrape>{};
  }
  std::shared_ptr<Recorder> recorder;
};

TEST_P(RecorderContract, AKeyThatWasNeverPutIsNull) { EXPECT_TRUE(get("watch/shop").is_null()); }

TEST_P(RecorderContract, PutReplacesAndSurvivesARestart) {
  const Json state = Json::object().set("timer", 12.5).set("count", 3).set("whole", 2.0);
  ASSERT_TRUE(recorder->put("watch/shop", Json("old")));
  ASSERT_TRUE(recorder->put("watch/shop", state));
  ASSERT_TRUE(recorder->put("watch/other", 1));
  restart();
  EXPECT_EQ(get("watch/shop"), state);
  EXPECT_EQ(get("watch/other"), Json(1));
}

TEST_P(RecorderContract, PuttingNullRemoves) {
  ASSERT_TRUE(recorder->put("watch/shop", 1));
  ASSERT_TRUE(recorder->put("watch/shop", nullptr));
  EXPECT_TRUE(get("watch/shop").is_null());
  EXPECT_TRUE(recorder->put("watch/never", nullptr));
}

TEST_P(RecorderContract, WhatWouldNotReadBackIsRefusedAndTheOldStays) {
  ASSERT_TRUE(recorder->put("k", 1));
  EXPECT_FALSE(recorder->put("k", Json(Json::Object{{"a", 1}, {"a", 2}})));
  EXPECT_EQ(get("k"), Json(1));
}

TEST_P(RecorderContract, ScrapesComeInOrderOfTimeFromAHalfOpenRange) {
  const std::vector<KeptScrape> batch{a_scrape(30, {3}), a_scrape(10, {1, 11}), a_scrape(20, {2})};
  ASSERT_TRUE(recorder->note_scrapes(batch));
  restart();
  EXPECT_EQ(text_of(scrapes(10, 30)), "10:app 1.0,11.0 20:app 2.0");
  EXPECT_EQ(text_of(scrapes(0, 100)), "10:app 1.0,11.0 20:app 2.0 30:app 3.0");
  EXPECT_EQ(text_of(scrapes(31, 100)), "");
}

TEST_P(RecorderContract, AllThatAScrapeSaysReadsBack) {
  const double awkward[] = {0.1, -0.0, 1e300, -7, 4503599627370496.0, 9007199254740993.0, 5e-324};
  std::vector<KeptScrape> batch{a_scrape(1, {std::begin(awkward), std::end(awkward)}), a_scrape(2, {}),
                                a_scrape(3, {})};
  batch[0].values[3].series = SharedText("r{path=\"a\\\\b\\\"c\\nd\",z=\"\xc3\xa9\"}");
  batch[2].ok = false;
  batch[2].why = "connection refused";
  ASSERT_TRUE(recorder->note_scrapes(batch));
  restart();
  const std::vector<KeptScrape> found = scrapes(0, 100);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(*found[0].of, *batch[0].of);
  EXPECT_EQ(found[0].took, Duration{1234});
  ASSERT_EQ(found[0].values.size(), batch[0].values.size());
  for (std::size_t i = 0; i < found[0].values.size(); ++i) {
    EXPECT_EQ(found[0].values[i].series.view(), batch[0].values[i].series.view());
    EXPECT_EQ(std::bit_cast<std::uint64_t>(found[0].values[i].value), std::bit_cast<std::uint64_t>(awkward[i]));
  }
  EXPECT_EQ(text_of({found[1], found[2]}), "2:app 3:app! connection refused");
}

TEST_P(RecorderContract, AnAnswerEndsAfterAllOfOneTime) {
  std::vector<KeptScrape> batch{a_scrape(1, {1, 2}), a_scrape(2, {3, 4}), a_scrape(2, {5}), a_scrape(3, {6})};
  batch[2].of = std::make_shared<ScrapedTarget>(ScrapedTarget{"shop", "db", "0"});
  ASSERT_TRUE(recorder->note_scrapes(batch));
  EXPECT_EQ(text_of(scrapes(0, 100, 3)), "1:app 1.0,2.0") << "a scrape counts as a value";
  EXPECT_EQ(text_of(scrapes(0, 100, 4)), "1:app 1.0,2.0 2:app 3.0,4.0 2:db 5.0");
  EXPECT_EQ(text_of(scrapes(2, 100, 1)), "2:app 3.0,4.0 2:db 5.0");
}

TEST_P(RecorderContract, ScrapesAreOfAService) {
  const std::vector<KeptScrape> batch{a_scrape(1, {1}), a_scrape(1, {2}, "other")};
  ASSERT_TRUE(recorder->note_scrapes(batch));
  EXPECT_EQ(text_of(scrapes(0, 100)), "1:app 1.0");
  EXPECT_EQ(text_of(recorder->scrapes("nobody", time_from_us(0), kNever, 100).value_or({a_scrape(9, {})})), "");
}

TEST_P(RecorderContract, WhatIsForgottenIsGoneAndTheRestStays) {
  std::vector<KeptScrape> batch;
  for (std::int64_t t = 1; t <= 6; ++t) batch.push_back(a_scrape(t, {1}, t == 3 ? "other" : "shop"));
  ASSERT_TRUE(recorder->note_scrapes(batch));
  ASSERT_TRUE(recorder->forget_scrapes("shop", time_from_us(2'000'000), time_from_us(5'000'000)));
  restart();
  EXPECT_EQ(text_of(scrapes(0, 100)), "1:app 1.0 5:app 1.0 6:app 1.0");
  EXPECT_EQ(recorder->scrapes("other", time_from_us(0), kNever, 100).value_or({}).size(), 1U);
  EXPECT_TRUE(recorder->forget_scrapes("nobody", time_from_us(0), kNever));
}

} // namespace backstop
