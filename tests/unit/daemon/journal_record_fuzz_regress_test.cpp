#include "tests/fuzz/journal_record_check.hpp"
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

namespace backstop {
namespace {

// Whatever once broke the fuzzer stays in its corpus, and is run here by every compiler.
TEST(FuzzRegressJournalRecord, TheCorpusHolds) {
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(BACKSTOP_SOURCE_DIR "/tests/fuzz/corpus/journal_record")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string data{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(fuzz::check_journal_record(data), "") << entry.path();
    ++files;
  }
  EXPECT_GE(files, 15U) << "the corpus is gone";
}

} // namespace
} // namespace backstop
