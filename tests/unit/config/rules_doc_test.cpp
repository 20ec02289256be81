#include "daemon/config/compile.hpp"
#include "daemon/config/keys.hpp"
#include "tests/unit/config/helpers.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

/// docs/rules.md has one whole service file for each form of a rule.
namespace backstop::config::test {
namespace {

TEST(RulesPage, ItsExamplesAreServicesWithRulesAndWithoutAWarning) {
  const auto all = examples_by_heading("docs/rules.md");
  EXPECT_EQ(all.size(), 11U);
  for (const auto& [form, text] : all) {
    const auto outcome = load_service(text, form + ".yaml");
    EXPECT_TRUE(outcome.ok()) << form << show_faults(outcome.faults);
    EXPECT_TRUE(outcome.warnings.empty()) << form << show_faults(outcome.warnings);
    EXPECT_TRUE(compile(outcome.service)) << form;
    EXPECT_FALSE(outcome.service.rows.empty() && outcome.service.criteria.empty()) << form;
  }
}

TEST(RulesPage, ShowsEveryKeyOfRowsCriteriaAndConditionsOrSomeOfWhatHoldsForAll) {
  std::string text;
  for (const auto& [form, example] : examples_by_heading("docs/rules.md")) text += example;
  // Of the same form as one that is shown.
  const std::set<std::string_view> alike{"gap", "worsen_factor"};
  const std::set<std::string_view> shown_of{"row", "criterion", "condition", "for", "thresholds"};
  for (const Section& section : sections()) {
    if (section.name.starts_with("indicator/")) {
      EXPECT_THAT(text, testing::HasSubstr(std::string(section.name.substr(10)) + ":"));
    }
    if (!shown_of.contains(section.name)) continue;
    for (const Key& key : section.keys) {
      if (alike.contains(key.name)) continue;
      EXPECT_THAT(text, testing::HasSubstr(std::string(key.name) + ":")) << section.name;
    }
  }
}

} // namespace
} // namespace backstop::config::test
