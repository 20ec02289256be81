#include "tests/integration/daemon_process.hpp"
#include "tests/integration/small_disk.hpp"

/// A journal that the real daemon cannot trust or use: it goes on judging, acts on nothing, pages, and says why.
namespace backstop {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class DaemonJournal : public DaemonProcess {
protected:
  [[nodiscard]] std::string journal() const { return shop.dir + "/journal.db"; }
  /// A journal with a version that a rollback could go to, then the daemon's end.
  void write_a_journal() {
    ASSERT_TRUE(start());
    ASSERT_TRUE(ready_to_deploy());
    ASSERT_EQ(stop(), 0);
  }
  static void sql(const std::string& path, const std::string& text) {
    const Ran done = run_program({"/usr/bin/sqlite3", path, text});
    ASSERT_EQ(done.code, 0) << done.err << " (is sqlite3 installed?)";
  }
  /// A page without the breaks of its long lines.
  static std::string unwrapped(std::string page) {
    for (std::size_t at = 0; (at = page.find("\n  ", at)) != std::string::npos;) page.replace(at, 3, " ");
    return page;
  }
  /// What a person sees wherever they look; `why` is said everywhere.
  void expect_observing_only(const std::string& why) {
    const Ran status = ctl({"status"});
    EXPECT_EQ(status.code, 0) << status.err;
    EXPECT_THAT(unwrapped(status.out), AllOf(HasSubstr("OBSERVING ONLY, nothing is rolled back: "), HasSubstr(why)));
    EXPECT_TRUE(until([&] { return metrics().find("backstop_reading{") != std::string::npos; })) << "judging goes on";
    EXPECT_THAT(metrics(), HasSubstr("backstop_acts 0\n"));
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"deploy", "begin", "--service", "shop", "--version", "v1"},
          {"hold", "shop", "--for", "1m", "--reason", "x"},
          {"rollback", "shop", "--reason", "x"},
          {"signal", "shop", "data-corruption", "--evidence", "x"}}) {
      const Ran refused = ctl(words);
      EXPECT_EQ(refused.code, 4) << words[0];
      EXPECT_THAT(refused.err, AllOf(HasSubstr("backstopctl: the command: nothing can be recorded: "), HasSubstr(why),
                                     HasSubstr("(mend the journal")))
          << words[0];
    }
    EXPECT_TRUE(until([&] { return pager.count(why) >= 1; })) << "the webhook is paged";
    EXPECT_EQ(pager.told().front().text("severity"), "critical");
    EXPECT_TRUE(runs()) << "no crash loop: ended with " << ended;
  }
  /// So many scrapes later, the same page has not been sent again.
  void expect_one_page(const std::string& why) {
    const std::string before = service().text("evaluated");
    int changes = 0;
    std::string last = before;
    EXPECT_TRUE(until([&] {
      const std::string now = service().text("evaluated");
      changes += std::exchange(last, now) != now;
      return changes >= 12;
    }));
    EXPECT_EQ(pager.count(why), 1) << "one page for one reason";
  }
};

TEST_F(DaemonJournal, ACorruptOneIsObservedOnlyAndLeftAsItIs) {
  write_a_journal();
  std::filesystem::remove(journal() + "-wal");
  write("journal.db", "this is no database, and was one once\n");
  const std::string was = shop::read_text(journal());
  ASSERT_TRUE(start()) << "ended with " << ended;
  expect_observing_only(journal() + ": damaged: file is not a database");
  EXPECT_TRUE(until([&] { return command_told().find("file is not a database") != std::string::npos; }));
  expect_one_page("damaged");
  write("services.d/shop.yaml", "service: [\n");
  ASSERT_EQ(::kill(shop.daemon, SIGHUP), 0);
  EXPECT_TRUE(until([&] { return log().find("the new configuration has faults, the old one stays") != log().npos; }));
  EXPECT_THAT(ctl({"status"}).out, HasSubstr("the configuration on disk has faults"));
  EXPECT_EQ(stop(), 0);
  EXPECT_EQ(shop::read_text(journal()), was);
}

TEST_F(DaemonJournal, OneWithAChangedRecordIsObservedOnly) {
  write_a_journal();
  sql(journal(), "DROP TRIGGER records_are_not_changed; UPDATE records SET actor='nobody' WHERE seq=2;");
  ASSERT_TRUE(start()) << "ended with " << ended;
  expect_observing_only("record 2: its hash does not fit, it was changed");
  const Ran offline = ctl({"status", "--offline", "--journal", journal()});
  EXPECT_EQ(offline.code, 1);
  EXPECT_THAT(offline.err, HasSubstr("record 2: its hash does not fit"));
}

