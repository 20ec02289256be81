#include "tests/fuzz/promql_answer_check.hpp"
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

namespace backstop {
namespace {

TEST(FuzzRegressPromqlAnswer, every_file_of_the_corpus_holds) {
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(BACKSTOP_SOURCE_DIR "/tests/fuzz/corpus/promql_answer")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string data((std::istreambuf_iterator<char>(file)), {});
    EXPECT_EQ(fuzz::check_promql_answer(data), "") << entry.path();
    ++files;
  }
  EXPECT_GE(files, 10U);
}

} // namespace
} // namespace backstop
