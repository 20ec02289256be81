#include "daemon/ctl/git_log.hpp"
#include <algorithm>
#include <gtest/gtest.h>

namespace backstop::ctl {
namespace {

TEST(GitRange, FromTheWordsOrFromTheVersions) {
  const auto read = [](const std::string& given, const std::string& previous = "v1") {
    const Result<GitRange> range = git_range(given, previous, "v2");
    return range ? range->folder + " " + range->range : "! " + range.error().what;
  };
  EXPECT_EQ(read("."), ". v1..v2");
  EXPECT_EQ(read("/srv/shop:v0..v2"), "/srv/shop v0..v2");
  EXPECT_EQ(read("a:b"), "a:b v1..v2") << "a folder";
  EXPECT_EQ(read(":a..b"), ". a..b");
  EXPECT_EQ(read("x:a...b", ""), "x a...b");
  EXPECT_EQ(read(".", ""), "! no version was known before; say which commits: --git DIR:FROM..TO");
  EXPECT_EQ(read(".:--output=x..y"), "! '--output=x..y' is no range of commits");
  EXPECT_EQ(read(".", "--output=x"), "! '--output=x..v2' is no range of commits");
}

TEST(GitRange, IsNoOptionToGit) {
  const std::vector<std::string> argv = git_command({"/srv/shop", "v1..v2"});
  ASSERT_GE(argv.size(), 3U);
  EXPECT_EQ(std::vector<std::string>(argv.end() - 3, argv.end()),
            (std::vector<std::string>{"--end-of-options", "v1..v2", "--"}));
}

TEST(GitLog, CommitsAreRead) {
  const std::string one(40, 'a'), two(64, 'b');
  const std::string text = one + "\nfeat: x\n\nbody\n" + '\0' + two + "\n" + '\0';
  const Result<std::vector<report::Commit>> commits = commits_in(text);
  ASSERT_TRUE(commits);
  ASSERT_EQ(commits->size(), 2U);
  EXPECT_EQ((*commits)[0].hash, one);
  EXPECT_EQ((*commits)[0].message, "feat: x\n\nbody\n");
  EXPECT_EQ((*commits)[1].message, "");
  EXPECT_TRUE(commits_in("")->empty());
}

TEST(GitLog, WhatIsNoAnswer) {
  const std::string hash(40, 'a');
  for (const std::string& text : {std::string("warning: refname 'v2' is ambiguous.\n") + hash + "\nx" + '\0',
                                  hash + "\ncut", std::string(40, 'G') + "\nx" + '\0', std::string(1, '\0')})
    EXPECT_FALSE(commits_in(text)) << text;
}

} // namespace
} // namespace backstop::ctl
