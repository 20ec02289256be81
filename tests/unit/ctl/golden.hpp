#pragma once
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <string>

/// Pages held against tests/golden/ctl/NAME.txt, byte by byte. To renew them all after a wanted change:
///     BACKSTOP_RENEW_GOLDEN=1 build/dev/bin/test_ctl; git diff tests/golden/ctl
namespace backstop::ctl::test {

inline std::string source_dir() { return BACKSTOP_SOURCE_DIR; }

inline std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The widest line of a page, in bytes: the pages of the tests are ASCII.
inline std::size_t widest_line(const std::string& page) {
  std::size_t widest = 0;
  std::istringstream in(page);
  for (std::string line; std::getline(in, line);) widest = std::max(widest, line.size());
  return widest;
}

inline void expect_golden(const std::string& name, const std::string& page, std::size_t width = 100) {
  const std::string path = source_dir() + "/tests/golden/ctl/" + name + ".txt";
  if (std::getenv("BACKSTOP_RENEW_GOLDEN")) std::ofstream(path, std::ios::binary) << page;
  const std::string expected = slurp(path);
  EXPECT_FALSE(expected.empty()) << "there is no " << path << "; golden.hpp says how to make it";
  EXPECT_EQ(page, expected);
  EXPECT_LE(widest_line(page), width) << page;
}

} // namespace backstop::ctl::test
