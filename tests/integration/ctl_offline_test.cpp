#include "daemon/ctl/actions.hpp"
#include "daemon/io/sqlite_journal.hpp"
#include "tests/fakes/temporary_directory.hpp"
#include "tests/unit/ctl/golden.hpp"
#include "tests/unit/ctl/pages_world.hpp"

/// backstopctl ... --offline on a real journal: what a person gets while the daemon is down.
namespace backstop::ctl::test {
namespace {

/// A journal with D1 of the shop, whose rollback failed.
class CtlOffline : public testing::Test {
protected:
  void SetUp() override {
    Shops world;
    world.steps.script("rollback/3", {ScriptedStepRunner::Script::exits(3)});
    world.deploy_bad(12);
    ASSERT_EQ(world.phase("D1"), Phase::rollback_failed);
    Result<std::unique_ptr<SqliteJournal>> journal = SqliteJournal::open(path());
    ASSERT_TRUE(journal) << journal.error().what;
    for (Record record : world.journal.records()) ASSERT_TRUE((*journal)->append({&record, 1}));
  }
  [[nodiscard]] std::string path() const { return directory_.path() + "/journal.db"; }
  [[nodiscard]] Said said(Page page, const std::string& id, bool json = false) const {
    Invocation invocation;
    invocation.json = json;
    return run_offline(invocation, {page, id, path()});
  }
  TemporaryDirectory directory_;
};

TEST_F(CtlOffline, StatusSaysWhatIsKnownAndWhatToDo) {
  const Said status = said(Page::status, "shop");
  EXPECT_EQ(status.exit_code, kDone);
  EXPECT_EQ(status.err, "");
  expect_golden("status_offline", status.out);
}

TEST_F(CtlOffline, AServiceThatIsNotInTheJournal) {
  const Said none = said(Page::status, "checkout");
  EXPECT_EQ(none.out.find("shop/production  "), std::string::npos) << none.out;
  EXPECT_NE(none.out.find("no service is in the journal"), std::string::npos) << none.out;
}

TEST_F(CtlOffline, Incidents) {
  EXPECT_NE(said(Page::incidents, "").out.find("\nI1  shop/production  critical  open "), std::string::npos);
  EXPECT_EQ(said(Page::incident, "I1").out.rfind("I1  shop/production  critical  open\n", 0), 0U);
  const Said unknown = said(Page::incident, "I9");
  EXPECT_EQ(unknown.exit_code, kInputError);
  EXPECT_EQ(unknown.err, "backstopctl: incident 'I9' is not in " + path() + "\n");
}

TEST_F(CtlOffline, Json) {
  const Result<Json> document = Json::parse(said(Page::status, "", true).out);
  ASSERT_TRUE(document);
  EXPECT_TRUE(document->flag("offline"));
  ASSERT_EQ((*document)["services"].as_array()->size(), 1U);
  EXPECT_TRUE((*document)["services"].as_array()->front().flag("locked"));
}

} // namespace
} // namespace backstop::ctl::test
