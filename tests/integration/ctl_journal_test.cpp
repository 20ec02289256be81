#include "daemon/ctl/actions.hpp"
#include "daemon/fold.hpp"
#include "daemon/io/journal_rescue.hpp"
#include "tests/fakes/some_records.hpp"
#include "tests/fakes/temporary_directory.hpp"
#include "tests/unit/ctl/golden.hpp"
#include "tests/unit/ctl/pages_world.hpp"
#include <filesystem>
#include <gmock/gmock.h>

/// `journal check` and `journal restore` on real files, whole and damaged.
namespace backstop::ctl::test {
namespace {

using testing::HasSubstr;

/// A journal with a deployment that was rolled back.
class CtlJournal : public testing::Test {
protected:
  void SetUp() override {
    Shops world;
    world.deploy_bad(8);
    world.shops[kShop].error_share = 0;
    world.run(30);
    ASSERT_EQ(world.phase("D1"), Phase::rolled_back_verified);
    records_ = world.journal.records();
    Result<std::unique_ptr<SqliteJournal>> journal = SqliteJournal::open(path());
    ASSERT_TRUE(journal) << journal.error().what;
    for (Record record : records_) ASSERT_TRUE((*journal)->append({&record, 1}));
  }
  [[nodiscard]] std::string path() const { return directory_.path() + "/journal.db"; }
  [[nodiscard]] std::string page(std::string text) const {
    for (std::size_t at = text.find(directory_.path()); at != std::string::npos; at = text.find(directory_.path()))
      text.replace(at, directory_.path().size(), "/var/lib/backstop");
    return text;
  }
  /// Changes one byte of the payload of record `seq`, on the disk.
  void damage(std::uint64_t seq) const {
    Json payload = records_[seq - 1].payload;
    std::string bytes = slurp(path());
    const std::string text = payload.dump();
    std::size_t changed = 0;
    for (std::size_t at = bytes.find(text); at != std::string::npos; at = bytes.find(text, at + 1), ++changed)
      bytes[at + text.size() - 2] = '#';
    ASSERT_GE(changed, 1U);
    std::ofstream(path(), std::ios::binary | std::ios::trunc) << bytes;
  }
  /// A record whose payload stands in the file in one piece, and nowhere else.
  [[nodiscard]] std::uint64_t some_record() const {
    const std::string bytes = slurp(path());
    for (std::uint64_t seq = records_.size() / 2; seq < records_.size(); ++seq) {
      const std::string text = records_[seq - 1].payload.dump();
      if (text.size() > 20 && bytes.find(text) != std::string::npos && bytes.find(text) == bytes.rfind(text))
        return seq;
    }
    return 0;
  }
  [[nodiscard]] Said check() const { return run_journal_check({}, {path()}); }
  [[nodiscard]] Said restore() const { return run_journal_restore({}, {path()}); }

