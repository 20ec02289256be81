#include "daemon/io/sqlite_journal.hpp"
#include "tests/fakes/child_process.hpp"
#include "tests/fakes/some_records.hpp"
#include "tests/fakes/temporary_directory.hpp"
#include "tests/integration/small_disk.hpp"
#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <sched.h>
#include <sys/mount.h>

namespace backstop {
namespace {

namespace fs = std::filesystem;

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
}
Status append_one(Journal& journal, const std::string& type, std::size_t payload = 0) {
  std::vector<Record> records{a_record(type)};
  records[0].payload.set("output", std::string(payload, 'x'));
  return journal.append(records);
}

class HostileJournal : public testing::Test {
protected:
  void fill(int count) {
    auto journal = SqliteJournal::open(path);
    ASSERT_TRUE(journal) << journal.error().what;
    for (int i = 0; i < count; ++i) ASSERT_TRUE(append_one(**journal, "r" + std::to_string(i), 200));
    hashes.clear();
    for (const Record& r : all_of(**journal)) hashes.push_back(hash_of(r));
  }
  Error open_error() {
    const auto journal = SqliteJournal::open(path);
    EXPECT_FALSE(journal) << "it opened";
    return journal ? Error{} : journal.error();
  }
  /// Opens and reads all; "" or what was said. Checks that what is given out is the beginning of what was written.
  Status read_back(std::size_t* count = nullptr) {
    const auto journal = SqliteJournal::open(path);
    if (!journal) return journal.error();
    std::size_t n = 0;
    Status status = (*journal)->read(0, [&](const Record& r) -> Status {
      if (n >= hashes.size()) return fail(Errc::invalid, "more records than were written");
      EXPECT_EQ(hash_of(r), hashes[n]) << "record " << n + 1 << " is not what was written";
      ++n;
      return {};
    });
    if (count) *count = n;
    return status;
  }
  void remove_all() {
    for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(path + suffix);
  }

  TemporaryDirectory place;
  std::string path = place.path() + "/journal.db";
  std::vector<std::string> hashes;
};

TEST_F(HostileJournal, WhatIsNoDatabaseIsCorruptAndLeftAsItIs) {
  for (const std::string& content : {std::string("hello\n"), std::string(50, '\0'), std::string(100000, 'x')}) {
    write_bytes(path, content);
    const Error error = open_error();
    EXPECT_EQ(error.code, Errc::corrupt) << error.what;
    EXPECT_NE(error.what.find(path), std::string::npos) << error.what;
    EXPECT_EQ(bytes_of(path), content);
  }
}

TEST_F(HostileJournal, AnEmptyFileIsNoNewJournal) {
  write_bytes(path, "");
  const Error error = open_error();
  EXPECT_EQ(error.code, Errc::corrupt);
  EXPECT_NE(error.what.find("empty"), std::string::npos);
}

TEST_F(HostileJournal, AForeignDatabaseIsLeftAsItIs) {
  ASSERT_TRUE(SqliteDatabase::create(path, "CREATE TABLE t (x); INSERT INTO t VALUES (1)"));
  const std::string before = bytes_of(path);
  EXPECT_EQ(open_error().code, Errc::corrupt);
  EXPECT_EQ(bytes_of(path), before);
}

TEST_F(HostileJournal, ADirectoryInItsPlaceIsAnError) {
  fs::create_directory(path);
  EXPECT_EQ(open_error().code, Errc::io);
}

TEST_F(HostileJournal, ANewerOneIsNewerAndLeftAsItIs) {
  fill(3);
  {
    auto database = SqliteDatabase::open(path, SqliteDatabase::Mode::write, 0);
    ASSERT_TRUE(database);
    ASSERT_TRUE(database->run("ALTER TABLE records RENAME TO things; PRAGMA user_version = 3"));
  }
  const std::string before = bytes_of(path);
  const Error error = open_error();
  EXPECT_EQ(error.code, Errc::newer);
  EXPECT_NE(error.what.find("schema 3"), std::string::npos) << error.what;
  EXPECT_EQ(bytes_of(path), before);
  const auto reader = SqliteJournal::open_read_only(path);
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, Errc::newer);
}

