#include "daemon/io/sqlite_recorder.hpp"
#include "tests/fakes/recorder_contract.hpp"
#include "tests/fakes/temporary_directory.hpp"
#include <filesystem>
#include <fstream>

namespace backstop {
namespace {

std::shared_ptr<Recorder> open_at(const std::string& path) {
  auto recorder = SqliteRecorder::open(path, {});
  EXPECT_TRUE(recorder) << recorder.error().what;
  return recorder ? std::shared_ptr<Recorder>(*std::move(recorder)) : nullptr;
}

const TemporaryDirectory& directory() {
  static const TemporaryDirectory kDirectory;
  return kDirectory;
}
std::string current_path;

INSTANTIATE_TEST_SUITE_P(Sqlite, RecorderContract,
                         testing::Values(RecorderPlace{"sqlite",
                                                       [](const std::string& test) {
                                                         current_path = directory().path() + "/" +
                                                                        test.substr(0, test.find('/')) + ".db";
                                                         return open_at(current_path);
                                                       },
                                                       [](std::shared_ptr<Recorder> recorder) {
                                                         recorder.reset();
                                                         return open_at(current_path);
                                                       }}));

class SqliteRecorderFile : public testing::Test {
protected:
  std::unique_ptr<SqliteRecorder> open(SqliteRecorder::Options options = {}) {
    auto recorder = SqliteRecorder::open(path, options);
    EXPECT_TRUE(recorder) << recorder.error().what;
    return recorder ? *std::move(recorder) : nullptr;
  }
  TemporaryDirectory place;
  std::string path = place.path() + "/recorder.db";
};

TEST_F(SqliteRecorderFile, WhatIsNoRecorderIsMovedAsideAndANewOneBegun) {
  for (const std::string& content : {std::string(), std::string("text"), std::string(8192, 'x')}) {
    std::ofstream(path, std::ios::trunc) << content;
    auto recorder = open();
    ASSERT_TRUE(recorder);
    EXPECT_NE(recorder->moved_aside().find(path + ".aside"), std::string::npos) << recorder->moved_aside();
    EXPECT_TRUE(recorder->put("k", 1));
    EXPECT_EQ(std::filesystem::file_size(path + ".aside"), content.size());
  }
}

TEST_F(SqliteRecorderFile, ANewerOneIsMovedAsideWhole) {
  ASSERT_TRUE(open()->put("k", 1));
  {
    auto database = SqliteDatabase::open(path, SqliteDatabase::Mode::write, 0);
    ASSERT_TRUE(database);
    ASSERT_TRUE(database->run("PRAGMA user_version = 3"));
  }
  auto recorder = open();
  ASSERT_TRUE(recorder);
  EXPECT_NE(recorder->moved_aside().find("newer"), std::string::npos);
  EXPECT_TRUE(recorder->get("k")->is_null());
  auto aside = SqliteDatabase::open(path + ".aside", SqliteDatabase::Mode::read_only, 0);
  ASSERT_TRUE(aside);
  EXPECT_EQ(aside->value("SELECT value FROM state").value_or("gone"), "1");
}

TEST_F(SqliteRecorderFile, DamageMetLaterIsMovedAsideAndTheWriteGoesOn) {
  {
    auto recorder = open();
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(recorder->put("k" + std::to_string(i), std::string(500, 'x')));
  }
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const auto size = std::filesystem::file_size(path);
    file.seekp(4096);
    file << std::string(size - 4096, '\xff');
  }
  auto recorder = open();
  ASSERT_TRUE(recorder);
  ASSERT_TRUE(recorder->put("k1", 2));
  EXPECT_NE(recorder->moved_aside().find("damaged"), std::string::npos) << recorder->moved_aside();
  EXPECT_EQ(recorder->get("k1").value_or({}), Json(2));
}

TEST_F(SqliteRecorderFile, AnOlderOneIsBegunAnew) {
  ASSERT_TRUE(open()->put("k", 1));
  {
    auto database = SqliteDatabase::open(path, SqliteDatabase::Mode::write, 0);
    ASSERT_TRUE(database);
    ASSERT_TRUE(database->run("PRAGMA user_version = 1"));
  }
  auto recorder = open();
  ASSERT_TRUE(recorder);
  EXPECT_NE(recorder->moved_aside().find("older"), std::string::npos) << recorder->moved_aside();
  EXPECT_TRUE(recorder->get("k")->is_null());
  EXPECT_TRUE(recorder->put("k", 2));
}

TEST_F(SqliteRecorderFile, OldScrapesGo) {
  auto recorder = open({.keep = std::chrono::seconds(60)});
  for (std::int64_t t = 0; t < 200; ++t) {
    const std::vector<KeptScrape> batch{a_scrape(t, {static_cast<double>(t)})};
    ASSERT_TRUE(recorder->note_scrapes(batch));
  }
  const auto left = recorder->scrapes("shop", time_from_us(0), kNever, 1000);
  ASSERT_TRUE(left);
  EXPECT_EQ(left->front().t, time_from_us(139 * 1000000));
  EXPECT_EQ(left->size(), 61U);
}

TEST_F(SqliteRecorderFile, TheFileStaysWithinItsBoundAlsoWhereTimeGoesBack) {
  constexpr std::int64_t kBound = 256 << 10;
  auto recorder = open({.max_size = kBound});
  for (std::int64_t round = 0; round < 60; ++round) {
    std::vector<KeptScrape> batch;
    for (std::int64_t i = 0; i < 500; ++i) batch.push_back(a_scrape(1000000 - round * 500 + i, {1}));
    for (KeptScrape& scrape : batch) scrape.values = batch.front().values;
    ASSERT_TRUE(recorder->note_scrapes(batch));
  }
  const auto last = recorder->scrapes("shop", time_from_us(0), kNever, 100000);
  ASSERT_TRUE(last);
  EXPECT_GT(last->size(), 1000U);
  EXPECT_EQ(last->front().t, time_from_us((1000000 - 59 * 500) * std::int64_t{1000000})) << "what came last is there";
  recorder.reset(); // plays the WAL into the file
  EXPECT_LT(std::filesystem::file_size(path), std::uintmax_t{kBound} * 3 / 2);
}

TEST_F(SqliteRecorderFile, ALoweredBoundIsReached) {
  {
    auto recorder = open();
    for (int round = 0; round < 20; ++round) {
      std::vector<KeptScrape> batch;
      for (int i = 0; i < 1000; ++i) batch.push_back(a_scrape(round * 1000 + i, {0.1, 0.2, 0.3}));
      for (KeptScrape& scrape : batch) scrape.values = batch.front().values;
      ASSERT_TRUE(recorder->note_scrapes(batch));
    }
  }
  const auto before = std::filesystem::file_size(path);
  auto recorder = open({.max_size = 128 << 10});
  for (int i = 0; i < 200; ++i) {
    const std::vector<KeptScrape> batch{a_scrape(100000 + i, {1})};
    ASSERT_TRUE(recorder->note_scrapes(batch));
  }
  recorder.reset();
  EXPECT_LT(std::filesystem::file_size(path), before / 3);
}

TEST_F(SqliteRecorderFile, SeriesThatNobodySeesAnyMoreGoWithTheirScrapes) {
  const auto rows_of = [this](const char* table) {
    auto database = SqliteDatabase::open(path, SqliteDatabase::Mode::read_only, 0);
    return database ? database->integer((std::string("SELECT count(*) FROM ") + table).c_str()).value_or(-1) : -2;
  };
  auto recorder = open({.keep = std::chrono::hours(1)});
  for (std::int64_t t = 0; t < 24 * 60; ++t) { // a new series a minute, for a day
    std::vector<KeptScrape> batch{a_scrape(t * 60, {1})};
    batch[0].values[0].series = SharedText("r{pod=\"" + std::to_string(t) + "\"}");
    ASSERT_TRUE(recorder->note_scrapes(batch));
  }
  EXPECT_EQ(rows_of("scrape"), 61);
  EXPECT_LE(rows_of("book"), 5);
  EXPECT_LE(rows_of("series"), 5 * 61);
  EXPECT_EQ(recorder->scrapes("shop", time_from_us(0), kNever, 1000).value_or({}).size(), 61U) << "they still read";
}

TEST_F(SqliteRecorderFile, AFailedWriteLeavesTheNextOneWhole) {
  auto recorder = open();
  const std::vector<KeptScrape> first{a_scrape(1, {1})}, second{a_scrape(2, {2})};
  {
    auto foreign = SqliteDatabase::open(path, SqliteDatabase::Mode::write, 0);
    ASSERT_TRUE(foreign && foreign->run("BEGIN IMMEDIATE"));
    EXPECT_FALSE(recorder->note_scrapes(first)) << "another program has it locked";
  }
  ASSERT_TRUE(recorder->note_scrapes(second));
  EXPECT_EQ(text_of(recorder->scrapes("shop", time_from_us(0), kNever, 1000).value_or({})), "2:app 2.0");
}

TEST_F(SqliteRecorderFile, ADirectoryThatIsNotThereIsNamed) {
  const auto recorder = SqliteRecorder::open(place.path() + "/nowhere/recorder.db", {});
  ASSERT_FALSE(recorder);
  EXPECT_EQ(recorder.error().code, Errc::io);
  EXPECT_NE(recorder.error().what.find("nowhere/recorder.db"), std::string::npos);
}

} // namespace
} // namespace backstop
