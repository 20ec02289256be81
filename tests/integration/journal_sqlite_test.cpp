#include "daemon/codec.hpp"
#include "daemon/io/sqlite_journal.hpp"
#include "tests/fakes/child_process.hpp"
#include "tests/fakes/some_records.hpp"
#include "tests/fakes/temporary_directory.hpp"
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

namespace backstop {
namespace {

namespace fs = std::filesystem;
using testing::Test;

class SqliteJournalFile : public Test {
protected:
  std::unique_ptr<SqliteJournal> open() {
    auto journal = SqliteJournal::open(path);
    EXPECT_TRUE(journal) << journal.error().what;
    return journal ? *std::move(journal) : nullptr;
  }
  Error open_error() {
    const auto journal = SqliteJournal::open(path);
    EXPECT_FALSE(journal) << "it opened";
    return journal ? Error{} : journal.error();
  }
  void fill(int count) {
    auto journal = open();
    for (int i = 0; i < count; ++i) {
      std::vector<Record> records{a_record("r" + std::to_string(i), i)};
      ASSERT_TRUE(journal->append(records));
    }
  }
  /// What a person with a sqlite3 shell does.
  void tamper(const char* sql) {
    auto database = SqliteDatabase::open(path, SqliteDatabase::Mode::write, 1000);
    ASSERT_TRUE(database);
    const Status done = database->run(sql);
    ASSERT_TRUE(done) << done.error().what;
  }
  static constexpr const char* kNoTriggers =
      "DROP TRIGGER records_are_not_changed; DROP TRIGGER records_are_not_removed;";

  TemporaryDirectory place;
  std::string path = place.path() + "/journal.db";
};

TEST_F(SqliteJournalFile, SaysWhenItMadeANewOne) {
  EXPECT_TRUE(open()->created());
  EXPECT_FALSE(open()->created());
}

TEST_F(SqliteJournalFile, IsNotForEverybodyToRead) {
  auto journal = open();
  std::vector<Record> records{a_record("a")};
  ASSERT_TRUE(journal->append(records));
  for (const char* suffix : {"", "-wal", "-shm", ".lock", ".reserve"}) {
    struct stat found {};
    ASSERT_EQ(::stat((path + suffix).c_str(), &found), 0) << suffix;
    EXPECT_EQ(found.st_mode & 07U, 0U) << suffix;
  }
}

TEST_F(SqliteJournalFile, TheSchemaIsWhatItIs) {
  fill(1);
  auto database = SqliteDatabase::open(path, SqliteDatabase::Mode::read_only, 0);
  ASSERT_TRUE(database);
  EXPECT_TRUE(database->is_read_only());
  EXPECT_FALSE(SqliteDatabase::open(path, SqliteDatabase::Mode::write, 0)->is_read_only());
  EXPECT_EQ(database->integer("PRAGMA user_version").value_or(-1), 1);
  EXPECT_EQ(database->integer("PRAGMA application_id").value_or(-1), 0x62735031);
  EXPECT_EQ(database->value("PRAGMA journal_mode").value_or(""), "wal");
  EXPECT_EQ(
      database->value("SELECT group_concat(name || ' ' || type, ', ') FROM pragma_table_info('records')").value_or(""),
      "seq INTEGER, time_us INTEGER, boot TEXT, actor TEXT, subject TEXT, type TEXT, version INTEGER, payload TEXT, "
      "prev_hash TEXT, hash TEXT");
}

TEST_F(SqliteJournalFile, ASlipInAShellChangesNothing) {
  fill(3);
  auto database = SqliteDatabase::open(path, SqliteDatabase::Mode::write, 0);
  ASSERT_TRUE(database);
  EXPECT_FALSE(database->run("UPDATE records SET actor = 'me' WHERE seq = 2"));
  EXPECT_FALSE(database->run("DELETE FROM records WHERE seq = 2"));
}

TEST_F(SqliteJournalFile, EveryEditedFieldIsFoundAndTheRecordNamed) {
  for (const char* edit :
       {"time_us = time_us + 1", "boot = 'x'", "actor = 'x'", "subject = 'x'", "type = 'x'", "version = 2",
        "version = version + 4294967296", "payload = '{\"n\":9}'", "payload = '{ \"n\":2}'", "payload = '{'",
        "prev_hash = hash", "hash = prev_hash", "hash = ''"}) {
    TemporaryDirectory other;
    path = other.path() + "/journal.db";
    fill(5);
    tamper((std::string(kNoTriggers) + "UPDATE records SET " + edit + " WHERE seq = 3").c_str());
    const Error error = open_error();
    EXPECT_EQ(error.code, Errc::corrupt) << edit;
    EXPECT_NE(error.what.find("record 3: "), std::string::npos) << edit << ": " << error.what;
    EXPECT_NE(error.what.find(path), std::string::npos);
  }
}

TEST_F(SqliteJournalFile, AnEditOfTheLastRecordIsFound) {
  fill(5);
  tamper((std::string(kNoTriggers) + "UPDATE records SET actor = 'x' WHERE seq = 5").c_str());
  EXPECT_EQ(open_error().code, Errc::corrupt);
}

TEST_F(SqliteJournalFile, AnEditFarFromTheEndIsFoundByReadAndVerify) {
  fill(150);
  tamper((std::string(kNoTriggers) + "UPDATE records SET actor = 'x' WHERE seq = 7").c_str());
  auto journal = open();
  int seen = 0;
  const Status read = journal->read(0, [&](const Record&) {
    ++seen;
    return Status();
  });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::corrupt);
  EXPECT_NE(read.error().what.find("record 7"), std::string::npos) << read.error().what;
  EXPECT_LT(seen, 7) << "nothing at or after the bad record is given out";
  ASSERT_FALSE(journal->verify());
}

TEST_F(SqliteJournalFile, RecordsThatAreMissingOrInAnotherOrderAreFound) {
  for (const char* change : {"DELETE FROM records WHERE seq = 1", "DELETE FROM records WHERE seq = 3",
                             "DELETE FROM records WHERE seq = 4; UPDATE records SET seq = 4 WHERE seq = 5",
                             "UPDATE records SET seq = 99 WHERE seq = 2; UPDATE records SET seq = 2 WHERE seq = 3; "
                             "UPDATE records SET seq = 3 WHERE seq = 99"}) {
    TemporaryDirectory other;
    path = other.path() + "/journal.db";
    fill(5);
    tamper((std::string(kNoTriggers) + change).c_str());
    EXPECT_EQ(open_error().code, Errc::corrupt) << change;
  }
}

TEST_F(SqliteJournalFile, ARecordMissingFarFromTheEndIsFoundWhenItOpens) {
  fill(150);
  tamper((std::string(kNoTriggers) + "DELETE FROM records WHERE seq = 7").c_str());
  const Error error = open_error();
  EXPECT_EQ(error.code, Errc::corrupt);
  EXPECT_NE(error.what.find("149 records from number 1 to number 150: records are missing"), std::string::npos)
      << error.what;
}

TEST_F(SqliteJournalFile, ARowOfAnotherProgramStopsAppendsAndSpoilsNothing) {
  auto journal = open();
  std::vector<Record> first{a_record("a")};
  ASSERT_TRUE(journal->append(first));
  tamper("INSERT INTO records VALUES (3, 0, '', 'me', '', 'x', 1, '{}', '', '')");
  std::vector<Record> records{a_record("b"), a_record("c")};
  const Status done = journal->append(records);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::corrupt);
  tamper((std::string(kNoTriggers) + "DELETE FROM records WHERE seq = 3").c_str());
  EXPECT_EQ(all_of(*journal).size(), 1U) << "not the half of it";
  EXPECT_TRUE(journal->append(records)) << "the connection can be used again";
  EXPECT_EQ(all_of(*journal).size(), 3U);
}