TEST_F(HostileJournal, AMissingFileWhoseWalIsThereIsNoNewJournal) {
  fill(1);
  write_bytes(path + "-wal", "something");
  fs::remove(path);
  EXPECT_EQ(open_error().code, Errc::corrupt);
}

TEST_F(HostileJournal, ATruncatedFileIsCorruptWhereverItIsCut) {
  fill(200);
  const std::string whole = bytes_of(path);
  ASSERT_EQ(fs::file_size(path + "-wal"), 0U) << "it was closed: all is in the one file";
  std::mt19937 random(1);
  for (int i = 0; i < 40; ++i) {
    const auto cut = std::uniform_int_distribution<std::size_t>(1, whole.size() - 1)(random);
    remove_all();
    write_bytes(path, whole.substr(0, cut));
    const Status status = read_back();
    ASSERT_FALSE(status) << "cut at " << cut;
    EXPECT_EQ(status.error().code, Errc::corrupt) << status.error().what;
  }
}

TEST_F(HostileJournal, AFlippedByteIsFoundOrHarmless) {
  fill(60);
  const std::string whole = bytes_of(path);
  std::mt19937 random(2);
  int found = 0;
  for (int i = 0; i < 120; ++i) {
    std::string bad = whole;
    const auto at = std::uniform_int_distribution<std::size_t>(0, whole.size() - 1)(random);
    const int bit = std::uniform_int_distribution<int>(0, 7)(random);
    bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
    remove_all();
    write_bytes(path, bad);
    std::size_t count = 0;
    const Status status = read_back(&count); // never gives out a record that was not written
    EXPECT_TRUE(!status || count == 60U) << "byte " << at << ": records went silently";
    if (!status) ++found;
  }
  EXPECT_GT(found, 60) << "most of the file is records";
}

TEST_F(HostileJournal, ADamagedPageFarFromTheEndIsFoundWhenItOpens) {
  fill(300);
  const std::string whole = bytes_of(path);
  // The cell pointers of a table leaf (type 13) in the middle: how many rows it has still counts right.
  std::string bad = whole;
  std::size_t page = (bad.size() / 4096 / 2) * 4096;
  while (bad[page] != 13) page += 4096;
  bad[page + 8] = bad[page + 9] = '\xff';
  write_bytes(path, bad);
  EXPECT_EQ(open_error().code, Errc::corrupt);
}

TEST_F(HostileJournal, ADamagedLongRecordFarFromTheEndIsFoundWhenItOpens) {
  {
    auto journal = SqliteJournal::open(path);
    ASSERT_TRUE(journal);
    ASSERT_TRUE(append_one(**journal, "long", 16384));
    for (int i = 0; i < 150; ++i) ASSERT_TRUE(append_one(**journal, "short"));
  }
  std::string bad = bytes_of(path);
  std::size_t page = 0; // an overflow page: the number of the next one, then nothing but payload
  while (bad.compare(page + 4, 1000, std::string(1000, 'x')) != 0) page += 4096;
  bad.replace(page, 4, "\x7f\xff\xff\xff");
  write_bytes(path, bad);
  EXPECT_EQ(open_error().code, Errc::corrupt);
}

TEST_F(HostileJournal, AWalThatWasCutLosesOnlyTheEnd) {
  std::string db, wal;
  {
    auto journal = SqliteJournal::open(path);
    ASSERT_TRUE(journal);
    for (int i = 0; i < 30; ++i) ASSERT_TRUE(append_one(**journal, "r" + std::to_string(i), 200));
    for (const Record& r : all_of(**journal)) hashes.push_back(hash_of(r));
    db = bytes_of(path);
    wal = bytes_of(path + "-wal");
  }
  std::mt19937 random(3);
  std::size_t most = 0;
  for (int i = 0; i < 40; ++i) {
    const auto cut = std::uniform_int_distribution<std::size_t>(0, wal.size())(random);
    remove_all();
    write_bytes(path, db);
    write_bytes(path + "-wal", wal.substr(0, cut));
    std::size_t count = 0;
    const Status status = read_back(&count);
    EXPECT_TRUE(status) << "cut at " << cut << ": " << status.error().what;
    most = std::max(most, count);
  }
  EXPECT_GT(most, 15U);
}

