#include "daemon/report/release_notes.hpp"
#include "tests/unit/report/material.hpp"
#include <gmock/gmock.h>

namespace backstop::report::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string hash(char of) { return std::string(40, of); }
std::string shown(char of) { return " (" + std::string(10, of) + ")"; }

Changes changes_of(const std::vector<Commit>& commits) {
  Changes changes;
  add_commits(changes, commits);
  return changes;
}
Changes changes_in(const std::string& text, const std::string& version = "v2") {
  Changes changes;
  const Status added = add_changelog(changes, text, version);
  if (!added) throw std::runtime_error(added.error().what);
  return changes;
}

TEST(Commits, AreSortedByType) {
  const Changes c = changes_of({{hash('1'), "feat(cart): gift cards\n\nLong story."},
                                {hash('2'), "fix: double charge\n\nCloses #12"},
                                {hash('3'), "Perf(api): half the queries"},
                                {hash('4'), "build(deps): libcurl 7.88 to 8.5"},
                                {hash('5'), "Tidy up"},
                                {hash('6'), "docs: a word"},
                                {hash('7'), "chore: nothing"},
                                {hash('8'), "i18n: Danish"}});
  EXPECT_THAT(c.features, ElementsAre("cart: gift cards" + shown('1')));
  EXPECT_THAT(c.fixes, ElementsAre("double charge" + shown('2')));
  EXPECT_THAT(c.performance, ElementsAre("api: half the queries" + shown('3')));
  EXPECT_THAT(c.dependencies, ElementsAre("deps: libcurl 7.88 to 8.5" + shown('4')));
  EXPECT_THAT(c.other, ElementsAre("Tidy up" + shown('5'), "i18n: Danish" + shown('8')));
  EXPECT_THAT(c.breaking, IsEmpty());
  EXPECT_EQ(c.inner, 2U);
}

TEST(Commits, BreakingByMarkOrByFooter) {
  const Changes c =
      changes_of({{hash('1'), "feat(api)!: no more XML"},
                  {hash('2'), "chore: drop the old port\n\nWhy.\n\nBREAKING CHANGE: use 8443\n  instead of "
                              "8080\n\nCloses: #1\nReviewed-by: ana"},
                  {hash('3'), "fix: x\n\nBREAKING-CHANGE: mind the gap"},
                  {hash('4'), "fix: y\n\nbreaking change: in small letters it is a text"}});
  EXPECT_THAT(c.breaking,
              ElementsAre("api: no more XML" + shown('1'), "drop the old port: use 8443   instead of 8080" + shown('2'),
                          "x: mind the gap" + shown('3')));
  EXPECT_THAT(c.fixes, ElementsAre("y" + shown('4')));
}

TEST(Commits, WhatWasRevertedInTheRangeIsLeftOut) {
  const std::string of_1 = "Revert \"feat: a\"\n\nThis reverts commit " + hash('1') + ".";
  EXPECT_THAT(changes_of({{hash('2'), of_1}, {hash('1'), "feat: a"}}).features, IsEmpty());
  const Changes again = changes_of({{hash('3'), "Revert \"Revert\"\n\nThis reverts commit " + hash('2') + "."},
                                    {hash('2'), of_1},
                                    {hash('1'), "feat: a"}});
  EXPECT_THAT(again.features, ElementsAre("a" + shown('1')));
  EXPECT_THAT(again.other, IsEmpty());
  EXPECT_THAT(changes_of({{hash('2'), of_1}}).other, ElementsAre("Revert \"feat: a\"" + shown('2')))
      << "of a version before: users see it";
}

TEST(Commits, SubjectsThatAreNoneOfTheConvention) {
  const Changes c = changes_of({{hash('1'), ""},
                                {hash('2'), ": x"},
                                {hash('3'), "feat:no space"},
                                {hash('4'), "a b: x"},
                                {hash('5'), "(x): y"},
                                {hash('6'), "feat: "},
                                {hash('7'), "!: z"}});
  EXPECT_EQ(c.other.size(), 7U);
  EXPECT_THAT(c.other, testing::Contains("feat:no space" + shown('3')));
}

constexpr const char* kChangelog = R"(# Changelog

Some words.

## [Unreleased]

### Added

- not yet

## [2.0.0] - 2026-01-01

### Added
- gift cards,
  also for others
* vouchers

### Removed
- XML

### Known issues
- slow on Mondays: wait

### Migration
1. stop
2. start

### Odd things
A paragraph
of two lines.

```
## [1.0.0] is no heading here
```

## [1.0.0] - 2025-01-01
### Fixed
- old

[2.0.0]: https://example.invalid/2
)";

