#pragma once
#include "tests/fakes/some_records.hpp"
#include <functional>
#include <gtest/gtest.h>
#include <limits>
#include <memory>

/// What every Journal must do. Include in one test file of an executable and instantiate JournalContract there.
namespace backstop {

/// A place that keeps one journal: open() gives it as after a restart (the one given before is gone by then).
struct JournalPlace {
  std::string name;
  std::function<std::shared_ptr<Journal>(const std::string& test)> fresh;
  std::function<std::shared_ptr<Journal>(std::shared_ptr<Journal>)> reopen;
};

class JournalContract : public testing::TestWithParam<JournalPlace> {
protected:
  void SetUp() override {
    journal = GetParam().fresh(testing::UnitTest::GetInstance()->current_test_info()->name());
    ASSERT_TRUE(journal);
  }
  void restart() {
    journal = GetParam().reopen(std::move(journal));
    ASSERT_TRUE(journal);
  }
  std::shared_ptr<Journal> journal;
};

TEST_P(JournalContract, ANewOneIsEmpty) { EXPECT_TRUE(all_of(*journal).empty()); }

TEST_P(JournalContract, AppendFillsInSeqAndTheChain) {
  std::vector<Record> first{a_record("a"), a_record("b")};
  std::vector<Record> second{a_record("c")};
  ASSERT_TRUE(journal->append(first));
  ASSERT_TRUE(journal->append(second));
  EXPECT_EQ(first[0].seq, 1U);
  EXPECT_EQ(first[0].prev_hash, std::string(64, '0'));
  EXPECT_EQ(first[1].seq, 2U);
  EXPECT_EQ(first[1].prev_hash, hash_of(first[0]));
  EXPECT_EQ(second[0].seq, 3U);
  EXPECT_EQ(second[0].prev_hash, hash_of(first[1]));
}

TEST_P(JournalContract, EveryFieldReadsBackAfterARestart) {
  Record r = a_record("step_finished", std::numeric_limits<std::int64_t>::min());
  r.boot = "";
  r.actor = std::string("uid:1000(a\0b)", 13);
  r.subject = "dienst/ä€😀";
  r.version = 7;
  r.payload = Json::object()
                  .set("d", 0.1)
                  .set("one", 1.0)
                  .set("i", std::numeric_limits<std::int64_t>::max())
                  .set("s", "x\n\t\"\\")
                  .set("null", nullptr)
                  .set("list", Json::array().push(true).push(Json::object()))
                  .set("", "empty key");
  std::vector<Record> records{r, a_record("next", to_us(kNever))};
  ASSERT_TRUE(journal->append(records));
  restart();
  const auto found = all_of(*journal);
  ASSERT_EQ(found.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(found[i].seq, records[i].seq);
    EXPECT_EQ(found[i].time, records[i].time);
    EXPECT_EQ(found[i].boot, records[i].boot);
    EXPECT_EQ(found[i].actor, records[i].actor);
    EXPECT_EQ(found[i].subject, records[i].subject);
    EXPECT_EQ(found[i].type, records[i].type);
    EXPECT_EQ(found[i].version, records[i].version);
    EXPECT_EQ(found[i].payload, records[i].payload);
    EXPECT_EQ(found[i].prev_hash, records[i].prev_hash);
    EXPECT_EQ(hash_of(found[i]), hash_of(records[i]));
  }
}

TEST_P(JournalContract, WhatIsNoNumberIsKeptAsNullAndTheChainHolds) {
  std::vector<Record> records{a_record("reading"), a_record("next")};
  records[0].payload.set("value", std::numeric_limits<double>::quiet_NaN());
  ASSERT_TRUE(journal->append(records));
  const auto found = all_of(*journal);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_TRUE(found[0].payload["value"].is_null());
  EXPECT_EQ(found[1].prev_hash, hash_of(found[0]));
}

TEST_P(JournalContract, ReadGivesWhatComesAfter) {
  std::vector<Record> records;
  for (int i = 1; i <= 300; ++i) records.push_back(a_record("r" + std::to_string(i), i));
  ASSERT_TRUE(journal->append(records));
  const auto tail = all_of(*journal, 298);
  ASSERT_EQ(tail.size(), 2U);
  EXPECT_EQ(tail[0].type, "r299");
  EXPECT_EQ(tail[1].type, "r300");
  EXPECT_EQ(all_of(*journal).size(), 300U);
  EXPECT_TRUE(all_of(*journal, 300).empty());
  EXPECT_TRUE(all_of(*journal, 1000).empty());
  EXPECT_TRUE(all_of(*journal, std::numeric_limits<std::uint64_t>::max()).empty());
}

TEST_P(JournalContract, ReadStopsAtTheErrorOfTheReader) {
  std::vector<Record> records{a_record("a"), a_record("b"), a_record("c")};
  ASSERT_TRUE(journal->append(records));
  int calls = 0;
  const Status status = journal->read(0, [&](const Record& r) -> Status {
    ++calls;
    if (r.type == "b") return fail(Errc::refused, "enough");
    return {};
  });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().what, "enough");
  EXPECT_EQ(calls, 2);
}