TEST_F(SqliteJournalFile, VerifyGivesTheEndOfTheChain) {
  fill(150);
  auto journal = open();
  const auto end = journal->verify();
  ASSERT_TRUE(end) << end.error().what;
  EXPECT_EQ(end->seq, 150U);
  EXPECT_EQ(*end, journal->end());
}

TEST_F(SqliteJournalFile, CanBeReadWhileItIsWritten) {
  auto writer = open();
  std::vector<Record> first{a_record("a")};
  ASSERT_TRUE(writer->append(first));
  // In another process, as `status --offline` is.
  EXPECT_EQ(in_child([&]() -> std::string {
              auto reader = SqliteJournal::open_read_only(path);
              if (!reader) return reader.error().what;
              const auto end = (*reader)->verify();
              if (!end) return end.error().what;
              if (end->seq != 1) return "saw " + std::to_string(end->seq) + " records";
              std::vector<Record> mine{a_record("mine")};
              const Status refused = (*reader)->append(mine);
              return !refused && refused.error().code == Errc::refused ? "" : "a reader appended";
            }),
            "");
  auto reader = SqliteJournal::open_read_only(path);
  ASSERT_TRUE(reader) << reader.error().what;
  std::vector<Record> second{a_record("b")};
  ASSERT_TRUE(writer->append(second));
  EXPECT_EQ(all_of(**reader).size(), 2U) << "a reader sees what came later";
}

