#include "rules/utf8.hpp"
#include <gtest/gtest.h>
#include <string>

namespace backstop {
namespace {

/// `code` as UTF-8, by the definition.
std::string written(std::uint32_t code) {
  const auto tail = [&](unsigned shift) { return static_cast<char>(0x80U | (code >> shift & 0x3FU)); };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xC0U | code >> 6U), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xE0U | code >> 12U), tail(6), tail(0)};
  return {static_cast<char>(0xF0U | code >> 18U), tail(12), tail(6), tail(0)};
}

TEST(Utf8, EveryCharacterAndNoSurrogate) {
  for (std::uint32_t code = 0; code <= 0x10FFFF; ++code) {
    const std::string text = written(code);
    const Utf8Character c = utf8_at(text);
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    ASSERT_EQ(c.bytes, surrogate ? 0 : text.size()) << code;
    ASSERT_EQ(c.code, surrogate ? 0 : code);
  }
  EXPECT_EQ(utf8_at(written(0x110000)).bytes, 0U);
}

TEST(Utf8, WhatIsNoCharacter) {
  for (const char* text :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF", "\xF5\x80\x80\x80", "\xFF", "\xC3",
        "\xC3(", "\xE2\x82", "\xE2\x82(", "\xF0\x9F\x98", "\xF0\x9F\x98("})
    EXPECT_EQ(utf8_at(text).bytes, 0U) << text;
  EXPECT_EQ(utf8_at("").bytes, 0U);
  EXPECT_EQ(utf8_at("a", 1).bytes, 0U) << "the end";
  EXPECT_EQ(utf8_at("a\xC3\xA9", 1).code, 0xE9U);
}

} // namespace
} // namespace backstop
