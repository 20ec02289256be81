#include "daemon/config/compile.hpp"
#include "daemon/config/show.hpp"
#include "tests/unit/config/helpers.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// A unit as a source: its keys, what check-config prints, and the example of docs/configuration.md.
namespace backstop::config::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string with_unit(const std::string& source) { return with_source(source, "unit"); }

const SystemdSource& source_of(const Service& service) { return std::get<SystemdSource>(service.sources.at(0).kind); }

TEST(SystemdSource, HasDefaultsAndAWholeName) {
  const auto outcome = load_service(with_unit("type: systemd, unit: shop"), "f");
  ASSERT_TRUE(outcome.ok()) << text_of(outcome.faults.front());
  EXPECT_EQ(source_of(outcome.service).unit, "shop.service");
  EXPECT_EQ(outcome.service.sources[0].interval, std::chrono::seconds(1));
  EXPECT_EQ(source_of(outcome.service).timeout, std::chrono::milliseconds(800));
}

TEST(SystemdSource, AShortIntervalShortensTheTimeout) {
  const auto outcome = load_service(with_unit("type: systemd, unit: shop, interval: 100ms"), "f");
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(source_of(outcome.service).timeout, std::chrono::milliseconds(80));
  EXPECT_THAT(faults_of(with_unit("type: systemd, unit: shop, timeout: 1s")), HasSubstr("not shorter than"));
}

TEST(SystemdSource, NeedsAUnitThatCanBe) {
  EXPECT_THAT(faults_of(with_unit("type: systemd")), HasSubstr("unit"));
  EXPECT_THAT(faults_of(with_unit("type: systemd, unit: ../x")),
              AllOf(HasSubstr("4:"), HasSubstr("sources.unit.unit: unit \"../x\": no unit name")));
  EXPECT_THAT(faults_of(with_unit("type: systemd, unit: shop@.service")), HasSubstr("this is a template"));
  EXPECT_THAT(faults_of(with_unit("type: host, unit: shop.timer")), HasSubstr("name the service"));
}

TEST(SystemdSource, IsShown) {
  const auto outcome = load_service(with_unit("type: systemd, unit: shop"), "f");
  EXPECT_THAT(show_service(outcome.service),
              AllOf(HasSubstr("systemd"), HasSubstr("at once when it changes"), HasSubstr("unit shop.service")));
}

TEST(SystemdSource, TheExampleOfTheDocumentationIsAService) {
  const std::string doc = slurp(source_dir() / "docs/configuration.md");
  const auto begin = doc.find("    sources:\n      unit: {type: systemd");
  ASSERT_NE(begin, std::string::npos);
  std::string text = "service: checkout\nmode: observe\n";
  std::istringstream lines(doc.substr(begin));
  for (std::string line; std::getline(lines, line) && line.rfind("    ", 0) == 0;) text += line.substr(4) + "\n";
  const auto outcome = load_service(text, "docs/configuration.md");
  ASSERT_TRUE(outcome.ok()) << text_of(outcome.faults.front());
  EXPECT_TRUE(outcome.warnings.empty()) << text_of(outcome.warnings.front());
  EXPECT_EQ(outcome.service.rows.size(), 1U);
  EXPECT_EQ(outcome.service.criteria.size(), 2U);
  const auto compiled = compile(outcome.service);
  ASSERT_TRUE(compiled) << compiled.error().what;
  EXPECT_EQ(compiled->sources.at(0).selectors.size(), 3U);
}

} // namespace
} // namespace backstop::config::test
