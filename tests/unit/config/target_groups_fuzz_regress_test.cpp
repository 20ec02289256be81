#include "tests/fuzz/target_groups_check.hpp"
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

namespace backstop {
namespace {

TEST(FuzzRegressTargetGroups, every_file_of_the_corpus_holds) {
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(BACKSTOP_SOURCE_DIR "/tests/fuzz/corpus/target_groups")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string data((std::istreambuf_iterator<char>(file)), {});
    EXPECT_EQ(fuzz::check_target_groups(data), "") << entry.path();
    ++files;
  }
  EXPECT_GE(files, 10U);
}

} // namespace
} // namespace backstop
