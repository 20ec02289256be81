#include "tests/fuzz/config_check.hpp"
#include "tests/unit/config/helpers.hpp"
#include <gtest/gtest.h>

namespace backstop::config::test {
namespace {

TEST(FuzzRegressConfig, EveryFileOfTheCorpusHolds) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(source_dir() / "tests/fuzz/corpus/config")) {
    EXPECT_EQ(fuzz::check_config(slurp(entry.path())), "") << entry.path();
    ++files;
  }
  EXPECT_GT(files, 0);
}

} // namespace
} // namespace backstop::config::test