TEST_F(DaemonJournal, OneOfANewerVersionIsObservedOnlyAndLeftAsItIs) {
  write_a_journal();
  sql(journal(), "PRAGMA user_version=9; PRAGMA wal_checkpoint(TRUNCATE);");
  const std::string was = shop::read_text(journal());
  ASSERT_TRUE(start()) << "ended with " << ended;
  expect_observing_only(journal() + ": written by a newer backstop (schema 9, this one knows 2); install that version "
                                    "again, or move the file away to begin anew");
  EXPECT_EQ(stop(), 0);
  EXPECT_EQ(shop::read_text(journal()), was);
}

/// Holds the write lock of the journal as a forgotten sqlite3 shell would.
class Shell {
public:
  explicit Shell(const std::string& path) {
    int to[2], from[2];
    if (::pipe2(to, O_CLOEXEC) != 0 || ::pipe2(from, O_CLOEXEC) != 0) return;
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(to[0], STDIN_FILENO);
      ::dup2(from[1], STDOUT_FILENO);
      ::execl("/usr/bin/sqlite3", "sqlite3", path.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(to[0]);
    ::close(from[1]);
    in_ = to[1];
    const std::string begin = "BEGIN IMMEDIATE;\nSELECT 'locked';\n";
    char answer[16] = {};
    locked = ::write(in_, begin.data(), begin.size()) > 0 && ::read(from[0], answer, sizeof answer - 1) > 0 &&
             std::string(answer) == "locked\n";
    ::close(from[0]);
  }
  ~Shell() { end(); }
  Shell(const Shell&) = delete;
  Shell& operator=(const Shell&) = delete;
  void end() {
    if (pid_ <= 0) return;
    ::close(in_);
    ::waitpid(std::exchange(pid_, -1), nullptr, 0);
  }
  bool locked = false;

private:
  pid_t pid_ = -1;
  int in_ = -1;
};

TEST_F(DaemonJournal, OneLockedByAnotherProgramAtTheStartIsObservedOnly) {
  write_a_journal();
  Shell shell(journal());
  ASSERT_TRUE(shell.locked) << "is sqlite3 installed?";
  ASSERT_TRUE(start()) << "ended with " << ended << ": a crash loop under the service manager";
  expect_observing_only(journal() + ": locked by another program (a sqlite3 shell, a backup?)");
  shell.end();
  EXPECT_TRUE(until([&] { return status_document().flag("acts"); })) << "it is opened again by itself";
  EXPECT_THAT(metrics(), HasSubstr("backstop_acts 1\n"));
}

TEST_F(DaemonJournal, OneLockedWhileItRunsHoldsEverythingUntilTheLockIsGone) {
  ASSERT_TRUE(start());
  ASSERT_TRUE(ready_to_deploy());
  Shell shell(journal());
  ASSERT_TRUE(shell.locked) << "is sqlite3 installed?";
  const Ran first = ctl({"hold", "shop", "--for", "10m", "--reason", "kept for later"});
  EXPECT_EQ(first.code, 4);
  EXPECT_THAT(first.err,
              AllOf(HasSubstr("the command: it is not on disk yet: "), HasSubstr("locked by another program"),
                    HasSubstr("(it takes effect as soon as the journal can be written)")));
  expect_observing_only("locked by another program");
  expect_one_page("locked by another program");
  shell.end();
  EXPECT_TRUE(until([&] { return status_document().flag("acts"); })) << "it goes on by itself";
  EXPECT_EQ(service()["hold"].text("reason"), "kept for later");
  EXPECT_THAT(metrics(), HasSubstr("backstop_acts 1\n"));
  EXPECT_EQ(ctl({"unhold", "shop"}).code, 0);
}

TEST_F(DaemonJournal, AReadOnlyFolderIsObservedOnly) {
  ASSERT_EQ(::mkdir((shop.dir + "/state").c_str(), 0755), 0);
  const auto disk = SmallDisk::mount(shop.dir + "/state", "size=32m");
  if (!disk) GTEST_SKIP() << "NOT PERMITTED HERE: a mount namespace of our own; this was NOT tested";
  shop.settings.state = shop.dir + "/state";
  shop.before_exec = [&] { return disk->enter(); };
  write("backstop.yaml", shop.daemon_file());
  write_a_journal();
  ASSERT_TRUE(disk->remount(MS_RDONLY));
  ASSERT_TRUE(start()) << "ended with " << ended << ": a crash loop under the service manager";
  expect_observing_only("Read-only file system");
  ASSERT_TRUE(disk->remount(0));
  EXPECT_TRUE(until([&] { return status_document().flag("acts"); })) << "it is opened again by itself";
  EXPECT_EQ(service().text("version"), "v0-good");
  EXPECT_THAT(metrics(), HasSubstr("backstop_acts 1\n"));
}

} // namespace
} // namespace backstop
