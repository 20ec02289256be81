#include "tests/fakes/faulty_journal.hpp"
#include "tests/fakes/journal_contract.hpp"
#include "daemon/replay/memory_journal.hpp"

namespace backstop {
namespace {

INSTANTIATE_TEST_SUITE_P(Memory, JournalContract,
                         testing::Values(JournalPlace{
                             "memory", [](const std::string&) { return std::make_shared<MemoryJournal>(); },
                             [](std::shared_ptr<Journal> journal) { return journal; }}));
// A FaultyJournal that was told nothing is as good as what is behind it.
INSTANTIATE_TEST_SUITE_P(Faulty, JournalContract,
                         testing::Values(JournalPlace{"faulty",
                                                      [](const std::string&) -> std::shared_ptr<Journal> {
                                                        static std::vector<std::unique_ptr<MemoryJournal>> inner;
                                                        inner.push_back(std::make_unique<MemoryJournal>());
                                                        return std::make_shared<FaultyJournal>(*inner.back());
                                                      },
                                                      [](std::shared_ptr<Journal> journal) { return journal; }}));

Status append_one(Journal& journal, const char* type) {
  std::vector<Record> records{a_record(type)};
  return journal.append(records);
}

TEST(MemoryJournal, FindsByType) {
  MemoryJournal journal;
  ASSERT_TRUE(append_one(journal, "a"));
  ASSERT_TRUE(append_one(journal, "b"));
  ASSERT_TRUE(append_one(journal, "a"));
  EXPECT_EQ(journal.of_type("a").size(), 2U);
  EXPECT_EQ(journal.of_type("a")[1].seq, 3U);
}

TEST(FaultyJournal, FailsAtTheChosenAppendsAndWritesNothingOfThem) {
  MemoryJournal inner;
  FaultyJournal journal(inner);
  journal.fail_at(2, 2);
  EXPECT_TRUE(append_one(journal, "1"));
  EXPECT_FALSE(append_one(journal, "2"));
  EXPECT_FALSE(append_one(journal, "3"));
  EXPECT_TRUE(append_one(journal, "4"));
  ASSERT_EQ(inner.records().size(), 2U);
  EXPECT_EQ(inner.records()[1].type, "4");
  EXPECT_EQ(journal.appends(), 4U);
}

TEST(FaultyJournal, CrashesBeforeOrAfterEveryAppendOfARun) {
  for (const bool after : {false, true}) {
    std::uint64_t n = 0;
    for (bool whole = false; !whole;) {
      ++n;
      MemoryJournal inner;
      FaultyJournal journal(inner);
      if (after)
        journal.crash_after(n);
      else
        journal.crash_before(n);
      try {
        for (const char* type : {"1", "2", "3"}) ASSERT_TRUE(append_one(journal, type));
        whole = true;
      } catch (const Crash& crash) {
        EXPECT_EQ(crash.append, n);
        EXPECT_EQ(inner.records().size(), after ? n : n - 1);
        EXPECT_FALSE(append_one(journal, "from a destructor")) << "the dead do not write";
        EXPECT_EQ(inner.records().size(), after ? n : n - 1);
      }
    }
    EXPECT_EQ(n, 4U) << "three appends, and the run that is whole";
  }
}

} // namespace
} // namespace backstop
