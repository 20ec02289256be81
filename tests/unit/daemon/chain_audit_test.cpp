#include "daemon/chain_audit.hpp"
#include <algorithm>
#include <functional>
#include <gtest/gtest.h>
#include <vector>

/// Whatever is done to a chain is found, and named by seq.
namespace backstop {
namespace {

using Kind = ChainFinding::Kind;

/// A row of a journal: what is stored.
struct Row {
  Record record;
  std::string payload, hash;
};

Row row_of(const Record& record) { return {record, record.payload.dump(), hash_of(record)}; }

class ChainAuditOf : public testing::Test {
protected:
  void SetUp() override {
    std::vector<Record> records;
    for (int n = 1; n <= 12; ++n) {
      Record r;
      r.time = time_from_us(n);
      r.boot = "boot", r.actor = "backstopd", r.subject = "D1", r.type = "deployment_finished";
      r.payload = Json::object().set("id", "D" + std::to_string(n));
      records.push_back(std::move(r));
    }
    ASSERT_TRUE(chain(records, ChainEnd{}));
    for (const Record& r : records) rows.push_back(row_of(r));
  }
  [[nodiscard]] std::vector<ChainFinding> found(const std::string& anchor = "") const {
    ChainAudit audit(anchor.empty() ? std::nullopt : chain_anchor(anchor));
    for (const Row& r : rows) audit.take(r.record, r.payload, r.hash);
    return audit.end();
  }
  [[nodiscard]] std::string noted(std::size_t seq) const { return std::to_string(seq) + ":" + rows[seq - 1].hash; }
  /// The rows get the seqs of their places.
  void renumber() {
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i].record.seq = i + 1;
  }
  /// As somebody would who knows how hashes are made: from row `from` (counted from 1) up to `to`.
  void chain_anew(std::size_t from, std::size_t to) {
    for (std::size_t i = from - 1; i < to; ++i) {
      rows[i].record.prev_hash = i == 0 ? ChainEnd{}.hash : rows[i - 1].hash;
      rows[i].hash = hash_of(rows[i].record, rows[i].payload);
    }
  }
  std::vector<Row> rows;
};

TEST_F(ChainAuditOf, AnUntouchedChain) {
  EXPECT_EQ(found(), std::vector<ChainFinding>{});
  EXPECT_EQ(found(noted(12)), std::vector<ChainFinding>{});
  EXPECT_EQ(found(noted(3)), std::vector<ChainFinding>{});
}

TEST_F(ChainAuditOf, AnEditedPayload) {
  rows[4].payload = R"({"id":"D9"})";
  EXPECT_EQ(found(), (std::vector<ChainFinding>{{Kind::changed, 5, 5, 0}}));
  EXPECT_EQ(text_of(found()[0]), "record 5 was changed: it does not give the hash that is stored with it");
}

TEST_F(ChainAuditOf, EveryFieldOfTheEnvelopeCounts) {
  const std::vector<Row> good = rows;
  const auto edited = [&](const std::function<void(Record&)>& edit) {
    rows = good;
    edit(rows[4].record);
    return found();
  };
  const std::vector<ChainFinding> one{{Kind::changed, 5, 5, 0}};
  EXPECT_EQ(edited([](Record& r) { r.time += Duration{1}; }), one);
  EXPECT_EQ(edited([](Record& r) { r.boot = "other"; }), one);
  EXPECT_EQ(edited([](Record& r) { r.actor = "uid:0(root)"; }), one);
  EXPECT_EQ(edited([](Record& r) { r.subject = "D2"; }), one);
  EXPECT_EQ(edited([](Record& r) { r.type = "deployment_ended"; }), one);
  EXPECT_EQ(edited([](Record& r) { r.version = 2; }), one);
  EXPECT_EQ(edited([](Record& r) { r.prev_hash[0] = r.prev_hash[0] == '0' ? '1' : '0'; }), one);
}

TEST_F(ChainAuditOf, AnEditThatGotItsOwnHash) {
  rows[4].payload = R"({"id":"D9"})";
  chain_anew(5, 5);
  EXPECT_EQ(found(), (std::vector<ChainFinding>{{Kind::replaced, 5, 5, 0}}));
}

TEST_F(ChainAuditOf, OneTakenOut) {
  rows.erase(rows.begin() + 4);
  EXPECT_EQ(found(), (std::vector<ChainFinding>{{Kind::missing, 5, 5, 0}}));
  rows.erase(rows.begin());
  rows.erase(rows.begin());
  EXPECT_EQ(found(), (std::vector<ChainFinding>{{Kind::missing, 1, 2, 0}, {Kind::missing, 5, 5, 0}}));
}

TEST_F(ChainAuditOf, OneTakenOutAndTheRestRenumbered) {
  rows.erase(rows.begin() + 4);
  renumber();
  EXPECT_EQ(found(), (std::vector<ChainFinding>{{Kind::moved, 5, 11, -1}}));
  EXPECT_EQ(text_of(found()[0]),
            "records 5 to 11 were written as records 6 to 12: moved, something was taken out before them");
}

TEST_F(ChainAuditOf, OnePutIn) {
  Row row = rows[6];
  row.payload = R"({"id":"D99"})";
  rows.insert(rows.begin() + 4, row);
  renumber();
  chain_anew(5, 5);
  EXPECT_EQ(found(), (std::vector<ChainFinding>{{Kind::moved, 6, 13, 1}}));
}

TEST_F(ChainAuditOf, TwoThatChangedPlaces) {
  std::swap(rows[4], rows[5]);
  renumber();
  EXPECT_EQ(found(), (std::vector<ChainFinding>{{Kind::moved, 5, 5, -1}, {Kind::moved, 6, 6, 1}}));
  EXPECT_EQ(text_of(found()[0]), "record 5 was written as record 6: moved");
}

TEST_F(ChainAuditOf, ContentsThatChangedPlaces) {
  std::swap(rows[4].payload, rows[5].payload);
  EXPECT_EQ(found(), (std::vector<ChainFinding>{{Kind::changed, 5, 6, 0}}));
}

TEST_F(ChainAuditOf, TheEndCutOffShowsBesideAnAnchorAlone) {
  const std::string anchor = noted(12);
  rows.resize(10);
  EXPECT_EQ(found(), std::vector<ChainFinding>{}) << "nothing in the chain can tell";
  EXPECT_EQ(found(anchor), (std::vector<ChainFinding>{{Kind::cut_off, 11, 12, 0}}));
}

TEST_F(ChainAuditOf, AllWrittenAnewShowsBesideAnAnchorAlone) {
  const std::string anchor = noted(12);
  rows[4].payload = R"({"id":"D9"})";
  chain_anew(5, 12);
  EXPECT_EQ(found(), std::vector<ChainFinding>{});
  EXPECT_EQ(found(anchor), (std::vector<ChainFinding>{{Kind::not_anchor, 12, 12, 0}}));
  EXPECT_EQ(found(noted(12)), std::vector<ChainFinding>{});
}

TEST(ChainAnchorText, IsASeqAndAHash) {
  const std::string hash(64, 'a');
  ASSERT_TRUE(chain_anchor("7:" + hash));
  EXPECT_EQ(chain_anchor("7:" + hash)->seq, 7U);
  EXPECT_EQ(chain_anchor("7:" + std::string(64, 'A'))->hash, hash);
  for (const std::string& text : {std::string(), std::string("7"), "0:" + hash, "x:" + hash, "7:" + hash + "0",
                                  "7:" + std::string(64, 'g'), "-1:" + hash, "7:" + std::string(63, 'a')})
    EXPECT_FALSE(chain_anchor(text)) << text;
}

/// A chain of which old records are not kept any more.
class CompactedChain : public ChainAuditOf {
protected:
  void SetUp() override {
    ChainAuditOf::SetUp();
    JournalCompacted said;
    said.removed = {{1, 4, ChainEnd{}.hash, rows[3].hash}, {6, 7, rows[4].hash, rows[6].hash}};
    said.older_than = time_from_us(8);
    Record r;
    r.time = time_from_us(9) + std::chrono::hours(24);
    r.boot = "boot", r.actor = "backstopd", r.subject = "backstopd", r.type = JournalCompacted::kType;
    r.payload = encode(said);
    add(r);
    remove(6, 7);
    remove(1, 4);
  }
  void add(const Record& record) {
    std::vector<Record> one{record};
    ASSERT_TRUE(chain(one, {rows.back().record.seq, rows.back().hash}));
    rows.push_back(row_of(one[0]));
  }
  void remove(std::uint64_t from, std::uint64_t to) {
    std::erase_if(rows, [&](const Row& r) { return r.record.seq >= from && r.record.seq <= to; });
  }
  Row& at(std::uint64_t seq) {
    return *std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return r.record.seq == seq; });
  }
};

