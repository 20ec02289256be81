#include "daemon/config/compile.hpp"
#include "daemon/config/keys.hpp"
#include "tests/unit/config/helpers.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

/// docs/sources.md has one service file for each type of source, and each is one.
namespace backstop::config::test {
namespace {

std::set<std::string> types() {
  constexpr std::string_view prefix = "source/";
  std::set<std::string> types;
  for (const Section& section : sections())
    if (section.name.starts_with(prefix)) types.insert(std::string(section.name.substr(prefix.size())));
  return types;
}

TEST(SourcesPage, HasAnExampleForEachTypeThatIsAServiceWithoutAWarning) {
  const auto all = examples_by_heading("docs/sources.md");
  std::set<std::string> shown;
  for (const auto& [type, text] : all) {
    shown.insert(type);
    const auto outcome = load_service(text, type + ".yaml");
    EXPECT_TRUE(outcome.ok()) << show_faults(outcome.faults);
    EXPECT_TRUE(outcome.warnings.empty()) << show_faults(outcome.warnings);
    EXPECT_TRUE(compile(outcome.service)) << type;
    EXPECT_NE(text.find("type: " + type), std::string::npos) << type;
    EXPECT_FALSE(outcome.service.rows.empty() && outcome.service.criteria.empty()) << type;
  }
  EXPECT_EQ(shown, types());
}

} // namespace
} // namespace backstop::config::test
