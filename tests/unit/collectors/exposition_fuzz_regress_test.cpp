#include "tests/fuzz/exposition_check.hpp"
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

namespace backstop {
namespace {

TEST(FuzzRegressExposition, every_file_of_the_corpus_holds) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(BACKSTOP_SOURCE_DIR "/tests/fuzz/corpus/exposition")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string data((std::istreambuf_iterator<char>(file)), {});
    EXPECT_EQ(fuzz::check_exposition(data), "") << entry.path();
    ++files;
  }
  EXPECT_GE(files, 20U);
}

} // namespace
} // namespace backstop
