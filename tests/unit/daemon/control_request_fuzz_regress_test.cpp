#include "tests/fuzz/control_request_check.hpp"
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

namespace backstop {
namespace {

// Whatever once broke the fuzzer stays in its corpus, and is run here by every compiler.
TEST(FuzzRegressControlRequest, TheCorpusHolds) {
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(BACKSTOP_SOURCE_DIR "/tests/fuzz/corpus/control_request")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string data{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(fuzz::check_control_request(data), "") << entry.path();
    ++files;
  }
  EXPECT_GE(files, 8U) << "the corpus is gone";
}

} // namespace
} // namespace backstop
