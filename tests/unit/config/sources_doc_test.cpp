#include "daemon/config/compile.hpp"
#include "daemon/config/keys.hpp"
#include "tests/unit/config/helpers.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

/// docs/sources.md has one service file for each type of source, and each is one.
namespace backstop::config::test {
namespace {

/// The examples of the page by the heading above them.
std::map<std::string, std::string> examples() {
  std::map<std::string, std::string> found;
  std::istringstream page(slurp(source_dir() / "docs/sources.md"));
  std::string heading;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("## ")) heading = line.substr(3);
    if (line.starts_with("    ") && !heading.empty()) found[heading] += line.substr(4) + "\n";
  }
  return found;
}

std::set<std::string> types() {
  constexpr std::string_view prefix = "source/";
  std::set<std::string> types;
  for (const Section& section : sections())
    if (section.name.starts_with(prefix)) types.insert(std::string(section.name.substr(prefix.size())));
  return types;
}

TEST(SourcesPage, HasAnExampleForEachTypeThatIsAServiceWithoutAWarning) {
  const auto all = examples();
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