TEST_F(HostileJournal, ASecondDaemonIsToldWhoHasIt) {
  auto journal = SqliteJournal::open(path);
  ASSERT_TRUE(journal);
  const std::string pid = std::to_string(::getpid());
  EXPECT_EQ(in_child([&]() -> std::string {
              const auto second = SqliteJournal::open(path);
              if (second) return "a second one opened it";
              if (second.error().code != Errc::busy) return second.error().what;
              return second.error().what.find("pid " + pid + ")") != std::string::npos ? "" : second.error().what;
            }),
            "");
  EXPECT_EQ(open_error().code, Errc::busy) << "not within one process either";
  journal->reset();
  EXPECT_TRUE(SqliteJournal::open(path)) << "the right goes with the one who had it";
}

TEST_F(HostileJournal, AForeignLockIsBusyForAShortWhileOnly) {
  auto opened = SqliteJournal::open(path, {.busy_timeout = std::chrono::milliseconds(1)});
  ASSERT_TRUE(opened);
  SqliteJournal& journal = **opened;
  ASSERT_TRUE(append_one(journal, "a"));
  auto shell = SqliteDatabase::open(path, SqliteDatabase::Mode::write, 0);
  ASSERT_TRUE(shell);
  ASSERT_TRUE(shell->run("BEGIN IMMEDIATE"));
  const Status blocked = append_one(journal, "b");
  ASSERT_FALSE(blocked);
  EXPECT_EQ(blocked.error().code, Errc::busy);
  ASSERT_TRUE(shell->run("ROLLBACK"));
  EXPECT_TRUE(append_one(journal, "b"));
  EXPECT_EQ(all_of(journal).size(), 2U);
}

TEST_F(HostileJournal, ADirectoryThatIsNotThereOrNotOursIsNamed) {
  path = place.path() + "/nowhere/journal.db";
  const Error missing = open_error();
  EXPECT_EQ(missing.code, Errc::io);
  EXPECT_NE(missing.what.find("nowhere/journal.db.lock: No such file"), std::string::npos) << missing.what;

  if (::geteuid() != 0) GTEST_SKIP() << "NEEDS ROOT to become another user";
  path = place.path() + "/journal.db";
  EXPECT_EQ(in_child([&]() -> std::string {
              if (::setuid(65534) != 0) return "cannot become nobody";
              const auto journal = SqliteJournal::open(path);
              if (journal) return "it opened";
              const bool said = journal.error().what.find("Permission denied") != std::string::npos;
              return journal.error().code == Errc::io && said ? "" : journal.error().what;
            }),
            "");
}

/// Runs `body` with a tmpfs of `size` bytes that only it sees. "SKIP" where this is not permitted here.
std::string on_small_disk(const std::string& at, std::size_t size, const std::function<std::string()>& body) {
  return in_child([&]() -> std::string {
    if (::unshare(CLONE_NEWNS) != 0) return "SKIP";
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return "SKIP";
    if (::mount("tmpfs", at.c_str(), "tmpfs", 0, ("size=" + std::to_string(size)).c_str()) != 0) return "SKIP";
    return body();
  });
}
#define SKIP_WITHOUT_MOUNT(text)                                                                                       \
  if ((text) == "SKIP") GTEST_SKIP() << "NOT PERMITTED HERE: a mount namespace of our own; this was NOT tested"

