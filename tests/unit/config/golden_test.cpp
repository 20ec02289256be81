#include "daemon/config/show.hpp"
#include "tests/unit/config/helpers.hpp"
#include <gtest/gtest.h>

/// Every tests/golden/config/NAME.yaml gives exactly the faults and warnings of NAME.txt. daemon_*: a backstop.yaml.
namespace backstop::config::test {
namespace {

std::vector<std::filesystem::path> golden_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(source_dir() / "tests/golden/config"))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::string outcome_of(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  if (name.rfind("daemon_", 0) == 0) {
    MemoryFiles files;
    files.texts[name] = slurp(path);
    const auto outcome = load(name, files.files());
    return show_faults(outcome.faults) + show_faults(outcome.warnings, "warning: ");
  }
  const auto outcome = load_service(slurp(path), name);
  return show_faults(outcome.faults) + show_faults(outcome.warnings, "warning: ");
}

class Golden : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(Golden, GivesTheseFaults) {
  auto expected = GetParam();
  expected.replace_extension(".txt");
  const std::string text = slurp(expected);
  EXPECT_FALSE(text.empty()) << "there is no " << expected;
  EXPECT_EQ(outcome_of(GetParam()), text);
}

INSTANTIATE_TEST_SUITE_P(Config, Golden, testing::ValuesIn(golden_files()),
                         [](const auto& param) { return param.param.stem().string(); });

TEST(GoldenFiles, NoSecretOfABadFileIsShown) {
  int seen = 0;
  for (const auto& file : golden_files()) {
    seen += slurp(file).find("hunter2") != std::string::npos ? 1 : 0;
    EXPECT_EQ(outcome_of(file).find("hunter2"), std::string::npos) << file;
  }
  EXPECT_EQ(seen, 2);
}

} // namespace
} // namespace backstop::config::test
