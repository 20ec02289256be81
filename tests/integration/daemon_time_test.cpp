#include "daemon/io/files.hpp"
#include "daemon/io/sqlite_journal.hpp"
#include "daemon/ledger.hpp"
#include "daemon/views.hpp"
#include "tests/integration/daemon_process.hpp"

/// Judge time is that of the records of this boot, also where the daemon had to begin without them.
namespace backstop {
namespace {

constexpr Duration kAhead = std::chrono::hours(2);

class DaemonTime : public DaemonProcess {
protected:
  [[nodiscard]] std::string journal() const { return shop.dir + "/journal.db"; }
  /// Records of this boot that were written by a clock two hours ahead of today's: it was set back since.
  void write_records_ahead() {
    ASSERT_TRUE(start());
    ASSERT_TRUE(ready_to_deploy());
    ASSERT_EQ(stop(), 0);
    auto opened = SqliteJournal::open(journal());
    ASSERT_TRUE(opened.ok()) << opened.error().what;
    Ledger ledger(**opened, {}, boot_id());
    ASSERT_TRUE(ledger.recover().ok());
    ledger.add(DaemonStarted{"test", "", ledger.state().last_anchor + kAhead}, clock() + kAhead);
    ASSERT_TRUE(ledger.flush().ok());
  }
  void hide(bool away) const {
    for (const char* name : {"/journal.db", "/journal.db-wal", "/journal.db-shm"}) {
      const std::string here = shop.dir + name, there = shop.dir + "/hidden" + std::string(name + 8);
      if (std::filesystem::exists(away ? here : there))
        std::filesystem::rename(away ? here : there, away ? there : here);
    }
  }
  static Time clock() {
    return Time{std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch())};
  }
  /// A bad version comes, is seen and rolled back.
  void expect_rolled_back() {
    EXPECT_TRUE(until([&] { return ctl({"deploy", "begin", "--service", "shop", "--version", "v1-bad"}).code == 0; }));
    write("version", "v1-bad\n");
    EXPECT_EQ(ctl({"deploy", "finish", "D1"}).code, 0);
    Json d;
    EXPECT_TRUE(until([&] {
      d = shop.ask("GET", "/v1/deployments/D1")["deployment"];
      return d.flag("final");
    })) << d.dump();
    EXPECT_EQ(d.text("phase"), "rolled_back_verified") << d.text("why");
  }
  void expect_time_of_the_records() {
    const std::string now = status_document().text("now");
    EXPECT_GT(now, text_of(clock() + kAhead - std::chrono::minutes(1))) << "not that of the wall clock";
    EXPECT_LT(now, text_of(clock() + kAhead + std::chrono::minutes(1)));
  }
  static std::string text_of(Time t) { return *wall(t).as_string(); }
};

TEST_F(DaemonTime, TheClockWasSetBackBetweenTwoRuns) {
  write_records_ahead();
  ASSERT_TRUE(start());
  expect_time_of_the_records();
  expect_rolled_back();
}

TEST_F(DaemonTime, TheClockWasSetBackAndTheJournalCouldNotBeReadAtTheStart) {
  write_records_ahead();
  hide(true);
  ASSERT_EQ(::mkdir(journal().c_str(), 0755), 0);
  ASSERT_TRUE(start()) << "ended with " << ended;
  EXPECT_FALSE(status_document().flag("acts"));
  ASSERT_EQ(::rmdir(journal().c_str()), 0);
  hide(false);
  EXPECT_TRUE(until([&] { return status_document().flag("acts"); })) << "it is opened again by itself";
  EXPECT_TRUE(runs()) << "by the same process: no service manager may be there to start another";
  expect_time_of_the_records();
  EXPECT_THAT(log(), testing::HasSubstr("everything is begun anew by the time of the records"));
  expect_rolled_back();
}

} // namespace
} // namespace backstop