TEST_F(HostileJournal, OnAFullDiskTheReserveIsUsedThenAppendsFailThenAllIsWellAgain) {
  const std::string told = on_small_disk(place.path(), 16 << 20, [&]() -> std::string {
    auto opened = SqliteJournal::open(path);
    if (!opened) return opened.error().what;
    SqliteJournal& journal = **opened;
    if (journal.low_space()) return "low at the start";
    std::uint64_t written = 0;
    {
      const Hog hog(place.path() + "/hog");
      // Well over the room the WAL already has.
      for (int i = 0; i < 40; ++i) {
        if (Status done = append_one(journal, "rollback", 16384); !done)
          return "with the reserve: " + done.error().what;
        ++written;
      }
      if (!journal.low_space()) return "40 records of 16 KiB on a full disk, and space is not low";
      if (journal.restore_reserve()) return "there is no room for a reserve";

      const Hog rest(place.path() + "/rest");
      Status done;
      while (done) {
        done = append_one(journal, "until it is full", 16384);
        written += done ? 1 : 0;
      }
      if (done.error().code != Errc::io) return done.error().what;
      if (done.error().what.find("no space left") == std::string::npos) return done.error().what;
      if (append_one(journal, "still full", 16384)) return "full, and an append of 16 KiB went through";
      if (!journal.low_space()) return "full, and not low";
      if (all_of(journal).size() != written) return "a failed append left something";
    }
    if (Status done = append_one(journal, "after"); !done) return "with space again: " + done.error().what;
    if (Status done = journal.restore_reserve(); !done) return "restore: " + done.error().what;
    if (journal.low_space()) return "still low";
    if (!fs::exists(path + ".reserve")) return "no reserve";
    const auto end = journal.verify();
    if (!end) return end.error().what;
    opened->reset();
    const auto again = SqliteJournal::open(path);
    if (!again) return again.error().what;
    return (*again)->end() == *end && end->seq == written + 1 ? "" : "records are missing";
  });
  SKIP_WITHOUT_MOUNT(told);
  EXPECT_EQ(told, "");
}

TEST_F(HostileJournal, StartsOnAFullDiskByGivingUpTheReserve) {
  const std::string told = on_small_disk(place.path(), 16 << 20, [&]() -> std::string {
    {
      auto journal = SqliteJournal::open(path);
      if (!journal) return journal.error().what;
      if (Status done = append_one(**journal, "a"); !done) return done.error().what;
    }
    const Hog hog(place.path() + "/hog");
    auto journal = SqliteJournal::open(path);
    if (!journal) return journal.error().what;
    if (Status done = append_one(**journal, "rollback", 16384); !done) return done.error().what;
    return (*journal)->low_space() ? "" : "not low";
  });
  SKIP_WITHOUT_MOUNT(told);
  EXPECT_EQ(told, "");
}

TEST_F(HostileJournal, ANewJournalOnAFullDiskSaysThatThereIsNoSpace) {
  const std::string told = on_small_disk(place.path(), 1 << 20, [&]() -> std::string {
    const Hog hog(place.path() + "/hog");
    const auto journal = SqliteJournal::open(path);
    if (journal) return "it opened";
    if (fs::exists(path) || fs::exists(path + ".new")) return "something half-made was left";
    const bool said = journal.error().what.find("no space left") != std::string::npos;
    return journal.error().code == Errc::io && said ? "" : journal.error().what;
  });
  SKIP_WITHOUT_MOUNT(told);
  EXPECT_EQ(told, "");
}

TEST_F(HostileJournal, ASmallDiskWithoutRoomForAReserveWorksAndSaysSo) {
  const std::string told = on_small_disk(place.path(), 2 << 20, [&]() -> std::string {
    auto journal = SqliteJournal::open(path);
    if (!journal) return journal.error().what;
    if (Status done = append_one(**journal, "a"); !done) return done.error().what;
    return (*journal)->low_space() ? "" : "4 MiB were reserved on a disk of 2";
  });
  SKIP_WITHOUT_MOUNT(told);
  EXPECT_EQ(told, "");
}

TEST_F(HostileJournal, AReadOnlyDiskIsAnErrorAndCanBeReadOffline) {
  const std::string told = on_small_disk(place.path(), 16 << 20, [&]() -> std::string {
    {
      auto journal = SqliteJournal::open(path);
      if (!journal) return journal.error().what;
      if (Status done = append_one(**journal, "a"); !done) return done.error().what;
    }
    if (::mount("none", place.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) != 0) return "no remount";
    const auto journal = SqliteJournal::open(path);
    if (journal) return "it opened";
    if (journal.error().code != Errc::io || journal.error().what.find("Read-only") == std::string::npos)
      return journal.error().what;
    const auto reader = SqliteJournal::open_read_only(path);
    if (!reader) return "reader: " + reader.error().what;
    return all_of(**reader).size() == 1 ? "" : "the record is not there";
  });
  SKIP_WITHOUT_MOUNT(told);
  EXPECT_EQ(told, "");
}

