#include "daemon/io/answer_blocks.hpp"
#include <gtest/gtest.h>
#include <memory>
#include <vector>

namespace backstop {
namespace {

const std::string kMany(std::size_t{100} << 10, 'm');

TEST(AnswerBlocks, BodyComesOutAsItWentIn) {
  AnswersUnderWay all;
  AnswerBody body(&all);
  std::string sent;
  for (std::size_t i = 0; i < 9000; ++i) { // parts that end nowhere near the ends of blocks
    const std::string part(i % 13, static_cast<char>('a' + i % 26));
    body.append(part);
    sent += part;
  }
  EXPECT_EQ(body.size(), sent.size());
  EXPECT_EQ(body.take(), sent);
  EXPECT_EQ(body.size(), 0U);
  body.append("again");
  EXPECT_EQ(body.take(), "again");
}

TEST(AnswerBlocks, ABlockUsedAgainTellsNothingOfTheOneBefore) {
  AnswersUnderWay all;
  {
    AnswerBody secret(&all);
    secret.append(kMany);
  }
  AnswerBody body(&all);
  body.append("x");
  EXPECT_EQ(body.take(), "x");
}

TEST(AnswerBlocks, WhileAllTakeTooMuchOnlySmallOnesGrow) {
  AnswersUnderWay all;
  std::vector<std::unique_ptr<AnswerBody>> floods;
  while (true) {
    auto flood = std::make_unique<AnswerBody>(&all);
    while (flood->has_room(kMany.size()) && flood->size() < (std::size_t{1} << 20)) flood->append(kMany);
    const bool full = flood->size() < (std::size_t{1} << 20);
    floods.push_back(std::move(flood));
    if (full) break;
    ASSERT_LT(floods.size(), 40U) << "nothing bounds them together";
  }
  EXPECT_FALSE(floods.front()->has_room(std::size_t{2} << 20)) << "it is larger than a small one";
  AnswerBody small(&all);
  EXPECT_TRUE(small.has_room(kMany.size()));
  small.append(kMany);
  EXPECT_FALSE(small.has_room(AnswersUnderWay::small));

  EXPECT_GE(all.held(), AnswersUnderWay::most);
  floods.clear(); // what they took is free again, and goes back to the system
  EXPECT_TRUE(small.has_room(AnswersUnderWay::small));
  EXPECT_LE(all.held(), AnswersUnderWay::most / 2);
}

TEST(AnswerBlocks, OneLargeAmongSmallOnesIsBoundedByItsOwnLimitAlone) {
  AnswersUnderWay all;
  AnswerBody large(&all), small(&all);
  small.append(kMany);
  EXPECT_TRUE(large.has_room(AnswersUnderWay::most - kMany.size()));
  while (large.size() < AnswersUnderWay::most) large.append(kMany);
  EXPECT_FALSE(small.has_room(AnswersUnderWay::small)) << "the others are that large one";
  EXPECT_TRUE(small.has_room(1));
}

TEST(AnswerBlocks, OneAloneIsNotBoundedHere) {
  AnswerBody body(nullptr);
  EXPECT_TRUE(body.has_room(2 * AnswersUnderWay::most));
  body.append(kMany);
  EXPECT_EQ(body.take(), kMany);
}

} // namespace
} // namespace backstop