TEST_F(CompactedChain, WhatIsSaidToBeGoneIsNoFinding) {
  EXPECT_EQ(found(), std::vector<ChainFinding>{});
  ChainAudit audit;
  for (const Row& r : rows) audit.take(r.record, r.payload, r.hash);
  (void)audit.end();
  ASSERT_EQ(audit.removed().records.size(), 2U);
  EXPECT_EQ(audit.removed().records[1].from, 6U);
  EXPECT_EQ(audit.removed().said_by, 13U);
}

TEST_F(CompactedChain, AnythingElseThatIsGoneIsFound) {
  remove(9, 9);
  EXPECT_EQ(found(), (std::vector<ChainFinding>{{Kind::missing, 9, 9, 0}}));
  remove(5, 5); // between two stretches
  EXPECT_EQ(found(), (std::vector<ChainFinding>{{Kind::missing, 1, 7, 0}, {Kind::missing, 9, 9, 0}}));
}

TEST_F(CompactedChain, TheOneBeforeAStretchCannotBeExchanged) {
  at(5).record.actor = "mallory";
  at(5).hash = hash_of(at(5).record, at(5).payload);
  EXPECT_EQ(found(), (std::vector<ChainFinding>{{Kind::replaced, 5, 5, 0}}));
}

TEST_F(CompactedChain, TheOneBehindAStretchCannotBeExchanged) {
  at(8).record.prev_hash = ChainEnd{}.hash;
  at(8).hash = hash_of(at(8).record, at(8).payload);
  const std::vector<ChainFinding> findings = found();
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0], (ChainFinding{Kind::missing, 6, 7, 0}));
  EXPECT_EQ(findings[1], (ChainFinding{Kind::replaced, 8, 8, 0}));
}

