#include "tests/fuzz/plugin_output_check.hpp"
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

namespace backstop {
namespace {

TEST(FuzzRegressPluginOutput, every_file_of_the_corpus_holds) {
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(BACKSTOP_SOURCE_DIR "/tests/fuzz/corpus/plugin_output")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string data((std::istreambuf_iterator<char>(file)), {});
    EXPECT_EQ(fuzz::check_plugin_output(data), "") << entry.path();
    ++files;
  }
  EXPECT_GE(files, 10U);
}

} // namespace
} // namespace backstop
