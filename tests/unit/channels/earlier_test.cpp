#include "daemon/channels/occasion.hpp"
#include <gmock/gmock.h>

namespace backstop::channels {
namespace {

using testing::Contains;
using testing::Pair;

TEST(Earlier, WhatANoticeSaysBesideItselfIsAmongItsFacts) {
  Notice notice{"I1/kept/chat", "chat", "resolved", "shop/production v2: accepted",
                R"({"event":"kept","earlier":["a","b"]})"};
  const auto facts = facts_of(occasion_of(notice));
  EXPECT_THAT(facts, Contains(Pair("Before", "a")));
  EXPECT_THAT(facts, Contains(Pair("Before", "b")));
}

} // namespace
} // namespace backstop::channels
