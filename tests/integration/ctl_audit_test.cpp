#include "daemon/codec.hpp"
#include "daemon/ctl/actions.hpp"
#include "daemon/io/sqlite_database.hpp"
#include "daemon/io/sqlite_journal.hpp"
#include "tests/fakes/some_records.hpp"
#include "tests/fakes/temporary_directory.hpp"
#include "tests/unit/ctl/golden.hpp"
#include "tests/unit/ctl/pages_world.hpp"
#include <gmock/gmock.h>

/// `audit verify` on real journals that somebody tampered with, each a copy of the same good one.
namespace backstop::ctl::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class CtlAudit : public testing::Test {
protected:
  void SetUp() override {
    Shops world;
    world.deploy_bad(8);
    world.shops[kShop].error_share = 0;
    world.run(30);
    records_ = world.journal.records();
    ASSERT_GT(records_.size(), 12U);
    Result<std::unique_ptr<SqliteJournal>> journal = SqliteJournal::open(path());
    ASSERT_TRUE(journal) << journal.error().what;
    for (Record& record : records_) ASSERT_TRUE((*journal)->append({&record, 1}));
    anchor_ = std::to_string((*journal)->end().seq) + ":" + (*journal)->end().hash;
  }
  [[nodiscard]] std::string path() const { return directory_.path() + "/journal.db"; }
  void tamper(const std::string& sql) const {
    auto database = SqliteDatabase::open(path(), SqliteDatabase::Mode::write, 1000);
    ASSERT_TRUE(database) << database.error().what;
    const std::string all =
        "DROP TRIGGER IF EXISTS records_are_not_changed; DROP TRIGGER IF EXISTS records_are_not_removed;" + sql;
    const Status done = database->run(all.c_str());
    ASSERT_TRUE(done) << done.error().what;
  }
  [[nodiscard]] Said audit(const std::string& anchor = "", bool json = false) const {
    Invocation invocation;
    invocation.json = json;
    Said said = run_audit_verify(invocation, {path(), anchor});
    for (std::size_t at = 0; (at = said.out.find(directory_.path())) != std::string::npos;)
      said.out.replace(at, directory_.path().size(), "/var/lib/backstop");
    return said;
  }
  void expect_found(const std::string& what) const {
    const Said said = audit();
    EXPECT_EQ(said.exit_code, kInputError) << said.out;
    EXPECT_THAT(said.out, HasSubstr("NOT as it was written\n  " + what));
  }
  [[nodiscard]] std::string last() const { return std::to_string(records_.size()); }

  TemporaryDirectory directory_;
  std::vector<Record> records_;
  std::string anchor_;
};

TEST_F(CtlAudit, AGoodOne) {
  const Said said = audit();
  EXPECT_EQ(said.exit_code, kDone) << said.out;
  expect_golden("audit_good", said.out);
  EXPECT_THAT(said.out, HasSubstr("ends with " + anchor_));
  EXPECT_EQ(audit(anchor_).exit_code, kDone);
  EXPECT_THAT(audit(anchor_).out, Not(HasSubstr("--anchor")));
}

TEST_F(CtlAudit, AnEditedPayload) {
  tamper("UPDATE records SET payload = replace(payload, 'v2', 'v3') WHERE seq = 3");
  expect_found("record 3 was changed: ");
  expect_golden("audit_edited", audit().out);
}

TEST_F(CtlAudit, AnEditedActor) {
  tamper("UPDATE records SET actor = 'uid:1(mallory)' WHERE seq = 2");
  expect_found("record 2 was changed: ");
}

TEST_F(CtlAudit, OneTakenOutOfTheMiddle) {
  tamper("DELETE FROM records WHERE seq = 6");
  expect_found("record 6 is missing\n");
}

TEST_F(CtlAudit, OneTakenOutAndTheRestMovedUp) {
  tamper("DELETE FROM records WHERE seq = 6; UPDATE records SET seq = seq - 1000 WHERE seq > 6;"
         "UPDATE records SET seq = seq + 999 WHERE seq < 0");
  expect_found("records 6 to " + std::to_string(records_.size() - 1) + " were written as records 7 to " + last());
}

