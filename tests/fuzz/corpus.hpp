#pragma once
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <string>
#include <string_view>

namespace backstop::fuzz {

/// Whatever once broke a fuzzer stays in its corpus, tests/fuzz/corpus/NAME, and is run here by every compiler. `check` says
/// which rule a file's bytes break, "" where all hold. Fewer than `least` files: the corpus is gone.
template <class Check> void expect_corpus_holds(const std::string& name, Check check, std::size_t least) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(BACKSTOP_SOURCE_DIR "/tests/fuzz/corpus/" + name)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string data{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(check(std::string_view(data)), "") << entry.path();
    ++files;
  }
  EXPECT_GE(files, least) << "the corpus is gone";
}

} // namespace backstop::fuzz
