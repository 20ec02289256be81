#pragma once
#include "daemon/seams.hpp"
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

inline KeptReading a_reading(std::int64_t seconds, double value, Health health = Health::ok) {
  return {"shop", "errors", time_from_us(seconds * 1000000), health, value, 100};
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
  std::vector<double> values(std::int64_t from, std::int64_t to, std::size_t limit = 1000) {
    const auto found =
        recorder->readings("shop", "errors", time_from_us(from * 1000000), time_from_us(to * 1000000), limit);
    EXPECT_TRUE(found) << found.error().what;
    std::vector<double> values;
    for (const KeptReading& r : found.value_or({})) values.push_back(r.value);
    return values;
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

TEST_P(RecorderContract, ReadingsComeInOrderOfTimeFromAHalfOpenRange) {
  const std::vector<KeptReading> batch{a_reading(30, 3), a_reading(10, 1), a_reading(20, 2)};
  ASSERT_TRUE(recorder->note_readings(batch));
  restart();
  EXPECT_EQ(values(10, 30), (std::vector<double>{1, 2}));
  EXPECT_EQ(values(0, 100), (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(values(0, 100, 2), (std::vector<double>{2, 3})) << "the newest";
  EXPECT_TRUE(values(31, 100).empty());
}

TEST_P(RecorderContract, ReadingsAreKeptPerServiceAndIndicator) {
  std::vector<KeptReading> batch{a_reading(1, 1), a_reading(1, 2), a_reading(1, 3)};
  batch[1].service = "other";
  batch[2].indicator = "latency";
  ASSERT_TRUE(recorder->note_readings(batch));
  EXPECT_EQ(values(0, 100), (std::vector<double>{1}));
}

TEST_P(RecorderContract, HealthAndRequestsReadBackAndAValueOnlyWhereItIsOk) {
  std::vector<KeptReading> batch;
  const std::vector<Health> healths{Health::ok, Health::no_data, Health::insufficient, Health::gap, Health::error};
  for (std::size_t i = 0; i < healths.size(); ++i)
    batch.push_back(a_reading(static_cast<std::int64_t>(i), 0.25, healths[i]));
  ASSERT_TRUE(recorder->note_readings(batch));
  const auto found = recorder->readings("shop", "errors", time_from_us(0), kNever, 100);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), healths.size());
  for (std::size_t i = 0; i < healths.size(); ++i) {
    EXPECT_EQ((*found)[i].health, healths[i]);
    EXPECT_EQ((*found)[i].value, healths[i] == Health::ok ? 0.25 : 0.0);
    EXPECT_EQ((*found)[i].requests, 100);
    EXPECT_EQ((*found)[i].service, "shop");
    EXPECT_EQ((*found)[i].indicator, "errors");
  }
}

} // namespace backstop