  TemporaryDirectory directory_;
  std::vector<Record> records_;
};

TEST_F(CtlJournal, AWholeOneIsGood) {
  const Said said = check();
  EXPECT_EQ(said.exit_code, kDone);
  expect_golden("journal_check_good", page(said.out));
  EXPECT_THAT(said.out, HasSubstr(hash_of(records_.back())));
}

TEST_F(CtlJournal, AWholeOneIsNotRestored) {
  const Said said = restore();
  EXPECT_EQ(said.exit_code, kInputError);
  EXPECT_THAT(said.err, HasSubstr("nothing is wrong with it"));
  EXPECT_FALSE(std::filesystem::exists(path() + ".restored"));
}

TEST_F(CtlJournal, TheFirstFaultIsNamed) {
  const std::uint64_t seq = some_record();
  ASSERT_GT(seq, 0U);
  damage(seq);
  const Said said = check();
  EXPECT_EQ(said.exit_code, kInputError);
  EXPECT_THAT(said.out, HasSubstr("record " + std::to_string(seq) + ": "));
  expect_golden("journal_check_damaged", page(said.out));
}

TEST_F(CtlJournal, RestoringKeepsEveryRecordBeforeTheFaultAndTouchesNothing) {
  const std::uint64_t seq = some_record();
  ASSERT_GT(seq, 0U);
  damage(seq);
  const std::string before = slurp(path());
  const Said said = restore();
  EXPECT_EQ(said.exit_code, kDone) << said.err;
  expect_golden("journal_restore", page(said.out));
  EXPECT_EQ(slurp(path()), before);

  const Result<JournalReport> restored = check_journal(path() + ".restored");
  ASSERT_TRUE(restored);
  EXPECT_FALSE(restored->fault) << restored->fault->what;
  EXPECT_EQ(restored->records, seq - 1);
  EXPECT_EQ(restored->end.hash, hash_of(records_[seq - 2]));
  EXPECT_TRUE(SqliteJournal::open(path() + ".restored")) << "the daemon can go on from it";
  for (const char* left : {".restoring", ".restoring-wal", ".restoring.lock"})
    EXPECT_FALSE(std::filesystem::exists(path() + left)) << left;

  const Said again = restore();
  EXPECT_EQ(again.exit_code, kInputError);
  EXPECT_THAT(again.err, HasSubstr("is there already"));
}

TEST_F(CtlJournal, NotWhileADaemonHasIt) {
  const std::uint64_t seq = some_record();
  ASSERT_GT(seq, 0U);
  const auto journal = SqliteJournal::open(path());
  ASSERT_TRUE(journal);
  damage(seq);
  const Said said = restore();
  EXPECT_EQ(said.exit_code, kRefused);
  EXPECT_THAT(said.err, HasSubstr("systemctl stop backstopd"));
  EXPECT_FALSE(std::filesystem::exists(path() + ".restored"));
}

TEST_F(CtlJournal, ACutFileKeepsWhatIsWhole) {
  std::filesystem::resize_file(path(), std::filesystem::file_size(path()) * 2 / 3);
  const Result<JournalReport> found = check_journal(path());
  ASSERT_TRUE(found);
  ASSERT_TRUE(found->fault);
  EXPECT_LT(found->records, records_.size());
  const Said said = restore();
  if (found->records == 0) {
    EXPECT_THAT(said.err, HasSubstr("not one record of it is good"));
  } else {
    EXPECT_EQ(said.exit_code, kDone) << said.err;
    EXPECT_EQ(check_journal(path() + ".restored")->records, found->records);
  }
}

TEST_F(CtlJournal, ARecordOfANewerProgramIsNoDamage) {
  {
    auto journal = SqliteJournal::open(path());
    Record record = records_.back();
    record.type = "of_the_future";
    ASSERT_TRUE((*journal)->append({&record, 1}));
  }
  EXPECT_THAT(check().out, HasSubstr("of_the_future"));
  EXPECT_EQ(check().out.find("journal restore"), std::string::npos);
  EXPECT_EQ(restore().exit_code, kInputError);
  EXPECT_FALSE(std::filesystem::exists(path() + ".restored"));
}

TEST_F(CtlJournal, WhatIsNoJournalOrNotThere) {
  std::ofstream(path(), std::ios::binary | std::ios::trunc) << std::string(50'000, 'x');
  EXPECT_THAT(check().out, HasSubstr("DAMAGED"));
  EXPECT_THAT(restore().err, HasSubstr("not one record of it is good"));
  std::filesystem::remove(path());
  EXPECT_THAT(check().err, HasSubstr("no such file"));
}

/// Old records of it are not kept any more.
class CtlCompacted : public CtlJournal {
protected:
  void SetUp() override {
    CtlJournal::SetUp();
    auto journal = *SqliteJournal::open(path());
    std::vector<Record> said{a_compaction(*journal, {{1, 3}})};
    said[0].time = records_.back().time;
    ASSERT_TRUE(journal->append(said));
    ASSERT_TRUE(journal->let_go(said[0].seq));
    ASSERT_TRUE(journal->remove_some(100));
    std::vector<Record> more{a_record("hold_ended")};
    more[0].time = records_.back().time;
    more[0].payload = encode(HoldEnded{"shop/production", "expired"});
    ASSERT_TRUE(journal->append(more));
  }
  void spoil(std::uint64_t seq) const {
    auto database = SqliteDatabase::open(path(), SqliteDatabase::Mode::write, 1000);
    ASSERT_TRUE(
        database->run(("DROP TRIGGER records_are_not_changed; UPDATE records SET actor = 'mallory' WHERE seq = " +
                       std::to_string(seq))
                          .c_str()));
  }
};

TEST_F(CtlCompacted, IsGoodAndSaysWhatIsNotKept) {
  const Said said = check();
  EXPECT_EQ(said.exit_code, kDone) << said.out;
  EXPECT_THAT(said.out, HasSubstr("; 3 older are not kept any more"));
}

TEST_F(CtlCompacted, IsRestoredWithItsGap) {
  spoil(records_.size() + 2); // the last one
  ASSERT_EQ(check().exit_code, kInputError);
  const Said said = restore();
  ASSERT_EQ(said.exit_code, kDone) << said.err;
  auto restored = SqliteJournal::open_read_only(path() + ".restored");
  ASSERT_TRUE(restored) << restored.error().what;
  const std::vector<Record> left = all_of(**restored);
  EXPECT_EQ(left.front().seq, 4U);
  EXPECT_EQ(left.back().seq, records_.size() + 1);
  EXPECT_EQ(hash_of(left.front()), hash_of(records_[3]));
  EXPECT_TRUE((*restored)->verify());
}

TEST_F(CtlCompacted, IsNotRestoredWithoutTheRecordThatTellsOfTheGap) {
  spoil(records_.size() - 2);
  const Said said = restore();
  EXPECT_EQ(said.exit_code, kInputError);
  EXPECT_THAT(said.err, HasSubstr("is behind the fault: put a backup back"));
  EXPECT_FALSE(std::filesystem::exists(path() + ".restored"));
}

} // namespace
} // namespace backstop::ctl::test