TEST_F(CtlAudit, TwoSwapped) {
  tamper("UPDATE records SET seq = -1 WHERE seq = 4; UPDATE records SET seq = 4 WHERE seq = 5;"
         "UPDATE records SET seq = 5 WHERE seq = -1");
  expect_found("record 4 was written as record 5: moved\n  record 5 was written as record 4: moved\n");
}

TEST_F(CtlAudit, OnePutIn) {
  tamper("UPDATE records SET seq = seq + 1000 WHERE seq > 5; UPDATE records SET seq = seq - 999 WHERE seq > 1000;"
         "INSERT INTO records SELECT 6, time_us, boot, actor, subject, type, version, payload, prev_hash, hash FROM "
         "records WHERE seq = 5");
  expect_found("records 6 to ");
}

TEST_F(CtlAudit, TheLastTakenOutShowsBesideAnAnchorAlone) {
  tamper("DELETE FROM records WHERE seq = " + last());
  EXPECT_EQ(audit().exit_code, kDone);
  EXPECT_THAT(audit().out, HasSubstr("records were cut off at the end"));
  const Said said = audit(anchor_);
  EXPECT_EQ(said.exit_code, kInputError);
  EXPECT_THAT(said.out, HasSubstr("record " + last() + " is missing: the chain was cut off before the anchor\n"));
}

TEST_F(CtlAudit, Json) {
  tamper("DELETE FROM records WHERE seq = 6");
  const Result<Json> document = Json::parse(audit("", true).out);
  ASSERT_TRUE(document);
  EXPECT_FALSE(document->flag("good"));
  ASSERT_EQ((*document)["found"].as_array()->size(), 1U);
  const Json& found = (*document)["found"].as_array()->front();
  EXPECT_EQ(found.text("kind"), "missing");
  EXPECT_EQ(found.integer("from"), 6);
}

TEST_F(CtlAudit, RecordsOfANewerProgramAreWhole) {
  {
    auto journal = SqliteJournal::open(path());
    Record record = records_.back();
    record.type = "of_the_future";
    ASSERT_TRUE((*journal)->append({&record, 1}));
  }
  const Said said = audit();
  EXPECT_EQ(said.exit_code, kDone) << said.out;
  EXPECT_THAT(said.out, HasSubstr("a newer backstop wrote records of type of_the_future"));
}

TEST_F(CtlAudit, AFileOfANewerProgram) {
  tamper("PRAGMA user_version = 99");
  const Said said = audit();
  EXPECT_EQ(said.exit_code, kInputError);
  EXPECT_THAT(said.err, HasSubstr("newer backstop"));
}

TEST_F(CtlAudit, NoSuchFile) {
  const Said said = run_audit_verify({}, {directory_.path() + "/none.db", ""});
  EXPECT_EQ(said.exit_code, kInputError);
  EXPECT_THAT(said.err, HasSubstr("no such file"));
}

TEST_F(CtlAudit, AnEmptyOneSaysWhereTheRecordsMayBe) {
  tamper("DELETE FROM records");
  EXPECT_THAT(audit().out,
              AllOf(HasSubstr("0 records"), HasSubstr("in the -wal of the original"), HasSubstr(".backup COPY")));
}

TEST_F(CtlAudit, OldRecordsThatAreNotKeptAreToldOf) {
  {
    auto journal = *SqliteJournal::open(path());
    std::vector<Record> said{a_compaction(*journal, {{1, 4}, {6, 6}})};
    said[0].time = records_.back().time + std::chrono::hours(48);
    JournalCompacted compacted;
    ASSERT_TRUE(from_json(said[0].payload, compacted));
    compacted.older_than = said[0].time - std::chrono::hours(30);
    said[0].payload = encode(compacted);
    ASSERT_TRUE(journal->append(said));
    ASSERT_TRUE(journal->let_go(said[0].seq));
    ASSERT_TRUE(journal->remove_some(100));
  }
  const Said said = audit();
  EXPECT_EQ(said.exit_code, kDone) << said.out;
  expect_golden("audit_compacted", said.out);
  EXPECT_THAT(audit("2:" + std::string(64, 'a')).out, HasSubstr("NOT compared with the anchor"));
  EXPECT_EQ(audit(anchor_).exit_code, kDone);
  EXPECT_THAT(audit("", true).out, HasSubstr("\"removed\""));
  tamper("DELETE FROM records WHERE seq = 8");
  expect_found("record 8 is missing");
}

} // namespace
} // namespace backstop::ctl::test
