#include "daemon/api.hpp"
#include "daemon/recent_readings.hpp"
#include "shop_config.hpp"
#include "tests/fakes/app_world.hpp"
#include <gtest/gtest.h>

/// The newest readings of a service as curves.
namespace backstop {
namespace {

std::vector<Reading> read(std::optional<double> value) {
  Reading reading;
  reading.health = value ? Health::ok : Health::no_data;
  reading.value = value.value_or(7);
  return {reading, reading};
}

TEST(RecentReadings, KeepsTheLast360InOrderOfTime) {
  RecentReadings recent;
  for (int s = 0; s < 400; ++s) recent.note(time_from_us(s * 1'000'000), read(s));
  ASSERT_EQ(recent.size(), 360U);
  EXPECT_EQ(to_us(recent.time(0)), 40'000'000);
  EXPECT_EQ(to_us(recent.time(359)), 399'000'000);
  EXPECT_EQ(recent.value(0, 1), 40);
  EXPECT_EQ(recent.value(359, 0), 399);
}

TEST(RecentReadings, OneSecondIsOnePoint) {
  RecentReadings recent;
  recent.note(time_from_us(1'000'000), read(1));
  recent.note(time_from_us(1'999'999), read(2));
  ASSERT_EQ(recent.size(), 1U);
  EXPECT_EQ(to_us(recent.time(0)), 1'999'999);
  EXPECT_EQ(recent.value(0, 0), 2);
  recent.note(time_from_us(2'000'000), read(3));
  EXPECT_EQ(recent.size(), 2U);
  recent.note(time_from_us(1'500'000), read(4));
  EXPECT_EQ(recent.size(), 2U) << "what is older than the newest is left out";
  EXPECT_EQ(recent.value(1, 0), 3);
}

TEST(RecentReadings, AbsenceIsNoNumberAndADecimalStaysOne) {
  RecentReadings recent;
  recent.note(time_from_us(1'000'000), read(std::nullopt));
  recent.note(time_from_us(2'000'000), read(0.1));
  EXPECT_EQ(recent.value(0, 0), std::nullopt);
  EXPECT_EQ(recent.value(1, 1), 0.1);
}

class ReadingsRoute : public ::testing::Test {
protected:
  ReadingsRoute() {
    world_.start();
    world_.run(70);
    world_.adopt("shop", "v1");
    world_.run(1);
  }
  ApiReply get(const std::string& path, const std::map<std::string, std::string>& query = {}) {
    Api api(*world_.app, [] { return std::vector<std::string>{}; });
    ApiReply got;
    api.handle({"GET", path, query, "", {"uid:0(root)", true, false}}, world_.now,
               [&](const ApiReply& reply) { got = reply; });
    return got;
  }
  AppWorld world_{{ShopConfig{}.text()}};
};

TEST_F(ReadingsRoute, EachSecondIsAPointOfEveryIndicator) {
  const Json before = get("/v1/readings/shop/production").body;
  EXPECT_EQ(before.text("service"), "shop/production");
  EXPECT_TRUE(before["deployment"].is_null());
  EXPECT_EQ(*before["now_us"].as_int(), to_us(world_.now));
  EXPECT_EQ(before["t_us"].as_array()->size(), 71U);
  EXPECT_EQ(*before["t_us"].as_array()->back().as_int(), to_us(world_.now));

  world_.shops["shop/production"].error_share = 0.3;
  world_.run(6);
  const std::string id = world_.deploy("shop", "v2");
  const Json body = get("/v1/readings/shop").body;
  EXPECT_EQ(body.text("deployment"), id);
  const Json& errors = body["indicators"].as_array()->at(0);
  EXPECT_EQ(errors.text("name"), "error_rate");
  EXPECT_EQ(errors.text("unit"), "ratio");
  EXPECT_EQ(errors["critical"].number("low"), 0.05);
  EXPECT_TRUE(errors["critical"]["high"].is_null());
  ASSERT_EQ(errors["values"].as_array()->size(), body["t_us"].as_array()->size());
  EXPECT_TRUE(errors["values"].as_array()->front().is_null()) << "nothing was counted yet";
  double last = 0;
  ASSERT_TRUE(errors["values"].as_array()->back().as_number(last)) << body.dump();
  EXPECT_NEAR(last, 0.3, 1e-4);
}

TEST_F(ReadingsRoute, OnlyWhatIsNewIsGivenOnDemand) {
  const std::int64_t now = to_us(world_.now);
  EXPECT_TRUE(get("/v1/readings/shop", {{"from_us", std::to_string(now)}}).body["t_us"].as_array()->empty());
  world_.run(2);
  const Json body = get("/v1/readings/shop", {{"from_us", std::to_string(now)}}).body;
  EXPECT_EQ(body["t_us"].as_array()->size(), 2U);
  EXPECT_EQ(body["indicators"].as_array()->at(0)["values"].as_array()->size(), 2U);
}

TEST_F(ReadingsRoute, WhatIsNotThereIsRefused) {
  EXPECT_EQ(get("/v1/readings/shop/staging").status, 404);
  EXPECT_EQ(get("/v1/readings").status, 404);
  EXPECT_EQ(get("/v1/readings/shop", {{"from_us", "now"}}).status, 400);
}

} // namespace
} // namespace backstop