/// Runs `act` in a process of an ordinary user, and gives its exit status.
int as_ordinary_user(const std::function<int()>& act) {
  const pid_t child = ::fork();
  if (child == 0) {
    constexpr unsigned nobody = 65534;
    if (::geteuid() == 0 && (::setgid(nobody) != 0 || ::setuid(nobody) != 0)) ::_exit(99);
    ::_exit(act());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST_F(HostileJournal, AShmThatCannotBeWrittenLosesNothing) {
  ASSERT_EQ(::chmod(fs::path(path).parent_path().c_str(), 0777), 0);
  ASSERT_EQ(as_ordinary_user([&] {
              auto journal = SqliteJournal::open(path);
              for (int i = 0; journal && i < 20; ++i) {
                if (!append_one(**journal, "kept", 500)) return 1;
              }
              ::kill(::getpid(), SIGKILL); // all of it is in the -wal
              return 1;
            }),
            128 + SIGKILL);
  ASSERT_EQ(::chmod((path + "-shm").c_str(), 0444), 0);
  EXPECT_EQ(as_ordinary_user([&] { return SqliteJournal::open(path).ok() ? 1 : 0; }), 0) << "it cannot be written";
  if (fs::exists(path + "-shm")) {
    ASSERT_EQ(::chmod((path + "-shm").c_str(), 0644), 0);
  }
  EXPECT_EQ(as_ordinary_user([&] {
              const auto journal = SqliteJournal::open(path);
              return journal ? static_cast<int>((*journal)->end().seq) : 99;
            }),
            20);
}

TEST_F(HostileJournal, WhenItIsClosedEverythingIsInTheOneFile) {
  fill(5);
  const std::string alone = bytes_of(path);
  ASSERT_NE(alone.find("r4"), std::string::npos);
  EXPECT_FALSE(fs::exists(path + "-wal") && fs::file_size(path + "-wal") > 0);
}

TEST_F(HostileJournal, AKilledWriterLosesNothingThatReturned) {
  std::mt19937 random(4);
  std::uint64_t before = 0;
  for (int round = 0; round < 40; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t writer = ::fork();
    ASSERT_GE(writer, 0);
    if (writer == 0) {
      ::close(ends[0]);
      auto journal = SqliteJournal::open(path);
      for (std::uint64_t i = 0; journal; ++i) {
        std::vector<Record> records;
        for (std::uint64_t k = 0; k <= i % 3; ++k) records.push_back(a_record("killed"));
        if (!(*journal)->append(records)) break;
        const std::uint64_t last = records.back().seq; // said only once append() has returned
        if (::write(ends[1], &last, sizeof last) != sizeof last) break;
      }
      ::_exit(1);
    }
    ::close(ends[1]);
    std::uint64_t acknowledged = before;
    const auto wanted = std::uniform_int_distribution<int>(0, 6)(random);
    for (int n = 0; n < wanted; ++n)
      if (::read(ends[0], &acknowledged, sizeof acknowledged) != sizeof acknowledged) break;
    ::usleep(std::uniform_int_distribution<unsigned>(0, 8000)(random)); // somewhere within the next append, or open
    ::kill(writer, SIGKILL);
    ::waitpid(writer, nullptr, 0);
    for (std::uint64_t last = 0; ::read(ends[0], &last, sizeof last) == sizeof last;) acknowledged = last;
    ::close(ends[0]);
    if (!fs::exists(path)) continue; // killed while it made the first file

    auto journal = SqliteJournal::open(path);
    ASSERT_TRUE(journal) << "round " << round << ": " << journal.error().what;
    const auto end = (*journal)->verify();
    ASSERT_TRUE(end) << "round " << round << ": " << end.error().what;
    ASSERT_GE(end->seq, acknowledged) << "round " << round;
    before = end->seq;
  }
  EXPECT_GT(before, 40U) << "the writers wrote";
}

} // namespace
} // namespace backstop