TEST_F(CompactedChain, ASpoiltWordOfItCountsForNothing) {
  at(13).payload += " ";
  EXPECT_EQ(found().size(), 3U) << "it was changed, and both stretches are missing";
}

TEST_F(CompactedChain, TheNewestWordCounts) {
  JournalCompacted said;
  said.removed = {{1, 7, ChainEnd{}.hash, at(8).record.prev_hash}};
  said.older_than = time_from_us(8);
  Record r = at(13).record;
  r.payload = encode(said);
  add(r);
  EXPECT_EQ(found(), std::vector<ChainFinding>{}) << "record 5 goes next";
  remove(5, 5);
  EXPECT_EQ(found(), std::vector<ChainFinding>{});
}

TEST_F(CompactedChain, NobodyCanLetGoWhatIsYoung) {
  JournalCompacted said;
  said.removed = {{1, 4, ChainEnd{}.hash, at(5).record.prev_hash},
                  {6, 7, at(5).hash, at(8).record.prev_hash},
                  {13, 13, at(12).hash, at(13).hash}};
  said.older_than = at(13).record.time + std::chrono::hours(1);
  Record r = at(13).record;
  r.payload = encode(said);
  add(r);
  remove(13, 13);
  EXPECT_EQ(found().size(), 3U) << "a word that lets go of the last day is not believed";
}

TEST_F(CompactedChain, AnAnchorMayBeGone) {
  ChainAudit audit(chain_anchor("3:" + std::string(64, 'a')));
  for (const Row& r : rows) audit.take(r.record, r.payload, r.hash);
  EXPECT_EQ(audit.end(), std::vector<ChainFinding>{});
  EXPECT_TRUE(audit.anchor_removed());
}

TEST_F(CompactedChain, WhileItIsBeingRemovedTheRestMayBeThere) {
  ChainAuditOf::rows.clear();
  ChainAuditOf::SetUp();
  JournalCompacted said;
  said.removed = {{1, 4, ChainEnd{}.hash, rows[3].hash}};
  said.older_than = time_from_us(8);
  Record r = rows.back().record;
  r.time = time_from_us(9) + std::chrono::hours(24);
  r.type = JournalCompacted::kType;
  r.payload = encode(said);
  add(r);
  EXPECT_EQ(found(), std::vector<ChainFinding>{});
  remove(1, 2);
  EXPECT_EQ(found(), std::vector<ChainFinding>{});
}

} // namespace
} // namespace backstop