TEST(Changelog, TheSectionOfTheVersionAlone) {
  for (const char* version : {"2.0.0", "v2.0.0"}) {
    const Changes c = changes_in(kChangelog, version);
    EXPECT_THAT(c.features, ElementsAre("gift cards, also for others", "vouchers"));
    EXPECT_THAT(c.breaking, ElementsAre("XML"));
    EXPECT_THAT(c.known_issues, ElementsAre("slow on Mondays: wait"));
    EXPECT_THAT(c.migration, ElementsAre("1. stop", "2. start"));
    EXPECT_THAT(c.other,
                ElementsAre("Odd things: A paragraph of two lines.", "Odd things: ## [1.0.0] is no heading here"));
    EXPECT_THAT(c.fixes, IsEmpty());
  }
  EXPECT_THAT(changes_in(kChangelog, "1.0.0").fixes, ElementsAre("old")) << "where headings lead to is no change";
}

TEST(Changelog, AVersionThatItDoesNotHave) {
  Changes changes;
  const Status added = add_changelog(changes, kChangelog, "v3");
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().what, "has no section \"## v3\", the newest is \"Unreleased\"");
}

TEST(Changelog, AFileForThisVersionAlone) {
  const Changes c = changes_in("# Release v2\r\n\r\n## Fixed\r\n- a\r\n\r\n## Known Issues\r\n- b\r\n");
  EXPECT_THAT(c.fixes, ElementsAre("a"));
  EXPECT_THAT(c.known_issues, ElementsAre("b"));
  EXPECT_THAT(changes_in("- c\n- d\n").other, ElementsAre("c", "d")) << "without a heading";
  EXPECT_THAT(changes_in("").other, IsEmpty());
}

Report kept() {
  Shop world;
  world.deploy("shop", "v2");
  world.run(70);
  return report_on(world, "D1");
}

Changes some_changes() {
  Changes changes = changes_in("### Deprecated\n- `--old`: use `--new`\n### Known issues\n- slow on Mondays: wait\n");
  add_commits(changes, std::vector<Commit>{{hash('1'), "feat(cart): gift cards"},
                                           {hash('2'), "fix: double charge"},
                                           {hash('3'), "feat!: no more XML\n\nBREAKING CHANGE: ask for JSON"},
                                           {hash('4'), "chore: nothing"}});
  changes.sources = {"v2.md", "4 commits of git, v1..v2"};
  return changes;
}

TEST(ReleaseNotes, Golden) {
  const Document notes = release_notes(kept(), some_changes(), an_hour_ahead);
  expect_golden("release_notes.md", markdown_of(notes));
  expect_golden("release_notes.html", html_of(notes));
}

TEST(ReleaseNotes, SayWhatNobodyTold) {
  const std::string text = markdown_of(release_notes(kept(), {}, at_utc));
  EXPECT_THAT(text, HasSubstr("## New Features\n\nNot known: nobody told what changed.\n"));
  EXPECT_THAT(text, HasSubstr("## Known Issues\n\n**Known issues, and the way around each**\n\n_(to be written)_\n"));
  EXPECT_THAT(text, HasSubstr("- Changes: not told\n"));
}

TEST(ReleaseNotes, OfAVersionThatWasTakenBackSaySo) {
  Shop world;
  world.deploy_bad(8);
  world.mend(40);
  const std::string text = markdown_of(release_notes(report_on(world, "D1"), some_changes(), at_utc));
  EXPECT_THAT(text, HasSubstr("**rolled back, and verified**"));
}

TEST(ReleaseNotes, NothingOfOthersIsMarkup) {
  const std::string hostile = "feat(\"><b>): <script>alert(1)</script> [l](http://evil.example) @all `x` |*b*\x1b[31m"
                              "\xE2\x80\xAE www.evil.example\n\nBREAKING CHANGE: <img src=x onerror=alert(2)>\n# H";
  Changes changes =
      changes_in("### <i>Odd</i>\n- <script>x</script> [l](http://evil.example)\n### Support\n- # x <b>\n");
  add_commits(changes, std::vector<Commit>{{hash('1'), hostile}, {"<b>", "fix: # heading"}, {hash('2'), "- item"}});
  changes.sources = {"<b>.md"};
  const Document notes = release_notes(kept(), changes, at_utc);
  const std::string html = html_of(notes), text = markdown_of(notes);
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;")) << "it is shown";
  for (const char* never : {"<script", "<img", "<b>", "<i>", "\x1b", "\xE2\x80\xAE"}) {
    EXPECT_THAT(html.substr(html.find("</style>")), Not(HasSubstr(std::string(never) == "<b>" ? "<b>)" : never)));
    EXPECT_THAT(text, Not(HasSubstr(never)));
  }
  for (const char* never : {"[l](", "http://evil", "www.evil", "@all", "\n# H", "\n- # ", "\n- - "})
    EXPECT_THAT(text, Not(HasSubstr(never)));
}

} // namespace
} // namespace backstop::report::test