TEST_F(SqliteJournalFile, CanBeReadByOneWhoMayNotWriteWhenTheDaemonIsGone) {
  if (::geteuid() != 0) GTEST_SKIP() << "NEEDS ROOT to become another user";
  fill(3);
  ::chmod(place.path().c_str(), 0755);
  ::chmod(path.c_str(), 0644);
  EXPECT_EQ(in_child([&]() -> std::string {
              if (::setuid(65534) != 0) return "cannot become nobody";
              auto reader = SqliteJournal::open_read_only(path);
              if (!reader) return reader.error().what;
              const auto end = (*reader)->verify();
              return !end ? end.error().what : end->seq == 3 ? "" : "wrong end";
            }),
            "");
}

TEST_F(SqliteJournalFile, ReadingAsRootLeavesNothingTheDaemonCannotOpen) {
  if (::geteuid() != 0) GTEST_SKIP() << "NEEDS ROOT to become another user";
  ASSERT_EQ(::chown(place.path().c_str(), 65534, 65534), 0);
  const auto as_daemon = [&](const std::string& type) {
    return in_child([&]() -> std::string {
      if (::setgid(65534) != 0 || ::setuid(65534) != 0) return "cannot become nobody";
      auto journal = SqliteJournal::open(path);
      if (!journal) return journal.error().what;
      std::vector<Record> records{a_record(type)};
      const Status done = (*journal)->append(records);
      return done ? "" : done.error().what;
    });
  };
  ASSERT_EQ(as_daemon("a"), "");
  {
    auto reader = SqliteJournal::open_read_only(path);
    ASSERT_TRUE(reader) << reader.error().what;
    EXPECT_TRUE((*reader)->verify());
  }
  EXPECT_EQ(as_daemon("b"), "");
}

TEST_F(SqliteJournalFile, ReadingOneThatIsNotThereSaysSo) {
  const auto reader = SqliteJournal::open_read_only(path);
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, Errc::not_found);
  EXPECT_FALSE(fs::exists(path)) << "looking makes nothing";
}

TEST_F(SqliteJournalFile, MeasuresHowLongTheLoopStoodStill) {
  auto journal = open();
  EXPECT_EQ(journal->last_commit_duration(), Duration{});
  std::vector<Record> records{a_record("a")};
  ASSERT_TRUE(journal->append(records));
  EXPECT_GT(journal->last_commit_duration(), Duration{});
}

TEST_F(SqliteJournalFile, TheReserveIsReallyAllocatedAndMadeAgainWhenSomebodyRemovesIt) {
  auto journal = open();
  const auto allocated = [&] {
    struct stat found {};
    return ::stat((path + ".reserve").c_str(), &found) == 0 ? found.st_blocks * 512 : 0;
  };
  EXPECT_GE(allocated(), 4 << 20);
  fs::remove(path + ".reserve");
  ASSERT_TRUE(journal->restore_reserve());
  EXPECT_GE(allocated(), 4 << 20);
  EXPECT_FALSE(journal->low_space());
}

TEST_F(SqliteJournalFile, AnotherNameOfTheFileIsTheSameJournal) {
  fill(2);
  const std::string link = place.path() + "/link.db";
  fs::create_symlink(path, link);
  auto journal = open();
  const auto second = SqliteJournal::open(link);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::busy);
  journal.reset();
  auto through = SqliteJournal::open(link);
  ASSERT_TRUE(through) << through.error().what;
  EXPECT_EQ(all_of(**through).size(), 2U);
}

TEST_F(SqliteJournalFile, AHalfMadeNewFileDoesNotHinder) {
  std::ofstream(path + ".new") << "left by a crash";
  EXPECT_TRUE(open()->created());
  EXPECT_FALSE(fs::exists(path + ".new"));
}

TEST_F(SqliteJournalFile, ACopyOfTheOpenFilesIsAWholeJournal) {
  auto journal = open();
  for (int i = 0; i < 20; ++i) {
    std::vector<Record> records{a_record("a")};
    ASSERT_TRUE(journal->append(records));
  }
  // What a power cut leaves: the files as they are, no clean close.
  const std::string copy = place.path() + "/copy.db";
  fs::copy_file(path, copy);
  fs::copy_file(path + "-wal", copy + "-wal");
  auto opened = SqliteJournal::open(copy);
  ASSERT_TRUE(opened) << opened.error().what;
  EXPECT_EQ((*opened)->end(), journal->end());
}

/// A journal of which old records are not kept any more.
class CompactedJournal : public SqliteJournalFile {
protected:
  void SetUp() override {
    fill(300);
    auto journal = open();
    std::vector<Record> said{a_compaction(*journal, {{1, 200}, {210, 220}})};
    ASSERT_TRUE(journal->append(said));
    ASSERT_TRUE(journal->let_go(301));
  }
  void remove_all() {
    auto journal = open();
    ASSERT_TRUE(journal->let_go(301));
    ASSERT_TRUE(journal->remove_some(1000));
  }
  std::int64_t rows() {
    auto database = SqliteDatabase::open(path, SqliteDatabase::Mode::read_only, 1000);
    return database->integer("SELECT count(*) FROM records").value_or(-1);
  }
  static std::size_t count(const Journal& journal) { return all_of(journal).size(); }
  static constexpr std::size_t kLeft = 301 - 211;
};

