#include "rules/shared_text.hpp"
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

namespace backstop {
namespace {

TEST(SharedText, IsOneObjectForAllWhoHoldIt) {
  const std::string text = "up{job=\"shop\"}";
  std::vector<SharedText> holders;
  {
    const SharedText first(text);
    holders.assign(100, first);
    EXPECT_TRUE(first.is(holders.back()));
  }
  const SharedText same_text(text);
  for (const SharedText& holder : holders) {
    EXPECT_EQ(holder.view(), text) << "who made it is gone";
    EXPECT_EQ(holder.identity_hash(), holders[0].identity_hash());
    EXPECT_FALSE(holder.is(same_text)) << "another object";
  }
  holders.resize(1);
  EXPECT_EQ(holders[0].view(), text);
}

TEST(SharedText, IsHandedOver) {
  SharedText a("a"), b("b");
  const SharedText was_b = b;
  a = std::move(b);
  EXPECT_EQ(a.view(), "b");
  EXPECT_TRUE(a.is(was_b));
  a = *&a;
  EXPECT_EQ(a.view(), "b");
  a = SharedText();
  EXPECT_TRUE(a.empty());
  EXPECT_EQ(a.view(), "");
  EXPECT_EQ(was_b.view(), "b");
}

TEST(SharedText, TheEmptyTextIsNothing) {
  const SharedText empty("");
  EXPECT_TRUE(empty.empty());
  EXPECT_TRUE(empty.is(SharedText()));
  EXPECT_EQ(SharedText(empty).view(), "");
}

} // namespace
} // namespace backstop