TEST_P(JournalContract, TheReaderMayAppend) {
  std::vector<Record> records{a_record("a")};
  ASSERT_TRUE(journal->append(records));
  ASSERT_TRUE(journal->read(0, [&](const Record& r) -> Status {
    if (r.seq > 3) return {};
    std::vector<Record> more{a_record("more")};
    return journal->append(more);
  }));
  EXPECT_EQ(all_of(*journal).size(), 4U);
}

TEST_P(JournalContract, AppendIsAllOrNothing) {
  std::vector<Record> good{a_record("a")};
  ASSERT_TRUE(journal->append(good));
  std::vector<Record> records{a_record("b"), a_record("c"), a_record("d")};
  records[2].payload = Json("no object");
  const Status status = journal->append(records);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Errc::invalid);
  EXPECT_EQ(all_of(*journal).size(), 1U);

  std::vector<Record> later{a_record("e")};
  ASSERT_TRUE(journal->append(later)) << "a refused append spoils nothing";
  EXPECT_EQ(later[0].seq, 2U);
}

TEST_P(JournalContract, RefusesAPayloadThatIsTooLong) {
  std::vector<Record> records{a_record("a")};
  records[0].payload.set("output", std::string(kMaxPayload, 'x'));
  const Status status = journal->append(records);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Errc::too_large);
}

TEST_P(JournalContract, AppendingNothingIsFine) {
  EXPECT_TRUE(journal->append({}));
  EXPECT_TRUE(all_of(*journal).empty());
}

TEST_P(JournalContract, WhatWasLetGoIsNotReadAnyMore) {
  std::vector<Record> records;
  for (int i = 1; i <= 200; ++i) records.push_back(a_record("r" + std::to_string(i), i));
  ASSERT_TRUE(journal->append(records));
  std::vector<Record> said{a_compaction(*journal, {{1, 90}, {92, 92}, {100, 180}})};
  ASSERT_TRUE(journal->append(said));
  EXPECT_EQ(all_of(*journal).size(), 201U) << "before it is let go";
  for (int again = 0; again < 2; ++again) {
    ASSERT_TRUE(journal->let_go(said[0].seq));
    std::vector<std::uint64_t> left;
    for (const Record& r : all_of(*journal)) left.push_back(r.seq);
    ASSERT_EQ(left.size(), 29U);
    EXPECT_EQ(left[0], 91U);
    EXPECT_EQ(left[1], 93U);
    EXPECT_EQ(left[7], 99U);
    EXPECT_EQ(left[8], 181U);
    EXPECT_EQ(all_of(*journal, 95).front().seq, 96U);
    EXPECT_EQ(all_of(*journal, 120).front().seq, 181U) << "from one that is gone";
    restart();
  }
  std::vector<Record> next{a_record("next")};
  ASSERT_TRUE(journal->append(next));
  EXPECT_EQ(next[0].seq, 202U);
  EXPECT_EQ(all_of(*journal).back().type, "next");
}

TEST_P(JournalContract, OnlyARecordThatSaysSoLetsOthersGo) {
  std::vector<Record> records{a_record("a"), a_record("b")};
  ASSERT_TRUE(journal->append(records));
  EXPECT_FALSE(journal->let_go(2));
  EXPECT_FALSE(journal->let_go(7));
  EXPECT_EQ(all_of(*journal).size(), 2U);
  restart();
  EXPECT_EQ(all_of(*journal).size(), 2U);
}

TEST_P(JournalContract, TheChainGoesOnAfterARestart) {
  std::vector<Record> first{a_record("a")};
  ASSERT_TRUE(journal->append(first));
  restart();
  std::vector<Record> second{a_record("b")};
  ASSERT_TRUE(journal->append(second));
  EXPECT_EQ(second[0].seq, 2U);
  EXPECT_EQ(second[0].prev_hash, hash_of(first[0]));
  restart();
  EXPECT_EQ(all_of(*journal).size(), 2U);
}

} // namespace backstop