TEST_F(CompactedJournal, RecordsGoBitByBitAndAreNeverReadMeanwhile) {
  for (const int some : {1, 50, 149, 5, 5, 5, 5}) {
    auto journal = open();
    ASSERT_TRUE(journal->remove_some(1000)) << "nobody has read it yet";
    ASSERT_TRUE(journal->let_go(301));
    const std::int64_t before = rows();
    ASSERT_TRUE(journal->remove_some(static_cast<std::size_t>(some)));
    EXPECT_EQ(rows(), std::max(before - some, static_cast<std::int64_t>(kLeft)));
    EXPECT_EQ(count(*journal), kLeft);
    EXPECT_TRUE(journal->verify());
  }
  EXPECT_EQ(rows(), static_cast<std::int64_t>(kLeft));
  auto journal = open();
  ASSERT_TRUE(journal->let_go(301));
  ASSERT_TRUE(journal->remove_some(100));
  EXPECT_EQ(rows(), static_cast<std::int64_t>(kLeft)) << "and no more";
  std::vector<Record> next{a_record("next")};
  ASSERT_TRUE(journal->append(next));
  EXPECT_EQ(next[0].seq, 302U);
}

TEST_F(CompactedJournal, AReaderMayReadMeanwhile) {
  auto reader = SqliteJournal::open_read_only(path);
  ASSERT_TRUE(reader);
  auto journal = open();
  ASSERT_TRUE(journal->let_go(301));
  std::size_t seen = 0;
  const Status read = (*reader)->read(0, [&](const Record&) -> Status {
    if (++seen == 5) { // the daemon goes on
      EXPECT_TRUE(journal->remove_some(1000));
      std::vector<Record> said{a_compaction(*journal, {{1, 250}})};
      JournalCompacted all;
      EXPECT_TRUE(from_json(said[0].payload, all));
      all.removed[0].before = ChainEnd{}.hash;
      said[0].payload = to_json(all);
      EXPECT_TRUE(journal->append(said));
      EXPECT_TRUE(journal->let_go(302));
      EXPECT_TRUE(journal->remove_some(1000));
    }
    return {};
  });
  EXPECT_TRUE(read) << read.error().what;
  EXPECT_GE(seen, 51U) << "those that are kept";
  EXPECT_EQ(count(*journal), 52U);
}

TEST_F(CompactedJournal, AnOlderBackstopDoesNotOpenIt) {
  auto database = SqliteDatabase::open(path, SqliteDatabase::Mode::read_only, 0);
  EXPECT_EQ(database->integer("PRAGMA user_version").value_or(-1), 2);
}

TEST_F(CompactedJournal, OneThatIsMissingBesidesIsFound) {
  remove_all();
  tamper((std::string(kNoTriggers) + "DELETE FROM records WHERE seq = 205").c_str());
  EXPECT_EQ(open_error().code, Errc::corrupt);
  EXPECT_NE(open_error().what.find("records are missing"), std::string::npos) << open_error().what;
}

TEST_F(CompactedJournal, TheOneBeforeAGapCannotBeExchanged) {
  remove_all();
  auto journal = open();
  Record changed;
  for (const Record& r : all_of(*journal))
    if (r.seq == 209) changed = r;
  journal.reset();
  changed.actor = "mallory";
  tamper((std::string(kNoTriggers) + "UPDATE records SET actor = 'mallory', hash = '" + hash_of(changed) +
          "' WHERE seq = 209")
             .c_str());
  const Result<ChainEnd> verified = (*SqliteJournal::open_damaged(path))->verify();
  ASSERT_FALSE(verified);
  EXPECT_NE(verified.error().what.find("record 209 is not the one that stood before"), std::string::npos)
      << verified.error().what;
}

TEST_F(CompactedJournal, ASlipInAShellStillChangesNothing) {
  remove_all();
  auto database = SqliteDatabase::open(path, SqliteDatabase::Mode::write, 1000);
  EXPECT_FALSE(database->run("DELETE FROM records WHERE seq = 300"));
}

TEST_F(CompactedJournal, ASpoiltRecordOfWhatIsGoneIsDamage) {
  tamper((std::string(kNoTriggers) + "UPDATE records SET payload = '{}' WHERE seq = 301").c_str());
  EXPECT_EQ(open_error().code, Errc::corrupt);
  EXPECT_NE(open_error().what.find("what is not kept any more"), std::string::npos) << open_error().what;
}

} // namespace
} // namespace backstop
